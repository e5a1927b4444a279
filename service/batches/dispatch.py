"""Has the chunks of a SQLite ledger computed: the engine inside the service, for jobs on one machine.

Of several processes with the same folder one does, the one that has the lock. When it dies another one takes over, or
the next one that starts: what has no results is computed then, so that at most what was being computed is so twice.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from time import monotonic

import structlog

from service.batches.claims import MOST_ATTEMPTS, Claim, Claims
from service.batches.ledger import Chunk, ChunkUnreadable, LedgerUnavailable
from service.batches.reaching import when_reached
from service.batches.results import set_aside
from service.batches.rows import Row, RowResult
from service.batches.screening import ListAway
from service.batches.sqlite_ledger import SqliteLedger
from service.lock_file import LockFile

__all__ = ["Dispatch", "ScreenChunk"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Screens a chunk. What it raises is counted against the chunk, but for ListAway: then its job comes again later.
ScreenChunk = Callable[[Chunk], Awaitable[Sequence[RowResult]]]

#: How often to look for what other processes took in, and whether the lock has come free.
_LOOK_EVERY_S = 0.5
_TIDY_EVERY_S = 10.0
#: One that cannot be read, in a file that otherwise can, is not to keep the place of another for ever.
_READ_TRIES = 20
#: Of so many jobs chunks are chosen, in turn; the others have come later.
_JOBS_IN_TURN = 100


class Dispatch:
    """Has chunks of `ledger` screened by `screen`, which has `processes` that match. One chunk more is read ahead.

    Belongs to one event loop.
    """

    def __init__(
        self,
        ledger: SqliteLedger,
        screen: ScreenChunk,
        processes: int,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger, self._screen, self._pause = ledger, screen, pause
        self._claims = Claims(processes + 1)
        # Until a chunk's results are written nothing else is begun in its place: a kill costs no more than what the
        # processes were at.
        self._processes = processes
        self._turns = asyncio.Semaphore(processes)
        self._alone = asyncio.Lock()
        self._woken = asyncio.Event()
        self._lock = LockFile(ledger.path.with_name("jobs.lock"))
        self._under_way: dict[Claim, asyncio.Task[None]] = {}
        self._tidying: asyncio.Task[None] | None = None
        self._told_why: str | None = None

    @property
    def is_elected(self) -> bool:
        """Whether it is this one that has them computed."""
        return self._lock.is_held

    def wake(self) -> None:
        """There is a job: no need to wait for the next look."""
        self._woken.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """While the body runs, have chunks computed. What is under way in the end is computed anew, another time."""
        task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._woken.clear()
                    await self._look(group)
                    await self._next_look()
        finally:
            self._lock.release()

    async def _look(self, group: asyncio.TaskGroup) -> None:
        try:
            if await self._may():
                if self._tidying is None or self._tidying.done():
                    self._tidying = group.create_task(self._tidy())
                await self._leave_ended()
                await self._fill(group)
            self._told_why = None
        except (LedgerUnavailable, OSError) as exc:
            # Told once, not at every look.
            if self._told_why != str(exc):
                log.warning("jobs have to wait", error=str(exc))
            self._told_why = str(exc)
        except Exception:  # our own fault must not end the work at all jobs
            log.exception("jobs have to wait")

    async def _next_look(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_S):
                await self._woken.wait()

    async def _may(self) -> bool:
        # Where nobody has ever sent a job nothing is written.
        return self._lock.is_held or (await asyncio.to_thread(self._ledger.path.exists) and await self._lock.take())

    async def _tidy(self) -> None:
        try:
            while await self._ledger.tidy():
                pass
        except (LedgerUnavailable, OSError) as exc:
            log.info("there is no tidying up now", error=str(exc))
        except Exception:  # likewise
            log.exception("there is no tidying up now")
        await asyncio.sleep(_TIDY_EVERY_S)

    async def _leave_ended(self) -> None:
        """Stop the work at jobs that are cancelled, or gone."""
        if not self._under_way:
            return
        alive = await self._ledger.under_way({claim.job_id for claim in self._under_way})
        for claim, task in self._under_way.items():
            if claim.job_id not in alive:
                task.cancel()

    async def _fill(self, group: asyncio.TaskGroup) -> None:
        now_s = monotonic()
        waiting = self._claims.waiting_for_list(now_s)
        found = await self._ledger.open_chunks(jobs=_JOBS_IN_TURN, of_each=self._claims.wanted_of_each, but=waiting)
        while (claim := self._claims.claim(found, now_s)) is not None:
            self._under_way[claim] = group.create_task(self._see_to(claim))

    async def _see_to(self, claim: Claim) -> None:
        try:
            chunk = await when_reached(partial(self._ledger.chunk, claim.job_id, claim.number), tries=_READ_TRIES)
            if chunk is not None:
                await self._compute(chunk)
        except ChunkUnreadable as exc:
            await self._set_aside(claim, exc.rows, str(exc))
        except ListAway as exc:
            log.info("a job waits for a list", job=claim.job_id, error=str(exc))
            self._claims.list_is_away(claim, monotonic())
        except Exception:  # likewise
            log.exception("a chunk has to wait", job=claim.job_id, chunk=claim.number)
            await self._pause(_LOOK_EVERY_S)
        finally:
            self._claims.release(claim)
            del self._under_way[claim]
            self.wake()

    @asynccontextmanager
    async def _turn(self, chunk: Chunk) -> AsyncIterator[None]:
        """While the body runs, `chunk` has its turn. One that was begun before, and whose process ended, has it alone:
        no other chunk is to be suspected with it."""
        if chunk.job.options.via == "api" and not chunk.attempts:
            yield  # who asks the agency needs no process
            return
        turns = self._processes if chunk.attempts else 1
        async with AsyncExitStack() as stack:
            if chunk.attempts:
                await stack.enter_async_context(self._alone)
            for _ in range(turns):
                await stack.enter_async_context(self._turns)
            yield

    async def _screen_once(self, chunk: Chunk) -> None:
        """Screen `chunk`, unless it was begun too often. A start after which this process dies is counted for good."""
        claim = Claim(chunk.job.id, chunk.number)
        begun = await when_reached(partial(self._ledger.begin, claim.job_id, claim.number))
        if begun is None:
            return
        if begun >= MOST_ATTEMPTS:
            reason = f"it was begun {begun} times, and each time the process that had it ended"
            await self._set_aside(claim, chunk.rows, reason)
            return
        try:
            await self._write(chunk, await self._screen(chunk))
        except BaseException:
            # Whatever it is, this process lives: the chunk did not end it.
            with suppress(LedgerUnavailable):
                await asyncio.shield(asyncio.ensure_future(self._ledger.not_begun(claim.job_id, claim.number)))
            raise

    async def _set_aside(self, claim: Claim, rows: Sequence[Row], reason: str) -> None:
        log.error("a chunk is set aside", job=claim.job_id, chunk=claim.number, error=reason)
        try:
            complete = partial(self._ledger.complete, claim.job_id, claim.number, set_aside(rows, reason), reason)
            await when_reached(complete, tries=_READ_TRIES)
        except LedgerUnavailable as exc:
            log.exception("a job has failed: nothing can be written of a chunk", job=claim.job_id, chunk=claim.number)
            await when_reached(partial(self._ledger.fail, claim.job_id, claim.number, f"{reason}; {exc}"))

    async def _compute(self, chunk: Chunk) -> None:
        """Until it is written, or set aside. Raises ListAway."""
        attempts = 0
        while True:
            try:
                async with self._turn(chunk):
                    await self._screen_once(chunk)
            except ListAway:
                raise
            except Exception as exc:  # noqa: BLE001 - whatever it is, it is counted against the chunk
                attempts += 1
                reason = str(exc) or type(exc).__name__
                log.warning("a chunk came to nothing", job=chunk.job.id, chunk=chunk.number, error=reason)
            else:
                return
            pause_s = self._claims.pause_s(attempts)
            if pause_s is None:
                await self._set_aside(Claim(chunk.job.id, chunk.number), chunk.rows, reason)
                return
            # It keeps its place: when all fail, jobs are not set aside in no time.
            await self._pause(pause_s)

    async def _write(self, chunk: Chunk, results: Sequence[RowResult]) -> None:
        await when_reached(partial(self._ledger.complete, chunk.job.id, chunk.number, results, None))
