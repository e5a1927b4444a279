"""What a kept answer of a certain age is good for."""

import pytest

from tools.policy.freshness import NOT_FOUND, Freshness, Use

FRESHNESS = Freshness(fresh_s=10, revalidate_s=20, on_error_s=30)


@pytest.mark.parametrize(
    ("age_s", "use"),
    [
        (0.0, "fresh"),
        (9.999, "fresh"),
        (10.0, "revalidate"),
        (19.999, "revalidate"),
        (20.0, "on_error"),
        (29.999, "on_error"),
        (30.0, "expired"),
        (1e12, "expired"),
    ],
)
def test_an_answer_is_good_for_less_and_less(age_s: float, use: Use) -> None:
    assert FRESHNESS.use_of(age_s) == use


@pytest.mark.parametrize(
    ("age_s", "use"), [(-0.001, "fresh"), (-60.0, "fresh"), (-60.001, "expired"), (-1e9, "expired")]
)
def test_an_answer_from_the_future_is_believed_as_far_as_clocks_differ(age_s: float, use: Use) -> None:
    assert FRESHNESS.use_of(age_s) == use


def test_that_there_is_no_such_record_is_never_given_in_place_of_an_outage() -> None:
    assert [NOT_FOUND.use_of(age_s) for age_s in (0, 299.9, 300)] == ["fresh", "fresh", "expired"]


def test_steps_of_no_length_are_left_out() -> None:
    assert [Freshness(5, 5, 9).use_of(age_s) for age_s in (4, 5, 9)] == ["fresh", "on_error", "expired"]
    assert [Freshness(5, 9, 9).use_of(age_s) for age_s in (4, 5, 9)] == ["fresh", "revalidate", "expired"]
    assert Freshness(0, 0, 0).use_of(0) == "expired"
