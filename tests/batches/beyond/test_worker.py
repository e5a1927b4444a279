"""`compliance-gateway worker`, the real one: by a list of the gateway, by the agency's search, without a database."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson
import pytest

from service.batches.computing import screen_rows
from service.batches.ledger import Ledger
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_schema import schema_name
from service.batches.rows import Row, ScreeningOptions
from service.batches.shared_lists import SharedLists
from tests.batches.beyond.conftest import ROOT, ended
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once
from tests.batches.beyond.postgres import ThrowAwayPostgres
from tests.batches.beyond.test_worker_lists import hold
from tests.egress.conftest import free_port
from tools.screening.held_list import HeldList
from tools.screening.store import ListStore


class RealWorker:
    """A worker in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, session: aiohttp.ClientSession) -> None:
        self.process, self._session = process, session
        self._url = f"http://127.0.0.1:{port}"

    async def status(self, path: str) -> int:
        """0: it does not answer."""
        try:
            async with self._session.get(self._url + path) as answer:
                return answer.status
        except aiohttp.ClientConnectionError:
            return 0

    async def text(self, path: str) -> str:
        async with self._session.get(self._url + path) as answer:
            return await answer.text()

    async def until(self, path: str, status: int) -> None:
        async with asyncio.timeout(30):
            while await self.status(path) != status:
                assert self.process.returncode is None
                await asyncio.sleep(0.05)


StartWorker = Callable[..., Awaitable[RealWorker]]


@pytest.fixture
async def start_worker(tmp_path: Path) -> AsyncIterator[StartWorker]:
    """Starts workers, which end with the test."""
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())

        async def start(url: str, *words: str) -> RealWorker:
            port = free_port()
            settings = {"DATABASE_URL": url, "PORT": str(port), "DATA_DIR": str(tmp_path / "data"), "SHUTDOWN_S": "5"}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", "worker", *words),
                env={**os.environ, "PYTHONPATH": str(ROOT)}
                | {f"GATEWAY_{key}": value for key, value in settings.items()},
                cwd=ROOT,
            )
            stack.push_async_callback(_end, process)
            return RealWorker(process, port, session)

        yield start


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


@pytest.fixture
async def link(database_url: str) -> AsyncIterator[PostgresLink]:
    opened = PostgresLink(database_url, schema_name(sandbox=False), wait_s=10.0)
    yield opened
    await opened.aclose()


async def send_rows(ledger: Ledger, rows: list[Row], options: ScreeningOptions, sha256: str | None = None) -> None:
    await ledger.add_job(
        replace(NEW_JOB, options=options, list_version=sha256, list_as_of=sha256 and datetime.now(UTC))  # type: ignore[arg-type]  # a time or None
    )
    await ledger.add_rows(NEW_JOB.id, 0, rows)
    await ledger.rows_are_in(NEW_JOB.id, "f" * 64)


async def test_a_worker_screens_by_the_list_of_the_gateway_as_the_gateway_would(
    link: PostgresLink, database_url: str, start_worker: StartWorker, tmp_path: Path
) -> None:
    store = ListStore(tmp_path / "gateway")
    sha256 = hold(store, confirmed_at=datetime.now(UTC))
    await SharedLists(link).offer(store)
    held = HeldList.open(store.version_folder(sha256))
    names = [entry.name for entry in map(held.entry, range(100))]
    rows = [Row(number, name=names[number % 100] if number % 3 else f"Nobody {number}") for number in range(1, 1201)]
    rows[7] = Row(8, fault="broken")
    options = ScreeningOptions(threshold=0.9)
    ledger = PostgresLedger(link, PostgresQueue(link).defer)
    await send_rows(ledger, rows, options, sha256)
    worker = await start_worker(database_url)
    job = await ended(ledger, NEW_JOB.id)
    assert (job.status, job.counts.rows, job.counts.invalid, job.counts.not_screened) == ("done", 1200, 1, 0)
    assert job.counts.match > 500
    expected, _ = screen_rows(rows, held, options)
    assert await ledger.results(NEW_JOB.id, 1, 2000) == expected
    told = orjson.loads(await worker.text("/health"))
    assert (told["rows"], told["chunks"], told["working"]) == (1200, 3, True)
    assert "compliance_gateway_worker_rows_total 1200.0" in await worker.text("/metrics")
    assert await worker.status("/health/ready") == 200
    worker.process.terminate()
    assert await asyncio.wait_for(worker.process.wait(), 20) == 0


async def test_a_worker_that_is_killed_takes_its_processes_along_and_another_one_finishes_its_job(
    link: PostgresLink, database_url: str, start_worker: StartWorker, tmp_path: Path
) -> None:
    store = ListStore(tmp_path / "gateway")
    sha256 = hold(store, confirmed_at=datetime.now(UTC))
    await SharedLists(link).offer(store)
    ledger = PostgresLedger(link, PostgresQueue(link).defer)
    first = await start_worker(database_url)
    rows = [Row(number, name=f"Quiet Harbor {number}", ref=f"R{number}") for number in range(1, 20_001)]
    await send_rows(ledger, rows, ScreeningOptions(), sha256)
    async with asyncio.timeout(60):
        while not await ledger.results(NEW_JOB.id, 1, 1):
            await asyncio.sleep(0.01)
    children = children_of(first.process.pid)
    assert children
    first.process.kill()
    await first.process.wait()
    assert (await ledger.waiting_chunks()) > 0
    await start_worker(database_url)
    job = await ended(ledger, NEW_JOB.id)
    assert (job.status, job.counts.screened) == ("done", 20_000)
    await assert_told_once(ledger, NEW_JOB.id, 20_000)
    assert not [pid for pid in children if is_at_work(pid)]


def children_of(pid: int) -> list[str]:
    """The processes that a worker started."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_at_work(pid: str) -> bool:
    """Whether there is such a process that matches."""
    try:
        return b"matching_process" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


async def test_rows_that_want_the_agencys_search_are_asked_for_by_the_worker(
    database_url: str, start_worker: StartWorker
) -> None:
    link = PostgresLink(database_url, schema_name(sandbox=True), wait_s=10.0)
    ledger = PostgresLedger(link, PostgresQueue(link).defer)
    rows = [Row(1, name="Nobody of this name"), Row(2, name="")]
    await send_rows(ledger, rows, ScreeningOptions(via="api"))
    await start_worker(database_url, "--sandbox")
    job = await ended(ledger, NEW_JOB.id)
    assert (job.counts.screened, job.counts.invalid) == (1, 1)
    await ledger.aclose()


async def test_a_worker_without_its_database_lives_and_takes_no_work_until_there_is_one(
    own_postgres: ThrowAwayPostgres, start_worker: StartWorker
) -> None:
    own_postgres.kill()
    worker = await start_worker(own_postgres.url())
    await worker.until("/health", 200)
    assert await worker.status("/health/ready") == 503
    own_postgres.start()
    await worker.until("/health/ready", 200)
    worker.process.terminate()
    assert await asyncio.wait_for(worker.process.wait(), 20) == 0


async def test_a_worker_without_a_url_says_so(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "worker"),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == 2
    assert b"GATEWAY_DATABASE_URL is not set" in said
