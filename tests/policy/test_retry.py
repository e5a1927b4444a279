"""When a request is sent once more, after how long, and how many retries an outage may cause."""

import math
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.policy.retry import RetryBudget, RetryPolicy


def longest(_: float, high: float) -> float:
    return high


def shortest(low: float, _: float) -> float:
    return low


# -- the policy --


def test_the_dice_are_thrown_between_nothing_and_a_bound_that_doubles_up_to_the_longest() -> None:
    thrown: list[tuple[float, float]] = []

    def dice(low: float, high: float) -> float:
        thrown.append((low, high))
        return low

    policy = RetryPolicy(attempts=9, base_s=0.25, longest_s=1.5, dice=dice)
    for attempt in range(1, 6):
        policy.wait_s(attempt, None, 60)
    assert thrown == [(0, 0.25), (0, 0.5), (0, 1.0), (0, 1.5), (0, 1.5)]


@given(st.integers(1, 50), st.floats(0.001, 60))
def test_waits_by_default_differ_and_stay_within_their_bound(attempt: int, base_s: float) -> None:
    policy = RetryPolicy(attempts=99, base_s=base_s, longest_s=5.0)
    waits = {policy.wait_s(attempt, None, math.inf) for _ in range(9)}
    assert len(waits) > 1
    assert all(wait is not None and 0 <= wait <= min(5.0, base_s * 2 ** (attempt - 1)) for wait in waits)


def test_three_attempts_are_made_and_no_fourth() -> None:
    policy = RetryPolicy()
    assert [policy.wait_s(attempt, None, 60) is not None for attempt in (1, 2, 3, 4)] == [True, True, False, False]


def test_one_attempt_is_no_retry_whatever_the_agency_asks_for() -> None:
    assert RetryPolicy(attempts=1).wait_s(1, 0.0, 60) is None


@pytest.mark.parametrize(("asked_s", "waited_s"), [(0.0, 0.25), (0.1, 0.25), (7.0, 7.0), (30.0, 30.0), (31.0, 30.0)])
def test_what_the_agency_asks_for_is_waited_for_at_least_and_within_the_cap(asked_s: float, waited_s: float) -> None:
    assert RetryPolicy(dice=longest).wait_s(1, asked_s, 60) == waited_s


def test_a_cap_holds_for_any_number_an_agency_may_send() -> None:
    assert RetryPolicy(dice=shortest).wait_s(1, math.inf, 60) == 30


def test_a_wait_that_uses_the_deadline_up_is_not_begun() -> None:
    policy = RetryPolicy(dice=longest)
    assert policy.wait_s(1, 5.0, 5.001) == 5.0
    assert policy.wait_s(1, 5.0, 5.0) is None
    assert policy.wait_s(1, None, 0.25) is None
    assert RetryPolicy(dice=shortest).wait_s(1, None, 0.0) is None
    assert RetryPolicy(dice=shortest).wait_s(1, None, -1.0) is None


# -- the budget --


def spend(budget: RetryBudget, times: int, now: float) -> list[bool]:
    return [budget.try_spend(now) for _ in range(times)]


def test_a_few_retries_are_had_even_without_requests() -> None:
    budget = RetryBudget()
    assert spend(budget, 11, now=0) == [True] * 10 + [False]


def test_of_many_requests_a_fifth_may_be_retried() -> None:
    budget = RetryBudget()
    for _ in range(100):
        budget.note_request(0)
    assert spend(budget, 21, now=1) == [True] * 20 + [False]


def test_a_budget_comes_back_as_retries_grow_old() -> None:
    budget = RetryBudget(at_least=1)
    assert spend(budget, 2, now=0) == [True, False]
    assert spend(budget, 1, now=9.999) == [False]
    assert spend(budget, 2, now=10) == [True, False]


def test_requests_that_grow_old_give_no_budget() -> None:
    budget = RetryBudget(at_least=1)
    for _ in range(50):
        budget.note_request(0)
    assert spend(budget, 2, now=10) == [True, False]


def test_a_budget_tells_what_it_has_seen_of_all_time() -> None:
    budget = RetryBudget(at_least=1)
    for now in (0, 100, 200):
        budget.note_request(now)
        spend(budget, 2, now=now)
    stats = budget.stats()
    assert (stats.requests, stats.retries, stats.refused) == (3, 3, 3)


@given(
    st.lists(st.tuples(st.floats(0, 4), st.sampled_from(["request", "retry"])), max_size=120),
    st.floats(0, 1),
    st.integers(0, 4),
)
def test_in_no_window_are_there_more_retries_than_the_share_or_the_few(
    events: Sequence[tuple[float, str]], share: float, at_least: int
) -> None:
    budget = RetryBudget(share=share, at_least=at_least, window_s=10)
    now, requests, retries = 0.0, list[float](), list[float]()
    for after_s, event in events:
        now += after_s
        if event == "request":
            budget.note_request(now)
            requests.append(now)
            continue
        before = sum(at > now - 10 for at in retries)
        allowed = max(at_least, share * sum(at > now - 10 for at in requests))
        # Neither one too many nor one too few.
        assert budget.try_spend(now) == (before < allowed)
        if before < allowed:
            retries.append(now)


def test_threads_together_spend_no_more_than_there_is() -> None:
    budget, spent = RetryBudget(), list[bool]()
    together = threading.Barrier(8)

    def run() -> None:
        together.wait()
        spent.extend(spend(budget, 50, now=0))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(spent), sum(spent)) == (400, 10)
