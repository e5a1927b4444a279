"""The shape of OFAC's own search, for those who must compare with it: the higher of two Jaro-Winkler similarities.

One is that of the whole names, in the order of the list and with the family name last; the other the mean over the
asked words of the best listed word that begins with the same letter. Words of one or two letters count only when there
are no others. Of recorded scores of OFAC's search it meets most within a few hundredths; names of which one word of two
is equal are scored higher there. Nothing else weighs on these scores.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cdist

from tools.sanctions_names import words_of
from tools.screening.index import ListIndex
from tools.screening.subject import Part

__all__ = ["OfacHit", "OfacSearch", "ofac_score"]

_SHORT = 2
#: Whole names are compared of names whose parts are at least so alike, of so many at most.
_WORTH_A_LOOK = 0.3
_MOST_NAMES = 3000


@dataclass(frozen=True, slots=True)
class OfacHit:
    """A listed name by its number, its score, and what it is the sum of."""

    name: int
    score: float
    parts: tuple[Part, ...]


class OfacSearch:
    """Searches one index. It looks at every word of the list, and takes some tens of milliseconds."""

    def __init__(self, index: ListIndex) -> None:
        self._index = index

    def search(self, name: str, threshold: float) -> list[OfacHit]:
        """The listed names whose score is `threshold` or more."""
        words = words_of(name)
        if not words:
            return []
        by_parts = np.mean([self._index.best_of_words(self._of_words(part)) for part in _parts(words)], axis=0)
        names = np.flatnonzero(by_parts >= min(_WORTH_A_LOOK, threshold))
        if len(names) > _MOST_NAMES:
            names = names[np.argpartition(-by_parts[names], _MOST_NAMES)[:_MOST_NAMES]]
        scored = [(number, *ofac_score(name, self._index.name(number))) for number in names.tolist()]
        return [OfacHit(number, score, parts) for number, score, parts in scored if score >= threshold]

    def _of_words(self, part: str) -> npt.NDArray[np.float32]:
        """How like every listed word is to `part`; 0 of those that begin with another letter."""
        words = self._index.words
        gated = [number for number, word in enumerate(words) if word[0] == part[0]]
        alike = np.zeros(len(words), np.float32)
        if gated:
            listed = [words[number] for number in gated]
            alike[gated] = cdist([part], listed, scorer=JaroWinkler.similarity, dtype=np.float32)[0]
        return alike


def ofac_score(asked: str, listed: str) -> tuple[float, tuple[Part, ...]]:
    """The score of two names, 0 to 1, and what it is the sum of."""
    words, listed_words = words_of(asked), words_of(listed)
    if not words or not listed_words:
        return 0.0, ()
    text = " ".join(words)
    family, _, given = listed.partition(", ")
    wholes = {" ".join(listed_words), " ".join(words_of(f"{given} {family}"))}
    whole, name = max((JaroWinkler.similarity(text, other), other) for other in wholes)
    parts = _parts(words)
    best = [_best(part, listed_words) for part in parts]
    by_parts = sum([how for how, _ in best]) / len(parts)
    if whole >= by_parts:
        score = round(whole, 4)
        return score, (Part("whole", text, name, score, score),)
    shares = [round(how / len(parts), 4) for how, _ in best]
    told = zip(parts, best, shares, strict=True)
    return round(sum(shares), 4), tuple([Part("word", part, word, round(how, 4), s) for part, (how, word), s in told])


def _parts(words: tuple[str, ...]) -> list[str]:
    return [word for word in words if len(word) > _SHORT] or list(words)


def _best(part: str, words: tuple[str, ...]) -> tuple[float, str]:
    """The most like word that begins with the same letter."""
    alike = [(JaroWinkler.similarity(part, word), word) for word in words if word[0] == part[0]]
    return max(alike, default=(0.0, ""))
