"""Where tools that have only a sync half run: a bounded number of threads, so that the event loop stays free.

The threads are daemons: one that is stuck in somebody's tool must not keep the process from ending.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from tools.call import calling
from tools.errors import DeadlineExceeded, PoolTimeout

__all__ = ["ThreadStats", "ToolThreads"]

#: Seconds that an answer of the thread itself is awaited past the deadline: it knows better why it came to nothing.
GRACE_S = 0.25


@dataclass(frozen=True, slots=True)
class ThreadStats:
    """`overdue` threads still work for callers who have been told that time ran out, or have left."""

    limit: int
    in_use: int
    waiting: int
    overdue: int


class ToolThreads:
    """At most `limit` threads and `max_waiting` callers that wait for one, each for `acquire_s` at most."""

    def __init__(self, *, acquire_s: float, limit: int = 32, max_waiting: int = 256) -> None:
        self._acquire_s, self._limit, self._max_waiting = acquire_s, limit, max_waiting
        self._free = asyncio.Semaphore(limit)
        self._in_use = self._waiting = self._overdue = 0

    def stats(self) -> ThreadStats:
        """How it stands now."""
        return ThreadStats(self._limit, self._in_use, self._waiting, self._overdue)

    async def run(self, work: Callable[[], Any], deadline_s: float) -> Any:
        """What `work()` returns, run in a thread within `deadline_s`, waiting for the thread included.

        Raises what it raises; PoolTimeout when no thread came free; DeadlineExceeded when it does not come back in
        time. Its thread is then still taken, until it does.
        """
        with calling(deadline_s) as call:
            await self._take_thread(min(self._acquire_s, call.remaining_s()))
            running = self._start(work)
            try:
                async with asyncio.timeout(max(0.0, call.remaining_s()) + GRACE_S):
                    return await asyncio.shield(asyncio.wrap_future(running))
            except TimeoutError:
                if running.done():
                    raise  # the tool's own
                self._count_overdue(running)
                allowed_s = call.deadline_at - call.started_at
                raise DeadlineExceeded(
                    f"the tool did not come back within {allowed_s:g} s; its thread still runs"
                ) from None
            except asyncio.CancelledError:
                self._count_overdue(running)
                raise

    async def _take_thread(self, wait_s: float) -> None:
        if self._waiting >= self._max_waiting:
            raise self._exhausted(0.0)
        self._waiting += 1
        try:
            async with asyncio.timeout(wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise self._exhausted(wait_s) from None
        finally:
            self._waiting -= 1

    def _start(self, work: Callable[[], Any]) -> Future[Any]:
        running: Future[Any] = Future()
        run = copy_context().run

        def body() -> None:
            try:
                running.set_result(run(work))
            except BaseException as exc:  # noqa: BLE001 - it is raised again where the answer is awaited
                running.set_exception(exc)

        self._in_use += 1
        self._when_done(running, self._give_back)
        threading.Thread(target=body, name="tool", daemon=True).start()
        return running

    def _give_back(self) -> None:
        self._in_use -= 1
        self._free.release()

    def _count_overdue(self, running: Future[Any]) -> None:
        def no_longer() -> None:
            self._overdue -= 1

        self._overdue += 1
        self._when_done(running, no_longer)

    def _when_done(self, running: Future[Any], then: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()

        def hand_over(_: Future[Any]) -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(then)

        running.add_done_callback(hand_over)

    def _exhausted(self, waited_s: float) -> PoolTimeout:
        return PoolTimeout(
            host="a tool thread", waited_s=waited_s, limit=self._limit, in_use=self._in_use, waiting=self._waiting
        )
