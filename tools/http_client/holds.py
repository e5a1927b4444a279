"""Who holds a connection and since when: finds the leak that nobody can take back.

A response that is dropped unread keeps its aiohttp connection for good; all that can be done is to say so.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from tools.call import Call
from tools.http_client.stats import HeldConnection

__all__ = ["Hold", "HoldLedger"]

C = TypeVar("C", bound=Hashable)


@dataclass(slots=True)
class Hold:
    """One connection in use: by `host` (`host:port`), since when, and for which call."""

    host: str
    since: float
    call: Call | None
    over_threshold: bool = False


class HoldLedger(Generic[C]):
    """Connections in use, oldest first. Not thread-safe; `now` is seconds of one monotonic clock."""

    def __init__(self, threshold_s: float) -> None:
        self._threshold_s = threshold_s
        self._holds: dict[C, Hold] = {}
        self.over_threshold_total = 0

    def __len__(self) -> int:
        return len(self._holds)

    def __contains__(self, connection: C) -> bool:
        return connection in self._holds

    def take(self, connection: C, host: str, now: float, call: Call | None) -> None:
        """Note that `connection` is in use from `now` on."""
        self._holds[connection] = Hold(host, now, call)

    def give_back(self, connection: C) -> Hold | None:
        """Note that `connection` is no longer in use. None when it was not."""
        return self._holds.pop(connection, None)

    def get(self, connection: C) -> Hold | None:
        """Who has `connection`. None when nobody has."""
        return self._holds.get(connection)

    def clear(self) -> None:
        """Forget all holds: the pool has closed every connection."""
        self._holds.clear()

    def values(self) -> list[Hold]:
        """The holds, oldest first."""
        return list(self._holds.values())

    def connections(self) -> list[C]:
        """The connections in use, longest held first."""
        return list(self._holds)

    def newly_overdue(self, now: float) -> list[Hold]:
        """The holds that have passed the threshold since the last time this was asked; each comes once."""
        found = []
        for hold in self._holds.values():
            if now - hold.since < self._threshold_s:
                break
            if not hold.over_threshold:
                hold.over_threshold = True
                self.over_threshold_total += 1
                found.append(hold)
        return found

    def next_due_at(self) -> float | None:
        """When the next hold will pass the threshold; None when none is left that has not."""
        return next((h.since + self._threshold_s for h in self._holds.values() if not h.over_threshold), None)

    def oldest_s(self, now: float) -> float:
        """For how long the oldest hold lasts; 0 without one."""
        return next((now - hold.since for hold in self._holds.values()), 0.0)

    def overdue(self, now: float) -> tuple[HeldConnection, ...]:
        """The connections that are over the threshold now."""
        return tuple(
            HeldConnection(hold.host, round(now - hold.since, 3))
            for hold in self._holds.values()
            if now - hold.since >= self._threshold_s
        )
