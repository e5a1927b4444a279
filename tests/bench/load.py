"""Callers in a closed loop, with as little work of their own as can be, who look at what they are answered."""

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import cast

__all__ = ["CallerConnection", "Tally", "connect", "get", "load", "post", "send"]

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
#: What an answer may take beyond the time of the load, before the whole is given up.
_LAST_ANSWERS_S = 60.0


@dataclass(slots=True)
class Tally:
    """What came of it: answers by status, how many were `good` (200, and hold what they have to), seconds each took.

    `broken` are connections that ended without an answer, `load_s` the seconds from the first request to the last
    answer: callers that wait for their last answers keep a gateway as busy as before.
    """

    by_status: dict[int, int] = field(default_factory=dict)
    took_s: list[float] = field(default_factory=list)
    good: int = 0
    load_s: float = 0.0
    broken: int = 0

    @property
    def answered(self) -> int:
        return len(self.took_s)

    @property
    def is_good(self) -> bool:
        """Whether every answer was a good one, and there were any."""
        return 0 < self.good == self.answered and not self.broken

    def percentile_ms(self, share: float) -> float:
        """The time within which this share of the answers came."""
        ranked = sorted(self.took_s)
        return ranked[min(len(ranked) - 1, int(len(ranked) * share))] * 1000


class CallerConnection(asyncio.Protocol):
    """One connection. `on_answer` is called with it once the answer to what was sent is whole and counted.

    `marker` is what each body has to hold.
    """

    def __init__(self, tally: Tally, marker: bytes, on_answer: "Callable[[CallerConnection], None]") -> None:
        self._tally, self._marker, self._on_answer = tally, marker, on_answer
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._read = b""
        self._sent_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def send(self, request: bytes, due_at: float | None = None) -> None:
        """Send a request. Its time counts from `due_at` (of `time.perf_counter`), or from now."""
        self._sent_at = time.perf_counter() if due_at is None else due_at
        self._transport.write(request)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._read:
            data = self._read + data
        end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, end) if end > 0 else None
        if length is None or len(data) < end + 4 + int(length[1]):
            self._read = data
            return
        assert self._sent_at is not None
        tally, status = self._tally, int(data[9:12])
        tally.took_s.append(time.perf_counter() - self._sent_at)
        tally.by_status[status] = tally.by_status.get(status, 0) + 1
        tally.good += status == 200 and self._marker in data
        self._read, self._sent_at = b"", None
        self._on_answer(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._sent_at is not None:
            self._tally.broken += 1
        if not self.closed.done():
            self.closed.set_result(None)


def get(path: str) -> bytes:
    """A GET of `path`, as it goes over the wire."""
    return f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode()


def post(path: str, body: bytes) -> bytes:
    """A POST of JSON to `path`, as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def connect(port: int, connection: Callable[[], CallerConnection], how_many: int) -> list[CallerConnection]:
    """So many connections to a port on loopback."""
    loop = asyncio.get_running_loop()
    return [(await loop.create_connection(connection, "127.0.0.1", port))[1] for _ in range(how_many)]


async def send(
    port: int, requests: Iterator[bytes], *, callers: int, seconds: float = float("inf"), marker: bytes = b""
) -> Tally:
    """Send `requests` over `callers` connections, each the next one when it was answered, for so long or to their end.

    Raises TimeoutError when the last answers do not come.
    """
    tally = Tally()

    def go_on(connection: CallerConnection) -> None:
        request = next(requests, None) if time.perf_counter() < until else None
        if request is None:
            connection.close()
        else:
            connection.send(request)

    connections = await connect(port, lambda: CallerConnection(tally, marker, go_on), callers)
    started = time.perf_counter()
    until = started + seconds
    for each in connections:
        request = next(requests, None)
        if request is None:
            each.close()
        else:
            each.send(request)
    bound_s = None if seconds == float("inf") else seconds + _LAST_ANSWERS_S
    async with asyncio.timeout(bound_s):
        await asyncio.gather(*(each.closed for each in connections))
    tally.load_s = time.perf_counter() - started
    return tally


async def load(port: int, paths: Iterator[str], *, callers: int, seconds: float, marker: bytes = b"") -> Tally:
    """Ask for `paths` over `callers` connections for so long."""
    return await send(port, map(get, paths), callers=callers, seconds=seconds, marker=marker)
