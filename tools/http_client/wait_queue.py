"""Who may have a connection: a total limit, a fair share for each host, and a queue in which hosts take turns. Pure.

A slot is the right to have one connection. One that is granted to a waiter is taken in that moment, so that no later
caller gets it. Any host may have every slot; but when another host was asked for within a minute, four fifths of them:
one that hangs does not keep the others from their connections.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Host", "WaitQueue"]

#: A host that was asked for within this time is expected again.
_RECENT_S = 60.0

K = TypeVar("K", bound=Hashable)
W = TypeVar("W", bound=Hashable)


@dataclass(slots=True, eq=False)
class Host(Generic[K, W]):
    """What a pool knows of one host: slots taken, connections established, and who waits, the first to come first."""

    key: K
    label: str  # host:port
    slots: int = 0
    established: int = 0
    waiters: OrderedDict[W, None] = field(default_factory=OrderedDict)


class WaitQueue(Generic[K, W]):
    """The slots of one pool. `now` is seconds of one monotonic clock.

    No step takes longer for more hosts or waiters, except for those hosts in front that may not have a slot.
    """

    def __init__(self, limit: int, label_of: Callable[[K], str]) -> None:
        self.limit = limit
        self.slots = 0
        self.waiting = 0
        self.hosts: dict[K, Host[K, W]] = {}
        self._label_of = label_of
        self._share = limit - limit // 5
        self._turns: OrderedDict[Host[K, W], None] = OrderedDict()  # the host whose turn is next is first
        self._last: Host[K, W] | None = None
        self._last_asked_at = self._other_asked_at = float("-inf")

    def host(self, key: K, now: float) -> Host[K, W]:
        """Return the host of `key`, which is asked for now."""
        host = self.hosts.get(key)
        if host is None:
            last = self._last
            host = last if last is not None and last.key == key else Host(key, self._label_of(key))
            self.hosts[key] = host
        if host is not self._last:
            self._last, self._other_asked_at = host, self._last_asked_at
        self._last_asked_at = now
        return host

    def try_take(self, host: Host[K, W], now: float) -> bool:
        """Take a slot for `host`, unless it may not have one or a caller waits for one."""
        if self._turns or not self._may_have(host, now):
            return False
        host.slots += 1
        self.slots += 1
        return True

    def reserve(self, host: Host[K, W]) -> None:
        """Take a slot for an idle connection of `host` that is being closed: its socket is still open."""
        host.slots += 1
        self.slots += 1

    def _may_have(self, host: Host[K, W], now: float) -> bool:
        if self.slots >= self.limit:
            return False
        if host.slots < self._share:
            return True
        other_asked_at = self._other_asked_at if host is self._last else self._last_asked_at
        return other_asked_at <= now - _RECENT_S

    def give_back(self, host: Host[K, W]) -> None:
        """Give a slot of `host` back."""
        host.slots -= 1
        self.slots -= 1
        if not host.established:
            self.forget(host)

    def forget(self, host: Host[K, W]) -> None:
        """Drop `host` when the pool has nothing of it any more."""
        if not host.slots and not host.established and not host.waiters:
            self.hosts.pop(host.key, None)

    def join(self, host: Host[K, W], waiter: W) -> None:
        """Put `waiter` at the end of the queue of `host`. Call `grant_next` then: it may have its slot at once."""
        host.waiters[waiter] = None
        self._turns.setdefault(host)
        self.waiting += 1

    def leave(self, host: Host[K, W], waiter: W) -> bool:
        """Take `waiter` out of the queue. False when it is not in it: its slot was granted, or the queue is closed."""
        if waiter not in host.waiters:
            return False
        self._take_out(host, waiter)
        self.forget(host)
        return True

    def grant_next(self, now: float) -> tuple[Host[K, W], W] | None:
        """Take a slot for the waiter whose turn it is. None when no host in the queue may have one."""
        if not self._turns or self.slots >= self.limit:
            return None
        host = next((each for each in self._turns if self._may_have(each, now)), None)
        if host is None:
            return None
        waiter = next(iter(host.waiters))
        self._take_out(host, waiter)
        if host.waiters:
            self._turns.move_to_end(host)
        host.slots += 1
        self.slots += 1
        return host, waiter

    def take_all_waiters(self) -> list[W]:
        """Empty the queue. Return those that waited in it."""
        waiters = [waiter for host in self._turns for waiter in host.waiters]
        for host in self._turns:
            host.waiters.clear()
        self._turns.clear()
        self.waiting = 0
        return waiters

    def _take_out(self, host: Host[K, W], waiter: W) -> None:
        del host.waiters[waiter]
        self.waiting -= 1
        if not host.waiters:
            del self._turns[host]
