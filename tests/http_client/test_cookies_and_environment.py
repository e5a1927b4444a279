"""What a client must not pick up on its way: cookies of agencies, proxies and passwords of the machine."""

from pathlib import Path

import pytest

from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Incoming, Peer, answer

COOKIE = answer(Set_Cookie="session=1; Path=/")


async def test_cookies_are_neither_stored_nor_sent(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(COOKIE).serving() as peer:
        for _ in range(3):
            await caller.ask(peer.url())
        assert all("cookie" not in incoming.headers for incoming in peer.asked)
        client = caller.manager.async_client if caller.mode == "async" else caller.manager.sync_client
        jar = getattr(client, "cookie_jar" if caller.mode == "async" else "cookies")
        assert len(jar) == 0


async def test_a_cookie_of_a_redirect_is_not_sent_to_where_it_leads(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(COOKIE).serving() as peer:

        async def once(incoming: Incoming, writer: object) -> bool:
            here = incoming.target == "/home"
            reply = COOKIE if here else answer(302, b"", Location="/home", Set_Cookie="session=1; Path=/")
            return await reply(incoming, writer)  # type: ignore[arg-type]  # a StreamWriter

        peer.reply = once
        assert (await caller.ask(peer.url())).status == 200
        assert [sorted({"cookie"} & set(incoming.headers)) for incoming in peer.asked] == [[], []]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """A machine with a netrc and without proxies."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


async def test_the_environment_does_not_count_unless_it_is_told_to(
    open_caller: OpenCaller, environment: pytest.MonkeyPatch
) -> None:
    caller = open_caller()
    async with Peer().serving() as peer, Peer().serving() as proxy:
        environment.setenv("HTTP_PROXY", proxy.url())
        environment.setenv("http_proxy", proxy.url())
        await caller.ask(peer.url())
        assert (len(peer.asked), proxy.asked) == (1, [])
        assert "authorization" not in peer.asked[0].headers


async def test_the_environment_counts_when_it_is_told_to(
    open_caller: OpenCaller, environment: pytest.MonkeyPatch
) -> None:
    caller = open_caller(trust_env=True)
    async with Peer().serving() as peer, Peer().serving() as proxy:
        await caller.ask(peer.url())
        assert peer.asked[0].headers["authorization"].startswith("Basic ")
        environment.setenv("HTTP_PROXY", proxy.url())
        environment.setenv("http_proxy", proxy.url())
        for _ in range(2):
            await caller.ask("http://agency.test/rates")
        assert [incoming.target for incoming in proxy.asked] == ["http://agency.test/rates"] * 2
        assert proxy.accepted == 1  # pooled, too
