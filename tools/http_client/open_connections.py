"""The open connections of a pool: which idle one is used next, which are closed and why, which are held for too long.

Pure, and one rule for both pools. Of the idle connections the newest is used first, and the oldest is closed first.
Those beyond `max_keepalive` linger for a second, so that a burst finds what the burst before it opened; with
`max_keepalive` 0 none lingers.
"""

import math
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from tools.call import Call
from tools.http_client.config import HeldConnection, PoolLimits

__all__ = ["LINGER_S", "LINGER_SLACK_S", "Hold", "IdleConnections", "InUse"]

#: So long an idle connection beyond `max_keepalive` stays.
LINGER_S = 1.0
#: So much later it may be closed, so that one look closes many.
LINGER_SLACK_S = 0.25

C = TypeVar("C", bound=Hashable)


class IdleConnections(Generic[C]):
    """The idle connections of one pool. Iterates over them, the oldest first.

    A `host` is any hashable that says where a connection leads. `now` is seconds of one monotonic clock. Putting and
    taking take no longer for more hosts or connections.
    """

    def __init__(self, limits: PoolLimits) -> None:
        self._max_keepalive = limits.max_keepalive
        self._expiry_s = limits.keepalive_expiry_s
        self._linger_s = min(LINGER_S, limits.keepalive_expiry_s) if limits.max_keepalive else 0.0
        self._hosts: dict[C, tuple[Hashable, float]] = {}  # oldest first
        #: By host, newest last, each with the time since which it idles.
        self.by_host: dict[Hashable, list[tuple[C, float]]] = {}

    def __len__(self) -> int:
        return len(self._hosts)

    def __iter__(self) -> Iterator[C]:
        return iter(self._hosts)

    def __contains__(self, connection: C) -> bool:
        return connection in self._hosts

    def put(self, connection: C, host: Hashable, now: float) -> float:
        """Keep `connection`, which idles from `now` on. Return when to look for those that are overdue."""
        self._hosts[connection] = host, now
        connections = self.by_host.get(host)
        if connections is None:
            self.by_host[host] = [(connection, now)]
        else:
            connections.append((connection, now))
        return self.next_due_at() if len(self._hosts) > self._max_keepalive else now + self._expiry_s

    def take(self, host: Hashable, now: float) -> C | None:
        """Take out the newest connection to `host`. None when there is none, or none that is young enough."""
        connections = self.by_host.get(host)
        if connections is None or now - connections[-1][1] > self._expiry_s:
            return None
        connection, _ = connections.pop()
        if not connections:
            del self.by_host[host]
        del self._hosts[connection]
        return connection

    def remove(self, connection: C) -> None:
        """Take out `connection`, which idles."""
        host, since = self._hosts.pop(connection)
        connections = self.by_host[host]
        connections.remove((connection, since))
        if not connections:
            del self.by_host[host]

    def take_oldest(self) -> C:
        """Take out the oldest connection, to make room for another. Raises StopIteration without one."""
        connection = next(iter(self._hosts))
        self.remove(connection)
        return connection

    def take_all_to(self, host: Hashable) -> list[C]:
        """Take out all connections to `host`."""
        connections = [connection for connection, _ in self.by_host.pop(host, ())]
        for connection in connections:
            del self._hosts[connection]
        return connections

    def take_all(self) -> list[C]:
        """Take out all connections."""
        connections = list(self._hosts)
        self._hosts.clear()
        self.by_host.clear()
        return connections

    def take_overdue(self, now: float) -> list[tuple[C, str]]:
        """Take out those that idled for too long or are too many, each with the reason to count."""
        overdue = []
        left = len(self._hosts)
        for connection, (_, since) in self._hosts.items():
            if now - since >= self._expiry_s:
                reason = "idle_timeout"
            elif left > self._max_keepalive and now - since >= self._linger_s:
                reason = "max_idle"
            else:
                break
            overdue.append((connection, reason))
            left -= 1
        for connection, _ in overdue:
            self.remove(connection)
        return overdue

    def next_due_at(self) -> float:
        """Return when the oldest connection is overdue; infinity without one."""
        if not self._hosts:
            return math.inf
        _, since = next(iter(self._hosts.values()))
        return since + (self._linger_s if len(self._hosts) > self._max_keepalive else self._expiry_s)


@dataclass(slots=True)
class Hold:
    """One connection in use: by `host` (`host:port`), since when, and for which call."""

    host: str
    since: float
    call: Call | None = None
    is_overdue: bool = False
    is_cut: bool = False  # its deadline has ended it


class InUse(dict[C, Hold]):
    """The connections in use, longest held first. `now` is seconds of one monotonic clock.

    Detects leaks: a connection that is held for longer than the threshold is reported once, and shown while it lasts.
    An aiohttp response that is dropped unread keeps its connection for good, and cannot be made to give it back.
    """

    def __init__(self, threshold_s: float) -> None:
        super().__init__()
        self._threshold_s = threshold_s
        self.overdue_total = 0

    def newly_overdue(self, now: float) -> list[Hold]:
        """Return the holds that have passed the threshold since the last call; each comes once."""
        found = []
        for hold in self.values():
            if now - hold.since < self._threshold_s:
                break
            if not hold.is_overdue:
                hold.is_overdue = True
                self.overdue_total += 1
                found.append(hold)
        return found

    def next_overdue_at(self) -> float:
        """Return when the next hold passes the threshold; infinity when none is left that has not."""
        return next((hold.since + self._threshold_s for hold in self.values() if not hold.is_overdue), math.inf)

    def oldest_s(self, now: float) -> float:
        """Return for how long the oldest hold lasts; 0 without one."""
        return next((now - hold.since for hold in list(self.values())), 0.0)

    def overdue(self, now: float) -> tuple[HeldConnection, ...]:
        """Return the connections that are over the threshold now."""
        return tuple(
            HeldConnection(hold.host, round(now - hold.since, 3))
            for hold in list(self.values())
            if now - hold.since >= self._threshold_s
        )
