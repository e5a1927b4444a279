"""What attempts leave in the counts of their agency's traffic: each once, and those that were made only."""

import pytest

from tests.transports.test_attempts import (
    NOW,
    a_call,
    a_call_that_is_over,
    again,
    an_answer,
    policies,
    pool_timeout,
    sent,
    unreachable,
)
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.traffic import TrafficStats
from tools.transports.attempts import Attempts


def listening(asked: AgencyPolicies) -> list[tuple[float | None, float, str]]:
    """What is told of each attempt: seconds at the agency, seconds in the queue, and what was wrong."""
    told: list[tuple[float | None, float, str]] = []
    asked.traffic.listener = lambda _, queued_s, took_s, wrong: told.append((took_s, queued_s, wrong))
    return told


def test_the_wait_for_a_connection_is_not_the_agency_s_time() -> None:
    asked, call = policies(), a_call()
    told = listening(asked)
    attempts = sent(asked, call=call)
    call.queued_s += 2.0
    attempts.answered(an_answer(), NOW + 5)
    assert told == [(3.0, 2.0, "")]
    assert asked.traffic.stats().active == 0


def test_a_retry_is_counted_when_it_was_made_by_what_was_wrong_before() -> None:
    asked = policies()
    attempts = sent(asked)
    attempts.answered(an_answer(503), NOW)
    assert attempts.wait_s(NOW) is not None
    assert asked.traffic.stats().retries == {}
    again(attempts)
    assert asked.traffic.stats() == TrafficStats(active=1, retries={}, stale_resends=0)
    attempts.answered(an_answer(), NOW)
    assert asked.traffic.stats() == TrafficStats(active=0, retries={"503": 1}, stale_resends=0)


def test_a_retry_that_got_no_connection_is_none() -> None:
    asked = policies()
    attempts = sent(asked)
    attempts.answered(an_answer(503), NOW)
    assert attempts.wait_s(NOW) is not None
    assert attempts.admit(NOW) == 0
    attempts.sent(NOW)
    attempts.broke(pool_timeout(), NOW + 1)
    assert asked.traffic.stats() == TrafficStats(active=0, retries={}, stale_resends=0)


def test_a_resend_on_another_connection_is_told_apart_from_retries() -> None:
    asked = policies()
    told = listening(asked)
    attempts = sent(asked)
    attempts.broke(unreachable(was_stale=True), NOW)
    assert attempts.wait_s(NOW) == 0
    again(attempts)
    attempts.answered(an_answer(), NOW)
    assert asked.traffic.stats() == TrafficStats(active=0, retries={}, stale_resends=1)
    assert [wrong for _, _, wrong in told] == ["stale_connection", ""]


def test_who_leaves_before_there_is_a_connection_leaves_no_attempt() -> None:
    asked = policies()
    told = listening(asked)
    attempts = Attempts(sent(asked).request, a_call(), asked, lambda: NOW)
    attempts.admit(NOW)
    attempts.sent(NOW)
    attempts.cut_short(NOW + 1)
    assert told == [(None, 0.0, "cut_short")]  # a wait, and no time of the agency
    assert asked.traffic.stats().active == 1  # the other one


def test_who_leaves_while_the_agency_works_is_cut_short() -> None:
    asked = policies()
    told = listening(asked)
    sent(asked).cut_short(NOW + 1)
    assert told == [(1.0, 0.0, "cut_short")]


def test_a_deadline_that_strikes_while_the_agency_works_is_its_timeout() -> None:
    asked = policies()
    told = listening(asked)
    sent(asked, call=a_call_that_is_over(), at=NOW - 20).cut_short(NOW)
    assert told == [(20.0, 0.0, "provider_timeout")]


def test_a_deadline_that_strikes_while_it_connects_is_the_agency_s_timeout() -> None:
    asked, call = policies(), a_call_that_is_over()
    told = listening(asked)
    attempts = Attempts(sent(asked).request, call, asked, lambda: NOW)
    attempts.admit(NOW - 20)
    attempts.sent(NOW - 20)
    call.cut_on_wire = True
    attempts.cut_short(NOW)
    assert told == [(20.0, 0.0, "provider_timeout")]


def test_an_attempt_that_is_cut_short_after_one_that_was_answered_is_not_answered() -> None:
    asked = policies()
    attempts = sent(asked)
    attempts.answered(an_answer(503), NOW + 0.1)
    again(attempts)
    attempts.cut_short(NOW + 9)
    latency = asked.traffic.latency(NOW + 9)
    assert (latency.samples, latency.p95_ms) == (1, 100.0)


@pytest.mark.parametrize(
    ("status", "word"), [(200, ""), (404, "404"), (418, "418"), (503, "503"), (302, "302"), (599, "other_status")]
)
def test_an_agency_cannot_make_up_words(status: int, word: str) -> None:
    asked = policies()
    told = listening(asked)
    sent(asked).answered(an_answer(status), NOW)
    assert [wrong for _, _, wrong in told] == [word]


def test_a_good_status_with_an_error_in_it_is_wrong() -> None:
    asked = policies()
    told = listening(asked)
    sent(asked).answered(an_answer(200, body=b"<html>"), NOW)
    assert [wrong for _, _, wrong in told] == ["error_in_body"]
