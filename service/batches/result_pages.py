"""Reads a job's results from the ledger, page by page, so that one page is in memory at a time.

Of a job that has ended: all there are. Of one that runs: those without a gap before them, so that whoever comes again
for the rows after the last one misses none.
"""

from collections.abc import AsyncGenerator, Callable
from typing import Literal

from service.batches.ledger import CHUNK_ROWS, Job, Ledger
from service.batches.row_ranges import RowRange
from service.batches.rows import RowResult, RowStatus
from service.batches.telling import ENDED

__all__ = ["Only", "Page", "ResultsGone", "pages"]

#: What is asked for; None: everything. `hit`: screened, and not clear.
Only = RowStatus | Literal["hit"] | None
#: A page, and the last row that it speaks for.
Page = tuple[list[RowResult], int]

_PAGE_ROWS = CHUNK_ROWS

_WANTED: dict[Only, Callable[[RowResult], bool]] = {
    None: lambda result: True,  # noqa: ARG005 - every one
    "hit": lambda result: result.status == "screened" and result.outcome != "clear",
    "screened": lambda result: result.status == "screened",
    "invalid": lambda result: result.status == "invalid",
    "not_screened": lambda result: result.status == "not_screened",
}


class ResultsGone(Exception):
    """The job was removed while its results were read."""


async def pages(ledger: Ledger, job: Job, span: RowRange, only: Only) -> AsyncGenerator[Page, None]:
    """The results of the rows in `span`, in order. Raises ResultsGone, LedgerUnavailable."""
    found = _of_ended(ledger, job, span, only) if job.status in ENDED else _of_running(ledger, job, span, only)
    async for page in found:
        yield page


async def _of_ended(ledger: Ledger, job: Job, span: RowRange, only: Only) -> AsyncGenerator[Page, None]:
    first = span.first
    while first <= span.last:
        results = await ledger.results(job.new.id, first, _PAGE_ROWS, status=only)
        is_last = len(results) < _PAGE_ROWS or results[-1].number >= span.last
        if is_last and await ledger.job(job.new.id) is None:
            # What is missing may be missing for that.
            raise ResultsGone
        last = span.last if is_last else results[-1].number
        yield [each for each in results if each.number <= span.last], last
        first = last + 1


async def _of_running(ledger: Ledger, job: Job, span: RowRange, only: Only) -> AsyncGenerator[Page, None]:
    first = span.first
    while first <= span.last:
        results = await ledger.results(job.new.id, first, min(_PAGE_ROWS, span.last - first + 1))
        whole = [each for at, each in enumerate(results, first) if each.number == at]
        if not whole:
            if await ledger.job(job.new.id) is None:
                raise ResultsGone
            return
        yield [each for each in whole if _WANTED[only](each)], whole[-1].number
        first = whole[-1].number + 1
