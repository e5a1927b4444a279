"""How many connections the async pool opens per 1000 requests of 256 callers, after 2 s of warm-up.

`python -m tests.bench.bursts`: without a pause, in bursts that follow each other within a second, and beside an
upstream that takes 20 ms. Counts of the pool itself, in one process on one core; the upstream runs on another.
"""

import argparse
import asyncio
import os
import time

import uvloop

from tests.bench.grounds import running_agencies
from tools.http_client import HTTPClientManager, PoolTimeouts

__all__ = ["measure"]

CALLERS = 256
WARM_UP_S = 2.0


async def _ask(manager: HTTPClientManager, url: str, for_s: float, pause_s: float) -> None:
    """Ask by all callers at once, again and again; `pause_s` after each round of ten requests per caller."""
    until = time.monotonic() + for_s

    async def caller() -> None:
        for _ in range(10):
            async with manager.async_client.get(url) as answer:
                await answer.read()

    async def without_pause() -> None:
        while time.monotonic() < until:
            await caller()

    if not pause_s:
        await asyncio.gather(*(without_pause() for _ in range(CALLERS)))
    while time.monotonic() < until:
        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        await asyncio.sleep(pause_s)


async def _opened_per_1000(url: str, seconds: float, pause_s: float) -> float:
    manager = HTTPClientManager(timeouts=PoolTimeouts(acquire_s=60))
    await _ask(manager, url, WARM_UP_S, pause_s)
    before = manager.stats().async_
    await _ask(manager, url, seconds, pause_s)
    after = manager.stats().async_
    await manager.aclose(1)
    assert before is not None
    assert after is not None
    opened = after.created - before.created
    return 1000 * opened / (opened + after.reused - before.reused)


def measure(*, seconds: float = 5.0) -> dict[str, float]:
    """Connections opened per 1000 requests, by what was done."""
    cores = sorted(os.sched_getaffinity(0))
    found = {}
    with running_agencies(cores[0]) as (_, ports):
        os.sched_setaffinity(0, {cores[-1]})
        try:
            for name, port, pause_s in (
                ("steady", "plain", 0.0),
                ("bursts, half a second apart", "plain", 0.5),
                ("steady, 20 ms upstream", "slow", 0.0),
                ("bursts, 20 ms upstream", "slow", 0.5),
            ):
                url = f"http://127.0.0.1:{ports[port]}/search?name=bench"
                found[name] = uvloop.run(_opened_per_1000(url, seconds, pause_s))
        finally:
            os.sched_setaffinity(0, cores)
    return found


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    for name, opened in measure(seconds=parser.parse_args().seconds).items():
        print(f"{name:<30} {opened:6.2f} connections opened per 1000 requests")  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
