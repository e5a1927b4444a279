"""Cuts bytes that come in pieces into lines, in bounded memory. How they are cut into pieces makes no difference."""

from collections.abc import Iterator

__all__ = ["Lines"]


class Lines:
    """Lines end with LF, CR LF or CR. One that is over `most_bytes`, its end included, is told as None: it is gone."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held = bytearray()
        self._is_too_long = False

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        """The lines that have ended by now, with their ends."""
        if not data:
            return
        if self._held.endswith(b"\r") and data[:1] != b"\n":
            yield self._take(b"")  # what came before was the end of a line, after all
        pieces = data.splitlines(keepends=True)
        # A CR at the very end may be the first half of an end.
        last = pieces.pop() if pieces and not pieces[-1].endswith(b"\n") else b""
        for piece in pieces:
            if self._held or self._is_too_long or len(piece) > self._most_bytes:
                yield self._take(piece)
            else:
                yield piece
        self._hold(last)

    def end(self) -> Iterator[bytes | None]:
        """The last line, where the data does not end with a line's end."""
        if self._held or self._is_too_long:
            yield self._take(b"")

    def _hold(self, piece: bytes) -> None:
        if len(self._held) + len(piece) > self._most_bytes:
            self._is_too_long = True
        if self._is_too_long:
            # Only whether it ends with a CR is still of interest.
            self._held[:] = piece[-1:] or self._held[-1:]
        else:
            self._held += piece

    def _take(self, rest: bytes) -> bytes | None:
        self._hold(rest)
        line = None if self._is_too_long else bytes(self._held)
        self._held.clear()
        self._is_too_long = False
        return line
