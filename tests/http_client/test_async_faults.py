"""Faults that the async pool had: what broke the body, the bookkeeping or the limit, on asyncio and on uvloop."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest

from tests.http_client.callers import Reply, Trust, settled
from tests.http_client.loops import calling, on_both_loops
from tests.http_client.peer import Answer, Incoming, Peer, answer, ok, stall
from tests.http_client.unruly_peers import answering_early, counting_peer, resetting, tunnel
from tools.errors import PoolClosed
from tools.http_client import HTTPClientManager, PoolStats


def assert_adds_up(stats: PoolStats) -> None:
    """What must hold whenever nothing is being opened."""
    assert stats.in_use + stats.idle <= stats.limit
    assert stats.created - sum(stats.closed.values()) == stats.in_use + stats.idle
    for figure in ("in_use", "idle", "waiting"):
        assert sum(getattr(host, figure) for host in stats.per_host.values()) == getattr(stats, figure)


# -- a body that breaks --


async def by_read(response: aiohttp.ClientResponse) -> None:
    await response.read()


async def by_pieces(response: aiohttp.ClientResponse) -> None:
    async for _ in response.content.iter_any():
        pass


WAYS = pytest.mark.parametrize("take", [by_read, by_pieces])
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello"


@WAYS
@pytest.mark.parametrize(
    "rest",
    [b"\r\nzz\r\nhello\r\n0\r\n\r\n", b"XX5\r\nhello\r\n0\r\n\r\n", b"\r\n0\r\nno trailer\x00\r\n\r\n"],
    ids=["size of a chunk", "end of a chunk", "trailer"],
)
@on_both_loops
async def test_a_body_that_goes_wrong_after_its_head_is_an_error(
    take: Callable[[aiohttp.ClientResponse], Awaitable[None]], rest: bytes
) -> None:
    head_is_there = asyncio.Event()

    async def go_wrong(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(CHUNKED)
        await head_is_there.wait()
        writer.write(rest)
        await incoming.reader.read()  # it is not this side that ends the connection
        return False

    async with calling(go_wrong) as (caller, peer):
        async with caller.manager.async_client.get(peer.url()) as response:
            head_is_there.set()
            with pytest.raises(aiohttp.ClientError):
                await asyncio.wait_for(take(response), 5)
        assert caller.stats().in_use == 0
        assert await settled(lambda: peer.open == 0)
        assert_adds_up(caller.stats())


async def stall_in_a_chunk(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(CHUNKED)
    await incoming.reader.read()
    return False


@WAYS
@pytest.mark.parametrize("reply", [stall, stall_in_a_chunk], ids=["length", "chunked"])
@on_both_loops
async def test_a_body_that_a_close_cuts_is_an_error(
    take: Callable[[aiohttp.ClientResponse], Awaitable[None]], reply: Answer
) -> None:
    async with calling(reply) as (caller, peer):
        async with caller.manager.async_client.get(peer.url()) as response:
            reading = asyncio.ensure_future(take(response))
            await asyncio.sleep(0)  # it waits for the rest
            await caller.manager.aclose(0)
            with pytest.raises((aiohttp.ClientError, PoolClosed)):
                await asyncio.wait_for(reading, 5)
        assert caller.stats().in_use == 0
        assert await settled(lambda: peer.open == 0)


# -- bytes that come before a request --


@on_both_loops
async def test_a_peer_that_answers_on_accept_is_asked_once() -> None:
    async with calling() as (caller, _), answering_early() as peer:
        reply = await asyncio.wait_for(caller.ask(peer.url), 5)
        assert (reply.status, reply.body, peer.accepted) == (503, b"busy", 1)
        assert caller.stats().in_use == 0
        assert_adds_up(caller.stats())


# -- tracing --


def tracing(client: aiohttp.ClientSession, **signals: Callable[..., Awaitable[None]]) -> None:
    """Have `client` send these signals."""
    trace = aiohttp.TraceConfig()
    for name, receive in signals.items():
        getattr(trace, name).append(receive)
    trace.freeze()
    client.trace_configs.append(trace)


@on_both_loops
async def test_a_trace_that_waits_does_not_upset_the_figures() -> None:
    async def wait(*_: object) -> None:
        await asyncio.sleep(0.002)

    async with calling(max_connections=2, max_keepalive=2, acquire_s=60) as (caller, a), Peer().serving() as b:
        tracing(
            caller.manager.async_client,
            on_connection_reuseconn=wait,
            on_connection_create_start=wait,
            on_connection_create_end=wait,
            on_connection_queued_start=wait,
            on_connection_queued_end=wait,
        )
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                stats = caller.stats()
                most = max(most, stats.in_use + stats.idle)
                await asyncio.sleep(0)

        watching = asyncio.ensure_future(watch())
        for _ in range(15):
            replies = await asyncio.gather(*(caller.ask(peer.url()) for peer in (a, b, b, a, b)))
            assert {reply.status for reply in replies} == {200}
        watching.cancel()
        stats = caller.stats()
        assert (stats.in_use, stats.waiting, most) == (0, 0, 2)
        assert stats.created + stats.reused == 75
        assert stats.created == a.accepted + b.accepted
        assert_adds_up(stats)


@pytest.mark.parametrize("ends", ["by an error", "by a cancel"])
@pytest.mark.parametrize(
    "signal",
    [
        "on_connection_queued_start",
        "on_connection_queued_end",
        "on_connection_create_start",
        "on_connection_create_end",
        "on_connection_reuseconn",
        "on_request_start",
        "on_request_headers_sent",
        "on_request_end",
    ],
)
@on_both_loops
async def test_a_request_that_ends_in_a_trace_leaves_no_slot_and_no_socket(signal: str, ends: str) -> None:
    reached = asyncio.Event()

    async def end(*_: object) -> None:
        reached.set()
        if ends == "by an error":
            raise RuntimeError("in a trace")
        await asyncio.Event().wait()

    async with calling(stall, max_connections=1, acquire_s=5) as (caller, peer):
        client = caller.manager.async_client
        peer.reply = ok
        if signal == "on_connection_reuseconn":
            await caller.ask(peer.url())
        let_go: Callable[[], None] | None = None
        if signal.startswith("on_connection_queued"):
            peer.reply = stall
            let_go = await caller.hold(peer.url())
            peer.reply = ok
        tracing(client, **{signal: end})
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        if signal == "on_connection_queued_end":
            assert await settled(lambda: caller.stats().waiting == 1)
            assert let_go is not None
            let_go()
        await asyncio.wait_for(reached.wait(), 5)
        if ends == "by a cancel":
            asking.cancel()
        with pytest.raises((RuntimeError, asyncio.CancelledError)):
            await asyncio.wait_for(asking, 5)
        if let_go is not None:
            let_go()
        stats = caller.stats()
        assert (stats.in_use, stats.waiting) == (0, 0)
        assert_adds_up(stats)
        assert await settled(lambda: peer.open == caller.stats().idle)
        client.trace_configs.clear()
        assert (await caller.ask(peer.url())).status == 200


@on_both_loops
async def test_no_header_that_a_trace_sees_holds_a_line_break() -> None:
    seen: list[tuple[str, str]] = []

    async def note(_: object, __: SimpleNamespace, params: Any) -> None:
        seen.extend(params.headers.items())

    async with calling() as (caller, other), Peer().serving() as first:

        async def twice(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
            target = "/b" if incoming.target == "/a" else other.url()
            return await answer(302, b"", Location=target)(incoming, writer)

        first.reply = twice
        tracing(
            caller.manager.async_client,
            on_request_start=note,
            on_request_redirect=note,
            on_request_headers_sent=note,
            on_request_end=note,
            on_request_exception=note,
        )
        assert (await caller.ask(first.url("/a"), headers={"X-Own": "1"})).status == 200
        with pytest.raises(aiohttp.ClientConnectionError):
            await caller.ask("http://127.0.0.1:1/")
        assert len(first.asked) == 2
        assert ("X-Own", "1") in seen
        assert not [header for header in seen if {"\r", "\n"} & set("".join(header))]


# -- proxies --


@pytest.mark.parametrize("proxy_headers", [None, {"Proxy-Authorization": "Basic eA=="}], ids=["plain", "with headers"])
@pytest.mark.parametrize("over_tls", [False, True], ids=["forward", "connect"])
@on_both_loops
async def test_a_connection_to_a_proxy_is_used_again(
    authority: tuple[ssl.SSLContext, Trust], proxy_headers: dict[str, str] | None, *, over_tls: bool
) -> None:
    server, trust = authority
    async with calling(tls=server) as (caller, origin), Peer(tunnel if over_tls else ok).serving() as proxy:
        url = origin.url() if over_tls else "http://agency.test/"
        for _ in range(20):
            reply = await caller.ask(url, tls=trust, proxy=proxy.url(), proxy_headers=proxy_headers)
            assert reply.body == b"ok"
        stats = caller.stats()
        assert (stats.created, stats.reused, proxy.accepted) == (1, 19, 1)
        assert (stats.in_use, stats.idle) == (0, 1)
        assert_adds_up(stats)
        if over_tls and proxy_headers:  # which aiohttp sends with CONNECT only
            assert proxy.asked[0].headers["proxy-authorization"] == "Basic eA=="


@on_both_loops
async def test_what_a_proxy_sends_to_an_idle_connection_is_no_answer() -> None:
    sent = asyncio.Event()

    async def and_a_408(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await ok(incoming, writer)
        await idles.wait()
        writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        sent.set()
        return True

    idles = asyncio.Event()
    async with calling() as (caller, _), Peer(and_a_408).serving() as proxy:
        for _ in range(4):
            assert (await caller.ask("http://agency.test/", proxy=proxy.url())).status == 200
            idles.set()
            await sent.wait()
            await asyncio.sleep(0.02)  # it arrives
            idles.clear()
            sent.clear()
            assert caller.stats().in_use == 0
        assert proxy.accepted == 4
        assert_adds_up(caller.stats())


# -- other hosts, and the limit --


class OneShotServer:
    """A server in a thread, whose connections can be reset from outside of any event loop."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        self.connections: list[socket.socket] = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        self.connections.append(connection)


@on_both_loops
async def test_making_room_for_another_host_survives_a_reset_of_the_idle_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        first = OneShotServer(listener)
        async with calling(max_connections=1) as (caller, peer):
            assert (await caller.ask(first.url)).status == 200
            first.thread.join(5)
            resetting(first.connections[0]).close()
            # The loop has not looked since then.
            assert (await caller.ask(peer.url())).status == 200
            assert caller.stats().per_host[peer.host].idle == 1
            assert_adds_up(caller.stats())


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the server reads the state of its sockets")
@on_both_loops
async def test_the_limit_holds_when_all_that_are_in_flight_are_cancelled_at_once() -> None:
    limit = 50
    with counting_peer() as peer:
        async with calling(max_connections=limit, acquire_s=60) as (caller, _):

            def ask(path: str) -> list[asyncio.Future[Reply]]:
                return [asyncio.ensure_future(caller.ask(peer.url(path))) for _ in range(limit)]

            async def cancel_in_flight(asked_before: int) -> None:
                in_flight = ask("/hold")
                await asyncio.sleep(0)  # it opens the client
                assert await settled(lambda: peer.counts()[1] == asked_before + limit)
                waiting = ask("/")
                assert await settled(lambda: caller.stats().waiting == limit)
                for asking in in_flight:
                    asking.cancel()
                replies = await asyncio.wait_for(asyncio.gather(*waiting), 30)
                assert {reply.status for reply in replies} == {200}

            for number in range(5):
                await cancel_in_flight(asked_before=number * 2 * limit)
            assert peer.counts()[0] == limit
            assert caller.stats().in_use == 0


async def test_a_connection_that_is_lost_before_the_pool_has_it_takes_up_no_room(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    """It was waited for as one that is being closed, for ever."""
    manager = open_manager(max_connections=1, acquire_s=5)
    trace = aiohttp.TraceConfig()

    async def until_it_is_lost(*_: object) -> None:
        await asyncio.sleep(0.05)

    trace.on_connection_create_end.append(until_it_is_lost)
    trace.freeze()
    session = manager.async_client
    session.trace_configs.append(trace)

    def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server, Peer().serving() as peer:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)
        async with asyncio.timeout(10), session.get(peer.url()) as answer:
            assert answer.status == 200


async def test_bytes_that_come_while_a_trace_waits_are_not_the_answer(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    """What the peer sends before the request is on the wire answers nothing."""
    manager = open_manager(max_connections=1)
    come = asyncio.Event()
    trace = aiohttp.TraceConfig()

    async def until_they_have_come(*_: object) -> None:
        if come.is_set():
            await asyncio.sleep(0.05)

    trace.on_request_headers_sent.append(until_they_have_come)
    trace.on_request_chunk_sent.append(until_they_have_come)
    trace.freeze()
    session = manager.async_client
    session.trace_configs.append(trace)

    async def then_one_more(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        keep = await answer(body=incoming.target.encode())(incoming, writer)
        if incoming.target == "/first":
            asyncio.get_running_loop().call_later(0.02, writer.write, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")
            come.set()
        return keep

    async with Peer(then_one_more).serving() as peer:
        for method in ("GET", "PUT"):
            come.clear()
            for path in ("/first", "/second"):
                data = b"x" if method == "PUT" else None
                async with session.request(method, peer.url(path), data=data) as reply:
                    assert await reply.read() == path.encode()


async def test_a_connection_that_is_made_while_the_pool_closes_is_closed_too(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    manager = open_manager()
    is_made, go_on = asyncio.Event(), asyncio.Event()
    trace = aiohttp.TraceConfig()

    async def wait(*_: object) -> None:
        is_made.set()
        await go_on.wait()

    trace.on_connection_create_end.append(wait)
    trace.freeze()
    manager.async_client.trace_configs.append(trace)
    async with Peer().serving() as peer:
        asking = asyncio.ensure_future(manager.async_client.get(peer.url()))
        await is_made.wait()
        await manager.close_async(0)
        go_on.set()
        with pytest.raises(PoolClosed):
            await asking
        assert await settled(lambda: peer.open == 0)
        stats = manager.stats().async_
        assert stats is not None
        assert (stats.in_use, stats.created, sum(stats.closed.values()), peer.asked) == (0, 1, 1, [])
