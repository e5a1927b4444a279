"""Which connections are in use, since when and for which call: finds those that are never given back.

An aiohttp response that is dropped unread keeps its connection for good. The pool cannot take it back; it reports it.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeVar

from tools.call import Call
from tools.http_client.config import HeldConnection

__all__ = ["Hold", "InUse"]

C = TypeVar("C", bound=Hashable)


@dataclass(slots=True)
class Hold:
    """One connection in use: by `host` (`host:port`), since when, and for which call."""

    host: str
    since: float
    call: Call | None = None
    is_overdue: bool = False
    is_cut: bool = False  # its deadline has ended it


class InUse(dict[C, Hold]):
    """The connections in use, longest held first. Not thread-safe; `now` is seconds of one monotonic clock."""

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

    def next_overdue_at(self) -> float | None:
        """Return when the next hold passes the threshold; None when none is left that has not."""
        return next((hold.since + self._threshold_s for hold in self.values() if not hold.is_overdue), None)

    def oldest_s(self, now: float) -> float:
        """Return for how long the oldest hold lasts; 0 without one."""
        return next((now - hold.since for hold in self.values()), 0.0)

    def overdue(self, now: float) -> tuple[HeldConnection, ...]:
        """Return the connections that are over the threshold now."""
        return tuple(
            HeldConnection(hold.host, round(now - hold.since, 3))
            for hold in self.values()
            if now - hold.since >= self._threshold_s
        )
