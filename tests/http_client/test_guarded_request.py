"""How the async client guards redirects: by what it leaves in the headers of a call, which nobody else sees."""

from typing import Any

import aiohttp
import pytest
from multidict import CIMultiDict

from tests.http_client.peer import Incoming, Peer, answer
from tests.http_client.test_redirects import SECRETS, to
from tools.errors import ProviderRejected
from tools.http_client import AsyncClient, HTTPClientManager


@pytest.fixture
async def client(open_manager: Any) -> AsyncClient:
    manager: HTTPClientManager = open_manager()
    return manager.async_client


def names_sent(peer: Peer) -> set[str]:
    return {name for incoming in peer.asked for name in incoming.headers}


ALWAYS = {"host", "accept", "accept-encoding", "user-agent"}


async def test_nothing_but_headers_is_sent(client: AsyncClient) -> None:
    async with Peer().serving() as peer, Peer(to(peer.url("/there"))).serving() as first:
        headers: CIMultiDict[str] = CIMultiDict({"X-Mine": "1"})
        async with client.get(first.url(), headers=headers) as response:
            assert len(response.history) == 1
            assert set(response.request_info.headers) == {name.title() for name in ALWAYS}
        assert names_sent(first) == ALWAYS | {"x-mine"}
        assert names_sent(peer) == ALWAYS
        assert list(headers.items()) == [("X-Mine", "1")]  # nor is the caller's own mapping touched
        assert set(client.headers) == {"User-Agent"}


async def test_a_redirect_that_is_not_followed_is_the_answer(client: AsyncClient) -> None:
    async with Peer(to("http://[broken")).serving() as peer:
        async with client.get(peer.url(), allow_redirects=False) as response:
            assert (response.status, response.headers["Location"]) == (302, "http://[broken")
        assert names_sent(peer) == ALWAYS


async def test_a_request_that_is_sent_again_after_its_connection_broke_keeps_its_headers(client: AsyncClient) -> None:
    async def only_once(incoming: Incoming, writer: Any) -> bool:
        if len(peer.asked) == 2:
            return False  # closes without an answer
        return await answer()(incoming, writer)

    async with Peer(only_once).serving() as peer:
        for _ in range(2):
            async with client.get(peer.url("/x?y=1"), headers=SECRETS, params={"z": "2"}) as response:
                assert response.status == 200
        assert [incoming.target for incoming in peer.asked] == ["/x?y=1&z=2"] * 3
        assert all(incoming.headers["x-api-key"] == "secret" for incoming in peer.asked)
        assert names_sent(peer) == ALWAYS | {name.lower() for name in SECRETS}


async def test_middlewares_see_every_hop_and_no_more_than_is_sent(client: AsyncClient) -> None:
    seen: list[tuple[str, set[str]]] = []

    async def watch(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        seen.append((request.url.path, {name.lower() for name in request.headers}))
        return await handler(request)

    async with Peer().serving() as peer, Peer(to(peer.url("/there"))).serving() as first:
        response = await client.get(first.url("/here"), headers={"X-Api-Key": "1"}, middlewares=(watch,))
        assert await response.read() == b"ok"
    assert seen == [("/here", ALWAYS | {"x-api-key"}), ("/there", ALWAYS)]


async def test_traces_of_whoever_uses_the_client_are_told_of_redirects(client: AsyncClient) -> None:
    told: list[str] = []
    trace = aiohttp.TraceConfig()

    async def redirected(_: Any, __: Any, params: aiohttp.TraceRequestRedirectParams) -> None:
        told.append(f"redirect {params.url.path}")
        params.headers["X-Api-Key"] = "secret"  # the guard comes after it

    async def ended(_: Any, __: Any, params: aiohttp.TraceRequestEndParams) -> None:
        told.append(f"end {params.url.path} {all(isinstance(value, str) for value in params.headers.values())}")

    async def reused(*_: Any) -> None:
        told.append("reused")

    trace.on_request_redirect.append(redirected)
    trace.on_request_end.append(ended)
    trace.on_connection_reuseconn.append(reused)
    trace.freeze()
    client.trace_configs.append(trace)
    async with Peer().serving() as peer, Peer(to(peer.url("/there"))).serving() as first:
        for _ in range(2):
            async with client.get(first.url("/here")) as response:
                assert response.status == 200
        assert "x-api-key" not in names_sent(peer)
    assert told == ["redirect /here", "end /there True", "reused", "redirect /here", "reused", "end /there True"]


async def test_a_request_whose_headers_were_taken_from_another_begins_a_call_of_its_own(client: AsyncClient) -> None:
    taken: list[CIMultiDict[str]] = []
    trace = aiohttp.TraceConfig()

    async def ended(_: Any, __: Any, params: aiohttp.TraceRequestEndParams) -> None:
        taken.append(CIMultiDict(params.headers))

    trace.on_request_end.append(ended)
    trace.freeze()
    client.trace_configs.append(trace)
    async with Peer().serving() as peer:
        async with client.get(peer.url()):
            pass
        async with client.get(peer.url(), headers=taken[0]):
            pass
        assert names_sent(peer) == ALWAYS
        async with aiohttp.ClientSession() as stock, stock.get(peer.url(), headers=taken[0]):
            pass
        assert len(peer.asked) == 3


async def test_leaving_tls_is_refused_before_anything_is_sent(open_manager: Any, authority: tuple[Any, Any]) -> None:
    server, trust = authority
    manager: HTTPClientManager = open_manager()
    async with Peer().serving() as plain, Peer(to(plain.url())).serving(server) as secure:
        with pytest.raises(ProviderRejected, match="leaves TLS"):
            await manager.async_client.get(secure.url(), ssl=trust.context)
        assert (len(secure.asked), plain.asked) == (1, [])
        async with manager.async_client.get(secure.url(), ssl=trust.context, allow_redirects=False) as response:
            assert response.status == 302
