"""How much of a pool one host may hold, so that one that hangs does not keep the others from their connections. Pure.

Its share is everything, but when other hosts were asked for lately, four fifths. No step takes longer for more hosts.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["HostShares"]

K = TypeVar("K", bound=Hashable)

#: A host that was asked for within this time is to be expected again.
_LATELY_S = 60.0


class HostShares(Generic[K]):
    """What each host holds of `limit` connections, and when it was asked for. Times are seconds of one clock.

    `share` is what any host may hold in any case: as long as no more are held in all, there is nothing to ask here.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.share = limit - limit // 5
        self._held: dict[K, int] = {}
        self._asked_at: OrderedDict[K, float] = OrderedDict()  # longest ago first
        self._asked_last: K | None = None

    def ask(self, host: K, now: float) -> None:
        """A connection to `host` is wanted."""
        self._asked_at[host] = now
        if host != self._asked_last:
            self._asked_last = host
            self._asked_at.move_to_end(host)
            while self._asked_at[oldest := next(iter(self._asked_at))] <= now - _LATELY_S:
                del self._asked_at[oldest]

    def held(self, host: K) -> int:
        """How many connections it holds."""
        return self._held.get(host, 0)

    def take(self, host: K) -> int:
        """One more connection is held. Returns how many that makes."""
        self._held[host] = held = self._held.get(host, 0) + 1
        return held

    def give_back(self, host: K) -> None:
        """One less."""
        held = self._held.pop(host) - 1
        if held:
            self._held[host] = held

    def left(self, host: K, connecting: int, now: float) -> int:
        """How many connections `host` may take besides those that it holds, and those that are `connecting`."""
        held = self._held.get(host, 0) + connecting
        if held < self.share or not self._is_another_expected(host, now):
            return self._limit - held
        return self.share - held

    def _is_another_expected(self, host: K, now: float) -> bool:
        latest = next((other for other in reversed(self._asked_at) if other != host), None)
        return latest is not None and self._asked_at[latest] > now - _LATELY_S
