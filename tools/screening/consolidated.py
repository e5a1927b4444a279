"""Reads the consolidated file of the Consolidated Screening List, CSV or JSON, strictly, as a stream of its records.

Source: `/downloadable_consolidated_screening_list/v1/consolidated.csv` and `.json` at data.trade.gov, the file of all
lists. Columns are found by their names in the header: layouts with and without `_id` exist.
"""

import csv
import json
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal

import orjson

from tools.errors import ProviderGarbled
from tools.payload import Fields, tidy
from tools.sanctions_entries import ListEntry, read_entry
from tools.sanctions_lists import list_named
from tools.screening.cells import raw_entry, with_single_aliases

__all__ = ["Key", "Layout", "ListFile", "Record", "entry_of", "key_of", "record_at"]

#: What tells the same entry in two versions of the file: its list, and its id or its name and notice.
Key = tuple[str, ...]

_UPSTREAM = "csl"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REQUIRED = ("source", "name")
#: The ids of these lists are new with every import.
_WITHOUT_LASTING_IDS = ("DTC", "MEU")
#: Ends a file in the manner of DOS.
_CTRL_Z = b"\x1a"
#: A row that has nothing but these says nothing.
_BLANKS = ' \t\r\n\x1a,;"'
#: Zero bytes in a run are a part of the file that was never written: how many rows lay there is not known.
_LOST_BLOCK = bytes(16)
#: A broken row longer than this may hide many rows.
_MOST_BROKEN_BYTES = 32 * 1024
#: So many places that are not UTF-8, and none that is and needs to be: the file is in another encoding.
_ANOTHER_ENCODING = 3
#: With more stray quotes than this it is no list. Each one costs a second look at the rows that follow it.
_MOST_RESTARTS = 100


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
    (JSON only), `columns` has every column that was met, and `ends_whole` says whether the last record can be whole: a
    cell that neither a quote nor a line end follows may be half of one.
    """

    def __init__(self, path: Path) -> None:
        """Look at the beginning. Raises ProviderGarbled when it is empty or not such a file, OSError."""
        self.path = path
        self.declared_total: int | None = None
        self.ends_whole = True
        with path.open("rb") as file:
            head = file.read(1024).removeprefix(_BYTE_ORDER_MARK).lstrip()
        if not head:
            raise _garbled("the file is empty")
        if head.startswith(b"<"):
            raise _garbled("the file is a page for people (HTML), not a list")
        self.layout = Layout("json") if head.startswith((b"{", b"[")) else Layout("csv", _header(path))
        self.columns = self.layout.columns

    def records(self) -> Iterator[Record]:
        """Return its records in their order, broken ones included.

        Raises ProviderGarbled where the file cannot be read on, as when many rows are damaged at once.
        """
        return self._json_records() if self.layout.format == "json" else self._csv_records()

    def _csv_records(self) -> Iterator[Record]:
        columns, blank = self.columns, list[Record]()
        last: Record | None = None
        with self.path.open("rb") as file:
            lines = _Lines(file)
            for record, cells in _csv_rows(lines):
                if record.broken is None and not "".join(cells).strip(_BLANKS):
                    # At the end of the file it is nothing; between rows it stands where an entry was.
                    record.broken = f"row {record.number} is blank"
                    blank.append(record)
                    continue
                if record.broken is None:
                    record.broken = _wrong_with(record, cells, columns)
                if record.broken is None:
                    record.raw = dict(zip(columns, cells, strict=True))
                elif record.length > _MOST_BROKEN_BYTES:
                    raise _garbled(f"{record.broken}, and {record.length} bytes are damaged")
                yield from blank
                blank.clear()
                yield record
                last = record
            _refuse_another_encoding(lines.other_lines, has_utf8=lines.has_utf8)
            self.ends_whole = not lines.ended_in_a_cell and (last is None or _ends_whole(last, file, lines))

    def _json_records(self) -> Iterator[Record]:
        text, at_byte, is_damaged = self._text()
        columns: dict[str, None] = {}
        envelope = _Envelope(text)
        try:
            for number, (value, start, end) in enumerate(envelope.results(), 1):
                # Its place in bytes; the text is counted in letters.
                content = text[start:end].encode(errors="surrogateescape")
                offset = at_byte + len(text[envelope.counted : start].encode(errors="surrogateescape"))
                envelope.counted, at_byte = end, offset + len(content)
                wrong = _wrong_with_result(number, value, content, is_damaged)
                if wrong is None and type(value) is dict:
                    columns.update(dict.fromkeys(value))
                    yield Record(number, offset, len(content), value)
                else:
                    yield Record(number, offset, len(content), {}, wrong)
        except (json.JSONDecodeError, IndexError, RecursionError) as exc:
            raise _garbled(f"the JSON cannot be read on: {exc}") from exc
        if is_damaged:
            others = sum(1 for letter in text if "\udc80" <= letter <= "\udcff")
            has_utf8 = any(letter > "\x7f" and not "\udc80" <= letter <= "\udcff" for letter in text)
            _refuse_another_encoding(others, has_utf8=has_utf8)
        self.columns = tuple(columns)
        self.declared_total = envelope.total

    def _text(self) -> tuple[str, int, bool]:
        """The file as a text, at which byte that begins, and whether there are bytes in it that are not UTF-8."""
        content = self.path.read_bytes()
        body = content.removeprefix(_BYTE_ORDER_MARK)
        at_byte = len(content) - len(body)
        try:
            return body.decode(), at_byte, False
        except UnicodeDecodeError:
            return body.decode(errors="surrogateescape"), at_byte, True


def _wrong_with_result(number: int, value: object, content: bytes, is_damaged: bool) -> str | None:
    if type(value) is not dict:
        return f"result {number} is not an object"
    try:
        if is_damaged:
            content.decode()
        # Half of a pair of escapes is taken by the one decoder and refused by the other, which reads it later.
        if b"\\ud" in content.lower():
            orjson.loads(content)
    except UnicodeDecodeError:
        return f"result {number} is not UTF-8"
    except orjson.JSONDecodeError:
        return f"result {number} holds half of a letter"
    return None


class _Lines:
    """The lines of `file` as texts, from where it stands; `read_bytes` says up to where the reader has taken them.

    `fault` says what is wrong with the bytes of a line that was taken. `other_lines` counts those that are not UTF-8,
    and `has_utf8` says whether another one holds more than ASCII. `has_end_mark`: a Ctrl-Z ends the file.
    `ended_in_a_cell`: a quoted cell was open at the end of the file.
    """

    def __init__(self, file: BufferedReader) -> None:
        self._file = file
        self.read_bytes = 0
        self.fault: str | None = None
        self.has_end_mark = self.ended_in_a_cell = self.has_ended = self.has_utf8 = False
        self.other_lines = 0

    def __iter__(self) -> Iterator[str]:
        while line := self._file.readline():
            is_first = self.read_bytes == 0
            if _CTRL_Z in line and self._is_last(line):
                self.has_end_mark = True
                line = line.rstrip(b"\x1a\r\n")
            self.read_bytes += len(line)
            if b"\0" in line:
                if _LOST_BLOCK in line:
                    raise _garbled("it holds a block of zero bytes, as a damaged file does")
                self.fault = "holds a zero byte"
            if is_first:
                line = line.removeprefix(_BYTE_ORDER_MARK)
            try:
                text = line.decode()
                self.has_utf8 = self.has_utf8 or not line.isascii()
            except UnicodeDecodeError:
                self.fault, text = "is not UTF-8", line.decode(errors="replace")
                self.other_lines += 1
            if text:
                yield text
        self.has_ended = True

    def take_one(self, at: int) -> None:
        """Go back to the byte `at`, and take the line there alone."""
        self._file.seek(at)
        self.read_bytes = at + len(self._file.readline())
        self.fault, self.has_ended = None, False

    def _is_last(self, line: bytes) -> bool:
        """Whether `line` ends with a Ctrl-Z behind which the file says nothing more."""
        blanks = _BLANKS.encode()
        return line.rstrip(b"\r\n").endswith(_CTRL_Z) and not self._file.peek(1).strip(blanks)


def _csv_rows(lines: _Lines) -> Iterator[tuple[Record, list[str]]]:
    """Each row below the header that is not empty, as a record, with its cells.

    Of a row that is no CSV the first line is broken, and what follows it is read as rows of its own.
    """
    reader = csv.reader(lines, strict=True)
    number = offset = restarts = 0
    while True:
        wrong, cells = None, list[str]()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            wrong, restarts = f"row {number} cannot be read: {exc}", restarts + 1
            if restarts > _MOST_RESTARTS:
                raise _garbled(wrong) from exc
            lines.ended_in_a_cell |= lines.has_ended
            lines.take_one(offset)
            reader = csv.reader(lines, strict=True)
        if lines.fault is not None:
            wrong, lines.fault = f"row {number} {lines.fault}", None
        length = lines.read_bytes - offset
        if number and (cells or wrong):
            yield Record(number, offset, length, {}, wrong), cells
        offset += length
        number += bool(cells or wrong)


def _refuse_another_encoding(others: int, *, has_utf8: bool) -> None:
    """Raise ProviderGarbled when what is not UTF-8 is no damage to some rows, but how the file is written."""
    if others >= _ANOTHER_ENCODING and not has_utf8:
        raise _garbled(f"the file is not UTF-8: {others} places are in another encoding, and none is in UTF-8")


def _wrong_with(record: Record, cells: list[str], columns: tuple[str, ...]) -> str | None:
    """Why the row is no entry. Raises ProviderGarbled when it says that the file is no single list."""
    if len(cells) == len(columns):
        if cells[0].strip() == columns[0] and tuple(cell.strip() for cell in cells) == columns:
            raise _garbled(f"row {record.number} is the header once more: two files in one")
        return None
    return f"row {record.number} has {len(cells)} cells and the header {len(columns)}"


def _ends_whole(last: Record, file: BufferedReader, lines: _Lines) -> bool:
    file.seek(last.offset + last.length - 1)
    end = file.read(1)
    # A quote ends a cell; that it ended the row, too, only a row of the right width can show.
    return end == b"\n" or (last.broken is None and (end == b'"' or lines.has_end_mark))


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
        if self._text[at + 1 :].strip(" \t\r\n\x1a"):
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
    raw = raw_entry(raw) if layout.format == "csv" else with_single_aliases(raw)
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
            lines = _Lines(file)
            names = next(csv.reader(lines, strict=True), [])
        except csv.Error as exc:
            raise _garbled("the file begins like no list") from exc
    if lines.fault is not None:
        raise _garbled(f"the file begins like no list: its first line {lines.fault}")
    columns = tuple(name.strip() for name in names)
    if missing := [name for name in _REQUIRED if name not in columns]:
        raise _garbled(f"the file's first line names no column {missing[0]!r}: it is no list")
    named = [name for name in columns if name]
    if len(set(named)) != len(named):
        raise _garbled("the file's first line names a column twice")
    return columns


def _garbled(said: str) -> ProviderGarbled:
    return ProviderGarbled(f"csl: {said}", upstream=_UPSTREAM)
