"""What a warm connection costs: counted in calls of functions, which no other load of the machine changes."""

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import ClientRequest, ClientTimeout
from yarl import URL

from tests.http_client.callers import AsyncCaller, settled
from tests.http_client.peer import Peer, hang
from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeouts
from tools.http_client.async_pool import PooledConnector
from tools.http_client.wait_queue import WaitQueue


def calls_of(function: Callable[[], object]) -> int:
    """How many calls `function` makes, of Python's functions and of C's."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    gc.collect()
    gc.disable()  # it has callbacks of its own
    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def at_once(awaitable: Awaitable[Any]) -> Any:
    """The result of something that has nothing to wait for."""
    with pytest.raises(StopIteration) as done:
        awaitable.__await__().send(None)
    return done.value.value


def take_and_give_back(connector: aiohttp.BaseConnector, url: URL) -> Callable[[], None]:
    request = ClientRequest("GET", url, loop=asyncio.get_running_loop(), headers={})

    def once() -> None:
        at_once(connector.connect(request, [], ClientTimeout(total=None))).release()

    return once


async def test_a_warm_connection_costs_as_much_after_a_thousand_hosts_and_beside_waiters() -> None:
    limits = PoolLimits(max_connections=10, max_keepalive=10)
    async with Peer().serving() as peer, PooledConnector(limits, PoolTimeouts()) as pool:
        loop = asyncio.get_running_loop()
        request = ClientRequest("GET", URL(peer.url()), loop=loop, headers={})
        (await pool.connect(request, [], ClientTimeout(total=None))).release()
        once = take_and_give_back(pool, URL(peer.url()))
        once()
        before = calls_of(once)
        for number in range(1000):
            other = ClientRequest("GET", URL(peer.url()), loop=loop, headers={}, server_hostname=f"host{number}")
            (await pool.connect(other, [], ClientTimeout(total=None))).close()
        once()  # the first one after another host
        assert calls_of(once) == before


async def test_a_warm_connection_costs_little_beside_that_of_aiohttp() -> None:
    async with (
        Peer().serving() as peer,
        PooledConnector(PoolLimits(), PoolTimeouts()) as pool,
        aiohttp.TCPConnector() as stock,
    ):
        counts = []
        for connector in (pool, stock):
            request = ClientRequest("GET", URL(peer.url()), loop=asyncio.get_running_loop(), headers={})
            (await connector.connect(request, [], ClientTimeout(total=None))).release()
            once = take_and_give_back(connector, URL(peer.url()))
            once()
            counts.append(calls_of(once))
        assert counts[0] - counts[1] <= 20


async def test_the_connections_of_the_pool_keep_one_timer_for_silence(
    open_manager: Callable[..., HTTPClientManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = AsyncCaller(open_manager())
    async with Peer().serving() as peer:
        await caller.ask(peer.url())
        timers: list[object] = []
        loop = asyncio.get_running_loop()
        set_timer = loop.call_at

        def call_at(when: float, callback: Any, *args: Any, **options: Any) -> asyncio.TimerHandle:
            timers.append(callback)
            return set_timer(when, callback, *args, **options)

        monkeypatch.setattr(loop, "call_at", call_at)
        for _ in range(20):
            await caller.ask(peer.url())
        assert timers == []


def test_granting_a_slot_costs_as_much_with_a_thousand_hosts_in_the_queue() -> None:
    def cost(hosts: int) -> int:
        slots: WaitQueue[int, object] = WaitQueue(1, str)
        taken = slots.host(-1, 0)
        assert slots.try_take(taken, 0)
        for key in range(hosts):
            slots.join(slots.host(key, 0), object())
        slots.give_back(taken)
        return calls_of(lambda: slots.grant_next(0))

    assert cost(1000) == cost(10)


def test_taking_a_slot_costs_as_much_with_a_thousand_hosts_seen() -> None:
    def cost(hosts: int) -> int:
        slots: WaitQueue[int, object] = WaitQueue(10_000, str)
        for key in range(hosts):
            assert slots.try_take(slots.host(key, 0), 0)
        slots.host(0, 1)
        return calls_of(lambda: slots.try_take(slots.host(0, 1), 1))

    assert cost(1000) == cost(10)


async def test_what_was_kept_of_a_host_is_gone_when_it_is_used_no_more(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    manager = open_manager(max_connections=2, keepalive_expiry_s=0.1, acquire_s=30)
    caller = AsyncCaller(manager)
    async with Peer().serving() as peer, Peer(hang).serving() as hanging:
        await asyncio.gather(*(caller.ask(peer.url()) for _ in range(6)))
        stuck = asyncio.ensure_future(caller.ask(hanging.url()))
        assert await settled(lambda: len(hanging.asked) == 1)
        stuck.cancel()
        await asyncio.gather(stuck, return_exceptions=True)
        assert await settled(lambda: caller.stats().idle == 0)
        pool: Any = manager.async_client.connector
        assert (pool._idle.by_host, pool._queue.hosts, pool._queue.waiting, pool._queue.slots) == ({}, {}, 0, 0)
        assert await settled(lambda: not pool._closing)
        assert pool._in_use == {}
