"""The tariff as the sandbox holds it: the rows of the agency's own export files, found by number or by words.

Files: `hts/*.json`, each the answer of the agency's `exportList` (one chapter or any other part of the schedule), and
at most one `hts/release_list*.json`, the answer of its `releaseList`.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from service.sandbox.export_files import SandboxDataError, files_of, read_objects

__all__ = ["RawRow", "Tariff", "digits_of", "load"]

RawRow = Mapping[str, Any]

_REQUIRED = ("htsno", "indent", "description", "units", "general", "special", "other", "footnotes")
_NUMBER = re.compile(r"[0-9]{4}(?:\.?[0-9]{2}){0,3}")
_RELEASE_LIST = re.compile(r"release_list.*\.json")
#: Of data that come without a list of releases; no revision of the agency's has such a name.
_NO_RELEASE = {"name": "0000HTSSandbox", "title": "Release not stated", "description": "Data without a release list"}


class Tariff:
    """Rows in the schedule's order, and the releases, newest first. Does not change once it is made."""

    def __init__(self, rows: Iterable[RawRow], releases: Sequence[Mapping[str, Any]]) -> None:
        self._rows = tuple(rows)
        self.releases = tuple(releases)
        self._texts = [row["description"].casefold() for row in self._rows]
        #: Where each row stands when all are put in the order of their numbers.
        self._placed = sorted(_place(self._rows))

    @property
    def current_release(self) -> Mapping[str, Any]:
        """The release in force."""
        return next((each for each in self.releases if each.get("status") == "current"), self.releases[0])

    def between(self, first: str, last: str) -> list[RawRow]:
        """The rows from number `first` to number `last` (4 to 10 digits), as the agency reads a range.

        Both ends stand for themselves padded with zeros, so the row that bears the number `last` is the end, and
        nothing under it comes.
        """
        return self._placed_between(_padded(first), _padded(last))

    def under(self, number: str) -> list[RawRow]:
        """The rows whose number, as it is printed, begins with `number`."""
        digits = number.replace(".", "")
        near = self._placed_between(_padded(digits), digits.ljust(10, "9"))
        return [row for row in near if row["htsno"].startswith(number)]

    def with_any_of(self, words: Iterable[str]) -> list[RawRow]:
        """The rows whose description holds at least one of `words`, those with more of them first."""
        hits = Counter[int]()
        for word in {word.casefold() for word in words}:
            hits.update([position for position, text in enumerate(self._texts) if word in text])
        return [self._rows[position] for position in sorted(hits, key=lambda position: (-hits[position], position))]

    def _placed_between(self, first: str, last: str) -> list[RawRow]:
        start = bisect_left(self._placed, (first, -1))
        end = bisect_right(self._placed, (last, len(self._rows)))
        return [self._rows[position] for position in sorted(position for _, position in self._placed[start:end])]


def load(folder: Traversable) -> Tariff:
    """The tariff in `folder`. Raises SandboxDataError, with one line, when a file has another shape."""
    files = files_of(folder, ".json")
    lists = [file for file in files if _RELEASE_LIST.fullmatch(file.name)]
    if len(lists) > 1:
        raise SandboxDataError(f"sandbox data: {folder} has {len(lists)} release lists, allowed: one")
    parts = [_Part(file, _read_rows(file)) for file in files if file not in lists]
    if not parts:
        raise SandboxDataError(f"sandbox data: {folder} has no file with rows of the schedule")
    parts.sort(key=lambda part: part.first)
    _refuse_numbers_that_two_files_have(parts)
    releases = _read_releases(lists[0]) if lists else [_NO_RELEASE]
    return Tariff((row for part in parts for row in part.rows), releases)


def digits_of(number: str) -> str:
    """A tariff number without its dots; `""` when `number` is none of 4, 6, 8 or 10 digits."""
    return number.replace(".", "") if _NUMBER.fullmatch(number) else ""


@dataclass(frozen=True, slots=True)
class _Part:
    """One file and its rows."""

    file: Traversable
    rows: list[dict[str, Any]]

    @property
    def first(self) -> str:
        """The lowest number in the file, padded."""
        return min((_padded(digits_of(row["htsno"])) for row in self.rows if row["htsno"]), default="")


def _padded(digits: str) -> str:
    return digits.ljust(10, "0")


def _place(rows: Sequence[RawRow]) -> Iterable[tuple[str, int]]:
    """(padded number, position) of each row; a grouping row goes with the row that it leads to."""
    number = "9999999999"
    for position in range(len(rows) - 1, -1, -1):
        number = _padded(digits_of(rows[position]["htsno"])) if rows[position]["htsno"] else number
        yield number, position


def _read_rows(file: Traversable) -> list[dict[str, Any]]:
    rows = read_objects(file)
    for number, row in enumerate(rows, 1):
        if wrong := _what_is_wrong(row):
            raise SandboxDataError(f"sandbox data: {file}: row {number}: {wrong}")
    return rows


def _what_is_wrong(row: Mapping[str, Any]) -> str | None:
    for key in _REQUIRED:
        if key not in row:
            return f"has no {key!r}"
    for key in ("htsno", "description"):
        if not isinstance(row[key], str):
            return f"{key!r} is not a text"
    for key in ("general", "special", "other"):
        if not isinstance(row[key], str | None):
            return f"{key!r} is neither a text nor null"
    if row["htsno"] and not digits_of(row["htsno"]):
        return f"'htsno' is {row['htsno'][:40]!r}, allowed: 4, 6, 8 or 10 digits with dots, or nothing"
    if not isinstance(row["indent"], str) or not re.fullmatch(r"[0-9]{1,2}", row["indent"]):
        return f"'indent' is {row['indent']!r:.40}, allowed: a whole number as a text"
    if not isinstance(row["units"], list) or not all(isinstance(unit, str) for unit in row["units"]):
        return "'units' is not a list of texts"
    notes = row["footnotes"]
    if notes is not None and not (isinstance(notes, list) and all(_is_footnote(note) for note in notes)):
        return "'footnotes' is neither null nor a list of footnotes"
    return None


def _is_footnote(note: object) -> bool:
    return isinstance(note, dict) and isinstance(note.get("value"), str) and isinstance(note.get("columns"), list)


def _read_releases(file: Traversable) -> list[dict[str, Any]]:
    releases = read_objects(file)
    for number, release in enumerate(releases, 1):
        if not isinstance(release.get("name"), str) or not release["name"].strip():
            raise SandboxDataError(f"sandbox data: {file}: release {number}: has no 'name'")
    return releases


def _refuse_numbers_that_two_files_have(parts: Iterable[_Part]) -> None:
    seen: dict[str, Traversable] = {}
    for part in parts:
        for row in part.rows:
            other = seen.setdefault(row["htsno"], part.file) if row["htsno"] else part.file
            if other is not part.file:
                raise SandboxDataError(f"sandbox data: {row['htsno']} stands in {other} and in {part.file}")
