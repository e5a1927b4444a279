"""Jobs of made rows, put into a ledger; and what must hold of one that has ended."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from service.batches.ledger import CHUNK_ROWS, Chunk, Job, Ledger, NewJob
from service.batches.rows import Outcome, Row, RowResult, ScreeningOptions

__all__ = ["NEW_JOB", "assert_told_once", "made_results", "made_rows", "send"]

NEW_JOB = NewJob(
    id="job-1",
    created_at=datetime(2026, 11, 25, tzinfo=UTC),
    options=ScreeningOptions(threshold=0.8, sources=("SDN", "EL")),
    list_choice="pinned",
    list_version="a" * 64,
    list_as_of=datetime(2026, 11, 25, 11, tzinfo=UTC),
    idempotency_key=None,
)


def made_rows(count: int, first: int = 1) -> list[Row]:
    """Every thousandth cannot be read."""
    return [
        Row(number, ref=f"R{number}", name=f"Party {number}", ids=("1", "2"), fault=None if number % 1000 else "broken")
        for number in range(first, first + count)
    ]


async def send(ledger: Ledger, count: int, job_id: str = NEW_JOB.id) -> Job:
    """A job of `count` rows, all of them in."""
    await ledger.add_job(replace(NEW_JOB, id=job_id))
    next_chunk = 0
    for first in range(1, count + 1, 20 * CHUNK_ROWS):
        rows = made_rows(min(20 * CHUNK_ROWS, count + 1 - first), first)
        next_chunk = await ledger.add_rows(job_id, next_chunk, rows)
    return await ledger.rows_are_in(job_id, "f" * 64)


def made_results(chunk: Chunk | Sequence[Row]) -> list[RowResult]:
    """Every hundredth row is a match, every tenth a potential one."""
    return [_result(row) for row in (chunk.rows if isinstance(chunk, Chunk) else chunk)]


def _result(row: Row) -> RowResult:
    told = {"row": row.number, "ref": row.ref}
    if row.fault is not None:
        return RowResult(row.number, "invalid", None, orjson.dumps(told | {"status": "invalid"}))
    outcome: Outcome = "match" if row.number % 100 == 0 else "potential_match" if row.number % 10 == 0 else "clear"
    line = orjson.dumps(told | {"status": "screened", "outcome": outcome})
    return RowResult(row.number, "screened", outcome, line)


async def assert_told_once(ledger: Ledger, job_id: str, count: int) -> None:
    """Each of the rows 1 to `count` has one result, which is its own, and the job counts what stands there."""
    job = await ledger.job(job_id)
    assert job is not None
    numbers: list[int] = []
    by_status: dict[str, int] = {}
    while len(numbers) < count:
        results = await ledger.results(job_id, len(numbers) + 1, 5000)
        if not results:
            break
        for result in results:
            numbers.append(result.number)
            assert orjson.loads(result.line)["ref"] == f"R{result.number}"
            for name in filter(None, (result.status, result.outcome)):
                by_status[name] = by_status.get(name, 0) + 1
    assert numbers == list(range(1, count + 1))
    counts = {name: getattr(job.counts, name) for name in job.counts.__slots__ if getattr(job.counts, name)}
    assert counts == by_status
    assert job.rows == job.counts.rows == count
