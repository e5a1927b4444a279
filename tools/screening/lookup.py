"""Looks asked words up in the index: which listed words are like them, and which names hold those.

The same words are asked again and again (given names, words of trade), so that what was found is kept.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from string import ascii_lowercase

import numpy as np
import numpy.typing as npt

from tools.screening.index import ListIndex
from tools.screening.light_words import HEAVIEST_LIGHT_WORD, is_light, is_slip_in_form, light_word_like
from tools.screening.names import LEAST_WEIGHT, NameWords, with_weights
from tools.screening.words import weight_of

__all__ = ["FoundNames", "FoundWord", "Lookup"]

_KEPT_WORDS = 8192
_KEPT_NAMES = 1024
_SHORT = 2
#: How like a word of two letters is to one of three that holds it.
_NEAR_SHORT = 0.65


@dataclass(frozen=True, slots=True)
class FoundWord:
    """An asked word: the numbers of listed words like it, each with its likeness; `best` is the highest of these.

    `is_listed` when it is one itself.
    """

    like: dict[int, float]
    best: float
    is_listed: bool


@dataclass(frozen=True, slots=True)
class FoundNames:
    """The numbers of names that hold a word like the asked one, and of both words there:

    how like they are, times what the asked one weighs (`reach`); the lesser weight; that times the likeness (`shares`);
    and the greater weight (`covers`).
    """

    names: npt.NDArray[np.int32]
    reach: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    shares: npt.NDArray[np.float32]
    covers: npt.NDArray[np.float32]


class Lookup:
    """What is found of single words. Threads may share it.

    What is kept does not refer to the lookup, so that a list that is replaced is let go at once.
    """

    def __init__(self, index: ListIndex) -> None:
        # Once for all: the first caller need not wait for what it makes ready.
        light_word_like("trdaing")
        self._listed = index.word_numbers
        self.word = lru_cache(_KEPT_WORDS)(partial(_found_word, index))
        self.weight = lru_cache(_KEPT_WORDS)(partial(_weight_of, self.word))
        self.names = lru_cache(_KEPT_NAMES)(partial(_found_names, index, self.word))

    def is_listed(self, word: str) -> bool:
        """Whether a listed name holds `word` itself, or it is a legal form or a word that all firms use."""
        return word in self._listed or is_light(word)

    def weighed(self, name: NameWords, *, is_person: bool) -> NameWords:
        """The name with slips in light words seen as such, as long as anything else is left."""
        weights = list(map(min, name.weights, map(self.weight, name.words)))
        if not is_person and is_slip_in_form(name.words[-1]) and not self.word(name.words[-1]).is_listed:
            weights[-1] = 0.0
        if tuple(weights) == name.weights or sum(weights) < LEAST_WEIGHT:
            return name
        return with_weights(name.words, weights, name.ignored)

    def share_a_name(self, words: Iterable[str]) -> bool:
        """Whether one listed name holds a word like each of `words`."""
        common: npt.NDArray[np.int32] | None = None
        for word in words:
            if is_light(word):
                continue
            names = self.names(word, 1.0).names
            common = names if common is None else common[np.isin(common, names)]
            if not len(common):
                return False
        return True


def _found_word(index: ListIndex, word: str) -> FoundWord:
    like = dict(index.spelling.similar(word))
    number = index.word_numbers.get(word)
    if number is not None:
        like[number] = 1.0
    elif 1 < len(word) < 4 and word.isalpha():
        like |= dict.fromkeys(_near_short(index.word_numbers, word), _NEAR_SHORT)
    return FoundWord(like, max(like.values(), default=0.0), number is not None)


def _near_short(numbers: Mapping[str, int], word: str) -> list[int]:
    """Listed words of two and three letters with one letter more or less than one that is not listed.

    Two listed ones are never taken for each other: Li is not Liu.
    """
    if len(word) == _SHORT:
        near = [word[:at] + letter + word[at:] for at in range(3) for letter in ascii_lowercase]
    else:
        near = [word[:at] + word[at + 1 :] for at in range(3)]
    return [numbers[each] for each in near if each in numbers]


def _weight_of(found_word: Callable[[str], FoundWord], word: str) -> float:
    """What `word` tells; of a slip in a legal form or in a word that all firms use, what that tells."""
    weight = weight_of(word)
    if weight <= HEAVIEST_LIGHT_WORD:
        return weight
    found = found_word(word)
    if found.is_listed:
        return weight
    light, how = light_word_like(word)
    return weight if light is None or how < found.best else weight_of(light)


def _found_names(index: ListIndex, found_word: Callable[[str], FoundWord], word: str, weight: float) -> FoundNames:
    """The names that hold a word like `word`, which weighs `weight`; a name may come up twice."""
    like = found_word(word).like
    words = np.fromiter(like, np.int32, len(like))
    names, weights, counts = index.names_with(words)
    asked, listed = np.float32(weight), weights
    weights = np.minimum(listed, asked)
    likeness = np.repeat(np.fromiter(like.values(), np.float32, len(like)), counts)
    return FoundNames(names, asked * likeness, weights, weights * likeness, np.maximum(listed, asked))
