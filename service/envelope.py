"""What an answer looks like: `{"tool", "query", "result", "source", "request_id"}`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel

from tools.call import Try
from tools.exchange import Answer, Source

__all__ = ["SourceBlock", "ToolAnswer", "answer", "as_json", "json_response", "rfc3339", "source_block"]


R = TypeVar("R")


@dataclass(slots=True, kw_only=True)
class SourceBlock:
    """Where an answer comes from, as callers are told: `tools.exchange.Source` with its age at the time of telling."""

    name: str
    url: str | None
    version: str | None
    retrieved_at: str
    age_s: float
    served_from: str
    stale_because: str | None
    sandbox: bool
    attempts: int
    tries: tuple[Try, ...]
    sha256: tuple[str, ...]
    elapsed_ms: float
    via: str | None
    list: Mapping[str, Any] | None


def as_json(body: object) -> bytes:
    """`body` as JSON; dataclasses and models are objects."""
    return orjson.dumps(body, default=_of_model)


def _of_model(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump()
    raise TypeError(f"{type(value).__name__} is no JSON")


def json_response(body: object, *, status: int = 200) -> web.Response:
    """`body` as JSON."""
    return web.Response(status=status, body=as_json(body), content_type="application/json")


@dataclass(slots=True)
class ToolAnswer(Generic[R]):
    """What a tool said (`result`) to `query`, in its own normal form. `source` is null when it does not say."""

    tool: str
    query: Mapping[str, Any]
    result: R
    source: SourceBlock | None
    request_id: str


def answer(tool: str, query: Mapping[str, Any], outcome: object, request_id: str) -> ToolAnswer[Any]:
    """What `tool` said to `query`. A tool that does not return an `Answer` does not say where it has it from."""
    if isinstance(outcome, Answer):
        result, source = outcome.result, source_block(outcome.source, datetime.now(UTC))
    else:
        result, source = outcome, None
    return ToolAnswer(tool, query, result, source, request_id)


def source_block(source: Source, now: datetime) -> SourceBlock:
    """`source` as it is told at `now`."""
    return SourceBlock(
        name=source.name,
        url=source.url,
        version=source.version,
        retrieved_at=rfc3339(source.retrieved_at),
        age_s=round(max(0.0, (now - source.retrieved_at).total_seconds()), 3),
        served_from=source.served_from,
        stale_because=source.stale_because,
        sandbox=source.sandbox,
        attempts=source.attempts,
        tries=source.tries,
        sha256=source.sha256,
        elapsed_ms=source.elapsed_ms,
        via=source.via,
        list=source.held,
    )


def rfc3339(at: datetime) -> str:
    """In UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
