"""Which connections are in use, since when, and which for too long: with the clock handed in."""

import math

from tools.http_client.open_connections import Hold, InUse


def in_use(**since: float) -> InUse[str]:
    """Connections of the same names, in use since then, under a threshold of 10 s."""
    holds: InUse[str] = InUse(10)
    for name, at in since.items():
        holds[name] = Hold(f"{name}:1", at)
    return holds


def test_the_oldest_hold_is_known() -> None:
    holds = in_use(a=100, b=103)
    assert holds.oldest_s(105) == 5
    del holds["a"]
    assert holds.oldest_s(105) == 2
    del holds["b"]
    assert holds.oldest_s(105) == 0


def test_a_hold_is_new_beyond_the_threshold_once() -> None:
    holds = in_use(a=100, b=105)
    assert holds.next_overdue_at() == 110
    assert holds.newly_overdue(109.9) == []
    assert [hold.host for hold in holds.newly_overdue(110)] == ["a:1"]
    assert holds.newly_overdue(114) == []
    assert holds.next_overdue_at() == 115
    assert [hold.host for hold in holds.newly_overdue(200)] == ["b:1"]
    assert (holds.overdue_total, holds.next_overdue_at()) == (2, math.inf)


def test_what_is_overdue_is_shown_for_as_long_as_it_lasts() -> None:
    holds = in_use(a=100, b=111)
    assert holds.overdue(109) == ()
    assert [(held.host, held.held_s) for held in holds.overdue(112.0004)] == [("a:1", 12)]
    del holds["a"]
    assert holds.overdue(113) == ()


def test_a_connection_that_is_used_again_is_held_from_then_on() -> None:
    holds = in_use(a=100, b=104)
    assert holds.newly_overdue(112) == [Hold("a:1", 100, is_overdue=True)]
    del holds["a"]
    holds["a"] = Hold("a:1", 112)
    assert (holds.oldest_s(113), holds.next_overdue_at()) == (9, 114)
    assert [hold.host for hold in holds.newly_overdue(122)] == ["b:1", "a:1"]
    assert holds.overdue_total == 3


def test_the_end_of_a_hold_that_is_overdue_does_not_change_the_total() -> None:
    holds = in_use(a=100)
    holds.newly_overdue(110)
    assert holds.pop("a", None) is not None
    assert holds.pop("a", None) is None
    assert (holds.overdue_total, holds.overdue(200), holds.oldest_s(200)) == (1, (), 0)
