"""Faults that the sync pool had: slots that dropped answers kept, tools that were passed by, options of requests."""

import asyncio
import copy
import gc
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
import urllib3

from tests.http_client.callers import SyncCaller, settled
from tests.http_client.peer import Answer, Incoming, Peer, answer, hang, ok
from tests.http_client.unruly_peers import answering_early
from tools.http_client import HTTPClientManager

OpenSyncCaller = Callable[..., SyncCaller]


@pytest.fixture
def stock() -> Iterator[requests.Session]:
    """The session of requests itself, to compare with."""
    with requests.Session() as session:
        session.trust_env = False
        yield session


@pytest.fixture
def open_sync_caller(threads: ThreadPoolExecutor, open_manager: Callable[..., HTTPClientManager]) -> OpenSyncCaller:
    """Opens a caller over a sync pool of the numbers given."""
    return lambda **numbers: SyncCaller(open_manager(**numbers), threads)


# -- answers that are dropped unread --


def scripted(*script: str) -> Answer:
    """One answer after the other: "keep" and "close" the connection after it, or "die" instead."""
    remaining: Iterator[str] = iter(script)

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        step = next(remaining)
        if step == "die":
            return False
        return await answer(body=b"hello", Connection="close" if step == "close" else "")(incoming, writer)

    return write


def drop(client: requests.Session, url: str) -> None:
    client.get(url, stream=True)


def drop_in_a_cycle(client: requests.Session, url: str) -> None:
    response: Any = client.get(url, stream=True)
    response.itself = response


def drop_in_a_traceback(client: requests.Session, url: str) -> None:
    response: Any = client.get(url, stream=True)
    try:
        int("no number")
    except ValueError as exc:
        response.error = exc  # it refers to this frame, and so to the response


def drop_in_mid_body(client: requests.Session, url: str) -> None:
    response: Any = client.get(url, stream=True)
    response.pieces = response.iter_content(1)
    next(response.pieces)


DROPS = pytest.mark.parametrize("drop", [drop, drop_in_a_cycle, drop_in_a_traceback, drop_in_mid_body])


@DROPS
@pytest.mark.parametrize("last", ["keep", "close"])
@pytest.mark.parametrize("resent", [False, True], ids=["sent once", "resent"])
async def test_an_answer_that_is_dropped_gives_its_slot_back(
    open_sync_caller: OpenSyncCaller, drop: Callable[[requests.Session, str], None], last: str, *, resent: bool
) -> None:
    caller = open_sync_caller(max_connections=2, acquire_s=1)
    rounds = 4
    async with Peer(scripted(*(["keep", "die", last] if resent else [last]) * rounds)).serving() as peer:
        client = caller.manager.sync_client
        for _ in range(rounds):
            if resent:
                await caller.ask(peer.url())
            await caller.in_thread(drop, client, peer.url())
            gc.collect()
            assert caller.stats().in_use == 0
        stats = caller.stats()
        assert stats.created - sum(stats.closed.values()) == stats.idle
        assert await settled(lambda: peer.open == stats.idle)


# -- a peer that answers before it is asked --


async def test_a_peer_that_answers_on_accept_is_asked_once(open_sync_caller: OpenSyncCaller) -> None:
    caller = open_sync_caller()
    async with answering_early() as peer:
        reply = await asyncio.wait_for(caller.ask(peer.url), 10)
        assert (reply.status, reply.body, peer.accepted) == (503, b"busy", 1)
        assert caller.stats().in_use == 0


# -- tools that put something else in the place of `Session.send` --


async def to_b(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """A redirect from /a to /b."""
    reply = answer(302, b"", Location="/b") if incoming.target == "/a" else ok
    return await reply(incoming, writer)


@pytest.mark.parametrize("path", ["/", "/a"], ids=["one answer", "a redirect"])
async def test_a_replaced_send_sees_each_request_as_often_as_that_of_requests(
    open_sync_caller: OpenSyncCaller, stock: requests.Session, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    sent: list[str] = []
    own_send = requests.Session.send

    def record(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        sent.append(request.path_url)
        return own_send(session, request, **options)

    caller = open_sync_caller()
    async with Peer(to_b).serving() as peer:
        client = caller.manager.sync_client
        assert (await caller.ask(peer.url(path))).body == b"ok"
        monkeypatch.setattr(requests.Session, "send", record)
        seen: dict[str, list[str]] = {}
        for name, session in (("stock", stock), ("ours", client)):
            sent.clear()
            response = await caller.in_thread(session.get, peer.url(path))
            assert (response.content, response.status_code) == (b"ok", 200)
            seen[name] = list(sent)
        assert seen["ours"] == seen["stock"]
        assert seen["ours"].count(path) == 1
        monkeypatch.undo()
        sent.clear()
        assert (await caller.ask(peer.url(path))).body == b"ok"
        assert sent == []


async def test_a_send_that_answers_itself_needs_no_connection(
    open_sync_caller: OpenSyncCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def canned(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.request, response.url = 299, request, str(request.url)
        return response

    caller = open_sync_caller()
    monkeypatch.setattr(requests.Session, "send", canned)
    response = await caller.in_thread(caller.manager.sync_client.get, "http://agency.test/")
    assert response.status_code == 299
    assert caller.stats().created == 0


@pytest.mark.parametrize("owner", ["session", "call", "both"])
async def test_hooks_are_called_as_requests_calls_them(
    open_sync_caller: OpenSyncCaller, stock: requests.Session, owner: str
) -> None:
    calls: list[Any] = []

    def note(response: requests.Response, *args: Any, **options: Any) -> None:
        calls.append((response.status_code, response.content, args, sorted(options)))

    def replace(response: requests.Response, *_: Any, **__: Any) -> requests.Response:
        response.headers["X-Hooked"] = "yes"
        return response

    caller = open_sync_caller()
    async with Peer(to_b).serving() as peer:
        seen = []
        for session in (stock, caller.manager.sync_client):
            calls.clear()
            session.hooks["response"] = [] if owner == "call" else [replace, note]
            hooks = None if owner == "session" else {"response": [note, replace]}
            response = await caller.in_thread(session.get, peer.url("/a"), hooks=hooks)
            history = [earlier.headers["X-Hooked"] for earlier in response.history]
            seen.append((list(calls), response.headers["X-Hooked"], history))
            session.hooks["response"] = []
        assert len(calls) == 2
        assert seen[0] == seen[1]


# -- options of requests --


async def test_a_method_may_be_bytes(open_sync_caller: OpenSyncCaller) -> None:
    caller = open_sync_caller()
    async with Peer().serving() as peer:
        response = await caller.in_thread(caller.manager.sync_client.request, b"GET", peer.url())
        assert (response.content, peer.asked[0].method) == (b"ok", "GET")


@pytest.mark.parametrize(
    "timeout",
    [
        urllib3.Timeout(connect=5, read=0.1),
        urllib3.Timeout(0.1),
        urllib3.Timeout(total=0.1),
        (5, 0.1),
        (None, 0.1),
        0.1,
    ],
    ids=str,
)
async def test_every_kind_of_timeout_bounds_the_answer(open_sync_caller: OpenSyncCaller, timeout: Any) -> None:
    caller = open_sync_caller(read_s=60)
    async with Peer(hang).serving() as peer:
        with pytest.raises(requests.ReadTimeout):
            await asyncio.wait_for(caller.ask(peer.url(), timeout=timeout), 10)
        assert caller.stats().in_use == 0


@pytest.mark.parametrize("timeout", [(1,), (1, 2, 3), (), "soon", ("soon", 1), (1, 0), -1], ids=repr)
async def test_a_timeout_that_is_none_is_refused_as_requests_does(
    open_sync_caller: OpenSyncCaller, stock: requests.Session, timeout: Any
) -> None:
    caller = open_sync_caller()
    async with Peer().serving() as peer:
        with pytest.raises(ValueError) as expected:  # noqa: PT011 - compared below
            await caller.in_thread(stock.get, peer.url(), timeout=timeout)
        with pytest.raises(ValueError) as caught:  # noqa: PT011 - compared below
            await caller.ask(peer.url(), timeout=timeout)
        assert str(caught.value) == str(expected.value)
        assert peer.asked == []
        assert caller.stats().in_use == 0


@pytest.mark.parametrize("duplicate", [pickle.dumps, copy.deepcopy])
@pytest.mark.parametrize("part", ["session", "adapter"])
async def test_a_pool_cannot_be_copied(
    open_sync_caller: OpenSyncCaller, duplicate: Callable[[object], object], part: str
) -> None:
    client = open_sync_caller().manager.sync_client
    with pytest.raises(TypeError, match=r"cop(y|ied)|pickle"):
        duplicate(client if part == "session" else client.get_adapter("http://"))
