"""The head of an answer on the sync side: read to its end, and in few steps where it is a plain one."""

import email.parser
import http.client
import re
from collections.abc import Callable
from typing import Any

__all__ = ["WholeHead"]

#: As http.client has them.
_MAX_LINE_BYTES = 65536
_MAX_LINES = 100

#: A header that is one line and has nothing odd about it; the others are for the email parser, which knows them all.
_PLAIN = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?\r?\n")
_END = (b"\r\n", b"\n", b"")


class WholeHead(http.client.HTTPResponse):
    """An answer whose head has its end: http.client takes the end of the connection for it, and the body for empty."""

    # What http.client keeps to itself, for the type checker.
    _read_status: Callable[[], tuple[str, int, str]]
    _check_close: Callable[[], bool]
    _method: str | None
    code: int

    def begin(self) -> None:
        """Read the head, interim ones skipped. Raises IncompleteRead when the connection ends inside it."""
        if self.headers is not None:
            return
        version, status, reason = self._read_status()
        message = _read_headers(self.fp)
        while 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS:
            # http.client skips 100 only (RFC 9110, section 15.2)
            version, status, reason = self._read_status()
            message = _read_headers(self.fp)
        if version in ("HTTP/1.0", "HTTP/0.9"):
            self.version = 10
        elif version.startswith("HTTP/1."):
            self.version = 11
        else:
            raise http.client.UnknownProtocol(version)
        self.code = self.status = status
        self.reason = reason.strip()
        self.headers = self.msg = message
        self.chunked = (message.get("transfer-encoding") or "").lower() == "chunked"
        self.chunk_left: int | None = None
        self.length = self._declared_length(message)
        # What has no end of its own ends with the connection.
        self.will_close = self._check_close() or not (self.chunked or self.length is not None)

    def _declared_length(self, message: http.client.HTTPMessage) -> int | None:
        """Bytes of the body, None if only its end will tell."""
        if self.status in (204, 304) or 100 <= self.status < 200 or self._method == "HEAD":
            return 0
        declared = message.get("content-length")
        if not declared or self.chunked:
            return None
        try:
            length = int(declared)
        except ValueError:
            return None
        return length if length >= 0 else None


def _read_headers(stream: Any) -> http.client.HTTPMessage:
    """Read headers to the empty line behind them. Raises LineTooLong, HTTPException, IncompleteRead."""
    message = http.client.HTTPMessage()
    lines: list[bytes] = []
    is_plain = True
    while True:
        line = stream.readline(_MAX_LINE_BYTES + 1)
        if len(line) > _MAX_LINE_BYTES:
            raise http.client.LineTooLong("header line")
        lines.append(line)
        if len(lines) > _MAX_LINES:
            raise http.client.HTTPException(f"got more than {_MAX_LINES} headers")
        if line in _END:
            break
        found = _PLAIN.fullmatch(line)
        if found is None:
            is_plain = False
        elif is_plain:
            message.set_raw(found[1].decode("ascii"), (found[2] or b"").decode("ascii"))
    if not line:
        raise http.client.IncompleteRead(b"")
    if is_plain:
        return message
    parser = email.parser.Parser(_class=http.client.HTTPMessage)
    return parser.parsestr(b"".join(lines).decode("iso-8859-1"))
