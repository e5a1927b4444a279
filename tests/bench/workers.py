"""How jobs scale with workers, on a PostgreSQL of its own: `python -m tests.bench.workers --rows N --only real,slow`.

real    one worker and two, in turn, match the same rows with a made list of full size; on this machine's processors
slow    one worker, then ten, whose matcher only waits a second for each chunk: what queue and ledger allow
"""

import argparse
import asyncio
import hashlib
import os
import socket
import sys
import tempfile
import urllib.request
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from service.batches.ledger import CHUNK_ROWS, Job, NewJob
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_schema import schema_name
from service.batches.rows import Row, ScreeningOptions
from service.batches.shared_lists import SharedLists
from tests.batches.beyond.postgres import ThrowAwayPostgres, binaries
from tests.quality.clean_names import clean_subjects
from tests.screening.made_list import write_made_list
from tools.screening.build import command
from tools.screening.build_process import run_build
from tools.screening.fetched import Fetched
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

ROOT = Path(__file__).parents[2]
_SLOW_CHUNKS = 100
_ROUNDS = 3


async def made_list(home: Path) -> ListStore:
    """The store of a gateway with a list of 26,000 entries in force."""
    store = ListStore(home / "gateway")
    path = store.new_incoming()
    write_made_list(path)
    sha256, now = hashlib.sha256(path.read_bytes()).hexdigest(), datetime.now(UTC)
    fetched = Fetched(path=path, sha256=sha256, url="https://agency.test/list.csv", fetched=now)
    await run_build(command(store, fetched, min_rows=1))
    store.put_in_force(InForce(sha256=sha256, url=fetched.url, etag=None, last_modified=None, confirmed_at=now))
    return store


def made_rows(count: int) -> list[Row]:
    """Ordinary names, of which few are like one of the list."""
    return [Row(number, name=subject.name) for number, subject in enumerate(clean_subjects(count), 1)]


async def send(ledger: PostgresLedger, job_id: str, rows: Sequence[Row], list_version: str | None) -> None:
    """A job, whose rows are in."""
    now = datetime.now(UTC)
    as_of = None if list_version is None else now
    await ledger.add_job(NewJob(job_id, now, ScreeningOptions(), "pinned", list_version, as_of, None))
    for first in range(0, len(rows), 20 * CHUNK_ROWS):
        await ledger.add_rows(job_id, first // CHUNK_ROWS, rows[first : first + 20 * CHUNK_ROWS])
    await ledger.rows_are_in(job_id, "0" * 64)


async def ended(ledger: PostgresLedger, job_id: str) -> Job:
    """The job, when it is done."""
    while True:
        job = await ledger.job(job_id)
        if job is None or job.status in ("failed", "cancelled"):
            raise RuntimeError(f"the job did not end well: {job}")
        if job.status == "done":
            return job
        await asyncio.sleep(0.1)


class Worker:
    """A process that works."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def end(self) -> None:
        """Let it finish, and wait for it."""
        if self._process.returncode is None:
            self._process.terminate()
        await self._process.wait()


class Bench:
    """A database, and workers for it."""

    def __init__(self, url: str, home: Path, stack: AsyncExitStack) -> None:
        self._url, self._home, self._stack = url, home, stack
        link = PostgresLink(url, schema_name(sandbox=False))
        self.ledger = PostgresLedger(link, PostgresQueue(link).defer)
        self.lists = SharedLists(link)
        self._jobs = 0

    async def timed(self, rows: Sequence[Row], list_version: str | None) -> float:
        """Seconds from the first chunk that is begun to the last that is written."""
        self._jobs += 1
        job_id = f"job-{self._jobs}"
        await send(self.ledger, job_id, rows, list_version)
        job = await ended(self.ledger, job_id)
        if job.started_at is None or job.ended_at is None or job.counts.rows != len(rows):
            raise RuntimeError(f"the job did not end well: {job}")
        return (job.ended_at - job.started_at).total_seconds()

    async def start_real(self) -> "Worker":
        """A worker as users have it; it is ready when this returns."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        worker = await self._start("service", "worker", f"--port={port}")
        while True:
            with suppress(OSError):
                await asyncio.to_thread(urllib.request.urlopen, f"http://127.0.0.1:{port}/health/ready", timeout=5)
                return worker
            await asyncio.sleep(0.1)

    async def start_slow(self) -> None:
        """A worker that waits a second for each chunk."""
        await self._start("tests.batches.beyond.worker_process", self._url, str(self._home / "begun"), "1", "1.0")

    async def _start(self, *words: str) -> "Worker":
        settings = {"GATEWAY_DATABASE_URL": self._url, "GATEWAY_DATA_DIR": str(self._home / "worker")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *words), cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **settings}
        )
        worker = Worker(process)
        self._stack.push_async_callback(worker.end)
        return worker


async def real(bench: Bench, home: Path, count: int) -> list[str]:
    """Two workers and one, in turn: what else the machine does comes and goes."""
    store = await made_list(home)
    await bench.lists.offer(store)
    told = store.in_force()
    if told is None:
        raise RuntimeError("the made list is not in force")
    rows = made_rows(count)
    took_s: dict[int, list[float]] = {1: [], 2: []}
    await bench.start_real()
    for _ in range(_ROUNDS):
        # Each has the list, and its process that matches, before it is timed.
        await bench.timed(rows[: 4 * CHUNK_ROWS], told.sha256)
        took_s[1].append(await bench.timed(rows, told.sha256))
        second = await bench.start_real()
        await bench.timed(rows[: 8 * CHUNK_ROWS], told.sha256)
        took_s[2].append(await bench.timed(rows, told.sha256))
        await second.end()
    lines = [
        f"{workers} worker(s): {count} rows in {', '.join(f'{each:.1f}' for each in all_s)} s,"
        f" {count / median(all_s):.0f} rows/s by the median"
        for workers, all_s in took_s.items()
    ]
    return [*lines, f"two workers take {median(took_s[2]) / median(took_s[1]):.2f} of one's time (bar: at most 0.60)"]


async def slow(bench: Bench) -> list[str]:
    """Ten workers and one, none of which needs a processor."""
    rows, took_s = [Row(number, ref=f"R{number}") for number in range(1, _SLOW_CHUNKS * CHUNK_ROWS + 1)], {}
    started = 0
    for workers in (1, 10):
        while started < workers:
            await bench.start_slow()
            started += 1
        await bench.timed(rows[: 2 * workers * CHUNK_ROWS], None)
        took_s[workers] = await bench.timed(rows, None)
    lines = [f"{each} slow worker(s): {_SLOW_CHUNKS} chunks in {s:.1f} s" for each, s in took_s.items()]
    return [*lines, f"ten workers are {took_s[1] / took_s[10]:.1f} times as fast as one (bar: at least 9)"]


async def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workers")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", default="real,slow")
    given = parser.parse_args(arguments)
    programs = binaries()
    if programs is None:
        sys.stderr.write("there is no PostgreSQL on this machine\n")
        return 2
    for kind in given.only.split(","):
        server = ThrowAwayPostgres(programs)
        try:
            server.start()
            async with AsyncExitStack() as stack:
                home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
                bench = Bench(server.url(), home, stack)
                stack.push_async_callback(bench.ledger.aclose)
                lines = await (real(bench, home, given.rows) if kind == "real" else slow(bench))
            sys.stdout.write("\n".join(lines) + "\n")
        finally:
            server.remove()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
