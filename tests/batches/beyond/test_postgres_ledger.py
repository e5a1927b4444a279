"""The ledger in PostgreSQL: what is written once stays so, whoever comes second."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest

from service.batches.ledger import CHUNK_ROWS, LedgerUnavailable
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink, check_database_url
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_schema import schema_name
from tests.batches.beyond.made_jobs import NEW_JOB, made_results, made_rows, send
from tests.batches.beyond.postgres import ThrowAwayPostgres


def open_ledger(
    url: str, *, sandbox: bool = False, wait_s: float = 10.0, keep: timedelta | None = None
) -> PostgresLedger:
    link = PostgresLink(url, schema_name(sandbox=sandbox), wait_s=wait_s)
    return PostgresLedger(link, PostgresQueue(link).defer, keep=keep)


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[PostgresLedger]:
    opened = open_ledger(database_url)
    yield opened
    await opened.aclose()


async def test_a_row_cannot_have_two_results(ledger: PostgresLedger, database_url: str) -> None:
    await send(ledger, 10)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(10)), None)
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("INSERT INTO compliance_gateway.results SELECT * FROM compliance_gateway.results LIMIT 1")


async def test_nothing_is_left_of_a_forgotten_job(ledger: PostgresLedger, database_url: str) -> None:
    await send(ledger, 600)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(CHUNK_ROWS)), None)
    await ledger.forget(NEW_JOB.id)
    with psycopg.connect(database_url) as connection:
        for table in ("jobs", "chunks", "results"):
            assert connection.execute(f"SELECT count(*) FROM compliance_gateway.{table}").fetchone() == (0,)


async def test_what_was_sent_is_not_kept_when_it_is_screened(ledger: PostgresLedger, database_url: str) -> None:
    await send(ledger, 10)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(10)), None)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("SELECT rows FROM compliance_gateway.chunks").fetchall() == [(None,)]


async def test_sample_data_and_live_data_do_not_know_of_each_other(ledger: PostgresLedger, database_url: str) -> None:
    sandbox = open_ledger(database_url, sandbox=True)
    await send(sandbox, 5)
    assert await ledger.job(NEW_JOB.id) is None
    assert await ledger.waiting_chunks() == 0
    assert await sandbox.waiting_chunks() == 1
    await sandbox.aclose()


async def test_tables_of_the_version_before_are_changed_and_keep_their_jobs(
    ledger: PostgresLedger, database_url: str
) -> None:
    await ledger.add_job(NEW_JOB)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE compliance_gateway.jobs DROP COLUMN noted")
        connection.execute("UPDATE compliance_gateway.ledger_version SET version = 1")
    other = open_ledger(database_url)
    try:
        job = await other.job(NEW_JOB.id)
        assert job is not None
        assert (job.new, dict(job.counts.warnings)) == (NEW_JOB, {})
    finally:
        await other.aclose()


async def test_tables_of_a_newer_version_are_left_alone(ledger: PostgresLedger, database_url: str) -> None:
    await ledger.waiting_chunks()
    with psycopg.connect(database_url) as connection:
        connection.execute("UPDATE compliance_gateway.ledger_version SET version = 99")
    another = open_ledger(database_url)
    with pytest.raises(LedgerUnavailable, match="of version 99"):
        await another.waiting_chunks()
    await another.aclose()


async def test_a_database_that_is_away_is_said_to_be_so_and_found_again(own_postgres: ThrowAwayPostgres) -> None:
    ledger = open_ledger(own_postgres.url(), wait_s=1.0)
    await send(ledger, 5)
    own_postgres.kill()
    with pytest.raises(LedgerUnavailable):
        await ledger.job(NEW_JOB.id)
    own_postgres.start()
    async with asyncio.timeout(30):
        while True:
            try:
                job = await ledger.job(NEW_JOB.id)
                break
            except LedgerUnavailable:
                await asyncio.sleep(0.1)
    assert job is not None
    assert job.status == "queued"
    await ledger.aclose()


async def test_who_hangs_in_the_middle_of_a_chunk_is_not_waited_for_for_ever(
    ledger: PostgresLedger, database_url: str
) -> None:
    await send(ledger, 10)
    link = PostgresLink(database_url, schema_name(sandbox=False))

    async def hang() -> None:
        async with link.transaction() as connection:
            await connection.execute("SELECT FROM chunks FOR UPDATE")
            # It is waited for, ten seconds at most, and then has lost its turn.
            assert await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(10)), None)
            await connection.execute("UPDATE chunks SET begun = 99")

    with pytest.raises(LedgerUnavailable):
        await asyncio.wait_for(hang(), 40)
    await link.aclose()


@pytest.mark.parametrize(
    "url", ["mysql://host/db", "host=here", "postgresql://h:port/", "postgresql://u:secret@h/?no=1"]
)
def test_what_is_no_url_of_postgresql_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(ValueError, match="not ") as raised:
        check_database_url(url)
    assert "secret" not in str(raised.value)


async def test_a_large_job_is_gone_at_once_and_its_rows_piece_by_piece(
    ledger: PostgresLedger, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.batches.postgres_ledger._PIECE", 100)
    monkeypatch.setattr("service.batches.postgres_ledger._TIDY_S", 0.0)
    await send(ledger, 600)
    await ledger.complete(NEW_JOB.id, 0, made_results(made_rows(CHUNK_ROWS)), None)
    await ledger.forget(NEW_JOB.id)
    assert await ledger.job(NEW_JOB.id) is None
    counts = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        for _ in range(6):
            counts.append(connection.execute("SELECT count(*) FROM compliance_gateway.results").fetchone())
            await ledger.tidy()
        assert counts == [(400,), (300,), (200,), (100,), (0,), (0,)]
        assert connection.execute("SELECT count(*) FROM compliance_gateway.chunks").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM compliance_gateway.forgotten").fetchone() == (0,)


async def test_a_job_whose_rows_have_stopped_coming_is_forgotten(ledger: PostgresLedger, database_url: str) -> None:
    for job_id in ("left", "coming"):
        await ledger.add_job(replace(NEW_JOB, id=job_id))
        await ledger.add_rows(job_id, 0, made_rows(10))
    await send(ledger, 10, "queued")
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway") as connection:
        connection.execute("UPDATE jobs SET heard_at = now() - interval '1 minute' WHERE id <> 'coming'")
    await ledger.tidy()
    assert [await ledger.job(job_id) is None for job_id in ("left", "coming", "queued")] == [True, False, False]


async def test_jobs_that_have_ended_are_removed_when_they_were_kept_for_long_enough(
    ledger: PostgresLedger, database_url: str
) -> None:
    for job_id in ("old", "new"):
        await send(ledger, 10, job_id)
        await ledger.complete(job_id, 0, made_results(made_rows(10)), None)
    await send(ledger, 10, "runs")
    with psycopg.connect(database_url, options="-c search_path=compliance_gateway") as connection:
        connection.execute("UPDATE jobs SET created_at = now() - interval '99 days'")
        connection.execute("UPDATE jobs SET ended_at = now() - interval '91 days' WHERE id = 'old'")
        connection.execute("UPDATE jobs SET ended_at = now() - interval '89 days' WHERE id = 'new'")
    await ledger.tidy()
    assert await ledger.job("old") is not None
    keeping = open_ledger(database_url, keep=timedelta(days=90))
    await keeping.tidy()
    await keeping.aclose()
    assert [await ledger.job(each) is None for each in ("old", "new", "runs")] == [True, False, False]
