"""A version of the list, opened for screening: index and file by memory map, an entry is read when it is asked for."""

import mmap
from pathlib import Path
from typing import TYPE_CHECKING

from tools.sanctions_entries import ListEntry
from tools.sanctions_names import words_of
from tools.screening.algorithms import INDEX_MADE_FOR
from tools.screening.consolidated import entry_of, record_at
from tools.screening.manifest import Manifest

if TYPE_CHECKING:
    from tools.screening.match import Matcher

__all__ = ["ALGORITHM_FILE", "INDEX_FOLDER", "PLACES_FILE", "HeldList"]

INDEX_FOLDER = "index"
#: In the folder of the index: the name of the algorithm that it was made for.
ALGORITHM_FILE = "algorithm.txt"
PLACES_FILE = "places.bin"
_PLACE_BYTES = 16


class HeldList:
    """One version: `manifest`, `matcher`, and its entries by their positions. Thread-safe for reading.

    Of the lists in `missing_lists` (codes) it has no entry: nothing may be said of them. It keeps its files open, so
    that it serves on when its folder is removed. `unreadable_words` are the words of its rows that could not be read,
    each with the number of the row in the file.
    """

    def __init__(self, manifest: Manifest, matcher: "Matcher", content: mmap.mmap, places: mmap.mmap) -> None:
        self.manifest = manifest
        self.matcher = matcher
        self._content, self._mapped = content, places
        self._places = memoryview(places).cast("Q")
        self._rows = len(self._places) // 2
        self.missing_lists = manifest.figures.missing_lists
        self.unreadable_words = tuple((row.number, frozenset(words_of(row.raw))) for row in manifest.unreadable)

    @classmethod
    def open(cls, folder: Path) -> "HeldList":
        """The version in `folder`. Raises OSError, ValueError when it is damaged, or made by other code than this."""
        # The matching comes with libraries that a process without a list does not need.
        from tools.screening.match import Matcher

        index = folder / INDEX_FOLDER
        if (index / ALGORITHM_FILE).read_text() != INDEX_MADE_FOR:
            raise ValueError(f"list {folder.name}: its index was made for another algorithm")
        manifest = Manifest.read(folder)
        content, places = _mapped(folder / manifest.file_name), _mapped(folder / PLACES_FILE)
        if len(places) != manifest.figures.rows * _PLACE_BYTES or len(content) != manifest.figures.bytes:
            raise ValueError(f"list {manifest.sha256}: its files are damaged")
        return cls(manifest, Matcher.load(index), content, places)

    @property
    def version(self) -> str:
        """The hash of its file."""
        return self.manifest.sha256

    def __len__(self) -> int:
        return self._rows + len(self.manifest.carried)

    def entry(self, at: int) -> ListEntry:
        """The entry at position `at`, from 0. Raises IndexError, ProviderGarbled when the file has been damaged."""
        if not 0 <= at < len(self):
            raise IndexError(f"the list has no entry {at}")
        if at >= self._rows:
            return self.manifest.carried[at - self._rows].entry
        offset, length = self._places[2 * at], self._places[2 * at + 1]
        layout = self.manifest.layout
        return entry_of(record_at(self._content[offset : offset + length], at, layout), layout)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
