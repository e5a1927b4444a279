"""Whether more connections may idle than are to be kept: for a moment, where closing them has just proved wrong. Pure.

A pool that closes all but 20 idle connections after each of many bursts of 60 to one host opens 40 in each. So a burst
that has to open anew what was closed within the last second lets the surplus stay, until it was not used for a second;
and so do the bursts of the next minute. A single burst leaves no more than are to be kept, and bursts to many hosts do
not either.

Times are seconds of one monotonic clock; `in_use` counts the connections to one host.
"""

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["REMEMBERED_S", "STAYS_S", "Surplus"]

#: For so long a closing can prove wrong, and so long unused the surplus stays.
STAYS_S = 1.0
#: So long after its last burst a host is known for them.
REMEMBERED_S = 60.0

K = TypeVar("K", bound=Hashable)


class Surplus(Generic[K]):
    """What a pool that keeps `max_keepalive` idle connections learns of its load, host by host."""

    __slots__ = ("_closed_at", "_max_keepalive", "_used_at")

    def __init__(self, max_keepalive: int) -> None:
        self._max_keepalive = max_keepalive
        self._closed_at: dict[K, float] = {}
        self._used_at: dict[K, float] = {}  # of the hosts whose surplus is to stay

    def note_use(self, host: K, in_use: int, now: float) -> None:
        """So many connections to `host` are in use at once."""
        if in_use > self._max_keepalive and host in self._used_at:
            self._used_at[host] = now

    def note_opening(self, host: K, in_use: int, now: float) -> None:
        """One more connection to `host` has to be opened. Who wants none to be kept is never wrong to close one."""
        closed_at = self._closed_at.get(host)
        if closed_at is not None and now - closed_at < STAYS_S and in_use >= self._max_keepalive > 0:
            self._used_at[host] = now

    def note_closing(self, host: K, now: float) -> None:
        """An idle connection to `host` was closed because there were too many."""
        self._closed_at.pop(host, None)
        self._closed_at[host] = now
        while now - self._closed_at[oldest := next(iter(self._closed_at))] >= STAYS_S:
            del self._closed_at[oldest]

    def may_close_at(self, now: float) -> float:
        """When connections that are too many may be closed, unless they are used until then; `now` or before: at once.

        As long as those of one host are to stay, all do: there are never more than the pool may have.
        """
        stays_until = now
        for host, used_at in list(self._used_at.items()):
            if used_at + REMEMBERED_S <= now:
                del self._used_at[host]
            else:
                stays_until = max(stays_until, used_at + STAYS_S)
        return stays_until
