"""A circuit breaker: an agency that fails is left alone for a while, then tried by one request at a time. Pure.

No kept library holds to all of this. interlock-cb 2.8 comes close (one probe at a time, a cancelled probe frees its
place, threads) but knows no "so many in a row" and tells no reasons; purgatory, aiobreaker and circuitbreaker let
everybody through while half open, pybreaker makes callers queue up.
"""

import threading
from collections import Counter, deque
from dataclasses import dataclass
from typing import Literal

__all__ = ["Breaker", "BreakerRules", "BreakerState", "Pass"]

BreakerState = Literal["closed", "open", "half_open"]

_REASONS_KEPT = 5


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When it opens, and for how long.

    It opens after `in_a_row` failures without a success between them, or when, of the calls of the last `window_s`
    seconds, there are `min_calls` at least and the share that failed or took longer than `slow_call_s` is `bad_share`.
    After `recovery_s` it lets one call through at a time; a good one closes it, a bad one opens it anew.
    """

    window_s: float = 10.0
    min_calls: int = 20
    bad_share: float = 0.5
    in_a_row: int = 5
    slow_call_s: float = 10.0
    recovery_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Pass:
    """The right to make one call. `era` tells apart what was let through before and after a change of state."""

    era: int
    is_probe: bool


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call counted as bad, and how long ago."""

    reason: str
    ago_s: float


@dataclass(frozen=True, slots=True)
class BreakerStats:
    """How a breaker stands.

    `calls` and `bad` are of the window, `opened` of all time, `bad_by_reason` too; `reasons` are the last bad calls',
    newest first.
    """

    state: BreakerState
    calls: int
    bad: int
    failures_in_a_row: int
    opened: int
    retry_after_s: float | None
    reasons: tuple[Reason, ...]
    bad_by_reason: dict[str, int]


class Breaker:
    """The state for one agency. Times are seconds of one monotonic clock. Thread-safe; no method waits."""

    def __init__(self, rules: BreakerRules | None = None) -> None:
        self.rules = rules or BreakerRules()
        self._lock = threading.Lock()
        self._state: BreakerState = "closed"
        self._era = 0
        self._pass = Pass(0, is_probe=False)
        self._opened = 0
        self._opened_at = 0.0
        self._probing = False
        self._reasons: deque[tuple[float, str]] = deque(maxlen=_REASONS_KEPT)
        self._bad_by_reason = Counter[str]()
        self._calls: deque[tuple[float, bool]] = deque()
        self._bad = 0
        self._failures_in_a_row = self._doubts_in_a_row = 0

    def admit(self, now: float) -> Pass | float:
        """A pass, or the seconds after which asking again may help."""
        with self._lock:
            if self._state == "closed":
                return self._pass
            if self._state == "open":
                if (wait_s := self._retry_after_s(now)) > 0:
                    return wait_s
                self._enter("half_open")
            if self._probing:
                return self._retry_after_s(now)
            self._probing = True
            return Pass(self._era, is_probe=True)

    def withdrawn(self, admitted: Pass, now: float) -> float | None:
        """Seconds to wait in place of making the call, when its pass is worth nothing any more; None: it is."""
        with self._lock:
            if admitted.era == self._era or self._state == "closed":
                return None
            return self._retry_after_s(now)

    def settle(
        self, admitted: Pass, now: float, *, took_s: float, failure: str | None, is_certain: bool = True
    ) -> None:
        """The call is over: `failure` says in words what the agency did wrong, None that it did nothing wrong.

        One that is not certain counts like others in the share of bad calls; in a row it takes `min_calls` of them.
        """
        with self._lock:
            if admitted.era != self._era:
                return
            is_slow = took_s > self.rules.slow_call_s
            reason = failure if failure is not None else "slow" if is_slow else None
            if reason is not None:
                self._reasons.append((now, reason))
                self._bad_by_reason[reason] += 1
            if admitted.is_probe:
                self._enter("closed") if reason is None else self._open(now)
                return
            self._note(now, is_bad=reason is not None)
            if failure is None:
                self._failures_in_a_row = self._doubts_in_a_row = 0
            elif is_certain:
                self._failures_in_a_row += 1
            else:
                self._doubts_in_a_row += 1
            if self._is_bad_in_a_row() or self._has_too_many_bad():
                self._open(now)

    def release(self, admitted: Pass) -> None:
        """The call came to no end that says anything about the agency: its caller left, or it was never sent."""
        with self._lock:
            if admitted.is_probe and admitted.era == self._era:
                self._probing = False

    def stats(self, now: float) -> BreakerStats:
        """How it stands at `now`."""
        with self._lock:
            self._forget_old(now)
            return BreakerStats(
                state=self._state,
                calls=len(self._calls),
                bad=self._bad,
                failures_in_a_row=self._failures_in_a_row,
                opened=self._opened,
                retry_after_s=round(self._retry_after_s(now), 3) if self._state == "open" else None,
                bad_by_reason=dict(self._bad_by_reason),
                reasons=tuple(Reason(reason, round(now - at, 3)) for at, reason in reversed(self._reasons)),
            )

    def _retry_after_s(self, now: float) -> float:
        """Until the next probe; while one is made, as long as it takes until one after it, should it fail at once."""
        if self._state == "half_open":
            return self.rules.recovery_s
        return max(0.0, self._opened_at + self.rules.recovery_s - now)

    def _note(self, now: float, *, is_bad: bool) -> None:
        self._forget_old(now)
        self._calls.append((now, is_bad))
        self._bad += is_bad

    def _forget_old(self, now: float) -> None:
        while self._calls and self._calls[0][0] <= now - self.rules.window_s:
            self._bad -= self._calls.popleft()[1]

    def _is_bad_in_a_row(self) -> bool:
        return self._failures_in_a_row >= self.rules.in_a_row or self._doubts_in_a_row >= self.rules.min_calls

    def _has_too_many_bad(self) -> bool:
        calls = len(self._calls)
        return calls >= self.rules.min_calls and self._bad >= calls * self.rules.bad_share

    def _open(self, now: float) -> None:
        self._enter("open")
        self._opened += 1
        self._opened_at = now

    def _enter(self, state: BreakerState) -> None:
        self._state = state
        self._era += 1
        self._pass = Pass(self._era, is_probe=False)
        self._probing = False
        self._calls.clear()
        self._bad = self._failures_in_a_row = self._doubts_in_a_row = 0
