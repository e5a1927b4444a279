"""How often an agency may be asked: so many requests in so many seconds, several of such rules at once. Pure.

Kept libraries either test without a wait (limits) or wait on one event loop (aiolimiter). This one says when a request
may go, to threads and to the loop alike, and refuses at once what cannot go in time.
"""

import re
import threading
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["RATE_GRAMMAR", "Quota", "QuotaStats", "Rate", "divided", "parse_rates"]

RATE_GRAMMAR = "0 (no bound), or requests per seconds as in 100/60s, several separated by commas"

_RATE = re.compile(r"([0-9]{1,6})/([0-9]{1,5}(?:\.[0-9]{1,3})?)s")
#: What a request may be late on its way: the agency counts when it comes, we when it goes.
_MARGIN_S = 0.05


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any `period_s` seconds."""

    requests: int
    period_s: float


def parse_rates(text: str) -> tuple[Rate, ...]:
    """The rates that `100/60s,3/2s` names; none for `0`. Raises ValueError."""
    if text.strip() == "0":
        return ()
    matches = [_RATE.fullmatch(part.strip()) for part in text.split(",")]
    rates = tuple(Rate(int(match[1]), float(match[2])) for match in matches if match is not None)
    if len(rates) < len(matches) or any(not rate.requests or not rate.period_s for rate in rates):
        raise ValueError(f"not a rate: {RATE_GRAMMAR}")
    return rates


def divided(rates: Sequence[Rate], by: int) -> tuple[Rate, ...]:
    """What each of `by` processes may do so that all together keep to `rates`, as far as whole requests allow.

    Of fewer requests than processes, each makes one in a period that is so much longer: on average they keep to the
    rate, though not in every window of it.
    """
    return tuple(
        Rate(rate.requests // by, rate.period_s) if rate.requests >= by else Rate(1, rate.period_s * by / rate.requests)
        for rate in rates
    )


@dataclass(frozen=True, slots=True)
class QuotaStats:
    """`waiting` requests have been told a later time to go; `refused` could not have gone in time."""

    rates: tuple[Rate, ...]
    granted: int
    waiting: int
    refused: int


class Quota:
    """The turns of one agency. Times are seconds of one monotonic clock. Thread-safe; no method waits."""

    def __init__(self, rates: Sequence[Rate]) -> None:
        self.rates = tuple(rates)
        self._lock = threading.Lock()
        #: In order of time, those that are waited for included; what is too old for any rate is forgotten.
        self._turns: list[float] = []
        self._remembered_s = max((rate.period_s for rate in rates), default=0.0) + _MARGIN_S
        self._granted = self._refused = 0

    def take_turn(self, now: float, latest: float) -> tuple[float, bool]:
        """The time at which a request may go, and whether it is granted: not when it is after `latest`."""
        with self._lock:
            at, turns = now, self._turns
            for rate in self.rates:
                if len(turns) >= rate.requests:
                    at = max(at, turns[-rate.requests] + rate.period_s + _MARGIN_S)
            if at > latest:
                self._refused += 1
                return at, False
            if turns and turns[0] <= (oldest := now - self._remembered_s):
                del turns[: bisect_right(turns, oldest)]
            insort(turns, at)  # of turns that were given back, the next may be earlier than those still held
            self._granted += 1
            return at, True

    def confirm(self, at: float, now: float) -> float:
        """The turn at `at` has come: the time at which it may be used, later when those before it were late."""
        with self._lock:
            place = bisect_left(self._turns, at)
            due = now
            for rate in self.rates:
                if place >= rate.requests:
                    due = max(due, self._turns[place - rate.requests] + rate.period_s + _MARGIN_S)
            self._move(at, due)
            return due

    def use(self, at: float, now: float) -> None:
        """The request of the turn at `at` goes out only now: what comes after it counts from here."""
        with self._lock:
            self._move(at, now)

    def _move(self, at: float, to: float) -> None:
        if self._forget(at):
            insort(self._turns, to)

    def give_back(self, at: float) -> None:
        """The turn at `at` is not used."""
        with self._lock:
            if self._forget(at):
                self._granted -= 1

    def _forget(self, at: float) -> bool:
        """Whether there was such a turn."""
        place = bisect_left(self._turns, at)
        found = place < len(self._turns) and self._turns[place] == at
        if found:
            del self._turns[place]
        return found

    def stats(self, now: float) -> QuotaStats:
        """How it stands at `now`."""
        with self._lock:
            waiting = sum(at > now for at in self._turns)
            return QuotaStats(self.rates, self._granted, waiting, self._refused)
