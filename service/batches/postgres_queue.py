"""Chunks in a queue of Procrastinate's, in the database of the ledger: `defer` puts them there, `work` takes them.

Procrastinate may run a task more than once, as every queue may: the ledger is what writes a chunk's results once.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Task
from procrastinate.retry import BaseRetryStrategy, RetryDecision

from service.batches.ledger import Chunk, ChunkUnreadable, LedgerUnavailable
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import Connection, PostgresLink
from service.batches.reaching import when_reached
from service.batches.rescue import Rescue
from service.batches.results import set_aside
from service.batches.rows import Row, RowResult
from service.batches.screening import ListAway

__all__ = ["Compute", "PostgresQueue", "QueueRhythm"]

log = logging.getLogger(__name__)

#: Screens a chunk. What it raises is counted against the chunk, but for LedgerUnavailable, which is waited out, and
#: ListAway: then it comes again later.
Compute = Callable[[Chunk], Awaitable[Sequence[RowResult]]]

QUEUE, TASK = "chunks", "screen_chunk"
#: How often a chunk may come to nothing before it is set aside.
MOST_ATTEMPTS = 3
#: Tasks that go to the database in one statement.
_BATCH = 1000


@dataclass(frozen=True, slots=True)
class QueueRhythm:
    """Seconds: between heartbeats of a worker, after how many without one it counts as dead, between looks for what was
    left behind, between looks into the queue of a worker without work, before the second attempt at a chunk (twice that
    before the third), and before a chunk that lacked a list comes again."""

    heartbeat_s: float = 5.0
    stalled_s: float = 20.0
    rescue_s: float = 5.0
    poll_s: float = 1.0
    retry_s: float = 2.0
    list_away_s: float = 5.0


class PostgresQueue:
    """The queue beside the ledger of `link`. Belongs to one event loop."""

    def __init__(self, link: PostgresLink, rhythm: QueueRhythm = QueueRhythm()) -> None:
        self._link, self._rhythm = link, rhythm
        self.app = procrastinate.App(connector=procrastinate.PsycopgConnector())
        self.is_working = False

    async def defer(self, connection: Connection, job_id: str, numbers: Sequence[int]) -> None:
        """Queue chunks of a job, in the transaction of `connection`."""
        tasks = [
            Task(
                queue=QUEUE,
                task_name=TASK,
                task_kwargs={"job_id": job_id, "number": number},
                # The later a chunk stands in its job the later it comes: a small job need not wait for a large one.
                priority=-number,
                lock=None,
                # Nobody can queue it a second time while it waits.
                queueing_lock=f"{job_id}:{number}",
            )
            for number in numbers
        ]
        for at in range(0, len(tasks), _BATCH):
            await self.app.job_manager.batch_defer_jobs_async(tasks[at : at + _BATCH], connection)

    async def work(
        self, ledger: PostgresLedger, compute: Compute, *, at_once: int, stop: asyncio.Event, shutdown_s: float
    ) -> None:
        """Screen chunks, up to `at_once` at a time, until `stop` is set; those under way get `shutdown_s` then.

        While the database is away it waits: what has been computed is written when it is back.
        """
        worker = _Worker(ledger, compute, at_once)
        self.app.task(name=TASK, queue=QUEUE, pass_context=True, retry=_Backoff(self._rhythm))(worker.screen)
        rescue = Rescue(self._link, self.app.job_manager, self.defer, ledger.tidy, QUEUE, self._rhythm.stalled_s)
        rescuing = asyncio.create_task(self._rescue(rescue, worker))
        try:
            while not stop.is_set():
                try:
                    await self._work(at_once, stop, shutdown_s)
                except (LedgerUnavailable, ConnectorException) as exc:
                    log.warning("the queue cannot be reached: %s", exc.__cause__ or exc)
                self.is_working = False
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self._rhythm.poll_s)
        finally:
            rescuing.cancel()
            with suppress(asyncio.CancelledError):
                await rescuing

    async def _work(self, at_once: int, stop: asyncio.Event, shutdown_s: float) -> None:
        await self._link.prepare()
        await self.app.open_async(self._link.pool)
        working = asyncio.create_task(
            self.app.run_worker_async(
                # Of whichever queue: this schema has no others, and asked for by name they are found more slowly.
                # One more than are computed: it is read while they are.
                concurrency=at_once + 1,
                fetch_job_polling_interval=self._rhythm.poll_s,
                update_heartbeat_interval=self._rhythm.heartbeat_s,
                stalled_worker_timeout=self._rhythm.stalled_s,
                shutdown_graceful_timeout=shutdown_s,
                delete_jobs="always",
                install_signal_handlers=False,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        self.is_working = True
        try:
            await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.is_working = False
            stopping.cancel()
            working.cancel()  # which is to stop gracefully
            with suppress(asyncio.CancelledError):
                await working

    async def _rescue(self, rescue: Rescue, worker: "_Worker") -> None:
        while True:
            await asyncio.sleep(self._rhythm.rescue_s)
            try:
                await rescue.look(worker.worker_id, worker.under_way)
            except (LedgerUnavailable, ConnectorException) as exc:
                log.info("nothing can be rescued now: %s", exc)


class _Worker:
    """What one process does with the tasks that it is given. `under_way` are their numbers in the queue."""

    def __init__(self, ledger: PostgresLedger, compute: Compute, at_once: int) -> None:
        self._ledger, self._compute = ledger, compute
        self._turns = asyncio.Semaphore(at_once)
        self.worker_id: int | None = None
        self.under_way: set[int] = set()

    async def screen(self, context: procrastinate.JobContext, job_id: str, number: int) -> None:
        """The task: nothing, when the chunk is done, or its job cancelled or gone."""
        task = context.job
        if task.id is None:
            raise TypeError("a task from the queue has a number")
        self.worker_id = task.worker_id
        self.under_way.add(task.id)
        try:
            try:
                chunk = await when_reached(partial(self._ledger.chunk, job_id, number))
            except ChunkUnreadable as exc:
                chunk = None
                await self._set_aside(job_id, number, exc.rows, str(exc))
            if chunk is not None:
                # Until its results are written nothing else is begun: a kill costs what was under way here, no more.
                async with self._turns:
                    # Counted only now: who dies takes along what it was at, not what it had read ahead.
                    attempts = await when_reached(partial(self._ledger.begin, job_id, number))
                    if attempts is not None:
                        await self._finish(replace(chunk, attempts=attempts))
        finally:
            self.under_way.discard(task.id)

    async def _finish(self, chunk: Chunk) -> None:
        reason = None
        if chunk.attempts >= MOST_ATTEMPTS:
            reason = f"it was begun {chunk.attempts} times, and each time the worker that had it ended"
        else:
            try:
                results = await when_reached(partial(self._compute, chunk))
            except ListAway:
                # No fault of the chunk. Others may be of jobs that have their list.
                await when_reached(partial(self._ledger.not_begun, chunk.job.id, chunk.number))
                raise
            except Exception as exc:
                log.warning("chunk %d of %s came to nothing: %s", chunk.number, chunk.job.id, exc)
                if chunk.attempts + 1 < MOST_ATTEMPTS:
                    raise
                reason = str(exc) or type(exc).__name__
        if reason is not None:
            await self._set_aside(chunk.job.id, chunk.number, chunk.rows, reason)
        else:
            await when_reached(partial(self._ledger.complete, chunk.job.id, chunk.number, results, None))

    async def _set_aside(self, job_id: str, number: int, rows: Sequence[Row], reason: str) -> None:
        log.error("chunk %d of %s is set aside: %s", number, job_id, reason)
        await when_reached(partial(self._ledger.complete, job_id, number, set_aside(rows, reason), reason))


class _Backoff(BaseRetryStrategy):
    """Always once more: it is the task that gives up, and writes down why."""

    def __init__(self, rhythm: QueueRhythm) -> None:
        self._rhythm = rhythm

    def get_retry_decision(self, *, exception: BaseException, job: Task) -> RetryDecision:
        """When to try again."""
        if isinstance(exception, asyncio.CancelledError):
            wait_s = 0.0  # this worker stops; another one is to begin at once
        elif isinstance(exception, ListAway):
            wait_s = self._rhythm.list_away_s
        else:
            wait_s = self._rhythm.retry_s * 2 ** min(job.attempts, MOST_ATTEMPTS)
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=wait_s))
