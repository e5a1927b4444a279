"""The ledger in a SQLite file, for jobs on one machine. What is written together is one transaction."""

import sqlite3
import zlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import orjson

from service.batches.ledger import CHUNK_ROWS, Chunk, Job, KeyInUse, NewJob
from service.batches.payload import options_kept, rows_kept
from service.batches.rows import Counts, Row, RowResult, RowStatus
from service.batches.sqlite_link import SqliteLink
from service.batches.sqlite_reading import (
    CLEAR,
    KINDS,
    NEW,
    UNDER_WAY,
    OpenChunks,
    chunk_of,
    job_of,
    open_chunks_of,
    results_of,
)

__all__ = ["SqliteLedger"]

#: Packed so, names are a third of their size, lines a sixth; the next levels take twice as long for a tenth less.
_LEVEL = 1
#: A job whose rows are still coming in, and none has come for so long: its sender, or who received it, is gone.
_RECEIVING_FOR = timedelta(hours=1)
#: Chunks that go in one transaction when a job is forgotten: others write in between.
_CHUNKS_GONE_AT_ONCE = 40
#: Pages that are given back to the disk with them.
_PAGES_GIVEN_BACK = 2000


class SqliteLedger:
    """A `Ledger` in the file at `path`. Any number of processes on one machine may have one on the same file."""

    def __init__(
        self, path: Path, *, now: Callable[[], datetime] = lambda: datetime.now(UTC), busy_s: float | None = None
    ) -> None:
        self.path, self._now = path, now
        self._link = SqliteLink(path) if busy_s is None else SqliteLink(path, busy_s=busy_s)

    # -- a job comes --

    async def add_job(self, job: NewJob) -> None:
        """Begin a job, which is `receiving`. Raises KeyInUse when its idempotency key is another job's."""

        def add(connection: sqlite3.Connection) -> None:
            other = connection.execute("SELECT id FROM jobs WHERE idempotency_key = ?", (job.idempotency_key,))
            for (other_id,) in other:
                raise KeyInUse(other_id)
            connection.execute(
                f"INSERT INTO jobs ({NEW}, received_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    job.id,
                    job.created_at.isoformat(),
                    options_kept(job.options),
                    job.list_choice,
                    job.list_version,
                    None if job.list_as_of is None else job.list_as_of.isoformat(),
                    job.idempotency_key,
                    self._time(),
                ),
            )

        await self._link.write(add)

    async def add_rows(self, job_id: str, first_chunk: int, rows: Sequence[Row]) -> int:
        """Keep `rows` as whole chunks, the last may be shorter; the number of the next chunk. Raises KeyError when
        there is no such job that is receiving."""
        chunks = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]

        def add(connection: sqlite3.Connection) -> None:
            found = connection.execute(
                "UPDATE jobs SET received_at = ? WHERE id = ? AND status = 'receiving' RETURNING job",
                (self._time(), job_id),
            ).fetchall()
            if not found:
                raise KeyError(job_id)
            connection.executemany(
                "INSERT INTO chunks (job, number, first_row, row_count, rows) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [
                    (found[0][0], number, chunk[0].number, len(chunk), zlib.compress(rows_kept(chunk), _LEVEL))
                    for number, chunk in enumerate(chunks, first_chunk)
                ],
            )

        await self._link.write(add)
        return first_chunk + len(chunks)

    async def rows_are_in(self, job_id: str, body_sha256: str) -> Job:
        """All rows have come: the job is `queued`, and outlives the loss of power. One without rows is `done`.

        Raises KeyError when there is no such job.
        """

        def queue(connection: sqlite3.Connection) -> Job:
            connection.execute(
                "UPDATE jobs SET body_sha256 = :sha256, row_count = sums.rows, chunk_count = sums.chunks,"
                " status = CASE sums.chunks WHEN 0 THEN 'done' ELSE 'queued' END,"
                " ended_at = CASE sums.chunks WHEN 0 THEN :now END FROM ("
                "  SELECT coalesce(sum(row_count), 0) AS rows, count(*) AS chunks FROM chunks"
                "  WHERE job = (SELECT job FROM jobs WHERE id = :id)"
                " ) AS sums WHERE id = :id AND status = 'receiving'",
                {"id": job_id, "sha256": body_sha256, "now": self._time()},
            )
            job = job_of(connection, "id = ?", job_id)
            if job is None:
                raise KeyError(job_id)
            return job

        return await self._link.write(queue, lasting=True)

    async def forget(self, job_id: str) -> None:
        """Remove a job with all its rows and results. Of a large one these go later, piece by piece, by `tidy`."""

        def forget(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO forgotten SELECT job FROM jobs WHERE id = ?", (job_id,))
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))

        await self._link.write(forget)
        await self._remove_some()

    async def tidy(self) -> bool:
        """Forget jobs whose rows have stopped coming, since who sent or received them is gone; remove some of what
        belonged to jobs that were forgotten. Whether there is more of it."""
        before = (self._now() - _RECEIVING_FOR).astimezone(UTC).isoformat()
        asked = (
            "SELECT EXISTS (SELECT 1 FROM forgotten), EXISTS ("
            " SELECT 1 FROM jobs WHERE status = 'receiving' AND ended_at IS NULL AND received_at < ?)"
        )

        def forget(connection: sqlite3.Connection) -> None:
            left = "FROM jobs WHERE status = 'receiving' AND received_at < ?"
            connection.execute(f"INSERT INTO forgotten SELECT job {left}", (before,))
            connection.execute(f"DELETE {left}", (before,))

        is_more, are_left = await self._link.read(lambda connection: connection.execute(asked, (before,)).fetchone())
        if are_left:
            await self._link.write(forget)
        return await self._remove_some() if is_more or are_left else False

    async def _remove_some(self) -> bool:
        is_more = await self._link.write(_remove_some_forgotten)
        await self._link.give_back(_PAGES_GIVEN_BACK)
        return is_more

    # -- how it stands --

    async def job(self, job_id: str) -> Job | None:
        """How it stands."""
        return await self._link.read(lambda connection: job_of(connection, "id = ?", job_id))

    async def job_by_key(self, idempotency_key: str) -> Job | None:
        """The job that was sent with this key."""
        return await self._link.read(lambda connection: job_of(connection, "idempotency_key = ?", idempotency_key))

    async def cancel(self, job_id: str) -> Job | None:
        """No chunk of it is computed any more; what is there stays. A job that has ended stays as it is."""

        def cancel(connection: sqlite3.Connection) -> Job | None:
            connection.execute(
                "UPDATE jobs SET status = 'cancelled', ended_at = ? WHERE id = ? AND ended_at IS NULL",
                (self._time(), job_id),
            )
            return job_of(connection, "id = ?", job_id)

        return await self._link.write(cancel)

    async def waiting_chunks(self) -> int:
        """Chunks of jobs that have not ended, without results."""
        asked = f"SELECT coalesce(sum(chunk_count - chunks_done), 0) FROM jobs WHERE {UNDER_WAY}"
        return int(await self._link.read(lambda connection: connection.execute(asked).fetchone()[0]))

    async def pinned_versions(self) -> frozenset[str]:
        """The list versions that jobs which have not ended are pinned to."""
        asked = (
            "SELECT DISTINCT list_version FROM jobs WHERE list_choice = 'pinned' AND list_version IS NOT NULL"
            " AND ended_at IS NULL"
        )
        found = await self._link.read(lambda connection: connection.execute(asked).fetchall())
        return frozenset(version for (version,) in found)

    # -- it is computed --

    async def open_chunks(self, *, jobs: int, of_each: int, but: Collection[str] = ()) -> list[OpenChunks]:
        """Of the `jobs` jobs that have waited longest, `but` for some, the first `of_each` chunks without results."""

        return await self._link.read(lambda connection: open_chunks_of(connection, jobs, of_each, but))

    async def under_way(self, job_ids: Collection[str]) -> frozenset[str]:
        """Those of the jobs that are queued or running."""
        asked = f"SELECT id FROM jobs WHERE id IN (SELECT value FROM json_each(?)) AND {UNDER_WAY}"
        given = orjson.dumps(list(job_ids)).decode()
        found = await self._link.read(lambda connection: connection.execute(asked, (given,)).fetchall())
        return frozenset(job_id for (job_id,) in found)

    async def chunk(self, job_id: str, number: int) -> Chunk | None:
        """What there is to compute; None when it is done, or the job cancelled or gone."""
        found = await self._link.read(lambda connection: chunk_of(connection, job_id, number))
        if found is None:
            return None
        chunk, status = found
        if status == "queued":
            start = "UPDATE jobs SET status = 'running', started_at = ? WHERE id = ? AND status = 'queued'"
            await self._link.write(lambda connection: connection.execute(start, (self._time(), job_id)))
        return chunk

    async def complete(self, job_id: str, number: int, results: Sequence[RowResult], set_aside: str | None) -> bool:
        """Write a chunk's results, one for each row; with `set_aside`, the reason why they say that nobody was
        screened. False, and nothing is written, when there are some already or the job has been cancelled.

        Raises ValueError when there is not one result for each row.
        """

        def complete(connection: sqlite3.Connection) -> bool:
            row = connection.execute(
                "SELECT job, first_row, chunks.row_count FROM jobs JOIN chunks USING (job)"
                f" WHERE id = ? AND number = ? AND chunks.rows IS NOT NULL AND {UNDER_WAY}",
                (job_id, number),
            ).fetchone()
            if row is None:
                return False
            job, first, count = row
            if [result.number for result in results] != list(range(first, first + count)):
                raise ValueError(f"chunk {number} of {job_id} has the rows {first} to {first + count - 1}")
            _write_chunk(connection, job, number, results, set_aside)
            _count(connection, job, results, is_set_aside=set_aside is not None, now=self._time())
            return True

        return await self._link.write(complete)

    async def results(
        self, job_id: str, first_row: int, limit: int, *, status: RowStatus | Literal["hit"] | None = None
    ) -> list[RowResult]:
        """Up to `limit` results from row `first_row` on, in order; `hit`: those that are screened and not clear."""
        return await self._link.read(lambda connection: results_of(connection, job_id, first_row, limit, status))

    async def aclose(self) -> None:
        """Let go of what was opened."""
        await self._link.aclose()

    def _time(self) -> str:
        return self._now().astimezone(UTC).isoformat()


def _write_chunk(
    connection: sqlite3.Connection, job: int, number: int, results: Sequence[RowResult], set_aside: str | None
) -> None:
    lines = b"\n".join([result.line for result in results])
    if lines.count(b"\n") != len(results) - 1:
        raise ValueError("a result is one line")
    connection.execute(
        "UPDATE chunks SET rows = NULL, lines = ?, set_aside = ? WHERE job = ? AND number = ?",
        (zlib.compress(lines, _LEVEL), set_aside, job, number),
    )
    connection.executemany(
        "INSERT INTO results (job, row, chunk, kind, outcome) VALUES (?, ?, ?, ?, ?)",
        [
            (job, each.number, number, CLEAR, None)
            if each.outcome == "clear"
            else (job, each.number, number, KINDS[each.status], each.outcome)
            for each in results
        ],
    )


def _count(
    connection: sqlite3.Connection, job: int, results: Sequence[RowResult], *, is_set_aside: bool, now: str
) -> None:
    counts = Counts()
    for result in results:
        counts.add(result)
    connection.execute(
        "UPDATE jobs SET screened = screened + :screened, invalid = invalid + :invalid,"
        " not_screened = not_screened + :not_screened, clear = clear + :clear,"
        " potential_match = potential_match + :potential_match, match = match + :match,"
        " chunks_done = chunks_done + 1, chunks_set_aside = chunks_set_aside + :aside,"
        " started_at = coalesce(started_at, :now),"
        " status = CASE WHEN chunks_done + 1 < chunk_count THEN 'running'"
        "  WHEN chunks_set_aside + :aside > 0 THEN 'failed' ELSE 'done' END,"
        " ended_at = CASE WHEN chunks_done + 1 = chunk_count THEN :now END WHERE job = :job",
        {**{name: getattr(counts, name) for name in counts.__slots__}, "aside": is_set_aside, "now": now, "job": job},
    )


def _remove_some_forgotten(connection: sqlite3.Connection) -> bool:
    """Whether there is more."""
    found = connection.execute("SELECT job FROM forgotten LIMIT 1").fetchone()
    if found is None:
        return False
    chunks = connection.execute(
        "SELECT number, first_row, row_count FROM chunks WHERE job = ? ORDER BY number LIMIT ?",
        (found[0], _CHUNKS_GONE_AT_ONCE),
    ).fetchall()
    for number, first, count in chunks:
        connection.execute(
            "DELETE FROM results WHERE job = ? AND row BETWEEN ? AND ?", (found[0], first, first + count - 1)
        )
        connection.execute("DELETE FROM chunks WHERE job = ? AND number = ?", (found[0], number))
    if len(chunks) < _CHUNKS_GONE_AT_ONCE:
        connection.execute("DELETE FROM forgotten WHERE job = ?", (found[0],))
    return connection.execute("SELECT 1 FROM forgotten").fetchone() is not None
