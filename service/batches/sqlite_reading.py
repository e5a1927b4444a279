"""What is read of the ledger in SQLite."""

import sqlite3
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, LiteralString

import orjson

from service.batches.ledger import Chunk, Job, NewJob
from service.batches.payload import options_in, rows_of_chunk
from service.batches.row_ranges import joined_spans
from service.batches.rows import Counts, RowResult, RowStatus
from service.batches.sqlite_link import Damaged

__all__ = [
    "CLEAR",
    "KINDS",
    "NEW",
    "UNDER_WAY",
    "OpenChunks",
    "chunk_of",
    "job_of",
    "open_chunks_of",
    "results_of",
    "rows_with_results_of",
]

#: How results are kept: one small number.
CLEAR, _HIT, _INVALID, _NOT_SCREENED = range(4)
_STATUSES: tuple[RowStatus, ...] = ("screened", "screened", "invalid", "not_screened")
#: Of those that are not clear.
KINDS: dict[RowStatus, int] = {"screened": _HIT, "invalid": _INVALID, "not_screened": _NOT_SCREENED}

NEW: LiteralString = "id, created_at, options, list_choice, list_version, list_as_of, idempotency_key"
_STATE: LiteralString = (
    "status, row_count, screened, invalid, not_screened, clear, potential_match, match, noted, body_sha256, started_at,"
    " ended_at, job, chunks_set_aside"
)
UNDER_WAY: LiteralString = "status IN ('queued', 'running') AND ended_at IS NULL"


@dataclass(frozen=True, slots=True)
class OpenChunks:
    """The first chunks of a job that have no results yet, in order."""

    job_id: str
    via: Literal["list", "api"]
    numbers: tuple[int, ...]


def open_chunks_of(connection: sqlite3.Connection, jobs: int, of_each: int, but: Collection[str]) -> list[OpenChunks]:
    """See SqliteLedger.open_chunks."""
    found = connection.execute(
        f"SELECT job, id, options FROM jobs WHERE {UNDER_WAY}"
        " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY job LIMIT ?",
        (orjson.dumps(list(but)).decode(), jobs),
    ).fetchall()
    numbers = "SELECT number FROM chunks WHERE job = ? AND rows IS NOT NULL ORDER BY number LIMIT ?"
    return [
        OpenChunks(
            job_id,
            options_in(options).via,
            tuple(number for (number,) in connection.execute(numbers, (job, of_each))),
        )
        for job, job_id, options in found
    ]


def chunk_of(connection: sqlite3.Connection, job_id: str, number: int) -> tuple[Chunk, str] | None:
    """What there is to compute, and the status of its job; None when there is nothing. Raises ChunkUnreadable."""
    row = connection.execute(
        f"SELECT {NEW}, status, job, first_row, chunks.row_count, begun FROM jobs JOIN chunks USING (job)"
        f" WHERE id = ? AND number = ? AND chunks.rows IS NOT NULL AND {UNDER_WAY}",
        (job_id, number),
    ).fetchone()
    if row is None:
        return None
    *new, status, job, first, count, begun = row

    def read() -> bytes:
        kept = "SELECT rows FROM chunks WHERE job = ? AND number = ?"
        try:
            return zlib.decompress(connection.execute(kept, (job, number)).fetchone()[0])
        except sqlite3.DatabaseError as exc:
            # The file is there: this part of it is damaged.
            if exc.sqlite_errorcode & 0xFF == sqlite3.SQLITE_CORRUPT:
                raise ValueError(str(exc)) from exc
            raise

    rows = rows_of_chunk(read, first, count)
    return Chunk(_new(new), number, rows, begun), status


def rows_with_results_of(connection: sqlite3.Connection, job_id: str) -> tuple[tuple[int, int], ...]:
    """See Ledger.rows_with_results."""
    found = connection.execute(
        "SELECT first_row, row_count FROM chunks WHERE job = (SELECT job FROM jobs WHERE id = ?) AND rows IS NULL"
        " ORDER BY number",
        (job_id,),
    )
    return joined_spans((first, first + count - 1) for first, count in found)


def results_of(
    connection: sqlite3.Connection, job_id: str, first_row: int, limit: int, status: RowStatus | Literal["hit"] | None
) -> list[RowResult]:
    """See Ledger.results."""
    # The index is of those that are not clear; of the others nearly all are screened.
    indexed: LiteralString = ""
    only: LiteralString = "AND kind <= ?"
    if status is None:
        kind = _NOT_SCREENED
    elif status == "screened":
        kind = _HIT
    else:
        indexed, only = "INDEXED BY results_not_clear", "AND kind = ? AND kind > 0"
        kind = _HIT if status == "hit" else KINDS[status]
    found = connection.execute(
        f"SELECT row, chunk, kind, outcome FROM results {indexed} WHERE job = (SELECT job FROM jobs WHERE id = ?)"
        f" AND row >= ? {only} ORDER BY row LIMIT ?",
        (job_id, first_row, kind, limit),
    ).fetchall()
    results: list[RowResult] = []
    for number, group in groupby(found, key=lambda row: row[1]):
        chunk = connection.execute(
            "SELECT first_row, row_count, lines FROM chunks WHERE job = (SELECT job FROM jobs WHERE id = ?)"
            " AND number = ?",
            (job_id, number),
        ).fetchone()
        if chunk is None or chunk[2] is None:
            raise Damaged
        first, count, packed = chunk
        lines, rows = zlib.decompress(packed).split(b"\n"), list(group)
        last = rows[-1][0] if len(results) + len(rows) == limit else first + count - 1
        # None of a chunk's rows may be missing: they were written together.
        if status is None and [row[0] for row in rows] != list(range(max(first_row, first), last + 1)):
            raise Damaged
        results += [
            RowResult(row, _STATUSES[kind], "clear" if kind == CLEAR else outcome, lines[row - first])
            for row, _, kind, outcome in rows
        ]
    return results


def job_of(connection: sqlite3.Connection, where: LiteralString, given: str) -> Job | None:
    """The job of which `where` holds."""
    row = connection.execute(f"SELECT {NEW}, {_STATE} FROM jobs WHERE {where}", (given,)).fetchone()
    if row is None:
        return None
    status, rows, *counts, noted, body_sha256, started_at, ended_at, job, chunks_set_aside = row[7:]
    set_aside: tuple[tuple[int, str], ...] = ()
    if chunks_set_aside or status == "failed":
        reasons = (
            "SELECT number, set_aside FROM chunks WHERE job = ? AND set_aside IS NOT NULL"
            " UNION SELECT number, reason FROM damaged WHERE job = ? ORDER BY number"
        )
        set_aside = tuple((number, reason) for number, reason in connection.execute(reasons, (job, job)))
    times = _at(started_at), _at(ended_at)
    return Job(_new(row[:7]), status, rows, Counts.of(counts, orjson.loads(noted)), body_sha256, *times, set_aside)


def _new(row: Sequence[Any]) -> NewJob:
    id_, created_at, options, list_choice, list_version, list_as_of, key = row
    created = datetime.fromisoformat(created_at)
    return NewJob(id_, created, options_in(options), list_choice, list_version, _at(list_as_of), key)


def _at(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
