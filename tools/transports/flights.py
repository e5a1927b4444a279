"""Equal questions at the same time are one question to the agency: who comes later waits for the first one's answer.

A flight on the event loop is a task of its own: it ends when its last waiter leaves, and each waiter keeps its own
deadline. In threads the first caller is the flight; when its own time runs out, the next one takes over.
"""

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from tools.call import Call, Usage, calling, resuming
from tools.errors import ToolError

__all__ = ["AsyncFlights", "SyncFlights"]

T = TypeVar("T")

Key = tuple[object, ...]

#: So much longer than the pilot a thread must be able to wait to make its own attempt after the pilot's failure.
_MUCH_LONGER_S = 0.25


@dataclass(slots=True)
class _Flight:
    call: Call
    task: asyncio.Task[Any]
    waiters: list[asyncio.Future[Any]] = field(default_factory=list)
    #: A refresh goes on without anybody waiting.
    is_refresh: bool = False

    def land(self, task: asyncio.Task[Any]) -> None:
        """Tell who waits what came of it. (They have a future each; `asyncio.shield` would make two callbacks more.)"""
        # Retrieved in any case: of a failed refresh nobody needs to be told.
        failure = None if task.cancelled() else task.exception()
        for waiter in self.waiters:
            if waiter.done():
                continue
            if task.cancelled():
                waiter.cancel()
            elif failure is not None:
                waiter.set_exception(failure)
            else:
                waiter.set_result(task.result())


class AsyncFlights:
    """The flights of event loops; a loop sees its own only."""

    def __init__(self) -> None:
        self._flights: dict[Key, _Flight] = {}
        self._chores: set[asyncio.Task[Any]] = set()

    async def join(self, key: str, call: Call, fetch: Callable[[Call], Awaitable[T]]) -> T:
        """What `fetch` returns, called once for all who ask for `key` now. Raises what it raises."""
        loop = asyncio.get_running_loop()
        here = (loop, key)
        flight = self._flights.get(here)
        if flight is None:
            flight = self._take_off(here, call.copy(), fetch)
        else:
            flight.call.deadline_at = max(flight.call.deadline_at, call.deadline_at)
            flight.call.is_impatient &= call.is_impatient
        landing: asyncio.Future[T] = loop.create_future()
        flight.waiters.append(landing)
        try:
            return await landing
        except asyncio.CancelledError:
            if landing.done() and not landing.cancelled():
                landing.exception()  # it landed in the same moment; who has left is told nothing
            await self._leave(here, flight)
            # How its time went by decides whose fault it is that it ran out.
            call.queued_s += flight.call.queued_s
            call.cut_on_wire |= flight.call.cut_on_wire or not flight.task.done()
            raise
        finally:
            flight.waiters.remove(landing)

    def refresh(self, key: str, deadline_s: float, fetch: Callable[[Call], Awaitable[Any]]) -> None:
        """Call `fetch` in the background, unless somebody is asking for `key` already. Its failure is nobody's."""
        here = (asyncio.get_running_loop(), key)
        if here in self._flights:
            return

        async def bounded(call: Call) -> Any:
            async with asyncio.timeout(deadline_s):
                return await fetch(call)

        now = time.monotonic()
        self._take_off(here, Call(now, now + deadline_s, Usage()), bounded).is_refresh = True

    def in_background(self, chore: Coroutine[Any, Any, None]) -> None:
        """Run `chore` without anybody waiting for it; it must not raise."""
        task = asyncio.create_task(chore)
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    async def aclose(self) -> None:
        """End what still flies on this loop."""
        loop = asyncio.get_running_loop()
        ours = [here for here in self._flights if here[0] is loop]
        # Taken out here: a task that is cancelled before it began does nothing of its own accord any more.
        tasks = [self._flights.pop(here).task for here in ours]
        tasks += [task for task in self._chores if task.get_loop() is loop]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _take_off(self, here: Key, call: Call, fetch: Callable[[Call], Awaitable[Any]]) -> _Flight:
        flight = self._flights[here] = _Flight(call, asyncio.create_task(self._fly(here, call, fetch)))
        flight.task.add_done_callback(flight.land)
        return flight

    async def _fly(self, here: Key, call: Call, fetch: Callable[[Call], Awaitable[Any]]) -> Any:
        try:
            with resuming(call):
                return await fetch(call)
        finally:
            flight = self._flights.get(here)
            if flight is not None and flight.call is call:
                del self._flights[here]

    async def _leave(self, here: Key, flight: _Flight) -> None:
        """One waiter is gone. With the last one, the flight ends, and its connection is given back before we go on."""
        if len(flight.waiters) > 1 or flight.is_refresh or flight.task.done():
            return
        if self._flights.get(here) is flight:
            del self._flights[here]
        flight.task.cancel()
        await asyncio.wait([flight.task])


class SyncFlights:
    """The flights of threads."""

    def __init__(self) -> None:
        self._begin_anew()
        # A weak reference, so that the hook (which can't be taken back) does not keep the flights alive.
        this = weakref.ref(self)

        def after_fork() -> None:
            flights = this()
            if flights is not None:
                flights._begin_anew()  # noqa: SLF001 - our own

        os.register_at_fork(after_in_child=after_fork)

    def _begin_anew(self) -> None:
        """Also in a forked child: the threads that flew there are the parent's, and never land here."""
        self._lock = threading.Lock()
        self._flights: dict[str, tuple[Call, Future[Any]]] = {}

    def join(self, key: str, call: Call, fetch: Callable[[Call], T]) -> T:
        """What `fetch` returns, called once for all who ask for `key` now. Raises what it raises, and out of time."""
        while True:
            with self._lock:
                pilot, landing = self._flights.setdefault(key, (call, Future()))
            if pilot is call:
                return self._fly(key, call, landing, fetch)
            wait([landing], max(0.0, call.remaining_s()))
            if not landing.done():
                call.cut_on_wire = True
                raise call.out_of_time(None)
            if landing.cancelled():
                continue  # its thread was interrupted, which is nothing to the others
            try:
                found: T = landing.result()
            except ToolError:
                # That one's time ran out, or was too short for another attempt; ours may not be.
                if call.deadline_at > pilot.deadline_at + _MUCH_LONGER_S and not call.is_over():
                    continue
                raise
            return found

    def refresh(self, key: str, deadline_s: float, fetch: Callable[[Call], Any]) -> None:
        """Call `fetch` in a thread of its own, unless somebody is asking for `key` already."""
        with self._lock:
            if key in self._flights:
                return

        def run() -> None:
            try:
                with calling(deadline_s) as call:
                    self.join(key, call, fetch)
            except ToolError:
                pass  # nobody waits for it; the next who asks is told

        self.in_background(run)

    @staticmethod
    def in_background(chore: Callable[[], None]) -> None:
        """Call `chore` without anybody waiting for it; it must not raise."""
        threading.Thread(target=chore, name="chore", daemon=True).start()

    def _fly(self, key: str, call: Call, landing: Future[Any], fetch: Callable[[Call], T]) -> T:
        try:
            found = fetch(call)
        except Exception as exc:
            self._land(key)
            landing.set_exception(exc)
            raise
        except BaseException:  # Ctrl-C in a script
            self._land(key)
            landing.cancel()
            landing.set_running_or_notify_cancel()
            raise
        self._land(key)
        landing.set_result(found)
        return found

    def _land(self, key: str) -> None:
        with self._lock:
            del self._flights[key]
