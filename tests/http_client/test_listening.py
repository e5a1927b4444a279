"""What a pool tells at once of its connections: of both pools the same."""

import asyncio
import socket
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.http_client.callers import Caller, Trust, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Peer, answer, hang
from tests.http_client.test_timeouts import black_hole
from tools.http_client import CONNECT_FAILURES, ConnectFailure, PoolListener


@dataclass
class Heard(PoolListener):
    """Remembers."""

    connects: list[float] = field(default_factory=list)
    failures: list[ConnectFailure] = field(default_factory=list)
    uses: list[float] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)

    def connected(self, took_s: float) -> None:
        self.connects.append(took_s)

    def not_connected(self, why: ConnectFailure) -> None:
        self.failures.append(why)

    def given_back(self, used_s: float) -> None:
        self.uses.append(used_s)

    def closed(self, lived_s: float) -> None:
        self.lives.append(lived_s)


def listen(caller: Caller) -> Heard:
    """Opens the client, too."""
    heard = Heard()
    assert caller.manager.async_client is not None
    assert caller.manager.sync_client is not None
    other = Heard()
    if caller.mode == "async":
        caller.manager.tell(async_=heard, sync=other)
    else:
        caller.manager.tell(async_=other, sync=heard)
    return heard


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


async def test_a_connection_is_told_when_made_when_given_back_and_when_closed(open_caller: OpenCaller) -> None:
    caller = open_caller()
    heard = listen(caller)
    async with Peer().serving() as peer:
        for _ in range(3):
            await caller.ask(peer.url())
        assert (len(heard.connects), len(heard.uses), len(heard.lives)) == (1, 3, 0)
        await caller.close(1.0)
    assert (len(heard.connects), len(heard.uses), len(heard.lives)) == (1, 3, 1)
    assert 0 < heard.connects[0] < 5
    assert 0 < max(heard.uses) < heard.lives[0] < 30
    assert heard.failures == []


async def test_a_connection_lives_as_often_as_one_is_counted_as_closed(open_caller: OpenCaller) -> None:
    caller = open_caller(max_keepalive=1)
    heard = listen(caller)
    async with Peer(answer(200, Connection="close")).serving() as closing, Peer().serving() as keeping:
        for peer in (closing, closing, keeping):
            await caller.ask(peer.url())
        await asyncio.gather(*(caller.ask(keeping.url()) for _ in range(8)))
        await caller.close(1.0)
    stats = caller.stats()
    assert len(heard.connects) == stats.created
    assert len(heard.lives) == sum(stats.closed.values()) == stats.created
    assert len(heard.uses) == stats.created + stats.reused


async def test_an_idle_connection_that_the_peer_closed_has_lived_once(open_caller: OpenCaller) -> None:
    caller = open_caller()
    heard = listen(caller)
    async with Peer(idle_s=0.05).serving() as peer:
        await caller.ask(peer.url())
        assert await settled(lambda: peer.open == 0)
        await caller.ask(peer.url())
        assert len(heard.connects) == 2
        assert len(heard.lives) == sum(caller.stats().closed.values()) == 1


async def test_a_port_that_refuses_is_told_as_tcp(open_caller: OpenCaller) -> None:
    caller = open_caller()
    heard = listen(caller)
    with pytest.raises(caller.connection_error):
        await caller.ask(f"http://127.0.0.1:{free_port()}/")
    assert (heard.failures, heard.connects, heard.uses, heard.lives) == (["tcp"], [], [], [])


async def test_a_name_that_nobody_knows_is_told_as_dns(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    caller = open_caller()
    heard = listen(caller)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(caller.connection_error):
        await caller.ask("http://agency.test:9/")
    assert heard.failures == ["dns"]


async def test_a_certificate_that_is_not_trusted_is_told_as_tls(
    open_caller: OpenCaller, authority: tuple[Any, Trust]
) -> None:
    caller = open_caller()
    heard = listen(caller)
    async with Peer().serving(authority[0]) as peer:
        with pytest.raises(caller.connection_error):
            await caller.ask(peer.url())
    assert (heard.failures, heard.connects) == (["tls"], [])


async def test_an_address_that_says_nothing_is_told_as_a_timeout(open_caller: OpenCaller) -> None:
    caller = open_caller(connect_s=0.2)
    heard = listen(caller)
    with black_hole("127.0.0.1") as port, pytest.raises(caller.connect_timeout):
        await caller.ask(f"http://127.0.0.1:{port}/")
    assert heard.failures == ["timeout"]


async def test_a_caller_who_leaves_while_it_connects_is_no_failure(open_caller: OpenCaller) -> None:
    caller = open_caller()
    if caller.mode == "sync":
        pytest.skip("a thread cannot be cancelled")
    heard = listen(caller)
    with black_hole("127.0.0.1") as port:
        leaving = asyncio.create_task(caller.ask(f"http://127.0.0.1:{port}/"))
        assert await settled(lambda: caller.stats().in_use == 1)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
    assert heard.failures == []


async def test_an_answer_that_never_comes_is_no_failure_to_connect(open_caller: OpenCaller) -> None:
    caller = open_caller(read_s=0.2)
    heard = listen(caller)
    async with Peer(hang).serving() as peer:
        with pytest.raises(caller.read_timeout):
            await caller.ask(peer.url())
    assert caller.stats().in_use == 0
    assert (len(heard.connects), len(heard.uses), heard.failures) == (1, 1, [])
    assert heard.uses[0] >= 0.19


def test_there_are_few_words_for_a_failure() -> None:
    assert set(CONNECT_FAILURES) == {"timeout", "dns", "tcp", "tls", "other"}
