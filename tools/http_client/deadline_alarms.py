"""The deadline of a call ends what is in flight for it on the sync side, where a thread can't be cancelled."""

import threading
import time
from collections.abc import Hashable
from typing import Generic, Protocol, TypeVar

from tools.http_client.holds import HoldLedger
from tools.http_client.watchdog import Alarm, Watchdog

__all__ = ["DeadlineAlarms"]


class _Shuttable(Hashable, Protocol):
    def shut(self) -> None:
        """End what is in flight on it, from another thread."""


C = TypeVar("C", bound=_Shuttable)


class DeadlineAlarms(Generic[C]):
    """At most one alarm for a connection, not one for each call: it looks who has the connection when it rings.

    `watch` and `forget` are called with the lock held.
    """

    def __init__(self, lock: threading.Lock, holds: HoldLedger[C], watchdog: Watchdog) -> None:
        self._lock = lock
        self._holds = holds
        self._watchdog = watchdog
        self._alarms: dict[C, Alarm] = {}

    def watch(self, connection: C, deadline_at: float) -> None:
        """Shut `connection` at `deadline_at` if the call that has it then has no later deadline."""
        alarm = self._alarms.get(connection)
        if alarm is not None:
            if alarm.at <= deadline_at:
                return  # it rings early enough
            alarm.cancel()
        self._alarms[connection] = self._watchdog.call_at(deadline_at, lambda: self._ring(connection))

    def forget(self, connection: C) -> None:
        """`connection` is closed."""
        alarm = self._alarms.pop(connection, None)
        if alarm is not None:
            alarm.cancel()

    def _ring(self, connection: C) -> None:
        with self._lock:  # so that nobody else gets the connection meanwhile
            self._alarms.pop(connection, None)
            hold = self._holds.get(connection)
            if hold is None or hold.call is None:
                return
            if hold.call.deadline_at > time.monotonic():
                self.watch(connection, hold.call.deadline_at)
            else:
                connection.shut()
