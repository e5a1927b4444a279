"""What both engines keep of a job: what is written once stays so, whoever comes second."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from service.batches.ledger import CHUNK_ROWS, SILENT_FOR_S, ChunkUnreadable, KeyInUse, Ledger, UploadGone
from service.batches.postgres_ledger import PostgresLedger
from service.batches.results import set_aside
from service.batches.rows import Row
from service.batches.sqlite_ledger import SqliteLedger
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, made_results, made_rows, send
from tests.batches.beyond.test_postgres_ledger import open_ledger


@pytest.fixture(params=["sqlite", "postgres"])
def another(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Ledger]:
    """Opens the same ledger once more, as another process would."""
    if request.param == "sqlite":
        return lambda: SqliteLedger(tmp_path / "jobs" / "ledger.sqlite3")
    url: str = request.getfixturevalue("database_url")
    return lambda: open_ledger(url)


@pytest.fixture
async def ledger(another: Callable[[], Ledger]) -> AsyncIterator[Ledger]:
    opened = another()
    yield opened
    await opened.aclose()


async def test_a_job_is_told_as_it_was_given(ledger: Ledger) -> None:
    await ledger.add_job(NEW_JOB)
    job = await ledger.job(NEW_JOB.id)
    assert job is not None
    assert (job.new, job.status, job.rows) == (NEW_JOB, "receiving", 0)
    assert await ledger.job("another") is None


async def test_rows_come_back_as_they_were_given(ledger: Ledger) -> None:
    rows = [
        Row(1, "r", "Ünal", "person", "TR", "1970-01-01", ("A", "B")),
        Row(2, fault="no name"),
        Row(3, name=""),
        Row(4, name="x", ids=("",)),
        Row(5, name="x", nationality="Iranian", address="1 Some Street"),
    ]
    await ledger.add_job(NEW_JOB)
    assert await ledger.add_rows(NEW_JOB.id, 0, rows) == 1
    await ledger.rows_are_in(NEW_JOB.id, "f" * 64)
    chunk = await ledger.chunk(NEW_JOB.id, 0)
    assert chunk is not None
    assert (chunk.job, chunk.rows) == (NEW_JOB, tuple(rows))


async def test_a_job_runs_from_its_first_chunk_on_and_is_done_with_its_last(ledger: Ledger) -> None:
    job = await send(ledger, CHUNK_ROWS + 1)
    assert (job.status, job.rows, job.body_sha256, await ledger.waiting_chunks()) == ("queued", 501, "f" * 64, 2)
    for number in (1, 0):
        chunk = await ledger.chunk(job.new.id, number)
        assert chunk is not None
        running = await ledger.job(job.new.id)
        assert running is not None
        assert running.status == "running"
        assert running.started_at is not None
        assert await ledger.complete(job.new.id, number, made_results(chunk), None)
        assert await ledger.chunk(job.new.id, number) is None
    done = await ledger.job(job.new.id)
    assert done is not None
    assert done.status == "done"
    assert done.ended_at is not None
    assert await ledger.waiting_chunks() == 0
    await assert_told_once(ledger, job.new.id, CHUNK_ROWS + 1)


async def test_a_job_without_rows_is_done_at_once(ledger: Ledger) -> None:
    assert (await send(ledger, 0)).status == "done"


async def test_results_that_are_not_one_for_each_row_are_not_written(ledger: Ledger) -> None:
    await send(ledger, 10)
    for wrong in (made_rows(9), made_rows(11), made_rows(10, first=2), [*made_rows(9), *made_rows(1)]):
        with pytest.raises(ValueError, match="has the rows 1 to 10"):
            await ledger.complete(NEW_JOB.id, 0, made_results(wrong), None)
    assert await ledger.results(NEW_JOB.id, 1, 100) == []
    assert await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(10)), None)


async def test_a_chunk_that_is_set_aside_makes_its_job_fail_and_says_why(ledger: Ledger) -> None:
    await send(ledger, CHUNK_ROWS + 5)
    rows = made_rows(CHUNK_ROWS)
    assert await ledger.complete(NEW_JOB.id, 0, set_aside(rows, "it broke"), "it broke")
    assert await ledger.complete(NEW_JOB.id, 1, made_results(made_rows(5, CHUNK_ROWS + 1)), None)
    job = await ledger.job(NEW_JOB.id)
    assert job is not None
    assert (job.status, job.set_aside, job.counts.not_screened) == ("failed", ((0, "it broke"),), CHUNK_ROWS)
    await assert_told_once(ledger, NEW_JOB.id, CHUNK_ROWS + 5)


async def test_warnings_and_country_programs_are_added_up_over_chunks(ledger: Ledger) -> None:
    await send(ledger, CHUNK_ROWS + 5)
    noted = replace(
        made_results(made_rows(1))[0], warnings=("dob_ambiguous", "country_ambiguous"), country_level="stop"
    )
    for chunk, (first, rows) in enumerate(((1, CHUNK_ROWS), (CHUNK_ROWS + 1, 5))):
        results = made_results(made_rows(rows, first))
        assert await ledger.complete(NEW_JOB.id, chunk, [replace(noted, number=first), *results[1:]], None)
    job = await ledger.job(NEW_JOB.id)
    assert job is not None
    assert dict(job.counts.warnings) == {"dob_ambiguous": 2, "country_ambiguous": 2}
    assert dict(job.counts.country_programs) == {"stop": 2}
    assert (job.status, job.counts.rows) == ("done", CHUNK_ROWS + 5)


async def test_nothing_is_written_for_a_cancelled_job(ledger: Ledger) -> None:
    await send(ledger, CHUNK_ROWS + 5)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(CHUNK_ROWS)), None)
    job = await ledger.cancel(NEW_JOB.id)
    assert job is not None
    assert (job.status, await ledger.waiting_chunks()) == ("cancelled", 0)
    assert await ledger.chunk(NEW_JOB.id, 1) is None
    assert not await ledger.complete(NEW_JOB.id, 1, made_results(made_rows(5, CHUNK_ROWS + 1)), None)
    assert len(await ledger.results(NEW_JOB.id, 1, 1000)) == CHUNK_ROWS


async def test_a_job_that_has_ended_stays_as_it_is_when_it_is_cancelled(ledger: Ledger) -> None:
    await send(ledger, 5)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(5)), None)
    before = await ledger.job(NEW_JOB.id)
    assert await ledger.cancel(NEW_JOB.id) == before
    assert await ledger.cancel("another") is None


async def test_results_are_told_from_a_row_on_and_by_status(ledger: Ledger) -> None:
    await send(ledger, 2000)
    for number in range(4):
        rows = made_rows(CHUNK_ROWS, number * CHUNK_ROWS + 1)
        await ledger.complete(NEW_JOB.id, number, made_results(rows), None)

    async def numbers(first: int, limit: int, **only: str) -> list[int]:
        return [each.number for each in await ledger.results(NEW_JOB.id, first, limit, **only)]  # type: ignore[arg-type]  # a status

    assert await numbers(1999, 10) == [1999, 2000]
    assert await numbers(1, 3) == [1, 2, 3]
    assert await numbers(1, 10, status="invalid") == [1000, 2000]
    assert await numbers(1001, 10, status="invalid") == [2000]
    assert await numbers(95, 3, status="hit") == [100, 110, 120]
    assert await numbers(999, 2, status="screened") == [999, 1001]
    assert await numbers(1, 10, status="not_screened") == []


async def test_a_key_is_one_jobs(ledger: Ledger) -> None:
    await ledger.add_job(replace(NEW_JOB, idempotency_key="k"))
    with pytest.raises(KeyInUse) as raised:
        await ledger.add_job(replace(NEW_JOB, id="job-2", idempotency_key="k"))
    assert raised.value.job_id == NEW_JOB.id
    by_key = await ledger.job_by_key("k")
    assert by_key is not None
    assert by_key.new.id == NEW_JOB.id
    await ledger.forget(NEW_JOB.id)
    assert await ledger.job_by_key("k") is None
    await ledger.add_job(replace(NEW_JOB, id="job-2", idempotency_key="k"))


async def test_the_key_of_an_upload_that_died_is_free_again(
    ledger: Ledger, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    keyed = replace(NEW_JOB, idempotency_key="monthly")
    await ledger.add_job(keyed)
    await ledger.add_rows(keyed.id, 0, made_rows(5))
    with pytest.raises(KeyInUse):
        await ledger.add_job(replace(keyed, id="again"))
    await _let_pass(ledger, SILENT_FOR_S - 5)
    with pytest.raises(KeyInUse):
        await ledger.add_job(replace(keyed, id="again"))
    await _let_pass(ledger, 10)
    await ledger.add_job(replace(keyed, id="again"))
    assert await ledger.job(keyed.id) is None
    with pytest.raises(UploadGone):
        await ledger.add_rows(keyed.id, 1, made_rows(5))
    # One whose rows are all in keeps its key, however old it is.
    await ledger.add_rows("again", 0, made_rows(5))
    await ledger.rows_are_in("again", "f" * 64)
    await _let_pass(ledger, 10_000)
    with pytest.raises(KeyInUse):
        await ledger.add_job(replace(keyed, id="third"))


async def _let_pass(ledger: Ledger, seconds: float) -> None:
    """Make what was last heard of uploads so much older."""
    if isinstance(ledger, SqliteLedger):
        older = "UPDATE jobs SET received_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', received_at, ?)"
        await ledger._link.write(lambda connection: connection.execute(older, (f"-{seconds} seconds",)))
    else:
        assert isinstance(ledger, PostgresLedger)
        async with ledger._link.transaction() as connection:
            await connection.execute("UPDATE jobs SET heard_at = heard_at - %s * interval '1 second'", (seconds,))


async def test_starts_of_a_chunk_are_counted_and_taken_back(ledger: Ledger) -> None:
    await send(ledger, 5)
    assert await ledger.begin(NEW_JOB.id, 0) == 0
    assert await ledger.begin(NEW_JOB.id, 0) == 1
    await ledger.not_begun(NEW_JOB.id, 0)
    chunk = await ledger.chunk(NEW_JOB.id, 0)
    assert chunk is not None
    assert chunk.attempts == 1
    await ledger.complete(NEW_JOB.id, 0, made_results(chunk), None)
    assert await ledger.begin(NEW_JOB.id, 0) is None
    assert await ledger.begin("another", 0) is None


async def test_rows_that_have_results_are_shown_as_spans(ledger: Ledger) -> None:
    await send(ledger, 5 * CHUNK_ROWS + 10)
    assert await ledger.rows_with_results(NEW_JOB.id) == ()
    for number in (5, 0, 1, 3):
        chunk = await ledger.chunk(NEW_JOB.id, number)
        assert chunk is not None
        await ledger.complete(NEW_JOB.id, number, made_results(chunk), None)
    assert await ledger.rows_with_results(NEW_JOB.id) == ((1, 1000), (1501, 2000), (2501, 2510))
    assert await ledger.rows_with_results("another") == ()


@pytest.mark.parametrize("kept", [b"", b"no JSON", b"[[2]]", b"[]", b'[["x"]]', b"{}"])
async def test_a_chunk_that_cannot_be_read_back_says_so_and_has_its_row_numbers(ledger: Ledger, kept: bytes) -> None:
    await send(ledger, 1)
    if isinstance(ledger, SqliteLedger):
        write = "UPDATE chunks SET rows = ?"
        packed = zlib.compress(kept) if kept else kept
        await ledger._link.write(lambda connection: connection.execute(write, (packed,)))
    else:
        assert isinstance(ledger, PostgresLedger)
        async with ledger._link.transaction() as connection:
            await connection.execute("UPDATE chunks SET rows = %s", (kept,))
    with pytest.raises(ChunkUnreadable, match="cannot be read: ") as raised:
        await ledger.chunk(NEW_JOB.id, 0)
    assert raised.value.rows == (Row(1),)


async def test_versions_are_pinned_until_their_jobs_have_ended(ledger: Ledger) -> None:
    await send(ledger, 5)
    await ledger.add_job(replace(NEW_JOB, id="newest", list_choice="newest", list_version="b" * 64))
    assert await ledger.pinned_versions() == {NEW_JOB.list_version}
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(5)), None)
    assert await ledger.pinned_versions() == frozenset()


async def test_of_ten_that_write_the_same_chunk_at_once_one_does(another: Callable[[], Ledger]) -> None:
    ledgers = [another() for _ in range(10)]
    await send(ledgers[0], 100)
    wrote = await asyncio.gather(
        *(each.complete(NEW_JOB.id, 0, made_results(made_rows(100)), None) for each in ledgers)
    )
    assert sorted(wrote) == [False] * 9 + [True]
    await assert_told_once(ledgers[0], NEW_JOB.id, 100)
    for each in ledgers:
        await each.aclose()


async def test_many_that_come_first_at_once_make_the_tables_once(another: Callable[[], Ledger]) -> None:
    ledgers = [another() for _ in range(8)]
    assert await asyncio.gather(*(each.waiting_chunks() for each in ledgers)) == [0] * 8
    for each in ledgers:
        await each.aclose()
