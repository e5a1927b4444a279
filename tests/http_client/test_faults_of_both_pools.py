"""Faults that both pools had, and the rules on age and on what lingers, in both modes."""

import asyncio
from typing import Any

import pytest
import requests
import urllib3.util
import urllib3.util.ssl_

from tests.http_client.callers import Caller, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, answer, ok
from tools.http_client import HTTPClientManager, PoolLimits, UnsupportedLibrary

# -- cookies of the caller --


def redirecting(to: str) -> Answer:
    """A redirect from /a to `to`, with a cookie that the client does not keep."""

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        reply = answer(302, b"", Location=to, Set_Cookie="tracker=1; Path=/") if incoming.target == "/a" else ok
        return await reply(incoming, writer)

    return write


@pytest.mark.parametrize(
    "options",
    [{"cookies": {"own": "1"}}, {"headers": {"Cookie": "own=1"}}],
    ids=["as cookies", "as a header"],
)
async def test_own_cookies_go_along_within_one_origin(open_caller: OpenCaller, options: dict[str, Any]) -> None:
    caller = open_caller()
    async with Peer(redirecting("/b")).serving() as peer:
        assert (await caller.ask(peer.url("/a"), **options)).status == 200
        assert [incoming.headers.get("cookie") for incoming in peer.asked] == ["own=1", "own=1"]
        assert (await caller.ask(peer.url("/b"))).status == 200
        assert "cookie" not in peer.asked[-1].headers


@pytest.mark.parametrize(
    "options",
    [{"cookies": {"own": "1"}}, {"headers": {"Cookie": "own=1"}}],
    ids=["as cookies", "as a header"],
)
async def test_own_cookies_do_not_reach_another_origin(open_caller: OpenCaller, options: dict[str, Any]) -> None:
    caller = open_caller()
    async with Peer().serving() as other, Peer(redirecting(other.url())).serving() as first:
        assert (await caller.ask(first.url("/a"), **options)).status == 200
        assert first.asked[0].headers["cookie"] == "own=1"
        assert "cookie" not in other.asked[0].headers


# -- what is refused --


async def test_a_socks_proxy_is_refused_by_name(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        for scheme in ("socks4", "socks5", "socks5h"):
            proxy = f"{scheme}://{peer.host}"
            sync = caller.mode == "sync"
            options: dict[str, Any] = {"proxies": {"http": proxy, "https": proxy}} if sync else {"proxy": proxy}
            error = requests.exceptions.InvalidSchema if sync else ValueError
            for url in ("http://agency.test/", "https://agency.test/"):
                with pytest.raises(error, match="SOCKS"):
                    await caller.ask(url, **options)
        assert peer.accepted == 0
        assert (await caller.ask(peer.url())).status == 200
        assert caller.stats().in_use == 0


def test_pyopenssl_in_the_place_of_ssl_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urllib3.util.ssl_, "IS_PYOPENSSL", True)
    monkeypatch.setattr(urllib3.util, "IS_PYOPENSSL", True)
    with pytest.raises(UnsupportedLibrary, match="pyopenssl"):
        HTTPClientManager()


# -- age --


def after(event: asyncio.Event) -> Answer:
    """`ok`, when `event` is set."""

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await event.wait()
        return await ok(incoming, writer)

    return write


async def ask_at_once(caller: Caller, peer: Peer, number: int, held_s: float = 0.0) -> None:
    """So many requests, of which each needs a connection of its own; they are answered after `held_s`."""
    go = asyncio.Event()
    reply, peer.reply = peer.reply, after(go)
    before = len(peer.asked)
    asking = [asyncio.ensure_future(caller.ask(peer.url())) for _ in range(number)]
    assert await settled(lambda: len(peer.asked) == before + number)
    await asyncio.sleep(held_s)
    go.set()
    await asyncio.gather(*asking)
    peer.reply = reply


async def test_a_connection_that_is_too_old_is_not_given_back(open_caller: OpenCaller) -> None:
    caller = open_caller(max_age_s=0.2)
    async with Peer().serving() as peer:
        await caller.ask(peer.url())
        assert (caller.stats().idle, caller.stats().closed["max_age"]) == (1, 0)
        await ask_at_once(caller, peer, 1, held_s=0.25)  # over the same one, which grows too old meanwhile
        stats = caller.stats()
        assert (stats.in_use, stats.idle, stats.closed["max_age"], peer.accepted) == (0, 0, 1, 1)
        assert await settled(lambda: peer.open == 0)
        await caller.ask(peer.url())
        assert (caller.stats().created, peer.accepted) == (2, 2)


async def test_connections_that_were_opened_together_do_not_all_grow_too_old_together(open_caller: OpenCaller) -> None:
    caller = open_caller(max_age_s=1.0, max_keepalive=40)
    async with Peer().serving() as peer:
        for _ in range(5):  # the machine may take longer than the tenth of a second in which it shows
            closed_before = caller.stats().closed["max_age"] if peer.asked else 0
            await ask_at_once(caller, peer, 40, held_s=0.93)
            stats = caller.stats()
            assert (stats.in_use, stats.waiting) == (0, 0)
            if 0 < stats.closed["max_age"] - closed_before < 40:
                return
            await ask_at_once(caller, peer, 40, held_s=0.2)  # those that are left grow too old
        pytest.fail("all of them, or none")


async def test_the_age_is_half_an_hour_and_must_make_sense() -> None:
    assert PoolLimits().max_age_s == 1800
    with pytest.raises(ValueError, match="max_age_s is 0"):
        PoolLimits(max_age_s=0)


# -- what lingers --


async def test_a_burst_finds_the_connections_of_the_burst_before(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=2)
    async with Peer().serving() as peer:
        await ask_at_once(caller, peer, 10)
        await ask_at_once(caller, peer, 10)
        assert (peer.accepted, caller.stats().created, caller.stats().reused) == (10, 10, 10)
        assert await settled(lambda: caller.stats().idle == 2)
        assert await settled(lambda: peer.open == 2)
        assert caller.stats().closed["max_idle"] == 8
        await ask_at_once(caller, peer, 2)
        assert peer.accepted == 10


async def test_what_lingers_makes_room_for_another_host(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=2, max_connections=10)
    async with Peer().serving() as one, Peer().serving() as other:
        await ask_at_once(caller, one, 10)
        await ask_at_once(caller, other, 5)
        stats = caller.stats()
        assert (stats.in_use, stats.idle) == (0, 10)
        assert (one.accepted, other.accepted, stats.closed["room"]) == (10, 5, 5)


async def test_nothing_lingers_where_nothing_is_kept(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=0)
    async with Peer().serving() as peer:
        for burst in (1, 2):
            await ask_at_once(caller, peer, 10)
            assert (caller.stats().idle, caller.stats().closed["max_idle"]) == (0, 10 * burst)
            assert await settled(lambda: (caller.stats().in_use, peer.open) == (0, 0))
        assert peer.accepted == 20
