"""The ledger in a SQLite file, for jobs on one machine. What is written together is one transaction."""

import sqlite3
import zlib
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, LiteralString

import orjson

from service.batches.ledger import CHUNK_ROWS, SILENT_FOR_S, Chunk, Job, KeyInUse, NewJob, UploadGone
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
    rows_with_results_of,
)

__all__ = ["SqliteLedger"]

#: Packed so, names are a third of their size, lines a sixth; the next levels take twice as long for a tenth less.
_LEVEL = 1
#: Chunks that go in one transaction when a job is forgotten: others write in between.
_CHUNKS_GONE_AT_ONCE = 40
#: Pages that are given back to the disk with them.
_PAGES_GIVEN_BACK = 2000


class SqliteLedger:
    """A `Ledger` in the file at `path`. Any number of processes on one machine may have one on the same file.

    Jobs that have ended are kept for `keep`; None: until they are removed.
    """

    def __init__(
        self,
        path: Path,
        *,
        keep: timedelta | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        busy_s: float | None = None,
    ) -> None:
        self.path, self._keep, self._now = path, keep, now
        self._link = SqliteLink(path) if busy_s is None else SqliteLink(path, busy_s=busy_s)

    # -- a job comes --

    async def add_job(self, job: NewJob) -> None:
        """Begin a job, which is `receiving`. Raises KeyInUse when its idempotency key is another job's."""

        def add(connection: sqlite3.Connection) -> None:
            _forget_where(connection, f"{_SILENT} AND idempotency_key = ?", self._silent_since(), job.idempotency_key)
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

    async def still_receiving(self, job_id: str) -> None:
        """Note that the upload lives. Raises UploadGone when the job has been given up."""
        await self._link.write(lambda connection: self._heard(connection, job_id))

    def _heard(self, connection: sqlite3.Connection, job_id: str) -> int:
        """Return the job's short number."""
        note = "UPDATE jobs SET received_at = ? WHERE id = ? AND status = 'receiving' RETURNING job"
        for (job,) in connection.execute(note, (self._time(), job_id)).fetchall():
            return int(job)
        raise UploadGone(job_id)

    async def add_rows(self, job_id: str, first_chunk: int, rows: Sequence[Row]) -> int:
        """Keep `rows` as whole chunks, the last may be shorter; the number of the next chunk. Raises UploadGone."""
        chunks = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]

        def add(connection: sqlite3.Connection) -> None:
            job = self._heard(connection, job_id)
            connection.executemany(
                "INSERT INTO chunks (job, number, first_row, row_count, rows) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                [
                    (job, number, chunk[0].number, len(chunk), zlib.compress(rows_kept(chunk), _LEVEL))
                    for number, chunk in enumerate(chunks, first_chunk)
                ],
            )

        await self._link.write(add)
        return first_chunk + len(chunks)

    async def rows_are_in(self, job_id: str, body_sha256: str) -> Job:
        """All rows have come: the job is `queued`, and outlives the loss of power. One without rows is `done`.

        Raises UploadGone.
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
                raise UploadGone(job_id)
            return job

        return await self._link.write(queue, lasting=True)

    async def forget(self, job_id: str) -> None:
        """Remove a job with all its rows and results. Of a large one these go later, piece by piece, by `tidy`."""

        await self._link.write(lambda connection: _forget_where(connection, "id = ?", job_id))
        await self._remove_some()

    async def tidy(self) -> bool:
        """Forget jobs whose upload is dead, and those that were kept for long enough; remove some of what belonged to
        jobs that were forgotten. Whether there is more of it."""
        goes = f"{_SILENT} OR ended_at < ?"
        # What is compared with an empty text is never less.
        times = self._silent_since(), "" if self._keep is None else self._time(-self._keep)
        asked = f"SELECT EXISTS (SELECT 1 FROM forgotten), EXISTS (SELECT 1 FROM jobs WHERE {goes})"
        is_more, any_goes = await self._link.read(lambda connection: connection.execute(asked, times).fetchone())
        if any_goes:
            await self._link.write(lambda connection: _forget_where(connection, goes, *times))
        return await self._remove_some() if is_more or any_goes else False

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

    async def rows_with_results(self, job_id: str) -> tuple[tuple[int, int], ...]:
        """The rows that have results, as spans from a first row to a last one, in order; those that touch are one."""
        return await self._link.read(lambda connection: rows_with_results_of(connection, job_id))

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
        """What there is to compute; None when it is done, or the job cancelled or gone. Raises ChunkUnreadable."""
        found = await self._link.read(lambda connection: chunk_of(connection, job_id, number))
        if found is None:
            return None
        chunk, status = found
        if status == "queued":
            start = "UPDATE jobs SET status = 'running', started_at = ? WHERE id = ? AND status = 'queued'"
            await self._link.write(lambda connection: connection.execute(start, (self._time(), job_id)))
        return chunk

    async def begin(self, job_id: str, number: int) -> int | None:
        """Note that a chunk is computed from now on; how often one began before. None as in `chunk`."""
        return await self._link.write(lambda connection: _begun(connection, job_id, number, 1))

    async def not_begun(self, job_id: str, number: int) -> None:
        """Take back the last `begin`: it came to nothing for a reason that has nothing to do with the chunk."""
        await self._link.write(lambda connection: _begun(connection, job_id, number, -1))

    async def fail(self, job_id: str, number: int, reason: str) -> None:
        """End a job as failed, for a chunk of which not even that it was set aside can be written."""

        def fail(connection: sqlite3.Connection) -> None:
            ending = f"UPDATE jobs SET status = 'failed', ended_at = ? WHERE id = ? AND {UNDER_WAY} RETURNING job"
            for (job,) in connection.execute(ending, (self._time(), job_id)).fetchall():
                connection.execute("INSERT OR REPLACE INTO damaged VALUES (?, ?, ?)", (job, number, reason))

        await self._link.write(fail)

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

    def _time(self, later: timedelta = timedelta(0)) -> str:
        return (self._now() + later).astimezone(UTC).isoformat()

    def _silent_since(self) -> str:
        return self._time(-timedelta(seconds=SILENT_FOR_S))


#: An upload that is dead: who received it has been silent.
_SILENT: LiteralString = "(status = 'receiving' AND ended_at IS NULL AND received_at < ?)"


def _forget_where(connection: sqlite3.Connection, where: LiteralString, *given: object) -> None:
    connection.execute(f"INSERT INTO forgotten SELECT job FROM jobs WHERE {where}", given)
    connection.execute(f"DELETE FROM jobs WHERE {where}", given)


def _begun(connection: sqlite3.Connection, job_id: str, number: int, more: int) -> int | None:
    """Count a start more, or less; how many there were before."""
    note = (
        "UPDATE chunks SET begun = max(0, begun + ?) WHERE number = ? AND rows IS NOT NULL"
        f" AND job = (SELECT job FROM jobs WHERE id = ? AND {UNDER_WAY}) RETURNING begun"
    )
    found = connection.execute(note, (more, number, job_id)).fetchall()
    return found[0][0] - more if found else None


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
        " noted = (SELECT json_group_object(key, total) FROM (SELECT key, sum(value) AS total FROM"
        "  (SELECT key, value FROM json_each(noted) UNION ALL SELECT key, value FROM json_each(:noted)) GROUP BY key)),"
        " chunks_done = chunks_done + 1, chunks_set_aside = chunks_set_aside + :aside,"
        " started_at = coalesce(started_at, :now),"
        " status = CASE WHEN chunks_done + 1 < chunk_count THEN 'running'"
        "  WHEN chunks_set_aside + :aside > 0 THEN 'failed' ELSE 'done' END,"
        " ended_at = CASE WHEN chunks_done + 1 = chunk_count THEN :now END WHERE job = :job",
        {
            **{name: getattr(counts, name) for name in counts.__slots__},
            "noted": orjson.dumps(counts.noted()).decode(),
            "aside": is_set_aside,
            "now": now,
            "job": job,
        },
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
        connection.execute("DELETE FROM damaged WHERE job = ?", (found[0],))
        connection.execute("DELETE FROM forgotten WHERE job = ?", (found[0],))
    return connection.execute("SELECT 1 FROM forgotten").fetchone() is not None
