"""Reads the rows of a CSV file: a header line, then one record a row, whatever separates the cells."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from service.batches.columns import Columns, columns_of
from service.batches.csv_records import LOOK_AHEAD_BYTES, Broken, Records
from service.batches.encodings import RowText, TextOfRows
from service.batches.file_faults import FileFault
from service.batches.lines import Lines
from service.batches.rows import Row
from service.batches.values import MAX_COLUMNS, row_of

__all__ = ["CsvRows"]

#: Of two that make as much sense of the header, the first.
_DELIMITERS = ",;\t|"
#: What stands in no text: where there is but one column, nothing separates cells.
_NO_DELIMITER = "\x1f"
#: What spreadsheet programs write into a first line of its own.
_DELIMITER_STATED = re.compile(rb"sep=([,;\t|])", re.IGNORECASE)


class CsvRows:
    """`mapping` is ours -> theirs. `columns` is None until the header has been read.

    Raises FileFault when the header cannot be used, or when too little of the file is as it should be.
    """

    def __init__(self, encoding: str | None, mapping: Mapping[str, str]) -> None:
        self.columns: Columns | None = None
        self._delimiter: str | None = None
        self._mapping = mapping
        self._lines = Lines(LOOK_AHEAD_BYTES)
        self._records = Records(_DELIMITERS.encode())
        self._text = TextOfRows[Broken](encoding)
        self._places: list[tuple[str, int]] = []
        self._width = self._number = 0
        self._is_begun = False

    @property
    def delimiter(self) -> str | None:
        """None: the header has not been read, or there is but one column."""
        return None if self._delimiter == _NO_DELIMITER else self._delimiter

    @property
    def encoding(self) -> str:
        """As far as it is known."""
        return self._text.encoding

    def feed(self, data: bytes) -> Iterator[Row]:
        """The rows that are whole by now."""
        for line in self._lines.feed(data):
            yield from self._take_all(self._records.add(line))

    def rest(self) -> Iterator[Row]:
        """The rows that waited for others to tell their encoding."""
        for text in self._text.end():
            yield from self._read(text)

    def end(self) -> Iterator[Row]:
        """The rest."""
        for line in self._lines.end():
            yield from self._take_all(self._records.add(line))
        yield from self._take_all(self._records.end())
        yield from self.rest()
        if self.columns is None:
            raise FileFault("empty_file", "the file is empty; a header line is needed that names the columns")

    def _take_all(self, records: Iterator[bytes | Broken]) -> Iterator[Row]:
        try:
            for record in records:
                yield from self._take(record)
        except FileFault:
            yield from self.rest()
            raise

    def _take(self, record: bytes | Broken) -> Iterator[Row]:
        if not self._is_begun and isinstance(record, bytes):
            stated = _DELIMITER_STATED.fullmatch(record)
            if stated is not None and self._delimiter is None:
                self._delimiter = stated[1].decode()
                self._records.delimiters = stated[1]
                return
        self._is_begun = True
        for text in self._text.add(record):
            yield from self._read(text)

    def _read(self, record: RowText | Broken) -> Iterator[Row]:
        if self.columns is None:
            self._read_header(record)
            return
        self._number += 1
        if isinstance(record, Broken):
            yield Row(number=self._number, fault=record.fault)
            return
        cells = self._cells(record.text)
        if cells is None:
            yield Row(number=self._number, fault="the row has a cell that is too long")
        elif len(cells) != self._width and (len(cells) < self._width or "".join(cells[self._width :]).strip()):
            expected = f"the header has {self._width}"
            yield Row(number=self._number, fault=f"the row has {_counted(len(cells))}, {expected}")
        else:
            values = {ours: cells[at].strip(" ") for ours, at in self._places}
            row = row_of(self._number, values, record.fault and f"the row {record.fault}")
            yield replace(row, fault_code="unknown_encoding") if record.is_unknown else row

    def _read_header(self, record: RowText | Broken) -> None:
        if isinstance(record, Broken):
            raise FileFault("header_unreadable", f"the header line cannot be read: {record.fault}")
        # A guess will do to find columns by their names: what stands in them is judged by itself.
        if "\0" in record.text or (record.fault is not None and not record.is_unknown):
            raise FileFault("header_unreadable", f"the header line {record.fault or 'holds a NUL character'}")
        header = self._divided(record.text)
        if len(header) > MAX_COLUMNS:
            raise FileFault("header_unreadable", f"the header line has more than {MAX_COLUMNS:,} columns")
        self.columns, places = columns_of(header, self._mapping)
        self._places = list(places.items())
        self._width = len(header)
        self._records.delimiters = (self.delimiter or "").encode()

    def _divided(self, text: str) -> list[str]:
        """The header's cells, by that delimiter by which most columns of ours are found; of two, which makes more."""
        headers = []
        for delimiter in _DELIMITERS if self._delimiter is None else self._delimiter:
            self._delimiter = delimiter
            cells = self._cells(text)
            if cells is not None:
                headers.append((self._found(cells), len(cells), delimiter, cells))
        if not headers:
            raise FileFault("header_unreadable", "the header line has a cell that is too long")
        _, width, delimiter, cells = max(headers, key=lambda each: each[:2])
        self._delimiter = delimiter if width > 1 else _NO_DELIMITER
        while len(cells) > 1 and not cells[-1].strip():  # what some programs put at the end of every line
            cells.pop()
        return cells

    def _found(self, cells: list[str]) -> int:
        if len(cells) > MAX_COLUMNS:
            return 0
        try:
            return len(columns_of(cells, self._mapping)[1])
        except FileFault as exc:
            return 0 if exc.code in ("no_name_column", "no_such_column") else 1

    def _cells(self, text: str) -> list[str] | None:
        """None: one is longer than the library takes."""
        delimiter = self._delimiter or _NO_DELIMITER
        if '"' not in text:
            return text.split(delimiter)
        try:
            return next(csv.reader([text], delimiter=delimiter, skipinitialspace=True), [])
        except csv.Error:
            return None


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"
