"""Which listed names may reach a score at all: an upper bound of the score of every name, and the best by it.

The bound takes each asked word at its best in a name, whatever else met there, so that no name is lost that the
alignment would find.
"""

from collections.abc import Container
from dataclasses import dataclass
from threading import local

import numpy as np
import numpy.typing as npt

from tools.screening.align import ENTITY, PERSON, THING, Scale
from tools.screening.index import KINDS, ListIndex
from tools.screening.lookup import FoundNames, Lookup
from tools.screening.names import NameWords

__all__ = ["SCALES", "Allowed", "Candidates"]

#: How much excess words count, by type of entry; of those that state none they count little, as a person's.
SCALES: dict[str | None, Scale] = {
    None: PERSON,
    "Individual": PERSON,
    "Entity": ENTITY,
    "Vessel": THING,
    "Aircraft": THING,
}
#: Words that weigh no more stand in too many names to look for them; they are taken as found.
_TOO_COMMON = 0.2
#: As long as others weigh this much together.
_TELLING = 0.8
_INITIAL = 0.4


@dataclass(frozen=True, slots=True)
class Allowed:
    """Which entries are asked for: those of a type, or that state none, on some of the lists."""

    _index: ListIndex
    _kinds: npt.NDArray[np.bool_] | None
    _lists: npt.NDArray[np.bool_] | None

    @classmethod
    def of(cls, index: ListIndex, kind: str | None, lists: Container[str] | None) -> "Allowed":
        """Those of type `kind` (None: any) on the lists of the codes `lists` (None: all)."""
        kinds = np.array([each is None or each == kind for each in KINDS]) if kind in KINDS[1:] else None
        return cls(index, kinds, None if lists is None else np.array([code in lists for code in index.lists]))

    def entry(self, entry: int) -> bool:
        """Whether an entry is one of them."""
        index = self._index
        return (self._kinds is None or bool(self._kinds[index.entry_kind[entry]])) and (
            self._lists is None or bool(self._lists[index.entry_list[entry]])
        )

    def names(self, names: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
        """Which of the names have such an entry."""
        entries = self._index.name_entry[names]
        allowed = np.ones(len(names), np.bool_)
        if self._kinds is not None:
            allowed &= self._kinds[self._index.entry_kind[entries]]
        if self._lists is not None:
            allowed &= self._lists[self._index.entry_list[entries]]
        return allowed


class _Sums(local):
    """A sum per name, all 0 between two searches; each thread has its own."""

    def __init__(self, count: int) -> None:
        self.reach = np.zeros(count, np.float32)


class Candidates:
    """Finds names by the index. Threads may share it."""

    def __init__(self, index: ListIndex, lookup: Lookup) -> None:
        self._index, self._lookup = index, lookup
        # What an initial of the listed name may stand for: a word of weight 1 that is not looked for.
        self._slack = index.name_initials.astype(np.float64)
        scales = [SCALES[kind] for kind in KINDS]
        of_entry = index.entry_kind[index.name_entry] if len(index.name_entry) else np.zeros(0, np.uint8)
        self._kind = np.ascontiguousarray(of_entry)
        self._sums = _Sums(len(self._kind))
        self._asked = np.array([scale.asked for scale in scales], np.float64)
        self._listed = np.array([scale.listed for scale in scales], np.float64)
        self._both = np.array([scale.both for scale in scales], np.float64)
        self._least_asked = min(scale.asked for scale in scales)

    def best(self, asked: NameWords, threshold: float, most: int, allowed: Allowed) -> list[int]:
        """The numbers of up to `most` `allowed` names whose score may be `threshold` or more, the likeliest first."""
        found, free = self._found(asked)
        total = asked.weight
        # score <= reach / (reach + excess * (total - reach)), so that so much must be reached:
        excess = self._least_asked * threshold
        need = max(excess * total / (1 - threshold + excess) - free - 1e-4, 1e-6)
        holders = np.concatenate([each.names for each in found])
        places = self._reached(holders, np.concatenate([each.reach for each in found]), need)
        places = places[allowed.names(holders[places])]
        if not len(places):
            return []
        names, of_place = np.unique(holders[places], return_inverse=True)
        slack = self._slack[names] + free
        met, weight, cover = [
            np.bincount(of_place, np.concatenate(each)[places]) + slack
            for each in zip(*[(each.shares, each.weights, each.covers) for each in found], strict=True)
        ]
        bound = self._bound(names, met, weight, cover, total)
        chosen = np.flatnonzero(bound >= threshold - 1e-4)
        if len(chosen) > most:
            chosen = chosen[np.argpartition(-bound[chosen], most)[:most]]
        ranked: list[int] = names[chosen[np.argsort(-bound[chosen], kind="stable")]].tolist()
        return ranked

    def _reached(
        self, holders: npt.NDArray[np.int32], reach: npt.NDArray[np.float32], need: float
    ) -> npt.NDArray[np.integer]:
        """The places of `holders` whose names reach `need`; a name may be held in several."""
        # Only names that hold any of the words are looked at, which are few beside all.
        total = self._sums.reach
        try:
            np.add.at(total, holders, reach)
            return np.flatnonzero(total[holders] + self._slack[holders] >= need)
        finally:
            total[holders] = 0.0

    def _found(self, asked: NameWords) -> tuple[list[FoundNames], float]:
        """The names that hold the asked words, and what words that are too common to look for may add."""
        pairs = list(zip(asked.words, asked.weights, strict=True))
        telling = [(word, weight) for word, weight in pairs if weight > _TOO_COMMON and len(word) > 1]
        if sum([weight for _, weight in telling]) < _TELLING:
            telling = pairs
        free = asked.weight - sum([weight for _, weight in telling])
        free += _INITIAL * sum([len(word) == 1 for word in asked.words])
        return [self._lookup.names(word, weight) for word, weight in telling], free

    def _bound(
        self,
        names: npt.NDArray[np.integer],
        met: npt.NDArray[np.floating],
        weight: npt.NDArray[np.floating],
        cover: npt.NDArray[np.floating],
        total: float,
    ) -> npt.NDArray[np.floating]:
        weight = np.minimum(weight, total)
        met = np.minimum(met, weight)
        rest_asked = np.maximum(total - cover, 0)
        rest_listed = np.maximum(self._index.name_weight[names] - self._slack[names] - cover, 0)
        both = np.minimum(rest_asked, rest_listed)
        kind = self._kind[names]
        whole = weight + self._asked[kind] * (rest_asked - both) + self._listed[kind] * (rest_listed - both)
        bound: npt.NDArray[np.floating] = met / (whole + self._both[kind] * both)
        return bound
