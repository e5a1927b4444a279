"""Which idle connections are kept, which is used next, and which goes."""

import asyncio
import ssl
import time

import pytest

from tests.http_client.callers import Caller, Trust, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, answer, ok
from tools.http_client import PoolStats


def closed(stats: PoolStats) -> dict[str, int]:
    """The reasons that occurred."""
    return {reason: count for reason, count in stats.closed.items() if count}


async def open_in_turn(caller: Caller, peer: Peer, connections: int) -> None:
    """Leave that many idle connections to `peer`, given back in the order in which they were opened."""
    gates = [asyncio.Event() for _ in range(connections)]
    arrived = 0

    async def when_told(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        nonlocal arrived
        arrived += 1
        await gates[arrived - 1].wait()
        return await ok(incoming, writer)

    reply, peer.reply = peer.reply, when_told
    asking = []
    for number in range(connections):
        asking.append(asyncio.ensure_future(caller.ask(peer.url())))
        assert await settled(lambda: arrived == number + 1)  # noqa: B023 - awaited in the same turn
    for gate, asked in zip(gates, asking, strict=True):
        gate.set()
        await asked
    peer.reply = reply
    assert caller.stats().per_host[peer.host].idle == connections


async def test_an_idle_connection_is_closed_when_its_time_is_over(open_caller: OpenCaller) -> None:
    caller = open_caller(keepalive_expiry_s=0.2)
    async with Peer().serving() as peer:
        await caller.ask(peer.url())
        idle_since = time.monotonic()
        assert await settled(lambda: peer.open == 0)  # nobody asked for it
        assert time.monotonic() - idle_since > 0.15
        stats = caller.stats()
        assert (stats.idle, closed(stats)) == (0, {"idle_timeout": 1})
        await caller.ask(peer.url())
        assert peer.accepted == 2


async def test_a_connection_in_use_again_and_again_does_not_expire(open_caller: OpenCaller) -> None:
    caller = open_caller(keepalive_expiry_s=0.8)
    async with Peer().serving() as peer:
        for _ in range(8):  # 1.2 s in all
            await caller.ask(peer.url())
            await asyncio.sleep(0.15)
        assert peer.accepted == 1


async def test_the_newest_idle_connection_is_used_first(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        await open_in_turn(caller, peer, 3)
        for _ in range(5):
            await caller.ask(peer.url())
        assert peer.connection_of[3:] == [2] * 5


async def test_a_burst_does_not_keep_its_connections_warm_for_ever(open_caller: OpenCaller) -> None:
    caller = open_caller(keepalive_expiry_s=0.7)
    async with Peer().serving() as peer:
        await open_in_turn(caller, peer, 5)
        for _ in range(12):
            await caller.ask(peer.url())
            await asyncio.sleep(0.1)
        assert await settled(lambda: peer.open == 1, 0.0)
        assert closed(caller.stats()) == {"idle_timeout": 4}


async def test_the_oldest_idle_connection_goes_when_there_are_too_many(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=2)
    async with Peer().serving() as a, Peer().serving() as b, Peer().serving() as c:
        for peer in (a, b, a, c):  # a is younger than b
            await caller.ask(peer.url())
        assert await settled(lambda: [a.open, b.open, c.open] == [1, 0, 1])
        assert closed(caller.stats()) == {"max_idle": 1}


async def test_the_oldest_idle_connection_makes_room_for_a_new_one(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=2)
    async with Peer().serving() as a, Peer().serving() as b, Peer().serving() as c:
        for peer in (a, b, c):
            await caller.ask(peer.url())
        assert await settled(lambda: [a.open, b.open, c.open] == [0, 1, 1])
        assert closed(caller.stats()) == {"room": 1}


async def test_no_connection_is_kept_when_none_may_be(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=0)
    async with Peer().serving() as peer:
        for _ in range(3):
            await caller.ask(peer.url())
        assert await settled(lambda: peer.open == 0)
        assert (peer.accepted, closed(caller.stats())) == (3, {"max_idle": 3})


async def test_an_idle_connection_that_the_peer_closed_is_not_used(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(idle_s=0.05).serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url(), "POST")).status == 200
            assert await settled(lambda: peer.open == 0)
            await asyncio.sleep(0.05)  # for its goodbye to arrive
        assert (peer.accepted, closed(caller.stats())["remote"]) == (3, 2 if caller.mode == "sync" else 3)


class OncePerConnection(Peer):
    """Answers the first request of a connection and closes on the second, as if it had closed while that was sent."""

    def __init__(self) -> None:
        super().__init__(self._once)

    async def _once(self, incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        first = self.connection_of.count(self.connection_of[-1]) == 1
        return await ok(incoming, writer) if first else False


async def test_a_get_survives_that_its_connection_was_closed_while_idle(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with OncePerConnection().serving() as peer:
        for _ in range(10):
            assert (await caller.ask(peer.url())).body == b"ok"
        stats = caller.stats()
        assert (stats.in_use, stats.created) == (0, 10)
        assert closed(stats)["remote"] == 9


async def test_a_get_survives_that_all_idle_connections_are_dead(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with OncePerConnection().serving() as peer:
        await open_in_turn(caller, peer, 5)
        assert (await caller.ask(peer.url())).body == b"ok"
        assert len(peer.asked) == 5 + 2  # not once for each dead one


async def test_a_post_is_not_sent_twice(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with OncePerConnection().serving() as peer:
        await caller.ask(peer.url())
        with pytest.raises(caller.connection_error):
            await caller.ask(peer.url(), "POST")
        assert [incoming.method for incoming in peer.asked] == ["GET", "POST"]
        assert caller.stats().in_use == 0


async def test_an_answer_that_nobody_asked_for_is_not_given_to_the_next_who_asks(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1)
    sent = asyncio.Event()

    async def twice(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await answer(body=incoming.target.encode())(incoming, writer)
        await asyncio.sleep(0.02)
        await answer(body=b"somebody else's")(incoming, writer)
        sent.set()
        return True

    async with Peer(twice).serving() as peer:
        for number in range(4):
            assert (await caller.ask(peer.url(f"/{number}"))).body == f"/{number}".encode()
            await sent.wait()
            sent.clear()
            await asyncio.sleep(0.02)  # the second answer arrives while the connection idles
        assert peer.accepted == 4
        assert caller.stats().in_use == 0


async def test_early_hints_are_not_the_answer(open_caller: OpenCaller) -> None:
    caller = open_caller()

    async def hint(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
        return await ok(incoming, writer)

    async with Peer(hint).serving() as peer:
        for _ in range(2):
            reply = await caller.ask(peer.url())
            assert (reply.status, reply.body, "link" in reply.headers) == (200, b"ok", False)
        assert peer.accepted == 1


@pytest.mark.parametrize("reply", [answer(Connection="close"), answer(Content_Length="")], ids=["said", "done"])
async def test_a_connection_that_the_peer_ends_is_not_kept(open_caller: OpenCaller, reply: Answer) -> None:
    caller = open_caller()
    async with Peer(reply).serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url())).body == b"ok"
        stats = caller.stats()
        assert (peer.accepted, stats.in_use, stats.idle, closed(stats)) == (3, 0, 0, {"remote": 3})


async def test_errors_of_the_peer_keep_the_connection(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(answer(503, b"later")).serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url())).status == 503
        assert peer.accepted == 1


async def test_tls_connections_are_pooled(open_caller: OpenCaller, authority: tuple[ssl.SSLContext, Trust]) -> None:
    caller = open_caller(max_keepalive=1)
    server, trust = authority
    async with Peer().serving(server) as a, Peer().serving(server) as b:
        for _ in range(3):
            assert (await caller.ask(a.url(), tls=trust)).body == b"ok"
        assert (caller.stats().created, caller.stats().reused) == (1, 2)
        await caller.ask(b.url(), tls=trust)
        assert await settled(lambda: [a.open, b.open] == [0, 1])
        assert closed(caller.stats()) == {"max_idle": 1}


async def test_a_certificate_that_nobody_vouches_for_is_refused(
    open_caller: OpenCaller, authority: tuple[ssl.SSLContext, Trust]
) -> None:
    caller = open_caller()
    async with Peer().serving(authority[0]) as peer:
        with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
            await caller.ask(peer.url())
        assert (peer.asked, caller.stats().in_use) == ([], 0)
