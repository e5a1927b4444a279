"""kill -9 in the middle of a job: every row is told exactly once, and nobody has to do anything about it.

GATEWAY_TEST_KILL_ROWS=100000 makes the jobs that large.
"""

import asyncio
import os
from collections import Counter

from service.batches.ledger import CHUNK_ROWS, LedgerUnavailable
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_schema import schema_name
from tests.batches.beyond.conftest import Workers
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, send
from tests.batches.beyond.postgres import ThrowAwayPostgres

ROWS = int(os.environ.get("GATEWAY_TEST_KILL_ROWS", "20000"))
CHUNKS = -(-ROWS // CHUNK_ROWS)
#: So that the whole job is some seconds of work for two workers.
TAKES_S = 0.1


def open_ledger(url: str) -> PostgresLedger:
    link = PostgresLink(url, schema_name(sandbox=False))
    return PostgresLedger(link, PostgresQueue(link).defer)


async def done(ledger: PostgresLedger) -> None:
    """The job is done, and nobody helped."""
    async with asyncio.timeout(240):
        while True:
            try:
                job = await ledger.job(NEW_JOB.id)
            except LedgerUnavailable:
                job = None
            if job is not None and job.ended_at is not None:
                break
            await asyncio.sleep(0.1)
    assert job.status == "done"


def begun_again(workers: Workers) -> int:
    """How often a chunk was begun that had been begun before."""
    return sum(count - 1 for count in Counter(number for _, _, number in workers.begun()).values())


async def test_workers_are_killed(database_url: str, workers: Workers) -> None:
    ledger = open_ledger(database_url)
    await send(ledger, ROWS)
    kills = 3
    for kill in range(kills):
        first = await workers.start(database_url, takes_s=TAKES_S)
        if not kill:
            await workers.start(database_url, takes_s=TAKES_S)
        await workers.until_begun((kill + 1) * CHUNKS // 5)
        first.kill()
        await first.wait()
    await done(ledger)
    await assert_told_once(ledger, NEW_JOB.id, ROWS)
    assert begun_again(workers) <= kills
    await ledger.aclose()


async def test_the_database_is_killed_and_comes_back(own_postgres: ThrowAwayPostgres, workers: Workers) -> None:
    ledger = open_ledger(own_postgres.url())
    await send(ledger, ROWS)
    for _ in range(2):
        await workers.start(own_postgres.url(), takes_s=TAKES_S)
    for kill in range(2):
        await workers.until_begun((kill + 1) * CHUNKS // 4)
        own_postgres.kill()
        await asyncio.sleep(1.5 * kill)  # at once, and after all connections have been missed
        own_postgres.start()
    await done(ledger)
    await assert_told_once(ledger, NEW_JOB.id, ROWS)
    assert [each.returncode for each in workers.started] == [None, None]
    assert begun_again(workers) <= 4
    await ledger.aclose()


async def test_a_worker_that_hangs_loses_its_chunk_and_writes_nothing_when_it_comes_to(
    database_url: str, workers: Workers
) -> None:
    ledger = open_ledger(database_url)
    await send(ledger, 5000)
    hangs = await workers.start(database_url, takes_s=TAKES_S)
    await workers.until_begun(2)
    hangs.send_signal(19)
    await workers.start(database_url, takes_s=TAKES_S)
    await done(ledger)
    hangs.send_signal(18)
    await asyncio.sleep(0.5)
    assert hangs.returncode is None
    hangs.terminate()
    assert await asyncio.wait_for(hangs.wait(), 20) == 0
    await assert_told_once(ledger, NEW_JOB.id, 5000)
    await ledger.aclose()
