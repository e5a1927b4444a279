"""What one agency was sent and how it took it: counts of all time, durations of the last minutes. Decides nothing."""

import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["STALE", "Latency", "Listener", "Traffic", "TrafficStats"]

#: What was wrong with an attempt on a connection that had died while it was idle: nothing, with the agency.
STALE = "stale_connection"

#: Is told of each attempt: by which pool, seconds in its queue, seconds at the agency (None: it was not sent), and what
#: was wrong ("": nothing). Called from threads, too; it must not wait.
Listener = Callable[[str, float, float | None, str], None]


@dataclass(frozen=True, slots=True)
class Latency:
    """Of the `samples` attempts of the last `window_s` seconds that were answered; null without any.

    The window is shorter where there were more than are kept.
    """

    window_s: float
    samples: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class TrafficStats:
    """`active` attempts are under way; retries by what was wrong before; resends on a connection that had died idle."""

    active: int
    retries: dict[str, int]
    stale_resends: int


class Traffic:
    """The attempts at one agency. Times are seconds of one monotonic clock. Thread-safe; no method waits."""

    def __init__(self, *, window_s: float = 300.0, most_samples: int = 1000) -> None:
        self._window_s = window_s
        self._recent: deque[tuple[float, float]] = deque(maxlen=most_samples)
        self._lock = threading.Lock()
        self._active = self._stale_resends = 0
        self._retries: Counter[str] = Counter()
        self.listener: Listener | None = None

    def began(self) -> None:
        """An attempt is sent, or waits for a connection."""
        with self._lock:
            self._active += 1

    def left(self, pool: str, queued_s: float, wrong: str) -> None:
        """It was not sent after all: no connection came in time, or nobody waited for it any more."""
        with self._lock:
            self._active -= 1
        if self.listener is not None:
            self.listener(pool, queued_s, None, wrong)

    def ended(self, now: float, pool: str, queued_s: float, took_s: float, wrong: str, *, was_answered: bool) -> None:
        """It ended. The time of one that was cut off says nothing of how fast the agency answers."""
        with self._lock:
            self._active -= 1
            if was_answered:
                self._recent.append((now, took_s))
        if self.listener is not None:
            self.listener(pool, queued_s, took_s, wrong)

    def retried(self, wrong: str) -> None:
        """An attempt was made that followed one with which that was `wrong`."""
        with self._lock:
            if wrong == STALE:
                self._stale_resends += 1
            else:
                self._retries[wrong] += 1

    def stats(self) -> TrafficStats:
        """All of it but the durations."""
        with self._lock:
            return TrafficStats(self._active, dict(self._retries), self._stale_resends)

    def latency(self, now: float) -> Latency:
        """How fast the agency answered lately."""
        with self._lock:
            is_full = len(self._recent) == self._recent.maxlen
            window_s = min(self._window_s, now - self._recent[0][0]) if is_full else self._window_s
            took = sorted(took_s for at, took_s in self._recent if now - at <= window_s)
        if not took:
            return Latency(self._window_s, 0, None, None)
        return Latency(round(window_s, 1), len(took), _ms(took, 0.5), _ms(took, 0.95))


def _ms(ordered: list[float], share: float) -> float:
    """The least of `ordered` that at least `share` of them do not exceed, in milliseconds."""
    at = max(0, -int(-len(ordered) * share // 1) - 1)
    return round(ordered[at] * 1000, 1)
