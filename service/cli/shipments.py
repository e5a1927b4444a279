"""`snapshot`: one shipment from a file, asked about by the service's own function on an event loop of this call."""

import argparse
import asyncio
import sys
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from service.cli.asking import tell_error
from service.cli.exits import BAD_USAGE, exit_of_risk
from service.cli.opening import async_tools, sandbox_beside
from service.cli.output import complain, show, write
from service.cli.settings import prepared_to_ask
from service.cli.spinner import spinning
from service.cli.tables.snapshot import snapshot_page
from service.config import Config
from service.envelope import as_json
from service.inquiry import Inquiry, answer_of
from service.sandbox import Sandbox
from service.shipment import Shipment, ToolName, parse_shipment
from service.snapshot import KINDS, AnyTile, Snapshot, missing_sources
from service.tiles.tile import TileName
from tools.agency import AgencyTool
from tools.errors import InvalidQuery
from tools.exchange import Answer

__all__ = ["take_snapshot"]


def take_snapshot(arguments: argparse.Namespace) -> int:
    """Ask about the shipment in the file, and print what the four sources add up to."""
    config, request_id = prepared_to_ask(arguments), uuid.uuid4().hex
    try:
        body = sys.stdin.buffer.read() if arguments.shipment == "-" else Path(arguments.shipment).read_bytes()
    except OSError as exc:
        complain(f"{arguments.shipment}: {exc.strerror or exc}")
        return BAD_USAGE
    try:
        shipment = parse_shipment(body, datetime.now(UTC))
    except InvalidQuery as exc:
        return tell_error(exc, request_id, as_body=arguments.json, screening=True, within=f"{arguments.shipment}: ")
    with spinning("asking four sources") as say, sandbox_beside(config) as sandbox:
        taken = asyncio.run(_ask(shipment, config, sandbox, request_id, say))
    answer = answer_of(taken)
    if arguments.json:
        write(as_json(answer) + b"\n")
    else:
        show(snapshot_page(taken))
        if not isinstance(answer, Snapshot):
            complain(answer["title"].lower() + ": " + ", ".join(missing_sources(taken.tiles)))
    return exit_of_risk(taken.risk)


async def _ask(
    shipment: Shipment, config: Config, sandbox: Sandbox | None, request_id: str, say: Callable[[str], None]
) -> Snapshot:
    async with async_tools(config, sandbox) as tools:
        there: list[TileName] = []

        async def ask(tool: ToolName, question: Mapping[str, Any]) -> Answer[Any]:
            outcome: Answer[Any] = await tools[tool].run_async(**question)
            return outcome

        async def show_progress(name: TileName, _: AnyTile) -> None:
            there.append(name)
            say(f"{len(there)} of {len(KINDS)} tiles are there")

        is_sandbox = any(isinstance(tool, AgencyTool) and tool.sandbox for tool in tools.values())
        inquiry = Inquiry.begin(shipment, sandbox=is_sandbox, request_id=request_id)
        return await inquiry.run(ask, config.deadline_s, show_progress)
