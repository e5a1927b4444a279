"""What is special about the ledger in a file: that it is one, that it fills the disk, that it breaks."""

import asyncio
import random
import sqlite3
import stat
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.batches.ledger import CHUNK_ROWS, SILENT_FOR_S, LedgerUnavailable, UploadGone
from service.batches.rows import Row, ScreeningOptions
from service.batches.sqlite_ledger import SqliteLedger
from service.batches.sqlite_reading import OpenChunks
from service.batches.versions import pinned_by
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, made_results, made_rows, send


class Day:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "jobs" / "ledger.sqlite3"


@pytest.fixture
def day() -> Day:
    return Day()


@pytest.fixture
async def ledger(file: Path, day: Day) -> AsyncIterator[SqliteLedger]:
    opened = SqliteLedger(file, now=day)
    yield opened
    await opened.aclose()


async def complete_all(ledger: SqliteLedger, rows: int) -> None:
    for number, first in enumerate(range(1, rows + 1, CHUNK_ROWS)):
        chunk = made_rows(min(CHUNK_ROWS, rows + 1 - first), first)
        assert await ledger.complete(NEW_JOB.id, number, made_results(chunk), None)


async def test_reading_makes_no_file(ledger: SqliteLedger, file: Path) -> None:
    assert await ledger.job("any") is None
    assert await ledger.job_by_key("any") is None
    assert await ledger.results("any", 1, 10) == []
    assert await ledger.waiting_chunks() == 0
    assert await ledger.pinned_versions() == frozenset()
    assert not file.parent.exists()


async def test_the_file_is_nobody_elses(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 5)
    assert {stat.S_IMODE(each.stat().st_mode) for each in file.parent.iterdir()} == {0o600}


async def test_what_was_written_is_there_when_it_is_opened_again(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 600)
    await complete_all(ledger, 600)
    await ledger.aclose()
    another = SqliteLedger(file)
    await assert_told_once(another, NEW_JOB.id, 600)
    await another.aclose()


async def test_a_row_cannot_have_two_results(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 10)
    await complete_all(ledger, 10)
    with sqlite3.connect(file) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO results SELECT * FROM results LIMIT 1")
    connection.close()


async def test_what_was_sent_is_not_kept_when_it_is_screened(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 10)
    await complete_all(ledger, 10)
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT rows FROM chunks").fetchall() == [(None,)]
    connection.close()


async def test_a_line_that_is_two_is_not_written(ledger: SqliteLedger) -> None:
    await send(ledger, 1)
    (result,) = made_results(made_rows(1))
    with pytest.raises(ValueError, match="one line"):
        await ledger.complete(NEW_JOB.id, 0, [replace(result, line=b"{}\n{}")], None)
    assert await ledger.results(NEW_JOB.id, 1, 10) == []


async def test_open_chunks_are_those_of_jobs_under_way_without_results(ledger: SqliteLedger) -> None:
    await send(ledger, 4 * CHUNK_ROWS)
    await ledger.complete(NEW_JOB.id, 1, made_results(made_rows(CHUNK_ROWS, CHUNK_ROWS + 1)), None)
    await ledger.add_job(replace(NEW_JOB, id="asks", options=ScreeningOptions(via="api")))
    await ledger.add_rows("asks", 0, made_rows(1))
    assert await ledger.open_chunks(jobs=9, of_each=2) == [OpenChunks(NEW_JOB.id, "list", (0, 2))]
    await ledger.rows_are_in("asks", "f" * 64)
    assert await ledger.open_chunks(jobs=9, of_each=9) == [
        OpenChunks(NEW_JOB.id, "list", (0, 2, 3)),
        OpenChunks("asks", "api", (0,)),
    ]
    assert await ledger.open_chunks(jobs=1, of_each=1, but={NEW_JOB.id}) == [OpenChunks("asks", "api", (0,))]
    await ledger.cancel(NEW_JOB.id)
    assert [each.job_id for each in await ledger.open_chunks(jobs=9, of_each=9)] == ["asks"]
    assert await ledger.under_way({NEW_JOB.id, "asks", "gone"}) == {"asks"}


def size_of(file: Path) -> int:
    return file.stat().st_size


def damage(file: Path, seed: int) -> None:
    """Make a hole of one page somewhere behind the first one."""
    noise = random.Random(seed)
    with file.open("r+b") as content:
        content.seek(noise.randrange(4096, size_of(file) - 4096))
        content.write(noise.randbytes(4096))


def write(file: Path, content: bytes) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content)


def read(file: Path) -> bytes:
    return file.read_bytes()


# -- what is gone --


async def test_nothing_is_left_of_a_forgotten_job_and_the_disk_has_its_room_again(
    ledger: SqliteLedger, file: Path
) -> None:
    rows = 100 * CHUNK_ROWS
    await send(ledger, rows)
    await complete_all(ledger, rows)
    await ledger.aclose()
    before = size_of(file)
    again = SqliteLedger(file)
    await again.forget(NEW_JOB.id)
    assert await again.job(NEW_JOB.id) is None
    pieces = 1
    while await again.tidy():
        pieces += 1
    assert pieces == 2
    await again.aclose()
    with sqlite3.connect(file) as connection:
        for table in ("jobs", "chunks", "results", "forgotten"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    connection.close()
    assert size_of(file) < before / 10


async def test_a_large_job_is_forgotten_at_once_and_what_it_had_goes_later(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 200 * CHUNK_ROWS)
    await send(ledger, 5, "stays")
    await ledger.forget(NEW_JOB.id)
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (161,)
    while await ledger.tidy():
        pass
    assert connection.execute("SELECT count(*) FROM chunks").fetchone() == (1,)
    connection.close()
    assert await ledger.job("stays") is not None


async def test_a_job_whose_upload_is_silent_is_given_up(ledger: SqliteLedger, day: Day) -> None:
    await send(ledger, 5, "queued")
    for job_id in ("left", "slow", "living"):
        await ledger.add_job(replace(NEW_JOB, id=job_id))
    day.now += timedelta(seconds=SILENT_FOR_S - 1)
    await ledger.add_rows("slow", 0, made_rows(CHUNK_ROWS))
    await ledger.still_receiving("living")
    day.now += timedelta(seconds=2)
    assert not await ledger.tidy()
    assert await ledger.job("left") is None
    for going_on in (
        ledger.add_rows("left", 0, made_rows(1)),
        ledger.still_receiving("left"),
        ledger.rows_are_in("left", "f" * 64),
    ):
        with pytest.raises(UploadGone):
            await going_on
    for job_id in ("slow", "living", "queued"):
        assert await ledger.job(job_id) is not None


async def test_jobs_that_have_ended_are_removed_when_they_were_kept_for_long_enough(file: Path, day: Day) -> None:
    for keep in (timedelta(days=90), None):
        ledger = SqliteLedger(file, keep=keep, now=day)
        await send(ledger, CHUNK_ROWS, "runs")
        await send(ledger, CHUNK_ROWS, "cancelled")
        await ledger.cancel("cancelled")
        await send(ledger, CHUNK_ROWS)
        await complete_all(ledger, CHUNK_ROWS)
        day.now += timedelta(days=90)
        assert not await ledger.tidy()
        assert await ledger.job(NEW_JOB.id) is not None
        day.now += timedelta(seconds=1)
        while await ledger.tidy():
            pass
        assert [await ledger.job(each) is None for each in (NEW_JOB.id, "cancelled", "runs")] == [
            keep is not None,
            keep is not None,
            False,
        ]
        connection = sqlite3.connect(file)
        assert connection.execute("SELECT count(*) FROM results").fetchone() == (0 if keep else CHUNK_ROWS,)
        connection.close()
        await ledger.forget("runs")
        await ledger.aclose()


async def test_a_file_of_the_version_before_is_changed_and_keeps_its_jobs(file: Path, tmp_path: Path) -> None:
    ledger = SqliteLedger(file)
    await send(ledger, CHUNK_ROWS)
    await ledger.aclose()
    connection = sqlite3.connect(file)
    connection.executescript(
        "ALTER TABLE chunks DROP COLUMN begun; ALTER TABLE jobs DROP COLUMN noted; DROP TABLE damaged; "
        "PRAGMA user_version = 1"
    )
    connection.close()
    ledger = SqliteLedger(file)
    assert await ledger.begin(NEW_JOB.id, 0) == 0
    await complete_all(ledger, CHUNK_ROWS)
    await assert_told_once(ledger, NEW_JOB.id, CHUNK_ROWS)
    await ledger.aclose()


# -- what breaks --


async def test_a_full_disk_is_said_to_be_one_and_nothing_is_half_written(ledger: SqliteLedger) -> None:
    noise = random.Random(1)
    rows = [Row(number, name=noise.randbytes(200).hex()) for number in range(1, 20 * CHUNK_ROWS + 1)]
    await ledger.add_job(NEW_JOB)
    await ledger._link.write(lambda connection: connection.execute("PRAGMA max_page_count = 100"))
    with pytest.raises(LedgerUnavailable, match="the disk is full"):
        await ledger.add_rows(NEW_JOB.id, 0, rows)
    # There is room again: it has been opened anew.
    assert await ledger.add_rows(NEW_JOB.id, 0, rows[:CHUNK_ROWS]) == 1
    assert (await ledger.rows_are_in(NEW_JOB.id, "f" * 64)).rows == CHUNK_ROWS


async def test_a_file_that_is_no_database_is_said_to_be_damaged(ledger: SqliteLedger, file: Path) -> None:
    write(file, b"something else altogether " * 1000)
    with pytest.raises(LedgerUnavailable, match="damaged"):
        await ledger.job(NEW_JOB.id)
    with pytest.raises(LedgerUnavailable, match="damaged"):
        await ledger.add_job(NEW_JOB)
    assert read(file).startswith(b"something else")


@pytest.mark.parametrize("seed", range(8))
async def test_a_file_with_a_hole_in_it_gives_its_results_or_says_so(
    ledger: SqliteLedger, file: Path, seed: int
) -> None:
    rows = 20 * CHUNK_ROWS
    await send(ledger, rows)
    await complete_all(ledger, rows)
    right = await ledger.results(NEW_JOB.id, 1, rows)
    await ledger.aclose()
    damage(file, seed)
    another = SqliteLedger(file)
    try:
        told = await another.results(NEW_JOB.id, 1, rows)
    except LedgerUnavailable as exc:
        assert "damaged" in str(exc)  # noqa: PT017 - either is right
    else:
        assert told == right
    await another.aclose()


async def test_a_folder_that_cannot_be_made_is_told_with_its_reason(tmp_path: Path) -> None:
    write(tmp_path / "jobs", b"a file")
    ledger = SqliteLedger(tmp_path / "jobs" / "ledger.sqlite3")
    with pytest.raises(LedgerUnavailable, match=r"jobs/ledger\.sqlite3 cannot be reached: "):
        await ledger.add_job(NEW_JOB)
    await ledger.aclose()


async def test_others_that_write_for_too_long_are_waited_for_and_then_told(file: Path) -> None:
    ledger = SqliteLedger(file, busy_s=0.05)
    await send(ledger, 5)
    blocker = sqlite3.connect(file, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerUnavailable, match="busy"):
        await ledger.cancel(NEW_JOB.id)
    assert await ledger.job(NEW_JOB.id) is not None
    blocker.execute("ROLLBACK")
    blocker.close()
    cancelled = await ledger.cancel(NEW_JOB.id)
    assert cancelled is not None
    assert cancelled.status == "cancelled"
    await ledger.aclose()


async def test_tables_of_a_newer_version_are_left_alone(ledger: SqliteLedger, file: Path) -> None:
    await send(ledger, 5)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    another = SqliteLedger(file)
    with pytest.raises(LedgerUnavailable, match="of version 99"):
        await another.job(NEW_JOB.id)
    await another.aclose()


async def test_one_that_leaves_while_it_is_written_leaves_it_whole(ledger: SqliteLedger) -> None:
    await send(ledger, CHUNK_ROWS)
    writing = asyncio.create_task(ledger.complete(NEW_JOB.id, 0, made_results(made_rows(CHUNK_ROWS)), None))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    wrote = await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(CHUNK_ROWS)), None)
    assert wrote in (True, False)
    await assert_told_once(ledger, NEW_JOB.id, CHUNK_ROWS)


async def test_which_versions_are_pinned_is_not_known_while_the_ledger_is_away(
    ledger: SqliteLedger, file: Path
) -> None:
    pinned = pinned_by(ledger)
    assert await pinned() == frozenset()
    await send(ledger, 5)
    assert await pinned() == frozenset({"a" * 64})
    await ledger.aclose()
    write(file, b"something else altogether " * 1000)
    another = SqliteLedger(file)
    assert await pinned_by(another)() is None
    await another.aclose()
