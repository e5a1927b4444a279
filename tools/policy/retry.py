"""Whether a request is sent once more, and when. Pure: the one place that decides it, for both transports.

Waits are exponential with full jitter (a random share of a bound that doubles); what the agency asks for with
Retry-After (RFC 9110, section 10.2.3) is waited for at least, within a cap.
"""

import random
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["RetryBudget", "RetryPolicy", "RetryStats"]


@dataclass(frozen=True, slots=True)
class RetryStats:
    """Of all time: requests (each counted once), retries of them, and retries that the budget refused."""

    requests: int
    retries: int
    refused: int


class RetryBudget:
    """Bounds what retries add: a share of the requests of the last seconds, or a few where there are few.

    So an outage is not multiplied. Times are seconds of one monotonic clock. Thread-safe.
    """

    def __init__(self, *, share: float = 0.2, at_least: int = 10, window_s: float = 10.0) -> None:
        self._share, self._at_least, self._window_s = share, at_least, window_s
        self._lock = threading.Lock()
        self._requests: deque[float] = deque()
        self._retries: deque[float] = deque()
        self._requests_ever = self._retries_ever = self._refused_ever = 0

    def note_request(self, now: float) -> None:
        """A request is sent for the first time."""
        with self._lock:
            self._requests.append(now)
            self._requests_ever += 1
            self._forget_old(now)

    def try_spend(self, now: float) -> bool:
        """Whether one more retry is within the budget; it is then spent."""
        with self._lock:
            self._forget_old(now)
            if len(self._retries) >= max(self._at_least, len(self._requests) * self._share):
                self._refused_ever += 1
                return False
            self._retries.append(now)
            self._retries_ever += 1
            return True

    def give_back(self) -> None:
        """The last retry was not made after all."""
        with self._lock:
            if self._retries:
                self._retries.pop()
                self._retries_ever -= 1

    def stats(self) -> RetryStats:
        """What it has seen so far."""
        with self._lock:
            return RetryStats(self._requests_ever, self._retries_ever, self._refused_ever)

    def _forget_old(self, now: float) -> None:
        for times in (self._requests, self._retries):
            while times and times[0] <= now - self._window_s:
                times.popleft()


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `attempts`, `base_s` being the first bound of the wait and `longest_s` the last.

    `dice` gives a random number between its two arguments. One attempt is no retry at all.
    """

    attempts: int = 3
    base_s: float = 0.25
    longest_s: float = 5.0
    retry_after_cap_s: float = 30.0
    dice: Callable[[float, float], float] = random.uniform

    def wait_s(self, attempt: int, retry_after_s: float | None, remaining_s: float) -> float | None:
        """Seconds to wait after `attempt` (from 1) failed in a way that may pass; None: hand over what there is.

        `remaining_s` is what the deadline leaves; a wait that uses it up is not begun.
        """
        if attempt >= self.attempts:
            return None
        wait_s = self.dice(0.0, min(self.longest_s, self.base_s * 2 ** (attempt - 1)))
        if retry_after_s is not None:
            wait_s = max(wait_s, min(retry_after_s, self.retry_after_cap_s))
        return wait_s if wait_s < remaining_s else None
