"""What users reported of aiohttp and what only a loop can have, tried on ours over real sockets, on both loops."""

import asyncio
import ssl
from typing import Any

import aiohttp
import pytest

from tests.http_client.callers import Trust, settled
from tests.http_client.loops import calling, on_both_loops
from tests.http_client.peer import Incoming, Peer, answer, ok, stall
from tools.errors import PoolTimeout, ToolError
from tools.transports import translating


@pytest.mark.parametrize("size", [1000, 300_000], ids=["small", "large"])
@on_both_loops
async def test_reading_late_arms_no_read_timeout_on_an_idle_connection(size: int) -> None:
    """aiohttp#12953, #12954: a body that was read when its connection idled already armed the read time-out on it."""
    async with calling(answer(body=b"x" * size), read_s=0.2) as (caller, peer):
        for _ in range(3):
            async with caller.manager.async_client.get(peer.url()) as response:
                await asyncio.sleep(0.05)  # all of it may come, or as much as fits
                body = bytearray()
                while piece := await response.content.read(10_000):
                    body += piece
                    await asyncio.sleep(0)
            assert len(body) == size
            assert await settled(lambda: caller.stats().idle == 1)
            await asyncio.sleep(0.4)  # silence, which has no event
        assert (peer.accepted, caller.stats().reused) == (1, 2)


@on_both_loops
async def test_no_answer_is_read_by_the_next_after_many_cancels() -> None:
    """aiohttp#12795: after time-outs, connections came back to the pool with an answer half read."""
    filler = b"." * 200_000

    async def echo(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        return await answer(body=incoming.target.encode() + filler)(incoming, writer)

    in_flight = asyncio.Semaphore(6)  # so that time runs out in mid-answer, not in the queue
    async with calling(echo, max_connections=5, acquire_s=60) as (caller, peer):

        async def ask(number: int) -> bool:
            target = f"/{number}"
            try:
                async with in_flight, asyncio.timeout(0.0002 * (number % 40) if number % 2 else None):
                    reply = await caller.ask(peer.url(target))
            except TimeoutError:
                return False
            assert reply.body == target.encode() + filler
            return True

        outcomes = await asyncio.gather(*map(ask, range(400)))
        assert outcomes.count(True) >= 200
        assert outcomes.count(False) > 0
        stats = caller.stats()
        assert (stats.in_use, stats.waiting) == (0, 0)
        assert stats.created - sum(stats.closed.values()) == stats.idle


@pytest.mark.parametrize("calls", [1, 3], ids=["the next", "all but one"])
@on_both_loops
async def test_a_turn_is_passed_on_by_a_waiter_that_is_cancelled_as_it_is_called(calls: int) -> None:
    """aiohttp#9670, #9671: a waiter that was called and cancelled in the same step called no other in its place."""
    async with calling(stall, max_connections=1, acquire_s=60) as (caller, busy), Peer().serving() as peer:
        for _ in range(10):
            let_go = await caller.hold(busy.url())
            waiting = [asyncio.ensure_future(caller.ask(peer.url())) for _ in range(4)]
            assert await settled(lambda: caller.stats().waiting == 4)
            let_go()  # the first is called, and has not run yet
            for asking in waiting[:calls]:
                asking.cancel()
            outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 10)
            assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes].count(True) == calls
            assert (caller.stats().in_use, caller.stats().waiting) == (0, 0)


@on_both_loops
async def test_waiters_whose_time_runs_out_leave_no_sticky_pool() -> None:
    """aiohttp#9670: a burst of calls with time-outs on a slow server, and every call after it timed out, too."""

    async def slow(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.03)
        return await ok(incoming, writer)

    async with calling(slow, max_connections=2, acquire_s=0.06) as (caller, peer):
        for _ in range(3):
            outcomes = await asyncio.gather(
                *(asyncio.wait_for(caller.ask(peer.url()), 0.03 + number % 7 / 100) for number in range(60)),
                return_exceptions=True,
            )
            assert {type(outcome).__name__ for outcome in outcomes} <= {"Reply", "TimeoutError", "AsyncPoolTimeout"}
            assert any(isinstance(outcome, (TimeoutError, PoolTimeout)) for outcome in outcomes)
            assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (0, 0))
        assert [(await caller.ask(peer.url())).status for _ in range(5)] == [200] * 5


@pytest.mark.parametrize("closed_by", ["manager", "session"])
@on_both_loops
async def test_a_close_in_a_trace_of_a_lookup_is_a_clear_error(closed_by: str) -> None:
    """aiohttp#12497: a connector that was closed during a DNS lookup failed with an AttributeError."""
    looks_up, goes_on = asyncio.Event(), asyncio.Event()

    async def wait(*_: Any) -> None:
        looks_up.set()
        await goes_on.wait()

    async with calling() as (caller, peer):
        client = caller.manager.async_client
        trace = aiohttp.TraceConfig()
        trace.on_dns_resolvehost_start.append(wait)
        trace.freeze()
        client.trace_configs.append(trace)
        asking = asyncio.ensure_future(caller.ask(f"http://localhost:{peer.port}/"))
        await asyncio.wait_for(looks_up.wait(), 5)
        await (caller.manager.close_async(0) if closed_by == "manager" else client.close())
        goes_on.set()
        with pytest.raises(ToolError), translating("agency"):
            await asyncio.wait_for(asking, 5)
        assert (caller.stats().in_use, peer.asked) == (0, [])
        assert await settled(lambda: peer.open == 0)


@pytest.mark.parametrize("over_tls", [True, False], ids=["tls", "plain"])
@on_both_loops
async def test_a_slow_reader_gets_the_whole_of_a_body_whose_peer_has_ended(
    authority: tuple[ssl.SSLContext, Trust], *, over_tls: bool
) -> None:
    """aiohttp#13348: a reader that paused the connection missed its end: "received N of N bytes", an error."""
    server, trust = authority
    size = 1_000_000

    async def and_the_end(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await answer(body=b"x" * size)(incoming, writer)
        return False

    async with calling(and_the_end, server if over_tls else None) as (caller, peer):
        for piece_size in (8192, 65_536):
            async with caller.manager.async_client.get(peer.url(), ssl=trust.context) as response:
                await asyncio.sleep(0.05)  # as much as fits comes, and perhaps the end
                received = 0
                async for piece in response.content.iter_chunked(piece_size):
                    received += len(piece)
                    await asyncio.sleep(0.002)
            assert received == size
        assert (await caller.ask(peer.url(), tls=trust)).body == b"x" * size
        assert caller.stats().in_use == 0
