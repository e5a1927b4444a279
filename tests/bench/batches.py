"""A job of many rows on one machine: `python -m tests.bench.batches --rows 1000000`.

The service as users have it, with a made list of 26,000 entries and jobs in its data folder. Measured are rows a second
beside what one process matches by itself, the memory of all its processes, single screenings over REST meanwhile, and
whether results can be read while the job runs.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import aiohttp

from service.batches.matching_pool import processors
from tests.batches.held import hold_made_list
from tests.quality.clean_names import clean_subjects
from tools.sanctions_held import matched
from tools.sanctions_query import SanctionsQuery
from tools.screening.held_list import HeldList

ROOT = Path(__file__).parents[2]
_BULK_NAMES = 6000
#: One row in so many has a name of the list.
_LISTED_EVERY = 100
_SINGLES_PER_S = 20.0
_PSS_BAR_MIB, _P99_BAR_MS, _SHARE_BAR = 700, 50.0, 0.8


@dataclass
class Seen:
    """What was seen while the job ran."""

    pss_mib: list[float] = field(default_factory=list)
    single_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    rows_read: int = 0


def names(count: int, held: HeldList) -> Iterator[str]:
    """Ordinary ones, and now and then one of the list."""
    draw = random.Random(3)
    for number, subject in enumerate(clean_subjects(count)):
        yield held.entry(draw.randrange(len(held))).name if number % _LISTED_EVERY == 0 else subject.name


def bulk_rate(held: HeldList) -> float:
    """Names a second that one process matches, one after the other."""
    asked = list(names(_BULK_NAMES, held))
    start = time.perf_counter()
    for name in asked:
        matched(SanctionsQuery(name=name), held)
    return len(asked) / (time.perf_counter() - start)


def bulk_rate_together(folder: Path) -> float:
    """The same of each of as many processes as there are processors, all at once."""
    with ProcessPoolExecutor(processors(), mp_context=get_context("spawn")) as pool:
        return min(pool.map(_bulk_rate_of, [folder] * processors()))


def _bulk_rate_of(folder: Path) -> float:
    return bulk_rate(HeldList.open(folder))


def written(path: Path, count: int, held: HeldList) -> None:
    """The file, as CSV."""
    with path.open("w", encoding="utf-8") as file:
        file.write("ref;name\n")
        for number, name in enumerate(names(count, held), 1):
            file.write(f'R-{number};"{name.replace(chr(34), chr(34) * 2)}"\n')


def pss_mib(pid: int) -> float:
    """Of a process and all that it started, what is shared counted once."""
    total = 0.0
    for each in [pid, *_children(pid)]:
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    return total


def _children(pid: int) -> list[int]:
    try:
        own = [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return own + [deeper for each in own for deeper in _children(each)]


class Service:
    """One that runs, at `url`."""

    def __init__(self, process: asyncio.subprocess.Process, url: str) -> None:
        self.process, self.url = process, url
        # A pipe that nobody reads fills up, and then the service waits for it.
        self._reading = asyncio.create_task(_drain(process))

    @classmethod
    async def start(cls, data_dir: Path) -> "Service":
        """With the list that is there; no agency is asked."""
        settings = {
            "GATEWAY_PORT": "0",
            "GATEWAY_LOG_FORMAT": "json",
            "GATEWAY_LOG_LEVEL": "info",
            "GATEWAY_SANCTIONS_SOURCE": "list",
            "GATEWAY_DATA_DIR": str(data_dir),
            "GATEWAY_LIST_URL": "http://127.0.0.1:9/list.csv",
        }
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "serve"),
            cwd=ROOT,
            env={**clean, "PYTHONPATH": str(ROOT), **settings},
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        async for line in process.stderr:
            if b'"listening"' in line:
                port = json.loads(line)["port"]
                break
        else:
            raise RuntimeError("the service did not start")
        return cls(process, f"http://127.0.0.1:{port}")

    async def end(self) -> None:
        """Stop it."""
        self.process.send_signal(signal.SIGTERM)
        await self.process.wait()
        await self._reading


async def _drain(process: asyncio.subprocess.Process) -> None:
    while process.stderr is not None and await process.stderr.read(64 * 1024):
        pass


async def singles(session: aiohttp.ClientSession, url: str, seen: Seen) -> None:
    """Single screenings at a steady rate."""
    asked = [subject.name for subject in clean_subjects(20_000, seed=99)]
    due = time.perf_counter()
    for name in asked:
        start = time.perf_counter()
        async with session.get(f"{url}/v1/sanctions", params={"name": name}) as response:
            await response.read()
            if response.status == 200:
                seen.single_ms.append(1000 * (time.perf_counter() - start))
        due += 1 / _SINGLES_PER_S
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


async def watch(session: aiohttp.ClientSession, service: Service, job_url: str, seen: Seen) -> dict[str, Any]:
    """Until the job has ended; how it stands then."""
    while True:
        async with session.get(service.url + job_url) as response:
            job: dict[str, Any] = await response.json()
        if job["status"] not in ("queued", "running"):
            return job
        seen.pss_mib.append(pss_mib(service.process.pid))
        start = time.perf_counter()
        async with session.get(f"{service.url}{job_url}/results", headers={"Range": "rows=1-1000"}) as response:
            found = (await response.read()).count(b"\n") if response.status == 206 else 0
        if found:
            seen.read_ms.append(1000 * (time.perf_counter() - start))
            seen.rows_read = found
        await asyncio.sleep(2)


def share(values: Sequence[float], part: float) -> float:
    """The value that a share of all stays under."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


async def measured(rows: int, home: Path) -> str:
    """The report."""
    folder, _ = hold_made_list(home / "lists", entries=26_000)
    held = HeldList.open(folder)
    alone, together = bulk_rate(held), bulk_rate_together(folder)
    written(home / "rows.csv", rows, held)
    service, seen = await Service.start(home), Seen()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            start = time.perf_counter()
            with (home / "rows.csv").open("rb") as file:
                async with session.post(
                    f"{service.url}/v1/jobs", data=file, headers={"Content-Type": "text/csv"}
                ) as response:
                    job = await response.json()
                    if response.status != 202:
                        raise RuntimeError(job)
            taken_s = time.perf_counter() - start
            asking = asyncio.create_task(singles(session, service.url, seen))
            job = await watch(session, service, job["url"], seen)
            asking.cancel()
            numbers = set[int]()
            count = 0
            async with session.get(service.url + job["results_url"]) as response:
                async for line in response.content:
                    numbers.add(json.loads(line)["row"])
                    count += 1
    finally:
        await service.end()
    return _report(
        rows, (alone, together), taken_s, job, seen, once=count == rows and numbers == set(range(1, rows + 1))
    )


def _report(
    rows: int, bulk: tuple[float, float], taken_s: float, job: dict[str, Any], seen: Seen, *, once: bool
) -> str:
    cores, (alone, together) = processors(), bulk
    part = job["rate"] / (cores * alone)
    adds_up = job["screened"] + job["invalid"] + job["not_screened"] == rows == job["done"]
    p99 = share(seen.single_ms, 0.99)
    lines = [
        ("rows", f"{rows:,}, {job['status']}", adds_up and once),
        ("every row once in the results, counts add up", "yes" if adds_up and once else "NO", adds_up and once),
        ("taken in, rows/s", f"{rows / taken_s:,.0f}", None),
        ("one process matches by itself, names/s", f"{alone:,.0f}", None),
        ("each of as many as there are processors", f"{together:,.0f}", None),
        (f"the job, rows/s, {cores} processors", f"{job['rate']:,.0f}", None),
        ("share of that rate per processor (0.80)", f"{part:.2f}", part >= _SHARE_BAR),
        ("memory of all processes, PSS MiB, most (700)", f"{max(seen.pss_mib):,.0f}", max(seen.pss_mib) < _PSS_BAR_MIB),
        ("single screenings meanwhile", f"{len(seen.single_ms):,}", None),
        ("their p50 / p99, ms (50)", f"{share(seen.single_ms, 0.5):.1f} / {p99:.1f}", p99 < _P99_BAR_MS),
        ("1,000 results read meanwhile, ms", f"{share(seen.read_ms, 0.5):.0f}" if seen.read_ms else "none", None),
    ]
    told = {True: "met", False: "MISSED", None: ""}
    return "".join(f"| {what} | {value} | {told[is_met]} |\n" for what, value, is_met in lines)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batches", description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(asyncio.run(measured(options.rows, Path(folder))))


if __name__ == "__main__":
    main()
