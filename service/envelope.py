"""What an answer looks like: `{"tool", "query", "result", "source", "request_id"}`."""

from datetime import UTC, datetime
from typing import Any

import orjson
from aiohttp import web

from tools.exchange import Answer, Source

__all__ = ["answer", "json_response"]


def json_response(body: object, *, status: int = 200) -> web.Response:
    """`body` (dataclasses included) as JSON."""
    return web.Response(status=status, body=orjson.dumps(body), content_type="application/json")


def answer(tool: str, query: object, outcome: object, request_id: str) -> web.Response:
    """What `tool` said to `query`. A tool that does not return an `Answer` does not say where it has it from."""
    if isinstance(outcome, Answer):
        result, source = outcome.result, _source(outcome.source, datetime.now(UTC))
    else:
        result, source = outcome, None
    return json_response({"tool": tool, "query": query, "result": result, "source": source, "request_id": request_id})


def _source(source: Source, now: datetime) -> dict[str, Any]:
    return {
        "name": source.name,
        "url": source.url,
        "version": source.version,
        "retrieved_at": _rfc3339(source.retrieved_at),
        "age_s": round(max(0.0, (now - source.retrieved_at).total_seconds()), 3),
        "served_from": source.served_from,
        "stale_because": source.stale_because,
        "sandbox": source.sandbox,
        "attempts": source.attempts,
        "tries": source.tries,
        "sha256": source.sha256,
        "elapsed_ms": source.elapsed_ms,
    }


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
