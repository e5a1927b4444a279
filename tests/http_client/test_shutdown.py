"""Closing: gently up to a bound, then for good; and what a fork leaves to each side."""

import asyncio
import os
import time

import pytest

from tests.http_client.callers import settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, hang, ok, stall
from tools.errors import PoolClosed, ToolError
from tools.transports import translating


def slow(seconds: float) -> Answer:
    """Says `ok`, later."""

    async def wait(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return await ok(incoming, writer)

    return wait


async def test_requests_in_flight_are_waited_for(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        peer.reply = slow(0.3)
        asking = [asyncio.ensure_future(caller.ask(peer.url())) for _ in range(5)]
        assert await settled(lambda: len(peer.asked) == 5)
        await caller.close(10)
        assert [(await asked).body for asked in asking] == [b"ok"] * 5
        assert await settled(lambda: peer.open == 0)


async def test_requests_in_flight_end_with_an_error_when_the_bound_is_reached(open_caller: OpenCaller) -> None:
    caller = open_caller(read_s=60)
    async with Peer(hang).serving() as peer:
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        started = time.monotonic()
        await caller.close(0.3)
        assert 0.29 < time.monotonic() - started < 2
        with pytest.raises(ToolError), translating("agency"):
            await asyncio.wait_for(asking, 5)
        assert await settled(lambda: peer.open == 0)
        assert caller.stats().in_use == 0


async def until_the_end(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """A body that ends with its connection, and does not come to its end."""
    writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
    return await hang(incoming, writer)


async def test_an_answer_that_a_close_cuts_is_not_taken_for_a_whole_one(open_caller: OpenCaller) -> None:
    caller = open_caller(read_s=60)
    async with Peer(until_the_end).serving() as peer:
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        await asyncio.sleep(0.1)  # for the half to arrive
        await caller.close(0.1)
        with pytest.raises(ToolError), translating("agency"):
            await asyncio.wait_for(asking, 5)


async def test_new_requests_are_refused_while_the_pool_drains(open_caller: OpenCaller) -> None:
    caller = open_caller(read_s=60)
    async with Peer(hang).serving() as peer:
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        closing = asyncio.ensure_future(caller.close(0.5))
        await asyncio.sleep(0.1)
        with pytest.raises(PoolClosed):
            await caller.ask(peer.url())
        assert not closing.done()
        await closing
        await asyncio.gather(asking, return_exceptions=True)


async def test_those_who_wait_are_told_when_the_pool_closes(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=60)
    async with Peer(stall).serving() as peer:
        let_go = await caller.hold(peer.url())
        waiting = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: caller.stats().waiting == 1)
        await caller.close(0.1)
        with pytest.raises(ToolError), translating("agency"):
            await asyncio.wait_for(waiting, 5)
        assert caller.stats().waiting == 0
        let_go()


async def test_use_after_close_is_a_clear_error(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        client = caller.manager.async_client if caller.mode == "async" else caller.manager.sync_client
        await caller.ask(peer.url())
        await caller.close(1)
        await caller.close(1)  # idempotent
        with pytest.raises((PoolClosed, RuntimeError), match=r"closed|shut down"):
            await caller.ask(peer.url())
        assert client is (caller.manager.async_client if caller.mode == "async" else caller.manager.sync_client)
        stats = caller.stats()
        assert (stats.in_use, stats.idle, stats.closed["shutdown"]) == (0, 0, 1)
        assert len(peer.asked) == 1


async def test_a_pool_without_requests_closes_at_once(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        await caller.ask(peer.url())
        started = time.monotonic()
        await caller.manager.aclose(10)
        assert time.monotonic() - started < 5
        assert await settled(lambda: peer.open == 0)


async def test_both_sides_of_a_fork_have_connections_of_their_own(open_caller: OpenCaller) -> None:
    caller = open_caller()
    if caller.mode == "async":
        pytest.skip("an event loop does not survive a fork")
    async with Peer().serving() as peer:
        url = peer.url()
        await caller.ask(url)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:  # nothing of the test's own may go on in here
            try:
                session = caller.manager.sync_client
                said = [session.get(url, timeout=10).content for _ in range(3)]
                stats = caller.stats()
                os.write(write, repr((said, stats.created, stats.reused, stats.in_use)).encode())
            except BaseException as exc:  # noqa: BLE001 - shown by the parent
                os.write(write, repr(exc).encode())
            finally:
                os._exit(0)
        os.close(write)
        loop = asyncio.get_running_loop()
        told = await loop.run_in_executor(None, os.read, read, 10_000)
        os.close(read)
        await loop.run_in_executor(None, os.waitpid, child, 0)
        assert told.decode() == repr(([b"ok"] * 3, 1, 2, 0))
        await caller.ask(url)
        assert peer.connection_of == [0, 1, 1, 1, 0]
        assert (caller.stats().created, caller.stats().reused) == (1, 1)
