"""What the sync pool decides: who may connect, which idle connection is used, which are closed. Pure.

Nothing here blocks, locks or closes: every method is one step, is told the time, and answers what the caller has to
do. `now` is seconds of one monotonic clock; a `key` names where a connection leads to.
"""

from collections import deque
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from tools.http_client.config import PoolLimits

__all__ = ["Closing", "PoolState"]

C = TypeVar("C", bound=Hashable)
W = TypeVar("W")


@dataclass(frozen=True, slots=True)
class Closing(Generic[C]):
    """A connection that the caller has to close, and the reason to count."""

    connection: C
    reason: str


@dataclass(slots=True)
class _Idle:
    key: Hashable
    since: float


class PoolState(Generic[C, W]):
    """Slots, waiters and idle connections of one pool. `in_use` counts slots; a slot is taken before a connection."""

    def __init__(self, limits: PoolLimits) -> None:
        self._limits = limits
        self._idle: dict[C, _Idle] = {}  # oldest first
        self._waiters: deque[W] = deque()
        self.in_use = 0

    @property
    def idle(self) -> int:
        """Idle connections."""
        return len(self._idle)

    @property
    def waiting(self) -> int:
        """Callers that wait for a slot."""
        return len(self._waiters)

    def idle_connections(self) -> list[C]:
        """The idle connections, oldest first."""
        return list(self._idle)

    def waiters(self) -> list[W]:
        """Those in the queue, the first in it first."""
        return list(self._waiters)

    # -- slots --

    def try_take_slot(self) -> bool:
        """Take a slot if one is free and nobody waits for it."""
        if self._waiters or self.in_use >= self._limits.max_connections:
            return False
        self.in_use += 1
        return True

    def enqueue(self, waiter: W) -> None:
        """Put a waiter at the end of the queue."""
        self._waiters.append(waiter)

    def leave_queue(self, waiter: W) -> None:
        """Take a waiter out of the queue, if it is still in it (it may have been handed a slot meanwhile)."""
        with suppress(ValueError):
            self._waiters.remove(waiter)

    def free_slot(self) -> W | None:
        """Give a slot back. Answers the waiter that it now belongs to, whom the caller has to wake."""
        if self._waiters:
            return self._waiters.popleft()
        self.in_use -= 1
        return None

    # -- idle connections --

    def take_idle(self, key: Hashable, now: float) -> tuple[C | None, list[Closing[C]]]:
        """The newest idle connection to `key`, for the holder of a slot; and those that are too old to be used."""
        closing = self.expire(now)
        found = next((c for c in reversed(self._idle) if self._idle[c].key == key), None)
        if found is not None:
            del self._idle[found]
        return found, closing

    def make_room(self) -> list[Closing[C]]:
        """The oldest idle connection, if it must go so that the holder of a slot may open a socket.

        Never more than one: another holder of a slot who finds room enough would dial while the second still closes.
        """
        if self._idle and self.in_use + len(self._idle) > self._limits.max_connections:
            return [self._drop_oldest("room")]
        return []

    def put_idle(self, connection: C, key: Hashable, now: float) -> None:
        """Keep `connection`, whose slot is given back in the same step."""
        self._idle[connection] = _Idle(key, now)

    def drop_surplus(self) -> list[Closing[C]]:
        """The oldest idle connections of those that are too many, to be asked for whenever a slot is given back.

        While callers wait, that many more are kept: each is about to take one. Or not: it may want one to elsewhere.
        """
        closing = []
        while len(self._idle) > self._limits.max_keepalive + len(self._waiters):
            closing.append(self._drop_oldest("max_idle"))
        return closing

    def expire(self, now: float) -> list[Closing[C]]:
        """The connections that have idled for too long."""
        closing = []
        while (at := self.next_expiry_at()) is not None and at < now:
            closing.append(self._drop_oldest("idle_timeout"))
        return closing

    def next_expiry_at(self) -> float | None:
        """When the oldest idle connection will be too old."""
        oldest = next(iter(self._idle.values()), None)
        return None if oldest is None else oldest.since + self._limits.keepalive_expiry_s

    def drop_idle_to(self, key: Hashable, reason: str) -> list[Closing[C]]:
        """All idle connections to `key`."""
        dropped = [c for c, idle in self._idle.items() if idle.key == key]
        for connection in dropped:
            del self._idle[connection]
        return [Closing(connection, reason) for connection in dropped]

    def close(self) -> tuple[list[Closing[C]], list[W]]:
        """Everything that is idle, to be closed, and everyone who waits, to be told."""
        closing = [Closing(connection, "shutdown") for connection in self._idle]
        waiters = list(self._waiters)
        self._idle.clear()
        self._waiters.clear()
        return closing, waiters

    def _drop_oldest(self, reason: str) -> Closing[C]:
        connection = next(iter(self._idle))
        del self._idle[connection]
        return Closing(connection, reason)
