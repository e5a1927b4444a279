"""Spreads, paired ratios and verdicts."""

import pytest

from tests.bench.rows import Bar, Row
from tests.bench.spread import Spread, paired_ratio, spread


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)


def test_a_ratio_is_taken_within_each_round_before_the_median() -> None:
    # The machine was half as fast in the second round, for both.
    assert paired_ratio([80.0, 40.0, 90.0], [10.0, 5.0, 9.0]) == Spread(8.0, 8.0, 10.0)


def test_rounds_that_are_not_pairs_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1.0, 2.0], [1.0])


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing was measured"):
        spread([])


@pytest.mark.parametrize(
    ("bar", "figure", "verdict"),
    [
        (Bar(8), 8.0, "met"),
        (Bar(8), 7.9, "missed"),
        (Bar(0.75, 0.90), 0.80, "met"),
        (Bar(0.75, 0.90), 0.90, "reached"),
        (Bar(5, is_most=True), 5.0, "met"),
        (Bar(5, is_most=True), 5.1, "missed"),
        (Bar(80, 60, is_most=True), 59.0, "reached"),
        (Bar(80, 60, is_most=True), 61.0, "met"),
        (None, 1.0, "-"),
    ],
)
def test_the_median_decides_what_a_row_comes_to(bar: Bar | None, figure: float, verdict: str) -> None:
    assert Row("x", Spread(figure, 0.0, 1000.0), "x", bar).verdict == verdict


def test_what_was_measured_in_less_than_the_bar_is_about_is_not_judged() -> None:
    assert Row("x", spread([1.0]), "MiB", Bar(140, 90, is_most=True), is_judged=False).verdict == "-"
