"""Finds the elements of a JSON array that comes in pieces, in bounded memory, without reading what is in them."""

import re
from collections.abc import Iterator

from service.batches.file_faults import FileFault

__all__ = ["Elements"]

#: What matters outside texts.
_MARK = re.compile(rb'["\[\]{},]')
#: The rest of a text up to its quote, or to the end of the piece.
_TEXT = re.compile(rb'(?:[^"\\]++|\\.)*+', re.DOTALL)
#: Most elements: an object with nothing but texts and plain values in it, and the comma after it.
_FLAT = re.compile(rb'[ \t\r\n]*+(\{(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+\})[ \t\r\n]*+,', re.DOTALL)
_OPENING, _CLOSING, _QUOTE, _COMMA, _END = b"[{", b"]}", ord('"'), ord(","), ord("]")
_WHITESPACE = b" \t\r\n"


class Elements:
    """The elements as they stand there; one that is over `most_bytes` is told as None: it is gone."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = bytearray()
        self._is_too_long = False
        #: 0: the array has not begun, 1: between its elements or in a plain one; more: in an object or array.
        self._level = 0
        self._in_text = self._after_backslash = self._after_comma = self._is_whole = self._has_ended = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The elements that are whole by now. Raises FileFault where the array is none, or not in order."""
        at = start = 0
        if not self._level:
            data = data.lstrip(_WHITESPACE)
            if not data:
                return
            if data[:1] != b"[":
                raise FileFault("no_array", "the body is no JSON array of rows")
            at = start = self._level = 1
        while at < len(data) and not self._has_ended:
            if self._in_text:
                at = self._through_text(data, at)
                continue
            if at == start and self._level == 1 and not self._held and not self._is_too_long and not self._is_whole:
                flat = _FLAT.match(data, at)
                if flat is not None:
                    yield flat[1] if flat.end() - at - 1 <= self._most_bytes else None
                    self._after_comma = True
                    at = start = flat.end()
                    continue
            found = _MARK.search(data, at)
            place = len(data) if found is None else found.start()
            if self._is_whole and data[at:place].strip(_WHITESPACE):
                raise FileFault("broken_array", "the array is not in order: a comma is missing after an element")
            at = place + 1
            if found is None:
                break
            mark = data[place]
            if self._is_whole and mark not in (_COMMA, _END):
                raise FileFault("broken_array", "the array is not in order: a comma is missing after an element")
            if mark == _QUOTE:
                self._in_text = True
            elif mark in _OPENING:
                self._level += 1
            elif mark in _CLOSING and self._level > 1:
                self._level -= 1
                self._is_whole = self._level == 1
            elif self._level == 1:
                if mark not in (_COMMA, _END):
                    raise FileFault("broken_array", "the array is not in order: a bracket closes nothing")
                self._hold(data[start:place])
                yield from self._take(is_last=mark == _END)
                start = at
        if self._has_ended:
            if data[start:].strip(_WHITESPACE):
                raise FileFault("broken_array", "something stands after the end of the array")
        else:
            self._hold(data[start:])

    def end(self) -> None:
        """Raises FileFault unless the array has ended."""
        if not self._has_ended:
            what = "is not closed" if self._level else "is missing"
            raise FileFault("broken_array" if self._level else "empty_file", f"the array {what}")

    def _through_text(self, data: bytes, at: int) -> int:
        if self._after_backslash:
            self._after_backslash = False
            return at + 1
        found = _TEXT.match(data, at)
        at = len(data) if found is None else found.end()
        if at < len(data):
            self._after_backslash = data[at] != _QUOTE
            self._in_text = self._after_backslash
        return at + 1

    def _hold(self, piece: bytes) -> None:
        if len(self._held) + len(piece) > self._most_bytes:
            self._is_too_long = True
            self._held.clear()
        if not self._is_too_long:
            self._held += piece

    def _take(self, *, is_last: bool) -> Iterator[bytes | None]:
        self._has_ended = is_last
        element = None if self._is_too_long else bytes(self._held).strip(_WHITESPACE)
        self._held.clear()
        self._is_too_long = self._is_whole = False
        if element == b"":
            # `[]` has no element; otherwise a comma is one too many.
            if self._after_comma or not is_last:
                raise FileFault("broken_array", "the array is not in order: there is a comma too many")
        else:
            yield element
        self._after_comma = True
