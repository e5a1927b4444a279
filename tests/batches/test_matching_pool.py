"""The processes that match, real ones."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from service.batches.frames import Request, request_frame
from service.batches.matching_pool import MatchingFailed, MatchingPool
from service.batches.rows import Row, ScreeningOptions
from tests.batches.held import hold_made_list
from tools.screening.build import environment

PLAIN = ScreeningOptions()
#: Compares every name of the list with each row: long enough to be interrupted.
SLOW = ScreeningOptions(algorithm="ofac", threshold=0.5)
OpenPool = Callable[..., MatchingPool]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version of the list."""
    return hold_made_list(tmp_path_factory.mktemp("lists"))[0]


@pytest.fixture
async def open_pool() -> AsyncIterator[OpenPool]:
    """Opens pools, and closes them."""
    pools: list[MatchingPool] = []

    def open_one(processes: int = 1, **options: float) -> MatchingPool:
        pools.append(MatchingPool(processes, **options))
        return pools[-1]

    yield open_one
    for pool in pools:
        await pool.aclose()


def rows(count: int, first: int = 1) -> list[Row]:
    """Some that are not listed."""
    return [Row(first + at, ref=f"R-{first + at}", name=f"Quiet Harbor Tools {first + at}") for at in range(count)]


def children() -> set[int]:
    """The processes that match for this one."""
    return {
        int(entry.parent.name)
        for entry in Path("/proc").glob("[0-9]*/stat")
        if _is_child(entry) and b"matching_process" in (entry.parent / "cmdline").read_bytes()
    }


def _is_child(stat: Path) -> bool:
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid()
    except OSError:
        return False


async def test_rows_come_back_in_their_order_and_once(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(2)
    asked = [rows(30, first) for first in (1, 31, 61, 91)]
    told = await asyncio.gather(*(pool.screen(each, folder, PLAIN, urgent=False) for each in asked))
    assert [[result.number for result in results] for results in told] == [
        [row.number for row in each] for each in asked
    ]
    assert {result.outcome for results in told for result in results} == {"clear"}
    assert len(children()) == 2


async def test_a_pool_that_nobody_asks_has_no_process(open_pool: OpenPool) -> None:
    before = children()
    open_pool(2)
    assert children() == before


async def test_processes_end_when_they_are_not_used(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1, unused_s=0.0)
    await pool.screen(rows(1), folder, PLAIN, urgent=False)
    async with asyncio.timeout(20):
        while children():
            await asyncio.sleep(0.01)
    assert len(await pool.screen(rows(3), folder, PLAIN, urgent=False)) == 3


async def test_a_killed_process_costs_its_own_rows_and_is_replaced(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1)
    await pool.screen(rows(1), folder, PLAIN, urgent=False)
    (victim,) = children()
    hit = asyncio.create_task(pool.screen(rows(2000), folder, SLOW, urgent=False))
    waiting = asyncio.create_task(pool.screen(rows(5), folder, PLAIN, urgent=False))
    await asyncio.sleep(0)
    os.kill(victim, signal.SIGKILL)
    with pytest.raises(MatchingFailed, match="ended with -9"):
        await hit
    assert len(await waiting) == 5
    assert children() != {victim}


async def test_a_process_that_hangs_is_killed(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1)
    await pool.screen(rows(1), folder, PLAIN, urgent=False)
    (victim,) = children()
    pool._chunk_within_s = 0.2
    os.kill(victim, signal.SIGSTOP)
    with pytest.raises(MatchingFailed, match=r"longer than 0\.2 s"):
        await pool.screen(rows(1), folder, PLAIN, urgent=False)
    assert victim not in children()


async def test_a_list_that_is_not_there_is_a_failure_and_no_result(open_pool: OpenPool, tmp_path: Path) -> None:
    with pytest.raises(MatchingFailed, match="cannot be opened"):
        await open_pool(1).screen(rows(1), tmp_path / ("0" * 64), PLAIN, urgent=False)


async def test_urgent_rows_go_before_those_that_came_earlier(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1)
    order: list[str] = []

    async def ask(name: str, *, urgent: bool) -> None:
        await pool.screen(rows(1), folder, PLAIN, urgent=urgent)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        group.create_task(ask("first", urgent=False))
        group.create_task(ask("job", urgent=False))
        group.create_task(ask("person", urgent=True))
    assert order == ["first", "person", "job"]


async def test_who_leaves_the_queue_takes_no_turn_along(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1)
    first = asyncio.create_task(pool.screen(rows(1), folder, PLAIN, urgent=False))
    leaving = asyncio.create_task(pool.screen(rows(1), folder, PLAIN, urgent=False))
    await asyncio.sleep(0)
    leaving.cancel()
    await first
    assert len(await pool.screen(rows(2), folder, PLAIN, urgent=False)) == 2


async def test_who_leaves_in_the_middle_leaves_the_process_to_the_next(open_pool: OpenPool, folder: Path) -> None:
    pool = open_pool(1)
    await pool.screen(rows(1), folder, PLAIN, urgent=False)
    before = children()
    leaving = asyncio.create_task(pool.screen(rows(50), folder, PLAIN, urgent=False))
    await asyncio.sleep(0)
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert [result.number for result in await pool.screen(rows(2, 900), folder, PLAIN, urgent=False)] == [900, 901]
    assert children() == before


def test_a_process_ends_with_the_one_that_started_it_in_the_middle_of_its_rows(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "service.batches.matching_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    process.stdin.write(request_frame(Request(tuple(rows(100_000)), str(folder), SLOW)))
    process.stdin.close()
    assert process.wait(60) == 0
    assert process.stdout is not None
    assert process.stdout.read() == b""
    process.stdout.close()


def test_a_process_needs_no_library_that_speaks_http() -> None:
    code = (
        "import sys, service.batches.matching_process; print({'aiohttp', 'requests', 'structlog'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "set()"
