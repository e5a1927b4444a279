"""How far a connection came that failed, and where an answer came from: the same over both clients."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import trustme

from tests.http_client.peer import Answer, Incoming, Peer, answer
from tests.probe import Asking, Probe
from tools.errors import ProviderUnreachable
from tools.exchange import Exchange, Request, Response, watched
from tools.http_client import HTTPClientManager
from tools.transports import BrokenAt, broken_at

OpenAsking = Callable[..., Asking]


@pytest.fixture(params=["async", "sync"])
def open_asking(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> OpenAsking:
    """Opens a probe; the test runs once for each client."""
    return lambda tool=Probe, **numbers: Asking(request.param, open_manager(**numbers), tool=tool)


async def stage_of(asking: Asking, url: str) -> BrokenAt:
    with pytest.raises(ProviderUnreachable) as caught:
        await asking.ask(url)
    return broken_at(caught.value)


async def test_a_name_that_does_not_exist(open_asking: OpenAsking) -> None:
    assert await stage_of(open_asking(), "http://agency.invalid") == "name"


async def test_a_port_on_which_nothing_listens(open_asking: OpenAsking) -> None:
    peer = Peer()
    async with peer.serving():
        url = peer.url()
    assert await stage_of(open_asking(), url) == "refused"


async def test_a_certificate_of_an_unknown_authority(open_asking: OpenAsking) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    async with Peer().serving(server) as peer:
        assert await stage_of(open_asking(), peer.url()) == "certificate"


async def test_a_peer_that_speaks_no_tls(open_asking: OpenAsking) -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.agency.test ESMTP ready\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await stage_of(open_asking(), f"https://127.0.0.1:{port}/") == "tls"


async def cut(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    return False


async def gone(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    return False


@pytest.mark.parametrize("reply", [cut, gone])
async def test_a_connection_that_ends_early(open_asking: OpenAsking, reply: Answer) -> None:
    async with Peer(reply).serving() as peer:
        assert await stage_of(open_asking(), peer.url()) == "connection"


async def test_a_proxy_on_which_nothing_listens(open_asking: OpenAsking, monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Peer()
    async with peer.serving():
        proxy = peer.url()
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, proxy)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert await stage_of(open_asking(trust_env=True), "http://agency.test/") == "proxy"


class Whence(Probe):
    """Answers with the host that a redirect led to."""

    def _ask(self, query: Any) -> Exchange[str]:
        response = yield Request("GET", self.base_url + query.path, "probe")
        return str(response.redirected_to)


async def test_an_answer_says_which_host_a_redirect_led_to(open_asking: OpenAsking) -> None:
    asking = open_asking(Whence)
    async with Peer(answer()).serving() as portal:
        elsewhere = portal.url("/signin").replace("127.0.0.1", "localhost")
        async with Peer(answer(302, b"", Location=elsewhere)).serving() as peer:
            assert (await asking.ask(peer.url())).result == b"localhost"
        assert (await asking.ask(portal.url())).result == b"None"


def test_a_watched_plan_comes_to_the_same_and_shows_each_answer_in_its_order() -> None:
    seen: list[tuple[str, bytes]] = []
    probe = Probe(base_url="http://agency.test")
    plan = watched(
        probe.plan(Probe.Question(times=2)), lambda request, response: seen.append((request.url, response.body))
    )
    part = next(plan)
    assert not isinstance(part, tuple)
    exchange = part.exchange()
    next(exchange)
    exchange.send(Response(200, {}, b"one ", "probe"))
    with pytest.raises(StopIteration) as read:
        exchange.send(Response(200, {}, b"two", "probe"))
    with pytest.raises(StopIteration) as done:
        plan.send(read.value.value)
    assert done.value.value.result == b"one two"
    assert seen == [("http://agency.test/", b"one "), ("http://agency.test/", b"two")]
    assert orjson.loads(part.key[0])["times"] == 2


def test_a_watched_plan_fails_as_it_would_unwatched() -> None:
    probe = Probe(base_url="http://agency.test")
    part = next(watched(probe.plan(Probe.Question()), lambda _request, _response: None))
    assert not isinstance(part, tuple)
    exchange = part.exchange()
    next(exchange)
    with pytest.raises(Exception, match="HTTP 503"):
        exchange.send(Response(503, {}, b"", "probe"))
