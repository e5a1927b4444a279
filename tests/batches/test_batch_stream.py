"""A streamed batch while it streams: what is under way, held back, given up, and what all that costs."""

import asyncio
import socket
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
import pytest

from service.batches.read_ahead import AHEAD_BYTES
from service.batches.streaming import CHUNK_ROWS
from service.handlers import batch as route
from service.handlers import line_stream
from service.keys import LIFE
from tests.batches.batch_gateway import Counting, Gateway, InProcess, lines_of
from tests.batches.conftest import OpenBatches

HEAD = (
    b"POST /v1/sanctions/batch HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n"
    b"Connection: close\r\n\r\n"
)


class Caller:
    """A connection of bare bytes, whose buffers are small, so that what is not read is soon felt."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self._body: bytearray | None = None

    async def send(self, data: bytes) -> None:
        """One piece of the body; b"" ends it."""
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))
        await self.writer.drain()

    async def told(self) -> dict[str, Any]:
        """The answer's next line."""
        if self._body is None:
            await self.reader.readuntil(b"\r\n\r\n")
            self._body = bytearray()
        while (end := self._body.find(b"\n")) < 0:
            size = int(await self.reader.readline(), 16)
            assert size, "the answer has ended"
            self._body += (await self.reader.readexactly(size + 2))[:-2]
        line = bytes(self._body[:end])
        del self._body[: end + 1]
        found: dict[str, Any] = orjson.loads(line)
        return found

    def leave(self) -> None:
        self.writer.transport.abort()


Call = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    """Calls a gateway; every connection is gone before the gateway is."""
    callers = list[Caller]()

    async def call_one(gateway: Gateway, head: bytes = HEAD) -> Caller:
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16 * 1024)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", gateway.server.port or 0))
        caller = Caller(*await asyncio.open_connection(sock=sock, limit=16 * 1024))
        callers.append(caller)
        caller.writer.write(head)
        return caller

    yield call_one
    for caller in callers:
        caller.leave()
    await asyncio.sleep(0)


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


async def stays(value: Callable[[], int], for_s: float = 0.5) -> int:
    """What `value` is, once it has not changed for a while."""
    seen, since = value(), asyncio.get_running_loop().time()
    while asyncio.get_running_loop().time() - since < for_s:
        await asyncio.sleep(0.02)
        if value() != seen:
            seen, since = value(), asyncio.get_running_loop().time()
    return seen


async def test_a_row_is_told_before_the_next_one_is_sent(open_batches: OpenBatches, call: Call) -> None:
    gateway = await open_batches(InProcess())
    caller = await call(gateway)
    await caller.send(b"name,ref\n")
    for at in range(5):
        await caller.send(b"Quiet Meadow Bakery,%d\n" % at)
        told = await asyncio.wait_for(caller.told(), 10)
        assert (told["row"], told["ref"], told["outcome"]) == (at + 1, str(at), "clear")
    await caller.send(b"")
    assert (await caller.told())["summary"]["rows"] == 5


async def test_a_slow_reader_holds_up_the_work_and_misses_nothing(open_batches: OpenBatches, call: Call) -> None:
    matching = Counting(bytes_per_line=20_000)
    matching.gate.set()
    gateway = await open_batches(matching)
    caller = await call(gateway)
    await caller.send(b"name\n" + b"Acme\n" * 10_000)
    await caller.send(b"")
    # Two hundred megabytes are to come; what has been computed by then fits into the system's buffers and a few chunks.
    assert await stays(lambda: matching.rows) < 2_000
    assert matching.most_under_way <= 3
    numbers = [(await caller.told())["row"] for _ in range(3_000)]
    assert numbers == list(range(1, 3_001))


async def test_a_client_that_reads_only_after_it_has_sent_everything_is_not_waited_for(
    open_batches: OpenBatches, call: Call
) -> None:
    matching = Counting(bytes_per_line=20_000)
    matching.gate.set()
    gateway = await open_batches(matching)
    caller = await call(gateway)
    rows = b"name,ref\n" + b"Quiet Meadow Bakery with a name of some length and more,%d\n" % (10**200) * 10_000
    assert AHEAD_BYTES / 2 < len(rows) < AHEAD_BYTES
    async with asyncio.timeout(30):
        for at in range(0, len(rows), 50_000):
            await caller.send(rows[at : at + 50_000])
        await caller.send(b"")
        for number in range(10_000):
            assert (await caller.told())["row"] == number + 1
    assert (await caller.told())["summary"]["complete"] is True


async def test_an_endless_sender_is_held_back_while_nothing_is_computed(open_batches: OpenBatches, call: Call) -> None:
    matching = Counting()
    gateway = await open_batches(matching)
    caller = await call(gateway)
    sent = 0

    async def send() -> None:
        nonlocal sent
        await caller.send(b"name,notes\n")
        while True:
            await caller.send(b"Acme," + b"x" * 50_000 + b"\n")
            sent += 50_000

    sending = asyncio.create_task(send())
    held_at_bytes = await stays(lambda: sent)
    # What the system's buffers and ours take.
    assert held_at_bytes < 20 * 1024 * 1024
    assert matching.rows <= 4 * CHUNK_ROWS
    sending.cancel()
    # That he leaves is not seen while nothing of his is read: it is at the next line.
    caller.leave()
    app = gateway.app
    assert app is not None
    matching.gate.set()
    await until(lambda: app[LIFE].in_flight == 0)
    assert matching.rows <= 8 * CHUNK_ROWS


async def test_an_endless_sender_gets_as_many_rows_as_are_taken(open_batches: OpenBatches, call: Call) -> None:
    matching = Counting()
    matching.gate.set()
    gateway = await open_batches(matching)

    async def rows() -> AsyncIterator[bytes]:
        yield b"name\n"
        while True:
            yield b"Acme\n" * 1_000
            await asyncio.sleep(0)

    async with gateway.post("/v1/sanctions/batch", data=rows(), headers={"Content-Type": "text/csv"}) as response:
        told, summary = lines_of(await response.read())
    assert (len(told), summary["complete"], matching.rows) == (route.MAX_BATCH_ROWS, False, route.MAX_BATCH_ROWS)


async def test_an_endless_line_ends_where_the_file_is_too_large(
    open_batches: OpenBatches, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "MAX_BATCH_BYTES", 5_000_000)
    gateway = await open_batches(InProcess())

    async def rows() -> AsyncIterator[bytes]:
        yield b"name\nAcme\n"
        while True:
            yield b"x" * 50_000

    async with gateway.post("/v1/sanctions/batch", data=rows(), headers={"Content-Type": "text/csv"}) as response:
        told, summary = lines_of(await response.read())
    assert (len(told), summary["complete"]) == (1, False)
    assert summary["problem"]["fault"] == "too_many_bytes"  # type: ignore[index]  # a problem


async def test_50_mb_of_one_line_cost_one_row_and_little_memory(open_batches: OpenBatches, call: Call) -> None:
    gateway = await open_batches(InProcess())

    async def rows() -> AsyncIterator[bytes]:
        yield b"name\nBank Melli Iran\n"
        for _ in range(1_000):
            yield b"x" * 50_000
        yield b"\nQuiet Meadow Bakery\n"

    tracemalloc.start()
    try:
        async with gateway.post("/v1/sanctions/batch", data=rows(), headers={"Content-Type": "text/csv"}) as response:
            told, summary = lines_of(await response.read())
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [row.get("outcome") for row in told] == ["match", None, "clear"]
    assert summary["complete"] is True
    assert peak_bytes < 32 * 1024 * 1024


async def test_a_caller_who_leaves_stops_the_work(open_batches: OpenBatches, call: Call) -> None:
    matching = Counting()
    gateway = await open_batches(matching)
    app = gateway.app
    assert app is not None
    caller = await call(gateway)
    await caller.send(b"name\n" + b"Acme\n" * 10_000)
    await until(lambda: matching.under_way == 3)
    caller.leave()
    await until(lambda: app[LIFE].in_flight == 0)
    assert (matching.under_way, matching.cancelled) == (0, 3)
    matching.gate.set()
    assert await stays(lambda: matching.rows) == 3 * CHUNK_ROWS
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]  # all are coroutines
    assert not {each for each in names if each.startswith(("ReadAhead", "in_order", "_screened"))}


async def test_a_sender_who_sends_nothing_more_is_told_so(
    open_batches: OpenBatches, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "STALLED_S", 0.3)
    gateway = await open_batches(InProcess())
    caller = await call(gateway)
    await caller.send(b"name\nAcme\nBeta")
    async with asyncio.timeout(10):
        assert (await caller.told())["row"] == 1
        summary = (await caller.told())["summary"]
    assert (summary["rows"], summary["complete"], summary["problem"]["fault"]) == (1, False, "sender_stalled")
    caller.leave()
    other = await call(gateway)
    async with asyncio.timeout(10):
        assert (await other.reader.readline()).startswith(b"HTTP/1.1 400")


async def test_a_reader_who_takes_nothing_any_more_is_let_go(
    open_batches: OpenBatches, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_stream, "STALLED_S", 0.5)
    matching = Counting(bytes_per_line=20_000)
    matching.gate.set()
    gateway = await open_batches(matching)
    app = gateway.app
    assert app is not None
    caller = await call(gateway)
    await caller.send(b"name\n" + b"Acme\n" * 10_000)
    await caller.send(b"")
    await until(lambda: app[LIFE].in_flight == 1)
    await until(lambda: app[LIFE].in_flight == 0)
    assert matching.rows < 2_000


async def test_a_body_that_is_not_compressed_as_it_says_ends_the_file(open_batches: OpenBatches, call: Call) -> None:
    gateway = await open_batches(InProcess())
    caller = await call(gateway, HEAD.replace(b"Connection:", b"Content-Encoding: gzip\r\nConnection:"))
    packed = zlib.compressobj(wbits=31)
    await caller.send(packed.compress(b"name\nQuiet Meadow Bakery\n") + packed.flush(zlib.Z_SYNC_FLUSH))
    assert (await caller.told())["outcome"] == "clear"
    await caller.send(b"this is not compressed")
    summary = (await asyncio.wait_for(caller.told(), 10))["summary"]
    assert (summary["complete"], summary["problem"]["fault"]) == (False, "broken_body")


async def test_a_client_may_wait_to_be_told_to_go_on(open_batches: OpenBatches, call: Call) -> None:
    gateway = await open_batches(InProcess())
    caller = await call(gateway, HEAD.replace(b"Connection:", b"Expect: 100-continue\r\nConnection:"))
    assert (await asyncio.wait_for(caller.reader.readline(), 10)).startswith(b"HTTP/1.1 100")
    await caller.send(b"name\nBank Melli Iran\n")
    await caller.send(b"")
    assert (await caller.told())["outcome"] == "match"
