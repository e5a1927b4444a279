"""What is left behind in the queue when workers or the database die, and is put back by those that live."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job as Task
from procrastinate.manager import JobManager

from service.batches.postgres_link import Connection, PostgresLink

__all__ = ["Rescue"]

log = logging.getLogger(__name__)

#: Of those who look, one at a time may act: whoever comes second would take the task away from its new worker.
_LOCK = 0x6777_7265
#: Chunks that are queued anew in one go; the next look finds the rest.
_AT_ONCE = 5000
#: Every so many looks, whether open chunks are in no queue at all, and what can be removed: that takes a while, and
#: ought to find nothing.
_LOOKS_BETWEEN = 6


class Rescue:
    """Looks after the tasks of `queue`. A worker is dead after `stalled_s` seconds without a heartbeat."""

    def __init__(
        self,
        link: PostgresLink,
        manager: JobManager,
        defer: Callable[[Connection, str, Sequence[int]], Awaitable[None]],
        tidy: Callable[[], Awaitable[None]],
        queue: str,
        stalled_s: float,
    ) -> None:
        self._link, self._manager, self._defer, self._tidy = link, manager, defer, tidy
        self._queue, self._stalled_s = queue, stalled_s
        self._lost: set[int] = set()
        self._looks = 0

    async def look(self, worker_id: int | None, under_way: set[int]) -> None:
        """Put back what dead workers had; what the worker `worker_id`, our own, has in the queue but not `under_way`;
        and chunks that are in no queue. Raises LedgerUnavailable, ConnectorException."""
        self._looks += 1
        is_seldom = self._looks % _LOOKS_BETWEEN == 0
        async with self._link.transaction() as connection:
            row = await (await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (_LOCK,))).fetchone()
            is_ours = row is not None and row[0]
            if is_ours:
                await self._put_back_of_dead()
            if is_ours and is_seldom:
                await self._queue_again(connection)
        if is_ours and is_seldom:
            await self._tidy()
        if worker_id is not None:
            await self._take_up_again(worker_id, under_way)

    async def _put_back_of_dead(self) -> None:
        stalled = await self._manager.get_stalled_jobs(queue=self._queue, seconds_since_heartbeat=self._stalled_s)
        await self._put_back(stalled, "its worker is dead")

    async def _take_up_again(self, worker_id: int, under_way: set[int]) -> None:
        """A task ended here, and the database was not there to be told: the queue believes that we are still at it."""
        ours = await self._manager.list_jobs_async(queue=self._queue, status="doing", worker_id=worker_id)
        idle = [task for task in ours if task.id not in under_way]
        # Seen idle twice: in between one is just fetched, or just ending.
        lost = [task for task in idle if task.id in self._lost]
        self._lost = {task.id for task in idle if task.id is not None}
        await self._put_back(lost, "the database was away when it ended")

    async def _put_back(self, tasks: Iterable[Task], why: str) -> None:
        for task in tasks:
            try:
                await self._manager.retry_job(task)
            except ConnectorException:  # it ended meanwhile, or waits already
                log.debug("%s needs no rescue", task.queueing_lock)
            else:
                log.warning("chunk %s is queued again: %s", task.queueing_lock, why)

    async def _queue_again(self, connection: Connection) -> None:
        found = await connection.execute(
            "SELECT jobs.id, chunks.number FROM jobs JOIN chunks USING (job)"
            " WHERE jobs.status IN ('queued', 'running') AND chunks.rows IS NOT NULL AND NOT EXISTS ("
            "  SELECT FROM procrastinate_jobs AS task WHERE task.queueing_lock = jobs.id || ':' || chunks.number"
            "  AND task.status IN ('todo', 'doing')"
            " ) ORDER BY chunks.number LIMIT %s",
            (_AT_ONCE,),
        )
        missing: dict[str, list[int]] = {}
        for job_id, number in await found.fetchall():
            missing.setdefault(job_id, []).append(number)
        for job_id, numbers in missing.items():
            log.warning("%d chunks of %s were in no queue, and are queued again", len(numbers), job_id)
            await self._defer(connection, job_id, numbers)
