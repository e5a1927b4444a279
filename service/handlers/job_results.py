"""`GET /v1/jobs/{id}/results`: what the rows came to, streamed from the ledger, from any row on."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog
from aiohttp import web

from service.batches.ledger import Job, LedgerUnavailable
from service.batches.report import CONTENT_TYPES, CSV_HEADER, ReportFormat, ndjson_line, result_in_csv, wanted_format
from service.batches.result_pages import Only, Page, ResultsGone, pages
from service.batches.row_ranges import RangeNotSatisfiable, RowRange, check_range, content_range, first_there, row_range
from service.batches.telling import ENDED
from service.handlers.job_asked import job_of
from service.handlers.job_problems import with_problems
from service.handlers.line_stream import LineStream, NobodyReadsError, break_off
from service.keys import LEDGER
from service.query import parameters_and_faults, word_of
from tools.query_faults import FaultCollector

__all__ = ["COMPLETE_HEADER", "ONLY", "STATUS_HEADER", "results"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

STATUS_HEADER, COMPLETE_HEADER = "X-Job-Status", "X-Results-Complete"
#: What `status` may be.
ONLY: tuple[Only, ...] = ("screened", "invalid", "not_screened", "hit")
#: A part of a job that runs ends here at the latest: its last row has to be known when it begins.
_PART_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class _Asked:
    job: Job
    only: Only
    written_as: ReportFormat
    part: RowRange | None
    #: The rows that have results, of a job that ended without all of them; else None.
    spans: tuple[tuple[int, int], ...] | None

    @property
    def span(self) -> RowRange:
        return self.part or RowRange(1, self.job.rows)

    def written(self, page: Page) -> bytes:
        write = result_in_csv if self.written_as == "csv" else ndjson_line
        return b"".join(map(write, page[0]))

    @property
    def beginning(self) -> bytes:
        """Parts can be put together: only the first one has the header line."""
        return CSV_HEADER if self.written_as == "csv" and self.span.first == 1 else b""


@with_problems
async def results(request: web.Request) -> web.StreamResponse:
    """All rows that have a result, or those that `status` wants, in their order."""
    asked = await _asked(request)
    found = pages(request.app[LEDGER], asked.job, asked.span, asked.only)
    async with aclosing(found):
        if asked.part is not None and asked.job.status not in ENDED:
            return await _begun_part(asked, found)
        return await _stream(request, asked, found)


async def _asked(request: web.Request) -> _Asked:
    faults = FaultCollector()
    said = parameters_and_faults(request, faults, {"status": "status", "format": "format"})
    only = word_of(said, "status", ONLY, None, faults)
    with faults.reading():
        written_as = wanted_format(said.get("format"), request.headers.get("Accept"))
    # There is no validator that a condition could name: then all of it is sent (RFC 9110, section 13.1.5).
    header = None if "If-Range" in request.headers else request.headers.get("Range")
    with faults.reading():
        check_range(header)
    faults.raise_if_any()
    job = await job_of(request)
    has_gaps = job.status in ENDED and job.counts.rows < job.rows
    spans = await request.app[LEDGER].rows_with_results(job.new.id) if has_gaps else None
    part = row_range(header, job.rows)
    if part is not None and spans is not None:
        part = first_there(part, spans, job.rows)
    return _Asked(job, only, written_as, part, spans)


async def _begun_part(asked: _Asked, found: AsyncGenerator[Page, None]) -> web.Response:
    """What there is of the part by now, and no more than can be had at once."""
    body, last = bytearray(asked.beginning), None
    async for page in found:
        body += await asyncio.to_thread(asked.written, page)
        last = page[1]
        if len(body) >= _PART_BYTES:
            break
    if last is None:
        raise RangeNotSatisfiable(asked.job.rows, f"row {asked.span.first} has no result yet", later=True)
    there = RowRange(asked.span.first, last)
    return web.Response(status=206, body=bytes(body), headers={**_headers(asked, there), "Cache-Control": "no-store"})


async def _stream(request: web.Request, asked: _Asked, found: AsyncGenerator[Page, None]) -> web.StreamResponse:
    """Once it has begun, whatever goes wrong can only be told by breaking off."""
    # A ledger that cannot be reached is told as a problem, as long as nothing has been sent.
    first = await anext(found, None)
    headers = _headers(asked, asked.part)
    stream = LineStream(request, headers, status=200 if asked.part is None else 206)
    try:
        await stream.begin()
        if request.method == "HEAD":
            return stream.response
        await stream.write(asked.beginning)
        if first is not None:
            await stream.write(await asyncio.to_thread(asked.written, first))
        async for page in found:
            await stream.write(await asyncio.to_thread(asked.written, page))
        await stream.end()
    except (LedgerUnavailable, ResultsGone, NobodyReadsError) as exc:
        log.warning("results were cut off", job=asked.job.new.id, reason=f"{type(exc).__name__}: {exc}")
        break_off(request)
    return stream.response


def _headers(asked: _Asked, part: RowRange | None) -> dict[str, str]:
    job = asked.job
    ending = "csv" if asked.written_as == "csv" else "ndjson"
    headers = {
        "Content-Type": CONTENT_TYPES[asked.written_as],
        "Content-Disposition": f'attachment; filename="{job.new.id}.{ending}"',
        "Accept-Ranges": "rows",
        "Vary": "Accept",
        STATUS_HEADER: job.status,
        COMPLETE_HEADER: "true" if job.status in ("done", "failed") and asked.spans is None else "false",
    }
    if part is not None:
        headers["Content-Range"] = part.content_range(job.rows)
    elif asked.spans is not None:
        # Nothing was asked for but all: it says what of it is there.
        headers["Content-Range"] = content_range(asked.spans, job.rows)
    return headers
