"""kill -9 in the middle of a job: whoever comes next finishes it, and nothing is lost or told twice."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.batches.sqlite_ledger import SqliteLedger
from tests.batches.beyond.conftest import ended
from tests.batches.beyond.made_jobs import NEW_JOB, assert_told_once, send

ROOT = Path(__file__).parents[2]
ROWS, CHUNKS = 20_000, 40
#: A third one is read ahead.
MATCHED_AT_ONCE = 2


class Engines:
    """Processes that work at the ledger `file`."""

    def __init__(self, folder: Path) -> None:
        self.file, self._log = folder / "ledger.sqlite3", folder / "begun"
        self.started: list[asyncio.subprocess.Process] = []

    async def start(self, poison: str = "") -> asyncio.subprocess.Process:
        """Start one; the chunk `poison` kills it."""
        engine = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.batches.dispatch_process", str(self.file), str(self._log), "0.05", poison),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        self.started.append(engine)
        return engine

    def begun(self) -> list[tuple[int, int]]:
        """Process and chunk."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        return [(int(pid), int(number)) for pid, _, number in map(str.split, lines)]

    async def until_begun(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.begun()) < count:
                await asyncio.sleep(0.01)


@pytest.fixture
async def engines(tmp_path: Path) -> AsyncIterator[Engines]:
    engines = Engines(tmp_path)
    yield engines
    for each in engines.started:
        if each.returncode is None:
            each.kill()
        await each.wait()


async def test_killed_three_times_it_tells_each_row_once(engines: Engines) -> None:
    ledger = SqliteLedger(engines.file)
    await send(ledger, ROWS)
    for kills in (1, 2, 3):
        engine = await engines.start()
        await engines.until_begun(10 * kills)
        engine.kill()
        assert await engine.wait() == -signal.SIGKILL
        job = await ledger.job(NEW_JOB.id)
        assert job is not None
        assert job.status == "running"
    await engines.start()
    assert (await ended(ledger, NEW_JOB.id)).status == "done"
    await assert_told_once(ledger, NEW_JOB.id, ROWS)
    began = Counter(number for _, number in engines.begun())
    assert began.keys() == set(range(CHUNKS))
    assert began.total() - CHUNKS <= 3 * MATCHED_AT_ONCE
    await ledger.aclose()


async def test_a_chunk_that_kills_its_process_is_set_aside_after_three_starts(engines: Engines) -> None:
    ledger = SqliteLedger(engines.file)
    await send(ledger, 3_000)
    for _ in range(3):
        engine = await engines.start("1")
        assert await engine.wait() == -signal.SIGKILL
    await engines.start("1")
    job = await ended(ledger, NEW_JOB.id)
    reason = "it was begun 3 times, and each time the process that had it ended"
    assert (job.status, job.set_aside) == ("failed", ((1, reason),))
    assert Counter(number for _, number in engines.begun())[1] == 3
    await assert_told_once(ledger, NEW_JOB.id, 3_000)
    await ledger.aclose()


async def test_another_process_that_runs_already_takes_over_from_one_that_is_killed(engines: Engines) -> None:
    ledger = SqliteLedger(engines.file)
    await send(ledger, ROWS)
    first = await engines.start()
    await engines.until_begun(5)
    second = await engines.start()
    await engines.until_begun(15)
    assert {pid for pid, _ in engines.begun()} == {first.pid}
    first.kill()
    assert (await ended(ledger, NEW_JOB.id)).status == "done"
    assert {pid for pid, _ in engines.begun()} == {first.pid, second.pid}
    await assert_told_once(ledger, NEW_JOB.id, ROWS)
    assert len(engines.begun()) - CHUNKS <= MATCHED_AT_ONCE
    await ledger.aclose()
