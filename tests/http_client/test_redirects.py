"""What may go along with a redirect, and where one may lead."""

import ssl
from typing import Any

import pytest

from tests.http_client.callers import Trust
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Peer, answer
from tools.errors import ProviderRejected
from tools.http_client.redirects_and_bounds import check_redirect, headers_to_drop
from tools.transports import translating

SECRETS = {
    "Authorization": "Bearer secret",
    "Cookie": "session=secret",
    "Proxy-Authorization": "Basic secret",
    "subscription-key": "secret",
    "Authorization-Key": "secret",
    "X-Api-Key": "secret",
    "X-Made-Up-Tomorrow": "secret",
}
HARMLESS = {"Accept": "application/json", "Accept-Language": "en"}


def to(url: str, status: int = 302, **headers: str) -> Any:
    """A redirect."""
    return answer(status, b"", Location=url, **headers)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_header_that_is_not_listed_reaches_another_origin(open_caller: OpenCaller, status: int) -> None:
    caller = open_caller(user_agent="Gateway/1")
    async with Peer().serving() as other, Peer(to(other.url("/there"), status)).serving() as first:
        reply = await caller.ask(first.url(), headers=SECRETS | HARMLESS)
        assert reply.status == 200
        sent, followed = first.asked[0].headers, other.asked[0].headers
        assert {name.lower() for name in SECRETS if name != "Cookie"} <= set(sent)
        assert "secret" not in str(followed)
        assert not {name.lower() for name in SECRETS} & set(followed)
        assert (followed["accept"], followed["accept-language"], followed["user-agent"]) == (
            "application/json",
            "en",
            "Gateway/1",
        )


async def test_headers_of_the_client_itself_do_not_reach_another_origin(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as other, Peer(to(other.url())).serving() as first:
        client = caller.manager.async_client if caller.mode == "async" else caller.manager.sync_client
        client.headers.update({"X-Api-Key": "secret"})
        await caller.ask(first.url())
        assert first.asked[0].headers["x-api-key"] == "secret"
        assert "x-api-key" not in other.asked[0].headers


async def test_what_was_dropped_stays_dropped_on_the_way_back(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as first, Peer().serving() as other:
        first.reply, other.reply = to(other.url()), to(first.url("/home"))

        async def home(incoming: Any, writer: Any) -> bool:
            return await (answer() if incoming.target == "/home" else to(other.url()))(incoming, writer)

        first.reply = home
        assert (await caller.ask(first.url(), headers=SECRETS)).status == 200
        assert "secret" not in str(first.asked[1].headers)


async def test_within_one_origin_headers_go_along(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:

        async def twice(incoming: Any, writer: Any) -> bool:
            return await (answer() if incoming.target == "/b" else to("/b"))(incoming, writer)

        peer.reply = twice
        assert (await caller.ask(peer.url("/a"), headers={"X-Api-Key": "secret"})).status == 200
        assert [incoming.headers["x-api-key"] for incoming in peer.asked] == ["secret", "secret"]


async def test_a_redirect_is_followed_ten_times_and_no_more(open_caller: OpenCaller) -> None:
    caller = open_caller()

    async def count_down(incoming: Any, writer: Any) -> bool:
        left = int(incoming.target.strip("/"))
        return await (to(f"/{left - 1}") if left else answer())(incoming, writer)

    # aiohttp counts the request that gives up, too.
    options: dict[str, Any] = {"max_redirects": 11} if caller.mode == "async" else {}
    async with Peer(count_down).serving() as peer:
        assert (await caller.ask(peer.url("/10"), **options)).status == 200
        assert len(peer.asked) == 11
        with pytest.raises(caller.too_many_redirects):
            await caller.ask(peer.url("/11"), **options)
        assert len(peer.asked) == 11 + 11
        assert caller.stats().in_use == 0


async def test_a_redirect_never_leaves_tls(open_caller: OpenCaller, authority: tuple[ssl.SSLContext, Trust]) -> None:
    caller = open_caller()
    server, trust = authority
    async with Peer().serving() as plain, Peer(to(plain.url())).serving(server) as secure:
        with pytest.raises(ProviderRejected, match="leaves TLS"):
            await caller.ask(secure.url(), tls=trust)
        assert plain.asked == []
        assert caller.stats().in_use == 0


async def test_a_redirect_may_enter_tls(open_caller: OpenCaller, authority: tuple[ssl.SSLContext, Trust]) -> None:
    caller = open_caller()
    server, trust = authority
    async with Peer().serving(server) as secure, Peer(to(secure.url())).serving() as plain:
        assert (await caller.ask(plain.url(), tls=trust)).status == 200


@pytest.mark.parametrize("location", ["http://[broken", "ftp://127.0.0.1/", "gopher:x", "http://"])
async def test_a_redirect_to_nowhere_is_an_error_of_the_agency(open_caller: OpenCaller, location: str) -> None:
    caller = open_caller()
    async with Peer(to(location)).serving() as peer:
        with pytest.raises(ProviderRejected), translating("agency"):
            await caller.ask(peer.url())
        assert caller.stats().in_use == 0


@pytest.mark.parametrize(
    ("source", "target", "crosses"),
    [
        ("https://a.test/x", "https://a.test/y", False),
        ("https://a.test/x", "https://a.test:443/y", False),
        ("http://a.test:80/x", "http://a.test/y", False),
        ("https://A.test/x", "https://a.test/y", False),
        ("https://a.test/x", "https://a.test:444/y", True),
        ("https://a.test/x", "https://b.a.test/y", True),
        ("http://a.test/x", "https://a.test/y", True),
    ],
)
def test_an_origin_is_scheme_host_and_port(source: str, target: str, crosses: bool) -> None:
    assert bool(headers_to_drop(source, target, ["X-Api-Key", "Accept"])) is crosses


def test_the_message_of_a_refused_redirect_has_no_query() -> None:
    with pytest.raises(ProviderRejected) as caught:
        check_redirect("https://a.test/x?key=secret", "http://b.test/y?key=secret")
    assert "secret" not in str(caught.value)
