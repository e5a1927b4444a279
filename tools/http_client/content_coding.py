"""Unpacks a body (Content-Encoding, RFC 9110, section 8.4), and tells a whole one from one that was cut. Pure.

Both client libraries take what a cut body gave so far for the whole. Here a packed body is whole only when each of its
layers has come to its own end, with the right checksum and length, and nothing stands behind it. zlib checks the sums.
"""

import zlib
from collections.abc import Iterable

from urllib3.exceptions import DecodeError

__all__ = ["ACCEPTED_CODINGS", "PIECE_BYTES", "Unpacker", "UnreadableBody", "unpacker_of"]

#: What requests ask for. Nothing else is unpacked, whatever else is installed.
ACCEPTED_CODINGS = "gzip, deflate"
#: So many bytes are unpacked in one step, however small they were packed.
PIECE_BYTES = 64 * 1024
#: More layers than this have no use but to do harm.
_MOST_LAYERS = 4
#: Words that some servers put there though nothing was packed.
_NO_CODING = frozenset({"", "identity", "none", "binary", "utf-8", "utf8"})
_GZIP_WBITS, _ZLIB_WBITS, _RAW_WBITS = 31, 15, -15


class UnreadableBody(DecodeError):
    """A packed body that was cut or damaged, or packed in a way that was not asked for."""


class _Layer:
    """One coding of a body."""

    def __init__(self, coding: str) -> None:
        self._coding = coding
        self._inflater = zlib.decompressobj(_GZIP_WBITS) if coding == "gzip" else None
        self._start = b""
        self._rest = b""
        self._may_have_more = False

    @property
    def has_more(self) -> bool:
        """Return whether `unpack` has more to give without being given more."""
        return bool(self._rest) or self._may_have_more

    @property
    def is_at_end(self) -> bool:
        return self._inflater is not None and self._inflater.eof and not self._rest

    def unpack(self, packed: bytes, at_most: int) -> bytes:
        """Return what `packed` gives, and what was left over before: at most so many bytes, 0 being no bound."""
        if self._coding not in ("gzip", "deflate"):
            raise UnreadableBody(f"it is packed as {self._coding[:40]!r}, which was not asked for")
        packed, self._rest = self._rest + packed, b""
        if self._inflater is None:
            packed = self._start = self._start + packed
            if len(packed) < 2:
                return b""
            self._inflater = zlib.decompressobj(_ZLIB_WBITS if _is_zlib(packed) else _RAW_WBITS)
            self._start = b""
        pieces, size = [], 0
        while packed or self._may_have_more:
            if self._inflater.eof:
                self._begin_member(packed)
            try:
                piece = self._inflater.decompress(packed, at_most - size if at_most else 0)
            except zlib.error as exc:
                raise UnreadableBody(f"it is damaged ({self._coding}: {exc})") from exc
            pieces.append(piece)
            size += len(piece)
            packed = self._inflater.unconsumed_tail or self._inflater.unused_data
            is_full = bool(at_most) and size >= at_most
            # zlib may hold more back, though it has taken all that it was given.
            self._may_have_more = is_full and not self._inflater.eof
            if is_full:
                break
        self._rest = packed
        return b"".join(pieces)

    def _begin_member(self, packed: bytes) -> None:
        """Begin what stands behind the end: gzip may be several files in a row (RFC 1952, section 2.2)."""
        if self._coding != "gzip" or not packed.startswith(b"\x1f\x8b"[: len(packed)]):
            raise UnreadableBody(f"something stands behind its end ({self._coding})")
        self._inflater = zlib.decompressobj(_GZIP_WBITS)


def _is_zlib(start: bytes) -> bool:
    """Return whether deflate has the head that it ought to have (RFC 1950); some servers leave it out."""
    return start[0] & 0x0F == 8 and start[0] >> 4 <= 7 and int.from_bytes(start[:2], "big") % 31 == 0


class Unpacker:
    """Unpacks a body piece by piece; `codings` are its layers in the order in which they were put on.

    It has the interface that urllib3 wants of a decoder. Raises UnreadableBody.
    """

    def __init__(self, codings: Iterable[str]) -> None:
        self._layers = [_Layer(each) for each in codings][::-1]
        self._has_begun = False

    @property
    def has_unconsumed_tail(self) -> bool:
        """Return whether `decompress` has more to give without being given more."""
        return any(layer.has_more for layer in self._layers)

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return what `data` gives: at most `max_length` bytes, below 1 being no bound."""
        if len(self._layers) > _MOST_LAYERS:
            raise UnreadableBody(f"it is packed {len(self._layers)} times")
        self._has_begun |= bool(data)
        at_most = max(0, max_length)
        while True:
            for layer in self._layers:
                data = layer.unpack(data, at_most)
            if data or not self.has_unconsumed_tail:
                return data

    def flush(self) -> bytes:
        """Return nothing at the end of a whole body; one without a byte is whole."""
        if self._has_begun and not all(layer.is_at_end for layer in self._layers):
            raise UnreadableBody("it was cut: it ends before what was packed does")
        return b""


def unpacker_of(headers: Iterable[str]) -> Unpacker | None:
    """Return what unpacks a body with these Content-Encoding headers; None: it is not packed."""
    named = [each.strip().lower() for header in headers for each in header.split(",")]
    codings = ["gzip" if each == "x-gzip" else each for each in named if each not in _NO_CODING]
    return Unpacker(codings) if codings else None
