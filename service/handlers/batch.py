"""`POST /v1/sanctions/batch`: the rows of a file, screened and told one by one while the file is still coming in."""

from contextlib import aclosing

import structlog
from aiohttp import web

from service.batches.file_faults import FileFault, file_problem
from service.batches.read_ahead import ReadAhead, reading_ahead
from service.batches.report import (
    CONTENT_TYPES,
    CSV_HEADER,
    ReportFormat,
    ndjson_line,
    result_in_csv,
    summary_in_csv,
    summary_line,
    summary_of,
)
from service.batches.row_by_row import screened_surely
from service.batches.rows import Counts, Row, RowResult
from service.batches.streaming import Chunks, in_order
from service.encoded_body import receiving
from service.errors import Problem, problem_of, problem_response
from service.handlers.batch_question import batch_question, row_reader
from service.handlers.batch_ways import Way, way_of
from service.handlers.line_stream import STALLED_S, LineStream, NobodyReadsError, break_off
from service.keys import REQUEST_ID

__all__ = ["MAX_BATCH_BYTES", "MAX_BATCH_ROWS", "batch"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_BATCH_ROWS = 10_000
#: Far beyond what ten thousand rows are, so that one line of 50 MB costs no other row.
MAX_BATCH_BYTES = 256 * 1024 * 1024


async def batch(request: web.Request) -> web.StreamResponse:
    """Up to 10,000 rows. What is wrong with the file before its first row is a problem in place of the answer; what is
    wrong later stands in the summary, the last line. An answer without a last line has broken off."""
    question = batch_question(request)
    way = await way_of(request, question.options)
    ahead = ReadAhead(
        receiving(request),
        most_bytes=MAX_BATCH_BYTES,
        stalled_s=STALLED_S,
        broken=(web.RequestPayloadError,),
    )
    try:
        chunks = Chunks(ahead, row_reader(request, question.mapping, MAX_BATCH_ROWS))
        async with reading_ahead(ahead):
            first = await chunks.next()
            if chunks.fault is not None and not first:
                raise chunks.fault
            return await _answer(request, question.report_format, way, first, chunks)
    except FileFault as fault:
        return problem_response(file_problem(fault, request[REQUEST_ID], screening=True))


async def _answer(
    request: web.Request, report_format: ReportFormat, way: Way, first: list[Row], chunks: Chunks
) -> web.StreamResponse:
    """Once it has begun the status is 200, so that whatever goes wrong is told in the last line."""
    told = _Told(request, report_format)
    problem: Problem | None = None
    try:
        await told.begin()
        try:
            async with aclosing(in_order(first, chunks, lambda rows: screened_surely(way.screen, rows))) as screened:
                async for results in screened:
                    await told.tell(results)
        except NobodyReadsError:
            raise
        except Exception as exc:  # no other answer can be begun any more
            log.exception("a batch failed")
            problem = problem_of(exc, request[REQUEST_ID], screening=True)
        else:
            problem = None if chunks.fault is None else file_problem(chunks.fault, request[REQUEST_ID])
        await told.sum_up(way, chunks, problem)
    except NobodyReadsError:
        log.info("a batch ended early: its answer was not taken", rows=told.counts.rows)
        break_off(request)
    return told.response


class _Told:
    """What has been told of a batch so far."""

    def __init__(self, request: web.Request, report_format: ReportFormat) -> None:
        self.counts = Counts()
        self._request_id, self._is_csv = request[REQUEST_ID], report_format == "csv"
        self._lines = LineStream(request, {"Content-Type": CONTENT_TYPES[report_format]})

    @property
    def response(self) -> web.StreamResponse:
        """What the handler returns."""
        return self._lines.response

    async def begin(self) -> None:
        """Send the headers."""
        await self._lines.begin()
        if self._is_csv:
            await self._lines.write(CSV_HEADER)

    async def tell(self, results: list[RowResult]) -> None:
        """One line for each."""
        for result in results:
            self.counts.add(result)
        await self._lines.write_all(map(result_in_csv if self._is_csv else ndjson_line, results))

    async def sum_up(self, way: Way, chunks: Chunks, problem: Problem | None) -> None:
        """The last line."""
        summary = summary_of(
            self.counts,
            list_version=way.list_version,
            list_as_of=way.list_as_of,
            columns=chunks.columns,
            encoding=chunks.encoding,
            request_id=self._request_id,
            sandbox=way.sandbox,
            problem=problem,
        )
        await self._lines.write(summary_in_csv(summary) if self._is_csv else summary_line(summary))
        await self._lines.end()
