"""An answer that is written line by line, as fast as it is read; whoever no longer reads is noticed."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping

from aiohttp import web

from service.keys import REQUEST_ID

__all__ = ["STALLED_S", "LineStream", "NobodyReadsError", "break_off"]

#: Seconds for which a sender may send nothing, and a reader take nothing.
STALLED_S = 60.0
#: What is handed to the connection at once; the time above is for each.
_WRITE_BYTES = 64 * 1024


class NobodyReadsError(Exception):
    """The caller has left, or has taken nothing for too long."""


class LineStream:
    """All methods raise NobodyReadsError. `headers` are those of the answer beside what every stream has."""

    def __init__(self, request: web.Request, headers: Mapping[str, str], *, status: int = 200) -> None:
        self._request = request
        self.response = web.StreamResponse(
            status=status,
            headers={
                **headers,
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",  # a proxy in front is to pass each line on at once
                "X-Request-ID": request[REQUEST_ID],
            },
        )

    async def begin(self) -> None:
        """Send the status and the headers."""
        await self.response.prepare(self._request)

    async def write_all(self, lines: Iterable[bytes]) -> None:
        """Lines, with their ends, many at once."""
        together = bytearray()
        for line in lines:
            together += line
            if len(together) >= _WRITE_BYTES:
                await self.write(together)
                together = bytearray()
        await self.write(together)

    async def write(self, data: bytes | bytearray) -> None:
        """A line, or several."""
        view = memoryview(data)
        for at in range(0, len(view), _WRITE_BYTES):
            await _in_time(self.response.write(bytes(view[at : at + _WRITE_BYTES])))

    async def end(self) -> None:
        """There is no more: the reader is told that this was all."""
        await _in_time(self.response.write_eof())


def break_off(request: web.Request) -> None:
    """End the connection in the middle of an answer, so that nobody takes it for whole."""
    if request.transport is not None:
        request.transport.abort()


async def _in_time(writing: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(STALLED_S):
            await writing
    except (ConnectionResetError, TimeoutError) as exc:
        raise NobodyReadsError from exc
