"""Every question a built-in tool answers, and every way in which its agency can fail to."""

import asyncio
import gzip
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tests import cross_answers, csl_answers, fda_answers
from tests.http_client.peer import Answer, Incoming, answer, hang
from tests.service.hts_upstream import HEADING, RELEASE, ROWS, found
from tools import errors
from tools.agency import AgencyTool
from tools.errors import ToolError
from tools.hts import HTSTool
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool

__all__ = ["FAULTS", "KEY", "QUESTIONS", "Fault", "Question"]

#: Long and odd enough to be found wherever it may turn up.
KEY = "k3y-that-nobody-may-see-7f1d"
KEYS = {
    "csl_subscription_key": KEY,
    "fda_authorization_user": "someone@example.test",
    "fda_authorization_key": KEY,
}


@dataclass(frozen=True)
class Question:
    """A question, over REST and to the tool itself, and what the agency answers to its requests on a good day."""

    name: str
    tool: type[AgencyTool]
    path: str
    arguments: Mapping[str, Any]
    good: tuple[object, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)


QUESTIONS = (
    Question("hts-line", HTSTool, "/v1/hts/8507.60.00.20", {"code": "8507600020"}, (RELEASE, ROWS)),
    Question("hts-search", HTSTool, "/v1/hts?q=x", {"keyword": "x"}, (RELEASE, [found(line) for line in HEADING])),
    Question(
        "sanctions",
        SanctionsTool,
        "/v1/sanctions?name=Acme+Trading",
        {"name": "Acme Trading"},
        (
            csl_answers.page(csl_answers.sdn("ACME", 1, score=100), total=2),
            csl_answers.page(csl_answers.sdn("ACME TRADING", 2, score=100), total=2),
        ),
        {"subscription_key": KEY},
    ),
    Question(
        "refusals",
        RefusalsTool,
        "/v1/refusals?country=CN",
        {"country": "CN"},
        (fda_answers.success(fda_answers.refused(1), total=2), fda_answers.success(fda_answers.refused(2))),
        {"authorization_user": "someone@example.test", "authorization_key": KEY},
    ),
    Question(
        "rulings-search",
        RulingsTool,
        "/v1/rulings?q=battery",
        {"keyword": "battery"},
        (
            cross_answers.found(cross_answers.ruling("N305619", revokedBy=["H301481"])),
            cross_answers.found(cross_answers.ruling("H301481", revokes=["N305619"])),
        ),
    ),
    Question(
        "ruling",
        RulingsTool,
        "/v1/rulings/N305619",
        {"number": "N305619"},
        (cross_answers.letter("N305619"), cross_answers.found(cross_answers.ruling("N305619"))),
    ),
)


@dataclass(frozen=True)
class Fault:
    """What goes wrong: what the agency does, whose fault that is, and the time-outs that make it go wrong quickly.

    `reply` None: there is nobody at the address; `scheme` https: the peer never speaks TLS.
    """

    name: str
    error: type[ToolError]
    reply: Answer | None
    settings: Mapping[str, float] = field(default_factory=dict)
    scheme: str = "http"
    at_first_request_only: bool = False
    needs_keys: bool = False


async def _reset_before(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    await incoming.read_body()
    _abort(writer)
    return False


async def _reset_within(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    await incoming.read_body()
    writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"total": 0, "res')
    await writer.drain()
    await asyncio.sleep(0.02)  # so that the beginning is read before the reset discards it
    _abort(writer)
    return False


def _abort(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _trickle(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    await incoming.read_body()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _endless(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """200 MB without a declared length, unless the reader has had enough before."""
    await incoming.read_body()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    for _ in range(200):
        writer.write(b" " * 1_000_000)
        await writer.drain()
    return False


async def _key_and_no_http(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    await incoming.read_body()
    writer.write(b"HTTP/1.1 200 OK\r\nX-Echo\x00: " + KEY.encode() + b"\r\n" + KEY.encode() + b"\x00: x\r\n\r\n")
    await writer.drain()
    return False


def _json(body: object) -> Answer:
    return answer(200, orjson.dumps(body), Content_Type="application/json")


_WRONG_TYPES: dict[str, object] = {
    "name": 7,
    "total": "1",
    "totalHits": [],
    "statuscode": "400",
    "resultcount": "1",
    "results": {"0": {}},
    "result": "rows",
    "rulings": 3,
    "rulingNumber": 5,
    "text": {},
}
_STATUSES: Mapping[int, type[ToolError]] = {
    **dict.fromkeys((400, 401, 403, 404), errors.ProviderRejected),
    429: errors.RateLimited,
    **dict.fromkeys((500, 502, 503, 504), errors.ProviderFailed),
}
#: Repeats the request's keys, as a misconfigured gateway does.
_ECHO = f'{{"message": "denied", "subscription-key": "{KEY}", "Authorization-Key": "{KEY}"}}'.encode()

FAULTS = (
    Fault("refused", errors.ProviderUnreachable, None),
    Fault("reset-before-headers", errors.ProviderUnreachable, _reset_before),
    Fault("reset-within-the-body", errors.ProviderUnreachable, _reset_within),
    Fault(
        "connect-timeout",
        errors.ProviderTimeout,
        hang,
        {"pool_connect_timeout_s": 0.3},
        scheme="https",
        at_first_request_only=True,
    ),
    Fault("silence", errors.ProviderTimeout, hang, {"pool_read_timeout_s": 0.3}),
    Fault("trickle-beyond-the-deadline", errors.ProviderTimeout, _trickle, {"deadline_s": 0.5}),
    *(Fault(f"status-{status}", error, answer(status, _ECHO)) for status, error in _STATUSES.items()),
    Fault("html", errors.ProviderGarbled, answer(200, b"<!doctype html><html></html>", Content_Type="text/html")),
    Fault("cut-json", errors.ProviderGarbled, answer(200, b'{"total": 0, "totalHits": 0, "results": [], "rulings"')),
    Fault("empty-object", errors.ProviderGarbled, _json({})),
    Fault("null", errors.ProviderGarbled, _json(None)),
    Fault("empty-body", errors.ProviderGarbled, answer(200, b"")),
    Fault("wrong-types", errors.ProviderGarbled, _json(_WRONG_TYPES)),
    Fault("missing-results", errors.ProviderGarbled, _json({"total": 0, "totalHits": 0, "statuscode": 400})),
    *(
        # Quotations are cut at some length; what is left of a key in them is still a part of it.
        Fault(
            f"keys-echoed-after-{before}",
            errors.ProviderGarbled,
            answer(200, b"x" * before + KEY.encode()),
            needs_keys=True,
        )
        for before in (35, 50)
    ),
    Fault("keys-echoed-in-no-http", errors.ProviderGarbled, _key_and_no_http, needs_keys=True),
    Fault("keys-echoed", errors.ProviderGarbled, answer(200, b"denied: " + KEY.encode()), needs_keys=True),
    Fault("gzip-garbage", errors.ProviderGarbled, answer(200, b"\x1f\x8bgarbage" * 9, Content_Encoding="gzip")),
    Fault("endless-body", errors.ProviderTooLarge, _endless, {"pool_max_body_bytes": 1_000_000}),
    Fault(
        "bomb",
        errors.ProviderTooLarge,
        answer(200, gzip.compress(bytes(200_000_000), 1), Content_Encoding="gzip"),
        {"pool_max_body_bytes": 1_000_000},
    ),
)
