"""What each time-out bounds, and what it does not."""

import asyncio
import contextlib
import io
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http_client.callers import Caller, Trust, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Incoming, Peer, deaf, hang, ok
from tools.errors import ProviderTimeout
from tools.http_client import PoolTimeout
from tools.transports import translating

needs_user_timeout = pytest.mark.skipif(
    not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the write time-out is the kernel's, on Linux"
)


async def how_long(caller: Caller, error: type[Exception], url: str, **options: Any) -> float:
    """Seconds until asking ends in `error`; the quickest of three, as the machine only ever adds."""
    took_s = []
    for _ in range(3):
        started = time.monotonic()
        with pytest.raises(error) as caught:
            await caller.ask(url, **options)
        took_s.append(time.monotonic() - started)
        assert not isinstance(caught.value, PoolTimeout)
    return min(took_s)


@contextlib.contextmanager
def black_hole(host: str, port: int = 0) -> Iterator[int]:
    """A port that takes no connection and refuses none: its backlog is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((host, port))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        yield address[1]


@pytest.fixture
def dead_addresses() -> Iterator[tuple[list[str], int]]:
    """Four addresses and one port at which nobody takes a connection."""
    hosts = [f"127.0.0.{n}" for n in range(1, 5)]
    with contextlib.ExitStack() as stack:
        port = stack.enter_context(black_hole(hosts[0]))
        for host in hosts[1:]:
            stack.enter_context(black_hole(host, port))
        yield hosts, port


def resolve_to(hosts: list[str], monkeypatch: pytest.MonkeyPatch, after_s: float = 0.0) -> None:
    """Let every name have these addresses."""

    def getaddrinfo(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        time.sleep(after_s)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, int(port))) for address in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


async def test_the_connect_timeout_bounds_a_dead_address(
    open_caller: OpenCaller, dead_addresses: tuple[list[str], int]
) -> None:
    caller = open_caller(connect_s=0.3)
    (host, *_), port = dead_addresses
    assert 0.29 <= await how_long(caller, caller.connect_timeout, f"http://{host}:{port}/") < 0.6


async def test_the_connect_timeout_bounds_all_addresses_together(
    open_caller: OpenCaller, dead_addresses: tuple[list[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = open_caller(connect_s=0.4)
    hosts, port = dead_addresses
    resolve_to(hosts, monkeypatch)
    assert 0.39 <= await how_long(caller, caller.connect_timeout, f"http://agency.test:{port}/") < 0.8


async def test_the_connect_timeout_bounds_name_resolution_and_dialling_together(
    open_caller: OpenCaller, dead_addresses: tuple[list[str], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = open_caller(connect_s=0.5)
    hosts, port = dead_addresses
    resolve_to(hosts, monkeypatch, after_s=0.3)
    assert 0.49 <= await how_long(caller, caller.connect_timeout, f"http://agency.test:{port}/") < 0.8


async def test_the_connect_timeout_bounds_name_resolution_alone(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = open_caller(connect_s=0.3)
    resolve_to(["127.0.0.1"], monkeypatch, after_s=1.0)
    assert 0.29 <= await how_long(caller, caller.connect_timeout, "http://agency.test:9/") < 0.9


async def test_the_connect_timeout_bounds_the_tls_handshake(
    open_caller: OpenCaller, authority: tuple[Any, Trust]
) -> None:
    caller = open_caller(connect_s=0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and says nothing
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        assert 0.29 <= await how_long(caller, caller.connect_timeout, url, tls=authority[1]) < 0.6


async def test_a_later_address_is_reached_behind_dead_ones(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = open_caller(connect_s=1.0)
    async with Peer().serving() as peer:
        with black_hole("127.0.0.2", peer.port):
            resolve_to(["127.0.0.2", "127.0.0.1"], monkeypatch)
            assert (await caller.ask(f"http://agency.test:{peer.port}/")).body == b"ok"


async def test_a_connect_timeout_leaves_no_slot_behind(
    open_caller: OpenCaller, dead_addresses: tuple[list[str], int]
) -> None:
    caller = open_caller(connect_s=0.1, max_connections=1)
    hosts, port = dead_addresses
    for _ in range(3):
        with pytest.raises(caller.connect_timeout):
            await caller.ask(f"http://{hosts[0]}:{port}/")
    stats = caller.stats()
    assert (stats.in_use, stats.waiting, stats.created) == (0, 0, 0)


async def test_the_wait_for_a_connection_is_no_part_of_the_connect_timeout(open_caller: OpenCaller) -> None:
    caller = open_caller(connect_s=0.4, acquire_s=10, max_connections=1)

    async def slowly(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.6)
        return await ok(incoming, writer)

    async with Peer(slowly).serving() as peer:
        replies = await asyncio.gather(*(caller.ask(peer.url()) for _ in range(3)))
        assert [reply.status for reply in replies] == [200, 200, 200]


async def test_the_read_timeout_bounds_silence(open_caller: OpenCaller) -> None:
    caller = open_caller(read_s=0.3)
    async with Peer(hang).serving() as peer:
        assert 0.29 <= await how_long(caller, caller.read_timeout, peer.url()) < 0.6
        assert caller.stats().in_use == 0


async def test_the_read_timeout_bounds_silence_in_the_middle_of_a_body(open_caller: OpenCaller) -> None:
    async def stop_half_way(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
        return await hang(incoming, writer)

    caller = open_caller(read_s=0.3)
    async with Peer(stop_half_way).serving() as peer:
        with pytest.raises(ProviderTimeout), translating("agency"):
            await caller.ask(peer.url())
        assert caller.stats().in_use == 0


async def test_the_read_timeout_does_not_bound_the_whole_transfer(open_caller: OpenCaller) -> None:
    async def drip(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for _ in range(8):
            await asyncio.sleep(0.15)
            writer.write(b".")
        return True

    caller = open_caller(read_s=0.6)
    async with Peer(drip).serving() as peer:
        assert (await caller.ask(peer.url())).body == b"." * 8  # 1.2 s in all


@needs_user_timeout
async def test_the_write_timeout_ends_a_request_that_the_peer_does_not_read(open_caller: OpenCaller) -> None:
    caller = open_caller(write_s=0.5, read_s=60)
    async with Peer(deaf).serving() as peer:
        started = time.monotonic()
        with pytest.raises(ProviderTimeout) as caught, translating("agency"):
            await caller.ask(peer.url(), "POST", data=io.BytesIO(b"x" * 50_000_000))
        assert 0.4 < time.monotonic() - started < 20
        assert isinstance(caught.value.__cause__, caller.connection_error)
        assert caller.stats().in_use == 0


async def test_the_write_timeout_lets_a_slow_steady_reader_read(open_caller: OpenCaller) -> None:
    async def read_slowly(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        rest = int(incoming.headers["content-length"])
        while rest:
            rest -= len(await incoming.reader.read(100_000))
            await asyncio.sleep(0.02)
        return await ok(Incoming("GET", "/", {}, incoming.reader), writer)

    caller = open_caller(write_s=0.5, read_s=60)
    async with Peer(read_slowly).serving() as peer:
        started = time.monotonic()
        assert (await caller.ask(peer.url(), "POST", data=io.BytesIO(b"x" * 16_000_000))).status == 200
        assert time.monotonic() - started > 2.5  # many times the bound


async def test_numbers_that_make_no_sense_are_refused(open_caller: OpenCaller) -> None:
    for number in ("connect_s", "read_s", "write_s", "acquire_s", "max_connections", "keepalive_expiry_s"):
        with pytest.raises(ValueError, match=f"{number} is 0"):
            open_caller(**{number: 0})
    with pytest.raises(ValueError, match="max_keepalive is -1"):
        open_caller(max_keepalive=-1)


async def test_a_caller_that_is_cancelled_while_connecting_gives_its_slot_back(
    open_caller: OpenCaller, dead_addresses: tuple[list[str], int]
) -> None:
    caller = open_caller(connect_s=0.5, max_connections=1)
    hosts, port = dead_addresses
    if caller.mode == "sync":
        pytest.skip("a thread cannot be cancelled")
    task = asyncio.ensure_future(caller.ask(f"http://{hosts[0]}:{port}/"))
    await asyncio.sleep(0)  # it opens the client
    assert await settled(lambda: caller.stats().in_use == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert caller.stats().in_use == 0
