"""Callers in an open loop: so many requests a second, whether the earlier ones were answered or not."""

import asyncio
import time
from collections import deque
from collections.abc import Iterator

from tests.bench.load import CallerConnection, Tally, connect, get

__all__ = ["pace"]

_TICK_S = 0.001


async def pace(
    port: int, paths: Iterator[str], *, per_second: float, seconds: float, connections: int, marker: bytes = b""
) -> Tally:
    """Ask for `paths` at a fixed rate for so long. Raises TimeoutError when the last answers do not come.

    A request that finds every connection busy waits for one, and its time counts from when it was due.
    """
    tally = Tally()
    idle = deque[CallerConnection]()
    waiting = deque[tuple[bytes, float]]()

    def free(connection: CallerConnection) -> None:
        if waiting:
            connection.send(*waiting.popleft())
        else:
            idle.append(connection)

    opened = await connect(port, lambda: CallerConnection(tally, marker, free), connections)
    idle.extend(opened)
    started, sent = time.perf_counter(), 0
    while (now := time.perf_counter()) < started + seconds:
        due = int((now - started) * per_second)
        while sent < due:
            request = get(next(paths))
            # Counted from this tick: timers are no finer, and their error is not the gateway's.
            if idle:
                idle.popleft().send(request, now)
            else:
                waiting.append((request, now))
            sent += 1
        await asyncio.sleep(_TICK_S)
    async with asyncio.timeout(seconds + 60):
        while tally.answered + tally.broken < sent:
            await asyncio.sleep(_TICK_S)
    for each in opened:
        each.close()
    await asyncio.gather(*(each.closed for each in opened))
    return tally
