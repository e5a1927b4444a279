"""What the pools stand on inside aiohttp and urllib3: each private name by itself, and what is left without one."""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import aiohttp
import pytest
import urllib3
from aiohttp.client_proto import ResponseHandler
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from tests.http_client.callers import AsyncCaller, Caller, SyncCaller, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Incoming, Peer, hang, ok
from tools.errors import PoolClosed, PoolTimeout
from tools.http_client import HTTPClientManager, UnsupportedLibrary, connections, connector
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connector import PooledConnector


@pytest.mark.parametrize(
    "name", ["_release", "_wait_for_available_connection", "_create_connection", "connect", "close"]
)
def test_aiohttp_still_has_the_method(name: str) -> None:
    assert callable(getattr(aiohttp.TCPConnector, name))
    assert callable(vars(PooledConnector)[name])  # and the pool replaces it


@pytest.mark.parametrize("name", ["_conns", "_acquired", "_waiters", "_closed", "_loop"])
async def test_aiohttp_still_has_the_attribute(name: str) -> None:
    plain = aiohttp.TCPConnector()
    assert hasattr(plain, name)
    await plain.close()


@pytest.mark.parametrize("name", ["closed", "abort", "is_connected", "should_close", "transport"])
async def test_a_connection_of_aiohttp_still_has(name: str) -> None:
    assert hasattr(ResponseHandler(asyncio.get_running_loop()), name)


@pytest.mark.parametrize("name", ["_get_conn", "_put_conn", "_new_conn", "ConnectionCls"])
def test_a_host_pool_of_urllib3_still_has(name: str) -> None:
    assert hasattr(HTTPConnectionPool, name)


@pytest.mark.parametrize("name", ["_new_conn", "_dns_host", "connect", "getresponse", "is_closed"])
def test_a_connection_of_urllib3_still_has(name: str) -> None:
    assert hasattr(HTTPConnection("agency.test"), name)


def test_a_pool_manager_of_urllib3_still_lets_its_classes_be_chosen() -> None:
    assert set(urllib3.PoolManager().pool_classes_by_scheme) == {"http", "https"}


async def test_nothing_is_missing_in_the_versions_that_are_installed() -> None:
    pooled = PooledConnector(PoolLimits(), PoolTimeouts())
    assert (connector.missing_names(pooled), connections.missing_names()) == ([], [])
    await pooled.close()


@pytest.mark.parametrize("version", ["2.25.904", "2.0.900", "2.13.1000"])
def test_urllib3_future_is_refused_with_the_reason(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "urllib3_version", version)
    with pytest.raises(UnsupportedLibrary, match=f"urllib3 {version} is urllib3-future.*uninstall urllib3-future"):
        HTTPClientManager()


@pytest.mark.parametrize("version", ["2.8.0", "2.5", "2.6.12.dev1", "3.0.0a1"])
def test_urllib3_is_not_taken_for_urllib3_future(version: str) -> None:
    connections.refuse_urllib3_future(version)


@pytest.fixture
def open_gated(monkeypatch: pytest.MonkeyPatch, open_caller: OpenCaller) -> OpenCaller:
    """Opens callers as if both libraries had changed inside."""
    monkeypatch.setattr(connector, "missing_names", lambda pooled: ["_conns"])
    monkeypatch.setattr(connections, "missing_names", lambda: ["_get_conn"])
    return open_caller


async def test_without_a_private_name_the_pool_is_gated_and_says_so_once(
    open_gated: OpenCaller, caplog: pytest.LogCaptureFixture
) -> None:
    caller = open_gated()
    async with Peer().serving() as peer:
        for _ in range(3):
            assert (await caller.ask(peer.url())).body == b"ok"
    assert caller.stats().exact is False
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    missing = "_conns" if caller.mode == "async" else "_get_conn"
    assert f"lacks {missing}: idle connections are not bounded" in caplog.text


async def test_a_gated_pool_still_bounds_what_is_in_use(open_gated: OpenCaller) -> None:
    caller = open_gated(max_connections=5, acquire_s=30)
    now = most = 0

    async def count(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return await ok(incoming, writer)

    async with Peer(count).serving() as one, Peer(count).serving() as other:
        await asyncio.gather(*(caller.ask((one, other)[i % 2].url()) for i in range(60)))
    stats = caller.stats()
    assert (most, stats.in_use, stats.waiting) == (5, 0, 0)
    assert stats.acquire_wait_seconds > 0


async def test_a_gated_pool_times_out_with_the_same_error(open_gated: OpenCaller) -> None:
    caller = open_gated(max_connections=1, acquire_s=0.2, read_s=5)
    async with Peer(hang).serving() as peer:
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        with pytest.raises(PoolTimeout, match=r"within 0\.2 s: limit 1, in use 1, waiting 1"):
            await caller.ask(peer.url())
        assert caller.stats().acquire_timeouts == 1
        if isinstance(caller, AsyncCaller):
            asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert caller.stats().in_use == 0


async def test_a_gated_pool_drains_and_refuses(open_gated: OpenCaller) -> None:
    caller = open_gated()

    async def slow(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.3)
        return await ok(incoming, writer)

    async with Peer(slow).serving() as peer:
        asking = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        await caller.close(10)
        assert (await asking).body == b"ok"
        with pytest.raises((PoolClosed, RuntimeError), match=r"closed|shut"):
            await caller.ask(peer.url())


async def test_one_gate_does_not_bring_the_other(
    monkeypatch: pytest.MonkeyPatch, open_manager: Callable[..., HTTPClientManager], threads: ThreadPoolExecutor
) -> None:
    monkeypatch.setattr(connector, "missing_names", lambda pooled: ["_conns"])
    manager = open_manager()
    callers: list[Caller] = [AsyncCaller(manager), SyncCaller(manager, threads)]
    async with Peer().serving() as peer:
        for caller in callers:
            await caller.ask(peer.url())
    assert [caller.stats().exact for caller in callers] == [False, True]
