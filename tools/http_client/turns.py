"""The queue for connections of the async pool: hosts take turns, and of one host who came first goes first.

A turn is a promise: from the moment in which a waiter is called until it leaves, a connection is kept for it, so that
nobody who comes later takes it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Turns"]

K = TypeVar("K", bound=Hashable)

Waiter = asyncio.Future[None]


class Turns(Generic[K]):
    """Who waits for a connection to which host. `waiting` are not called yet, `promised` are and have not left."""

    def __init__(self) -> None:
        self.waiting = 0
        self.promised = 0
        self._queues: OrderedDict[K, OrderedDict[Waiter, None]] = OrderedDict()  # the host whose turn is next is first
        self._promised_to: dict[K, int] = {}

    def join(self, host: K, waiter: Waiter) -> None:
        """Wait for a connection to `host`; the result of `waiter` is set when it may be had."""
        self._queues.setdefault(host, OrderedDict())[waiter] = None
        self.waiting += 1

    def leave(self, host: K, waiter: Waiter) -> bool:
        """Wait no more. Whether a connection had been promised: it is now for the one who leaves to take, or to pass
        on."""
        queue = self._queues.get(host)
        if queue is not None and waiter in queue:
            self._take_out(host, queue, waiter)
            return False
        left = self._promised_to.pop(host, 0) - 1
        if left < 0:
            return False  # called by `end`
        if left:
            self._promised_to[host] = left
        self.promised -= 1
        return True

    def call_next(self, may: Callable[[K], bool]) -> bool:
        """Promise a connection to whoever is next of a host that `may` have one. False when there is nobody.

        Looks at no more hosts than there are in front that may not, and one.
        """
        while (host := next((each for each in self._queues if may(each)), None)) is not None:
            queue = self._queues[host]
            waiter = next(iter(queue))
            self._take_out(host, queue, waiter)
            if waiter.done():  # given up, and about to leave
                continue
            if queue:
                self._queues.move_to_end(host)
            self._promised_to[host] = self._promised_to.get(host, 0) + 1
            self.promised += 1
            waiter.set_result(None)
            return True
        return False

    def promised_to(self, host: K) -> int:
        """How many connections to `host` are kept for waiters that were called."""
        return self._promised_to.get(host, 0)

    def waiting_by_host(self) -> dict[K, int]:
        """How many wait for each host."""
        return {host: len(queue) for host, queue in self._queues.items()}

    def end(self, reason: Callable[[], Exception]) -> None:
        """There will be no more connections: everybody who waits is given a `reason` of their own."""
        for queue in self._queues.values():
            for waiter in queue:
                if not waiter.done():
                    waiter.set_exception(reason())
        self._queues.clear()
        self.waiting = 0

    def _take_out(self, host: K, queue: OrderedDict[Waiter, None], waiter: Waiter) -> None:
        del queue[waiter]
        self.waiting -= 1
        if not queue:
            del self._queues[host]
