"""What the async pool costs beside aiohttp's own connector, in alternating rounds of one process on one core.

`python -m tests.bench.connector`: taking a connection and giving it back, the same after a thousand hosts, and a whole
client call. CPU time of this process alone; the agency runs on another core.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import uvloop
from aiohttp import BaseConnector, ClientRequest, ClientTimeout, TCPConnector
from yarl import URL

from tests.bench.grounds import running_agencies
from tools.http_client.async_pool import PooledConnector
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.manager import HTTPClientManager

__all__ = ["measure"]

#: Hosts that a connector has seen before: each is an address of loopback.
_MANY = 1000

#: Does a number of things, one after the other or side by side.
Work = Callable[[int], Awaitable[None]]


def acquiring(connector: BaseConnector, url: URL) -> Work:
    """Takes a connection to `url` and gives it back, so many times."""
    request = ClientRequest("GET", url, loop=asyncio.get_running_loop(), headers={})
    timeout = ClientTimeout(total=None)

    async def work(times: int) -> None:
        for _ in range(times):
            (await connector.connect(request, [], timeout)).release()

    return work


def calling(session: aiohttp.ClientSession, url: URL, callers: int) -> Work:
    """Asks for `url` and reads the answer, so many times in all, by so many callers."""

    async def caller(times: int) -> None:
        for _ in range(times):
            async with session.get(url) as answer:
                await answer.read()

    async def work(times: int) -> None:
        await asyncio.gather(*(caller(times // callers) for _ in range(callers)))

    return work


async def visit_many(connector: BaseConnector, port: int) -> None:
    """Take one connection to each of a thousand hosts, and give it back."""
    timeout = ClientTimeout(total=None)
    loop = asyncio.get_running_loop()
    for number in range(_MANY):
        url = URL(f"http://127.1.{number // 250}.{number % 250 + 1}:{port}/")
        (await connector.connect(ClientRequest("GET", url, loop=loop, headers={}), [], timeout)).close()


async def paired(ours: Work, stock: Work, *, times: int, rounds: int) -> list[tuple[float, float]]:
    """CPU microseconds of each thing done, ours and stock, round by round."""
    await ours(times)
    await stock(times)
    pairs = []
    for at in range(rounds):
        # Who comes first changes, so that a machine that slows down or speeds up favours neither.
        took_us = {}
        for work in (ours, stock) if at % 2 else (stock, ours):
            started = time.process_time()
            await work(times)
            took_us[work] = (time.process_time() - started) / times * 1e6
        pairs.append((took_us[ours], took_us[stock]))
    return pairs


async def python_calls(work: Work, times: int) -> float:
    """Calls of functions, Python's and C's, that each thing done takes: the same on every machine."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        await work(times)
    finally:
        sys.setprofile(None)
    return count / times


def spread(values: list[float]) -> dict[str, float]:
    """Median, least and most."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


async def _measure(upstream_port: int, rounds: int, callers: int) -> dict[str, dict[str, object]]:
    figures: dict[str, dict[str, object]] = {}
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        # Accepts on every address of loopback, for the hosts that are many, and says nothing.
        everywhere = await loop.create_server(asyncio.Protocol, "0.0.0.0", 0)
        stack.callback(everywhere.close)
        port = everywhere.sockets[0].getsockname()[1]
        for name, crowded in (("acquire and release", False), (f"the same after {_MANY} hosts", True)):
            pool = await stack.enter_async_context(PooledConnector(PoolLimits(), PoolTimeouts()))
            plain = await stack.enter_async_context(TCPConnector(limit=100))
            if crowded:
                await visit_many(pool, port)
                await visit_many(plain, port)
            url = URL(f"http://127.0.0.1:{port}/")
            figures[name] = await _figures(acquiring(pool, url), acquiring(plain, url), times=1000, rounds=rounds)
        url = URL(f"http://127.0.0.1:{upstream_port}/search?name=bench")
        manager = HTTPClientManager()
        stack.push_async_callback(manager.aclose, 0)
        stock = await stack.enter_async_context(aiohttp.ClientSession(connector=TCPConnector(limit=100)))
        figures["whole call"] = await _figures(
            calling(manager.async_client, url, callers), calling(stock, url, callers), times=callers * 20, rounds=rounds
        )
    return figures


async def _figures(ours: Work, stock: Work, *, times: int, rounds: int) -> dict[str, object]:
    pairs = await paired(ours, stock, times=times, rounds=rounds)
    return {
        "ours_us": statistics.median(each for each, _ in pairs),
        "stock_us": statistics.median(each for _, each in pairs),
        "difference_us": spread([each - other for each, other in pairs]),
        "ratio": spread([each / other for each, other in pairs]),
        "ours_calls": await python_calls(ours, times),
        "stock_calls": await python_calls(stock, times),
    }


def measure(*, rounds: int = 41, callers: int = 16, loop: str = "uvloop") -> dict[str, dict[str, object]]:
    """The figures by what was done; microseconds of CPU time, ratios of ours to aiohttp's own. `loop`: uvloop, asyncio.

    Runs on one core, the last that this process may use; the agency has the first.
    """
    cores = sorted(os.sched_getaffinity(0))
    with running_agencies(cores[0]) as (_, ports):
        upstream_port = ports["plain"]
        os.sched_setaffinity(0, {cores[-1]})
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
                return runner.run(_measure(upstream_port, rounds, callers))
        finally:
            os.sched_setaffinity(0, cores)


def main() -> None:
    """Print medians, paired differences and ratios, and counts of calls."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--callers", type=int, default=16)
    parser.add_argument("--loop", choices=["uvloop", "asyncio"], default="uvloop")
    options = parser.parse_args()
    figures = measure(rounds=options.rounds, callers=options.callers, loop=options.loop)
    print(f"{options.loop}, {options.rounds} paired rounds, medians [least..most]; calls of functions counted apart")  # noqa: T201 - its purpose
    for name, of in figures.items():
        print(_line(name, of))  # noqa: T201 - likewise


def _line(name: str, of: dict[str, object]) -> str:
    texts = [f"{name:<27} ours {of['ours_us']:7.2f} us, stock {of['stock_us']:7.2f} us"]
    for key, unit in (("difference_us", " us"), ("ratio", "x")):
        found = of[key]
        assert isinstance(found, dict)
        texts.append("{median:+.2f}{unit} [{min:+.2f}..{max:+.2f}]".format(unit=unit, **found))
    texts.append(f"calls {of['ours_calls']:.1f} and {of['stock_calls']:.1f}")
    return ", ".join(texts)


if __name__ == "__main__":
    main()
