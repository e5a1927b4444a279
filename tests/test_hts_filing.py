"""With which numbers an entry can be filed, and what stands where it cannot."""

from collections import Counter

import pytest

from tests.hts_oracle import BATTERIES, CHAPTERS, CHINA, TOYS, RawRow, raw_row
from tools.hts_filing import Filing, filing_of, filing_of_found
from tools.hts_schedule import find, place, read_rows


def filing(rows: list[RawRow], digits: str) -> Filing:
    schedule = place(read_rows(rows))
    found = find(schedule, digits)
    assert found is not None
    return filing_of(found, schedule)


def test_ten_digits_with_nothing_under_them_can_be_filed() -> None:
    assert filing(BATTERIES, "8507600020") == Filing(True, None, (), None)


def test_eight_digits_with_lines_under_them_cannot_and_the_lines_are_named() -> None:
    told = filing(BATTERIES, "85076000")
    assert (told.fileable, told.reported_with) == (False, None)
    assert told.reason == "8507.60.00 has 8 digits, an entry takes 10: choose from the 2 lines under it"
    assert [(each.code, each.fileable) for each in told.children] == [("8507.60.00.10", True), ("8507.60.00.20", True)]


def test_lines_under_a_text_carry_it() -> None:
    (child,) = filing(TOYS, "95030000").children
    assert (child.code, child.under, child.fileable) == ("9503.00.00.11", ("Labeled for age:",), True)


def test_a_heading_s_children_are_the_numbered_rows_right_under_it() -> None:
    told = filing(BATTERIES, "8507")
    assert [(each.code, each.fileable) for each in told.children] == [
        ("8507.60.00", False),
        ("8507.80", False),
        ("8507.90.40.00", True),
    ]


def test_eight_digits_without_lines_under_them_say_so() -> None:
    told = filing([raw_row("8507.60.00", 0, "x", "3%")], "85076000")
    assert (told.fileable, told.children) == (False, ())
    assert told.reason is not None
    assert "the schedule has no line under it" in told.reason


def test_where_indents_are_wrong_the_numbers_say_what_stands_under_a_line() -> None:
    rows = [
        raw_row("6109.10.00", 1, "Of cotton", "16.5%"),
        raw_row("6109.10.00.04", 1, "T-shirts"),
        raw_row("6109.10.00.07", 0, "Other"),
    ]
    told = filing(rows, "61091000")
    assert [each.code for each in told.children] == ["6109.10.00.04", "6109.10.00.07"]
    assert not told.fileable


@pytest.mark.parametrize("code", ["9903.88.15", "9802.00.91.00", "9904.02.01.10"])
def test_chapters_98_and_99_are_reported_with_a_line_of_the_goods(code: str) -> None:
    rows = [*CHINA, raw_row(code, 0, "x", "Free")] if code != "9903.88.15" else CHINA
    told = filing(rows, code.replace(".", ""))
    assert not told.fileable
    assert told.reported_with == "the 10-digit number of the goods in chapters 1 to 97"
    assert filing_of_found(code.replace(".", "")) == told


@pytest.mark.parametrize(("digits", "fileable"), [("8507", False), ("85076000", False), ("8507600020", True)])
def test_a_row_that_a_search_brought_is_judged_by_its_digits(digits: str, fileable: bool) -> None:
    told = filing_of_found(digits)
    assert (told.fileable, told.children) == (fileable, ())
    assert (told.reason is None) == fileable


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_lines_that_can_be_filed_are_those_of_ten_digits(chapter: str) -> None:
    rows = CHAPTERS[chapter]
    headings = dict.fromkeys(row["htsno"][:4] for row in rows if row["htsno"])
    seen = Counter[bool]()
    for heading in list(headings)[:20]:
        # A text without a number goes with what follows it.
        first = next(at for at, row in enumerate(rows) if row["htsno"].startswith(heading))
        last = max(at for at, row in enumerate(rows) if row["htsno"].startswith(heading))
        schedule = place(read_rows(rows[first : last + 1]))
        numbers = [each.row.digits for each in schedule if each.row.code]
        for each in schedule:
            if digits := each.row.digits:
                told = filing_of(each, schedule)
                under = [number for number in numbers if number.startswith(digits) and number != digits]
                assert told.fileable == (len(digits) == 10 and digits[:2] not in ("98", "99"))
                assert bool(told.children) == bool(under)
                seen[told.fileable] += 1
    assert seen[False]
