"""Callers who ask at a steady rate, whatever becomes of their calls, and when the gateway's breaker changes."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress

import aiohttp

from tests.integration.faults.callers import Tally, call
from tests.integration.faults.gateway import GatewayProcess
from tests.integration.faults.questions import Question

__all__ = ["BreakerWatch", "ask_steadily", "watching_breaker"]

_LOOK_EVERY_S = 0.02


class BreakerWatch:
    """The states of one agency's breaker, each with the moment (monotonic seconds) at which it was first seen.

    `looks` are all its looks at the gateway: when, and how many seconds the answer took, which asks no agency.
    """

    def __init__(self) -> None:
        self.seen: list[tuple[float, str]] = []
        self.looks: list[tuple[float, float]] = []

    def first(self, state: str, since: float = 0.0) -> float | None:
        """When it was first seen in `state`, not before `since`; None: not yet."""
        return next((at for at, seen in self.seen if seen == state and at >= since), None)

    def median_look_s(self, since: float, until: float) -> float:
        """How long the gateway itself took in that time, with whatever else the machine was doing."""
        return statistics.median(took_s for at, took_s in self.looks if since <= at <= until)

    async def becomes(self, state: str, within_s: float) -> float:
        """Wait until it is in `state`; when that was. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            while not self.seen or self.seen[-1][1] != state:
                await asyncio.sleep(_LOOK_EVERY_S)
        return self.seen[-1][0]


@asynccontextmanager
async def watching_breaker(gateway: GatewayProcess, agency: str) -> AsyncIterator[BreakerWatch]:
    """Looks at `/health` every 20 ms while the body runs."""
    watch = BreakerWatch()

    async def look() -> None:
        async with aiohttp.ClientSession(gateway.url) as session:
            while True:
                began = time.monotonic()
                async with session.get("/health") as response:
                    state = (await response.json())["upstreams"][agency]["breaker"]["state"]
                watch.looks.append((began, time.monotonic() - began))
                if not watch.seen or watch.seen[-1][1] != state:
                    watch.seen.append((time.monotonic(), state))
                await asyncio.sleep(_LOOK_EVERY_S)

    looking = asyncio.create_task(look())
    try:
        yield watch
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def ask_steadily(
    url: str, questions: Iterator[Question], rate: float, seconds: float, deadline_s: float
) -> tuple[Tally, list[float]]:
    """So many `questions` a second for `seconds`; what was told, and when each was asked.

    `deadline_s` is the gateway's own: a caller who names a shorter one proves nothing about the agency.
    """
    tally, asked_at, start = Tally(), list[float](), time.monotonic()
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(url, connector=connector, timeout=aiohttp.ClientTimeout(None)) as session,
        asyncio.TaskGroup() as calls,
    ):
        for number in range(int(rate * seconds)):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            asked_at.append(time.monotonic())
            calls.create_task(call(session, next(questions), deadline_s, tally, {}))
    return tally, asked_at
