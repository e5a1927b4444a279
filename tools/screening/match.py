"""Screens a name against the list held here, and says of every hit why it is one."""

from collections.abc import Container
from pathlib import Path

from tools.sanctions_names import AskedName
from tools.screening.algorithms import ALGORITHMS, DEFAULT_THRESHOLD
from tools.screening.align import align
from tools.screening.candidates import SCALES, Allowed, Candidates
from tools.screening.index import KINDS, ListIndex
from tools.screening.lookup import Lookup
from tools.screening.names import NameWords, read_name
from tools.screening.ofac import OfacSearch
from tools.screening.readings import readings_of
from tools.screening.subject import Match, Subject
from tools.screening.weighing import MOST_RAISE, NameHit, Weighing

__all__ = ["Match", "Matcher", "Subject"]

#: So many names at most are aligned word by word.
_MOST_NAMES = 150
#: From here on whether the whole name is equal is looked at.
_NEARLY_EQUAL = 0.78
#: There is no lower threshold: everything would be a candidate.
_LEAST = 0.05
_ROUNDING = 0.0001
#: Letters of a firm's or a vessel's name are no one's initials.
_WITH_INITIALS = (None, "Individual")
#: The most of a name that is not equal.
_NOT_EQUAL = 0.99


class Matcher:
    """Compares with one version of the list. Threads may share it."""

    def __init__(self, index: ListIndex) -> None:
        self._index = index
        self._lookup = Lookup(index)
        self._candidates = Candidates(index, self._lookup)
        self._ofac = OfacSearch(index)

    @classmethod
    def load(cls, folder: Path) -> "Matcher":
        """Map the index in `folder`, which `build_index` wrote, into memory. Raises OSError, ValueError."""
        return cls(ListIndex(folder))

    def screen(
        self,
        subject: Subject,
        threshold: float = DEFAULT_THRESHOLD,
        lists: Container[str] | None = None,
        algorithm: str = ALGORITHMS[0],
        limit: int = 100,
    ) -> list[Match]:
        """The entries whose score is `threshold` or more, the highest first, `limit` at most.

        `lists` are the codes of the lists to look at (None: all). Entries that state another type than the subject's
        are left out, unless an identifier is equal. Raises ValueError when `algorithm` is none of ALGORITHMS.
        """
        if algorithm not in ALGORITHMS:
            raise ValueError(f"no algorithm {algorithm!r}; there are {', '.join(ALGORITHMS)}")
        allowed = Allowed.of(self._index, subject.type, lists)
        weighing = Weighing(subject, self._index.traits, threshold)
        hits = {} if algorithm == "ofac" else self._by_name(subject, threshold, allowed)
        by_id = self._by_id(subject, lists, hits, weighing)
        known = {match.at for match in by_id}
        if algorithm == "ofac":
            by_name = self._as_ofac(subject, threshold, allowed)
        else:
            weighed = [(match, hits[match.at].rank) for match in map(weighing.by_name, hits.values()) if match]
            weighed.sort(key=lambda each: (each[0].score, *each[1]), reverse=True)
            by_name = [match for match, _ in weighed]
        return [*by_id, *[match for match in by_name if match.at not in known]][:limit]

    def _by_name(self, subject: Subject, threshold: float, allowed: Allowed) -> dict[int, NameHit]:
        """The best name of every allowed entry that may reach the threshold, whatever else weighs on it."""
        read = read_name(subject.name)
        if not read.words:
            return {}
        asked = self._lookup.weighed(read, is_person=subject.type == "Individual")
        least = max(threshold - (MOST_RAISE if subject.country or subject.dob else 0.0), _LEAST)
        whole = AskedName(subject.name)
        best: dict[int, NameHit] = {}
        for reading in readings_of(asked, self._lookup):
            # What is equal but for brackets and the like may be no more than so alike, word by word.
            for number in self._candidates.best(reading, min(least, _NEARLY_EQUAL), _MOST_NAMES, allowed):
                hit = self._align(reading, number, whole, subject, least, reading is not asked)
                if hit is None:
                    continue
                known = best.get(hit.entry)
                if known is None or hit.rank > known.rank:
                    best[hit.entry] = hit
        return best

    def _align(
        self, asked: NameWords, number: int, whole: AskedName, subject: Subject, least: float, rejoined: bool
    ) -> NameHit | None:
        """The name as a hit; None when it scores less than `least`."""
        index = self._index
        entry = int(index.name_entry[number])
        words, weights = index.words_of_name(number)
        kind = KINDS[index.entry_kind[entry]] or subject.type
        like, initials = self._alike(asked, words)
        if kind not in _WITH_INITIALS:
            initials = []
        met = align(like, asked.weights, weights, initials, SCALES.get(kind, SCALES[None]))
        if met.score < least - _ROUNDING and met.score < _NEARLY_EQUAL:
            return None
        name = index.name(number)
        equal = met.score >= _NEARLY_EQUAL and whole.compare(name).equal
        score = 1.0 if equal else min(round(met.score, 4), _NOT_EQUAL)
        if score < least:
            return None
        return NameHit(
            entry=entry,
            name=name,
            is_alias=index.is_alias(number),
            score=score,
            equal=equal,
            same_text=name == subject.name,
            rejoined=rejoined,
            asked=asked,
            listed=tuple([index.words[word] for word in words]),
            ignored=asked.ignored,
            met=met,
        )

    def _alike(self, asked: NameWords, listed: list[int]) -> tuple[list[tuple[float, int, int]], list[tuple[int, int]]]:
        like: list[tuple[float, int, int]] = []
        initials: list[tuple[int, int]] = []
        texts = self._index.words
        for at, word in enumerate(asked.words):
            known = self._lookup.word(word).like
            for place, number in enumerate(listed):
                how = known.get(number)
                if how is not None:
                    like.append((how, at, place))
                else:
                    text = texts[number]
                    if (len(word) == 1 or len(text) == 1) and word[0] == text[0]:
                        initials.append((at, place))
        return like, initials

    def _by_id(
        self, subject: Subject, lists: Container[str] | None, hits: dict[int, NameHit], weighing: Weighing
    ) -> list[Match]:
        found: dict[int, Match] = {}
        for number in subject.ids:
            for entry in self._index.traits.entries_with_id(number):
                if entry not in found and self._is_on(entry, lists):
                    found[entry] = weighing.by_id(entry, number, hits.get(entry), self._index.first_name(entry))
        return list(found.values())

    def _as_ofac(self, subject: Subject, threshold: float, allowed: Allowed) -> list[Match]:
        index, whole = self._index, AskedName(subject.name)
        best: dict[int, Match] = {}
        for hit in self._ofac.search(subject.name, threshold):
            entry = int(index.name_entry[hit.name])
            known = best.get(entry)
            if not allowed.entry(entry) or (known is not None and known.score >= hit.score):
                continue
            name = index.name(hit.name)
            best[entry] = Match(
                at=entry,
                score=hit.score,
                matched_name=name,
                matched_on="alias" if index.is_alias(hit.name) else "name",
                basis="name",
                equal=whole.compare(name).equal,
                parts=hit.parts,
                ignored=(),
            )
        return sorted(best.values(), key=lambda match: (match.score, match.equal), reverse=True)

    def _is_on(self, entry: int, lists: Container[str] | None) -> bool:
        return lists is None or self._index.lists[self._index.entry_list[entry]] in lists
