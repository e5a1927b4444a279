"""Puts the lines of a CSV file together to records, where cells in quotes run over several lines.

A quote that is not closed as it should be must not take other rows with it. When what follows a closing quote is not
the end of the cell, or no closing quote comes for long, the first line alone is no row, and reading goes on at the
second.
"""

import re
from collections.abc import Iterator
from functools import cache

from service.batches.file_faults import FileFault
from service.batches.values import MAX_ROW_BYTES, TOO_LONG

__all__ = ["LOOK_AHEAD_BYTES", "Broken", "Records"]

#: A cell in quotes that is longer is taken for one whose closing quote is missing; so is one on more lines.
LOOK_AHEAD_BYTES = 2 * 1024 * 1024
_LOOK_AHEAD_LINES = 50_000
#: Lines that may be read again because of such cells, beside twice those that came. More is no file.
_MAX_AGAIN_LINES = 100_000
#: From within a cell in quotes to the quote that closes it, or to the end.
_INSIDE = re.compile(rb'(?:[^"]++|"")*+')
_BADLY_QUOTED = "the row has a quote that is not closed, or does not close its cell"


class Broken:
    """A line that is no record, for the reason in `fault`."""

    __slots__ = ("fault",)

    def __init__(self, fault: str) -> None:
        self.fault = fault


class Records:
    """`delimiters` are the characters that end a cell; they may be changed between two lines."""

    def __init__(self, delimiters: bytes) -> None:
        self.delimiters = delimiters
        #: Lines of a record that has not ended.
        self._open: list[bytes] = []
        self._open_bytes = self._came_lines = self._again_lines = 0

    def add(self, line: bytes | None) -> Iterator[bytes | Broken]:
        """The records that are whole now; blank lines are none. None is a line that was too long to be kept."""
        self._came_lines += 1
        yield from self._go_through([line])

    def end(self) -> Iterator[bytes | Broken]:
        """The rest: a record that is still open has no closing quote."""
        while self._open:
            waiting: list[bytes | None] = []
            yield from self._give_up(waiting)
            yield from self._go_through(waiting)

    def _go_through(self, waiting: list[bytes | None]) -> Iterator[bytes | Broken]:
        """The last of `waiting` is the next."""
        while waiting:
            line = waiting.pop()
            if line is None or (self._open and self._is_too_much(line)):
                if self._open:
                    waiting.append(line)
                    yield from self._give_up(waiting)
                else:
                    yield Broken(TOO_LONG)
                continue
            is_whole = self._ends_outside_quotes(line) if self._open or b'"' in line else True
            if is_whole is None and self._open:
                waiting.append(line)
                yield from self._give_up(waiting)
            elif is_whole is None:
                yield Broken(_BADLY_QUOTED)
            elif not is_whole:
                self._open.append(line)
                self._open_bytes += len(line)
            else:
                record = b"".join([*self._open, line]).rstrip(b"\r\n")
                self._open, self._open_bytes = [], 0
                if len(record) > MAX_ROW_BYTES:
                    yield Broken(TOO_LONG)
                elif record.strip(b" "):
                    yield record

    def _give_up(self, waiting: list[bytes | None]) -> Iterator[Broken]:
        """The open record's first line is none, and its other lines are waiting again."""
        self._again_lines += len(self._open)
        if self._again_lines > _MAX_AGAIN_LINES + 2 * self._came_lines:
            raise FileFault("unclosed_quotes", "too many rows have quotes that are not closed")
        waiting.extend(reversed(self._open[1:]))
        self._open, self._open_bytes = [], 0
        yield Broken(_BADLY_QUOTED)

    def _is_too_much(self, line: bytes) -> bool:
        return self._open_bytes + len(line) > LOOK_AHEAD_BYTES or len(self._open) >= _LOOK_AHEAD_LINES

    def _ends_outside_quotes(self, line: bytes) -> bool | None:
        """Whether the record ends with this line; None: it is not quoted as it should be."""
        body = line.rstrip(b"\r\n")
        if not self._open and _well_quoted(self.delimiters).fullmatch(body):
            return True
        end, at, inside = len(body), 0, bool(self._open)
        while True:
            if inside:
                closing = _INSIDE.match(line, at)
                at = len(line) if closing is None else closing.end()
                if at >= len(line):
                    return False
                at = _after_blanks(body, at + 1)
                if at >= end:
                    return True
                if body[at] not in self.delimiters:
                    return None
                at += 1
                inside = False
            at = _after_blanks(body, at)
            if body[at : at + 1] == b'"':
                at += 1
                inside = True
            else:
                at = self._after_cell(body, at)
                if at < 0:
                    return True

    def _after_cell(self, body: bytes, at: int) -> int:
        """Where the next cell begins; -1: there is none."""
        found = [place for each in self.delimiters if (place := body.find(each, at)) >= 0]
        return min(found) + 1 if found else -1


@cache
def _well_quoted(delimiters: bytes) -> re.Pattern[bytes]:
    """Most lines with quotes: every cell is quoted as a whole, or has none."""
    ends = b"[" + re.escape(delimiters) + b"]" if delimiters else b"(?!)"
    cell = rb'(?: *+"(?:[^"]++|"")*+" *+|[^"' + re.escape(delimiters) + rb"]*+)"
    return re.compile(cell + b"(?:" + ends + cell + b")*+")


def _after_blanks(body: bytes, at: int) -> int:
    while body[at : at + 1] == b" ":
        at += 1
    return at
