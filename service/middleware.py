"""What happens around every request: its id, its place among those in flight, its access line, its problem body."""

import asyncio
import re
import time
import uuid

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from service.errors import response_to
from service.keys import CONFIG, LIFE, METRICS, REQUEST_ID
from service.query import wanted_deadline_s, wants_live
from service.screening import asks_for_screening
from tools.call import recording, wanting
from tools.errors import ToolError

__all__ = ["around_every_request"]

log: structlog.stdlib.BoundLogger = structlog.get_logger("service.access")

#: The query string of a URL, in what a client library says of it.
_QUERY = re.compile(r"\?[^\s'\")>]+")
#: A caller's own id is kept when it can do no harm in a log.
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


@web.middleware
async def around_every_request(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with what `handler` says, or with the problem that it raises, and log one line."""
    started = time.perf_counter()
    life = request.app[LIFE]
    given = request.headers.get("X-Request-ID", "")
    request_id = request[REQUEST_ID] = given if _ACCEPTABLE_ID.fullmatch(given) else uuid.uuid4().hex
    failure: Exception | None = None
    with structlog.contextvars.bound_contextvars(request_id=request_id), life.working(), recording() as usage:
        try:
            deadline_s = wanted_deadline_s(request, request.app[CONFIG].deadline_max_s)
            with wanting(deadline_s, live=wants_live(request)):
                response = await handler(request)
        except asyncio.CancelledError:
            # Nobody reads the answer; the status is for the log alone, and what others call this.
            _log_access(request, web.Response(status=499), None, started, usage.attempts, usage.upstream_s)
            raise
        except Exception as exc:  # noqa: BLE001 - the outermost: whatever it is, the caller gets a problem
            failure = exc
            response = response_to(exc, request_id, screening=asks_for_screening(request))
        response.headers["X-Request-ID"] = request_id
        if life.phase == "draining":
            response.force_close()
        _log_access(request, response, failure, started, usage.attempts, usage.upstream_s)
    return response


def _log_access(
    request: web.Request,
    response: web.StreamResponse,
    failure: Exception | None,
    started: float,
    attempts: int,
    upstream_s: float,
) -> None:
    """One line, and one more in the counts.

    The query string is left out: it names parties, and a mistaken caller's key might be in it.
    """
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else None
    took_s = time.perf_counter() - started
    request.app[METRICS].note_request(request.method, route or "none", response.status, took_s)
    line = {
        "method": request.method,
        "path": request.path,
        "route": route,
        "status": response.status,
        "elapsed_ms": round(took_s * 1000, 1),
        "upstream_ms": round(upstream_s * 1000, 1),
        "attempts": attempts,
        "remote": request.remote,
    }
    if isinstance(failure, ToolError):
        line |= {"code": failure.code, "upstream": failure.upstream, "error": str(failure)}
        cause = failure.__cause__
        if cause is not None and not isinstance(cause, ToolError):
            # What it says, not its repr: aiohttp's errors carry the request's headers in that, keys included.
            line["cause"] = _QUERY.sub("?...", failure.cause_in_words or f"{type(cause).__name__}: {cause}")
    if response.status >= 500 and not isinstance(failure, ToolError):
        log.error("request", **line, exc_info=failure)
    elif route is not None and route.startswith(("/health", "/metrics")):
        log.debug("request", **line)
    else:
        log.info("request", **line)
