"""An answer on a sync connection, read strictly: its head as a whole, and its body by its chunks and its packing.

The private names of http.client and urllib3 that this rests on are listed in docs/pools.md.
"""

import email.parser
import http.client
import re
from collections.abc import Callable
from typing import Any

from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from tools.http_client.content_coding import Unpacker, unpacker_of
from tools.http_client.response_head import MAX_FIELD_BYTES, RefusedHead, check_sizes, mended

__all__ = ["StrictBody", "WholeHead"]

#: A header that is one line and has nothing odd about it; the others are for the email parser, which knows them all.
_PLAIN = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?\r?\n")
#: A header with a name, or a line that goes on with the one before; as aiohttp has it, too.
_LINE = re.compile(rb"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+:|[ \t])[^\0]*\Z")
_END = (b"\r\n", b"\n", b"")
#: A length of fewer bytes than 2 to the 64th, and what may be said of it (RFC 9112, section 7.1).
_CHUNK = re.compile(rb"0*([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")


class WholeHead(http.client.HTTPResponse):
    """An answer whose head has its end: http.client takes the end of the connection for it, and the body for empty.

    A head of plain lines is read without the email parser (`python -m tests.bench.sync_half`: 1.2 x for the sync half).
    """

    # What http.client keeps to itself, for the type checker.
    _read_status: Callable[[], tuple[str, int, str]]
    _check_close: Callable[[], bool]
    _method: str | None
    code: int
    #: The peer sent more than this answer; http.client would drop that with its buffer.
    has_more = False

    def _close_conn(self) -> None:
        """Let go of the file, at the end of the body or before."""
        file: Any = self.fp
        if hasattr(file, "raw"):
            file.raw.readinto = _nothing  # so that the look at the buffer does not read on, and wait
            self.has_more = bool(file.peek(1))
        super()._close_conn()  # type: ignore[misc]  # likewise

    def begin(self) -> None:
        """Read the head, interim ones skipped. Raises IncompleteRead when the connection ends inside it."""
        if self.headers is not None:
            return
        status = 100
        while 100 <= status < 200 and status != http.client.SWITCHING_PROTOCOLS:
            # http.client skips 100 only (RFC 9110, section 15.2)
            version, status, reason = self._read_status()
            message = _read_headers(self.fp, len(version) + len(reason))
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
        """Return the bytes of the body; None when only its end shows them."""
        if self.status in (204, 304) or 100 <= self.status < 200 or self._method == "HEAD":
            return 0
        declared = message.get("content-length")
        try:
            return None if declared is None else int(declared)
        except ValueError as exc:  # it goes on in the next line
            raise RefusedHead("a Content-Length that is not a length") from exc


def _nothing(_: object) -> int:
    return 0


def _read_headers(stream: Any, size: int) -> http.client.HTTPMessage:
    """Read headers to the empty line behind them, `size` being what came before. Raises RefusedHead, IncompleteRead."""
    lines: list[bytes] = []
    check_sizes(size, size, 0)
    while (line := stream.readline(MAX_FIELD_BYTES + 1)) not in _END:
        lines.append(line)
        size += len(line)
        check_sizes(len(line), size, len(lines))
    if not line:
        raise http.client.IncompleteRead(b"")
    head = b"".join(lines)
    if (read := mended(head)) is not head:
        lines = read.splitlines(keepends=True)
    message = http.client.HTTPMessage()
    for each in lines:
        found = _PLAIN.fullmatch(each)
        if found is None:
            if not all(map(_LINE.match, lines)):
                raise RefusedHead("a header that is none")
            parser = email.parser.Parser(_class=http.client.HTTPMessage)
            return parser.parsestr((read + line).decode("iso-8859-1"))
        message.set_raw(found[1].decode("ascii"), (found[2] or b"").decode("ascii"))
    return message


class StrictBody(HTTPResponse):
    """An answer as urllib3 hands it on, whose body is whole only when its packing is and its chunks are.

    urllib3 takes what a cut packing gave for the whole, signs and underscores for a chunk's length, and a cut "0" for
    the end.
    """

    unpacker: Unpacker | None = None

    def _init_decoder(self) -> None:
        if self.unpacker is None:
            self.unpacker = unpacker_of([self.headers.get("content-encoding", "")])
            self._decoder: Any = self.unpacker

    def _update_chunk_length(self) -> None:
        if self.chunk_left is not None:
            return
        stream: Any = self._fp
        line = stream.fp.readline(MAX_FIELD_BYTES + 1)
        found = _CHUNK.fullmatch(line)
        if found is not None:
            self.chunk_left = int(found[1], 16)
            return
        self.close()
        if line.endswith(b"\n") or len(line) > MAX_FIELD_BYTES:
            raise ProtocolError(RefusedHead("a chunk without a length"))
        raise ProtocolError("the answer ended between two chunks")
