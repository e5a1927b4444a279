"""How a chunk of a job, and a piece of a stream, come to their results: by the list held here, or by the agency."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from service.batches.computing import question_of
from service.batches.ledger import Chunk
from service.batches.matching_pool import MatchingPool
from service.batches.results import failed, not_screened, screened
from service.batches.rows import Row, RowResult, ScreeningOptions
from service.batches.versions import ListVersion, Versions
from tools.errors import NotScreened, ToolError
from tools.sanctions import SanctionsTool

__all__ = ["ListAway", "RowScreening"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Questions to the agency at once, for one chunk; its pool and quota bound them all.
_AT_ONCE = 4
#: A row is asked for again so often, where that may help. Many ask at the agency's rate, and wait for each other.
_TRIES = 8
_LONGEST_PAUSE_S = 30.0


class ListAway(Exception):
    """No list is in force now that may clear anybody; a job that follows the newest one waits for it."""


class RowScreening:
    """Screens rows. `tool` asks the agency, for those who want its search."""

    def __init__(
        self,
        pool: MatchingPool,
        versions: Versions,
        tool: SanctionsTool,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.versions = versions
        self._pool, self._tool, self._pause = pool, tool, pause

    async def chunk(self, chunk: Chunk) -> list[RowResult]:
        """One result for each row. Raises MatchingFailed, and ListAway, when it is to be tried again later."""
        job = chunk.job
        if job.options.via == "api":
            return await self.by_agency(chunk.rows, job.options)
        try:
            if job.list_version is None or job.list_as_of is None:
                version = await self.versions.newest()
            else:
                version = await self.versions.pinned(job.list_version, job.list_as_of)
        except NotScreened as exc:
            if job.list_choice == "newest":
                raise ListAway(str(exc)) from exc
            return [not_screened(row, exc.code, str(exc)) for row in chunk.rows]
        newest = job.list_choice == "newest"
        return await self._pool.screen(chunk.rows, version.folder, job.options, urgent=False, tell_version=newest)

    async def by_list(self, rows: Sequence[Row], version: ListVersion, options: ScreeningOptions) -> list[RowResult]:
        """For somebody who waits, by the list held here. Raises MatchingFailed."""
        return await self._pool.screen(rows, version.folder, options, urgent=True)

    async def by_agency(self, rows: Sequence[Row], options: ScreeningOptions) -> list[RowResult]:
        """By the agency's search: a row that it does not answer for is not screened, and says why."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(row: Row) -> RowResult:
            async with turns:
                return await self._ask(row, options)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(row)) for row in rows]
        return [task.result() for task in tasks]

    async def _ask(self, row: Row, options: ScreeningOptions) -> RowResult:
        query = question_of(row, options)
        if isinstance(query, RowResult):
            return query
        tried = 0
        while True:
            try:
                return screened(row, (await self._tool.run_query_async(query)).result)
            except ToolError as exc:
                tried += 1
                if not exc.retryable or tried == _TRIES:
                    return not_screened(row, exc.code, str(exc))
                pause_s = getattr(exc, "retry_after_s", None) or 2.0 ** (tried - 1)
            except Exception:  # one row never costs another
                log.exception("a row could not be screened", row=row.number)
                return failed(row, "internal_error", "the gateway failed at this row")
            await self._pause(min(pause_s, _LONGEST_PAUSE_S))
