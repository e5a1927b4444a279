"""Which problems there are, and what each looks like: as a gateway answered it once, or as the service makes it."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import orjson
from aiohttp import web

from service.batches.file_faults import INVALID_FILE, FileFault
from service.batches.ledger import KeyInUse, LedgerUnavailable
from service.errors import LEDGER_UNAVAILABLE, STATUSES, Problem, problem_of
from service.handlers.job_problems import KEY_IN_USE, KEY_REUSED, RANGE_NOT_SATISFIABLE, job_problem
from service.health import NOT_READY, not_ready
from service.inquiry import SNAPSHOT_INCOMPLETE, SnapshotIncomplete
from tools import errors
from tools.agency import AgencyTool
from tools.errors import ToolError

__all__ = ["EVERY_CALL", "KINDS", "codes", "method_not_allowed", "problem_like"]

_REQUEST_ID = "5f0e8c2a9d3b4c6e8f7a6b5c4d3e2f1a"

#: What any question to an agency may end in.
EVERY_CALL: tuple[str, ...] = (
    *("invalid_query", "internal_error", "deadline_exceeded", "pool_timeout", "pool_closed", "rate_limited"),
    *("circuit_open", "provider_rejected", "provider_failed", "provider_garbled", "provider_too_large"),
    *("provider_unreachable", "provider_timeout"),
)
#: The bodies with members of their own.
KINDS: Mapping[str, Any] = {SNAPSHOT_INCOMPLETE: SnapshotIncomplete}


def problem_like(operation: str, code: str, tool: type[AgencyTool], *, screening: bool) -> Problem:
    """What `operation` answers when it ends in `code`. Raises KeyError on a code that it has no example of.

    What no question alone brings a gateway to is made of an error of the kind that `tool` raises; of a `screening` it
    says that there was none.
    """
    recorded = _recorded().get(operation, {}).get(code)
    if recorded is not None:
        return recorded
    if (made := _of_files(operation).get(code)) is not None:
        return job_problem(made, _REQUEST_ID)
    if code == LEDGER_UNAVAILABLE:
        return problem_of(
            LedgerUnavailable("the jobs cannot be kept: the disk is full"), _REQUEST_ID, screening=screening
        )
    if code == NOT_READY:
        return not_ready("draining", _REQUEST_ID)
    kind = {each.code: each for each in _tool_errors(tool)}
    # Of a screening alone there may be no outcome.
    screening = screening or code == errors.NotScreened.code
    return problem_of(RuntimeError() if code == "internal_error" else kind[code], _REQUEST_ID, screening=screening)


def method_not_allowed() -> Problem:
    """What every path answers to a method that it does not have."""
    return problem_of(web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]), _REQUEST_ID)


def codes() -> frozenset[str]:
    """Every code that there is."""
    return frozenset(
        {
            *(kind.code for kind in STATUSES),
            *("internal_error", "no_such_route", "method_not_allowed", "unsupported_media_type"),
            *(INVALID_FILE, NOT_READY, SNAPSHOT_INCOMPLETE, LEDGER_UNAVAILABLE),
            *(KEY_IN_USE, KEY_REUSED, RANGE_NOT_SATISFIABLE),
        }
    )


def _of_files(operation: str) -> dict[str, Exception]:
    """What a file, or a job, brings a question to."""
    most = "4 GiB" if operation == "job_begin" else "268435456 bytes"
    return {
        errors.TooLarge.code: FileFault("too_many_bytes", f"the file is over {most}"),
        KEY_IN_USE: KeyInUse("a job"),
    }


@cache
def _recorded() -> dict[str, dict[str, Problem]]:
    """By operation and code."""
    found: dict[str, dict[str, Problem]] = orjson.loads(
        (files("service.contract") / "examples" / "problems.json").read_bytes()
    )
    return found


def _tool_errors(tool: type[AgencyTool]) -> tuple[ToolError, ...]:
    upstream, host = str(tool.upstream), urlsplit(tool.default_base_url).hostname
    said = f"{upstream} sent something that is not JSON (103 bytes): '<!DOCTYPE html><html><head>'"
    return (
        errors.ProviderRejected(f"{upstream} answered HTTP 403", status=403, upstream=upstream),
        errors.ProviderFailed(f"{upstream} answered HTTP 503", status=503, upstream=upstream),
        errors.ProviderGarbled(said, upstream=upstream),
        errors.ProviderTooLarge("the answer is larger than the bound of 67108864 bytes", upstream=upstream),
        errors.ProviderUnreachable(
            f"no whole answer from {upstream}: the connection failed (ClientOSError)", upstream=upstream
        ),
        errors.ProviderTimeout(f"the call's 20 s ran out while {upstream} answered", upstream=upstream),
        errors.DeadlineExceeded("the call's 20 s ran out in our own queue or work", upstream=upstream),
        errors.RateLimited(f"{upstream} answered HTTP 429", retry_after_s=12.0, upstream=upstream),
        errors.CircuitOpen(
            f"{upstream} failed too often and is left alone; nothing was sent", retry_after_s=8.75, upstream=upstream
        ),
        errors.NotScreened(
            "the agency found 2310 entries and lets 1050 of them be read, none of which is a hit: ask for more of the "
            "name",
            upstream="csl",
        ),
        errors.PoolTimeout(host=f"{host}:443", waited_s=5.0, limit=100, in_use=100, waiting=12),
        errors.PoolClosed("the pool is shutting down", upstream=upstream),
    )
