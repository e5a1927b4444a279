"""`GET /v1/jobs/{id}/events`: how a job goes, as server-sent events (WHATWG HTML, section 9.2)."""

import asyncio
import time

from aiohttp import web

from service.batches.ledger import Job, LedgerUnavailable
from service.batches.telling import ENDED, JobTold
from service.envelope import as_json
from service.handlers.job_asked import NoSuchJob, job_of, told_now
from service.handlers.job_problems import with_problems
from service.handlers.line_stream import LineStream, NobodyReadsError, break_off
from service.keys import LIFE
from service.query import parameters

__all__ = ["events"]

_LOOK_EVERY_S = 0.5
#: A line that says nothing, so that no proxy takes the connection for dead.
_SIGN_OF_LIFE_S = 15.0


@with_problems
async def events(request: web.Request) -> web.StreamResponse:
    """`progress` whenever more rows have a result, at most every half second; `end` when the job has ended, which is
    the last. Each is the job as `GET /v1/jobs/{id}` tells it. `gone`: it was removed meanwhile."""
    parameters(request)
    job: Job | None = await job_of(request)
    stream = LineStream(request, {"Content-Type": "text/event-stream"})
    try:
        await stream.begin()
        # Whoever is cut off, as by a service that stops, may come again soon.
        await stream.write(b"retry: 2000\n\n")
        told, told_at = None, time.monotonic()
        while request.app[LIFE].phase not in ("draining", "stopped"):
            if job is not None:
                body = told_now(request.app, job)
                if body["status"] in ENDED:
                    await stream.write(_event("end", body))
                    break
                if (body["status"], body["done"]) != told:
                    await stream.write(_event("progress", body))
                    told, told_at = (body["status"], body["done"]), time.monotonic()
            if time.monotonic() - told_at > _SIGN_OF_LIFE_S:
                await stream.write(b":\n\n")
                told_at = time.monotonic()
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                job = await job_of(request)
            except NoSuchJob:
                await stream.write(b"event: gone\ndata: {}\n\n")
                break
            except LedgerUnavailable:
                job = None  # it will be told when it can be reached again
        await stream.end()
    except NobodyReadsError:
        break_off(request)
    return stream.response


def _event(kind: str, body: JobTold) -> bytes:
    return b"event: %b\nid: %d\ndata: %b\n\n" % (kind.encode(), body["done"], as_json(body))
