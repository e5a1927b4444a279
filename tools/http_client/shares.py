"""How much of a pool one host may hold, so that one that hangs does not keep the others from their connections. Pure.

Its share is everything, but when other hosts were asked for lately, four fifths.
"""

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["HostShares"]

K = TypeVar("K", bound=Hashable)

#: A host that was asked for within this time is to be expected again.
_LATELY_S = 60.0
#: So many hosts are remembered before those that are to be expected no more are looked for.
_MANY = 100


class HostShares(Generic[K]):
    """What each host holds of `limit` connections, and when it was asked for. Times are seconds of one clock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._share = limit - limit // 5
        self._held = Counter[K]()
        self._asked_at: dict[K, float] = {}

    def ask(self, host: K, now: float) -> None:
        """A connection to `host` is wanted."""
        if len(self._asked_at) > _MANY:
            self._asked_at = {each: at for each, at in self._asked_at.items() if at > now - _LATELY_S}
        self._asked_at[host] = now

    def take(self, host: K) -> None:
        """One more connection is held."""
        self._held[host] += 1

    def give_back(self, host: K) -> None:
        """One less."""
        self._held[host] -= 1
        if not self._held[host]:
            del self._held[host]

    def left(self, host: K, connecting: int, now: float) -> int:
        """How many connections `host` may take besides those that it holds, and those that are `connecting`."""
        held = self._held[host] + connecting
        if held < self._share or not self._is_another_expected(host, now):
            return self._limit - held
        return self._share - held

    def _is_another_expected(self, host: K, now: float) -> bool:
        return any(at > now - _LATELY_S for other, at in self._asked_at.items() if other != host)
