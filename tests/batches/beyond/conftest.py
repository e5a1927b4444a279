"""A PostgreSQL for all tests, a database for each; a server of its own for a test that kills it; workers to kill."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.batches.ledger import Job, Ledger
from tests.batches.beyond.postgres import ThrowAwayPostgres, binaries

ROOT = Path(__file__).parents[3]


def _programs() -> Path:
    programs = binaries()
    if programs is None:
        pytest.skip("there is no PostgreSQL on this machine (Debian: apt-get install postgresql)")
    return programs


@pytest.fixture(scope="session")
def _server() -> Iterator[ThrowAwayPostgres]:
    server = ThrowAwayPostgres(_programs())
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database_url(_server: ThrowAwayPostgres) -> str:
    """An empty database."""
    return _server.new_database()


@pytest.fixture
def own_postgres() -> Iterator[ThrowAwayPostgres]:
    """A server that the test may kill."""
    server = ThrowAwayPostgres(_programs())
    try:
        server.start()
        yield server
    finally:
        server.remove()


class Workers:
    """Workers that pretend to match, each a process. `begun` are the chunks that they began, in order."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self.started: list[asyncio.subprocess.Process] = []

    async def start(self, url: str, *, takes_s: float, processes: int = 1) -> asyncio.subprocess.Process:
        command = (sys.executable, "-m", "tests.batches.beyond.worker_process")
        worker = await asyncio.create_subprocess_exec(
            *command,
            *(url, str(self._log), str(processes), str(takes_s)),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.started.append(worker)
        return worker

    def begun(self) -> list[tuple[int, str, int]]:
        """Process, job and chunk."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [(int(pid), job, int(number)) for pid, job, number in map(str.split, lines)]

    async def until_begun(self, count: int) -> None:
        """Wait until they began so many."""
        async with asyncio.timeout(60):
            while len(self.begun()) < count:
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        for each in self.started:
            if each.returncode is None:
                each.kill()
            await each.wait()


@pytest.fixture
async def workers(tmp_path: Path) -> AsyncIterator[Workers]:
    """Starts workers, which end with the test."""
    started = Workers(tmp_path / "begun")
    try:
        yield started
    finally:
        await started.end()


async def ended(ledger: Ledger, job_id: str, within_s: float = 120.0) -> Job:
    """The job, when it has ended without anybody's doing."""
    async with asyncio.timeout(within_s):
        while True:
            job = await ledger.job(job_id)
            assert job is not None
            if job.ended_at is not None:
                return job
            await asyncio.sleep(0.05)
