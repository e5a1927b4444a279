"""Which problems there are, each with an example: made as the service makes them, from an error of its kind."""

from collections.abc import Mapping

from aiohttp import web

from service.errors import STATUSES, Problem, problem, problem_of
from tools import errors
from tools.errors import ToolError

__all__ = ["EVERY_CALL", "NOT_READY", "example_of", "examples_by_status"]

_REQUEST_ID = "5f0e8c2a9d3b4c6e8f7a6b5c4d3e2f1a"

_TOOL_ERRORS: tuple[ToolError, ...] = (
    errors.InvalidQuery("code: must be 4, 6, 8 or 10 digits, dotted as in 8507.60.00.20 or not", parameter="code"),
    errors.NotFound("the schedule (2026HTSRev17) has no 8507.60.00.99; there are 8507.60.00.10", upstream="hts"),
    errors.TooLarge("the body is over 1048576 bytes"),
    errors.ProviderRejected("hts: it answered 403", status=403, upstream="hts"),
    errors.ProviderFailed("csl: it answered 503", status=503, upstream="csl"),
    errors.ProviderGarbled("csl: it sent a page for people in place of data", upstream="csl"),
    errors.ProviderTooLarge("fda: the answer is over 33554432 bytes", upstream="fda"),
    errors.ProviderUnreachable("cross: connection refused", upstream="cross"),
    errors.ProviderTimeout("the call's 20 s ran out while cross answered", upstream="cross"),
    errors.DeadlineExceeded("the call's 20 s ran out in our own queue or work", upstream="csl"),
    errors.RateLimited("csl: its turn would come too late", retry_after_s=12.5, upstream="csl"),
    errors.CircuitOpen("fda failed too often; it is asked again in 8 s", retry_after_s=8.0, upstream="fda"),
    errors.NotConfigured("no subscription key of data.trade.gov (subscription_key)", upstream="csl"),
    errors.NotScreened("the agency found 2310 entries and lets 1050 of them be read", upstream="csl"),
    errors.PoolTimeout(host="data.trade.gov:443", waited_s=5.0, limit=100, in_use=100, waiting=12),
    errors.PoolClosed("the pool is draining"),
)
_HTTP_ERRORS = (
    web.HTTPNotFound(),
    web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]),
    web.HTTPUnsupportedMediaType(reason="the body must be application/json"),
)

#: What any question to an agency may end in.
EVERY_CALL: tuple[str, ...] = (
    *("invalid_query", "internal_error", "deadline_exceeded", "pool_timeout", "pool_closed", "rate_limited"),
    *("circuit_open", "provider_rejected", "provider_failed", "provider_garbled", "provider_too_large"),
    *("provider_unreachable", "provider_timeout"),
)
NOT_READY = "not_ready"


def _examples() -> dict[str, Problem]:
    made = [problem_of(each, _REQUEST_ID) for each in (*_TOOL_ERRORS, *_HTTP_ERRORS, RuntimeError())]
    made.append(problem(503, NOT_READY, "The service takes no work now", "draining", _REQUEST_ID, retryable=True))
    missing = "required, and not answered: sanctions; what the others said is in `snapshot`"
    made.append(
        problem(
            503,
            "snapshot_incomplete",
            "A required source did not answer",
            missing,
            _REQUEST_ID,
            retryable=True,
            retry_after_s=1.0,
            outcome="not_screened",
            snapshot={},
        )
    )
    return {each["code"]: each for each in made}


_BY_CODE: Mapping[str, Problem] = _examples()


def example_of(code: str, *, screening: bool = False) -> Problem:
    """The example of a problem. Of a screening it says that there was none. Raises KeyError on another code."""
    example = _BY_CODE[code]
    return {**example, "outcome": "not_screened"} if screening else example


def examples_by_status(codes: tuple[str, ...], *, screening: bool = False) -> dict[int, dict[str, Problem]]:
    """The examples of `codes` by HTTP status, in the order of the statuses."""
    found: dict[int, dict[str, Problem]] = {}
    for code in codes:
        example = example_of(code, screening=screening)
        found.setdefault(example["status"], {})[code] = example
    return dict(sorted(found.items()))


def codes() -> frozenset[str]:
    """Every code that there is."""
    return frozenset(_BY_CODE) | {kind.code for kind in STATUSES}
