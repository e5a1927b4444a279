"""Screens rows as they come and hands the results on in their order, with little under way at any time."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import suppress

from service.batches.columns import Columns
from service.batches.file_faults import FileFault
from service.batches.intake import RowReader
from service.batches.read_ahead import ReadAhead
from service.batches.rows import Row, RowResult

__all__ = ["CHUNK_ROWS", "Chunks", "Screen", "in_order"]

#: Rows that are screened together, where so many are there.
CHUNK_ROWS = 50
#: Chunks that wait for the one before them to be told, beside that one and the next.
_WAITING_CHUNKS = 1

#: Screens some rows. It fails for no row: what cannot be screened is a result that says so.
Screen = Callable[[Sequence[Row]], Awaitable[list[RowResult]]]


class Chunks:
    """The rows of a file as they come: `CHUNK_ROWS` together, fewer when the sender takes his time.

    `fault` is what the file ended in; None: it is whole, or has not ended.
    """

    def __init__(self, ahead: ReadAhead, reader: RowReader) -> None:
        self._ahead, self._reader = ahead, reader
        self._rows: list[Row] = []
        self._has_ended = False
        self.fault: FileFault | None = None

    @property
    def encoding(self) -> str | None:
        """What the file's text is in, as far as it is known."""
        return self._reader.encoding

    @property
    def columns(self) -> Columns | None:
        """Which of the file's columns is which of ours; None: not known."""
        return self._reader.columns

    async def next(self) -> list[Row]:
        """The next rows; none at the end."""
        while not self._has_ended and (not self._rows or (len(self._rows) < CHUNK_ROWS and self._ahead.has_more)):
            await self._read()
        rows, self._rows = self._rows[:CHUNK_ROWS], self._rows[CHUNK_ROWS:]
        return rows

    async def _read(self) -> None:
        try:
            piece = await self._ahead.take()
            # There may be many pieces at once, and other callers.
            await asyncio.sleep(0)
            self._rows += self._reader.feed(piece) if piece else self._reader.end()
            self._has_ended = not piece
        except FileFault as fault:
            self.fault = fault
            if self._reader.fault is None:  # the sender's, not the file's
                with suppress(FileFault):
                    self._rows += self._reader.break_off()
        self.fault = self.fault or self._reader.fault
        if self.fault is not None:
            self.fault.row = self._reader.count
            self._has_ended = True


async def in_order(first: list[Row], chunks: Chunks, screen: Screen) -> AsyncGenerator[list[RowResult], None]:
    """The results of `first` and of all `chunks` after it, in their order.

    Close it (`aclosing`) to stop what is under way: nothing more is read or screened then.
    """
    under_way: asyncio.Queue[asyncio.Task[list[RowResult]] | None] = asyncio.Queue(_WAITING_CHUNKS)
    tasks: set[asyncio.Task[list[RowResult]]] = set()

    async def begin() -> None:
        try:
            rows = first
            while rows:
                task = asyncio.create_task(_screened(screen, rows))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                await under_way.put(task)
                rows = await chunks.next()
        except Exception:
            await under_way.put(None)
            raise
        await under_way.put(None)

    beginning = asyncio.create_task(begin())
    try:
        while (task := await under_way.get()) is not None:
            yield await task
        await beginning
    finally:
        stopped = [beginning, *tasks]
        for each in stopped:
            each.cancel()
        await asyncio.gather(*stopped, return_exceptions=True)


async def _screened(screen: Screen, rows: Sequence[Row]) -> list[RowResult]:
    return await screen(rows)
