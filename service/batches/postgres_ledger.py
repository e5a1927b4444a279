"""The ledger in PostgreSQL, for jobs beyond one machine. What is written together is one transaction.

Its queue is in the same database: a job's chunks are queued in the transaction that makes the job `queued`, so that
there is never the one without the other.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any, Literal, LiteralString

import orjson
from psycopg import sql

from service.batches.ledger import CHUNK_ROWS, SILENT_FOR_S, Chunk, Job, KeyInUse, NewJob, UploadGone
from service.batches.payload import options_in, options_kept, rows_kept, rows_of_chunk
from service.batches.postgres_link import Connection, PostgresLink
from service.batches.row_ranges import joined_spans
from service.batches.rows import Counts, Row, RowResult, RowStatus

__all__ = ["Defer", "PostgresLedger"]

#: Puts chunks of a job, by their numbers, into the queue, in the transaction of the connection.
Defer = Callable[[Connection, str, Sequence[int]], Awaitable[None]]

_NEW: LiteralString = "id, created_at, options, list_choice, list_version, list_as_of, idempotency_key"
_STATE: LiteralString = (
    "status, row_count, screened, invalid, not_screened, clear, potential_match, match, noted, body_sha256, started_at,"
    " ended_at, job, chunks_set_aside"
)
_FORGET: LiteralString = "INSERT INTO forgotten SELECT job FROM gone"
#: Rows that are removed in one go, which takes about a second.
_PIECE = 50_000
#: Seconds that may be spent on it at a time.
_TIDY_S = 2.0
#: An upload that is dead: who received it has been silent.
_SILENT: LiteralString = "(status = 'receiving' AND heard_at < now() - %s * interval '1 second')"
_UNDER_WAY: LiteralString = "status IN ('queued', 'running')"


class PostgresLedger:
    """A `Ledger` over `link`; `defer` fills the queue. Any number of processes may have one on the same database.

    Jobs that have ended are kept for `keep`; None: until they are removed.
    """

    def __init__(self, link: PostgresLink, defer: Defer, *, keep: timedelta | None = None) -> None:
        self._link, self._defer, self._keep = link, defer, keep

    # -- a job comes --

    async def add_job(self, job: NewJob) -> None:
        """Begin a job, which is `receiving`. Raises KeyInUse when its idempotency key is another job's."""
        async with self._link.transaction() as connection:
            if job.idempotency_key is not None:
                await connection.execute(
                    f"WITH gone AS (DELETE FROM jobs WHERE {_SILENT} AND idempotency_key = %s RETURNING job) {_FORGET}",
                    (SILENT_FOR_S, job.idempotency_key),
                )
            found = await connection.execute(
                f"INSERT INTO jobs ({_NEW}) VALUES (%s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (idempotency_key) DO NOTHING RETURNING job",
                (
                    job.id,
                    job.created_at,
                    options_kept(job.options),
                    job.list_choice,
                    job.list_version,
                    job.list_as_of,
                    job.idempotency_key,
                ),
            )
            if await found.fetchone() is None:
                other = await connection.execute(
                    "SELECT id FROM jobs WHERE idempotency_key = %s", (job.idempotency_key,)
                )
                row = await other.fetchone()
                # Gone in this moment: who comes again may have it.
                raise KeyInUse(job.id if row is None else row[0])

    async def still_receiving(self, job_id: str) -> None:
        """Note that the upload lives. Raises UploadGone when the job has been given up."""
        async with self._link.transaction() as connection:
            await _heard(connection, job_id)

    async def add_rows(self, job_id: str, first_chunk: int, rows: Sequence[Row]) -> int:
        """Keep `rows` as whole chunks, the last may be shorter; the number of the next chunk. Raises UploadGone."""
        chunks = [rows[at : at + CHUNK_ROWS] for at in range(0, len(rows), CHUNK_ROWS)]
        async with self._link.transaction() as connection:
            job = await _heard(connection, job_id)
            async with connection.cursor() as cursor:
                await cursor.executemany(
                    "INSERT INTO chunks (job, number, first_row, row_count, rows) VALUES (%s, %s, %s, %s, %s)"
                    " ON CONFLICT DO NOTHING",
                    [
                        (job, number, chunk[0].number, len(chunk), rows_kept(chunk))
                        for number, chunk in enumerate(chunks, first_chunk)
                    ],
                )
        return first_chunk + len(chunks)

    async def rows_are_in(self, job_id: str, body_sha256: str) -> Job:
        """All rows have come: the job is `queued`, and its chunks are in the queue. One without rows is `done`.

        Raises UploadGone.
        """
        async with self._link.transaction() as connection:
            locked = await connection.execute("SELECT job, status FROM jobs WHERE id = %s FOR UPDATE", (job_id,))
            found = await locked.fetchone()
            if found is None:
                raise UploadGone(job_id)
            if found[1] == "receiving":
                await connection.execute(
                    "UPDATE jobs SET body_sha256 = %(sha256)s, row_count = sums.rows, chunk_count = sums.chunks,"
                    " status = CASE sums.chunks WHEN 0 THEN 'done' ELSE 'queued' END,"
                    " ended_at = CASE sums.chunks WHEN 0 THEN now() END FROM ("
                    "  SELECT coalesce(sum(row_count), 0) AS rows, count(*) AS chunks FROM chunks WHERE job = %(job)s"
                    " ) AS sums WHERE job = %(job)s",
                    {"job": found[0], "sha256": body_sha256},
                )
                numbers = await connection.execute("SELECT number FROM chunks WHERE job = %s ORDER BY 1", (found[0],))
                await self._defer(connection, job_id, [number for (number,) in await numbers.fetchall()])
            job = await _job(connection, "id = %s", job_id)
        if job is None:
            raise UploadGone(job_id)
        return job

    async def forget(self, job_id: str) -> None:
        """Remove a job with all its rows and results. Of a large one these go later, piece by piece, by `tidy`."""
        async with self._link.transaction() as connection:
            await connection.execute(
                f"WITH gone AS (DELETE FROM jobs WHERE id = %s RETURNING job) {_FORGET}", (job_id,)
            )
        await self._remove_some()

    async def tidy(self) -> None:
        """Forget jobs whose upload is dead, and those that were kept for long enough; remove some of what belonged to
        jobs that were forgotten."""
        async with self._link.transaction() as connection:
            await connection.execute(
                f"WITH gone AS (DELETE FROM jobs WHERE {_SILENT} OR ended_at < now() - %s::interval RETURNING job)"
                f" {_FORGET}",
                (SILENT_FOR_S, self._keep),
            )
        until = monotonic() + _TIDY_S
        while await self._remove_some() and monotonic() < until:
            pass

    async def _remove_some(self) -> bool:
        """Whether there was something."""
        async with self._link.transaction() as connection:
            found = await connection.execute("SELECT job FROM forgotten LIMIT 1 FOR UPDATE SKIP LOCKED")
            row = await found.fetchone()
            if row is None:
                return False
            left = 0
            for table in (sql.SQL("results"), sql.SQL("chunks")):
                removed = await connection.execute(
                    sql.SQL(
                        "DELETE FROM {table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE job = %s LIMIT %s))"
                    ).format(table=table),
                    (row[0], _PIECE),
                )
                left += removed.rowcount == _PIECE
            if not left:
                await connection.execute("DELETE FROM forgotten WHERE job = %s", (row[0],))
        return True

    # -- how it stands --

    async def job(self, job_id: str) -> Job | None:
        """How it stands."""
        async with self._link.transaction() as connection:
            return await _job(connection, "id = %s", job_id)

    async def job_by_key(self, idempotency_key: str) -> Job | None:
        """The job that was sent with this key."""
        async with self._link.transaction() as connection:
            return await _job(connection, "idempotency_key = %s", idempotency_key)

    async def cancel(self, job_id: str) -> Job | None:
        """No chunk of it is computed any more; what is there stays. A job that has ended stays as it is."""
        async with self._link.transaction() as connection:
            await connection.execute(
                "UPDATE jobs SET status = 'cancelled', ended_at = now()"
                f" WHERE id = %s AND (status = 'receiving' OR {_UNDER_WAY})",
                (job_id,),
            )
            return await _job(connection, "id = %s", job_id)

    async def rows_with_results(self, job_id: str) -> tuple[tuple[int, int], ...]:
        """The rows that have results, as spans from a first row to a last one, in order; those that touch are one."""
        async with self._link.transaction() as connection:
            found = await connection.execute(
                "SELECT first_row, chunks.row_count FROM chunks JOIN jobs USING (job)"
                " WHERE id = %s AND chunks.rows IS NULL ORDER BY number",
                (job_id,),
            )
            return joined_spans((first, first + count - 1) for first, count in await found.fetchall())

    async def waiting_chunks(self) -> int:
        """Chunks of jobs that have not ended, without results."""
        async with self._link.transaction() as connection:
            found = await connection.execute(
                f"SELECT coalesce(sum(chunk_count - chunks_done), 0) FROM jobs WHERE {_UNDER_WAY}"
            )
            row = await found.fetchone()
            return 0 if row is None else int(row[0])

    async def pinned_versions(self) -> frozenset[str]:
        """The list versions that jobs which have not ended are pinned to."""
        async with self._link.transaction() as connection:
            found = await connection.execute(
                "SELECT DISTINCT list_version FROM jobs WHERE list_choice = 'pinned' AND list_version IS NOT NULL"
                f" AND (status = 'receiving' OR {_UNDER_WAY})"
            )
            return frozenset(version for (version,) in await found.fetchall())

    # -- it is computed --

    async def chunk(self, job_id: str, number: int) -> Chunk | None:
        """What there is to compute; None when it is done, or the job cancelled or gone. Raises ChunkUnreadable."""
        async with self._link.transaction() as connection:
            found = await connection.execute(
                f"SELECT {_NEW}, first_row, chunks.row_count, chunks.rows, begun, status FROM jobs"
                " JOIN chunks USING (job)"
                f" WHERE id = %s AND number = %s AND chunks.rows IS NOT NULL AND {_UNDER_WAY}",
                (job_id, number),
            )
            row = await found.fetchone()
            if row is None:
                return None
            *new, first, count, kept, begun, status = row
            if status == "queued":
                await connection.execute(
                    "UPDATE jobs SET status = 'running', started_at = now() WHERE id = %s AND status = 'queued'",
                    (job_id,),
                )
        return Chunk(_new(new), number, rows_of_chunk(lambda: kept, first, count), begun)

    async def begin(self, job_id: str, number: int) -> int | None:
        """Note that a chunk is computed from now on; how often one began before. None as in `chunk`."""
        async with self._link.transaction() as connection:
            # When this is lost in a crash of the database, it is tried once more: no reason to wait for a disk.
            await connection.execute("SET LOCAL synchronous_commit TO off")
            found = await connection.execute(
                "UPDATE chunks SET begun = begun + 1 FROM jobs WHERE jobs.id = %s AND chunks.job = jobs.job"
                f" AND number = %s AND rows IS NOT NULL AND jobs.{_UNDER_WAY} RETURNING begun - 1",
                (job_id, number),
            )
            row = await found.fetchone()
            return None if row is None else int(row[0])

    async def not_begun(self, job_id: str, number: int) -> None:
        """Take back the last `begin`: it came to nothing for a reason that has nothing to do with the chunk."""
        async with self._link.transaction() as connection:
            await connection.execute(
                "UPDATE chunks SET begun = begun - 1 FROM jobs WHERE jobs.id = %s AND chunks.job = jobs.job"
                " AND number = %s AND begun > 0",
                (job_id, number),
            )

    async def complete(self, job_id: str, number: int, results: Sequence[RowResult], set_aside: str | None) -> bool:
        """Write a chunk's results, one for each row; with `set_aside`, the reason why they say that nobody was
        screened. False, and nothing is written, when there are some already or the job has been cancelled.

        Raises ValueError when there is not one result for each row.
        """
        async with self._link.transaction() as connection:
            # Of several that come with the same chunk, the others wait here, and then find none.
            found = await connection.execute(
                "UPDATE chunks SET rows = NULL, set_aside = %s FROM jobs WHERE jobs.id = %s AND chunks.job = jobs.job"
                f" AND number = %s AND rows IS NOT NULL AND jobs.{_UNDER_WAY}"
                " RETURNING chunks.job, chunks.first_row, chunks.row_count",
                (set_aside, job_id, number),
            )
            row = await found.fetchone()
            if row is None:
                return False
            job, first, count = row
            if [result.number for result in results] != list(range(first, first + count)):
                raise ValueError(f"chunk {number} of {job_id} has the rows {first} to {first + count - 1}")
            async with (
                connection.cursor() as cursor,
                cursor.copy("COPY results (job, row, status, outcome, line) FROM STDIN") as copy,
            ):
                for result in results:
                    await copy.write_row((job, result.number, result.status, result.outcome, result.line))
            if not await _count(connection, job, results, is_set_aside=set_aside is not None):
                # It was cancelled in between.
                await connection.rollback()
                return False
        return True

    async def results(
        self, job_id: str, first_row: int, limit: int, *, status: RowStatus | Literal["hit"] | None = None
    ) -> list[RowResult]:
        """Up to `limit` results from row `first_row` on, in order; `hit`: those that are screened and not clear."""
        only: LiteralString = ""
        if status == "screened":
            only = "AND status = 'screened'"
        elif status == "hit":  # `outcome` is asked for as the index has it
            only = "AND status = 'screened' AND outcome IS DISTINCT FROM 'clear'"
        elif status is not None:
            only = "AND status = %(status)s AND outcome IS DISTINCT FROM 'clear'"
        async with self._link.transaction() as connection:
            found = await connection.execute(
                "SELECT row, status, outcome, line FROM results WHERE job = (SELECT job FROM jobs WHERE id = %(id)s)"
                f" AND row >= %(first)s {only} ORDER BY row LIMIT %(limit)s",
                {"id": job_id, "first": first_row, "status": status, "limit": limit},
            )
            return [RowResult(*row) for row in await found.fetchall()]

    async def aclose(self) -> None:
        """Let go of what was opened."""
        await self._link.aclose()


async def _heard(connection: Connection, job_id: str) -> int:
    """Return the job's short number. Raises UploadGone."""
    found = await connection.execute(
        "UPDATE jobs SET heard_at = now() WHERE id = %s AND status = 'receiving' RETURNING job", (job_id,)
    )
    row = await found.fetchone()
    if row is None:
        raise UploadGone(job_id)
    return int(row[0])


async def _count(connection: Connection, job: int, results: Sequence[RowResult], *, is_set_aside: bool) -> bool:
    """Add one chunk to what a job counts, as the last thing: all other chunks of the job wait for it."""
    counts = Counts()
    for result in results:
        counts.add(result)
    updated = await connection.execute(
        "UPDATE jobs SET screened = screened + %(screened)s, invalid = invalid + %(invalid)s,"
        " not_screened = not_screened + %(not_screened)s, clear = clear + %(clear)s,"
        " potential_match = potential_match + %(potential)s, match = match + %(match)s,"
        " noted = (SELECT coalesce(jsonb_object_agg(key, total), '{}') FROM"
        "  (SELECT key, sum(value::bigint) AS total FROM"
        "   (SELECT * FROM jsonb_each_text(noted) UNION ALL SELECT * FROM jsonb_each_text(%(noted)s::jsonb)) AS each"
        "   GROUP BY key) AS sums),"
        " chunks_done = chunks_done + 1, chunks_set_aside = chunks_set_aside + %(aside)s,"
        " started_at = coalesce(started_at, now()),"
        " status = CASE WHEN chunks_done + 1 < chunk_count THEN 'running'"
        "  WHEN chunks_set_aside + %(aside)s > 0 THEN 'failed' ELSE 'done' END,"
        " ended_at = CASE WHEN chunks_done + 1 = chunk_count THEN clock_timestamp() END"
        f" WHERE job = %(job)s AND {_UNDER_WAY}",
        {
            "job": job,
            "screened": counts.screened,
            "invalid": counts.invalid,
            "not_screened": counts.not_screened,
            "clear": counts.clear,
            "potential": counts.potential_match,
            "match": counts.match,
            "noted": orjson.dumps(counts.noted()).decode(),
            "aside": int(is_set_aside),
        },
    )
    return updated.rowcount == 1


async def _job(connection: Connection, where: LiteralString, given: str) -> Job | None:
    found = await connection.execute(f"SELECT {_NEW}, {_STATE} FROM jobs WHERE {where}", (given,))
    row = await found.fetchone()
    if row is None:
        return None
    new, state = row[:7], row[7:]
    status, rows, *counts, noted, body_sha256, started_at, ended_at, job, chunks_set_aside = state
    set_aside: tuple[tuple[int, str], ...] = ()
    if chunks_set_aside:
        reasons = await connection.execute(
            "SELECT number, set_aside FROM chunks WHERE job = %s AND set_aside IS NOT NULL ORDER BY number", (job,)
        )
        set_aside = tuple((number, reason) for number, reason in await reasons.fetchall())
    return Job(_new(new), status, rows, Counts.of(counts, noted), body_sha256, started_at, ended_at, set_aside)


def _new(row: Sequence[Any]) -> NewJob:
    id_, created_at, options, list_choice, list_version, list_as_of, key = row
    return NewJob(id_, created_at, options_in(options), list_choice, list_version, list_as_of, key)
