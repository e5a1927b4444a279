"""Chunks are computed by one of those that could, again when it came to nothing, and written once."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.batches.dispatch import Dispatch
from service.batches.ledger import CHUNK_ROWS, Chunk, LedgerUnavailable
from service.batches.matching_pool import MatchingFailed
from service.batches.rows import RowResult
from service.batches.screening import ListAway
from service.batches.sqlite_ledger import SqliteLedger
from tests.batches.beyond.conftest import ended
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, made_results, made_rows, send

WITHIN_S = 10.0


class StandIn:
    """Screens chunks by what it was told to: `failures` are raised first, by (job, chunk)."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, int]] = []
        self.failures: dict[tuple[str, int], list[Exception]] = {}
        self.go = asyncio.Event()
        self.go.set()
        self.at_once = self.most_at_once = 0

    async def __call__(self, chunk: Chunk) -> Sequence[RowResult]:
        at = chunk.job.id, chunk.number
        self.begun.append(at)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.go.wait()
        finally:
            self.at_once -= 1
        if self.failures.get(at):
            raise self.failures[at].pop(0)
        return made_results(chunk)

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(WITHIN_S):
            while len(self.begun) < count:
                await asyncio.sleep(0.005)


class Pauses:
    def __init__(self) -> None:
        self.seen: list[float] = []

    async def __call__(self, pause_s: float) -> None:
        self.seen.append(pause_s)


class TurnedAway(SqliteLedger):
    """Tells when results could not be written."""

    turned_away: asyncio.Event

    async def complete(self, job_id: str, number: int, results: Sequence[RowResult], set_aside: str | None) -> bool:
        try:
            return await super().complete(job_id, number, results, set_aside)
        except LedgerUnavailable:
            self.turned_away.set()
            raise


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[SqliteLedger]:
    opened = SqliteLedger(tmp_path / "jobs" / "ledger.sqlite3")
    yield opened
    await opened.aclose()


async def test_a_job_is_done_and_each_row_is_told_once(ledger: SqliteLedger) -> None:
    screen = StandIn()
    job = await send(ledger, 10 * CHUNK_ROWS + 3)
    async with Dispatch(ledger, screen, 2).running():
        assert (await ended(ledger, job.new.id, WITHIN_S)).status == "done"
    assert Counter(screen.begun) == Counter((job.new.id, number) for number in range(11))
    await assert_told_once(ledger, job.new.id, 10 * CHUNK_ROWS + 3)


async def test_no_more_is_begun_than_there_are_processes_until_results_are_written(ledger: SqliteLedger) -> None:
    screen = StandIn()
    begun_unwritten: list[int] = []

    async def watched(chunk: Chunk) -> Sequence[RowResult]:
        job = await ledger.job(NEW_JOB.id)
        assert job is not None
        begun_unwritten.append(len(screen.begun) + 1 - job.counts.rows // CHUNK_ROWS)
        return await screen(chunk)

    await send(ledger, 20 * CHUNK_ROWS)
    async with Dispatch(ledger, watched, 2).running():
        await ended(ledger, NEW_JOB.id, WITHIN_S)
    assert max(begun_unwritten) <= 2
    assert screen.most_at_once <= 2


async def test_a_job_that_comes_while_others_run_does_not_wait_for_them(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.go.clear()
    await send(ledger, 200 * CHUNK_ROWS, "large")
    async with Dispatch(ledger, screen, 1).running():
        await screen.until_begun(1)
        await send(ledger, 4 * CHUNK_ROWS, "small")
        screen.go.set()
        await ended(ledger, "small", WITHIN_S)
        large = await ledger.job("large")
    assert large is not None
    assert large.status == "running"
    assert [job for job, _ in screen.begun].index("small") <= 4


async def test_a_job_that_comes_wakes_it(ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.batches.dispatch._LOOK_EVERY_S", 3600.0)
    dispatch = Dispatch(ledger, StandIn(), 1)
    async with dispatch.running():
        await send(ledger, 5)
        dispatch.wake()
        await ended(ledger, NEW_JOB.id, WITHIN_S)


async def test_a_chunk_that_comes_to_nothing_is_tried_again(ledger: SqliteLedger) -> None:
    screen, pauses = StandIn(), Pauses()
    screen.failures["job-1", 0] = [MatchingFailed("it died"), MatchingFailed("it hung")]
    await send(ledger, CHUNK_ROWS + 1)
    async with Dispatch(ledger, screen, 2, pause=pauses).running():
        assert (await ended(ledger, NEW_JOB.id, WITHIN_S)).status == "done"
    assert pauses.seen == [2.0, 4.0]
    assert Counter(screen.begun)["job-1", 0] == 3
    await assert_told_once(ledger, NEW_JOB.id, CHUNK_ROWS + 1)


async def test_a_poisoned_chunk_is_set_aside_with_its_reason_and_the_others_are_screened(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.failures["job-1", 1] = [MatchingFailed("it died")] * 3
    await send(ledger, 3 * CHUNK_ROWS)
    async with Dispatch(ledger, screen, 2, pause=Pauses()).running():
        job = await ended(ledger, NEW_JOB.id, WITHIN_S)
    assert (job.status, job.set_aside) == ("failed", ((1, "it died"),))
    assert job.counts.not_screened == CHUNK_ROWS
    (told,) = await ledger.results(NEW_JOB.id, CHUNK_ROWS + 1, 1)
    assert told.status == "not_screened"
    assert b'"code":"set_aside"' in told.line
    assert b"it died" in told.line
    await assert_told_once(ledger, NEW_JOB.id, 3 * CHUNK_ROWS)


async def begun_and_died(ledger: SqliteLedger, number: int, times: int = 3) -> None:
    """As after kills of the process that had the chunk."""
    for _ in range(times):
        await ledger.begin(NEW_JOB.id, number)


async def test_a_chunk_that_ends_its_process_is_set_aside_after_three_starts(ledger: SqliteLedger) -> None:
    screen = StandIn()
    await send(ledger, 3 * CHUNK_ROWS)
    await begun_and_died(ledger, 1)
    await begun_and_died(ledger, 2, times=2)
    async with Dispatch(ledger, screen, 2).running():
        job = await ended(ledger, NEW_JOB.id, WITHIN_S)
    reason = "it was begun 3 times, and each time the process that had it ended"
    assert (job.status, job.set_aside) == ("failed", ((1, reason),))
    assert sorted(screen.begun) == [("job-1", 0), ("job-1", 2)]
    await assert_told_once(ledger, NEW_JOB.id, 3 * CHUNK_ROWS)


async def test_a_chunk_that_may_end_its_process_is_computed_alone(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.go.clear()
    await send(ledger, 8 * CHUNK_ROWS)
    for number in (1, 2):
        await begun_and_died(ledger, number, times=1)
    together: dict[int, int] = {}

    async def screened(chunk: Chunk) -> Sequence[RowResult]:
        screen.at_once += 1
        await asyncio.sleep(0)
        together[chunk.number] = screen.at_once
        try:
            await asyncio.sleep(0.01)
            together[chunk.number] = max(together[chunk.number], screen.at_once)
            return made_results(chunk)
        finally:
            screen.at_once -= 1

    async with Dispatch(ledger, screened, 4).running():
        assert (await ended(ledger, NEW_JOB.id, WITHIN_S)).status == "done"
    assert (together[1], together[2]) == (1, 1)
    assert max(together.values()) > 1


async def test_to_stop_is_no_start_that_counts(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.go.clear()
    await send(ledger, CHUNK_ROWS)
    for times in range(1, 5):
        async with Dispatch(ledger, screen, 1).running():
            await screen.until_begun(times)
    chunk = await ledger.chunk(NEW_JOB.id, 0)
    assert chunk is not None
    assert chunk.attempts == 0


async def test_a_chunk_that_cannot_be_read_back_ends_its_job_as_failed_with_the_reason(ledger: SqliteLedger) -> None:
    await send(ledger, 3 * CHUNK_ROWS)
    await ledger._link.write(lambda connection: connection.execute("UPDATE chunks SET rows = 'x' WHERE number = 1"))
    await send(ledger, 5, "another")
    async with Dispatch(ledger, StandIn(), 1).running():
        job = await ended(ledger, NEW_JOB.id, WITHIN_S)
        await ended(ledger, "another", WITHIN_S)
    assert job.status == "failed"
    ((number, reason),) = job.set_aside
    assert (number, reason.partition(": ")[0]) == (1, "what was kept of the rows cannot be read")
    assert (job.counts.screened, job.counts.not_screened, job.counts.invalid) == (1000, CHUNK_ROWS, 0)
    (found,) = await ledger.results(NEW_JOB.id, CHUNK_ROWS + 1, 1)
    assert (found.number, found.status) == (CHUNK_ROWS + 1, "not_screened")


async def test_a_chunk_whose_place_is_damaged_ends_its_job_as_failed_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Damaged(SqliteLedger):
        async def complete(self, *asked: Any) -> bool:
            if asked[1] == 1:
                raise LedgerUnavailable("it is damaged")
            return await super().complete(*asked)

    monkeypatch.setattr("service.batches.dispatch._READ_TRIES", 2)
    ledger = Damaged(tmp_path / "ledger.sqlite3")
    await send(ledger, 3 * CHUNK_ROWS)
    await ledger._link.write(lambda connection: connection.execute("UPDATE chunks SET rows = 'x' WHERE number = 1"))
    async with Dispatch(ledger, StandIn(), 1).running():
        job = await ended(ledger, NEW_JOB.id, WITHIN_S)
    ((number, reason),) = job.set_aside
    assert (job.status, number) == ("failed", 1)
    assert reason.endswith("it is damaged")
    await ledger.forget(NEW_JOB.id)
    assert await ledger.job(NEW_JOB.id) is None
    await ledger.aclose()


async def test_results_for_the_wrong_rows_are_never_written(ledger: SqliteLedger) -> None:
    async def screen(chunk: Chunk) -> Sequence[RowResult]:
        return made_results(chunk)[1:]

    await send(ledger, 5)
    async with Dispatch(ledger, screen, 1, pause=Pauses()).running():
        job = await ended(ledger, NEW_JOB.id, WITHIN_S)
    assert job.status == "failed"
    assert job.counts.not_screened == 5


async def test_a_job_without_a_list_waits_and_that_is_no_attempt(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.batches.claims._LIST_AWAY_S", 0.01)
    screen, pauses = StandIn(), Pauses()
    screen.failures["job-1", 0] = [ListAway("no list is in force")] * 5
    await send(ledger, 5)
    async with Dispatch(ledger, screen, 1, pause=pauses).running():
        assert (await ended(ledger, NEW_JOB.id, WITHIN_S)).status == "done"
    assert (len(screen.begun), pauses.seen) == (6, [])


async def test_a_cancelled_job_is_not_gone_on_with(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.go.clear()
    await send(ledger, 100 * CHUNK_ROWS)
    await ledger.add_job(replace(NEW_JOB, id="after"))
    async with Dispatch(ledger, screen, 1).running():
        await screen.until_begun(1)
        await ledger.cancel(NEW_JOB.id)
        await ledger.add_rows("after", 0, made_rows(5))
        await ledger.rows_are_in("after", "f" * 64)
        screen.go.set()
        await ended(ledger, "after", WITHIN_S)
    # One more had been read ahead.
    assert {*screen.begun} <= {("job-1", 0), ("job-1", 1), ("after", 0)}
    assert await ledger.results(NEW_JOB.id, 1, 10) == []


async def test_work_at_a_cancelled_job_is_stopped(ledger: SqliteLedger) -> None:
    screen = StandIn()
    screen.go.clear()
    await send(ledger, 100 * CHUNK_ROWS)
    dispatch = Dispatch(ledger, screen, 2)
    async with dispatch.running():
        await screen.until_begun(2)
        await ledger.cancel(NEW_JOB.id)
        dispatch.wake()
        async with asyncio.timeout(WITHIN_S):
            while screen.at_once:
                await asyncio.sleep(0.005)
        # There is room for the next one.
        await send(ledger, CHUNK_ROWS, "next")
        screen.go.set()
        await ended(ledger, "next", WITHIN_S)
    assert len(screen.begun) == 3


async def test_what_is_left_of_a_forgotten_job_is_tidied_away(ledger: SqliteLedger) -> None:
    await send(ledger, 200 * CHUNK_ROWS)
    await ledger.forget(NEW_JOB.id)
    async with Dispatch(ledger, StandIn(), 1).running(), asyncio.timeout(WITHIN_S):
        while (await asyncio.to_thread(_chunks_in, ledger.path)) > 0:
            await asyncio.sleep(0.01)


def _chunks_in(file: Path) -> int:
    connection = sqlite3.connect(file)
    (count,) = connection.execute("SELECT count(*) FROM chunks").fetchone()
    connection.close()
    return int(count)


async def test_of_two_with_the_same_folder_one_works_and_the_other_takes_over(tmp_path: Path) -> None:
    file = tmp_path / "jobs" / "ledger.sqlite3"
    ledgers = [SqliteLedger(file), SqliteLedger(file)]
    screens = [StandIn(), StandIn()]
    one, other = (Dispatch(ledger, screen, 1) for ledger, screen in zip(ledgers, screens, strict=True))
    await send(ledgers[1], 20 * CHUNK_ROWS)
    screens[0].go.clear()
    async with one.running():
        await screens[0].until_begun(1)
        async with other.running():
            other.wake()
            await send(ledgers[1], 5, "another")
            assert (one.is_elected, other.is_elected) == (True, False)
            screens[0].go.set()
            await ended(ledgers[1], "another", WITHIN_S)
            assert screens[1].begun == []
    async with other.running():
        await ended(ledgers[1], NEW_JOB.id, WITHIN_S)
        assert other.is_elected
    await assert_told_once(ledgers[0], NEW_JOB.id, 20 * CHUNK_ROWS)
    # What the first one had under way in the end was computed anew, no more.
    assert len(screens[0].begun) + len(screens[1].begun) <= 21 + 1
    for ledger in ledgers:
        await ledger.aclose()


async def test_a_ledger_that_is_away_is_waited_for_and_nothing_is_computed_twice(tmp_path: Path) -> None:
    ledger = TurnedAway(tmp_path / "ledger.sqlite3", busy_s=0.05)
    ledger.turned_away = asyncio.Event()
    screen = StandIn()
    screen.go.clear()
    await send(ledger, 2 * CHUNK_ROWS)
    blocker = sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    async with Dispatch(ledger, screen, 2).running():
        await screen.until_begun(2)
        blocker.execute("BEGIN IMMEDIATE")
        screen.go.set()
        async with asyncio.timeout(WITHIN_S):
            await ledger.turned_away.wait()
        blocker.execute("ROLLBACK")
        assert (await ended(ledger, NEW_JOB.id, WITHIN_S)).status == "done"
    blocker.close()
    assert len(screen.begun) == 2
    await assert_told_once(ledger, NEW_JOB.id, 2 * CHUNK_ROWS)
    await ledger.aclose()


async def test_where_nobody_sends_a_job_there_is_no_file(ledger: SqliteLedger) -> None:
    dispatch = Dispatch(ledger, StandIn(), 1)
    assert not await dispatch._may()
    assert not ledger.path.parent.exists()
