"""What happens around every request: its id, its place among those in flight, its access line, its problem body."""

import asyncio
import logging
import os
import re
import time
from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from structlog.contextvars import bind_contextvars, reset_contextvars

from service.errors import response_to
from service.keys import CONFIG, LIFE, METRICS, REQUEST_ID
from service.logs import is_wanted
from service.query import wanted_deadline_s, wants_live
from service.screening import asks_for_screening
from tools.call import Usage, recording, wanting
from tools.errors import InvalidQuery, ToolError

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
    app = request.app
    life = app[LIFE]
    given = request.headers.get("X-Request-ID")
    # As random as a UUID, at an eighth of the cost.
    request_id = given if given and _ACCEPTABLE_ID.fullmatch(given) else os.urandom(16).hex()
    request[REQUEST_ID] = request_id
    failure: Exception | None = None
    bound = bind_contextvars(request_id=request_id)
    life.began()
    try:
        with recording() as usage:
            try:
                deadline_s, live = wanted_deadline_s(request, app[CONFIG].deadline_max_s), wants_live(request)
                if deadline_s is None and not live:
                    response = await handler(request)
                else:
                    with wanting(deadline_s, live=live):
                        response = await handler(request)
            except asyncio.CancelledError:
                # Nobody reads the answer; the status is for the log alone, and what others call this.
                _note(request, web.Response(status=499), None, started, usage)
                raise
            except Exception as exc:  # noqa: BLE001 - the outermost: whatever it is, the caller gets a problem
                failure = exc
                response = response_to(exc, request_id, screening=asks_for_screening(request))
            response.headers["X-Request-ID"] = request_id
            if life.phase == "draining":
                response.force_close()
            _note(request, response, failure, started, usage)
        return response
    finally:
        life.ended()
        reset_contextvars(**bound)


def _note(
    request: web.Request, response: web.StreamResponse, failure: Exception | None, started: float, usage: Usage
) -> None:
    """One more in the counts, and one line in the log, where anybody reads it."""
    resource = request.match_info.route.resource
    route = resource.canonical if resource is not None else None
    took_s = time.perf_counter() - started
    request.app[METRICS].note_request(request.method, route or "none", response.status, took_s)
    is_probe = route is not None and route.startswith(("/health", "/metrics"))
    # A probe that is told to wait is no fault.
    is_own_fault = (
        response.status >= 500
        and not isinstance(failure, ToolError)
        and not (is_probe and response.status == HTTPStatus.SERVICE_UNAVAILABLE)
    )
    level = logging.ERROR if is_own_fault else logging.DEBUG if is_probe else logging.INFO
    if is_wanted(level):
        line = _line(request, response, failure, took_s, usage)
        if is_own_fault:
            line["exc_info"] = failure
        log.log(level, "request", route=route, **line)


def _line(
    request: web.Request, response: web.StreamResponse, failure: Exception | None, took_s: float, usage: Usage
) -> dict[str, object]:
    """The query string is left out: it names parties, and a mistaken caller's key might be in it."""
    line: dict[str, object] = {
        "method": request.method,
        "path": request.path,
        "status": response.status,
        "elapsed_ms": round(took_s * 1000, 1),
        "upstream_ms": round(usage.upstream_s * 1000, 1),
        "attempts": usage.attempts,
        "remote": request.remote,
    }
    if isinstance(failure, ToolError):
        line |= {"code": failure.code, "upstream": failure.upstream, "error": str(failure)}
        cause = failure.__cause__
        # What was wrong with a question is said already; its reader would repeat what was given, a birth date even.
        if cause is not None and not isinstance(cause, ToolError) and not isinstance(failure, InvalidQuery):
            # What it says, not its repr: aiohttp's errors carry the request's headers in that, keys included.
            line["cause"] = _QUERY.sub("?...", failure.cause_in_words or f"{type(cause).__name__}: {cause}")
    return line
