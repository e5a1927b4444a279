"""What a caller is told when something went wrong: the one table from error to HTTP status, and the problem body.

The body is that of RFC 9457 (`application/problem+json`); `code` is what programs should act on.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal, NotRequired

from aiohttp import web
from typing_extensions import TypedDict

from service.batches.ledger import LedgerUnavailable
from service.envelope import as_json
from tools.countries.assessment import CountryPrograms
from tools.errors import (
    CircuitOpen,
    DeadlineExceeded,
    InvalidQuery,
    NotConfigured,
    NotFound,
    NotScreened,
    PoolClosed,
    PoolTimeout,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ScriptNotCovered,
    TooLarge,
    ToolError,
)

__all__ = [
    "LEDGER_UNAVAILABLE",
    "STATUSES",
    "Fault",
    "ParameterFaultBody",
    "Problem",
    "fault_of",
    "problem",
    "problem_of",
    "problem_response",
    "response_to",
]

#: Every error a tool can end in: its HTTP status, and what it means in one line.
STATUSES: dict[type[ToolError], tuple[int, str]] = {
    InvalidQuery: (400, "The question cannot be asked"),
    NotFound: (404, "The agency has no such record"),
    TooLarge: (413, "The request body is too large"),
    ProviderRejected: (502, "The agency refused our request"),
    ProviderFailed: (502, "The agency failed"),
    ProviderGarbled: (502, "The agency's answer cannot be read"),
    ProviderTooLarge: (502, "The agency's answer is too large"),
    ProviderUnreachable: (502, "The agency cannot be reached"),
    ProviderTimeout: (504, "The agency did not answer in time"),
    DeadlineExceeded: (504, "Time ran out in our own queue or work"),
    RateLimited: (503, "The agency is asked too often"),
    CircuitOpen: (503, "The agency is left alone for a while"),
    NotConfigured: (503, "The agency wants a key that is not set"),
    NotScreened: (503, "The screening has no outcome"),
    ScriptNotCovered: (422, "The name is in a script that is not read"),
    PoolTimeout: (503, "No connection came free in time"),
    PoolClosed: (503, "The service is shutting down"),
}

_NOT_IN_SAMPLE_DATA = "The sample data has no such record"
_OWN_FAULT = "Our own fault", "The error is in our log under this request id."

LEDGER_UNAVAILABLE = "ledger_unavailable"
#: Seconds after which jobs that cannot be reached may be asked for again.
_LEDGER_AWAY_S = 5.0

_HTTP_CODES = {404: "no_such_route", 405: "method_not_allowed", 413: TooLarge.code, 415: "unsupported_media_type"}


class Unread(TypedDict):
    """A word of a name that was not read, and the script that it is in."""

    text: str
    script: str


class ParameterFaultBody(TypedDict):
    """One thing that is wrong with the question: the parameter, and why."""

    parameter: str
    detail: str


class Problem(TypedDict):
    """The body of an error (RFC 9457). `code` is stable; `retryable` says whether the same question may succeed later.

    `faults` are all the things that are wrong with the question, as `detail` says them together; `parameter` names the
    first. `upstream_status` is the agency's own; `outcome` stands in it
    when a screening was asked; `sandbox` when it speaks of sample data. Of a file of rows `fault` says, stably, what is
    wrong with it, and `row` how many rows had been read by then. `unread` are the words of a name that were not
    read, and `country_programs` what the party's countries say all the same.
    """

    type: str
    title: str
    status: int
    detail: str
    code: str
    upstream: str | None
    retryable: bool
    retry_after_s: float | None
    request_id: str
    parameter: NotRequired[str]
    faults: NotRequired[list[ParameterFaultBody]]
    upstream_status: NotRequired[int]
    outcome: NotRequired[Literal["not_screened"]]
    sandbox: NotRequired[bool]
    fault: NotRequired[str]
    row: NotRequired[int]
    unread: NotRequired[list[Unread]]
    country_programs: NotRequired[CountryPrograms]


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong with one of several questions: the members that its problem would have."""

    code: str
    title: str
    detail: str
    upstream: str | None
    retryable: bool
    retry_after_s: float | None


def fault_of(exc: Exception) -> Fault:
    """What a caller is told of `exc`; nothing but "internal error" of one that is not meant for callers."""
    if not isinstance(exc, ToolError):
        return Fault("internal_error", *_OWN_FAULT, upstream=None, retryable=False, retry_after_s=None)
    status, title = _row_of(exc)
    if exc.sandbox and isinstance(exc, NotFound):
        title = _NOT_IN_SAMPLE_DATA
    # A 503 passes; callers should not have to guess when to look again.
    wait_s = 1.0 if status == 503 and exc.retryable and exc.retry_after_s is None else exc.retry_after_s
    return Fault(exc.code, title, str(exc), exc.upstream, exc.retryable, wait_s)


def problem(status: int, code: str, title: str, detail: str, request_id: str, **more: Any) -> Problem:
    """The body of a problem. `more` adds to, or overrides, its members."""
    body: Problem = {
        "type": f"urn:problem-type:compliance-gateway:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "upstream": None,
        "retryable": False,
        "retry_after_s": None,
        "request_id": request_id,
    }
    return {**body, **more}  # type: ignore[typeddict-item]  # its own members, by their names


def problem_of(exc: Exception, request_id: str, *, screening: bool = False) -> Problem:
    """The body of the problem that tells a caller of `exc`; nothing but "internal error" of one not meant for callers.

    Of a `screening` it also says that there was none.
    """
    outcome: dict[str, Any] = {"outcome": "not_screened"} if screening else {}
    if isinstance(exc, ToolError):
        return _of_tool(exc, request_id, outcome)
    if isinstance(exc, web.HTTPException):
        code = _HTTP_CODES.get(exc.status, "bad_request" if exc.status < 500 else "internal_error")
        return problem(exc.status, code, HTTPStatus(exc.status).phrase, exc.reason, request_id, **outcome)
    if isinstance(exc, LedgerUnavailable):
        again: dict[str, Any] = {"retryable": True, "retry_after_s": _LEDGER_AWAY_S, **outcome}
        return problem(503, LEDGER_UNAVAILABLE, "The jobs cannot be reached now", str(exc), request_id, **again)
    return problem(500, "internal_error", *_OWN_FAULT, request_id, **outcome)


def problem_response(body: Problem, headers: Mapping[str, str] = {}) -> web.Response:
    """A problem's `body` with its status, and when to look again."""
    wait_s = body["retry_after_s"]
    when = {} if wait_s is None else {"Retry-After": str(math.ceil(wait_s))}
    return web.Response(
        status=body["status"],
        body=as_json(body),
        content_type="application/problem+json",
        headers={**headers, **when},
    )


def response_to(exc: Exception, request_id: str, *, screening: bool = False) -> web.Response:
    """The problem of `exc` as a response; of a method that is not allowed with those that are."""
    allowed = exc.headers.get("Allow") if isinstance(exc, web.HTTPException) else None
    return problem_response(
        problem_of(exc, request_id, screening=screening), {} if allowed is None else {"Allow": allowed}
    )


def _row_of(exc: ToolError) -> tuple[int, str]:
    """The error's row of the table."""
    kind = next((kind for kind in type(exc).__mro__ if kind in STATUSES), None)
    return STATUSES[kind] if kind is not None else (500, "The tool failed")


def _of_tool(exc: ToolError, request_id: str, outcome: dict[str, Any]) -> Problem:
    status, _ = _row_of(exc)
    fault = fault_of(exc)
    more: dict[str, Any] = {
        "upstream": fault.upstream,
        "retryable": fault.retryable,
        "retry_after_s": fault.retry_after_s,
        **outcome,
    }
    if exc.sandbox:
        more["sandbox"] = True
    if isinstance(exc, InvalidQuery):
        more["parameter"] = exc.parameter
        more["faults"] = [{"parameter": each.parameter, "detail": each.detail} for each in exc.faults]
    if isinstance(exc, ScriptNotCovered):
        more["unread"] = [Unread(text=text, script=script) for text, script in exc.parts]
        if exc.country_programs is not None:
            more["country_programs"] = exc.country_programs
    if isinstance(exc, (ProviderRejected, ProviderFailed)) and exc.status is not None:
        more["upstream_status"] = exc.status
    return problem(status, fault.code, fault.title, fault.detail, request_id, **more)
