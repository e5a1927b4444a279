"""Finds all listed words that are like a given one, in flat arrays: no word of the list is passed over.

Two words that are two slips apart have a rest in common when up to two letters of each are left out (of their first
eight: what differs later is found by the rest of those). Two words of one sound have that in common. The hashes of all
of these are held sorted, each with the number of its word.
"""

from collections.abc import Iterator, Sequence
from zlib import crc32

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from tools.screening.likeness import likeness_of_others, slips_allowed, sound_of

__all__ = ["SimilarWords", "Spelling", "spelling_of"]

_PREFIX = 8
SimilarWords = tuple[tuple[int, float], ...]


def _rests(word: str, slips: int) -> Iterator[str]:
    """`word` with up to `slips` letters (2 at most) left out; some come up twice."""
    yield word
    if slips:
        for first in range(len(word)):
            once = word[:first] + word[first + 1 :]
            yield once
            if slips > 1:
                for second in range(first, len(once)):
                    yield once[:second] + once[second + 1 :]


def _hashes(word: str) -> tuple[set[int], int | None]:
    """Those of its rests, and that of its sound. None at all of a word that is compared exactly."""
    slips = slips_allowed(word)
    if not slips:
        return set(), None
    sound = sound_of(word)
    rests = set(map(crc32, map(str.encode, _rests(word[:_PREFIX], slips))))
    return rests, crc32(b"#" + sound.encode()) if sound else None


def spelling_of(words: Sequence[str]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int32]]:
    """The hashes, sorted, and the numbers of the words (their places in `words`) that they belong to."""
    hashes: list[npt.NDArray[np.uint32]] = []
    counts = np.zeros(len(words), np.int64)
    for at, word in enumerate(words):
        of_word, sound = _hashes(word)
        if sound is not None:
            of_word.add(sound)
        counts[at] = len(of_word)
        hashes.append(np.fromiter(of_word, np.uint32, len(of_word)))
    joined = np.concatenate(hashes) if hashes else np.zeros(0, np.uint32)
    numbers = np.repeat(np.arange(len(words), dtype=np.int32), counts)
    order = np.argsort(joined, kind="stable")
    return joined[order], numbers[order]


class Spelling:
    """Looks words up in what `spelling_of` made. Nothing is changed by reading, so threads may share it."""

    def __init__(self, words: Sequence[str], hashes: npt.NDArray[np.uint32], numbers: npt.NDArray[np.int32]) -> None:
        self._words = words
        self._hashes, self._numbers = hashes, numbers

    def similar(self, word: str) -> SimilarWords:
        """The numbers of the words that are like `word`, but for itself, and how like they are."""
        rests, sound = _hashes(word)
        if not rests:
            return ()
        by_sound = self._with_hashes([sound]) if sound is not None else set()
        words = self._words
        like: list[tuple[int, float]] = []
        by_rests = list(self._with_hashes(list(rests)) - by_sound)
        if by_rests:
            slips = slips_allowed(word)
            others = [words[number] for number in by_rests]
            apart = cdist([word], others, scorer=OSA.distance, score_cutoff=slips, dtype=np.uint8)[0]
            by_rests = [by_rests[at] for at in np.flatnonzero(apart <= slips).tolist()]
        for numbers, same_sound in ((by_rests, False), (by_sound, True)):
            for number in numbers:
                other = words[number]
                if other != word:
                    how = likeness_of_others(word, other, same_sound=same_sound)
                    if how:
                        like.append((number, how))
        return tuple(like)

    def _with_hashes(self, wanted: list[int]) -> set[int]:
        hashes = np.array(wanted, np.uint32)
        starts = np.searchsorted(self._hashes, hashes, "left")
        ends = np.searchsorted(self._hashes, hashes, "right")
        numbers = self._numbers
        found: set[int] = set()
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            if start < end:
                found.update(numbers[start:end].tolist())
        return found
