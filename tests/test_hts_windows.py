"""The dates in a heading's words: which are sure, and what follows from them for a day."""

from datetime import date

import pytest

from tools.hts_windows import Window, window_of

SAFEGUARD = (date(2018, 2, 7), date(2026, 2, 6))


@pytest.mark.parametrize(
    ("text", "window"),
    [
        ("Articles entered from February 7, 2018, through February 6, 2026", SAFEGUARD),
        ("Cells, from February 7, 2018, through February 6, 2026", SAFEGUARD),
        ("Cells, from Feb. 7, 2018 to Feb. 6, 2026", SAFEGUARD),
        ("Cells, from Feb 7 2018 through Feb 6 2026, inclusive", SAFEGUARD),
        ("Cells, from 7 February 2018 through 6 February 2026", SAFEGUARD),
        ("Cells, from February 7th, 2018, up to and including February 6th, 2026", SAFEGUARD),
        ("entered on or after February 7, 2018, and before February 7, 2026", SAFEGUARD),
        ("entered on or after February 7, 2018 but not later than February 6, 2026", SAFEGUARD),
        ("entered after February 6, 2018, and prior to February 7, 2026", SAFEGUARD),
        ("entered during the period between February 7, 2018 and February 6, 2026", SAFEGUARD),
        ("entered during the period February 7, 2018 through February 6, 2026", SAFEGUARD),
        ("Cells, February 7, 2018 \N{EN DASH} February 6, 2026", SAFEGUARD),
        ("entered 2018-02-07 or later", None),
        ("entered on or after 02/07/2018 and through 02/06/2026", SAFEGUARD),
        ("entered, or withdrawn from warehouse for consumption, prior to May 14, 2026", (None, date(2026, 5, 13))),
        (
            "goods entered for consumption on or after 12:01 a.m. eastern time on Sept. 27, 2024",
            (date(2024, 9, 27), None),
        ),
        ("Effective with respect to entries on or after Jan. 1, 2025, articles", (date(2025, 1, 1), None)),
        ("Effective Jan. 1, 2025", (date(2025, 1, 1), None)),
        ("effective as of Sept 27, 2024, articles", (date(2024, 9, 27), None)),
        ("[Compiler's note: Subheading scheduled to expire at the close of Dec. 31, 2022]", (None, date(2022, 12, 31))),
        ("This heading expires on December 31, 2026", (None, date(2026, 12, 31))),
        ("entered between February 7, 2018, and February 6, 2026, inclusive", SAFEGUARD),
        ("for the period beginning February 7, 2018 and ending February 6, 2026", SAFEGUARD),
        ("entered on or after July 6, 2018, and August 23, 2018", (date(2018, 7, 6), None)),
        ("entered before 12:01 a.m. EDT, May 27, 2025", (None, date(2025, 5, 26))),
        # A first day in one clause, a last one in another.
        (
            "effective on or after September 27, 2024, contract dated before May 14, 2024, entered before May 14, 2026",
            (date(2024, 9, 27), date(2026, 5, 13)),
        ),
        (
            "if exported before May 10, 2019 and entered on or after May 10, 2019, and before June 15, 2019",
            (date(2019, 5, 10), date(2019, 6, 14)),
        ),
    ],
)
def test_dates_of_entry_are_the_heading_s_window(text: str, window: tuple[date | None, date | None] | None) -> None:
    found = window_of(text, (), ())
    assert (None if found is None else (found.starts_on, found.ends_on)) == window


@pytest.mark.parametrize(
    "text",
    [
        # Taken for the last day of a duty, each of these would hide it.
        "Articles under a contract signed before June 1, 2025",
        "Articles exported on or before November 14, 2022",
        "Articles of steel melted and poured prior to March 12, 2025",
        "Except for goods entered before May 27, 2025, articles of any country",
        "Articles of any country, other than goods entered through May 31, 2025",
        "Articles of any country, except goods loaded onto a vessel and entered before May 27, 2025",
        "Articles, unless entered before May 27, 2025",
        "Articles admitted to a zone before April 10, 2023",
        "for any calendar year starting on January 1, 2018",
        "Articles before June 1, 2025",
        # Two windows: which of them is this heading's is not said.
        "entered before June 1, 2025, or entered before July 1, 2025",
        "(see 9903.88.02, effective August 23, 2018), effective on or after June 1, 2024",
        "entered on or after June 1, 2025 and before June 1, 2024",
        "entered before February 30, 2025",
    ],
)
def test_other_dates_are_shown_and_nothing_rests_on_them(text: str) -> None:
    found = window_of(text, (), ())
    assert found is not None
    assert (found.starts_on, found.ends_on) == (None, None)
    assert found.text


def test_an_exception_does_not_reach_into_the_clause_that_says_when_it_is_in_force() -> None:
    text = (
        "Except as provided in heading 9903.91.10, effective with respect to entries on or after May 1, 2025, articles"
    )
    found = window_of(text, (), ())
    assert found is not None
    assert (found.starts_on, found.ends_on) == (date(2025, 5, 1), None)


@pytest.mark.parametrize(
    ("window", "states"),
    [
        (Window(date(2025, 1, 1), date(2025, 1, 31), ""), ["to_come", "in_force", "in_force", "over"]),
        (Window(date(2025, 1, 1), None, ""), ["to_come", "in_force", "in_force", "in_force"]),
        (Window(None, date(2025, 1, 31), ""), ["in_force", "in_force", "in_force", "over"]),
        (Window(None, None, ""), [None, None, None, None]),
    ],
)
def test_both_days_belong_to_the_window(window: Window, states: list[str | None]) -> None:
    days = (date(2024, 12, 31), date(2025, 1, 1), date(2025, 1, 31), date(2025, 2, 1))
    assert [window.state(day) for day in days] == states
