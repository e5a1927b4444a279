"""A request's body as it was before it was encoded for its way (RFC 9110, section 8.4).

aiohttp would decode it, too, but takes a gzip stream that breaks off for a whole one: rows would be lost in silence.
"""

import zlib
from collections.abc import Awaitable, Callable

from aiohttp import web

__all__ = ["receiving"]

#: Handed out at once, whatever a piece grows to.
_PIECE_BYTES = 128 * 1024
_GZIP = 16 + zlib.MAX_WBITS


def receiving(request: web.Request) -> Callable[[], Awaitable[bytes]]:
    """What brings the body's next piece, b"" at its end, and raises RequestPayloadError when it is not encoded as its
    header says, or is not whole. Raises HTTPUnsupportedMediaType on an encoding that is not known here."""
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        return request.content.readany
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise web.HTTPUnsupportedMediaType(reason="a Content-Encoding must be gzip or deflate")
    return _Decoded(request.content.readany, is_gzip=encoding != "deflate").next


class _Decoded:
    def __init__(self, receive: Callable[[], Awaitable[bytes]], *, is_gzip: bool) -> None:
        self._receive, self._is_gzip = receive, is_gzip
        self._decoder: zlib._Decompress | None = None
        self._encoded = b""

    async def next(self) -> bytes:
        while True:
            if not self._encoded:
                self._encoded = await self._receive()
                if not self._encoded:
                    return self._rest()
            try:
                piece = self._decode()
            except zlib.error as exc:
                raise web.RequestPayloadError("the body cannot be decoded") from exc
            if piece:
                return piece

    def _rest(self) -> bytes:
        rest = b"" if self._decoder is None else self._decoder.decompress(b"", _PIECE_BYTES)
        if not rest and (self._decoder is None or not self._decoder.eof):
            raise web.RequestPayloadError("the encoded body breaks off")
        return rest

    def _decode(self) -> bytes:
        if self._decoder is None or self._decoder.eof:
            # Of gzip several may follow each other (RFC 1952, section 2.2).
            if self._decoder is not None and not self._is_gzip:
                raise zlib.error("something follows the end")
            self._decoder = zlib.decompressobj(_GZIP if self._is_gzip else _wrapping(self._encoded))
        piece = self._decoder.decompress(self._encoded, _PIECE_BYTES)
        self._encoded = self._decoder.unconsumed_tail or self._decoder.unused_data
        return piece


def _wrapping(beginning: bytes) -> int:
    """Many send deflate without the wrapping that is meant by it."""
    return zlib.MAX_WBITS if beginning[0] & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
