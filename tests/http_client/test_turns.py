"""The queue of the async pool: hosts take turns, and what is promised is kept."""

import asyncio

import pytest

from tests.http_client.callers import settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Incoming, Peer, hang, ok
from tools.http_client.turns import Turns

Waiter = asyncio.Future[None]


def joined(turns: Turns[str], *hosts: str) -> list[Waiter]:
    """One waiter for each of `hosts`, in the queue in this order."""
    waiters = [asyncio.get_running_loop().create_future() for _ in hosts]
    for host, waiter in zip(hosts, waiters, strict=True):
        turns.join(host, waiter)
    return waiters


def called(waiters: list[Waiter]) -> list[int]:
    return [at for at, waiter in enumerate(waiters) if waiter.done()]


async def test_hosts_take_turns_and_of_one_host_who_came_first_goes_first() -> None:
    turns = Turns[str]()
    waiters = joined(turns, "a", "a", "a", "b", "c")
    order = []
    while turns.call_next(lambda _: True):
        order.append(next(at for at in called(waiters) if at not in order))
    assert order == [0, 3, 4, 1, 2]
    assert (turns.waiting, turns.promised, turns.promised_to("a")) == (0, 5, 3)


async def test_a_host_that_may_not_is_passed_over_and_keeps_its_place() -> None:
    turns = Turns[str]()
    waiters = joined(turns, "a", "b", "b")
    assert turns.call_next(lambda host: host != "a")
    assert called(waiters) == [1]
    assert not turns.call_next(lambda _: False)
    assert turns.call_next(lambda _: True)
    assert called(waiters) == [0, 1]


async def test_who_has_given_up_is_not_called() -> None:
    turns = Turns[str]()
    waiters = joined(turns, "a", "a", "b")
    waiters[0].cancel()
    waiters[1].cancel()
    assert turns.call_next(lambda _: True)
    assert waiters[2].result() is None
    assert not turns.call_next(lambda _: True)
    assert (turns.waiting, turns.promised) == (0, 1)


async def test_who_leaves_says_whether_there_was_a_promise() -> None:
    turns = Turns[str]()
    first, second = joined(turns, "a", "a")
    turns.call_next(lambda _: True)
    assert (turns.leave("a", first), turns.leave("a", second)) == (True, False)
    assert (turns.waiting, turns.promised, turns.promised_to("a"), turns.waiting_by_host()) == (0, 0, 0, {})


async def test_the_end_tells_everybody() -> None:
    turns = Turns[str]()
    waiters = joined(turns, "a", "b")
    turns.end(lambda: OSError("over"))
    for waiter in waiters:
        with pytest.raises(OSError, match="over"):
            await waiter
    assert (turns.leave("a", waiters[0]), turns.waiting) == (False, 0)


async def test_who_waits_is_not_overtaken_by_who_asks_again_and_again(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    done: list[str] = []

    async def ask(who: str, times: int, url: str) -> None:
        for _ in range(times):
            await caller.ask(url)
            done.append(who)

    async with Peer().serving() as peer:
        greedy = asyncio.ensure_future(ask("greedy", 50, peer.url("/greedy")))
        assert await settled(lambda: len(peer.asked) > 0)
        modest = asyncio.ensure_future(ask("modest", 10, peer.url("/modest")))
        await asyncio.gather(greedy, modest)
    first, last = done.index("modest"), len(done) - 1 - done[::-1].index("modest")
    assert last - first <= 20  # turn by turn, not behind all fifty


async def test_a_promise_to_who_gives_up_goes_to_the_next(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    if caller.mode == "sync":
        pytest.skip("a thread cannot be cancelled")
    go = asyncio.Event()

    async def when_told(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await go.wait()
        return await ok(incoming, writer)

    async with Peer(when_told).serving() as peer:
        first = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        second, third = (asyncio.ensure_future(caller.ask(peer.url())) for _ in range(2))
        assert await settled(lambda: caller.stats().waiting == 2)
        first.add_done_callback(lambda _: second.cancel())  # in the turn of the loop in which it is called
        go.set()
        assert (await third).status == 200
        await asyncio.gather(first, second, return_exceptions=True)
        assert (caller.stats().in_use, caller.stats().waiting) == (0, 0)


async def test_a_host_that_hangs_alone_may_have_all_once_the_others_are_expected_no_more(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.http_client.shares._LATELY_S", 0.2)
    caller = open_caller(max_connections=5, acquire_s=30)
    if caller.mode == "sync":
        pytest.skip("the sync pool is not shared out")
    async with Peer().serving() as other, Peer(hang).serving() as hanging:
        await caller.ask(other.url())
        stuck = [asyncio.ensure_future(caller.ask(hanging.url())) for _ in range(6)]
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (4, 2))
        await asyncio.sleep(0.25)
        stuck.append(asyncio.ensure_future(caller.ask(hanging.url())))  # who asks now calls those before it
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (5, 2))
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
