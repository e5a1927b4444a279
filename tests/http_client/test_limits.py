"""The total limit, the queue in front of it, and figures that add up."""

import asyncio
import contextlib
import io
import random
import re
import ssl
import threading
import time
from pathlib import Path

import pytest

from tests.http_client.callers import Caller, Trust, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Census, Incoming, Peer, answer, deaf, ok, stall
from tools.errors import PoolTimeout
from tools.http_client import PoolStats
from tools.transports import translating


def after(seconds: float, reply: Answer = ok) -> Answer:
    """The same answer, later."""

    async def wait(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return await reply(incoming, writer)

    return wait


def assert_adds_up(stats: PoolStats) -> None:
    """What must hold at any moment at which nothing is being opened."""
    assert stats.in_use + stats.idle <= stats.limit
    assert stats.created - sum(stats.closed.values()) == stats.in_use + stats.idle
    for figure in ("in_use", "idle", "waiting"):
        assert sum(getattr(host, figure) for host in stats.per_host.values()) == getattr(stats, figure)


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
async def test_300_requests_over_30_servers_stay_within_the_limit(
    open_caller: OpenCaller, authority: tuple[ssl.SSLContext, Trust], *, over_tls: bool
) -> None:
    server, trust = authority if over_tls else (None, None)
    caller = open_caller(max_connections=10, max_keepalive=4, acquire_s=60)
    census = Census()
    async with contextlib.AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(Peer(after(0.005), census=census).serving(server)) for _ in range(30)]
        replies = await asyncio.gather(*(caller.ask(peers[i % 30].url(), tls=trust) for i in range(300)))
        assert [reply.body for reply in replies] == [b"ok"] * 300
        assert census.most <= 10
        assert await settled(lambda: (caller.stats().in_use, caller.stats().idle) == (0, 4))
        stats = caller.stats()
        assert stats.waiting == 0
        assert stats.created + stats.reused == 300
        assert stats.created == sum(peer.accepted for peer in peers)
        assert_adds_up(stats)
        assert await settled(lambda: census.open == 4)


async def test_the_figures_add_up_while_the_queue_is_long(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=5, acquire_s=60)
    go = asyncio.Event()

    async def when_told(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await go.wait()
        return await ok(incoming, writer)

    async with Peer(when_told).serving() as peer:
        asking = asyncio.gather(*(caller.ask(peer.url()) for _ in range(50)))
        assert await settled(lambda: len(peer.asked) == 5)
        assert await settled(lambda: caller.stats().waiting == 45)
        stats = caller.stats()
        assert (stats.in_use, stats.idle, stats.waiting) == (5, 0, 45)
        assert list(stats.per_host) == [peer.host]
        assert_adds_up(stats)
        go.set()
        await asking
        stats = caller.stats()
        assert (stats.in_use, stats.waiting) == (0, 0)
        assert stats.acquire_wait_seconds > 0
        assert_adds_up(stats)


async def test_200_calls_one_after_the_other_use_one_connection(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer().serving() as peer:
        for _ in range(200):
            await caller.ask(peer.url())
        stats = caller.stats()
        assert (stats.created, stats.reused, peer.accepted) == (1, 199, 1)


async def test_a_pool_timeout_is_exact_and_says_how_the_pool_stands(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=0.3)
    async with Peer(stall).serving() as busy, Peer().serving() as peer:
        let_go = await caller.hold(busy.url())

        async def time_out() -> tuple[float, PoolTimeout]:
            started = time.monotonic()
            with pytest.raises(PoolTimeout) as caught:
                await caller.ask(peer.url())
            return time.monotonic() - started, caught.value

        # The machine may add to what one of them took, never take away: the quickest shows what the pool does.
        took_s = [(await time_out())[0] for _ in range(5)]
        assert min(took_s) == pytest.approx(0.3, abs=0.05)
        assert min(took_s) >= 0.299
        _, error = await time_out()
        assert str(error) == (f"no free connection for {peer.host} within 0.3 s: limit 1, in use 1, waiting 1")
        assert (error.limit, error.in_use, error.waiting, error.code) == (1, 1, 1, "pool_timeout")
        assert caller.stats().acquire_timeouts == 6
        assert caller.stats().waiting == 0
        let_go()
        assert (await caller.ask(peer.url())).status == 200


async def test_a_pool_timeout_is_no_connect_timeout(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=0.05)
    async with Peer(stall).serving() as busy, Peer().serving() as peer:
        let_go = await caller.hold(busy.url())
        with pytest.raises(PoolTimeout) as caught:
            await caller.ask(peer.url())
        assert not isinstance(caught.value, caller.connect_timeout)
        with pytest.raises(PoolTimeout), translating("agency"):  # nor does a tool see another error
            raise caught.value
        let_go()


async def test_all_who_wait_are_served_in_the_end(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=3, acquire_s=60)
    async with Peer(after(0.001)).serving() as one, Peer(after(0.001)).serving() as other:
        replies = await asyncio.gather(*(caller.ask((one, other)[i % 2].url()) for i in range(120)))
        assert len(replies) == 120


LARGE = b"x" * 1_000_000


async def test_a_storm_in_which_a_third_gives_up_leaves_nothing_behind(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=8, max_keepalive=4, acquire_s=60)
    dice = random.Random(7)
    reply = after(0.01, answer(body=LARGE))  # more than socket buffers hold: what is dropped is in flight
    async with Peer(reply).serving() as one, Peer(reply).serving() as other:

        async def one_of(i: int) -> int:
            url = dice.choice((one, other)).url()
            if i % 10 < 3:
                await caller.drop(url)
                return 0
            return len((await caller.ask(url)).body)

        sizes = await asyncio.wait_for(asyncio.gather(*map(one_of, range(300))), 60)
        assert sizes.count(len(LARGE)) == 210
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (0, 0))
        assert_adds_up(caller.stats())
        assert (await caller.ask(one.url())).status == 200


async def test_a_refused_connection_gives_its_slot_back(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=1)
    async with Peer().serving() as peer:
        gone = Peer()
        async with gone.serving():
            url = gone.url()
        for _ in range(5):
            with pytest.raises(caller.connection_error):
                await caller.ask(url)
        assert (await caller.ask(peer.url())).status == 200
        stats = caller.stats()
        assert (stats.in_use, stats.created) == (0, 1)
        assert_adds_up(stats)


async def test_60_threads_share_the_sync_pool(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=10, max_keepalive=4, acquire_s=60)
    if caller.mode == "async":
        pytest.skip("the async client belongs to its event loop")
    census = Census()
    failures: list[BaseException] = []
    async with contextlib.AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(Peer(census=census).serving())).url() for _ in range(12)]

        def work(number: int) -> None:
            try:
                for i in range(10):
                    assert caller.manager.sync_client.get(urls[(number + i) % 12]).content == b"ok"
            except BaseException as exc:  # noqa: BLE001 - shown below
                failures.append(exc)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(60)]
        for thread in threads:
            thread.start()
        assert await settled(lambda: not any(thread.is_alive() for thread in threads), 60)
        assert failures == []
        assert census.most <= 10
        assert await settled(lambda: (caller.stats().in_use, caller.stats().idle) == (0, 4))
        stats = caller.stats()
        assert stats.waiting == 0
        assert stats.created + stats.reused == 600
        assert_adds_up(stats)


def sockets_of_this_process() -> int:
    """Open sockets, as the kernel counts them."""
    files = Path("/proc/self/fd")
    return sum(str(file.readlink()).startswith("socket:") for file in files.iterdir() if file.is_symlink())


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts sockets by procfs")
async def test_an_upload_that_is_cancelled_does_not_keep_its_socket(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, write_s=60)
    if caller.mode == "sync":
        pytest.skip("a thread cannot be cancelled")
    async with Peer(deaf).serving() as peer:
        caller.manager.async_client  # noqa: B018 - opened now, so that what it opens is not counted
        before = sockets_of_this_process()
        upload = asyncio.ensure_future(caller.ask(peer.url(), "POST", data=io.BytesIO(b"x" * 50_000_000)))
        assert await settled(lambda: len(peer.asked) == 1)
        assert sockets_of_this_process() == before + 2  # either end
        await asyncio.sleep(0.1)  # for what the kernel does not take any more to pile up
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert await settled(lambda: sockets_of_this_process() == before + 1)
        assert caller.stats().in_use == 0


async def test_in_use_and_idle_never_exceed_the_limit_at_any_moment(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=4, max_keepalive=4, acquire_s=60)
    worst = 0

    async def watch() -> None:
        nonlocal worst
        while True:
            with contextlib.suppress(AssertionError):  # no client yet
                stats = caller.stats()
                worst = max(worst, stats.in_use + stats.idle)
            await asyncio.sleep(0)

    async with contextlib.AsyncExitStack() as stack:
        urls = [(await stack.enter_async_context(Peer(after(0.001)).serving())).url() for _ in range(8)]
        watching = asyncio.ensure_future(watch())
        await asyncio.gather(*(caller.ask(urls[i % 8]) for i in range(200)))
        watching.cancel()
        assert worst == 4


async def test_the_message_of_a_pool_timeout_counts_everybody(open_caller: OpenCaller) -> None:
    caller: Caller = open_caller(max_connections=2, acquire_s=0.4)
    async with Peer(stall).serving() as peer:
        held = [await caller.hold(peer.url()) for _ in range(2)]
        results = await asyncio.gather(*(caller.ask(peer.url()) for _ in range(5)), return_exceptions=True)
        said = [re.findall(r"limit (\d+), in use (\d+), waiting (\d+)", str(result))[0] for result in results]
        assert {numbers[:2] for numbers in said} == {("2", "2")}
        assert max(int(waiting) for _, _, waiting in said) == 5
        for let_go in held:
            let_go()
