"""The index of a list: flat files of numbers and text, made in one go and read by memory map.

`names` are the names and aliases of all entries, in the order of the entries; `words` the distinct words of them. Per
name: its entry, and its words; per word: the names that hold it. Nothing of an entry is kept but what a score needs.
"""

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.sanctions_entries import ListEntry
from tools.screening.names import read_name
from tools.screening.spelling import Spelling, spelling_of
from tools.screening.traits import Traits, TraitsMaker

__all__ = ["KINDS", "ListIndex", "build_index"]

#: Types of entries by their number in the index; 0 is for those that state none.
KINDS = (None, "Individual", "Entity", "Vessel", "Aircraft")
_ARRAYS = (
    *("name_entry", "name_word_start", "name_word", "name_word_weight", "name_weight", "name_initials"),
    *("word_name_start", "word_name", "word_name_weight", "spelling_hash", "spelling_word"),
    *("entry_kind", "entry_list", "entry_name_start", "name_text_start"),
)


def build_index(entries: Iterable[ListEntry], folder: Path) -> None:
    """Write the index of `entries`, which is consumed once, into the existing `folder`."""
    names, words, traits = _Names(), _Words(), TraitsMaker()
    lists: dict[str, int] = {"": 0}
    kinds, list_numbers, starts = array("B"), array("B"), array("i")
    for entry in entries:
        starts.append(len(names.entries))
        kinds.append(KINDS.index(entry.type) if entry.type in KINDS else 0)
        list_numbers.append(lists.setdefault(entry.list or "", len(lists)))
        at = len(kinds) - 1
        for name in dict.fromkeys((entry.name, *entry.alt_names)):
            names.add(at, name, words)
        traits.add(at, entry)
    starts.append(len(names.entries))
    arrays = names.arrays() | {
        "entry_kind": np.array(kinds, np.uint8),
        "entry_list": np.array(list_numbers, np.uint8),
        "entry_name_start": np.array(starts, np.int32),
    }
    arrays |= _by_word(arrays, len(words.numbers))
    arrays["spelling_hash"], arrays["spelling_word"] = spelling_of(list(words.numbers))
    for label in _ARRAYS:
        np.save(folder / f"{label}.npy", arrays[label], allow_pickle=False)
    (folder / "words.txt").write_text("\n".join(words.numbers), encoding="ascii")
    (folder / "lists.txt").write_text("\n".join(lists), encoding="utf-8")
    (folder / "names.bin").write_bytes(names.text)
    traits.save(folder)


class ListIndex:
    """The index in `folder`, mapped into memory. Only the words are objects of Python's."""

    def __init__(self, folder: Path) -> None:
        # A view as a plain array, which is a good deal cheaper to cut than one that knows of its file.
        arrays = {
            label: np.load(folder / f"{label}.npy", "r", allow_pickle=False).view(np.ndarray) for label in _ARRAYS
        }
        #: Per name: its entry, the weight of all its words, and how many of them are one letter.
        self.name_entry, self.name_weight = arrays["name_entry"], arrays["name_weight"]
        self.name_initials = arrays["name_initials"]
        self._name_word_start, self._name_word = arrays["name_word_start"], arrays["name_word"]
        self._name_word_weight = arrays["name_word_weight"]
        self._word_name_start, self._word_name = arrays["word_name_start"], arrays["word_name"]
        self._word_name_weight = arrays["word_name_weight"]
        #: Per entry: the number of its type in KINDS, and that of its list in `lists`.
        self.entry_kind, self.entry_list = arrays["entry_kind"], arrays["entry_list"]
        self._entry_name_start, self._name_text_start = arrays["entry_name_start"], arrays["name_text_start"]
        text = (folder / "words.txt").read_text(encoding="ascii")
        self.words = text.split("\n") if text else []
        self.word_numbers = {word: number for number, word in enumerate(self.words)}
        self.lists = (folder / "lists.txt").read_text(encoding="utf-8").split("\n")
        self.spelling = Spelling(self.words, arrays["spelling_hash"], arrays["spelling_word"])
        self.traits = Traits.load(folder)
        if len(self.name_entry):
            self._text = np.memmap(folder / "names.bin", np.uint8, "r").view(np.ndarray)
        else:
            self._text = np.zeros(0, np.uint8)

    def name(self, number: int) -> str:
        """The text of a name, as listed."""
        start, end = self._name_text_start[number : number + 2].tolist()
        return self._text[start:end].tobytes().decode()

    def first_name(self, entry: int) -> str:
        """The name of an entry, which is no alias."""
        return self.name(int(self._entry_name_start[entry]))

    def is_alias(self, number: int) -> bool:
        """Whether a name is not the first of its entry."""
        return bool(self._entry_name_start[self.name_entry[number]] != number)

    def words_of_name(self, number: int) -> tuple[list[int], list[float]]:
        """The numbers of a name's words, and their weights."""
        start, end = self._name_word_start[number : number + 2].tolist()
        return self._name_word[start:end].tolist(), self._name_word_weight[start:end].tolist()

    def names_with(
        self, words: npt.NDArray[np.int32]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
        """The names that hold the words (by number), what these weigh there, and how many names each word has."""
        starts = self._word_name_start[words]
        counts = self._word_name_start[words + 1] - starts
        places = np.arange(counts.sum()) + np.repeat(starts - np.cumsum(counts) + counts, counts)
        return self._word_name[places], self._word_name_weight[places], counts

    def best_of_words(self, of_word: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Per name the highest of what `of_word` says of its words; 0 where a name has none."""
        best = np.zeros(len(self.name_entry), np.float32)
        filled = np.flatnonzero(np.diff(self._name_word_start))
        if len(filled):
            best[filled] = np.maximum.reduceat(of_word[self._name_word], self._name_word_start[filled])
        return best


class _Words:
    """The distinct words, numbered as they come."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))


class _Names:
    """The names of all entries, as they come."""

    def __init__(self) -> None:
        self.entries, self.initials = array("i"), array("B")
        self.text = bytearray()
        self._text_starts, self._word_starts, self._words = array("i", [0]), array("i", [0]), array("i")
        self._word_weights, self._weights = array("f"), array("f")

    def add(self, entry: int, name: str, words: _Words) -> None:
        read = read_name(name)
        self.entries.append(entry)
        self.text += name.encode("utf-8", "replace")
        self._text_starts.append(len(self.text))
        self._words.extend([words.number(word) for word in read.words])
        self._word_weights.extend(read.weights)
        self._word_starts.append(len(self._words))
        self._weights.append(read.weight)
        self.initials.append(min(255, sum([len(word) == 1 for word in read.words])))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        return {
            "name_entry": np.array(self.entries, np.int32),
            "name_initials": np.array(self.initials, np.uint8),
            "name_text_start": np.array(self._text_starts, np.int32),
            "name_word_start": np.array(self._word_starts, np.int32),
            "name_word": np.array(self._words, np.int32),
            "name_word_weight": np.array(self._word_weights, np.float32),
            "name_weight": np.array(self._weights, np.float32),
        }


def _by_word(arrays: dict[str, npt.NDArray[Any]], word_count: int) -> dict[str, npt.NDArray[Any]]:
    """The names of each word, out of the words of each name."""
    words, lengths = arrays["name_word"], np.diff(arrays["name_word_start"])
    order = np.argsort(words, kind="stable")
    names = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    starts = np.concatenate(([0], np.cumsum(np.bincount(words, minlength=word_count)))).astype(np.int32)
    return {
        "word_name": names[order],
        "word_name_weight": arrays["name_word_weight"][order],
        "word_name_start": starts,
    }
