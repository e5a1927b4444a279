"""What each attempt of a request may do, and what follows from how it ended. Driven by hand: nothing is sent."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tools.call import Call, Try, Usage
from tools.errors import (
    CircuitOpen,
    DeadlineExceeded,
    PoolClosed,
    PoolTimeout,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.exchange import Request, Response
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.breaker import Breaker, BreakerRules, Pass
from tools.policy.quota import Quota, parse_rates
from tools.policy.retry import RetryPolicy
from tools.transports.attempts import Attempts

NOW = time.monotonic()
GET = Request("GET", "http://agency/path?key=secret", "agency")
POST = Request("POST", "http://agency/path", "agency")


def a_call(allowed_s: float = 3600.0, **state: Any) -> Call:
    return Call(NOW, NOW + allowed_s, Usage(), **state)


def a_call_that_is_over(**state: Any) -> Call:
    """It began 20 s ago."""
    return Call(NOW - 20, NOW, Usage(), **state)


def policies(rate: str = "0", *, failures: int = 0, at: float = NOW, **rules: Any) -> AgencyPolicies:
    """Waits of retries are the longest that they may be. So many `failures` in a row the breaker has seen by `at`."""
    breaker = Breaker(BreakerRules(**rules))
    for _ in range(failures):
        admitted = breaker.admit(at)
        assert isinstance(admitted, Pass)
        breaker.settle(admitted, at, took_s=0.1, failure="HTTP 500")
    return AgencyPolicies(retry=RetryPolicy(dice=lambda _, high: high), breaker=breaker, quota=Quota(parse_rates(rate)))


def half_open(rate: str = "0") -> AgencyPolicies:
    """The next who asks is the probe."""
    return policies(rate, failures=5, at=NOW - 60)


def breaker_of(policies: AgencyPolicies) -> Breaker:
    assert policies.breaker is not None
    return policies.breaker


def bad(policies: AgencyPolicies) -> tuple[int, int]:
    """The bad calls that the breaker knows of, and all of them."""
    stats = breaker_of(policies).stats(NOW)
    return stats.bad, stats.calls


def has_free_place(policies: AgencyPolicies) -> bool:
    """Whether the probe's place is free; it is taken if so."""
    return isinstance(breaker_of(policies).admit(NOW), Pass)


def sent(policies: AgencyPolicies, request: Request = GET, call: Call | None = None, at: float = NOW) -> Attempts:
    attempts = Attempts(request, call or a_call(), policies, lambda: at)
    again(attempts, at)
    return attempts


def again(attempts: Attempts, at: float = NOW) -> None:
    assert attempts.admit(at) == 0
    attempts.sent(at)
    attempts._connected()


def an_answer(status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Response:
    return Response(status, headers or {}, body, "agency")


def unreachable(*, was_stale: bool = False) -> ProviderUnreachable:
    return ProviderUnreachable("it broke", was_stale=was_stale)


def pool_timeout() -> PoolTimeout:
    return PoolTimeout(host="agency", waited_s=1, limit=1, in_use=1, waiting=1)


# -- admission --


def test_an_open_breaker_is_asked_before_the_quota_and_no_turn_is_taken() -> None:
    closed_off = policies("1/1s", failures=5)
    with pytest.raises(CircuitOpen) as caught:
        Attempts(GET, a_call(), closed_off, time.monotonic).admit(NOW + 4)
    assert caught.value.retry_after_s == pytest.approx(6)
    assert caught.value.upstream == "agency"
    assert (closed_off.quota.stats(NOW).granted, closed_off.quota.stats(NOW).refused) == (0, 0)


def test_a_turn_that_comes_after_the_deadline_is_refused_at_once() -> None:
    slow = policies("1/60s")
    call = a_call(allowed_s=20)
    sent(slow, call=call)
    with pytest.raises(RateLimited) as caught:
        Attempts(GET, call, slow, time.monotonic).admit(NOW + 10)
    assert caught.value.retry_after_s == pytest.approx(50.05)
    assert call.usage.attempts == 1


def test_a_refused_turn_frees_the_place_of_the_probe() -> None:
    slow = half_open("1/60s")
    slow.quota.take_turn(NOW, NOW)
    with pytest.raises(RateLimited):
        Attempts(GET, a_call(allowed_s=20), slow, time.monotonic).admit(NOW)
    assert has_free_place(slow)


def test_the_wait_for_a_turn_is_told_not_waited_for() -> None:
    slow = policies("1/60s")
    sent(slow)
    assert Attempts(GET, a_call(), slow, time.monotonic).admit(NOW + 10) == pytest.approx(50.05)


def test_who_leaves_the_queue_gives_back_the_turn_and_the_place_of_the_probe() -> None:
    slow = half_open("1/60s")
    slow.quota.take_turn(NOW, NOW)
    attempts = Attempts(GET, a_call(), slow, time.monotonic)
    wait_s = attempts.admit(NOW)
    assert not has_free_place(slow)
    attempts.leave_queue()
    assert slow.quota.stats(NOW).granted == 1
    assert Attempts(GET, a_call(), slow, time.monotonic).admit(NOW) == wait_s


def test_who_leaves_the_queue_before_a_retry_spends_nothing_of_the_budget() -> None:
    slow = policies("1/60s")
    attempts = sent(slow)
    attempts.answered(an_answer(503), NOW)
    assert attempts.wait_s(NOW) is not None
    assert attempts.admit(NOW) > 0
    attempts.leave_queue()
    assert slow.budget.stats().retries == 0


def test_who_is_cut_short_before_there_is_a_connection_has_used_no_turn() -> None:
    slow = policies("1/60s")
    attempts = Attempts(GET, a_call(), slow, lambda: NOW)
    attempts.admit(NOW)
    attempts.sent(NOW)
    attempts.cut_short(NOW)
    assert slow.quota.stats(NOW).granted == 0
    sent(slow).cut_short(NOW)  # this one was under way
    assert slow.quota.stats(NOW).granted == 1


def test_a_pass_that_is_taken_back_during_a_probe_names_a_time_to_come_again() -> None:
    slow = policies("1/60s", recovery_s=10)
    sent(slow)
    queued = Attempts(GET, a_call(), slow, lambda: NOW + 70)
    assert queued.admit(NOW) > 0
    for _ in range(5):
        admitted = breaker_of(slow).admit(NOW)
        assert isinstance(admitted, Pass)
        breaker_of(slow).settle(admitted, NOW, took_s=0.1, failure="HTTP 500")
    assert isinstance(breaker_of(slow).admit(NOW + 65), Pass)
    with pytest.raises(CircuitOpen) as caught:
        queued.still_to_wait_s(NOW + 70)
    assert caught.value.retry_after_s == 10


def test_a_refusal_of_ours_ends_the_attempts_that_came_before_it() -> None:
    for limited in (policies(failures=4), policies("1/60s")):
        attempts = sent(limited, call=a_call(allowed_s=20))
        attempts.answered(an_answer(503), NOW)
        assert attempts.wait_s(NOW) is not None
        with pytest.raises((CircuitOpen, RateLimited)) as refused:
            attempts.admit(NOW)
        assert attempts.wait_s(NOW) is None
        assert limited.budget.stats().retries == 0  # it was not made
        told = attempts.handed_over(refused.value)
        assert told.status == 503


def test_a_refusal_after_a_broken_attempt_tells_of_that_one() -> None:
    limited = policies(failures=4)
    attempts, broken = sent(limited), unreachable()
    attempts.broke(broken, NOW)
    with pytest.raises(CircuitOpen) as refused:
        attempts.admit(NOW)
    with pytest.raises(ProviderUnreachable):
        attempts.handed_over(refused.value)
    assert attempts.sent_last is broken


def test_later_turns_count_from_when_a_request_really_went_out() -> None:
    slow = policies("1/2s")
    first = Attempts(GET, a_call(), slow, lambda: NOW + 0.5)
    assert first.admit(NOW) == 0
    first.sent(NOW)
    second = Attempts(GET, a_call(), slow, lambda: NOW + 2.05)
    assert second.admit(NOW) == pytest.approx(2.05)
    first._connected()
    assert second.still_to_wait_s(NOW + 2.05) == pytest.approx(0.5)
    assert second.still_to_wait_s(NOW + 2.55) == pytest.approx(0, abs=1e-6)


def test_without_a_breaker_everything_is_let_through() -> None:
    off = AgencyPolicies(breaker=None)
    for _ in range(50):
        sent(off).broke(unreachable(), NOW)
        sent(off).cut_short(NOW)
    sent(off, call=a_call_that_is_over(), at=NOW - 20).cut_short(NOW)


# -- what counts as a failure --


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 410, 422, 425, 451, 499])
def test_a_4xx_is_no_failure(status: int) -> None:
    healthy = policies()
    for _ in range(30):
        sent(healthy).answered(an_answer(status), NOW)
    assert bad(healthy) == (0, 30)


@pytest.mark.parametrize("status", [429, 500, 501, 502, 503, 504, 302])
def test_too_many_requests_and_any_other_bad_status_are_failures(status: int) -> None:
    failing = policies()
    for _ in range(4):
        sent(failing).answered(an_answer(status), NOW)
    assert bad(failing) == (4, 4)
    assert breaker_of(failing).stats(NOW).bad_by_reason == {f"HTTP {status}": 4}
    sent(failing).answered(an_answer(status), NOW)
    assert breaker_of(failing).stats(NOW).state == "open"


def test_a_failure_with_a_good_status_is_one() -> None:
    failing = policies()
    sent(failing).answered(an_answer(200, body=b"<html>"), NOW)
    assert bad(failing) == (1, 1)
    assert breaker_of(failing).stats(NOW).bad_by_reason == {"HTTP 200 with an error": 1}


def test_a_4xx_ends_a_row_of_failures() -> None:
    failing = policies(failures=4)
    sent(failing).answered(an_answer(404), NOW)
    assert breaker_of(failing).stats(NOW).failures_in_a_row == 0


@pytest.mark.parametrize(
    "error", [unreachable(), ProviderTimeout("late"), ProviderGarbled("what?"), ProviderTooLarge("huge")]
)
def test_what_the_agency_did_wrong_is_a_failure(error: ToolError) -> None:
    failing = policies()
    sent(failing).broke(error, NOW)
    assert bad(failing) == (1, 1)
    assert breaker_of(failing).stats(NOW).bad_by_reason == {error.code: 1}


def test_what_the_agency_refused_is_none() -> None:
    healthy = policies()
    sent(healthy).broke(ProviderRejected("a redirect elsewhere"), NOW)
    assert bad(healthy) == (0, 1)


@pytest.mark.parametrize("error", [pool_timeout(), PoolClosed("closed"), DeadlineExceeded("late")])
def test_what_never_got_to_the_agency_says_nothing_about_it(error: ToolError) -> None:
    tried = half_open()
    attempts = sent(tried)
    assert not has_free_place(tried)
    attempts.broke(error, NOW)
    assert breaker_of(tried).stats(NOW).state == "half_open"
    assert has_free_place(tried)
    assert attempts.wait_s(NOW) is None


def test_a_slow_answer_counts_by_the_agencys_time_without_our_queue() -> None:
    busy, call = policies(), a_call()
    attempts = sent(busy, call=call)
    call.queued_s += 12.0
    attempts.answered(an_answer(), NOW + 20)
    assert bad(busy) == (0, 1)
    again(attempts, NOW + 20)  # the time in the queue of an earlier attempt is no part of this one
    attempts.answered(an_answer(), NOW + 31)
    assert breaker_of(busy).stats(NOW + 31).bad_by_reason == {"slow": 1}


def test_a_good_probe_closes_the_breaker_and_a_bad_one_opens_it() -> None:
    for status, state in ((200, "closed"), (404, "closed"), (503, "open")):
        tried = half_open()
        sent(tried).answered(an_answer(status), NOW)
        assert breaker_of(tried).stats(NOW).state == state


# -- attempts cut short --


def test_a_probe_whose_caller_left_frees_its_place() -> None:
    tried = half_open()
    sent(tried).cut_short(NOW)
    assert has_free_place(tried)


def test_a_caller_that_left_says_nothing_about_the_agency() -> None:
    left = policies()
    sent(left).cut_short(NOW + 15)
    assert bad(left) == (0, 0)


def by_cancelling(attempts: Attempts) -> None:
    attempts.cut_short(NOW)


def by_an_error(attempts: Attempts) -> None:
    attempts.broke(ProviderTimeout("late"), NOW)


@pytest.mark.parametrize("cut", [by_cancelling, by_an_error])
def test_no_answer_within_the_deadline_is_a_failure(cut: Callable[[Attempts], None]) -> None:
    failing = policies()
    cut(sent(failing, call=a_call_that_is_over(), at=NOW - 20))
    assert breaker_of(failing).stats(NOW).bad_by_reason == {"no answer within the deadline": 1}


@pytest.mark.parametrize("cut", [by_cancelling, by_an_error])
def test_twenty_callers_in_a_hurry_prove_what_one_does_not(cut: Callable[[Attempts], None]) -> None:
    asked = policies(bad_share=1.1)
    for at in range(20):
        assert breaker_of(asked).stats(NOW).state == "closed", at
        cut(sent(asked, call=a_call_that_is_over(is_impatient=True), at=NOW - 1))
    assert breaker_of(asked).stats(NOW).state == "open"


@pytest.mark.parametrize("cut", [by_cancelling, by_an_error])
def test_less_than_half_a_second_proves_nothing(cut: Callable[[Attempts], None]) -> None:
    asked = policies()
    cut(sent(asked, call=a_call_that_is_over(), at=NOW - 0.4))
    assert bad(asked) == (0, 0)


def test_a_call_that_had_used_up_most_of_its_time_before_proves_little() -> None:
    asked = policies(in_a_row=1)
    sent(asked, call=a_call_that_is_over(), at=NOW - 9).cut_short(NOW)
    assert (bad(asked), breaker_of(asked).stats(NOW).state) == ((1, 1), "closed")


@pytest.mark.parametrize("cut", [by_cancelling, by_an_error])
def test_a_probe_that_came_to_nothing_was_one_however_short(cut: Callable[[Attempts], None]) -> None:
    tried = half_open()
    cut(sent(tried, call=a_call_that_is_over(is_impatient=True), at=NOW - 0.1))
    assert breaker_of(tried).stats(NOW).state == "open"


def test_a_deadline_that_struck_in_our_own_queue_says_nothing_about_the_agency() -> None:
    tried, call = half_open(), a_call_that_is_over()
    attempts = sent(tried, call=call, at=NOW - 20)
    call.queued_s += 11
    attempts.cut_short(NOW)
    assert has_free_place(tried)


# -- the next attempt --


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_status_that_may_pass_is_tried_again(status: int) -> None:
    attempts = sent(policies())
    attempts.answered(an_answer(status), NOW)
    assert attempts.wait_s(NOW) == 0.25


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 422, 501, 505])
def test_any_other_is_handed_over(status: int) -> None:
    attempts = sent(policies())
    attempts.answered(an_answer(status), NOW)
    assert attempts.wait_s(NOW) is None


@pytest.mark.parametrize("error", [unreachable(), ProviderTimeout("late")])
def test_an_error_that_may_pass_is_tried_again_twice(error: ToolError) -> None:
    attempts = sent(policies())
    waits = []
    for _ in range(3):
        attempts.broke(error, NOW)
        waits.append(attempts.wait_s(NOW))
        again(attempts)
    assert waits == [0.25, 0.5, None]


@pytest.mark.parametrize("error", [ProviderGarbled("what?"), ProviderTooLarge("huge"), ProviderRejected("no")])
def test_an_error_that_will_not_pass_is_handed_over(error: ToolError) -> None:
    attempts = sent(policies())
    attempts.broke(error, NOW)
    assert attempts.wait_s(NOW) is None


@pytest.mark.parametrize(
    ("said", "wait_s"),
    [
        ("7", 7.0),
        ("3600", 30.0),
        ("9" * 400, 30.0),
        ("0", 0.25),
        ("soon", 0.25),
        ("-5", 0.25),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.25),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 30.0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", 0.25),
    ],
)
def test_what_the_agency_says_about_coming_back_is_kept_to_within_its_cap(said: str, wait_s: float) -> None:
    attempts = sent(policies())
    attempts.answered(an_answer(503, {"retry-after": said}), NOW)
    assert attempts.wait_s(NOW) == wait_s


def test_a_wait_beyond_the_deadline_is_not_begun_and_spends_nothing() -> None:
    hasty = policies()
    attempts = sent(hasty, call=a_call(allowed_s=20))
    attempts.answered(an_answer(429, {"retry-after": "20"}), NOW + 0.5)
    assert attempts.wait_s(NOW + 0.5) is None
    assert hasty.budget.stats().retries == 0


def test_an_outage_is_retried_within_the_budget_only() -> None:
    failing = policies(in_a_row=999, min_calls=999)
    waits = []
    for _ in range(30):
        attempts = sent(failing)
        attempts.broke(unreachable(), NOW)
        waits.append(attempts.wait_s(NOW))
    assert waits == [0.25] * 10 + [None] * 20
    stats = failing.budget.stats()
    assert (stats.requests, stats.retries, stats.refused) == (30, 10, 20)


def test_a_request_is_one_request_to_the_budget_however_often_it_is_sent() -> None:
    failing = policies()
    attempts = sent(failing)
    for _ in range(2):
        attempts.broke(unreachable(), NOW)
        assert attempts.wait_s(NOW) is not None
        again(attempts)
    stats = failing.budget.stats()
    assert (stats.requests, stats.retries) == (1, 2)


@pytest.mark.parametrize("answered", [True, False])
def test_a_post_is_repeated_only_if_it_reads(answered: bool) -> None:
    for request, wait_s in ((POST, None), (Request("POST", POST.url, "agency", only_reads=True), 0.25)):
        attempts = sent(policies(), request)
        if answered:
            attempts.answered(an_answer(503), NOW)
        else:
            attempts.broke(unreachable(), NOW)
        assert attempts.wait_s(NOW) == wait_s


# -- connections that idled for too long --


def test_after_a_stale_connection_the_request_is_sent_at_once_and_that_is_an_attempt() -> None:
    idled, call = policies(), a_call()
    attempts = sent(idled, call=call)
    attempts.broke(unreachable(was_stale=True), NOW)
    assert attempts.wait_s(NOW) == 0
    again(attempts)
    attempts.answered(an_answer(), NOW)
    stats = idled.budget.stats()
    assert (stats.requests, stats.retries, stats.refused) == (1, 0, 0)  # the budget is for outages
    assert bad(idled) == (0, 1)
    assert call.usage.attempts == 2


def test_stale_connections_are_no_failures_and_three_of_them_the_end() -> None:
    idled = policies()
    attempts = sent(idled)
    waits = []
    for _ in range(3):
        attempts.broke(unreachable(was_stale=True), NOW)
        waits.append(attempts.wait_s(NOW))
        again(attempts)
    assert waits == [0, 0, None]
    assert bad(idled) == (0, 0)


def test_a_stale_connection_frees_the_place_of_the_probe() -> None:
    tried = half_open()
    sent(tried).broke(unreachable(was_stale=True), NOW)
    assert breaker_of(tried).stats(NOW).state == "half_open"
    assert has_free_place(tried)


def test_a_post_is_not_repeated_after_a_stale_connection() -> None:
    attempts = sent(policies(), POST)
    attempts.broke(unreachable(was_stale=True), NOW)
    assert attempts.wait_s(NOW) is None


def test_after_the_deadline_nothing_is_sent_again() -> None:
    attempts = sent(policies(), call=a_call(allowed_s=5))
    attempts.broke(unreachable(was_stale=True), NOW + 5)
    assert attempts.wait_s(NOW + 5) is None


# -- telling --


def test_every_try_is_told_with_what_it_came_to_and_without_its_query() -> None:
    call = a_call()
    attempts = sent(policies(in_a_row=99), call=call)
    attempts.broke(unreachable(was_stale=True), NOW + 1)
    again(attempts, NOW + 1)
    attempts.answered(an_answer(503), NOW + 3)
    again(attempts, NOW + 4)
    attempts.answered(an_answer(200, body=b""), NOW + 4)
    again(attempts, NOW + 4)
    attempts.cut_short(NOW + 5)
    again(attempts, NOW + 5)
    attempts.answered(an_answer(), NOW + 5.5)
    outcomes = ["provider_unreachable", "HTTP 503", "HTTP 200 with an error", "cut short", "ok"]
    assert call.usage.tries == [Try("GET /path", outcome) for outcome in outcomes]
    assert call.usage.attempts == 5
    assert call.usage.upstream_s == pytest.approx(4.5)


def test_pools_are_told_not_to_send_again_and_to_say_anew_what_they_used() -> None:
    call = a_call(reused_connection=True)
    sent(policies(), call=call)
    assert (call.resends, call.reused_connection) == (True, False)
