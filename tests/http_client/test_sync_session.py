"""The sync client's short way to send says what requests' own says, and gives way to it where there is more to do."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.http_client.callers import Trust
from tests.http_client.peer import Incoming, Peer, answer
from tests.http_client.test_redirects import to
from tools.http_client import HTTPClientManager, SyncClient
from tools.http_client.sync_adapter import BoundedResponse


@pytest.fixture
def client(open_manager: Callable[..., HTTPClientManager]) -> SyncClient:
    return open_manager().sync_client


async def home(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Two redirects, then an answer."""
    next_one = {"/a": "/b", "/b": "/c"}.get(incoming.target)
    return await (to(next_one) if next_one else answer(Set_Cookie="a=1"))(incoming, writer)


async def test_a_fragment_goes_along_with_redirects_until_one_has_its_own(client: SyncClient) -> None:
    async with Peer(home).serving() as peer:
        response = await asyncio.to_thread(client.get, peer.url("/a#part=1"))
        assert response.url == peer.url("/c#part=1")
        peer.reply = to("/b#own")
        answer_of_first = await asyncio.to_thread(client.get, peer.url("/a#part=1"), allow_redirects=False)
        assert answer_of_first.next is not None
        assert answer_of_first.next.url == peer.url("/b#own")


def test_an_answer_without_a_body_is_no_json() -> None:
    response = BoundedResponse()
    vars(response).update(_content=None, _content_consumed=True)
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()


async def test_an_answer_knows_its_history(client: SyncClient) -> None:
    async with Peer(home).serving() as peer:
        response = await asyncio.to_thread(client.get, peer.url("/a"))
        assert [each.status_code for each in (*response.history, response)] == [302, 302, 200]
        assert [each.url for each in (*response.history, response)] == [peer.url("/a"), peer.url("/b"), peer.url("/c")]
        assert (response.content, response.request.url, response.next) == (b"ok", peer.url("/c"), None)
        assert response.elapsed.total_seconds() > 0
        assert (response.cookies.get_dict(), client.cookies.get_dict()) == ({"a": "1"}, {})
        assert all("cookie" not in incoming.headers for incoming in peer.asked)


async def test_a_redirect_that_is_not_followed_says_where_it_leads(client: SyncClient) -> None:
    async with Peer(home).serving() as peer:
        response = await asyncio.to_thread(client.get, peer.url("/a"), allow_redirects=False)
        assert response.next is not None
        assert (response.status_code, response.next.url, len(peer.asked)) == (302, peer.url("/b"), 1)
        following = await asyncio.to_thread(client.send, response.next)  # as the documentation of requests has it
        assert (following.status_code, following.url) == (200, peer.url("/c"))


@pytest.mark.parametrize("add", ["hooks", "params", "auth", "headers"])
async def test_what_is_added_to_the_session_counts(client: SyncClient, add: str) -> None:
    heard: list[int] = []

    def hear(response: requests.Response, **_: Any) -> None:
        heard.append(response.status_code)

    async with Peer().serving() as peer:
        await asyncio.to_thread(client.get, peer.url())
        if add == "hooks":
            client.hooks["response"].append(hear)
        elif add == "params":
            client.params = {"k": "v"}
        elif add == "auth":
            client.auth = ("user", "secret")
        else:
            client.headers["X-Mine"] = "1"
        await asyncio.to_thread(client.get, peer.url(), params={"q": "1"})
        asked = peer.asked[1]
        assert heard == ([200] if add == "hooks" else [])
        assert asked.target == ("/?k=v&q=1" if add == "params" else "/?q=1")
        assert ("authorization" in asked.headers) is (add == "auth")
        assert ("x-mine" in asked.headers) is (add == "headers")


async def test_an_answer_is_what_requests_makes_of_it(client: SyncClient) -> None:
    reply = answer(404, "é".encode("latin-1"), Content_Type="text/plain; charset=iso-8859-1", X_Thing="1")
    async with Peer(reply).serving() as peer:
        plain = requests.Session()
        plain.trust_env = False
        with plain:
            ours, theirs = [await asyncio.to_thread(each.get, peer.url("/x?y=1")) for each in (client, plain)]
        for name in ("status_code", "reason", "url", "encoding", "text", "content", "headers", "ok", "is_redirect"):
            assert getattr(ours, name) == getattr(theirs, name)
        assert (ours.raw.status, ours.raw.closed) == (theirs.raw.status, theirs.raw.closed)
        with pytest.raises(requests.HTTPError):
            ours.raise_for_status()


async def test_a_host_pool_that_urllib3_threw_away_is_made_anew(client: SyncClient) -> None:
    async with Peer().serving() as peer:
        assert (await asyncio.to_thread(client.get, peer.url())).status_code == 200
        adapter: Any = client.get_adapter(peer.url())
        adapter.poolmanager.clear()
        assert (await asyncio.to_thread(client.get, peer.url())).status_code == 200


async def test_whom_to_trust_is_asked_anew_where_the_call_says_so(client: SyncClient) -> None:
    async with Peer().serving() as peer:
        await asyncio.to_thread(client.get, peer.url())
        await asyncio.to_thread(client.get, peer.url(), verify=False)
        adapter: Any = client.get_adapter(peer.url())
        assert len(adapter._by_origin) == 1
        with pytest.raises(OSError, match="TLS CA certificate bundle"):
            await asyncio.to_thread(client.get, peer.url().replace("http:", "https:"), verify="/no/such/file")


async def test_a_certificate_that_nobody_vouches_for_is_refused_each_time(
    client: SyncClient, authority: tuple[ssl.SSLContext, Trust]
) -> None:
    server, trust = authority
    async with Peer().serving(server) as peer:
        for verify in (None, trust.file, None):  # None: as the session says
            asking = asyncio.to_thread(client.get, peer.url(), verify=verify)
            if verify is None:
                with pytest.raises(requests.exceptions.SSLError):
                    await asking
            else:
                assert (await asking).status_code == 200
