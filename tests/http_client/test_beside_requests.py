"""The sync session beside requests itself, where the short ways and the bounds could depart from it."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
import urllib3
from urllib3.exceptions import ProtocolError

from tests.http_client.callers import Trust
from tests.http_client.peer import Incoming, Peer, answer, hang
from tests.http_client.test_redirects import to
from tools.call import calling
from tools.errors import ProviderTimeout
from tools.http_client import HTTPClientManager
from tools.http_client.sync_adapter import PooledAdapter, _origin

OpenManager = Callable[..., HTTPClientManager]


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("http://a.test:37377", "http://a.test:37377"),
        ("http://a.test", "http://a.test"),
        ("http://a.test/b/c", "http://a.test"),
        ("http://a.test?next=/b", "http://a.test"),
        ("http://a.test#/b", "http://a.test"),
        ("https://[::1]:8/b?c=http://d/", "https://[::1]:8"),
    ],
)
def test_an_origin_ends_where_the_path_the_query_or_the_fragment_begins(url: str, origin: str) -> None:
    assert _origin(url) == origin


async def test_a_redirect_without_a_path_leads_no_later_request_elsewhere(open_manager: OpenManager) -> None:
    """The pool of its host was kept under a name that was one letter short."""
    client = open_manager().sync_client
    async with Peer(answer(body=b"there")).serving() as there, Peer(to(there.url("").rstrip("/"))).serving() as here:
        assert (await asyncio.to_thread(client.get, here.url())).content == b"there"
        adapter = client.get_adapter("http://a.test/")
        assert isinstance(adapter, PooledAdapter)
        for origin, pool in adapter._by_origin.items():
            assert origin == f"http://{pool.host}:{pool.port}"


async def test_a_redirect_with_a_query_and_no_path_is_sent_as_requests_sends_it(open_manager: OpenManager) -> None:
    client = open_manager().sync_client
    async with Peer().serving() as there, Peer(to(f"{there.url('').rstrip('/')}?next=/foo")).serving() as here:
        await asyncio.to_thread(client.get, here.url())
        await asyncio.to_thread(requests.get, here.url())
        ours, theirs = [incoming.target for incoming in there.asked]
        assert ours == theirs == "/?next=/foo"


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".test"])
def test_a_name_that_none_can_have_is_refused_at_once(open_manager: OpenManager, host: str) -> None:
    manager = open_manager(connect_s=60)
    adapter = manager.sync_client.get_adapter("http://a.test/")
    request = requests.Request("GET", "http://a.test/").prepare()
    request.url = f"http://{host}/"
    with pytest.raises((requests.ConnectionError, requests.exceptions.InvalidURL)):
        adapter.send(request)
    stats = manager.stats().sync
    assert stats is not None
    assert stats.in_use == 0


async def test_an_answer_that_is_at_hand_can_be_read_after_the_pool_was_closed(open_manager: OpenManager) -> None:
    manager = open_manager()
    async with Peer(answer(body=b"a\nb")).serving() as peer:
        reply = await asyncio.to_thread(manager.sync_client.get, peer.url())
        async with manager.async_client.get(peer.url()) as other:
            await manager.aclose(0)
            assert list(reply.iter_lines()) == [b"a", b"b"]
            assert await other.read() == b"a\nb"


async def test_a_read_time_out_that_is_left_out_is_that_of_the_pool(open_manager: OpenManager) -> None:
    manager = open_manager(read_s=0.2)
    left_out: Any = urllib3.Timeout(connect=2)  # of which the annotations of requests know nothing
    async with Peer(hang).serving() as peer:
        with pytest.raises(requests.ReadTimeout):
            await asyncio.to_thread(lambda: manager.sync_client.get(peer.url(), timeout=left_out))


async def test_a_connection_that_is_released_unread_serves_no_other_request(open_manager: OpenManager) -> None:
    manager = open_manager()
    async with Peer(answer(body=b"x" * 100)).serving() as peer:

        def story() -> bytes:
            reply = manager.sync_client.get(peer.url(), stream=True)
            reply.raw.release_conn()
            return manager.sync_client.get(peer.url()).content

        assert await asyncio.to_thread(story) == b"x" * 100
        assert peer.accepted == 2


async def test_a_redirect_that_leaves_tls_is_shown_when_it_is_not_followed(
    open_manager: OpenManager, authority: tuple[ssl.SSLContext, Trust]
) -> None:
    client = open_manager().sync_client
    server, trust = authority
    async with Peer(to("http://127.0.0.1:9/")).serving(server) as peer:
        reply = await asyncio.to_thread(client.get, peer.url(), verify=trust.file, allow_redirects=False)
        assert (reply.status_code, reply.next) == (302, None)


async def test_a_cut_body_of_declared_length_is_the_same_error_over_tls(
    open_manager: OpenManager, authority: tuple[ssl.SSLContext, Trust]
) -> None:
    async def cut(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        writer.transport.abort()
        return False

    client = open_manager().sync_client
    server, trust = authority
    async with Peer(cut).serving(server) as peer:
        reply = await asyncio.to_thread(client.get, peer.url(), verify=trust.file, stream=True)
        with pytest.raises((ProtocolError, requests.exceptions.ChunkedEncodingError)):
            await asyncio.to_thread(lambda: reply.content)


async def test_a_watchdog_that_cannot_start_is_tried_again(
    open_manager: OpenManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = open_manager()
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if thread.name == "pool-watchdog":
            raise RuntimeError("can't start new thread")
        start(thread)

    async with Peer().serving() as peer:
        with monkeypatch.context() as patched:
            patched.setattr(threading.Thread, "start", start_others)
            assert (await asyncio.to_thread(manager.sync_client.get, peer.url())).content == b"ok"
        adapter = manager.sync_client.get_adapter("http://a.test/")
        assert isinstance(adapter, PooledAdapter)
        assert adapter.pool._watchdog._thread is None
        assert (await asyncio.to_thread(manager.sync_client.get, peer.url())).content == b"ok"
        assert vars(adapter.pool._watchdog)["_thread"] is not None
        stats = manager.stats().sync
        assert stats is not None
        assert (stats.in_use, stats.idle) == (0, 1)


async def test_a_body_without_a_length_that_the_deadline_cuts_is_not_whole(open_manager: OpenManager) -> None:
    async def half(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        return await hang(incoming, writer)

    manager = open_manager(read_s=60)
    async with Peer(half).serving() as peer:

        def story(*, stream: bool) -> bytes:
            with calling(0.3):
                return manager.sync_client.get(peer.url(), stream=stream).content

        for stream in (False, True):
            with pytest.raises(ProviderTimeout):
                await asyncio.to_thread(story, stream=stream)
