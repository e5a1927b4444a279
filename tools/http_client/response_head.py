"""What the head of an answer may be, for both clients: how large, and how two odd headers of it are read. Pure.

The libraries differ in all of this. So heads are looked at here before either library reads them.
"""

import http.client
import re

__all__ = ["MAX_FIELDS", "MAX_FIELD_BYTES", "MAX_HEAD_BYTES", "HeadGate", "RefusedHead", "check_sizes", "mended"]

#: A value of 32 KiB, and its name.
MAX_FIELD_BYTES = 33 * 1024
#: 64 KiB of headers, and the status line.
MAX_HEAD_BYTES = 66 * 1024
MAX_FIELDS = 1000

#: The headers that are looked at. A length matters with how the body is coded for the transfer.
_SPECIAL = re.compile(rb"^(content-length|transfer-encoding|location)[ \t]*:[ \t]*([^\r\n]*?)[ \t]*\r?\n", re.I | re.M)
_LENGTH = re.compile(rb"0*([0-9]{1,19})")
#: Bytes that may stand in a URL as they are (RFC 3986, appendix A, and "#").
_NOT_IN_URL = re.compile(rb"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")
_START = b"HTTP/"


class RefusedHead(http.client.HTTPException):
    """A head that is too large, or whose length means nothing. The message goes on from "the agency sent"."""


def check_sizes(longest: int, total: int, fields: int) -> None:
    """Raise RefusedHead when a header, all of them, or how many they are is too much. Sizes are in bytes."""
    if longest > MAX_FIELD_BYTES:
        raise RefusedHead("a header of more than 32 kB")
    if total > MAX_HEAD_BYTES:
        raise RefusedHead("more than 64 kB of headers")
    if fields > MAX_FIELDS:
        raise RefusedHead(f"more than {MAX_FIELDS} headers")


def mended(head: bytes) -> bytes:
    """Return the lines of a head so that both clients read them alike. Raises RefusedHead.

    Equal lengths become one, or none where the body is chunked (RFC 9112, section 6.3); a transfer coding that is none
    goes. What no URL may hold in a Location is percent-encoded byte by byte, and nothing else of it is touched.
    """
    special = _SPECIAL.findall(head)
    if len(special) == 1 and special[0][1].isdigit() and len(special[0][1]) < 19 and special[0][1][:1] != b"0":
        return head  # as nearly every one is: a plain length, and no more
    found = [(name[:1].lower(), value) for name, value in special]
    lengths = [value for kind, value in found if kind == b"c"]
    is_chunked = any(b"chunked" in value.lower() for kind, value in found if kind == b"t")
    length = None if is_chunked else _length_of(lengths)
    is_plain = lengths == ([] if length is None else [length]) and (b"t", b"identity") not in found
    if is_plain and not any(_NOT_IN_URL.search(value) for kind, value in found if kind == b"l"):
        return head
    first = iter([] if length is None else [b"Content-Length: %b\r\n" % length])

    def mend(field: re.Match[bytes]) -> bytes:
        kind = field[1][:1].lower()
        if kind == b"c":
            return next(first, b"")
        if kind == b"t":
            return b"" if field[2] == b"identity" else field[0]
        return b"Location: %b\r\n" % _NOT_IN_URL.sub(_percent_encoded, field[2])

    return _SPECIAL.sub(mend, head)


def _length_of(headers: list[bytes]) -> bytes | None:
    """Return the one length that all of these state; None: there is none."""
    stated = {each.strip() for header in headers for each in header.split(b",")}
    lengths = {found[1] if (found := _LENGTH.fullmatch(each)) else None for each in stated}
    if None in lengths:
        raise RefusedHead("a Content-Length that is not a length")
    if len(lengths) > 1:
        raise RefusedHead("two different lengths of one body")
    return lengths.pop() if lengths else None


def _percent_encoded(byte: re.Match[bytes]) -> bytes:
    return b"%%%02X" % byte[0][0]


class HeadGate:
    """Lets an answer through once its head is whole, mended. One for each answer."""

    def __init__(self, *, is_open: bool = False) -> None:
        self.held = b""
        self.is_open = is_open

    def take(self, data: bytes) -> bytes:
        """Return what may be read of what came; the rest is held. Raises RefusedHead."""
        data, self.held = self.held + data, b""
        passed = b""
        while not self.is_open and data:
            if data[:5] != _START[: len(data)]:
                self.is_open = True  # not HTTP, as the library will say
                break
            end = _end_of(data)
            head = data if end < 0 else data[:end]
            if len(head) > MAX_FIELD_BYTES or head.count(b"\n") > MAX_FIELDS:
                lines = head.split(b"\n")
                check_sizes(max(map(len, lines)), len(head), len([line for line in lines[1:] if line.strip()]))
            if end < 0:
                self.held = data
                break
            passed += mended(head)
            # Behind an interim answer comes another head (RFC 9110, section 15.2).
            self.is_open = head[8:10] != b" 1" or head[9:12] == b"101"
            data = data[end:]
        return passed if self.held else passed + data


def _end_of(data: bytes) -> int:
    """Return where the head ends, behind its empty line; -1: it does not yet."""
    end = data.find(b"\r\n\r\n")
    if end >= 0 and b"\n\n" not in data[:end]:
        return end + 4
    found = re.search(rb"\n\r?\n", data)
    return -1 if found is None else found.end()
