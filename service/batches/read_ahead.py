"""Takes a caller's bytes from the network ahead of whoever reads them, up to a bound.

Many clients send all they have before they read a byte. Were nothing read while they do not take our answers, both
sides would wait for each other.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from service.batches.file_faults import FileFault

__all__ = ["ReadAhead", "reading_ahead"]

#: A batch of 10,000 rows of 400 bytes.
AHEAD_BYTES = 4 * 1024 * 1024
#: What is handed out at once, so that reading it holds up nothing else.
_PIECE_BYTES = 16 * 1024


class ReadAhead:
    """What `receive` brings (b"" at its end), in small pieces.

    A sender of whom nothing came for `stalled_s`, and one who sends more than `most_bytes`, is a FileFault. So is what
    `broken` errors tell of.
    """

    def __init__(
        self,
        receive: Callable[[], Awaitable[bytes]],
        *,
        most_bytes: int,
        stalled_s: float,
        broken: tuple[type[Exception], ...] = (),
    ) -> None:
        self._receive, self._most_bytes, self._stalled_s, self._broken = receive, most_bytes, stalled_s, broken
        self._pieces: deque[bytes] = deque()
        self._bytes = self._came_bytes = 0
        self._changed = asyncio.Event()
        self._has_ended = False
        self._failure: Exception | None = None

    @property
    def has_more(self) -> bool:
        """Whether a piece is here already."""
        return bool(self._pieces)

    async def take(self) -> bytes:
        """The next piece; b"" at the end. Raises FileFault once everything that came before it has been taken."""
        while not self._pieces and not self._has_ended:
            await self._change()
        if self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > _PIECE_BYTES:
                self._pieces.appendleft(piece[_PIECE_BYTES:])
                piece = piece[:_PIECE_BYTES]
            self._bytes -= len(piece)
            self._changed.set()
            return piece
        if self._failure is not None:
            raise self._failure
        return b""

    async def run(self) -> None:
        """Receive until the end."""
        try:
            while not self._has_ended:
                async with asyncio.timeout(self._stalled_s):
                    piece = await self._receive()
                self._keep(piece)
                while self._bytes >= AHEAD_BYTES:
                    await self._change()
        except TimeoutError:
            self._fail(FileFault("sender_stalled", f"nothing came for {self._stalled_s:g} s"))
        except self._broken as exc:
            fault = FileFault("broken_body", "the body is not encoded as its headers say")
            fault.__cause__ = exc
            self._fail(fault)
        except Exception as exc:  # noqa: BLE001 - it is raised again where somebody waits
            self._fail(exc)

    def _keep(self, piece: bytes) -> None:
        self._came_bytes += len(piece)
        if self._came_bytes > self._most_bytes:
            self._fail(FileFault("too_many_bytes", f"the file is over {self._most_bytes} bytes"))
            return
        if piece:
            self._pieces.append(piece)
            self._bytes += len(piece)
        else:
            self._has_ended = True
        self._changed.set()

    def _fail(self, failure: Exception) -> None:
        self._failure, self._has_ended = failure, True
        self._changed.set()

    async def _change(self) -> None:
        """Wait for the other side, of which there is one."""
        self._changed.clear()
        await self._changed.wait()


@asynccontextmanager
async def reading_ahead(ahead: ReadAhead) -> AsyncIterator[ReadAhead]:
    """While the body runs, `ahead` receives."""
    task = asyncio.create_task(ahead.run())
    try:
        yield ahead
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
