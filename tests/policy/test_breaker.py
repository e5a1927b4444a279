"""When an agency is left alone, and who tries it again: step by step, under any order of steps, and by many threads."""

import threading
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tools.policy.breaker import Breaker, BreakerRules, BreakerState, Pass


def let_through(breaker: Breaker, now: float = 0.0) -> Pass:
    admitted = breaker.admit(now)
    assert isinstance(admitted, Pass)
    return admitted


def ask(breaker: Breaker, outcomes: str, now: float = 0.0) -> None:
    """Calls one after the other: `f`ailed, `g`ood, `s`low but good."""
    for outcome in outcomes:
        failure = "HTTP 503" if outcome == "f" else None
        took_s = 10.001 if outcome == "s" else 0.1
        breaker.settle(let_through(breaker, now), now, took_s=took_s, failure=failure)


def state(breaker: Breaker, now: float = 0.0) -> BreakerState:
    return breaker.stats(now).state


def an_open_one(at: float = 0.0) -> Breaker:
    breaker = Breaker()
    ask(breaker, "fffff", at)
    assert state(breaker, at) == "open"
    return breaker


# -- opening --


def test_five_failures_in_a_row_open_it_and_four_do_not() -> None:
    breaker = Breaker()
    ask(breaker, "ffff")
    assert state(breaker) == "closed"
    ask(breaker, "f")
    assert state(breaker) == "open"


def test_a_success_between_starts_the_row_anew() -> None:
    breaker = Breaker()
    ask(breaker, "ffffgffff")
    assert (state(breaker), breaker.stats(0).failures_in_a_row) == ("closed", 4)


def test_a_row_counts_however_far_apart_its_failures_are() -> None:
    breaker = Breaker()
    for now in range(0, 500, 100):
        ask(breaker, "f", now)
    assert state(breaker, 400) == "open"


def test_half_of_twenty_calls_open_it() -> None:
    breaker = Breaker()
    ask(breaker, "gf" * 9 + "g")
    assert (breaker.stats(0).calls, state(breaker)) == (19, "closed")
    ask(breaker, "f")
    assert state(breaker) == "open"


def test_less_than_half_do_not() -> None:
    breaker = Breaker()
    ask(breaker, "gfg" * 40)
    assert state(breaker) == "closed"


def test_no_share_of_few_calls_opens_it() -> None:
    breaker = Breaker()
    ask(breaker, "ffffg" * 3 + "ffff")
    assert (breaker.stats(0).bad, breaker.stats(0).calls, state(breaker)) == (16, 19, "closed")


def test_calls_older_than_the_window_do_not_count() -> None:
    breaker = Breaker()
    ask(breaker, "gf" * 9, now=0)
    ask(breaker, "gf", now=10)
    assert (breaker.stats(10).calls, breaker.stats(10).bad, state(breaker, 10)) == (2, 1, "closed")
    assert breaker.stats(20).calls == 0


def test_slow_calls_count_in_the_share_but_not_in_a_row() -> None:
    breaker = Breaker()
    ask(breaker, "s" * 19)
    stats = breaker.stats(0)
    assert (stats.state, stats.bad, stats.failures_in_a_row) == ("closed", 19, 0)
    ask(breaker, "s")
    assert state(breaker) == "open"
    assert breaker.stats(0).bad_by_reason == {"slow": 20}


def test_a_slow_success_ends_a_row_and_a_slow_failure_does_not() -> None:
    breaker = Breaker()
    ask(breaker, "ffffs")
    assert breaker.stats(0).failures_in_a_row == 0
    breaker.settle(let_through(breaker), 0, took_s=60, failure="timeout")
    assert (breaker.stats(0).failures_in_a_row, breaker.stats(0).bad_by_reason["timeout"]) == (1, 1)


def test_a_call_of_just_the_time_allowed_is_not_slow() -> None:
    breaker = Breaker()
    breaker.settle(let_through(breaker), 0, took_s=10.0, failure=None)
    assert breaker.stats(0).bad == 0


# -- open --


def test_it_lets_nobody_through_before_its_recovery_and_says_how_long_that_is() -> None:
    breaker = an_open_one(at=100)
    assert breaker.admit(100) == 10
    assert breaker.admit(107.5) == 2.5
    assert breaker.stats(107.5).retry_after_s == 2.5
    assert isinstance(breaker.admit(110), Pass)


def test_what_was_let_through_before_it_opened_changes_nothing_any_more() -> None:
    breaker = Breaker()
    early = [let_through(breaker) for _ in range(6)]
    ask(breaker, "fffff")
    before = breaker.stats(0)
    breaker.settle(early[0], 0, took_s=0.1, failure=None)
    breaker.settle(early[1], 0, took_s=0.1, failure="HTTP 500")
    breaker.release(early[2])
    assert breaker.stats(0) == before
    probe = let_through(breaker, now=10)
    breaker.settle(early[3], 10, took_s=0.1, failure="HTTP 500")
    breaker.release(early[4])
    assert (state(breaker, 10), breaker.admit(10)) == ("half_open", 10)
    breaker.settle(probe, 10, took_s=0.1, failure=None)
    breaker.settle(early[5], 10, took_s=0.1, failure="HTTP 500")
    assert (state(breaker, 10), breaker.stats(10).bad) == ("closed", 0)


# -- half open --


def test_one_call_tries_it_and_the_others_are_told_to_come_later() -> None:
    breaker = an_open_one()
    assert let_through(breaker, now=10).is_probe
    assert [breaker.admit(10) for _ in range(49)] == [10.0] * 49


def test_a_good_probe_closes_it_and_the_past_is_forgotten() -> None:
    breaker = an_open_one()
    breaker.settle(let_through(breaker, now=10), 10.5, took_s=0.5, failure=None)
    assert state(breaker, 10.5) == "closed"
    ask(breaker, "ffff", now=10.5)
    assert state(breaker, 10.5) == "closed"


@pytest.mark.parametrize(("took_s", "failure"), [(0.1, "HTTP 503"), (10.001, None)])
def test_a_bad_probe_opens_it_for_another_recovery(took_s: float, failure: str | None) -> None:
    breaker = an_open_one()
    breaker.settle(let_through(breaker, now=10), 12, took_s=took_s, failure=failure)
    assert (state(breaker, 12), breaker.stats(12).opened) == ("open", 2)
    assert breaker.admit(21.5) == 0.5
    assert let_through(breaker, now=22).is_probe


def test_a_probe_whose_caller_left_frees_its_place() -> None:
    breaker = an_open_one()
    breaker.release(let_through(breaker, now=10))
    assert state(breaker, 10) == "half_open"
    assert let_through(breaker, now=10).is_probe


def test_a_probe_of_an_earlier_recovery_does_not_free_the_place_of_a_later_one() -> None:
    breaker = an_open_one()
    first = let_through(breaker, now=10)
    breaker.settle(first, 10, took_s=0.1, failure="HTTP 503")
    let_through(breaker, now=20)
    breaker.release(first)
    breaker.settle(first, 20, took_s=0.1, failure=None)
    assert (state(breaker, 20), breaker.admit(20)) == ("half_open", 10)


# -- telling --


def test_the_last_reasons_are_told_newest_first_and_all_are_counted() -> None:
    breaker = Breaker(BreakerRules(in_a_row=99))
    for now in range(7):
        breaker.settle(let_through(breaker), now, took_s=0.1, failure=f"HTTP 50{now}")
    stats = breaker.stats(8)
    assert [(each.reason, each.ago_s) for each in stats.reasons] == [
        (f"HTTP 50{now}", 8 - now) for now in range(6, 1, -1)
    ]
    assert stats.bad_by_reason == {f"HTTP 50{now}": 1 for now in range(7)}


def test_reasons_outlive_the_change_of_state_that_they_led_to() -> None:
    breaker = an_open_one()
    assert [each.reason for each in breaker.stats(1).reasons] == ["HTTP 503"] * 5


# -- any order --

RULES = BreakerRules(window_s=4, min_calls=6, bad_share=0.5, in_a_row=3, slow_call_s=1, recovery_s=5)


class AnyOrder(RuleBasedStateMachine):
    """Callers come, end well or badly, and leave, in any order; what they were told is checked outside."""

    def __init__(self) -> None:
        super().__init__()
        self.breaker = Breaker(RULES)
        self.now = 0.0
        self.state: BreakerState = "closed"
        self.opened_at = 0.0
        self.changes = 0
        #: Who is under way, and after how many changes of state they were let through.
        self.under_way: list[tuple[Pass, int]] = []
        #: Ends since the last change of state: when, and whether they were bad.
        self.ends: list[tuple[float, bool]] = []
        self.row = 0

    def change(self, to: BreakerState) -> None:
        self.state, self.row = to, 0
        self.changes += 1
        self.ends.clear()
        if to == "open":
            self.opened_at = self.now

    def probes(self) -> int:
        return sum(admitted.is_probe and since == self.changes for admitted, since in self.under_way)

    @rule()
    def come(self) -> None:
        admitted = self.breaker.admit(self.now)
        if self.state == "open" and self.now >= self.opened_at + RULES.recovery_s:
            self.change("half_open")
        if self.state == "open":
            assert admitted == pytest.approx(self.opened_at + RULES.recovery_s - self.now)
        elif self.state == "half_open" and self.probes():
            assert admitted == RULES.recovery_s
        else:
            assert isinstance(admitted, Pass)
            assert admitted.is_probe == (self.state == "half_open")
            self.under_way.append((admitted, self.changes))

    @precondition(lambda self: self.under_way)
    @rule(pick=st.integers(0, 99), failure=st.sampled_from([None, None, "HTTP 500"]), took_s=st.sampled_from([0.1, 2]))
    def end(self, pick: int, failure: str | None, took_s: float) -> None:
        admitted, since = self.under_way.pop(pick % len(self.under_way))
        before = self.breaker.stats(self.now)
        self.breaker.settle(admitted, self.now, took_s=took_s, failure=failure)
        if since != self.changes:
            assert self.breaker.stats(self.now) == before
            return
        is_bad = failure is not None or took_s > RULES.slow_call_s
        if admitted.is_probe:
            self.change("open" if is_bad else "closed")
            return
        self.ends.append((self.now, is_bad))
        self.row = 0 if failure is None else self.row + 1
        of_late = [bad for at, bad in self.ends if at > self.now - RULES.window_s]
        if self.row == RULES.in_a_row or (len(of_late) >= RULES.min_calls and sum(of_late) * 2 >= len(of_late)):
            self.change("open")

    @precondition(lambda self: self.under_way)
    @rule(pick=st.integers(0, 99))
    def leave(self, pick: int) -> None:
        admitted, _ = self.under_way.pop(pick % len(self.under_way))
        self.breaker.release(admitted)

    @rule(seconds=st.sampled_from([0.1, 0.5, 2, 6]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @invariant()
    def it_stands_as_its_rules_say(self) -> None:
        stats = self.breaker.stats(self.now)
        of_late = [bad for at, bad in self.ends if at > self.now - RULES.window_s]
        assert stats.state == self.state
        assert (stats.calls, stats.bad, stats.failures_in_a_row) == (len(of_late), sum(of_late), self.row)

    @invariant()
    def one_at_most_tries_it(self) -> None:
        assert self.probes() <= 1


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


# -- many threads --


def in_threads(count: int, run: Callable[[], None]) -> None:
    together = threading.Barrier(count)

    def begin() -> None:
        together.wait()
        run()

    threads = [threading.Thread(target=begin) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_of_many_threads_one_tries_it() -> None:
    for _ in range(20):
        breaker, told = an_open_one(), list[Pass | float]()
        in_threads(8, lambda b=breaker, t=told: t.extend(b.admit(10) for _ in range(50)))  # type: ignore[misc]
        assert len(told) == 400
        assert sum(isinstance(each, Pass) for each in told) == 1


def test_threads_lose_no_call() -> None:
    breaker = Breaker()
    in_threads(8, lambda: ask(breaker, "gfg" * 50))
    assert (breaker.stats(0).calls, breaker.stats(0).bad) == (1200, 400)
