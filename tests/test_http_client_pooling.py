"""The shared clients: one of each per process, with the configured numbers, whoever asks."""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import requests

from tests.http_client.callers import settled
from tests.http_client.peer import Peer, stall
from tools.base import ComplianceTool
from tools.errors import PoolClosed
from tools.http_client import (
    HTTPClientManager,
    PoolLimits,
    PoolTimeouts,
    get_async_client,
    get_sync_client,
    shutdown_http_clients,
)
from tools.http_client.async_pool import PooledConnector
from tools.http_client.sync_adapter import PooledAdapter


class EchoTool(ComplianceTool):
    name = "echo"


class OtherTool(ComplianceTool):
    name = "other"


@pytest.fixture(autouse=True)
async def shut_down_after() -> AsyncIterator[None]:
    """Each test begins and ends without the process-wide clients."""
    await shutdown_http_clients()
    yield
    await shutdown_http_clients()


async def test_the_same_client_is_returned_each_time() -> None:
    assert get_sync_client() is get_sync_client()
    assert get_async_client() is get_async_client()
    assert HTTPClientManager.get_sync_client() is get_sync_client()
    assert HTTPClientManager.get_async_client() is get_async_client()


async def test_the_clients_are_those_of_the_libraries() -> None:
    assert isinstance(get_sync_client(), requests.Session)
    assert isinstance(get_async_client(), aiohttp.ClientSession)
    assert isinstance(get_async_client().connector, PooledConnector)
    assert isinstance(get_sync_client().get_adapter("https://agency.test/"), PooledAdapter)
    assert get_sync_client().get_adapter("https://a.test/") is get_sync_client().get_adapter("http://b.test/")


async def test_threads_get_the_same_sync_client() -> None:
    found: list[requests.Session] = []
    start = threading.Barrier(20)

    def get() -> None:
        start.wait()
        found.append(get_sync_client())

    threads = [threading.Thread(target=get) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(map(id, found)) == {id(get_sync_client())}
    assert len(found) == 20


async def test_the_default_numbers() -> None:
    manager = HTTPClientManager.default()
    assert manager.limits == PoolLimits(
        max_connections=100,
        max_keepalive=20,
        keepalive_expiry_s=30.0,
        max_body_bytes=64 * 1024 * 1024,
        hold_warning_s=120.0,
    )
    assert manager.timeouts == PoolTimeouts(connect_s=30.0, read_s=60.0, write_s=30.0, acquire_s=5.0)
    get_sync_client()
    connector = get_async_client().connector
    assert connector is not None
    assert connector.limit == 100
    stats = manager.stats()
    assert stats.sync is not None
    assert stats.async_ is not None
    assert (stats.sync.limit, stats.sync.max_idle) == (100, 20)
    assert (stats.async_.limit, stats.async_.max_idle) == (100, 20)


async def test_the_numbers_that_were_configured() -> None:
    manager = HTTPClientManager(
        limits=PoolLimits(max_connections=7, max_keepalive=3), timeouts=PoolTimeouts(acquire_s=0.5)
    )
    assert manager.sync_client.headers["User-Agent"] == manager.async_client.headers["User-Agent"]
    stats = manager.stats()
    assert stats.sync is not None
    assert stats.async_ is not None
    assert (stats.sync.limit, stats.sync.max_idle) == (stats.async_.limit, stats.async_.max_idle) == (7, 3)
    await manager.aclose()


async def test_a_manager_is_no_other_manager() -> None:
    one, other = HTTPClientManager(user_agent="One/1"), HTTPClientManager()
    assert one.sync_client is not other.sync_client
    assert one.async_client is not other.async_client
    assert one.sync_client is not get_sync_client()
    assert one.sync_client.headers["User-Agent"] == "One/1"
    await one.aclose()
    await other.aclose()


async def test_tools_share_one_client_per_mode() -> None:
    echo, other = EchoTool(), OtherTool()
    assert echo.client is other.client is get_sync_client()
    assert echo.async_client is other.async_client is get_async_client()


async def test_a_tool_uses_the_clients_that_it_was_handed() -> None:
    manager = HTTPClientManager()
    handed: dict[str, Any] = {"client": manager.sync_client, "async_client": manager.async_client}
    echo, other = EchoTool(**handed), OtherTool(**handed)
    assert echo.client is other.client is manager.sync_client
    assert echo.async_client is other.async_client is manager.async_client
    assert HTTPClientManager.get_client_stats()["sync_client_initialized"] is False
    await manager.aclose()


async def test_the_stats_before_and_after() -> None:
    before = HTTPClientManager.get_client_stats()
    assert before == {
        "sync_client_initialized": False,
        "async_client_initialized": False,
        "sync_client_closed": True,
        "async_client_closed": True,
        "pools": {"async": None, "sync": None},
    }
    async with Peer().serving() as peer:
        await asyncio.to_thread(get_sync_client().get, peer.url())
        async with get_async_client().get(peer.url()) as answer:
            await answer.read()
        after = HTTPClientManager.get_client_stats()
        assert {name: after[name] for name in after if name != "pools"} == {
            "sync_client_initialized": True,
            "async_client_initialized": True,
            "sync_client_closed": False,
            "async_client_closed": False,
        }
        for pool in after["pools"].values():
            assert (pool["in_use"], pool["idle"], pool["waiting"], pool["created"]) == (0, 1, 0, 1)
            assert pool["per_host"] == {peer.host: {"in_use": 0, "idle": 1, "waiting": 0}}


async def test_asking_for_stats_opens_nothing() -> None:
    HTTPClientManager.get_client_stats()
    assert HTTPClientManager.get_client_stats()["sync_client_initialized"] is False


async def test_after_a_shutdown_there_are_new_clients() -> None:
    old_sync, old_async = get_sync_client(), get_async_client()
    async with Peer().serving() as peer:
        await asyncio.to_thread(old_sync.get, peer.url())
        async with old_async.get(peer.url()) as answer:
            await answer.read()
        await shutdown_http_clients()
        await shutdown_http_clients()
        assert await settled(lambda: peer.open == 0)
        assert old_async.closed
        with pytest.raises(PoolClosed):
            await asyncio.to_thread(old_sync.get, peer.url())
        assert get_sync_client() is not old_sync
        assert get_async_client() is not old_async
        assert (await asyncio.to_thread(get_sync_client().get, peer.url())).content == b"ok"


async def test_either_client_can_be_closed_by_itself() -> None:
    old_sync, old_async = get_sync_client(), get_async_client()
    HTTPClientManager.close_sync_client()
    assert get_async_client() is old_async
    assert get_sync_client() is not old_sync
    await HTTPClientManager.close_async_client()
    assert old_async.closed
    assert get_async_client() is not old_async
    HTTPClientManager.close_sync_client()
    HTTPClientManager.close_sync_client()
    await HTTPClientManager.close_async_client()
    await HTTPClientManager.close_async_client()


async def test_shutting_down_without_clients_does_nothing() -> None:
    await shutdown_http_clients()
    assert HTTPClientManager.get_client_stats()["async_client_initialized"] is False


async def test_a_manager_may_be_the_default() -> None:
    manager = HTTPClientManager()
    manager.make_default()
    assert get_sync_client() is manager.sync_client
    manager.release_default()
    assert get_sync_client() is not manager.sync_client
    await manager.aclose()


async def test_a_closed_manager_stays_closed() -> None:
    manager = HTTPClientManager()
    client = manager.sync_client
    await manager.aclose()
    await manager.aclose()
    assert manager.sync_client is client
    with pytest.raises(PoolClosed):
        await asyncio.to_thread(client.get, "http://127.0.0.1:9/")


def test_each_event_loop_has_a_client_of_its_own() -> None:
    manager = HTTPClientManager()
    found = []

    async def use() -> None:
        found.append(manager.async_client)
        await manager.close_async()

    asyncio.run(use())
    asyncio.run(use())
    assert found[0] is not found[1]


def test_the_async_client_needs_an_event_loop() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        get_async_client()


async def test_a_held_connection_is_in_the_stats_of_the_process() -> None:
    async with Peer(stall).serving() as peer:
        answer = await get_async_client().get(peer.url())
        pools = HTTPClientManager.get_client_stats()["pools"]
        assert (pools["async"]["in_use"], pools["sync"]) == (1, None)
        answer.close()
        assert HTTPClientManager.get_client_stats()["pools"]["async"]["in_use"] == 0
