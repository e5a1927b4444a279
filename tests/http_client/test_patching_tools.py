"""Tools that mock, record and trace by patching the client libraries: each sees every request of ours exactly once, and
leaves the pool as it found it.
"""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, cast
from unittest import mock

import aiohttp
import pytest
import requests
import requests_mock
import responses
import urllib3.connectionpool
import vcr  # type: ignore[import-untyped]  # as it is
import wrapt
from opentelemetry.instrumentation.aiohttp_client import AioHttpClientInstrumentor, create_trace_config
from opentelemetry.instrumentation.requests import RequestsInstrumentor
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from requests.adapters import HTTPAdapter
from vcr.errors import (  # type: ignore[import-untyped]  # likewise
    CannotOverwriteExistingCassetteException,
)

from tests.http_client.callers import Trust
from tests.http_client.peer import Answer, Incoming, Peer, answer, hang, ok
from tools.errors import PoolClosed
from tools.http_client import HTTPClientManager

LIMIT = 2
BODIES = {
    "/": b"ok",
    "/big": b"x" * 200_000,
    "/chunked": b"abc",
    "/last": b"closed",
    "/missing": b"not here",
    "/moved": b"ok",
}
#: Requests that the peer gets when each of BODIES is asked for once: the redirect is two.
HOPS = len(BODIES) + 1


async def _chunked(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")
    await writer.drain()
    return True


ANSWERS: dict[str, Answer] = {
    "/big": answer(body=BODIES["/big"]),
    "/chunked": _chunked,
    "/last": answer(body=BODIES["/last"], Connection="close"),
    "/missing": answer(404, body=BODIES["/missing"]),
    "/moved": answer(302, body=b"", Location="/"),
    "/never": hang,
}


async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    return await ANSWERS.get(incoming.target, ok)(incoming, writer)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    async with Peer(reply).serving() as serving:
        yield serving


@pytest.fixture
def manager(open_manager: Callable[..., HTTPClientManager]) -> Iterator[HTTPClientManager]:
    """A manager whose slots are all free in the end."""
    opened = open_manager(max_connections=LIMIT, read_s=5.0)
    yield opened
    for stats in (opened.stats().sync, opened.stats().async_):
        assert stats is None or (stats.in_use, stats.waiting) == (0, 0)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(spans: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider


def ask(manager: HTTPClientManager, url: str, **options: Any) -> bytes:
    """The whole body, over the sync client."""
    response = manager.sync_client.get(url, **options)
    return cast("bytes", response.content)


async def ask_async(client: aiohttp.ClientSession, url: str) -> bytes:
    """The whole body, over the async client."""
    async with client.get(url) as response:
        return await response.read()


def ask_all(manager: HTTPClientManager, peer: Peer, **options: Any) -> dict[str, bytes]:
    """The body of each path, over the sync client; the largest one is streamed too."""
    bodies = {path: ask(manager, peer.url(path), **options) for path in BODIES}
    with manager.sync_client.get(peer.url("/big"), stream=True, **options) as response:
        assert b"".join(response.iter_content(10_000)) == BODIES["/big"]
    return bodies


def made(manager: HTTPClientManager) -> int:
    """Connections that the sync pool has made."""
    stats = manager.stats().sync
    return 0 if stats is None else stats.created


def targets(peer: Peer) -> list[str]:
    return [each.target for each in peer.asked]


# -- requests-mock: takes the place of `requests.Session.send`, and of `get_adapter` of the session meanwhile --


async def test_requests_mock_answers_instead_of_the_server(manager: HTTPClientManager, peer: Peer) -> None:
    with requests_mock.Mocker() as mocker:
        mocker.get(peer.url("/a"), text="mocked")
        mocker.get(peer.url("/b"), status_code=302, headers={"Location": peer.url("/a")})
        mocker.post(peer.url("/c"), json={"a": 1})
        client = manager.sync_client
        assert client.get(peer.url("/a")).text == "mocked"
        assert client.get(peer.url("/b")).text == "mocked"
        assert client.post(peer.url("/c"), data=b"question").json() == {"a": 1}
        with client.get(peer.url("/a"), stream=True) as response:
            assert b"".join(response.iter_content(2)) == b"mocked"
        with pytest.raises(requests_mock.NoMockAddress):
            client.get(peer.url("/unknown"))
        assert [each.path for each in mocker.request_history] == ["/a", "/b", "/a", "/c", "/a", "/unknown"]
    assert peer.asked == []
    assert made(manager) == 0


async def test_after_requests_mock_the_pool_is_as_before(manager: HTTPClientManager, peer: Peer) -> None:
    await asyncio.to_thread(ask, manager, peer.url())
    with requests_mock.Mocker() as mocker:
        mocker.get(peer.url(), text="mocked")
        assert ask(manager, peer.url()) == b"mocked"
    assert await asyncio.to_thread(ask, manager, peer.url()) == b"ok"
    assert (len(peer.asked), peer.accepted, made(manager)) == (2, 1, 1)


async def test_what_requests_mock_lets_through_goes_over_the_pool_once(manager: HTTPClientManager, peer: Peer) -> None:
    with requests_mock.Mocker(real_http=True) as mocker:
        mocker.get(peer.url("/mocked"), text="mocked")
        assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
        assert ask(manager, peer.url("/mocked")) == b"mocked"
    assert len(peer.asked) == HOPS + 1
    assert peer.accepted == made(manager) == 2  # a second one after `Connection: close`


async def test_requests_mock_takes_over_one_session_and_no_other(
    open_manager: Callable[..., HTTPClientManager], manager: HTTPClientManager, peer: Peer
) -> None:
    with requests_mock.Mocker(session=manager.sync_client) as mocker:
        mocker.get(peer.url(), text="mocked")
        assert ask(manager, peer.url()) == b"mocked"
        assert await asyncio.to_thread(ask, open_manager(), peer.url()) == b"ok"
        assert mocker.call_count == 1
    assert len(peer.asked) == 1


# -- responses: takes the place of `HTTPAdapter.send`, and builds its answers by `build_response` of the adapter --


async def test_responses_answers_instead_of_the_server(manager: HTTPClientManager, peer: Peer) -> None:
    with responses.RequestsMock() as mocker:
        mocker.get(peer.url("/a"), body="mocked", auto_calculate_content_length=True)
        mocker.get(peer.url("/b"), status=302, headers={"Location": peer.url("/a")})
        mocker.get(peer.url("/c"), body=requests.ConnectTimeout("mocked"))
        client = manager.sync_client
        assert client.get(peer.url("/a")).text == "mocked"
        assert client.get(peer.url("/b")).text == "mocked"
        with client.get(peer.url("/a"), stream=True) as response:
            assert b"".join(response.iter_content(2)) == b"mocked"
        with pytest.raises(requests.ConnectTimeout, match="mocked"):
            client.get(peer.url("/c"))
        with pytest.raises(requests.ConnectionError, match="by Responses"):
            client.get(peer.url("/unknown"))
        assert [call.request.path_url for call in mocker.calls] == ["/a", "/b", "/a", "/a", "/c", "/unknown"]
    assert peer.asked == []
    assert made(manager) == 0


async def test_what_responses_lets_through_goes_over_the_pool_once(manager: HTTPClientManager, peer: Peer) -> None:
    with responses.RequestsMock() as mocker:
        mocker.add_passthru(peer.url())
        assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
    assert len(peer.asked) == HOPS + 1
    assert peer.accepted == made(manager) == 2


async def test_an_adapter_that_is_patched_may_answer_with_a_plain_response(
    manager: HTTPClientManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As patches of `HTTPAdapter.send` by hand do."""

    def send(self: HTTPAdapter, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response.headers["Content-Length"] = "6"
        vars(response).update(_content=b"mocked", _content_consumed=True)
        return response

    monkeypatch.setattr(HTTPAdapter, "send", send)
    assert ask(manager, "http://agency.test/") == b"mocked"


# -- VCR.py: takes the place of the connection classes of urllib3, and of `ClientSession._request` --


@pytest.fixture
def recorder(tmp_path: Path) -> vcr.VCR:
    return vcr.VCR(cassette_library_dir=str(tmp_path), match_on=("method", "uri", "body"))


async def test_vcr_records_the_sync_client_and_plays_it_to_any_other(
    manager: HTTPClientManager, open_manager: Callable[..., HTTPClientManager], peer: Peer, recorder: vcr.VCR
) -> None:
    def post(manager: HTTPClientManager) -> str:
        return manager.sync_client.post(peer.url("/question"), data=b"question").text

    with recorder.use_cassette("sync.yaml") as cassette:
        assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
        assert await asyncio.to_thread(post, manager) == "ok"
        assert len(cassette) == len(peer.asked) == HOPS + 2
    asked = len(peer.asked)
    other = open_manager(max_connections=LIMIT)
    for each in (manager, other):
        with recorder.use_cassette("sync.yaml", record_mode="none") as cassette:
            assert ask_all(each, peer) == BODIES
            assert post(each) == "ok"
            assert cassette.all_played
            with pytest.raises(CannotOverwriteExistingCassetteException):
                ask(each, peer.url("/unknown"))
    assert len(peer.asked) == asked
    assert made(other) == 0
    stats = other.stats().sync
    assert stats is not None
    assert stats.in_use == 0


async def test_vcr_leaves_the_sync_pool_and_its_idle_connections_as_they_were(
    manager: HTTPClientManager, peer: Peer, recorder: vcr.VCR
) -> None:
    await asyncio.to_thread(ask, manager, peer.url())
    with recorder.use_cassette("idle.yaml") as cassette:
        assert await asyncio.to_thread(ask, manager, peer.url()) == b"ok"  # not past it, over the idle one
        assert len(cassette) == 1
    await asyncio.to_thread(ask, manager, peer.url())
    assert len(peer.asked) == 3
    stats = manager.stats().sync
    assert stats is not None
    assert (stats.in_use, stats.idle) == (0, 1)


async def test_vcr_records_and_plays_tls(
    manager: HTTPClientManager, authority: tuple[ssl.SSLContext, Trust], recorder: vcr.VCR
) -> None:
    server, trust = authority
    async with Peer().serving(server) as peer:
        for _ in range(2):
            with recorder.use_cassette("tls.yaml"):
                assert await asyncio.to_thread(ask, manager, peer.url(), verify=trust.file) == b"ok"
        assert len(peer.asked) == 1


async def test_a_pool_that_is_closed_refuses_what_vcr_would_play(
    manager: HTTPClientManager, peer: Peer, recorder: vcr.VCR
) -> None:
    with recorder.use_cassette("closed.yaml"):
        client = manager.sync_client
        await asyncio.to_thread(client.get, peer.url())
    manager.close_sync()
    with recorder.use_cassette("closed.yaml"), pytest.raises(PoolClosed):
        client.get(peer.url())


async def test_vcr_records_the_async_client_and_plays_it_to_any_other(
    manager: HTTPClientManager, open_manager: Callable[..., HTTPClientManager], peer: Peer, recorder: vcr.VCR
) -> None:
    with recorder.use_cassette("async.yaml") as cassette:
        for path, body in BODIES.items():
            assert await ask_async(manager.async_client, peer.url(path)) == body
        assert len(cassette) == len(peer.asked) == HOPS
    other = open_manager(max_connections=LIMIT)
    with recorder.use_cassette("async.yaml", record_mode="none") as cassette:
        for path, body in BODIES.items():
            assert await ask_async(other.async_client, peer.url(path)) == body
        assert cassette.all_played
    assert len(peer.asked) == HOPS
    stats = other.stats().async_
    assert stats is not None
    assert (stats.in_use, stats.created) == (0, 0)


# -- OpenTelemetry: wraps `requests.Session.send`; hands a TraceConfig to each `ClientSession` --


def answered(spans: InMemorySpanExporter) -> list[tuple[str, object]]:
    """The path and the status of each span, in order."""
    found: tuple[ReadableSpan, ...] = spans.get_finished_spans()
    attributes = [dict(span.attributes or {}) for span in found]
    return [(f"/{str(each['http.url']).split('/', 3)[3]}", each.get("http.status_code")) for each in attributes]


STATUSES = [(path, 404 if path == "/missing" else 200) for path in BODIES]


async def test_opentelemetry_sees_each_request_of_the_sync_client(
    manager: HTTPClientManager, peer: Peer, spans: InMemorySpanExporter, provider: TracerProvider
) -> None:
    instrumentor = RequestsInstrumentor()
    manager.sync_client  # noqa: B018 - opened before
    instrumentor.instrument(tracer_provider=provider)
    try:
        assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
        with pytest.raises(requests.ConnectionError):
            await asyncio.to_thread(ask, manager, "http://127.0.0.1:1/refused")
    finally:
        instrumentor.uninstrument()
    assert answered(spans) == [*STATUSES, ("/big", 200), ("/refused", None)]
    assert spans.get_finished_spans()[-1].status.status_code is StatusCode.ERROR
    assert len(peer.asked) == HOPS + 1
    parents = [each.headers["traceparent"] for each in peer.asked]
    assert len(set(parents)) == len(BODIES) + 1  # a redirect belongs to the request that it answers

    assert await asyncio.to_thread(ask, manager, peer.url()) == b"ok"
    assert "traceparent" not in peer.asked[-1].headers
    assert len(spans.get_finished_spans()) == len(BODIES) + 2


def trace(client: aiohttp.ClientSession, provider: TracerProvider) -> None:
    """Have a session traced that is open."""
    config = create_trace_config(tracer_provider=provider)
    config.freeze()
    client.trace_configs.append(config)


@pytest.mark.parametrize("opened", ["before", "after"])
async def test_opentelemetry_sees_each_request_of_the_async_client(
    manager: HTTPClientManager, peer: Peer, spans: InMemorySpanExporter, provider: TracerProvider, opened: str
) -> None:
    instrumentor = AioHttpClientInstrumentor()
    if opened == "after":
        instrumentor.instrument(tracer_provider=provider)
    try:
        client = manager.async_client
        if opened == "before":
            trace(client, provider)
        for path, body in BODIES.items():
            assert await ask_async(client, peer.url(path)) == body
        with pytest.raises(aiohttp.ClientConnectorError):
            await ask_async(client, "http://127.0.0.1:1/refused")
    finally:
        if opened == "after":
            instrumentor.uninstrument()
    assert answered(spans) == [*STATUSES, ("/refused", None)]
    assert len(peer.asked) == HOPS
    assert len({each.headers["traceparent"] for each in peer.asked}) == len(BODIES)


async def test_the_async_pool_keeps_its_limit_while_opentelemetry_traces_and_callers_give_up(
    manager: HTTPClientManager, peer: Peer, spans: InMemorySpanExporter, provider: TracerProvider
) -> None:
    client = manager.async_client
    trace(client, provider)
    async with asyncio.timeout(30):
        stuck = [asyncio.ensure_future(ask_async(client, peer.url("/never"))) for _ in range(LIMIT + 3)]
        while len(peer.asked) < LIMIT:
            await asyncio.sleep(0)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        bodies = await asyncio.gather(*(ask_async(client, peer.url()) for _ in range(30)))
    assert bodies == [b"ok"] * 30
    assert targets(peer).count("/") == 30
    assert peer.census.most <= LIMIT
    assert [path for path, status in answered(spans) if status == 200] == ["/"] * 30


# -- by hand: what other tools put into the same places --


def _with_wraps(seen: list[str]) -> Any:
    """A function that looks like the one within, as OpenTelemetry's does."""
    original = requests.Session.send

    @functools.wraps(original)
    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        seen.append(str(request.path_url))
        return original(self, request, **options)

    return send


def _with_wrapt(seen: list[str]) -> Any:
    """A proxy, whose attributes are those of the function within: agents that wrap with wrapt."""

    def send(wrapped: Any, instance: object, args: tuple[Any, ...], options: dict[str, Any]) -> requests.Response:
        seen.append(str(args[0].path_url))
        return cast("requests.Response", wrapped(*args, **options))

    return wrapt.FunctionWrapper(requests.Session.send, send)


def _with_autospec(seen: list[str]) -> Any:
    """As `unittest.mock.patch(..., autospec=True)` does."""
    original = requests.Session.send

    def send(self: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        seen.append(str(request.path_url))
        return original(self, request, **options)

    return mock.create_autospec(original, side_effect=send)


@pytest.mark.parametrize("wrapping", [_with_wraps, _with_wrapt, _with_autospec])
async def test_whatever_wraps_send_sees_each_request_and_each_hop_once(
    manager: HTTPClientManager, peer: Peer, monkeypatch: pytest.MonkeyPatch, wrapping: Callable[[list[str]], Any]
) -> None:
    seen: list[str] = []
    own = requests.Session.send
    monkeypatch.setattr(requests.Session, "send", wrapping(seen))
    assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
    assert seen == targets(peer)
    assert len(seen) == HOPS + 1

    monkeypatch.setattr(requests.Session, "send", own)
    assert await asyncio.to_thread(ask, manager, peer.url()) == b"ok"
    assert len(peer.asked) == len(seen) + 1
    assert peer.accepted == made(manager) == 2


async def test_a_function_that_wraps_a_method_of_our_session_is_asked(
    manager: HTTPClientManager, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = manager.sync_client
    seen: list[str] = []
    original = client.send

    def send(request: requests.PreparedRequest, **options: Any) -> requests.Response:
        seen.append(str(request.path_url))
        return original(request, **options)

    monkeypatch.setattr(client, "send", send)
    assert await asyncio.to_thread(ask, manager, peer.url("/moved")) == b"ok"
    assert seen == targets(peer) == ["/moved", "/"]


async def test_whatever_wraps_urlopen_sees_each_hop_once(
    manager: HTTPClientManager, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As OpenTelemetry's instrumentation of urllib3 does."""
    seen: list[str] = []
    original = urllib3.connectionpool.HTTPConnectionPool.urlopen

    def urlopen(self: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        seen.append(url)
        return original(self, method, url, *args, **options)

    await asyncio.to_thread(ask, manager, peer.url())  # with the host's pool at hand
    peer.asked.clear()
    monkeypatch.setattr(urllib3.connectionpool.HTTPConnectionPool, "urlopen", urlopen)
    assert await asyncio.to_thread(ask_all, manager, peer) == BODIES
    assert seen == targets(peer)
    assert len(seen) == HOPS + 1


def test_send_of_requests_is_a_plain_function_of_its_module() -> None:
    """That is how the short way knows that it may be taken: a wrapper is another kind, or comes from elsewhere."""
    own = requests.Session.send
    assert type(own) is FunctionType
    assert own.__globals__ is vars(requests.sessions)
