"""`POST /v1/snapshot`: one shipment, four tiles; whole, or tile by tile as each source answers."""

import asyncio
import contextlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from aiohttp import web

from service.envelope import as_json, json_response, rfc3339
from service.errors import Problem, problem_of, problem_response
from service.events import Event
from service.inquiry import Ask, Inquiry, answer_of
from service.keys import CONFIG, REGISTRY, REQUEST_ID
from service.query import json_body, parameters_and_faults, word_of
from service.shipment import ToolName, parse_shipment
from service.snapshot import AnyTile, Snapshot
from service.tiles.tile import TileName
from tools.agency import AgencyTool
from tools.exchange import Answer
from tools.query_faults import FaultCollector

__all__ = ["snapshot"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def snapshot(request: web.Request) -> web.StreamResponse:
    """One shipment. With `?stream=1`, one JSON object a line: `asked`, each `tile`, then the `snapshot`."""
    faults = FaultCollector()
    asked = parameters_and_faults(request, faults, {"stream": "stream"})
    streams = word_of(asked, "stream", ("0", "1"), "0", faults) == "1"
    body = await json_body(request)
    with faults.reading():
        shipment = parse_shipment(body, datetime.now(UTC))
    faults.raise_if_any()
    tools = request.app[REGISTRY].tools.values()
    sandbox = any(isinstance(tool, AgencyTool) and tool.sandbox for tool in tools)
    inquiry = Inquiry.begin(shipment, sandbox=sandbox, request_id=request[REQUEST_ID])
    if streams:
        return await _stream(request, inquiry)
    answer = answer_of(await inquiry.run(_ask(request), request.app[CONFIG].deadline_s))
    return json_response(answer) if isinstance(answer, Snapshot) else problem_response(answer)


def _ask(request: web.Request) -> Ask:
    registry = request.app[REGISTRY]

    async def ask(tool: ToolName, question: Mapping[str, Any]) -> Answer[Any]:
        _, outcome = await registry.ask(registry.tools[tool], question)
        answer: Answer[Any] = outcome
        return answer

    return ask


async def _stream(request: web.Request, inquiry: Inquiry) -> web.StreamResponse:
    """Once it has begun the status is 200, so that whatever comes last is an event of its own."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "application/x-ndjson",
            "Cache-Control": "no-store",
            "X-Accel-Buffering": "no",  # a proxy in front is to pass each line on at once
            "X-Request-ID": inquiry.request_id,
        }
    )
    await response.prepare(request)
    one_at_a_time = asyncio.Lock()

    async def tell(event: Event) -> None:
        # Whoever has left is noticed by the server, which ends this handler.
        async with one_at_a_time:
            with contextlib.suppress(ConnectionResetError):
                await response.write(as_json(event) + b"\n")

    async def show(name: TileName, tile: AnyTile) -> None:
        await tell({"event": "tile", "name": name, "tile": tile})

    asked_at = rfc3339(inquiry.asked_at)
    await tell({"event": "asked", "id": inquiry.id, "asked_at": asked_at, "sandbox": inquiry.sandbox})
    try:
        last: Snapshot | Problem = answer_of(await inquiry.run(_ask(request), request.app[CONFIG].deadline_s, show))
    except Exception as exc:  # no other answer can be begun any more
        log.exception("a snapshot failed")
        last = problem_of(exc, inquiry.request_id, screening=True)
    if isinstance(last, Snapshot):
        await tell({"event": "snapshot", "snapshot": last})
    else:
        await tell({"event": "problem", "problem": last})
    return response
