"""Chunks in the queue: retried, set aside, rescued; and the queue is empty in the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from service.batches.ledger import CHUNK_ROWS, Chunk
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import Compute, PostgresQueue
from service.batches.postgres_schema import schema_name
from service.batches.rows import RowResult
from service.batches.screening import ListAway
from tests.batches.beyond.conftest import Workers, ended
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, made_results, made_rows, send
from tests.batches.beyond.worker_process import QUICK

Side = tuple[PostgresQueue, PostgresLedger]


@pytest.fixture
async def open_side(database_url: str) -> AsyncIterator[Callable[[], Side]]:
    """Opens a queue and its ledger, as each process has its own."""
    opened: list[PostgresLedger] = []

    def open_one() -> Side:
        link = PostgresLink(database_url, schema_name(sandbox=False), wait_s=10.0)
        queue = PostgresQueue(link, QUICK)
        opened.append(PostgresLedger(link, queue.defer))
        return queue, opened[-1]

    yield open_one
    for each in opened:
        await each.aclose()


@asynccontextmanager
async def working(side: Side, compute: Compute, at_once: int = 1) -> AsyncIterator[None]:
    """While the body runs, this process is a worker."""
    stop = asyncio.Event()
    queue, ledger = side
    task = asyncio.create_task(queue.work(ledger, compute, at_once=at_once, stop=stop, shutdown_s=5.0))
    try:
        yield
    finally:
        stop.set()
        await task


def tasks_left(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM compliance_gateway.procrastinate_jobs").fetchone()
    assert row is not None
    return int(row[0])


async def nothing_left(url: str) -> None:
    async with asyncio.timeout(10):
        while tasks_left(url):
            await asyncio.sleep(0.05)


async def pretend(chunk: Chunk) -> Sequence[RowResult]:
    return made_results(chunk)


async def test_a_job_is_screened_and_nothing_is_left_in_the_queue(
    open_side: Callable[[], Side], database_url: str
) -> None:
    side = open_side()
    await send(side[1], 3000)
    assert tasks_left(database_url) == 6
    async with working(side, pretend, at_once=2):
        assert (await ended(side[1], NEW_JOB.id)).status == "done"
        await nothing_left(database_url)
    await assert_told_once(side[1], NEW_JOB.id, 3000)


async def test_a_job_that_comes_while_workers_wait_is_taken_up(open_side: Callable[[], Side]) -> None:
    side, gateway = open_side(), open_side()
    async with working(side, pretend):
        await send(gateway[1], 700)
        assert (await ended(gateway[1], NEW_JOB.id, within_s=20)).status == "done"


async def test_no_more_chunks_are_computed_at_once_than_a_worker_may(open_side: Callable[[], Side]) -> None:
    now = most = 0
    two = asyncio.Event()

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        nonlocal now, most
        now += 1
        most = max(most, now)
        if now == 2:
            two.set()
        await asyncio.wait_for(two.wait(), 30)
        await asyncio.sleep(0.01)
        now -= 1
        return made_results(chunk)

    side = open_side()
    await send(side[1], 6000)
    async with working(side, compute, at_once=2):
        await ended(side[1], NEW_JOB.id)
    assert most == 2


async def test_a_chunk_that_fails_twice_is_tried_again_and_told_as_if_nothing_had_been(
    open_side: Callable[[], Side],
) -> None:
    attempts: list[int] = []

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        if chunk.number == 1:
            attempts.append(chunk.attempts)
            if chunk.attempts < 2:
                raise RuntimeError("the process died")
        return made_results(chunk)

    side = open_side()
    await send(side[1], 1500)
    async with working(side, compute):
        assert (await ended(side[1], NEW_JOB.id)).status == "done"
    assert attempts == [0, 1, 2]
    await assert_told_once(side[1], NEW_JOB.id, 1500)


async def test_a_chunk_that_always_fails_is_set_aside_with_its_reason_and_the_others_are_told(
    open_side: Callable[[], Side], database_url: str
) -> None:
    attempts = 0

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        nonlocal attempts
        if chunk.number == 1:
            attempts += 1
            raise RuntimeError("it is poisoned")
        return made_results(chunk)

    side = open_side()
    await send(side[1], 1500)
    async with working(side, compute):
        job = await ended(side[1], NEW_JOB.id)
        await nothing_left(database_url)
    assert (job.status, job.set_aside, attempts) == ("failed", ((1, "it is poisoned"),), 3)
    assert job.counts.not_screened == CHUNK_ROWS
    told = await side[1].results(NEW_JOB.id, 1, 1500, status="not_screened")
    assert [each.number for each in told] == list(range(CHUNK_ROWS + 1, 2 * CHUNK_ROWS + 1))
    assert all(b'"code":"set_aside"' in each.line and b"it is poisoned" in each.line for each in told)
    await assert_told_once(side[1], NEW_JOB.id, 1500)


async def test_a_chunk_that_kills_its_workers_is_set_aside_after_the_third(
    workers: Workers, open_side: Callable[[], Side], database_url: str
) -> None:
    _, ledger = open_side()
    await send(ledger, 1500, "poisoned")
    for _ in range(3):
        worker = await workers.start(database_url, takes_s=0.0)
        assert await asyncio.wait_for(worker.wait(), 60) == -9
    await workers.start(database_url, takes_s=0.0)
    job = await ended(ledger, "poisoned")
    assert job.status == "failed"
    assert [number for number, _ in job.set_aside] == [1]
    assert "3 times" in job.set_aside[0][1]
    assert [number for _, _, number in workers.begun()].count(1) == 3
    await assert_told_once(ledger, "poisoned", 1500)


async def test_a_chunk_that_cannot_be_read_back_ends_its_job_as_failed_with_the_reason(
    open_side: Callable[[], Side], database_url: str
) -> None:
    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        return made_results(chunk)

    side = open_side()
    await send(side[1], 1500)
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway") as connection:
        connection.execute("UPDATE chunks SET rows = 'broken' WHERE number = 1")
    async with working(side, compute):
        job = await ended(side[1], NEW_JOB.id)
        await nothing_left(database_url)
    ((number, reason),) = job.set_aside
    assert (job.status, number, job.counts.not_screened) == ("failed", 1, CHUNK_ROWS)
    assert reason.startswith("what was kept of the rows cannot be read: ")


async def test_cancelled_chunks_are_not_computed(open_side: Callable[[], Side], database_url: str) -> None:
    computed: list[int] = []
    side = open_side()

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        computed.append(chunk.number)
        await side[1].cancel(chunk.job.id)
        return made_results(chunk)

    await send(side[1], 10_000)
    async with working(side, compute):
        await nothing_left(database_url)
    # Of the two that are read first either is begun, and nothing after it.
    assert len(computed) == 1
    assert await side[1].results(NEW_JOB.id, 1, 10) == []


async def test_a_small_job_does_not_wait_for_a_large_one_that_came_before(open_side: Callable[[], Side]) -> None:
    order: list[str] = []

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        order.append(chunk.job.id)
        return made_results(chunk)

    side = open_side()
    await send(side[1], 10_000, "large")
    await send(side[1], 500, "small")
    async with working(side, compute):
        await ended(side[1], "large")
    # Two are read at once, the first of each job, and either may be begun first.
    assert order.index("small") <= 1


async def test_chunks_that_are_in_no_queue_are_queued_again(open_side: Callable[[], Side], database_url: str) -> None:
    side = open_side()
    await send(side[1], 3000)
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway") as connection:
        connection.execute("DELETE FROM procrastinate_jobs")
    async with working(side, pretend):
        assert (await ended(side[1], NEW_JOB.id)).status == "done"


async def test_a_task_that_its_living_worker_has_lost_is_taken_up_again(
    open_side: Callable[[], Side], database_url: str
) -> None:
    lost = asyncio.Event()

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        if chunk.number == 0 and not lost.is_set():
            lost.set()
            # As when the database was away at the moment in which a task ended: it is still marked as being done.
            with psycopg.connect(database_url) as connection:
                connection.execute(
                    "UPDATE compliance_gateway.procrastinate_jobs SET status = 'doing', worker_id ="
                    " (SELECT max(id) FROM compliance_gateway.procrastinate_workers)"
                    " WHERE args->>'number' = '2'"
                )
        return made_results(chunk)

    side = open_side()
    await send(side[1], 1500)
    async with working(side, compute):
        assert (await ended(side[1], NEW_JOB.id)).status == "done"
    await assert_told_once(side[1], NEW_JOB.id, 1500)


async def test_who_stops_finishes_what_is_under_way_and_leaves_the_rest_to_others(
    workers: Workers, open_side: Callable[[], Side], database_url: str
) -> None:
    _, ledger = open_side()
    await send(ledger, 20_000)
    first = await workers.start(database_url, takes_s=0.3)
    await workers.until_begun(2)
    first.terminate()
    assert await asyncio.wait_for(first.wait(), 20) == 0
    begun = len(workers.begun())
    assert len(await ledger.results(NEW_JOB.id, 1, 20_000)) == begun * CHUNK_ROWS
    await workers.start(database_url, takes_s=0.0, processes=2)
    await ended(ledger, NEW_JOB.id)
    assert len(workers.begun()) == 40
    await assert_told_once(ledger, NEW_JOB.id, 20_000)


async def test_a_chunk_whose_rows_are_told_by_somebody_slow_is_told_once(open_side: Callable[[], Side]) -> None:
    slow, quick = open_side(), open_side()
    await send(slow[1], 100)
    rows = made_rows(100)

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        # Another one, who took it for dead, was quicker.
        assert await quick[1].complete(chunk.job.id, chunk.number, made_results(rows), None)
        return made_results(replace(chunk, rows=tuple(rows)))

    async with working(slow, compute):
        await ended(slow[1], NEW_JOB.id)
    await assert_told_once(slow[1], NEW_JOB.id, 100)


async def test_a_chunk_that_lacks_a_list_waits_for_it_without_being_in_the_way(open_side: Callable[[], Side]) -> None:
    attempts: list[int] = []
    side = open_side()

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        if chunk.job.id == "newest":
            attempts.append(chunk.attempts)
            if len(attempts) < 6:
                raise ListAway("no list is in force")
        return made_results(chunk)

    await send(side[1], 100, "newest")
    await send(side[1], 100, "pinned")
    async with working(side, compute):
        await ended(side[1], "pinned")
        assert (await ended(side[1], "newest")).status == "done"
    assert attempts == [0] * 6
