"""What the lines of the tariff inherit, and which row a number means."""

from collections.abc import Sequence
from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hts_oracle import (
    BATTERIES,
    CHAPTERS,
    COLUMNS,
    SAFEGUARDS,
    TOYS,
    RawRow,
    ancestors,
    rated_position,
    raw_row,
)
from tools.errors import ProviderGarbled
from tools.hts_schedule import Placed, Rate, find, find_near, place, rates_of, read_rows
from tools.tariff_numbers import as_the_schedule_prints


def placed(rows: Sequence[RawRow]) -> tuple[Placed, ...]:
    return place(read_rows(list(rows)))


def line(rows: Sequence[RawRow], digits: str) -> Placed:
    found = find(placed(rows), digits)
    assert found is not None
    return found


def texts(each: Placed) -> list[str | None]:
    rates = rates_of(each)
    return [rates.general.text, rates.special.text, rates.other.text]


def stated(raw: RawRow) -> list[str | None]:
    return [" ".join(raw[column].split()) or None for column in COLUMNS]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_line_has_the_rates_of_its_nearest_rated_row_all_three_from_that_one(chapter: str) -> None:
    rows = CHAPTERS[chapter]
    unrated_lines = 0
    for at, each in enumerate(placed(rows)):
        source = rated_position(rows, at)
        if source is None:
            assert texts(each) == [None, None, None]
            unrated_lines += len(each.row.digits) == 10
            continue
        assert texts(each) == stated(rows[source])
        inherited_from = None if source == at else rows[source]["htsno"]
        for rate in (rates_of(each).general, rates_of(each).special, rates_of(each).other):
            assert rate.inherited_from == (None if rate.text is None else inherited_from)
            assert (rate.text is None) == (rate.reason is not None)
    # The one known 10-digit line without any rate stands in chapter 98, which is not among these.
    assert unrated_lines == 0


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_number_of_a_chapter_finds_its_own_row_under_its_own_parents(chapter: str) -> None:
    rows = CHAPTERS[chapter]
    everything = placed(rows)
    for at, each in enumerate(everything):
        assert [row.indent for row in each.ancestors] == [int(rows[up]["indent"]) for up in ancestors(rows, at)][::-1]
        if at % 20 == 0 and each.row.digits:
            assert find(everything, each.row.digits) == each


_rate = st.sampled_from(["", "", "Free", "3.4%"])
_rows = st.lists(st.tuples(st.integers(0, 7), _rate, _rate, _rate, st.booleans()), max_size=40)


@given(_rows)
def test_any_tree_of_indents_inherits_as_the_oracle_says(drawn: list[tuple[int, str, str, str, bool]]) -> None:
    rows = [
        raw_row(f"8507.{at:04d}" if coded else "", indent, f"row {at}", general, special=special, other=other)
        for at, (indent, general, special, other, coded) in enumerate(drawn)
    ]
    for at, each in enumerate(placed(rows)):
        assert [row.description for row in each.ancestors] == [f"row {up}" for up in ancestors(rows, at)][::-1]
        source = rated_position(rows, at)
        assert texts(each) == ([None, None, None] if source is None else stated(rows[source]))
        assert each.rated is None if source is None else each.rated is not None


def test_a_line_inherits_and_says_from_where() -> None:
    each = line(BATTERIES, "8507600020")
    rates = rates_of(each)
    assert [row.description for row in each.ancestors] == [
        "Electric storage batteries, including separators therefor:",
        "Lithium-ion batteries",
    ]
    assert rates.general == Rate("3.4%", "8507.60.00", None)
    assert rates.special == Rate("Free (A,AU)", "8507.60.00", None)
    assert rates.other == Rate("40%", "8507.60.00", None)


def test_a_blank_special_beside_a_stated_general_is_no_preference_and_does_not_climb() -> None:
    rows = [
        raw_row("0101", 0, "Live horses", "10%", special="Free (AU)", other="20%"),
        raw_row("0101.21.00", 1, "Purebred", "4%", other="15%"),
        raw_row("0101.21.00.10", 2, "Males"),
    ]
    rates = rates_of(line(rows, "0101210010"))
    assert rates.general == Rate("4%", "0101.21.00", None)
    assert rates.special == Rate(None, None, "no preference: 0101.21.00 states a general rate and no special one")


def test_a_row_with_a_general_rate_comes_before_a_nearer_one_without() -> None:
    rows = [
        raw_row("0101.21.00", 0, "Purebred", "4%", special="Free (AU)", other="15%"),
        raw_row("0101.21.00.10", 1, "Males", other="20%"),
    ]
    each = line(rows, "0101210010")
    assert texts(each) == ["4%", "Free (AU)", "15%"]
    assert rates_of(each).other.inherited_from == "0101.21.00"


def test_a_line_with_only_a_special_rate_above_or_on_it_has_that() -> None:
    rows = [raw_row("9802.00.91.00", 0, "Assembled in Mexico", special="Free (See U.S. note 4 of this subchapter)")]
    assert texts(line(rows, "9802009100")) == [None, "Free (See U.S. note 4 of this subchapter)", None]


def test_a_blank_column_is_never_free() -> None:
    rows = [raw_row("9903.90.08", 0, "Articles the product of the Russian Federation", other="35%")]
    rates = rates_of(line(rows, "99039008"))
    assert rates.other == Rate("35%", None, None)
    assert rates.general.text is rates.special.text is None
    assert "does not mean free" in (rates.general.reason or "")


@pytest.mark.parametrize(
    ("rows", "digits", "words"),
    [
        (BATTERIES, "8507", "a heading"),
        (BATTERIES, "850780", "did not come"),
        (SAFEGUARDS, "99040201", "is not free"),
        ([raw_row("9802.00.91.00", 0, "Other")], "9802009100", "is not free"),
        ([raw_row("0101.21.00", 0, "Purebred")], "01012100", "nor any row above"),
        ([raw_row("0101.21.00.10", 2, "Males")], "0101210010", "did not come"),
    ],
)
def test_a_line_without_any_rate_says_why(rows: list[RawRow], digits: str, words: str) -> None:
    # 8507.80 stands in a range that begins with itself: what is above it is then not known.
    each = line([row for row in rows if row["htsno"] != "8507"] if digits == "850780" else rows, digits)
    rates = rates_of(each)
    assert texts(each) == [None, None, None]
    assert words in (rates.general.reason or "")
    assert rates.general == rates.special == rates.other


def test_a_rate_on_a_grouping_row_is_inherited_from_its_text() -> None:
    rows = [raw_row("", 0, "Parts:", "2%"), raw_row("8507.90.40.00", 1, "Of lead")]
    assert rates_of(line(rows, "8507904000")).general == Rate("2%", "Parts:", None)


@pytest.mark.parametrize(
    "rate",
    [
        "46.3¢/kg + 14.9%",
        "Free 1/",
        "The rate applicable to the natural juice in heading 2009",
        "See 9903.88.15",
        "Free (A+,AU,BH) 4.6¢/kg + 1.4% (P) See 9822.04.25 (AU)",
        "[The duty provided in the applicable subheading + 100%]",
    ],
)
def test_a_rate_is_repeated_as_it_stands(rate: str) -> None:
    assert rates_of(line([raw_row("8507.60.00", 0, "Batteries", rate)], "85076000")).general.text == rate


@pytest.mark.parametrize(
    ("rows", "digits", "code"),
    [
        (TOYS, "9503", "9503.00.00"),
        (TOYS, "950300", "9503.00.00"),
        (BATTERIES, "85079040", "8507.90.40.00"),
        (BATTERIES, "85078082", "8507.80.82.00"),
        ([raw_row("1601.00", 0, "Sausages:")], "1601", "1601.00"),
    ],
)
def test_an_undivided_provision_is_found_by_its_shorter_number(rows: list[RawRow], digits: str, code: str) -> None:
    assert line(rows, digits).row.code == code


@pytest.mark.parametrize(
    ("rows", "digits"),
    [
        (BATTERIES, "8507600099"),
        (BATTERIES, "8507600000"),
        (BATTERIES, "850790"),
        (BATTERIES, "8508"),
        ([raw_row("2905.49.50.01", 0, "a", "3%"), raw_row("2905.49.50.02", 0, "b", "4%")], "29054950"),
        ([raw_row("8501.10.20.00", 0, "a", "3%"), raw_row("8501.10.20.10", 0, "b", "4%")], "85011020"),
    ],
)
def test_a_number_that_only_groups_others_is_not_a_line(rows: list[RawRow], digits: str) -> None:
    assert find(placed(rows), digits) is None


@pytest.mark.parametrize(
    ("digits", "said"),
    [
        ("8507600099", "under 8507.60.00 it has 8507.60.00, 8507.60.00.10, 8507.60.00.20"),
        ("850790", "under 8507.90 it has 8507.90.40.00"),
        ("85079500", "under 8507 it has 8507, 8507.60.00"),
        ("7701", "it has nothing under 7701"),
    ],
)
def test_what_stands_near_an_unknown_number_is_told(digits: str, said: str) -> None:
    assert find_near(placed(BATTERIES), digits).startswith(said)


def test_a_long_list_of_neighbours_is_cut_and_says_so() -> None:
    rows = [raw_row(f"8507.60.00.{at}", 0, "x") for at in range(10, 22)]
    assert find_near(placed(rows), "85076000").endswith("8507.60.00.17 and 4 more")


def test_a_number_that_stands_there_twice_is_answered_only_when_its_rates_agree() -> None:
    heading, continued = raw_row("8507", 0, "Batteries:"), raw_row("8507", 0, "Batteries (con.):")
    assert line([heading, continued], "8507").row.description == "Batteries:"
    with pytest.raises(ProviderGarbled, match=r"8507\.60\.00 stands there 2 times"):
        find(placed([raw_row("8507.60.00", 0, "x", "3%"), raw_row("8507.60.00", 0, "x", "4%")]), "85076000")


def test_a_grouping_row_beside_a_line_is_not_its_parent() -> None:
    rows = [raw_row("", 0, "Articles of China:"), raw_row("9903.88.15", 0, "As provided for", "25%")]
    assert line(rows, "99038815").ancestors == ()


@pytest.mark.parametrize(("digits", "code"), [("8507", "8507"), ("850760", "8507.60"), ("8507600020", "8507.60.00.20")])
def test_digits_are_dotted_as_the_schedule_does(digits: str, code: str) -> None:
    assert as_the_schedule_prints(digits) == code


def test_rows_and_rates_are_plain_values() -> None:
    each = line(BATTERIES, "85076000")
    assert each == line(BATTERIES, "85076000")
    assert astuple(rates_of(each).general) == ("3.4%", None, None)
