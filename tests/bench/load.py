"""Callers in a closed loop, with as little work of their own as can be."""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

__all__ = ["Tally", "load"]


@dataclass(slots=True)
class Tally:
    """What came of it: answers by status, and seconds each took."""

    by_status: dict[int, int] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)

    @property
    def answered(self) -> int:
        return len(self.took_s)


class _Caller(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is whole."""

    def __init__(self, paths: Iterator[str], tally: Tally, until: float, done: asyncio.Future[None]) -> None:
        self._paths, self._tally, self._until, self._done = paths, tally, until, done
        self._read = bytearray()
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._sent_at = time.perf_counter()
        if self._sent_at >= self._until:
            self._transport.close()
            return
        self._transport.write(f"GET {next(self._paths)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._read += data
        head, end, body = self._read.partition(b"\r\n\r\n")
        if not end or len(body) < int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            return
        status = int(head[9:12])
        self._tally.by_status[status] = self._tally.by_status.get(status, 0) + 1
        self._tally.took_s.append(time.perf_counter() - self._sent_at)
        self._read.clear()
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


async def load(port: int, paths: Iterator[str], *, callers: int, seconds: float) -> Tally:
    """Ask for `paths` over `callers` connections for so long."""
    loop = asyncio.get_running_loop()
    tally, until = Tally(), time.perf_counter() + seconds
    ends: list[asyncio.Future[None]] = []

    def caller(done: asyncio.Future[None]) -> Callable[[], _Caller]:
        return lambda: _Caller(paths, tally, until, done)

    for _ in range(callers):
        ends.append(loop.create_future())
        await loop.create_connection(caller(ends[-1]), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return tally
