"""Who gets a connection: the limit, fair shares, and a queue in which hosts take turns."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.http_client.callers import Caller, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, hang, ok
from tools.call import calling
from tools.errors import CircuitOpen, PoolClosed
from tools.http_client.wait_queue import Host, WaitQueue

Queue = WaitQueue[str, str]


def queue(limit: int) -> Queue:
    return WaitQueue(limit, lambda key: f"{key}:1")


def take(slots: Queue, key: str, now: float = 0) -> bool:
    """Ask for `key`, as a pool does."""
    return slots.try_take(slots.host(key, now), now)


def join(slots: Queue, *waiters: str) -> list[Host[str, str]]:
    """Queue each waiter, `a1` for host `a`. Return their hosts."""
    hosts = []
    for waiter in waiters:
        host = slots.host(waiter[0], 0)
        slots.join(host, waiter)
        hosts.append(host)
    return hosts


def granted(slots: Queue, now: float = 0) -> list[str]:
    """Grant all that may be granted. Return who got a slot."""
    return [waiter for _, waiter in iter(lambda: slots.grant_next(now), None)]


# -- the limit and the turns --


def test_slots_are_taken_up_to_the_limit() -> None:
    slots = queue(2)
    assert [take(slots, "a") for _ in range(3)] == [True, True, False]
    assert (slots.slots, slots.hosts["a"].slots, slots.hosts["a"].label) == (2, 2, "a:1")


def test_hosts_take_turns_and_of_one_host_the_first_to_come_is_the_first() -> None:
    slots = queue(10)
    join(slots, "a1", "a2", "a3", "b1", "c1")
    assert slots.waiting == 5
    assert granted(slots) == ["a1", "b1", "c1", "a2", "a3"]
    assert (slots.waiting, slots.slots, slots.hosts["a"].slots) == (0, 5, 3)


def test_a_caller_that_comes_while_another_waits_does_not_overtake_it() -> None:
    slots = queue(2)
    join(slots, "a1")
    assert not take(slots, "b")
    assert granted(slots) == ["a1"]
    assert take(slots, "b")


def test_a_slot_that_comes_free_is_the_first_waiter_s() -> None:
    slots = queue(1)
    assert take(slots, "b")
    host, _ = join(slots, "a1", "a2")
    assert granted(slots) == []
    slots.give_back(slots.hosts["b"])
    assert slots.grant_next(0) == (host, "a1")
    assert granted(slots) == []
    assert (slots.slots, slots.waiting) == (1, 1)


def test_leaving_says_whether_a_slot_had_been_granted() -> None:
    slots = queue(1)
    host, _ = join(slots, "a1", "a2")
    assert granted(slots) == ["a1"]
    assert (slots.leave(host, "a1"), slots.leave(host, "a2"), slots.leave(host, "a2")) == (False, True, False)
    assert (slots.waiting, slots.slots) == (0, 1)


def test_a_host_whose_last_waiter_has_left_has_no_turn() -> None:
    slots = queue(5)
    host, _ = join(slots, "a1", "b1")
    slots.leave(host, "a1")
    assert granted(slots) == ["b1"]


def test_the_end_names_all_who_wait_and_leaves_none() -> None:
    slots = queue(1)
    host, *_ = join(slots, "a1", "b1", "a2")
    assert slots.take_all_waiters() == ["a1", "a2", "b1"]
    assert (slots.waiting, granted(slots), slots.leave(host, "a1")) == (0, [], False)


def test_a_socket_that_is_still_closing_has_a_slot() -> None:
    slots = queue(1)
    host = slots.host("a", 0)
    slots.reserve(host)
    assert not take(slots, "b")
    slots.give_back(host)
    assert take(slots, "b")


# -- fair shares --


def test_a_host_alone_may_have_every_slot() -> None:
    slots = queue(10)
    assert [take(slots, "a") for _ in range(11)] == [True] * 10 + [False]


def test_beside_another_host_it_may_have_four_fifths() -> None:
    slots = queue(10)
    assert take(slots, "b")
    slots.give_back(slots.hosts["b"])
    assert [take(slots, "a") for _ in range(9)] == [True] * 8 + [False]
    assert [take(slots, "b") for _ in range(3)] == [True, True, False]


def test_another_host_is_expected_for_a_minute() -> None:
    slots = queue(10)
    assert take(slots, "b", now=0)
    assert [take(slots, "a", now=0) for _ in range(9)] == [True] * 8 + [False]
    assert not take(slots, "a", now=59)
    assert take(slots, "a", now=60)


def test_a_host_that_is_asked_for_again_and_again_is_not_another_one() -> None:
    slots = queue(5)
    take(slots, "b", now=0)
    for now in range(1, 6):
        take(slots, "a", now=now)
    assert slots.hosts["a"].slots == 4
    slots.give_back(slots.hosts["b"])
    assert take(slots, "a", now=60)


def test_a_host_that_may_not_is_passed_over_and_keeps_its_place() -> None:
    slots = queue(5)
    take(slots, "b")
    for _ in range(4):
        take(slots, "a")
    slots.give_back(slots.hosts["b"])
    join(slots, "a1", "b1", "b2")
    assert granted(slots) == ["b1"]
    slots.give_back(slots.hosts["a"])
    assert granted(slots) == ["a1"]


def test_a_small_pool_is_not_shared_out() -> None:
    slots = queue(4)
    take(slots, "b")
    slots.give_back(slots.hosts["b"])
    assert [take(slots, "a") for _ in range(4)] == [True] * 4


def test_a_host_of_which_there_is_nothing_is_forgotten() -> None:
    slots = queue(10)
    for number in range(1000):
        host = slots.host(f"host{number}", 0)
        assert slots.try_take(host, 0)
        slots.give_back(host)
    assert slots.hosts == {}


def test_a_host_with_a_connection_is_not_forgotten() -> None:
    slots = queue(1)
    host = slots.host("a", 0)
    assert slots.try_take(host, 0)
    host.established += 1
    slots.give_back(host)
    assert slots.host("a", 1) is host
    host.established -= 1
    slots.forget(host)
    assert slots.hosts == {}


# -- any order of steps --

LIMIT, SHARE, RECENT_S = 5, 4, 60


class AnyOrder(RuleBasedStateMachine):
    """Callers of three hosts come, wait, give up, connect and give back; a naive model says who is next."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: Queue = queue(LIMIT)
        self.now = 0
        self.named = 0
        self.asked_at: dict[str, int] = {}
        self.slots = dict.fromkeys("abc", 0)
        self.idle = dict.fromkeys("abc", 0)  # connections beyond those that have a slot
        self.waiting: dict[str, list[str]] = {key: [] for key in "abc"}
        self.turns: list[str] = []

    def total(self) -> int:
        return sum(self.slots.values())

    def may_have(self, key: str) -> bool:
        others = [at for other, at in self.asked_at.items() if other != key]
        is_expected = any(at > self.now - RECENT_S for at in others)
        return self.total() < LIMIT and (self.slots[key] < SHARE or not is_expected)

    def grant(self) -> None:
        """Grant what may be granted, and see that it is what the model grants."""
        while True:
            key = next((each for each in self.turns if self.may_have(each)), None)
            found = self.queue.grant_next(self.now)
            if key is None:
                assert found is None
                return
            assert found == (self.queue.hosts[key], self.waiting[key].pop(0))
            self.turns.remove(key)
            if self.waiting[key]:
                self.turns.append(key)
            self.slots[key] += 1

    @rule(key=st.sampled_from("abc"))
    def ask(self, key: str) -> None:
        host = self.queue.host(key, self.now)
        self.asked_at[key] = self.now
        may = not self.turns and self.may_have(key)
        assert self.queue.try_take(host, self.now) is may
        if may:
            self.slots[key] += 1
            return
        self.named += 1
        self.queue.join(host, f"{key}{self.named}")
        self.waiting[key].append(f"{key}{self.named}")
        if key not in self.turns:
            self.turns.append(key)
        self.grant()

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def give_up(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(self.turns))
        waiter = data.draw(st.sampled_from(self.waiting[key]))
        host = self.queue.hosts[key]
        assert self.queue.leave(host, waiter)
        assert not self.queue.leave(host, waiter)
        self.waiting[key].remove(waiter)
        if not self.waiting[key]:
            self.turns.remove(key)

    @precondition(lambda self: self.total())
    @rule(data=st.data(), keeps_a_connection=st.booleans())
    def give_back(self, data: st.DataObject, *, keeps_a_connection: bool) -> None:
        key = data.draw(st.sampled_from([key for key, slots in self.slots.items() if slots]))
        host = self.queue.hosts[key]
        if keeps_a_connection:
            host.established += 1
            self.idle[key] += 1
        self.slots[key] -= 1
        self.queue.give_back(host)
        self.grant()

    @precondition(lambda self: any(self.idle.values()))
    @rule(data=st.data(), says_goodbye=st.booleans())
    def close_an_idle_one(self, data: st.DataObject, *, says_goodbye: bool) -> None:
        key = data.draw(st.sampled_from([key for key, idle in self.idle.items() if idle]))
        host = self.queue.hosts[key]
        if says_goodbye and self.total() < LIMIT:
            self.queue.reserve(host)
            self.slots[key] += 1
        host.established -= 1
        self.idle[key] -= 1
        self.queue.forget(host)

    @rule(seconds=st.sampled_from([1, 30, 59, 60]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @rule()
    def close(self) -> None:
        assert self.queue.take_all_waiters() == [each for key in self.turns for each in self.waiting[key]]
        self.turns.clear()
        for key, waiting in self.waiting.items():
            if waiting:
                waiting.clear()
                self.queue.forget(self.queue.hosts[key])

    @invariant()
    def figures_are_true(self) -> None:
        assert self.queue.slots == self.total() <= LIMIT
        assert self.queue.waiting == sum(map(len, self.waiting.values()))
        kept = {key: (host.slots, list(host.waiters)) for key, host in self.queue.hosts.items()}
        wanted = {key for key in "abc" if self.slots[key] or self.idle[key] or self.waiting[key]}
        assert kept == {key: (self.slots[key], self.waiting[key]) for key in wanted}

    def teardown(self) -> None:
        """Every waiter is granted or leaves; then nothing is left."""
        for key in list(self.turns):
            for waiter in self.waiting[key]:
                assert self.queue.leave(self.queue.hosts[key], waiter)
        for key, host in list(self.queue.hosts.items()):
            host.established = 0
            for _ in range(self.slots[key]):
                self.queue.give_back(host)
            self.queue.forget(host)
        assert (self.queue.hosts, self.queue.slots, self.queue.waiting) == ({}, 0, 0)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# -- over sockets, in both modes --


def gated() -> tuple[asyncio.Event, Answer]:
    """An answer that comes once the event is set."""
    go = asyncio.Event()

    async def when_open(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await go.wait()
        return await ok(incoming, writer)

    return go, when_open


async def end(caller: Caller, asking: Sequence[asyncio.Future[Any]]) -> None:
    """End requests in flight: cancelled, or by closing the pool under threads; nothing of them is left."""
    if caller.mode == "async":
        for each in asking:
            each.cancel()
    else:
        await caller.close(0)
    await asyncio.gather(*asking, return_exceptions=True)
    assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (0, 0))


async def test_a_caller_that_waits_is_not_overtaken_by_one_that_asks_again_and_again(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    done: list[str] = []

    async def ask(name: str, times: int, url: str) -> None:
        for _ in range(times):
            await caller.ask(url)
            done.append(name)

    async with Peer().serving() as peer:
        greedy = asyncio.ensure_future(ask("greedy", 50, peer.url("/greedy")))
        assert await settled(lambda: len(peer.asked) > 0)
        modest = asyncio.ensure_future(ask("modest", 10, peer.url("/modest")))
        await asyncio.gather(greedy, modest)
    first, last = done.index("modest"), len(done) - 1 - done[::-1].index("modest")
    assert last - first <= 20  # turn by turn, not behind all fifty


async def test_a_slot_that_was_granted_to_a_caller_that_is_cancelled_goes_to_the_next(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    if caller.mode == "sync":
        pytest.skip("a thread cannot be cancelled")
    go, when_open = gated()
    async with Peer(when_open).serving() as peer:
        first = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        second, third = (asyncio.ensure_future(caller.ask(peer.url())) for _ in range(2))
        assert await settled(lambda: caller.stats().waiting == 2)
        first.add_done_callback(lambda _: second.cancel())  # in the turn of the loop in which it is granted
        go.set()
        assert (await third).status == 200
        await asyncio.gather(first, second, return_exceptions=True)
        assert (caller.stats().in_use, caller.stats().waiting) == (0, 0)


async def test_a_slot_that_was_granted_to_a_caller_that_may_not_send_any_more_goes_to_the_next(
    open_caller: OpenCaller,
) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    go, when_open = gated()

    def refuse() -> None:
        raise CircuitOpen("the agency failed too often", retry_after_s=1)

    async with Peer(when_open).serving() as peer:
        first = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: len(peer.asked) == 1)
        with calling(30) as call:
            call.check_again = refuse
            second = asyncio.ensure_future(caller.ask(peer.url()))
            assert await settled(lambda: caller.stats().waiting == 1)
        third = asyncio.ensure_future(caller.ask(peer.url()))
        assert await settled(lambda: caller.stats().waiting == 2)
        go.set()
        assert (await third).status == 200
        with pytest.raises(CircuitOpen):
            await second
        await first
        assert (caller.stats().in_use, caller.stats().waiting, len(peer.asked)) == (0, 0, 2)


async def test_while_one_host_hangs_another_is_answered_at_once(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=10, max_keepalive=10, acquire_s=30)
    async with Peer().serving() as other, Peer(hang).serving() as hanging:
        await caller.ask(other.url())
        stuck = [asyncio.ensure_future(caller.ask(hanging.url())) for _ in range(30)]
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (8, 22))
        for _ in range(5):
            assert (await caller.ask(other.url())).status == 200
        stats = caller.stats()
        assert (stats.in_use, stats.waiting, len(hanging.asked)) == (8, 22, 8)
        assert stats.per_host[hanging.host].waiting == 22
        await end(caller, stuck)


async def test_callers_of_many_hosts_at_once_are_all_answered_beside_a_crowd_of_one(open_caller: OpenCaller) -> None:
    caller = open_caller(max_connections=5, acquire_s=30)
    served: list[str] = []

    async def ask(peer: Peer, name: str) -> None:
        assert (await caller.ask(peer.url())).body == b"ok"
        served.append(name)

    go, when_open = gated()
    async with (
        Peer(when_open).serving() as crowded,
        Peer().serving() as a,
        Peer().serving() as b,
        Peer().serving() as c,
    ):
        asking = [asyncio.ensure_future(ask(crowded, "crowd")) for _ in range(100)]
        assert await settled(lambda: len(crowded.asked) == 5)
        assert await settled(lambda: caller.stats().waiting == 95)
        single = [asyncio.ensure_future(ask(peer, "single")) for peer in (a, b, c)]
        assert await settled(lambda: caller.stats().waiting == 98)
        go.set()
        await asyncio.gather(*asking, *single)
    # First come, first served would have them last. (In threads the order of the ends is only about that of the turns.)
    assert max(at for at, name in enumerate(served) if name == "single") < 90


async def test_a_host_that_hangs_alone_may_have_all_once_the_others_are_expected_no_more(
    open_caller: OpenCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = open_caller(max_connections=5, acquire_s=30)
    async with Peer().serving() as other, Peer(hang).serving() as hanging:
        await caller.ask(other.url())
        stuck = [asyncio.ensure_future(caller.ask(hanging.url())) for _ in range(6)]
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (4, 2))
        monkeypatch.setattr("tools.http_client.wait_queue._RECENT_S", 0.0)
        stuck.append(asyncio.ensure_future(caller.ask(hanging.url())))  # the next to ask is the occasion to look again
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (5, 2))
        await end(caller, stuck)


async def test_a_pool_that_closes_in_the_turn_in_which_it_grants_a_connection_says_that_it_closed(
    open_caller: OpenCaller,
) -> None:
    caller = open_caller(max_connections=1, acquire_s=30)
    if caller.mode == "sync":
        pytest.skip("threads have no turns")

    async def ask_and_close(url: str) -> None:
        await caller.ask(url)
        await caller.close(0)

    async with Peer().serving() as peer:
        first = asyncio.ensure_future(ask_and_close(peer.url()))
        with calling(30):
            second = asyncio.ensure_future(caller.ask(peer.url()))
        await first
        with pytest.raises((PoolClosed, caller.connection_error)):
            await second
