"""When a request may go, so that an agency is never asked more often than it allows."""

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.policy.quota import Quota, Rate, divided, parse_rates

#: Longer than any wait in here.
PATIENT = 1e9


def turns(quota: Quota, times: int, now: float) -> list[float]:
    taken = [quota.take_turn(now, PATIENT) for _ in range(times)]
    assert all(granted for _, granted in taken)
    return [at for at, _ in taken]


# -- the grammar --


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("0", ()),
        (" 0 ", ()),
        ("5/5s", (Rate(5, 5),)),
        ("100/60s,3/2s", (Rate(100, 60), Rate(3, 2))),
        (" 100/60s , 3/2s ", (Rate(100, 60), Rate(3, 2))),
        ("1/0.5s", (Rate(1, 0.5),)),
        ("999999/99999.999s", (Rate(999_999, 99_999.999),)),
    ],
)
def test_rates_are_requests_per_seconds(text: str, rates: tuple[Rate, ...]) -> None:
    assert parse_rates(text) == rates


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "off", "-1/2s", "3", "3/2", "3/s", "/2s", "3/2m", "3/2ss", "3 / 2s", "3.5/2s", "3/.5s", "3/2.s"),
        *("0/2s", "3/0s", "3/0.0s", "00", "0,3/2s", "3/2s,", ",3/2s", "3/2s,,1/1s", "3/2s;1/1s", "3/2s 1/1s"),
        *("1e3/2s", "3/1e3s", "inf/2s", "3/nans", "٣/2s", "3/2s\n1/1s", "1000000/1s", "1/100000s", "1/1.0001s"),
    ],
)
def test_anything_else_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="not a rate"):
        parse_rates(text)


# -- the turns --


def test_without_rates_everybody_goes_at_once() -> None:
    quota = Quota(())
    assert turns(quota, 1000, now=5) == [5] * 1000
    assert quota.take_turn(5, latest=5) == (5, True)


def test_a_burst_goes_at_once_and_the_next_when_the_first_is_old_enough() -> None:
    quota = Quota(parse_rates("3/2s"))
    assert turns(quota, 7, now=0) == pytest.approx([0, 0, 0, 2.05, 2.05, 2.05, 4.1])


def test_the_strictest_of_several_rates_decides() -> None:
    quota = Quota(parse_rates("4/60s,2/2s"))
    assert turns(quota, 5, now=0) == pytest.approx([0, 0, 2.05, 2.05, 60.05])


def test_a_turn_after_the_latest_is_refused_at_once_and_takes_nothing() -> None:
    quota = Quota(parse_rates("1/1s"))
    turns(quota, 1, now=0)
    assert quota.take_turn(0, latest=1.0) == (1.05, False)
    assert quota.take_turn(0, latest=1.0) == (1.05, False)
    assert quota.take_turn(0, latest=1.05) == (1.05, True)
    stats = quota.stats(0)
    assert (stats.granted, stats.refused) == (2, 2)


def test_a_turn_that_is_given_back_goes_to_the_next() -> None:
    quota = Quota(parse_rates("3/2s"))
    waiting = turns(quota, 4, now=0)[-1]
    quota.give_back(waiting)
    assert turns(quota, 1, now=0.1) == [waiting]
    assert quota.stats(0.1).granted == 4


def test_giving_back_the_last_turn_does_not_forget_those_before_it() -> None:
    quota = Quota(parse_rates("1/1s"))
    _, second, third = turns(quota, 3, now=0)
    quota.give_back(third)
    quota.give_back(second)
    assert turns(quota, 2, now=0.1) == pytest.approx([1.05, 2.1])


def test_a_turn_still_held_does_not_keep_the_next_from_an_earlier_one() -> None:
    quota = Quota(parse_rates("2/2s"))
    *_, first, second, held = turns(quota, 5, now=0)
    quota.give_back(first)
    quota.give_back(second)
    assert turns(quota, 3, now=2.5) == pytest.approx([2.5, 4.55, held + 2.05])


def test_what_was_not_taken_cannot_be_given_back() -> None:
    quota = Quota(parse_rates("1/1s"))
    turns(quota, 1, now=0)
    quota.give_back(0.5)
    assert quota.stats(0).granted == 1
    assert turns(quota, 1, now=0.6) == [1.05]


def test_all_who_wait_are_told() -> None:
    quota = Quota(parse_rates("1/1s"))
    turns(quota, 5, now=0)
    assert [quota.stats(now).waiting for now in (0, 1, 1.05, 2.1, 9)] == [4, 4, 3, 2, 0]


@st.composite
def a_rate(draw: st.DrawFn) -> Rate:
    return Rate(draw(st.integers(1, 4)), draw(st.sampled_from([0.5, 1.0, 2.0, 5.0])))


#: Seconds that go by, then: how long a caller would wait at most, or which of the turns in hand is given back.
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.01, 0.3, 1.0, 2.7]),
        st.one_of(st.sampled_from([0.0, 2.5, 30.0]), st.integers(0, 99)),
    ),
    min_size=20,
    max_size=60,
)


@settings(deadline=None)
@given(st.lists(a_rate(), min_size=1, max_size=3), STEPS)
def test_in_no_window_of_any_rate_do_more_go_than_it_allows(
    rates: list[Rate], steps: Sequence[tuple[float, float | int]]
) -> None:
    quota, now, taken = Quota(rates), 0.0, list[float]()
    for after_s, step in steps:
        now += after_s
        in_hand = [at for at in taken if at >= now]
        if isinstance(step, int):
            if in_hand:
                left = in_hand[step % len(in_hand)]
                quota.give_back(left)
                taken.remove(left)
            continue
        at, granted = quota.take_turn(now, now + step)
        assert at >= now
        assert granted == (at <= now + step)
        if granted:
            taken.append(at)
        for rate in rates:
            going = sorted(taken)
            assert all(late - early > rate.period_s for early, late in zip(going, going[rate.requests :], strict=False))
    assert quota.stats(now).granted == len(taken)
    assert quota.stats(now).waiting == sum(at > now for at in taken)


@given(st.lists(a_rate(), min_size=1, max_size=3), st.lists(st.floats(0, 3), max_size=60))
def test_whoever_asks_first_goes_first_and_as_soon_as_any_rule_allows(rates: list[Rate], gaps: list[float]) -> None:
    quota, now, taken = Quota(rates), 0.0, list[float]()
    for gap in gaps:
        now += gap
        (at,) = turns(quota, 1, now)
        due = [taken[-rate.requests] + rate.period_s + 0.05 for rate in rates if len(taken) >= rate.requests]
        assert at == pytest.approx(max([now, *due]))
        taken.append(at)
    assert taken == sorted(taken)


def test_threads_together_get_no_more_turns_than_the_rate_allows() -> None:
    quota, taken = Quota(parse_rates("5/1s")), list[float]()
    together = threading.Barrier(8)

    def run() -> None:
        together.wait()
        taken.extend(turns(quota, 50, now=0))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    going = sorted(taken)
    assert len(going) == 400
    assert all(late - early > 1 for early, late in zip(going, going[5:], strict=False))


# -- several processes --


@pytest.mark.parametrize(
    ("rate", "processes", "share"),
    [
        (Rate(100, 60), 2, Rate(50, 60)),
        (Rate(5, 5), 2, Rate(2, 5)),
        (Rate(3, 2), 3, Rate(1, 2)),
        (Rate(3, 2), 4, Rate(1, 8 / 3)),
        (Rate(1, 2), 4, Rate(1, 8)),
        (Rate(7, 3), 1, Rate(7, 3)),
    ],
)
def test_a_share_is_whole_requests_or_one_in_a_longer_time(rate: Rate, processes: int, share: Rate) -> None:
    assert divided([rate], processes) == (share,)


def test_without_a_bound_a_share_has_none() -> None:
    assert divided([], 4) == ()


@given(a_rate(), st.integers(1, 64))
def test_processes_with_their_shares_never_ask_more_often_than_the_rate_allows(rate: Rate, processes: int) -> None:
    [share] = divided([rate], processes)
    assert share.requests >= 1
    assert processes * share.requests / share.period_s <= rate.requests / rate.period_s * (1 + 1e-9)
