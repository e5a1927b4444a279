"""What users reported of other pools, tried on ours over real sockets, in both modes. Each test names the report."""

import asyncio
import random
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.http_client.callers import AsyncCaller, Caller, Reply, SyncCaller, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, answer, hang, ok, stall
from tests.http_client.unruly_peers import counting_peer, reset
from tools.errors import PoolTimeout, ToolError
from tools.http_client import HTTPClientManager
from tools.transports import translating


async def echo(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """The target of the request as its body."""
    return await answer(body=incoming.target.encode())(incoming, writer)


async def give_up(caller: Caller, url: str, when: Callable[[], bool]) -> None:
    """Ask, and give up once `when` is true: cancelled here, out of time there."""
    if caller.mode == "sync":
        with pytest.raises((caller.read_timeout, caller.connection_error), match="Read timed out"):
            await caller.ask(url, timeout=(5, 0.1))
        assert when()
        return
    asking = asyncio.ensure_future(caller.ask(url))
    assert await settled(when)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


def assert_empty(caller: Caller) -> None:
    """No slot is held, and the figures add up."""
    stats = caller.stats()
    assert (stats.in_use, stats.waiting) == (0, 0)
    assert stats.created - sum(stats.closed.values()) == stats.idle


# -- aiohttp --


async def test_silence_between_two_requests_is_no_read_timeout(open_caller: OpenCaller) -> None:
    """aiohttp#12953, #12954: the read time-out was armed on a connection that idled, and failed the next request."""
    caller = open_caller(read_s=0.2)
    body = b"x" * 1_000_000
    async with Peer(answer(body=body)).serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url())).body == body
            await asyncio.sleep(0.4)  # silence, which has no event
        assert peer.accepted == 1
        assert_empty(caller)


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"]
)
async def test_a_connection_given_up_in_mid_answer_is_not_used_again(open_caller: OpenCaller, sent: bytes) -> None:
    """aiohttp#12795: a request that was cancelled left a half-read connection in the pool, and the next one failed."""
    caller = open_caller(max_connections=1)
    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf-late"
    given_up = asyncio.Event()
    begun = threading.Event()

    async def half(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        if incoming.target != "/given-up":
            return await echo(incoming, writer)
        writer.write(sent)
        begun.set()
        await given_up.wait()
        writer.write(whole[len(sent) :])
        return True

    async with Peer(half).serving() as peer:
        for number in range(3):
            await give_up(caller, peer.url("/given-up"), begun.is_set)
            given_up.set()
            begun.clear()
            assert (await caller.ask(peer.url(f"/{number}"))).body == f"/{number}".encode()
            given_up.clear()
        assert peer.connection_of == [0, 1, 1, 2, 2, 3]
        assert_empty(caller)


async def test_a_turn_that_comes_as_its_waiter_gives_up_is_passed_on(open_caller: OpenCaller) -> None:
    """aiohttp#9670, #9671: a waiter whose time ran out as it was woken woke no other, and all waited for ever."""
    caller = open_caller(max_connections=1, acquire_s=0.02)

    async def ask(peer: Peer) -> bool:
        try:
            return (await caller.ask(peer.url())).status == 200
        except PoolTimeout:
            return False

    async def soon(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.001)
        return await ok(incoming, writer)

    async with Peer(soon).serving() as peer:
        served = []
        for _ in range(20):  # of 60 that come at once, some time out while others are woken
            served += await asyncio.gather(*(ask(peer) for _ in range(60)))
            assert_empty(caller)
        assert 20 <= served.count(True) < len(served)
        assert await ask(peer)


async def test_a_close_while_a_name_is_looked_up_is_a_clear_error(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiohttp#12497: a connector that was closed during a DNS lookup failed with an AttributeError."""
    caller = open_caller()
    may_answer = threading.Event()

    def getaddrinfo(host: str, port: Any, *_: Any, **__: Any) -> list[Any]:
        assert may_answer.wait(30)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]

    async with Peer().serving() as peer:
        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        asking = asyncio.ensure_future(caller.ask(f"http://agency.test:{peer.port}/"))
        await asyncio.sleep(0)  # it opens the client
        assert await settled(lambda: caller.stats().in_use == 1)
        await caller.close(0)
        may_answer.set()
        with pytest.raises(ToolError), translating("agency"):
            await asyncio.wait_for(asking, 5)
        assert await settled(lambda: caller.stats().in_use == 0)
        assert (peer.asked, peer.open) == ([], 0)


class OncePerConnection(Peer):
    """Answers the first request of a connection, and gives `second` to the next."""

    def __init__(self, second: Answer) -> None:
        super().__init__(self._once)
        self._second = second

    async def _once(self, incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        first = self.connection_of.count(self.connection_of[-1]) == 1
        return await (ok if first else self._second)(incoming, writer)


async def test_a_get_survives_a_reset_of_its_idle_connection(open_caller: OpenCaller) -> None:
    """aiohttp#13283, #9138: the server closes an idle connection while the next request is under way to it."""
    caller = open_caller()
    async with OncePerConnection(reset).serving() as peer:
        for _ in range(10):
            assert (await caller.ask(peer.url())).body == b"ok"
        assert caller.stats().created == 10
        with pytest.raises(caller.connection_error):
            await caller.ask(peer.url(), "POST", data=b"once")
        assert [incoming.method for incoming in peer.asked].count("POST") == 1
        assert_empty(caller)


async def test_no_get_is_lost_to_a_server_that_closes_just_when_the_next_comes(open_caller: OpenCaller) -> None:
    """aiohttp#9138: requests at the pace of the server's own keep-alive time-out failed now and then."""
    caller = open_caller()
    dice = random.Random(9138)
    async with Peer(idle_s=0.02).serving() as peer:
        for _ in range(60):
            assert (await caller.ask(peer.url())).status == 200
            await asyncio.sleep(0.02 + dice.uniform(-0.002, 0.002))  # the race that was reported
        assert peer.accepted > 1
        assert await settled(lambda: caller.stats().idle == peer.open)
        assert_empty(caller)


async def test_a_whole_body_is_no_error_because_its_peer_has_ended(open_caller: OpenCaller) -> None:
    """aiohttp#13348: a body of which all bytes had come was an error when the server ended its side early."""
    caller = open_caller()
    body = b"x" * 3_000_000

    async def and_the_end(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await answer(body=body)(incoming, writer)
        writer.write_eof()
        await incoming.reader.read()
        return False

    async with Peer(and_the_end).serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url())).body == body
            assert caller.stats().in_use == 0


async def test_no_copy_of_a_credential_reaches_another_origin(open_caller: OpenCaller) -> None:
    """aiohttp#13180: of two headers of one name, only the first was dropped on a redirect to another origin."""
    caller = open_caller()
    secrets = [(name, f"secret {number}") for name in ("Authorization", "Cookie", "X-Api-Key") for number in (1, 2)]
    headers: Any = secrets if caller.mode == "async" else dict(secrets)
    async with Peer().serving() as other, Peer(answer(302, b"", Location=other.url())).serving() as first:
        assert (await caller.ask(first.url(), headers=headers)).status == 200
        assert "secret" in first.asked[0].headers["authorization"]
        assert "secret" not in str(other.asked[0].headers)


# -- urllib3 and requests --


class Nat(Peer):
    """A peer behind a NAT that forgets a connection `forgets_s` after its last request, and resets what comes then."""

    def __init__(self, forgets_s: float) -> None:
        super().__init__(self._translate)
        self.resets = 0
        self._forgets_s = forgets_s
        self._seen_at: dict[int, float] = {}

    async def _translate(self, incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        now = asyncio.get_running_loop().time()
        connection = self.connection_of[-1]
        if now - self._seen_at.get(connection, now) > self._forgets_s:
            self.resets += 1
            return await reset(incoming, writer)
        self._seen_at[connection] = now
        return await ok(incoming, writer)


async def test_a_connection_that_a_nat_has_forgotten_is_not_used(open_caller: OpenCaller) -> None:
    """urllib3#3184: without an idle time-out, a request after a pause was reset by the NAT, and so was the next."""
    caller = open_caller(keepalive_expiry_s=0.3)
    async with Nat(forgets_s=0.4).serving() as peer:
        assert isinstance(peer, Nat)
        for _ in range(2):
            replies = await asyncio.gather(*(caller.ask(peer.url(), "POST", data=b"x") for _ in range(5)))
            assert {reply.status for reply in replies} == {200}
            await asyncio.sleep(0.6)  # a pause, which has no event
        assert peer.resets == 0
        assert_empty(caller)


async def test_no_request_fails_because_many_hosts_are_asked_at_once(open_caller: OpenCaller) -> None:
    """urllib3#1252, #2661: threads that asked more hosts than there are host pools found theirs closed."""
    caller = open_caller(max_connections=8, acquire_s=60)
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(Peer(echo).serving()) for _ in range(12)]
        if caller.mode == "sync":
            adapter: Any = caller.manager.sync_client.get_adapter("http://")
            adapter.poolmanager.pools._maxsize = 2  # so that twelve hosts are many
        let_go = await caller.hold(peers[0].url())
        targets = [(peers[number % 12], f"/{number}") for number in range(360)]
        replies = await asyncio.gather(*(caller.ask(peer.url(target)) for peer, target in targets))
        assert [reply.body.decode() for reply in replies] == [target for _, target in targets]
        let_go()
        assert await settled(lambda: caller.stats().in_use == 0)
        assert_empty(caller)


@pytest.mark.parametrize("fault", [hang, stall, reset], ids=["no answer", "half an answer", "reset"])
async def test_a_read_error_gives_its_slot_back(open_caller: OpenCaller, fault: Answer) -> None:
    """urllib3.future#366: a read time-out kept the slot of its connection, and the pool was soon empty."""
    caller = open_caller(max_connections=1, read_s=0.1, acquire_s=1)
    kept = []  # as a log keeps them, with all that they refer to
    async with Peer(fault).serving() as broken, Peer().serving() as peer:
        for _ in range(4):
            with pytest.raises(ToolError) as caught, translating("agency"):
                await caller.ask(broken.url())
            assert not isinstance(caught.value, PoolTimeout)
            kept.append(caught.value)
            assert_empty(caller)
        assert (await caller.ask(peer.url())).status == 200


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="the server reads the state of its sockets")
async def test_the_limit_holds_while_requests_time_out(open_caller: OpenCaller) -> None:
    """requests#5228: there were more connections than the pool's size when threads ran into time-outs."""
    caller = open_caller(max_connections=2, read_s=0.05, acquire_s=60)
    with counting_peer() as peer:
        asking = [caller.ask(peer.url("/hold"), "POST", data=b"x") for _ in range(30)]
        outcomes = await asyncio.gather(*asking, return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {caller.read_timeout}
        assert peer.counts()[0] == 2
        assert_empty(caller)


# -- fairness --


@pytest.mark.parametrize("mode", ["async", "sync"])
async def test_500_callers_of_one_host_let_10_other_hosts_through(
    open_manager: Callable[..., HTTPClientManager], mode: str
) -> None:
    """Ten callers that come when 400 wait for one host are not the last: hosts take turns."""
    manager = open_manager(max_connections=20, acquire_s=120, read_s=120)
    go = asyncio.Event()
    answered = 0
    answered_before: list[int] = []  # of the busy host, when one of the ten was

    async def busy_reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        nonlocal answered
        await go.wait()
        answered += 1
        return await ok(incoming, writer)

    async def other_reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        answered_before.append(answered)
        return await ok(incoming, writer)

    async with AsyncExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(520))
        caller: Caller = AsyncCaller(manager) if mode == "async" else SyncCaller(manager, threads)
        busy = await stack.enter_async_context(Peer(busy_reply).serving())
        others = [await stack.enter_async_context(Peer(other_reply).serving()) for _ in range(10)]
        asking: list[asyncio.Future[Reply]] = []

        async def ask_all(urls: list[str]) -> None:
            asking.extend(asyncio.ensure_future(caller.ask(url)) for url in urls)
            await asyncio.sleep(0)  # it opens the client
            assert await settled(lambda: in_pool(caller) + len(answered_before) == len(asking), 60)

        await ask_all([busy.url()] * 400)
        await ask_all([other.url() for other in others])
        await ask_all([busy.url()] * 100)
        go.set()
        replies = await asyncio.wait_for(asyncio.gather(*asking), 120)
        assert [reply.status for reply in replies] == [200] * 510
        assert max(answered_before) <= 300  # in order of arrival, 380 would come first
        assert_empty(caller)


def in_pool(caller: Caller) -> int:
    """Requests in flight and waiting."""
    stats = caller.stats()
    return stats.in_use + stats.waiting
