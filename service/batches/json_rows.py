"""Reads rows that are JSON objects: one on each line, or the elements of one array.

Whatever cannot be read on one line, or in one element, is one row that cannot be read; the next is not touched by it.
"""

import json
from collections.abc import Iterator, Mapping
from json import JSONDecodeError

from service.batches.columns import Columns, columns_of
from service.batches.file_faults import FileFault
from service.batches.json_elements import Elements
from service.batches.lines import Lines
from service.batches.rows import Row
from service.batches.values import MAX_COLUMNS, MAX_ROW_BYTES, TOO_LONG, NumberText, row_of

__all__ = ["ArrayRows", "LineRows"]

#: Sets of members that are remembered, so that names are looked up once; others are looked up each time.
_MOST_REMEMBERED = 64
#: Members whose names are told of those that are not read.
_MOST_TOLD = 100
_WHITESPACE = b" \t\r\n"


class _Refused(ValueError):
    """What is JSON and yet no row. The message is for people."""


class _ObjectRows:
    """Rows of objects; `columns` are those of all rows so far."""

    encoding, delimiter = "utf-8", None

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = mapping
        self._number = 0
        self._used: dict[str, str] = {}
        #: In order; a set has none.
        self._ignored: dict[str, None] = {}
        self._remembered: dict[tuple[str, ...], dict[str, str]] = {}

    @property
    def columns(self) -> Columns | None:
        """None: no row has come."""
        return Columns(dict(self._used), tuple(self._ignored)) if self._number else None

    def row(self, raw: bytes | None) -> Row:
        """The next row; None is one that was too long to be kept."""
        self._number += 1
        if raw is None:
            return Row(number=self._number, fault=TOO_LONG)
        try:
            members = _object_in(raw)
        except _Refused as exc:
            return Row(number=self._number, fault=str(exc))
        try:
            places = self._places(tuple(members))
        except FileFault as exc:
            # Of one object it is no fault of the file's.
            name = members.get("name")
            known = {"ref": members.get("ref"), "name": name if isinstance(name, str) else None}
            return row_of(self._number, known, fault=str(exc).replace("column", "member"))
        return row_of(self._number, {ours: members[theirs] for ours, theirs in places.items()})

    def _places(self, names: tuple[str, ...]) -> dict[str, str]:
        """Which of the members `names` is which of ours."""
        found = self._remembered.get(names)
        if found is None:
            columns, at = columns_of(names, self._mapping, may_lack=True)
            found = {ours: names[place] for ours, place in at.items()}
            for ours, theirs in columns.used.items():
                self._used.setdefault(ours, theirs)
            for theirs in columns.ignored:
                if len(self._ignored) < _MOST_TOLD:
                    self._ignored[theirs] = None
            if len(self._remembered) < _MOST_REMEMBERED and sum(map(len, names)) < 1000:
                self._remembered[names] = found
        return found


class LineRows(_ObjectRows):
    """One object on each line; blank lines are no rows."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        super().__init__(mapping)
        self._lines = Lines(MAX_ROW_BYTES)

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are whole by now."""
        return self._rows_of(self._lines.feed(data))

    def end(self) -> Iterator[Row]:
        """The rest."""
        return self._rows_of(self._lines.end())

    def _rows_of(self, lines: Iterator[bytes | None]) -> Iterator[Row]:
        for line in lines:
            stripped = None if line is None else line.strip(_WHITESPACE)
            if stripped != b"":
                yield self.row(stripped)


class ArrayRows(_ObjectRows):
    """The elements of one array. Raises FileFault where it is none, or breaks off."""

    def __init__(self, mapping: Mapping[str, str]) -> None:
        super().__init__(mapping)
        self._elements = Elements(MAX_ROW_BYTES)

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are whole by now."""
        return map(self.row, self._elements.feed(data))

    def end(self) -> Iterator[Row]:
        """None is left."""
        self._elements.end()
        return iter(())


def _once(members: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(members)
    if len(found) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in found if names.count(name) > 1)
        raise _Refused(f"the member {_shown(twice)} stands there more than once")
    return found


def _no_number(text: str) -> object:
    raise _Refused(f"the row is not JSON: {text} is no number")


#: Numbers stay as they were written: a `ref` of thirty digits is echoed with all of them.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_once, parse_int=NumberText, parse_float=NumberText, parse_constant=_no_number
)


def _object_in(raw: bytes) -> dict[str, object]:
    try:
        found = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise _Refused("the row holds bytes that are no text in utf-8") from exc
    except JSONDecodeError as exc:
        raise _Refused(f"the row is not JSON: {exc.msg} at character {exc.pos + 1}") from exc
    except RecursionError as exc:
        raise _Refused("the row is nested too deeply") from exc
    if not isinstance(found, dict):
        raise _Refused("the row is no JSON object")
    if len(found) > MAX_COLUMNS:
        raise _Refused(f"the row has more than {MAX_COLUMNS:,} members")
    return found


def _shown(name: str) -> str:
    return repr(name[:40])
