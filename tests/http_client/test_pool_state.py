"""What the sync pool decides, step by step and under any order of steps."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tools.http_client.config import PoolLimits
from tools.http_client.pool_state import Closing, PoolState


def state(connections: int = 2, keepalive: int = 2, expiry_s: float = 10.0) -> PoolState[str, str]:
    return PoolState(PoolLimits(max_connections=connections, max_keepalive=keepalive, keepalive_expiry_s=expiry_s))


def test_slots_are_handed_out_up_to_the_limit() -> None:
    pool = state(connections=2)
    assert [pool.try_take_slot() for _ in range(3)] == [True, True, False]


def test_a_slot_that_comes_free_goes_to_the_first_in_the_queue() -> None:
    pool = state(connections=1)
    pool.try_take_slot()
    pool.enqueue("first")
    pool.enqueue("second")
    assert pool.free_slot() == "first"
    assert (pool.in_use, pool.waiting) == (1, 1)


def test_nobody_overtakes_the_queue() -> None:
    pool = state(connections=2)
    pool.try_take_slot()
    pool.enqueue("early")
    assert not pool.try_take_slot()


def test_leaving_the_queue_twice_does_nothing() -> None:
    pool = state()
    pool.enqueue("one")
    pool.leave_queue("one")
    pool.leave_queue("one")
    assert pool.waiting == 0


def test_the_newest_idle_connection_to_the_same_place_is_taken() -> None:
    pool = state(keepalive=9)
    for connection, key in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        pool.put_idle(connection, key, now=0)
    assert pool.take_idle("a", now=1) == ("a2", [])
    assert pool.take_idle("a", now=1) == ("a1", [])
    assert pool.take_idle("a", now=1) == (None, [])


def test_a_connection_that_is_too_old_is_closed_and_not_taken() -> None:
    pool = state(expiry_s=10)
    pool.put_idle("a1", "a", now=0)
    assert pool.next_expiry_at() == 10
    assert pool.take_idle("a", now=10) == ("a1", [])
    pool.put_idle("a1", "a", now=10)
    assert pool.take_idle("a", now=20.001) == (None, [Closing("a1", "idle_timeout")])


def test_the_oldest_goes_when_there_are_too_many() -> None:
    pool = state(keepalive=2)
    for at, name in enumerate("abc"):
        pool.put_idle(name, name, now=at)
    assert pool.drop_surplus() == [Closing("a", "max_idle")]
    assert pool.drop_surplus() == []


def test_more_are_kept_while_callers_wait_for_them() -> None:
    pool = state(connections=1, keepalive=0)
    pool.try_take_slot()
    pool.enqueue("waiter")
    pool.put_idle("a", "a", now=0)
    assert pool.drop_surplus() == []
    assert pool.free_slot() == "waiter"  # who fails to connect to elsewhere
    assert pool.drop_surplus() == [Closing("a", "max_idle")]


def test_the_oldest_makes_room() -> None:
    pool = state(connections=2, keepalive=2)
    pool.put_idle("a", "a", now=0)
    pool.put_idle("b", "b", now=1)
    assert pool.make_room() == []
    pool.try_take_slot()
    assert pool.make_room() == [Closing("a", "room")]
    assert pool.make_room() == []


def test_all_idle_connections_to_one_place_can_be_dropped() -> None:
    pool = state(keepalive=9)
    for connection, key in (("a1", "a"), ("b1", "b"), ("a2", "a")):
        pool.put_idle(connection, key, now=0)
    assert pool.drop_idle_to("a", "remote") == [Closing("a1", "remote"), Closing("a2", "remote")]
    assert pool.idle_connections() == ["b1"]


def test_closing_names_everything_and_everybody() -> None:
    pool = state(connections=1)
    pool.put_idle("a", "a", now=0)
    pool.try_take_slot()
    pool.enqueue("waiter")
    assert pool.close() == ([Closing("a", "shutdown")], ["waiter"])
    assert (pool.idle, pool.waiting) == (0, 0)


LIMIT, KEEPALIVE, EXPIRY_S = 4, 2, 5.0


class AnyOrder(RuleBasedStateMachine):
    """Callers come, wait, give up, take and give back in any order; sockets are counted outside."""

    def __init__(self) -> None:
        super().__init__()
        self.pool: PoolState[int, int] = PoolState(
            PoolLimits(max_connections=LIMIT, max_keepalive=KEEPALIVE, keepalive_expiry_s=EXPIRY_S)
        )
        self.now = 0.0
        self.named = 0
        self.slots = 0  # held by callers that have no connection yet
        self.used: dict[int, str] = {}
        self.sockets: set[int] = set()
        self.queue: list[int] = []

    def name(self) -> int:
        self.named += 1
        return self.named

    def close(self, closing: list[Closing[int]]) -> None:
        for each in closing:
            self.sockets.remove(each.connection)  # closed once, and only what was open
            assert each.connection not in self.used

    def free_slot(self) -> None:
        self.close(self.pool.drop_surplus())
        waiter = self.pool.free_slot()
        if waiter is not None:
            assert waiter == self.queue.pop(0)
            self.slots += 1

    @rule()
    def come(self) -> None:
        if self.pool.try_take_slot():
            self.slots += 1
        else:
            waiter = self.name()
            self.queue.append(waiter)
            self.pool.enqueue(waiter)

    @precondition(lambda self: self.queue)
    @rule(pick=st.integers(0, 99))
    def give_up(self, pick: int) -> None:
        self.pool.leave_queue(self.queue.pop(pick % len(self.queue)))

    @precondition(lambda self: self.slots)
    @rule(key=st.sampled_from("abc"))
    def connect(self, key: str) -> None:
        found, closing = self.pool.take_idle(key, self.now)
        self.close(closing)
        if found is None:
            self.close(self.pool.make_room())
            found = self.name()
            self.sockets.add(found)
        assert found not in self.used
        self.slots -= 1
        self.used[found] = key

    @precondition(lambda self: self.slots)
    @rule()
    def fail_to_connect(self) -> None:
        self.slots -= 1
        self.free_slot()

    @precondition(lambda self: self.used)
    @rule(pick=st.integers(0, 99), whole=st.booleans())
    def give_back(self, pick: int, *, whole: bool) -> None:
        connection = sorted(self.used)[pick % len(self.used)]
        key = self.used.pop(connection)
        if whole:
            self.pool.put_idle(connection, key, self.now)
        else:
            self.sockets.remove(connection)
        self.free_slot()

    @rule(seconds=st.floats(0.1, 6))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.close(self.pool.expire(self.now))

    @invariant()
    def figures_are_true(self) -> None:
        assert self.pool.in_use == self.slots + len(self.used)
        assert self.pool.idle == len(self.sockets) - len(self.used)
        assert self.pool.waiting == len(self.queue)

    @invariant()
    def limits_hold(self) -> None:
        assert self.pool.in_use <= LIMIT
        assert len(self.sockets) <= LIMIT
        assert self.pool.idle <= KEEPALIVE + len(self.queue) + self.slots

    @invariant()
    def nobody_waits_for_what_is_free(self) -> None:
        assert not self.queue or self.pool.in_use == LIMIT


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
