"""Reads the consolidated file of the Consolidated Screening List, CSV or JSON, strictly, as a stream of its records.

Source: `/downloadable_consolidated_screening_list/v1/consolidated.csv` and `.json` at data.trade.gov, the file of all
lists. Columns are found by their names in the header: layouts with and without `_id` exist.
"""

import csv
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import orjson

from tools.errors import ProviderGarbled
from tools.payload import Fields, tidy
from tools.sanctions_entries import ListEntry, read_entry
from tools.sanctions_lists import list_named
from tools.screening.cells import raw_entry

__all__ = ["Key", "Layout", "ListFile", "Record", "entry_of", "key_of", "record_at"]

#: What tells the same entry in two versions of the file: its list, and its id or its name and notice.
Key = tuple[str, ...]

_UPSTREAM = "csl"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REQUIRED = ("source", "name")
#: The ids of these lists are new with every import.
_WITHOUT_LASTING_IDS = ("DTC", "MEU")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: its format, and the names of its columns (of JSON: none; each object has its own)."""

    format: Literal["csv", "json"]
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class Record:
    """One record: its `number` in the file from 1, its bytes (`offset`, `length`), and what it says.

    `raw` has the values as the file writes them, by column; of CSV that is texts. It is empty when the record is
    `broken`: then that says why.
    """

    number: int
    offset: int
    length: int
    raw: Mapping[str, object]
    broken: str | None = None


class ListFile:
    """A consolidated file on disk. `layout` says how it is written.

    After its records have been read to the end, `declared_total` is the number of entries that the file itself names
    (JSON only), and `columns` has every column that was met.
    """

    def __init__(self, path: Path) -> None:
        """Look at the beginning. Raises ProviderGarbled when it is empty or not such a file, OSError."""
        self.path = path
        self.declared_total: int | None = None
        with path.open("rb") as file:
            head = file.read(1024).removeprefix(_BYTE_ORDER_MARK).lstrip()
        if not head:
            raise _garbled("the file is empty")
        if head.startswith(b"<"):
            raise _garbled("the file is a page for people (HTML), not a list")
        self.layout = Layout("json") if head.startswith((b"{", b"[")) else Layout("csv", _header(path))
        self.columns = self.layout.columns

    def records(self) -> Iterator[Record]:
        """Its records in their order. Raises ProviderGarbled where the file cannot be read on, as when it was cut."""
        return self._json_records() if self.layout.format == "json" else self._csv_records()

    def ends_whole(self) -> bool:
        """Whether its last byte can end a record: an unquoted cell without an end of line may be the half of one."""
        with self.path.open("rb") as file:
            file.seek(-1, 2)
            return self.layout.format == "json" or file.read(1) in (b"\n", b'"')

    def _csv_records(self) -> Iterator[Record]:
        columns = self.columns
        with self.path.open("rb") as file:
            lines = _Lines(file)
            reader = csv.reader(lines, strict=True)
            number, offset = 0, 0
            try:
                for cells in reader:
                    length = lines.read_bytes - offset
                    if cells and number:
                        wrong = None
                        if len(cells) != len(columns):
                            wrong = f"row {number} has {len(cells)} cells and the header {len(columns)}"
                        raw = {} if wrong else dict(zip(columns, cells, strict=True))
                        yield Record(number, offset, length, raw, wrong)
                    offset += length
                    number += bool(cells)
            except UnicodeDecodeError as exc:
                raise _garbled(f"row {number} is not UTF-8") from exc
            except csv.Error as exc:
                raise _garbled(f"row {number} cannot be read: {exc}") from exc

    def _json_records(self) -> Iterator[Record]:
        text, at_byte = self._text()
        columns: dict[str, None] = {}
        envelope = _Envelope(text)
        try:
            for number, (value, start, end) in enumerate(envelope.results(), 1):
                # Its place in bytes; the text is counted in letters.
                offset = at_byte + len(text[envelope.counted : start].encode())
                length = len(text[start:end].encode())
                envelope.counted, at_byte = end, offset + length
                if type(value) is not dict:
                    yield Record(number, offset, length, {}, f"result {number} is not an object")
                    continue
                columns.update(dict.fromkeys(value))
                yield Record(number, offset, length, value)
        except (json.JSONDecodeError, IndexError, RecursionError) as exc:
            raise _garbled(f"the JSON cannot be read on: {exc}") from exc
        self.columns = tuple(columns)
        self.declared_total = envelope.total

    def _text(self) -> tuple[str, int]:
        content = self.path.read_bytes()
        body = content.removeprefix(_BYTE_ORDER_MARK)
        try:
            return body.decode(), len(content) - len(body)
        except UnicodeDecodeError as exc:
            raise _garbled("the file is not UTF-8") from exc


class _Lines:
    """The lines of `file` as texts; `read_bytes` counts what the reader has taken so far."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read_bytes = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._file:
            if b"\0" in line:
                raise csv.Error("it holds a zero byte, as a damaged file does")
            is_first = self.read_bytes == 0
            self.read_bytes += len(line)
            yield (line.removeprefix(_BYTE_ORDER_MARK) if is_first else line).decode()


class _Envelope:
    """The object around the results, read key by key, so that each result's place is known.

    `counted` is the reader's own mark; `total` is what the envelope says once all has been read.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._decoder = json.JSONDecoder()
        self.counted = 0
        self.total: int | None = None

    def results(self) -> Iterator[tuple[object, int, int]]:
        """Each result with where it starts and ends. Raises JSONDecodeError, IndexError at the end of a cut file."""
        at, has_results = self._after("{", 0), False
        while True:
            key, at = self._decoder.raw_decode(self._text, self._next(at))
            at = self._next(self._after(":", at))
            if key == "results" and not has_results:
                has_results = True
                at = yield from self._elements(at)
            else:
                value, at = self._decoder.raw_decode(self._text, at)
                if key == "total" and type(value) is int:
                    self.total = value
            at = self._next(at)
            if self._text[at] == "}":
                break
            at = self._after(",", at)
        if not has_results:
            raise json.JSONDecodeError("there are no 'results'", self._text, at)
        if self._text[at + 1 :].strip():
            raise json.JSONDecodeError("something stands behind the end", self._text, at + 1)

    def _elements(self, at: int) -> Generator[tuple[object, int, int], None, int]:
        at = self._next(self._after("[", at))
        while self._text[at] != "]":
            value, end = self._decoder.raw_decode(self._text, at)
            yield value, at, end
            at = self._next(end)
            if self._text[at] != "]":
                at = self._next(self._after(",", at))
        return at + 1

    def _next(self, at: int) -> int:
        """The next place that is not blank."""
        while self._text[at] in " \t\r\n":
            at += 1
        return at

    def _after(self, sign: str, at: int) -> int:
        at = self._next(at)
        if self._text[at] != sign:
            raise json.JSONDecodeError(f"{sign!r} is due", self._text, at)
        return at + 1


def entry_of(record: Record, layout: Layout) -> ListEntry:
    """The entry of `record`. Raises ProviderGarbled when it is broken, has no name or no list, or another shape."""
    if record.broken is not None:
        raise _garbled(record.broken)
    where = f"row {record.number}"
    raw: Mapping[str, object] = record.raw
    if layout.format == "csv":
        raw = raw_entry(raw)
    return read_entry(Fields(raw, _UPSTREAM, where))


def record_at(content: bytes, at: int, layout: Layout) -> Record:
    """The record whose bytes are `content`, of a file that was read before; `at` is its position from 0."""
    if layout.format == "json":
        return Record(at + 1, 0, len(content), orjson.loads(content))
    cells = next(csv.reader([content.decode()], strict=True))
    return Record(at + 1, 0, len(content), dict(zip(layout.columns, cells, strict=True)))


def key_of(raw: Mapping[str, object]) -> Key:
    """The key of a record by what the file writes. Two records that differ in it are two entries."""
    source = tidy(str(raw.get("source") or ""))
    number = raw.get("_id") or raw.get("id") or raw.get("entity_number")
    if number and list_named(source).code not in _WITHOUT_LASTING_IDS:
        return (source, str(number).strip())
    name, notice = str(raw.get("name") or ""), str(raw.get("federal_register_notice") or "")
    return (source, tidy(name).casefold(), tidy(notice))


def _header(path: Path) -> tuple[str, ...]:
    with path.open("rb") as file:
        try:
            names = next(csv.reader(_Lines(file), strict=True), [])
        except (UnicodeDecodeError, csv.Error) as exc:
            raise _garbled("the file begins like no list") from exc
    columns = tuple(name.strip() for name in names)
    if missing := [name for name in _REQUIRED if name not in columns]:
        raise _garbled(f"the file's first line names no column {missing[0]!r}: it is no list")
    if len(set(columns)) != len(columns):
        raise _garbled("the file's first line names a column twice")
    return columns


def _garbled(said: str) -> ProviderGarbled:
    return ProviderGarbled(f"csl: {said}", upstream=_UPSTREAM)
