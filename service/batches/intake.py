"""Reads the rows of a caller's file as its bytes come: CSV, one JSON object a line, or a JSON array of objects.

However the bytes are cut into pieces, the rows are the same. Memory is bounded by what one row may be, whatever comes.
A row that cannot be read says why and costs no other; what is wrong with the whole file is a `FileFault`.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, Protocol

from service.batches.code_pages import CODE_PAGES
from service.batches.columns import Columns
from service.batches.csv_rows import CsvRows
from service.batches.encodings import Unmarked
from service.batches.file_faults import FileFault
from service.batches.json_rows import ArrayRows, LineRows
from service.batches.rows import Row

__all__ = ["FileFormat", "RowReader"]

FileFormat = Literal["csv", "ndjson", "json"]

_WHITESPACE = b" \t\r\n"


class _Rows(Protocol):
    @property
    def columns(self) -> Columns | None: ...
    @property
    def encoding(self) -> str: ...
    @property
    def delimiter(self) -> str | None: ...
    def feed(self, data: bytes) -> Iterator[Row]: ...
    def rest(self) -> Iterator[Row]: ...
    def end(self) -> Iterator[Row]: ...


class RowReader:
    """`format` None: found out from the first character. `mapping` is ours -> theirs ({"name": "Company Name"}), an
    empty theirs: that column of ours is not read. `charset` is what the sender says of the encoding.

    Of what stands before a fault the rows are handed out; the fault is raised by the call after them.
    """

    def __init__(
        self,
        format: FileFormat | None,  # noqa: A002 - the word that callers use
        mapping: Mapping[str, str],
        max_rows: int,
        *,
        charset: str | None = None,
    ) -> None:
        self._unmarked = Unmarked(charset)
        self._format, self._mapping, self._max_rows = format, mapping, max_rows
        self._rows: _Rows | None = None
        self._fault: FileFault | None = None
        #: Rows handed out so far.
        self.count = 0

    @property
    def format(self) -> FileFormat | None:
        """None: not known yet."""
        return self._format

    @property
    def columns(self) -> Columns | None:
        """Which of the file's columns is which of ours; None: not known yet. Of JSON it may become more."""
        return None if self._rows is None else self._rows.columns

    @property
    def encoding(self) -> str | None:
        """As far as it is known; `ascii` while nothing else has come."""
        if self._unmarked.encoding == "utf-16" or self._rows is None:
            return self._unmarked.encoding and CODE_PAGES.get(self._unmarked.encoding, self._unmarked.encoding)
        return self._rows.encoding

    @property
    def delimiter(self) -> str | None:
        """What separates the cells of a CSV file."""
        return None if self._rows is None else self._rows.delimiter

    @property
    def fault(self) -> FileFault | None:
        """What the next call will raise."""
        return self._fault

    def feed(self, data: bytes) -> list[Row]:
        """The rows that are whole by now. Raises FileFault."""
        return self._handed_out(self._feed(data))

    def end(self) -> list[Row]:
        """The rest: nothing more comes. Raises FileFault."""
        return self._handed_out(self._end())

    def break_off(self) -> list[Row]:
        """The whole rows that waited for others to tell their encoding: no more will come. Raises FileFault."""
        return self._handed_out(iter(()) if self._rows is None else self._rows.rest())

    def _handed_out(self, rows: Iterator[Row]) -> list[Row]:
        if self._fault is not None:
            raise self._fault
        found: list[Row] = []
        try:
            for row in rows:
                self._count_one()
                found.append(row)
        except FileFault as fault:
            fault.row = self.count
            self._fault = fault
            if not found:
                raise
        return found

    def _count_one(self) -> None:
        if self.count >= self._max_rows:
            raise FileFault("too_many_rows", f"the file has more than {self._max_rows:,} rows")
        self.count += 1

    def _feed(self, data: bytes) -> Iterator[Row]:
        text = self._unmarked.feed(data)
        if self._rows is None:
            # Blanks alone tell nothing, and are no row of any format.
            text = text.lstrip(b" \r\n" if self._format == "csv" else _WHITESPACE)
            if not text:
                return
            self._rows = self._reader_of(text)
        yield from self._rows.feed(text)

    def _end(self) -> Iterator[Row]:
        rest = self._unmarked.end()
        if rest or self._rows is None:
            rest = rest.lstrip(_WHITESPACE)
            if self._rows is None:
                if not rest:
                    raise FileFault("empty_file", "the file is empty")
                self._rows = self._reader_of(rest)
            yield from self._rows.feed(rest)
        yield from self._rows.end()

    def _reader_of(self, text: bytes) -> _Rows:
        """The reader of what begins with `text`. An object is no array, whatever it was called: then it is a line."""
        if self._format is None:
            self._format = "json" if text[:1] == b"[" else "ndjson" if text[:1] == b"{" else "csv"
        elif self._format == "json" and text[:1] == b"{":
            self._format = "ndjson"
        if self._format == "csv":
            return CsvRows(self._unmarked.encoding, self._mapping)
        rows_in_json = LineRows if self._format == "ndjson" else ArrayRows
        return rows_in_json(self._unmarked.encoding, self._mapping)
