"""The deadline of the call that has a connection of the sync pool ends it, and no other does."""

import asyncio
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.http_client.callers import SyncCaller, Trust, settled
from tests.http_client.peer import Answer, Incoming, Peer, hang, ok, stall
from tools.call import Call, calling
from tools.errors import DeadlineExceeded, ProviderTimeout
from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeouts
from tools.http_client.sync_pool import HostOf, SyncPool

HOST = "agency.test:443"


class Connection:
    """Remembers how often it was shut."""

    host_of_pool: HostOf
    made_at: float | None = None
    retire_at = 0.0
    uses = 0
    is_closed = False

    def __init__(self) -> None:
        self.shut_times = 0

    def close_socket(self) -> None:
        self.is_closed = True

    def begin_goodbye(self) -> socket.socket | None:
        return None

    def shut(self) -> None:
        self.shut_times += 1


class Setup:
    """A pool whose watchdog has no thread: a test looks for it."""

    def __init__(self) -> None:
        self.pool = SyncPool(PoolLimits(hold_warning_s=1000), PoolTimeouts(), str)
        self.watchdog = self.pool._watchdog
        self.watchdog._thread = threading.Thread()  # never started
        self.connection = Connection()

    def take(self, deadline_s: float) -> Call:
        """Take the connection for a call whose deadline is so far away: a new one, or the idle one."""
        with calling(deadline_s) as call:
            found = self.pool.take(HOST)
            if found is None:
                self.pool.hold(self.connection, HOST)
                self.pool.established(self.connection, 0.0)
            else:
                assert found is self.connection
        return call

    def look(self) -> float:
        """Look as the watchdog does. Return when it is to look next."""
        while not self.watchdog._wakes.empty():
            self.watchdog._wakes.get()
        due_at = self.pool._look()
        self.watchdog._looks_at = due_at
        return due_at

    @property
    def wakes(self) -> int:
        """How often the watchdog was woken since the last look."""
        return self.watchdog._wakes.qsize()


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_a_deadline_that_has_struck_shuts_the_connection_once(setup: Setup) -> None:
    setup.take(0)
    due_at = setup.look()
    setup.look()
    assert setup.connection.shut_times == 1
    assert due_at is not None
    assert due_at > time.monotonic() + 100  # when it will have been held for too long


def test_the_next_look_is_at_the_earliest_deadline(setup: Setup) -> None:
    later = setup.take(50)
    setup.connection = Connection()
    sooner = setup.take(20)
    assert later.deadline_at > sooner.deadline_at
    assert setup.look() == sooner.deadline_at


def test_an_idle_connection_is_left_alone(setup: Setup) -> None:
    setup.take(0)
    setup.pool.give_back(setup.connection)
    due_at = setup.look()
    assert (setup.connection.shut_times, setup.pool.stats().idle) == (0, 1)
    assert due_at is not None
    assert due_at > time.monotonic() + 20  # when it expires


def test_the_deadline_of_an_earlier_call_does_not_end_a_later_one(setup: Setup) -> None:
    setup.take(0)
    setup.pool.give_back(setup.connection)
    later = setup.take(20)
    assert setup.look() == later.deadline_at
    assert setup.connection.shut_times == 0


def test_one_look_serves_many_calls(setup: Setup) -> None:
    setup.take(20)
    first_due_at = setup.look()
    for _ in range(100):
        setup.pool.give_back(setup.connection)
        last = setup.take(20)
    assert setup.wakes == 0
    assert setup.watchdog._looks_at == first_due_at
    assert setup.look() == last.deadline_at


def test_an_earlier_deadline_wakes_the_watchdog(setup: Setup) -> None:
    setup.take(20)
    setup.look()
    setup.pool.give_back(setup.connection)
    setup.take(10)
    assert setup.wakes == 1


def test_a_call_without_a_deadline_is_not_ended(setup: Setup) -> None:
    assert setup.pool.take(HOST) is None
    setup.pool.hold(setup.connection, HOST)
    setup.look()
    assert setup.connection.shut_times == 0


def test_nothing_is_kept_of_a_connection_that_was_abandoned(setup: Setup) -> None:
    setup.take(0)
    setup.pool.abandon(setup.connection, "error")
    assert setup.look() is None or setup.look() == float("inf")
    assert setup.connection.shut_times == 0
    assert (setup.pool.stats().in_use, setup.pool.stats().closed["error"]) == (0, 1)


def test_a_call_knows_that_its_deadline_cuts_a_connection_before_its_thread_can_see_that(setup: Setup) -> None:
    call = setup.take(0)
    setup.look()
    assert call.cut_on_wire


def test_a_call_whose_connection_was_given_back_in_time_was_not_cut(setup: Setup) -> None:
    call = setup.take(20)
    setup.look()
    setup.pool.give_back(setup.connection)
    assert not call.cut_on_wire


# -- over sockets --

OpenSync = Callable[..., SyncCaller]


@pytest.fixture
def open_sync(open_manager: Callable[..., HTTPClientManager], threads: ThreadPoolExecutor) -> OpenSync:
    return lambda **numbers: SyncCaller(open_manager(**numbers), threads)


async def drip(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Sends a body that has no end, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("reply", [hang, stall, drip])
async def test_a_call_ends_at_its_deadline_whatever_its_peer_does(
    open_sync: OpenSync, authority: tuple[ssl.SSLContext, Trust], reply: Answer, *, over_tls: bool
) -> None:
    server, trust = authority if over_tls else (None, None)
    caller = open_sync(read_s=60)
    async with Peer(reply).serving(server) as peer:
        with calling(0.4) as call, pytest.raises(ProviderTimeout):
            await asyncio.wait_for(caller.ask(peer.url(), tls=trust), 10)
        assert call.is_over()
        assert call.cut_on_wire
        assert caller.stats().in_use == 0


async def test_each_of_many_calls_ends_at_its_own_deadline(open_sync: OpenSync) -> None:
    caller = open_sync(read_s=60)
    async with Peer(hang).serving() as peer:

        async def ask(deadline_s: float) -> bool:
            with calling(deadline_s) as call:
                with pytest.raises(ProviderTimeout):
                    await caller.ask(peer.url())
                return call.is_over()

        asking = [asyncio.ensure_future(ask(0.3 + 0.01 * number)) for number in range(30)]
        asking.append(asyncio.ensure_future(ask(60)))
        assert await asyncio.wait_for(asyncio.gather(*asking[:-1]), 20) == [True] * 30
        assert not asking[-1].done()
        assert caller.stats().in_use == 1
        await caller.close(0)
        await asyncio.gather(asking[-1], return_exceptions=True)


async def test_calls_that_end_in_time_are_not_disturbed_by_those_before_them(open_sync: OpenSync) -> None:
    caller = open_sync()
    async with Peer().serving() as peer:
        for _ in range(10):
            with calling(0.1):
                await caller.ask(peer.url())
        await asyncio.sleep(0.15)  # all of their deadlines have struck, over an idle connection
        with calling(30):
            assert (await caller.ask(peer.url())).body == b"ok"
        assert peer.accepted == 1


async def test_a_deadline_that_strikes_while_it_connects_after_a_wait_ends_the_call(
    open_sync: OpenSync, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting and connecting share one deadline; the request must not go out after it and wait for `read_s`."""
    caller = open_sync(max_connections=1, read_s=60, acquire_s=30)
    go = asyncio.Event()

    async def when_open(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await go.wait()
        return await ok(incoming, writer)

    resolving = threading.Event()
    resolve = socket.getaddrinfo
    go_on: queue.SimpleQueue[None] = queue.SimpleQueue()

    def slowly(*args: Any, **kwargs: Any) -> Any:
        resolving.set()
        go_on.get(timeout=10)
        return resolve(*args, **kwargs)

    async with Peer(when_open).serving() as busy, Peer(hang).serving() as peer:
        first = asyncio.ensure_future(caller.ask(busy.url()))
        assert await settled(lambda: len(busy.asked) == 1)
        with calling(1.0) as call:
            second = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: caller.stats().waiting == 1)
        await asyncio.sleep(0.6)  # what the call spends in the queue
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        go.set()
        assert await settled(resolving.is_set)
        assert await settled(lambda: call.remaining_s() < -0.05)
        go_on.put(None)
        done, _ = await asyncio.wait([second], timeout=3)
        await first
        assert done, "the call waits on, for as long as its peer says nothing"
        assert isinstance(second.exception(), (DeadlineExceeded, ProviderTimeout))
        assert await settled(lambda: caller.stats().in_use == 0)
        assert peer.asked == []
