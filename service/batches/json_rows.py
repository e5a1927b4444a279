"""Reads rows that are JSON objects: one on each line, or the elements of one array.

Whatever cannot be read on one line, or in one element, is one row that cannot be read; the next is not touched by it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from json import JSONDecodeError

from service.batches.columns import Columns, columns_of
from service.batches.encodings import RowText, TextOfRows
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

    delimiter = None

    def __init__(self, encoding: str | None, mapping: Mapping[str, str]) -> None:
        self._text = TextOfRows[None](encoding, is_json=True)
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

    @property
    def encoding(self) -> str:
        """As far as it is known; JSON that is all ASCII is UTF-8 as well."""
        return "utf-8" if self._text.encoding == "ascii" else self._text.encoding

    def rows(self, raws: Iterator[bytes | None]) -> Iterator[Row]:
        """The next rows; None is one that was too long to be kept."""
        try:
            for raw in raws:
                yield from map(self._row, self._text.add(raw))
        except FileFault:
            yield from self.rest()
            raise

    def rest(self) -> Iterator[Row]:
        """The rows that waited for others to tell their encoding."""
        yield from map(self._row, self._text.end())

    def _row(self, found: RowText | None) -> Row:
        self._number += 1
        if found is None:
            return Row(number=self._number, fault=TOO_LONG)
        try:
            members = _object_in(found.text)
        except _Refused as exc:
            if found.is_unknown:
                return Row(number=self._number, fault=f"the row {found.fault}", fault_code="unknown_encoding")
            return Row(number=self._number, fault=str(exc))
        try:
            places = self._places(tuple(members))
        except FileFault as exc:
            # Of one object it is no fault of the file's.
            name = members.get("name")
            known = {"ref": members.get("ref"), "name": name if isinstance(name, str) else None}
            return row_of(self._number, known, fault=str(exc).replace("column", "member"))
        fault = found.fault and f"the row {found.fault}"
        row = row_of(self._number, {ours: members[theirs] for ours, theirs in places.items()}, fault)
        return replace(row, fault_code="unknown_encoding") if found.is_unknown else row

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

    def __init__(self, encoding: str | None, mapping: Mapping[str, str]) -> None:
        super().__init__(encoding, mapping)
        self._lines = Lines(MAX_ROW_BYTES)

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are whole by now."""
        return self._rows_of(self._lines.feed(data))

    def end(self) -> Iterator[Row]:
        """The rest."""
        yield from self._rows_of(self._lines.end())
        yield from self.rest()

    def _rows_of(self, lines: Iterator[bytes | None]) -> Iterator[Row]:
        stripped = (None if line is None else line.strip(_WHITESPACE) for line in lines)
        return self.rows(each for each in stripped if each != b"")


class ArrayRows(_ObjectRows):
    """The elements of one array. Raises FileFault where it is none, or breaks off."""

    def __init__(self, encoding: str | None, mapping: Mapping[str, str]) -> None:
        super().__init__(encoding, mapping)
        self._elements = Elements(MAX_ROW_BYTES)

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are whole by now."""
        return self.rows(self._elements.feed(data))

    def end(self) -> Iterator[Row]:
        """Those that waited."""
        yield from self.rest()
        self._elements.end()


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


def _object_in(text: str) -> dict[str, object]:
    try:
        found = _DECODER.decode(text)
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
