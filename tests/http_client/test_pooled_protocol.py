"""One connection of the async pool: its one timer for silence, its end, and what becomes of an unfinished body."""

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientPayloadError, SocketTimeoutError, StreamReader

from tools.http_client.async_session import PooledProtocol


class Transport(asyncio.Transport):
    """Notes what is done to it."""

    def __init__(self, *, has_eof: bool = True, is_reset: bool = False) -> None:
        super().__init__()
        self.done: list[str] = []
        self._has_eof = has_eof
        self._is_reset = is_reset

    def can_write_eof(self) -> bool:
        return self._has_eof

    def write_eof(self) -> None:
        self.done.append("eof")
        if self._is_reset:
            raise OSError("the peer has reset it")

    def close(self) -> None:
        self.done.append("close")

    def abort(self) -> None:
        self.done.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.done or "abort" in self.done

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Timers:
    """The timers that are set on the loop, which a test rings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.set: list[tuple[float, Callable[[], None]]] = []
        loop = asyncio.get_running_loop()
        set_timer = loop.call_at

        def call_at(when: float, callback: Callable[..., Any], *args: Any, **options: Any) -> asyncio.TimerHandle:
            self.set.append((when, callback))
            return set_timer(loop.time() + 3600, callback, *args, **options)

        monkeypatch.setattr(loop, "call_at", call_at)


@pytest.fixture
async def timers(monkeypatch: pytest.MonkeyPatch) -> Timers:
    return Timers(monkeypatch)


def connected(transport: Transport | None = None, *, read_timeout: float = 60) -> PooledProtocol:
    """A connection whose request was sent, and of whose answer nothing has come."""
    protocol = PooledProtocol(asyncio.get_running_loop())
    protocol.connection_made(transport or Transport())
    protocol.set_response_params(read_timeout=read_timeout)
    protocol.start_timeout()
    return protocol


async def answering(protocol: PooledProtocol) -> StreamReader:
    """Half of the body of an answer comes. Return the whole, to be read."""
    protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf.")
    _, payload = await protocol.read()
    return payload


# -- silence --


async def test_many_pieces_have_one_timer(timers: Timers) -> None:
    protocol = connected()
    payload = await answering(protocol)
    for piece in b"1234":
        protocol.data_received(bytes([piece]))
    assert len(timers.set) == 1
    protocol.data_received(b"5")
    assert (await payload.read(), len(timers.set)) == (b"half.12345", 1)


async def test_the_timer_is_set_again_for_what_has_come_meanwhile(timers: Timers) -> None:
    protocol = connected()
    await answering(protocol)
    ((first_at, look),) = timers.set
    look()
    assert len(timers.set) == 2
    assert timers.set[1][0] >= first_at
    assert protocol.exception() is None


async def test_silence_fails_the_body_with_the_error_of_silence(timers: Timers) -> None:
    protocol = connected(read_timeout=1e-9)
    payload = await answering(protocol)
    timers.set[-1][1]()
    assert isinstance(payload.exception(), SocketTimeoutError)
    assert protocol.should_close


async def test_nothing_ends_it_while_it_rests(timers: Timers) -> None:
    protocol = connected(read_timeout=1e-9)
    await answering(protocol)
    protocol.pause_reading()
    protocol.resume_reading()
    protocol.rest()
    for _, look in list(timers.set):
        look()
    assert protocol.exception() is None


async def test_a_pause_of_our_own_is_not_its_silence(timers: Timers) -> None:
    protocol = connected(read_timeout=1e-9)
    payload = await answering(protocol)
    protocol.pause_reading()
    timers.set[-1][1]()
    assert payload.exception() is None
    protocol.resume_reading()
    timers.set[-1][1]()
    assert isinstance(payload.exception(), SocketTimeoutError)


async def test_without_a_bound_there_is_no_timer(timers: Timers) -> None:
    protocol = connected(read_timeout=0)
    await answering(protocol)
    assert timers.set == []


async def test_a_connection_that_is_gone_has_no_timer() -> None:
    protocol = connected()
    timer = protocol._silence_timer
    assert timer is not None
    protocol.connection_lost(None)
    assert timer.cancelled()
    assert protocol._silence_timer is None


# -- its end --

ENDS: list[Callable[[PooledProtocol], None]] = [
    lambda protocol: protocol.close(),
    lambda protocol: protocol.abort(),
    lambda protocol: protocol.connection_lost(None),
    lambda protocol: protocol.connection_lost(OSError("reset")),
    lambda protocol: protocol.set_exception(aiohttp.ServerDisconnectedError()),
]


@pytest.mark.parametrize("end", ENDS, ids=["close", "abort", "lost", "reset", "exception"])
async def test_an_unfinished_body_ends_with_an_error(end: Callable[[PooledProtocol], None]) -> None:
    protocol = connected()
    payload = await answering(protocol)
    reading = asyncio.ensure_future(payload.read())
    await asyncio.sleep(0)
    end(protocol)
    with pytest.raises(ClientPayloadError):
        await reading


@pytest.mark.parametrize("end", ENDS[:4], ids=["close", "abort", "lost", "reset"])
async def test_a_body_that_is_whole_stays_whole(end: Callable[[PooledProtocol], None]) -> None:
    protocol = connected()
    payload = await answering(protocol)
    protocol.data_received(b"12345")
    end(protocol)
    assert await payload.read() == b"half.12345"


async def test_a_malformed_chunk_ends_the_body_with_an_error() -> None:
    protocol = connected()
    protocol.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
    _, payload = await protocol.read()
    protocol.data_received(b"no number\r\n")
    with pytest.raises(ClientPayloadError):
        await asyncio.wait_for(payload.read(), 5)


async def test_the_pool_hears_once_that_the_socket_is_gone_and_not_before() -> None:
    heard: list[str] = []
    protocol = connected()
    protocol.on_lost = lambda: heard.append("lost")
    protocol.connection_lost(None)
    assert heard == []  # the loop closes the socket after this
    await asyncio.sleep(0)
    protocol.connection_lost(None)
    await asyncio.sleep(0)
    assert heard == ["lost"]


@pytest.mark.parametrize("is_reset", [False, True])
async def test_a_goodbye_sends_our_end_and_waits_a_moment_for_the_other(timers: Timers, *, is_reset: bool) -> None:
    transport = Transport(is_reset=is_reset)
    protocol = connected(transport)
    timers.set.clear()
    protocol.say_goodbye()
    assert transport.done == ["eof"]
    ((_, give_up),) = timers.set
    give_up()
    assert transport.done == ["eof", "abort"]


async def test_a_goodbye_over_tls_waits_for_nothing() -> None:
    transport = Transport(has_eof=False)
    connected(transport).say_goodbye()
    assert transport.done == ["abort"]


async def test_a_goodbye_to_what_is_closing_does_nothing() -> None:
    transport = Transport()
    transport.close()
    connected(transport).say_goodbye()
    assert transport.done == ["close"]
