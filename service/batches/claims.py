"""Which chunk is computed next, by the one process that computes. Decides, and does nothing; times are handed in.

What is claimed is known here only: whoever takes over after a kill finds what has no results, and begins it anew.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from service.batches.sqlite_reading import OpenChunks

__all__ = ["MOST_ATTEMPTS", "Claim", "Claims"]

#: How often a chunk may come to nothing before it is set aside.
MOST_ATTEMPTS = 3
#: Before the second attempt; twice that before the third.
_RETRY_S = 2.0
#: A job that lacks a list is looked at again after that.
_LIST_AWAY_S = 5.0
#: Chunks that ask the agency, at once: they take minutes, and must not stand in the way of the others.
_ASKING_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk that is being computed."""

    job_id: str
    number: int


@dataclass(slots=True)
class Claims:
    """What is under way: up to `at_once` chunks by the list, and a few that ask the agency."""

    at_once: int
    _under_way: dict[Claim, str] = field(default_factory=dict)
    #: When each job had its last turn, counted in turns.
    _turns: dict[str, int] = field(default_factory=dict)
    _turn: int = 0
    _away_until: dict[str, float] = field(default_factory=dict)

    @property
    def under_way(self) -> Collection[Claim]:
        """The chunks that are claimed."""
        return self._under_way.keys()

    @property
    def wanted_of_each(self) -> int:
        """So many open chunks of a job are enough to choose from."""
        return max(self.at_once, _ASKING_AT_ONCE)

    def waiting_for_list(self, now_s: float) -> frozenset[str]:
        """Jobs that need not be looked at yet."""
        self._away_until = {job_id: until for job_id, until in self._away_until.items() if until > now_s}
        return frozenset(self._away_until)

    def claim(self, open_chunks: Collection[OpenChunks], now_s: float) -> Claim | None:
        """Take one of them: of the job that has the fewest under way; of several such, the one whose last turn is the
        longest ago. None when there is nothing to take, or no room."""
        waiting = self.waiting_for_list(now_s)
        room = {"list": self._room("list", self.at_once), "api": self._room("api", _ASKING_AT_ONCE)}
        candidates = [
            (self._of(each.job_id), self._turns.get(each.job_id, -1), place, each, number)
            for place, each in enumerate(open_chunks)
            if room[each.via] and each.job_id not in waiting and (number := self._first_free(each)) is not None
        ]
        if not candidates:
            return None
        *_, chosen, number = min(candidates, key=lambda each: each[:3])
        claim = Claim(chosen.job_id, number)
        self._under_way[claim] = chosen.via
        self._turn += 1
        # Of jobs that are not there any more nothing is remembered.
        self._turns = {each.job_id: self._turns.get(each.job_id, -1) for each in open_chunks}
        self._turns[chosen.job_id] = self._turn
        return claim

    def release(self, claim: Claim) -> None:
        """It is written, or nobody needs it any more."""
        del self._under_way[claim]

    def list_is_away(self, claim: Claim, now_s: float) -> None:
        """Let the job of `claim` wait for a list."""
        self._away_until[claim.job_id] = now_s + _LIST_AWAY_S

    @staticmethod
    def pause_s(attempts: int) -> float | None:
        """How long to wait after so many attempts that came to nothing; None: the chunk is to be set aside."""
        return None if attempts >= MOST_ATTEMPTS else _RETRY_S * 2 ** (attempts - 1)

    def _room(self, via: str, at_once: int) -> bool:
        return sum(each == via for each in self._under_way.values()) < at_once

    def _of(self, job_id: str) -> int:
        return sum(each.job_id == job_id for each in self._under_way)

    def _first_free(self, each: OpenChunks) -> int | None:
        return next((number for number in each.numbers if Claim(each.job_id, number) not in self._under_way), None)
