"""Rows of a list file that cannot be read: how many a file may have, and which entries stay in force in their place.

Where the version before had the entry that such a row was meant to be, that entry is carried over. It is looked for
among the entries that the new file lacks: by what can still be made out of the row, and by where the row is, since it
may be all that is left of several.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tools.errors import ProviderGarbled
from tools.payload import tidy
from tools.sanctions_entries import ListEntry
from tools.sanctions_lists import LISTS, list_named
from tools.screening.consolidated import Key, Layout, ListFile, Record, entry_of, key_of

__all__ = ["CarriedEntry", "UnreadableRow", "VersionFile", "carried_over", "may_be_passed_over", "unreadable_row"]

#: A file with more rows than this that cannot be read is refused; so is one with more than the share.
_MOST_UNREADABLE, _ONE_IN = 20, 1000
#: A file that lost more can only be put in force by a person, who then knows what is wrong with it.
_MOST_CARRIED = 1000
#: A row is kept up to this. A longer one is no row, see `consolidated`.
_MOST_BYTES = 32 * 1024
#: A shorter name stands in too many rows.
_TELLING_LETTERS = 4
#: What stands around the values in a row, of CSV and of JSON.
_AROUND_VALUES = re.compile(r'[",\t\r\n;]')

#: One entry of a file. The agency's number is not unique, so the name belongs to it.
_Identity = tuple[Key, str]


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that could not be read: its `number` in the file from 1, where it lies in bytes, and the `reason`.

    `raw` is the row as it came, up to some length; a byte that is not UTF-8 is replaced in it.
    """

    number: int
    offset: int
    length: int
    reason: str
    raw: str

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "UnreadableRow":
        """Return the row that `asdict` made `given` of. Raises KeyError, TypeError."""
        return cls(**given)


@dataclass(frozen=True, slots=True)
class CarriedEntry:
    """An entry of the version before, in force in the place of the unreadable row number `row`.

    `version` is the last one whose file had it (a hash); `format` and `raw` are how that file wrote it.
    """

    row: int
    version: str
    format: Literal["csv", "json"]
    raw: Mapping[str, object]

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "CarriedEntry":
        """Return the entry that `asdict` made `given` of. Raises KeyError, TypeError."""
        return cls(**given)

    @property
    def record(self) -> Record:
        """Return it as a record of a file; it has no place in the one that is in force."""
        return Record(self.row, 0, 0, self.raw)

    @property
    def entry(self) -> ListEntry:
        """Return what it says. Raises ProviderGarbled when what was kept of it is damaged."""
        return entry_of(self.record, Layout(self.format))

    @property
    def list(self) -> str:
        """Return its list's code, or the agency's string when the list is not known."""
        source = tidy(str(self.raw.get("source") or ""))
        return list_named(source).code or source


@dataclass(frozen=True, slots=True)
class VersionFile:
    """A version: its hash, its file, and what became of the rows that could not be read there."""

    version: str
    path: Path
    unreadable: Sequence[UnreadableRow] = ()
    carried: Sequence[CarriedEntry] = ()


def may_be_passed_over(unreadable: int, rows: int) -> bool:
    """Return whether a file with `rows` that can be read may be believed in spite of the `unreadable` ones."""
    return unreadable <= _MOST_UNREADABLE and unreadable * _ONE_IN <= unreadable + rows


def unreadable_row(path: Path, record: Record, reason: str) -> UnreadableRow:
    """Return what is kept of a `record` in the file at `path`. Raises OSError."""
    raw = _text_of(path, record.offset, min(record.length, _MOST_BYTES))
    return UnreadableRow(record.number, record.offset, record.length, reason, raw)


def carried_over(older: VersionFile, path: Path, unreadable: Sequence[UnreadableRow]) -> tuple[CarriedEntry, ...]:
    """Return the entries of `older` that stay in force for the `unreadable` rows of the file at `path`.

    What of the older file is damaged itself is passed over. Raises OSError.
    """
    newer = _Newer(path, {row.number for row in unreadable})
    lacking = _Lacking(older, newer)
    found = dict[_Identity, CarriedEntry]()
    for row in unreadable:
        said = _said_by(row, _text_of(path, row.offset, row.length), lacking.entries)
        # One row may be all that is left of several, or may say something else than it should.
        around = lacking.between(newer.before.get(row.number), newer.after.get(row.number))
        for each in (*said, *around):
            if len(found) < _MOST_CARRIED and each.is_readable:
                found.setdefault(each.identity, each.carried(row.number))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry of the older version that the new file lacks.

    `stood_for` is the text of the unreadable row that it was carried for before.
    """

    identity: _Identity
    version: str
    format: Literal["csv", "json"]
    raw: Mapping[str, object]
    stood_for: str | None = None

    def carried(self, row: int) -> CarriedEntry:
        return CarriedEntry(row, self.version, self.format, self.raw)

    @property
    def is_readable(self) -> bool:
        try:
            return bool(self.carried(0).entry)
        except ProviderGarbled:
            return False

    def likeness(self, row: "_RowText") -> int:
        """How much the row says that it is this entry; 0: nothing does."""
        key, name = self.identity
        if row.sources and key[0] not in row.sources:
            return 0
        has_id = len(key) == 2 and key[1] in row.values
        has_name = len(name) >= _TELLING_LETTERS and name in row.folded
        return 2 * has_id + 1 * has_name


class _RowText:
    """What can be made out of an unreadable row."""

    def __init__(self, text: str) -> None:
        self.values = {part.strip(" :{}[]") for part in _AROUND_VALUES.split(text)} - {""}
        self.folded = tidy(text.replace('""', '"')).casefold()
        self.sources = {each.name for each in LISTS.values() if each.name in text}


class _Newer:
    """The new file: how often it has each entry, and which one is in front of and behind each unreadable row.

    None: the row is the first or the last one.
    """

    def __init__(self, path: Path, unreadable: set[int]) -> None:
        self.entries = Counter[_Identity]()
        self.before, self.after = dict[int, _Identity | None](), dict[int, _Identity | None]()
        last, open_rows = None, list[int]()
        for record in _records(ListFile(path)):
            if record.number in unreadable or record.broken is not None:
                self.before[record.number] = last
                open_rows.append(record.number)
                continue
            last = _identity(record.raw)
            self.entries[last] += 1
            self.after.update(dict.fromkeys(open_rows, last))
            open_rows.clear()


class _Lacking:
    """The entries of the older version that the new file does not have, and where they were in the older one."""

    def __init__(self, older: VersionFile, newer: _Newer) -> None:
        self.entries = list[_Candidate]()
        self._order = list[_Candidate | None]()
        self._place = dict[_Identity, int]()
        left = newer.entries.copy()
        try:
            self._look_through(ListFile(older.path), older, left)
        except (ProviderGarbled, FileNotFoundError):
            return
        stood_for = {row.number: row.raw for row in older.unreadable}
        for each in older.carried:
            identity = _identity(each.raw)
            if not left[identity]:
                text = stood_for.get(each.row)
                self.entries.append(_Candidate(identity, each.version, each.format, each.raw, text))

    def _look_through(self, file: ListFile, older: VersionFile, left: Counter[_Identity]) -> None:
        skipped = {row.number for row in older.unreadable}
        for record in _records(file):
            if record.broken is not None or record.number in skipped:
                continue
            identity = _identity(record.raw)
            self._place[identity] = len(self._order)
            if left[identity]:
                left[identity] -= 1
                self._order.append(None)
            else:
                self.entries.append(_Candidate(identity, older.version, file.layout.format, record.raw))
                self._order.append(self.entries[-1])

    def between(self, before: _Identity | None, after: _Identity | None) -> list[_Candidate]:
        """Those that followed the entry `before` at once, and those that the entry `after` followed at once."""
        found = list[_Candidate]()
        for identity, at, step in ((before, -1, 1), (after, len(self._order), -1)):
            if identity is not None:
                if identity not in self._place:
                    continue
                at = self._place[identity]
            at += step
            while 0 <= at < len(self._order) and (each := self._order[at]) is not None:
                found.append(each)
                at += step
        return found


def _said_by(row: UnreadableRow, text: str, candidates: Iterable[_Candidate]) -> list[_Candidate]:
    """Those that the row is meant to be, by its text."""
    same = [each for each in candidates if each.stood_for == row.raw]
    if same:
        return same
    said = _RowText(text)
    likeness = [(each.likeness(said), each) for each in candidates]
    best = max((how for how, _ in likeness), default=0)
    return [each for how, each in likeness if best and how == best]


def _records(file: ListFile) -> Iterator[Record]:
    """The records of `file` up to where it can be read."""
    try:
        yield from file.records()
    except ProviderGarbled:
        return


def _identity(raw: Mapping[str, object]) -> _Identity:
    return key_of(raw), tidy(str(raw.get("name") or "")).casefold()


def _text_of(path: Path, offset: int, length: int) -> str:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(length).decode(errors="replace")
