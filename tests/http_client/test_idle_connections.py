"""Which idle connection is used next, and which are closed, when and why: with the clock handed in."""

import math

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tools.http_client.config import PoolLimits
from tools.http_client.open_connections import LINGER_S, IdleConnections


def idle(max_keepalive: int = 20, expiry_s: float = 30.0) -> IdleConnections[str]:
    return IdleConnections(PoolLimits(max_keepalive=max_keepalive, keepalive_expiry_s=expiry_s))


def filled(connections: IdleConnections[str], *names: str) -> IdleConnections[str]:
    """Put `a1` for host `a` and so on, one a second from 0 on."""
    for at, name in enumerate(names):
        connections.put(name, name[0], at)
    return connections


def test_the_newest_to_the_same_host_is_taken() -> None:
    connections = filled(idle(), "a1", "a2", "b1")
    assert [connections.take("a", 3) for _ in range(3)] == ["a2", "a1", None]
    assert list(connections) == ["b1"]


def test_the_oldest_of_all_hosts_makes_room() -> None:
    connections = filled(idle(), "a1", "b1", "a2")
    assert [connections.take_oldest() for _ in range(3)] == ["a1", "b1", "a2"]
    with pytest.raises(StopIteration):
        connections.take_oldest()


def test_a_connection_that_was_put_back_is_the_newest() -> None:
    connections = filled(idle(), "a1", "b1")
    assert connections.take("a", 2) == "a1"
    connections.put("a1", "a", 3)
    assert list(connections) == ["b1", "a1"]


def test_a_connection_may_be_used_until_it_expires_and_not_later() -> None:
    connections = idle(expiry_s=10)
    assert connections.put("a1", "a", 0) == 10
    assert connections.take("a", 10) == "a1"
    connections.put("a1", "a", 10)
    assert connections.take("a", 20.001) is None
    assert connections.take_overdue(20.001) == [("a1", "idle_timeout")]


def test_what_expires_is_due_then_and_not_before() -> None:
    connections = filled(idle(expiry_s=10), "a1", "b1")
    assert (connections.next_due_at(), connections.take_overdue(9.999)) == (10, [])
    assert connections.take_overdue(10) == [("a1", "idle_timeout")]
    assert connections.next_due_at() == 11


def test_what_is_too_many_lingers_for_a_second() -> None:
    connections = idle(max_keepalive=2)
    assert [connections.put(name, name, 7) for name in "abc"] == [37, 37, 7 + LINGER_S]
    assert (connections.next_due_at(), connections.take_overdue(7.999)) == (8, [])
    assert connections.take_overdue(8) == [("a", "max_idle")]
    assert connections.next_due_at() == 37


def test_a_burst_within_the_linger_finds_all_of_those_before_it() -> None:
    connections = idle(max_keepalive=2)
    for name in ("a1", "a2", "a3", "a4"):
        connections.put(name, "a", 0)
    assert [connections.take("a", 0.9) for _ in range(4)] == ["a4", "a3", "a2", "a1"]
    assert (connections.next_due_at(), connections.take_overdue(5)) == (math.inf, [])


def test_what_was_used_again_lingers_again() -> None:
    connections = idle(max_keepalive=1)
    connections.put("a1", "a", 0)
    connections.put("a2", "a", 0)
    assert connections.take("a", 0.5) == "a2"
    connections.put("a2", "a", 0.9)
    assert connections.take_overdue(1) == [("a1", "max_idle")]
    assert connections.take_overdue(1000) == [("a2", "idle_timeout")]


def test_where_none_is_kept_none_lingers() -> None:
    connections = idle(max_keepalive=0)
    assert connections.put("a", "a", 5) == 5
    assert connections.take_overdue(5) == [("a", "max_idle")]


def test_it_does_not_linger_for_longer_than_it_may_idle() -> None:
    connections = idle(max_keepalive=1, expiry_s=0.5)
    connections.put("a", "a", 0)
    assert connections.put("b", "b", 0) == 0.5
    assert connections.take_overdue(0.5) == [("a", "idle_timeout"), ("b", "idle_timeout")]


def test_all_to_one_host_are_taken_and_no_others() -> None:
    connections = filled(idle(), "a1", "b1", "a2")
    assert connections.take_all_to("a") == ["a1", "a2"]
    assert connections.take_all_to("a") == []
    assert list(connections) == ["b1"]


def test_nothing_is_left_of_a_host_without_connections() -> None:
    connections = filled(idle(max_keepalive=1, expiry_s=10), "a1", "b1", "c1", "d1", "e1", "f1", "g1", "g2")
    connections.take("a", 7)
    connections.remove("b1")
    assert connections.take_oldest() == "c1"
    connections.take_all_to("d")
    assert connections.take_overdue(7) == [("e1", "max_idle"), ("f1", "max_idle"), ("g1", "max_idle")]
    assert set(connections.by_host) == {"g"}
    assert connections.take_all() == ["g2"]
    assert (connections.by_host, len(connections), connections.next_due_at()) == ({}, 0, math.inf)


EXPIRY_S = 5.0


class AnyOrder(RuleBasedStateMachine):
    """Connections come and go in any order, beside a list of them that is searched from end to end."""

    @initialize(max_keepalive=st.integers(0, 3))
    def begin(self, max_keepalive: int) -> None:
        self.connections: IdleConnections[int] = IdleConnections(
            PoolLimits(max_keepalive=max_keepalive, keepalive_expiry_s=EXPIRY_S)
        )
        self.max_keepalive = max_keepalive
        self.linger_s = LINGER_S if max_keepalive else 0.0
        self.model: list[tuple[int, str, float]] = []  # oldest first
        self.now = 0.0
        self.named = 0

    def due_at(self) -> float:
        """When a first one expires, or a first one that is too many has lingered."""
        too_many = len(self.model) - self.max_keepalive
        due = [since + EXPIRY_S for _, _, since in self.model]
        due += [since + self.linger_s for _, _, since in self.model[: max(0, too_many)]]
        return min(due, default=math.inf)

    @rule(host=st.sampled_from("abc"))
    def put(self, host: str) -> None:
        self.named += 1
        self.model.append((self.named, host, self.now))
        is_too_many = len(self.model) > self.max_keepalive
        due_at = self.connections.put(self.named, host, self.now)
        assert due_at == (self.due_at() if is_too_many else self.now + EXPIRY_S)

    @rule(host=st.sampled_from("abc"))
    def take(self, host: str) -> None:
        found = [each for each in self.model if each[1] == host and self.now - each[2] <= EXPIRY_S]
        assert self.connections.take(host, self.now) == (found[-1][0] if found else None)
        if found:
            self.model.remove(found[-1])

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(self.model))
        self.connections.remove(gone[0])
        self.model.remove(gone)

    @precondition(lambda self: self.model)
    @rule()
    def take_oldest(self) -> None:
        assert self.connections.take_oldest() == self.model.pop(0)[0]

    @rule(host=st.sampled_from("abc"))
    def take_all_to(self, host: str) -> None:
        assert self.connections.take_all_to(host) == [name for name, to, _ in self.model if to == host]
        self.model = [each for each in self.model if each[1] != host]

    @rule()
    def take_all(self) -> None:
        assert self.connections.take_all() == [name for name, _, _ in self.model]
        self.model = []

    @rule()
    def take_overdue(self) -> None:
        expired = [each for each in self.model if self.now - each[2] >= EXPIRY_S]
        rest = [each for each in self.model if each not in expired]
        too_many = rest[: max(0, len(rest) - self.max_keepalive)]
        lingered = [each for each in too_many if self.now - each[2] >= self.linger_s]
        assert self.connections.take_overdue(self.now) == [
            *((name, "idle_timeout") for name, _, _ in expired),
            *((name, "max_idle") for name, _, _ in lingered),
        ]
        self.model = [each for each in self.model if each not in expired and each not in lingered]
        assert self.due_at() > self.now

    @rule(seconds=st.sampled_from([0.25, 0.5, 1.0, 5.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def nothing_else_is_kept(self) -> None:
        if not hasattr(self, "model"):
            return  # before `begin`
        assert list(self.connections) == [name for name, _, _ in self.model]
        assert len(self.connections) == len(self.model)
        by_host: dict[str, list[tuple[int, float]]] = {}
        for name, host, since in self.model:
            by_host.setdefault(host, []).append((name, since))
        assert self.connections.by_host == by_host
        assert self.connections.next_due_at() == self.due_at()
        assert 0 not in self.connections
        assert all(name in self.connections for name, _, _ in self.model)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
