"""A clock for threads: runs short functions at given times, in one daemon thread.

The sync client needs it for what its library cannot do: a bound on a whole call (by shutting the socket down), and
closing connections that idle while nobody asks for one.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable

__all__ = ["Alarm", "Watchdog"]

log = logging.getLogger(__name__)


class Alarm:
    """A function that is to run at the time `at`."""

    __slots__ = ("_function", "at", "cancelled")

    def __init__(self, at: float, function: Callable[[], None]) -> None:
        self.at = at
        self._function: Callable[[], None] | None = function
        self.cancelled = False

    def cancel(self) -> None:
        """Do not run it any more; lets go of the function at once."""
        self.cancelled = True
        self._function = None

    def ring(self) -> None:
        """Run it, unless it was cancelled."""
        function = self._function
        if function is not None and not self.cancelled:
            function()


class Watchdog:
    """Starts its thread with the first alarm. `now` is `time.monotonic()`."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._alarms: list[tuple[float, int, Alarm]] = []
        self._order = itertools.count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def call_at(self, at: float, function: Callable[[], None]) -> Alarm:
        """Run `function` at the time `at`. It must be short and must not raise."""
        alarm = Alarm(at, function)
        with self._wake:
            if self._closed:
                return alarm
            heapq.heappush(self._alarms, (at, next(self._order), alarm))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="pool-watchdog", daemon=True)
                self._thread.start()
            elif self._alarms[0][2] is alarm:
                self._wake.notify()
        return alarm

    def close(self) -> None:
        """Stop the thread; alarms that have not rung never will."""
        with self._wake:
            self._closed = True
            self._alarms.clear()
            self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._closed and (wait_s := self._until_next_s()) != 0.0:
                    self._wake.wait(wait_s)
                if self._closed:
                    return
                _, _, alarm = heapq.heappop(self._alarms)
            try:
                alarm.ring()
            except Exception:  # one faulty alarm must not stop the others
                log.exception("an alarm of the pool failed")

    def _until_next_s(self) -> float | None:
        """Seconds to the next alarm, 0 when it is due, None without one. Drops cancelled ones on the way."""
        while self._alarms and self._alarms[0][2].cancelled:
            heapq.heappop(self._alarms)
        if not self._alarms:
            return None
        return max(0.0, self._alarms[0][0] - time.monotonic())
