"""When the agency is asked for the list again, and what is known of the one in force. Pure: the clocks are handed in.

`tick_s` is a monotonic clock's, in seconds, for what is to be waited for; `now` is the time of day (UTC), since an age
has to outlive a restart.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.screening.manifest import Attempt, InForce, Manifest, Suspect
from tools.screening.totals import AgencyTotals, TotalsCheck, compared_totals, is_due

__all__ = ["Keeper", "ListState", "Rhythm"]

#: Clocks of two machines, or of one that was set, may differ by so much.
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often to ask, in seconds; all of these are made longer or shorter by up to `jitter`, a share of them.

    After a failure or a suspect the next question comes `retry_s` later, twice that after a second one, and so on up to
    `every_s`. `fresh_s`: so long after it was last confirmed the list may clear somebody.
    """

    every_s: float = 3600.0
    jitter: float = 0.1
    retry_s: float = 60.0
    fresh_s: float = 24 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListState:
    """What there is to tell of the list: for people, for metrics, and for the source of an answer.

    `in_force` is None when there is none; then `manifest` is, too. `age_s` counts from when it was last confirmed.
    `suspect` is a file that came since and was not believed; `last_error` why the last question had no answer, None
    when it had one. `not_screened_because`: why nobody may be cleared by it, None when one may. `totals` is the
    agency's own count beside the list in force, None when it was never asked for one.
    """

    in_force: InForce | None
    manifest: Manifest | None
    age_s: float | None
    suspect: Suspect | None
    last_error: str | None
    asked_at: datetime | None
    not_screened_because: str | None
    totals: TotalsCheck | None = None

    @property
    def version(self) -> str | None:
        """The hash of the file in force."""
        return None if self.in_force is None else self.in_force.sha256


class Keeper:
    """Knows what is in force, and when to ask next: at once, then as the `rhythm` says.

    `dice` returns numbers from 0 to 1. `first_attempt_ended` says whether the agency has been asked at all.
    """

    def __init__(self, rhythm: Rhythm, dice: Callable[[], float]) -> None:
        self._rhythm, self._dice = rhythm, dice
        self._in_force: InForce | None = None
        self._manifest: Manifest | None = None
        self._suspect: Suspect | None = None
        self._last_error: str | None = None
        self._asked_at: datetime | None = None
        self._totals: AgencyTotals | None = None
        self._check: TotalsCheck | None = None
        self._failures = 0
        self._next_at_s: float | None = None
        self.first_attempt_ended = False

    def hold(self, in_force: InForce | None, manifest: Manifest | None, suspect: Suspect | None) -> None:
        """What the disk has: at the start, and after another process has put it there."""
        self._in_force, self._manifest, self._suspect = in_force, manifest, suspect
        self._compare()

    def heard(self, attempt: Attempt, started_at: datetime) -> None:
        """Another process has asked; `started_at` is when this one began: what was before is no attempt of its own."""
        self._asked_at, self._last_error = attempt.asked_at, attempt.error
        self.first_attempt_ended = self.first_attempt_ended or attempt.ended_at >= started_at

    # -- the agency's own count --

    def counted(self, totals: AgencyTotals | None) -> None:
        """Note what the agency said of its entries, to this process or to another one."""
        self._totals = totals
        self._compare()

    def totals_are_due(self, now: datetime) -> bool:
        """Return whether it is time to ask for them: there is a list in force to compare them with."""
        return self._in_force is not None and is_due(self._totals, now)

    # -- asking --

    def wait_s(self, tick_s: float) -> float:
        """Seconds until the next question; 0: ask now."""
        return 0.0 if self._next_at_s is None else max(0.0, self._next_at_s - tick_s)

    def ask_soon(self) -> None:
        """Ask as soon as possible, as when a person wants it."""
        self._next_at_s = None

    def conditions(self, url: str) -> Mapping[str, str]:
        """Headers that make the agency answer 304 when what is in force is still the current file at `url`."""
        told = self._in_force
        if told is None or told.url != url:
            return {}
        headers = {"If-None-Match": told.etag, "If-Modified-Since": told.last_modified}
        return {name: value for name, value in headers.items() if value is not None}

    def asking(self, now: datetime) -> None:
        """A question goes out."""
        self._asked_at = now

    # -- what came --

    def confirmed(self, in_force: InForce, manifest: Manifest, tick_s: float) -> None:
        """A 304, or a 200 with a file that is believed: `in_force` says that it is the current one."""
        self._in_force, self._manifest, self._suspect = in_force, manifest, None
        self._compare()
        self._ended(None, failed=False, tick_s=tick_s)

    def suspected(self, suspect: Suspect, tick_s: float) -> None:
        """A 200 with a file that is not believed. What is in force stays so, and is not confirmed by it."""
        self._suspect = suspect
        self._ended(None, failed=True, tick_s=tick_s)

    def failed(self, words: str, tick_s: float, retry_after_s: float | None = None) -> None:
        """No file came, or none could be made of it. `retry_after_s` is the agency's own wish."""
        self._ended(words, failed=True, tick_s=tick_s)
        if retry_after_s is not None and self._next_at_s is not None:
            self._next_at_s = max(self._next_at_s, tick_s + min(retry_after_s, self._rhythm.every_s))

    def _ended(self, error: str | None, *, failed: bool, tick_s: float) -> None:
        self._last_error, self.first_attempt_ended = error, True
        self._failures = self._failures + 1 if failed else 0
        rhythm = self._rhythm
        wait_s = rhythm.every_s
        if self._failures:
            # 2**40 retries are more than anybody waits for; beyond that a float would not do.
            wait_s = min(rhythm.every_s, rhythm.retry_s * 2 ** min(self._failures - 1, 40))
        self._next_at_s = tick_s + wait_s * (1 + rhythm.jitter * (2 * self._dice() - 1))

    # -- telling --

    def is_fresh(self, now: datetime) -> bool:
        """Whether the list in force may clear somebody."""
        return self._why_not(now) is None

    def state(self, now: datetime) -> ListState:
        """Everything there is to tell."""
        told = self._in_force
        return ListState(
            in_force=told,
            manifest=self._manifest,
            age_s=None if told is None else max(0.0, (now - told.confirmed_at).total_seconds()),
            suspect=self._suspect,
            last_error=self._last_error,
            asked_at=self._asked_at,
            not_screened_because=self._why_not(now),
            totals=self._check,
        )

    def _compare(self) -> None:
        """Compare now, for the state is asked for with every answer."""
        if self._totals is None or self._manifest is None:
            self._check = None
            return
        counted = self._manifest.figures.entries_per_list
        self._check = compared_totals(self._totals, self._manifest.entries, counted)

    def _why_not(self, now: datetime) -> str | None:
        told, lately = self._in_force, ""
        if self._suspect is not None:
            gates = ", ".join(dict.fromkeys(gate.code for gate in self._suspect.gates))
            lately = f"; the file that came since is suspect ({gates})"
        elif self._last_error is not None:
            lately = f"; {self._last_error}"
        if told is None:
            return f"no list is in force{lately}"
        age = now - told.confirmed_at
        if age < -_CLOCKS_DIFFER:
            return f"the list was last confirmed at {told.confirmed_at:%Y-%m-%dT%H:%MZ}, which has not come yet"
        if age.total_seconds() > self._rhythm.fresh_s:
            hours = age.total_seconds() / 3600
            return (
                f"the list was last confirmed {hours:.0f} h ago, {self._rhythm.fresh_s / 3600:g} h are allowed{lately}"
            )
        return None
