"""Reads the rows of a CSV file: a header line, then one record a row, whatever separates the cells."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from service.batches.columns import Columns, columns_of
from service.batches.csv_records import LOOK_AHEAD_BYTES, Broken, Records
from service.batches.delimiters import DELIMITERS, Header, cells_of, headers_of, likeliest
from service.batches.encodings import RowText, TextOfRows
from service.batches.file_faults import FileFault
from service.batches.lines import Lines
from service.batches.rows import Row
from service.batches.values import MAX_COLUMNS, row_of

__all__ = ["CsvRows"]

#: What spreadsheet programs write into a first line of its own.
_DELIMITER_STATED = re.compile(rb"sep=([,;\t|])", re.IGNORECASE)


class CsvRows:
    """`mapping` is ours -> theirs. `columns` is None until the header has been read.

    Raises FileFault when the header cannot be used, or when too little of the file is as it should be.
    """

    def __init__(self, encoding: str | None, mapping: Mapping[str, str]) -> None:
        self.columns: Columns | None = None
        #: None: the header has not been read, or there is but one column.
        self.delimiter: str | None = None
        self._stated: str | None = None
        self._headers: list[Header] = []
        self._mapping = mapping
        self._lines = Lines(LOOK_AHEAD_BYTES)
        self._records = Records(DELIMITERS.encode())
        self._text = TextOfRows[Broken](encoding)
        self._places: list[tuple[str, int]] = []
        self._width = self._number = 0
        self._is_begun = False

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
        if self.columns is None and self._headers:
            self._take_header(None)
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
            if stated is not None and self._stated is None:
                self._stated = stated[1].decode()
                self._records.delimiters = stated[1]
                return
        self._is_begun = True
        for text in self._text.add(record):
            yield from self._read(text)

    def _read(self, record: RowText | Broken) -> Iterator[Row]:
        if self.columns is None:
            if not self._headers:
                self._headers = self._headers_in(record)
                if len(self._headers) == 1:
                    self._take_header(None)
                return
            self._take_header(None if isinstance(record, Broken) else record.text)
        self._number += 1
        if isinstance(record, Broken):
            yield Row(number=self._number, fault=record.fault)
            return
        cells = cells_of(record.text, self.delimiter)
        if cells is None:
            yield Row(number=self._number, fault="the row has a cell that is too long")
        elif len(cells) != self._width and (len(cells) < self._width or "".join(cells[self._width :]).strip()):
            expected = f"the header has {self._width}"
            yield Row(number=self._number, fault=f"the row has {_counted(len(cells))}, {expected}")
        else:
            values = {ours: cells[at].strip(" ") for ours, at in self._places}
            row = row_of(self._number, values, record.fault and f"the row {record.fault}")
            yield replace(row, fault_code="unknown_encoding") if record.is_unknown else row

    def _headers_in(self, record: RowText | Broken) -> list[Header]:
        """Return what the header may be. Raises FileFault."""
        if isinstance(record, Broken):
            raise FileFault("header_unreadable", f"the header line cannot be read: {record.fault}")
        # A guess will do to find columns by their names: what stands in them is judged by itself.
        if "\0" in record.text or (record.fault is not None and not record.is_unknown):
            raise FileFault("header_unreadable", f"the header line {record.fault or 'holds a NUL character'}")
        headers = headers_of(record.text, self._stated or DELIMITERS)
        if not headers:
            raise FileFault("header_unreadable", "the header line has a cell that is too long")
        return headers

    def _take_header(self, first_row: str | None) -> None:
        """Settle what the header is. Raises FileFault."""
        header = likeliest(self._headers, first_row, self._mapping)
        if len(header.cells) > MAX_COLUMNS:
            raise FileFault("header_unreadable", f"the header line has more than {MAX_COLUMNS:,} columns")
        self.delimiter, self._width = header.delimiter, len(header.cells)
        self._records.delimiters = (header.delimiter or "").encode()
        self.columns, places = columns_of(header.cells, self._mapping)
        self._places = list(places.items())


def _counted(cells: int) -> str:
    return "1 cell" if cells == 1 else f"{cells} cells"
