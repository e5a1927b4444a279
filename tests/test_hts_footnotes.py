"""What a line's footnotes say, and how the chapter 98 and 99 headings in them are told apart."""

from datetime import date

import pytest

from tests.hts_oracle import BATTERIES, CHAPTERS, CHINA, CHINA_2024, SAFEGUARDS, RawRow, endnote, raw_row
from tools.hts_footnotes import LinkedHeading, footnotes_of, linked_codes, linked_heading
from tools.hts_schedule import Placed, find, place, read_rows
from tools.hts_windows import Window

DUTY = "The duty provided in the applicable subheading"


def line(rows: list[RawRow], digits: str) -> Placed:
    found = find(place(read_rows(rows)), digits)
    assert found is not None
    return found


def heading(*rows: RawRow) -> LinkedHeading:
    """The last of `rows`, as a link to it would tell it."""
    return linked_heading(str(rows[-1]["htsno"]), place(read_rows(list(rows))))


def test_the_footnotes_are_those_of_the_line_and_of_the_row_that_its_rates_come_from() -> None:
    notes = footnotes_of(line(BATTERIES, "8507600020"))
    assert [(note.text, note.headings, note.stands_on) for note in notes] == [
        ("See 9903.88.69.", ("9903.88.69",), "8507.60.00.20"),
        ("See 9903.88.15 and 9903.91.01.", ("9903.88.15", "9903.91.01"), "8507.60.00"),
    ]
    assert linked_codes(notes, besides="8507.60.00.20") == ("9903.88.69", "9903.88.15", "9903.91.01")


def test_a_line_with_its_own_rate_has_its_own_footnotes_once() -> None:
    assert len(footnotes_of(line(BATTERIES, "85076000"))) == 1


def test_a_footnote_that_both_rows_carry_comes_once() -> None:
    rows = [
        raw_row("8507.60.00", 0, "x", "3%", footnotes=endnote("See 9903.88.15.")),
        raw_row("8507.60.00.20", 1, "y", footnotes=endnote(" See 9903.88.15.  ")),
    ]
    [note] = footnotes_of(line(rows, "8507600020"))
    assert note.stands_on == "8507.60.00.20"


def test_a_line_without_any_rate_has_its_own_footnotes() -> None:
    rows = [raw_row("9802.00.91.00", 0, "x", footnotes=endnote("See chapter 98 statistical note 1."))]
    assert [note.text for note in footnotes_of(line(rows, "9802009100"))] == ["See chapter 98 statistical note 1."]


def test_the_same_footnote_on_another_column_is_another() -> None:
    stat = [{"columns": ["stat"], "marker": "1", "value": "See 9903.88.15.", "type": "endnote"}]
    rows = [
        raw_row("8507.60.00", 0, "x", "3%", footnotes=endnote("See 9903.88.15.")),
        raw_row("8507.60.00.20", 1, "y", footnotes=stat),
    ]
    notes = footnotes_of(line(rows, "8507600020"))
    assert [note.stands_on for note in notes] == ["8507.60.00.20", "8507.60.00"]
    assert linked_codes(notes, besides="") == ("9903.88.15",)


def test_marker_and_columns_of_a_footnote_are_kept() -> None:
    mark = {"columns": ["stat", "units"], "marker": "1", "value": "See note 1.", "type": "footnote"}
    [note] = footnotes_of(line([raw_row("9901.00.50", 0, "x", "Free", footnotes=[mark])], "99010050"))
    assert (note.columns, note.marker) == (("stat", "units"), "1")


@pytest.mark.parametrize(
    ("text", "headings"),
    [
        ("See 9903.88.15. ", ("9903.88.15",)),
        ("See 9903.88.15.", ("9903.88.15",)),
        ("See 9903.45.21, 9903.45.22 and 9903.45.25 .", ("9903.45.21", "9903.45.22", "9903.45.25")),
        ("See 9903.88.15 and 9903.88.15", ("9903.88.15",)),
        ("See 9903.88.0115; subheading 9802.00", ("9903.88.01.15", "9802.00")),
        ("Subheading 2933.59.46 was deleted; see 9902.24.05(a)", ("2933.59.46", "9902.24.05")),
        ("See chapter 99 statistical note 1.", ()),
        ("limit for 2024 of 1,234,567.89 kg, 84 FR 12345, CAS 108-45-2", ()),
        ("12345.67.89 and 9903.88.1", ()),
        ("See 9903.88.01, .02, and .15", ("9903.88.01", "9903.88.02", "9903.88.15")),
        ("See 9903.88.01/.02 or .89.05", ("9903.88.01", "9903.88.02", "9903.89.05")),
        ("See 9903.88.01, 0.25 percent, and .5", ("9903.88.01",)),
    ],
)
def test_the_tariff_numbers_in_a_footnote_are_found(text: str, headings: tuple[str, ...]) -> None:
    [note] = footnotes_of(line([raw_row("8507", 0, "x", "3%", footnotes=endnote(text))], "8507"))
    assert note.headings == headings


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("See 9903.41.05-9903.41.10", [("9903.41.05", "9903.41.10")]),
        ("See 9903.41.05 - 9903.41.10.", [("9903.41.05", "9903.41.10")]),
        ("See 9903.41.05\N{EN DASH}9903.41.10 and 9903.88.15", [("9903.41.05", "9903.41.10")]),
        ("See 9903.41.05 \N{EM DASH} 9903.41.10", [("9903.41.05", "9903.41.10")]),
        ("See 9903.41.05\N{NON-BREAKING HYPHEN}9903.41.10", [("9903.41.05", "9903.41.10")]),
        ("9903.88.01 through 9903.88.04, inclusive", [("9903.88.01", "9903.88.04")]),
        ("subheadings 9903.88.01, through and including subheading 9903.88.04", [("9903.88.01", "9903.88.04")]),
        ("9903.01.25 to 9903.01.34", [("9903.01.25", "9903.01.34")]),
        ("9903.01.25 TO 9903.01.34", [("9903.01.25", "9903.01.34")]),
        ("between 9903.01.25 and 9903.01.34", [("9903.01.25", "9903.01.34")]),
        ("9903.05.20 to .84", [("9903.05.20", "9903.05.84")]),
        ("9903.05.20-.84", [("9903.05.20", "9903.05.84")]),
        ("9903.05.20-84", [("9903.05.20", "9903.05.84")]),
        ("9903.05.20 to .06.84", [("9903.05.20", "9903.06.84")]),
        ("9903.41.10-9903.41.05", [("9903.41.05", "9903.41.10")]),
        (
            "9903.01.25-9903.01.34 and 9903.88.01 or 9903.88.03 to 9903.88.04",
            [
                ("9903.01.25", "9903.01.34"),
                ("9903.88.03", "9903.88.04"),
            ],
        ),
        ("9903.88.01, .03-.05 and .15 to .17", [("9903.88.03", "9903.88.05"), ("9903.88.15", "9903.88.17")]),
        # Lists, and numbers that are no heading.
        ("9903.01.25 and 9903.01.34", []),
        ("9903.01.25, 9903.01.33 or 9903.01.34", []),
        ("9903.01.25/9903.01.34", []),
        ("9903.01.25 to 15 percent", []),
        ("9903.01.25-25%", []),
        ("9903.01.25-2026", []),
    ],
)
def test_the_ranges_in_a_footnote_are_found(text: str, ranges: list[tuple[str, str]]) -> None:
    [note] = footnotes_of(line([raw_row("8507", 0, "x", "3%", footnotes=endnote(text))], "8507"))
    assert [(each.first, each.last) for each in note.ranges] == ranges
    for each in note.ranges:
        assert {each.first, each.last} <= set(note.headings)


def test_a_range_from_one_chapter_into_another_links_its_ends_alone() -> None:
    text = "See 9801.00.10 to 9903.45.01"
    [note] = footnotes_of(line([raw_row("8507", 0, "x", "3%", footnotes=endnote(text))], "8507"))
    assert [each.prefixes for each in note.ranges] == [()]
    assert linked_codes([note], besides="8507") == ("9801.00.10", "9903.45.01")


def test_only_chapters_98_and_99_are_links_and_a_line_does_not_link_to_itself() -> None:
    text = "See 9903.45.02, 9801.00.10, 2933.59.46 and 9903.45.01."
    notes = footnotes_of(line([raw_row("9903.45.01", 0, "x", "14%", footnotes=endnote(text))], "99034501"))
    assert linked_codes(notes, besides="9903.45.01") == ("9903.45.02", "9801.00.10")


@pytest.mark.parametrize(
    ("general", "kind"),
    [
        (f"{DUTY} + 25%", "additional"),
        (f"{DUTY} plus 25%", "additional"),
        (f"[{DUTY} + 100%]", "additional"),
        ("The duty provided inthe applicable subheading+ 25%", "additional"),
        ("The rate applicable to the article + 20%", "additional"),
        ("An additional duty of 10%", "additional"),
        (f"25% + {DUTY.lower()}", "additional"),
        ("A duty upon the value of such processing (A+,AU)", "other"),
        (DUTY, "exclusion"),
        ("The duty provided for in the applicable subheading", "exclusion"),
        ("An additional ad valorem rate of duty of 10%", "additional"),
        (f"25% in addition to {DUTY.lower()}", "additional"),
        # Neither the line's duty alone nor that and more: what may not be called an exclusion.
        (f"15%, in lieu of {DUTY.lower()}", "other"),
        (f"50% of {DUTY.lower()}", "other"),
        (f"{DUTY}, but not less than 15%", "other"),
        (f"{DUTY} less 5%", "other"),
        (f"{DUTY} and 25%", "other"),
        ("See additional U.S. note 3 to this chapter", "other"),
        ("No change", "other"),
        ("30%", "other"),
        ("No additional duty", "other"),
        ("", "other"),
    ],
)
def test_the_kind_of_a_heading_comes_from_its_rate(general: str, kind: str) -> None:
    assert heading(raw_row("9903.88.15", 0, "Articles the product of China", general)).kind == kind


def test_a_heading_that_only_mentions_exclusions_is_none() -> None:
    text = "Except products covered by an exclusion granted by the Secretary, products of iron"
    assert heading(raw_row("9903.80.01", 0, text, "25%")).kind == "other"
    assert heading(raw_row("9903.80.01", 0, text, f"{DUTY} + 25%")).kind == "additional"
    assert heading(raw_row("9903.81.80", 0, "Products covered by an exclusion granted", "Free")).kind == "exclusion"
    assert heading(raw_row("9903.81.81", 0, "Products not covered by an exclusion granted by USTR")).kind == "other"


def test_a_safeguard_amount_is_additional_unless_it_is_blank_or_none() -> None:
    rows = place(read_rows([*SAFEGUARDS, raw_row("9904.02.03", 1, "x", additionalDuties="No additional duty")]))
    kinds = [linked_heading(code, rows).kind for code in ("9904.02.01", "9904.02.02", "9904.02.03")]
    assert kinds == ["additional", "other", "other"]


def test_a_heading_is_told_with_the_texts_that_it_stands_under() -> None:
    link = heading(*CHINA[:2])
    assert (link.code, link.kind, link.path) == ("9903.88.15", "additional", ("Articles the product of China:",))
    assert link.text == "As provided for in U.S. note 20(r)"
    assert link.rates is not None
    assert link.rates.general.text == f"{DUTY} + 7.5%"
    assert (link.reason, link.window) == (None, None)


def test_a_heading_that_the_schedule_lacks_says_so() -> None:
    link = linked_heading("9903.88.99", place(read_rows(CHINA)))
    assert (link.kind, link.text, link.rates) == ("other", None, None)
    assert link.reason == "the schedule has no such heading now"


@pytest.mark.parametrize(
    ("text", "window"),
    [
        (
            CHINA[2]["description"],
            Window(date(2024, 6, 15), date(2025, 5, 31), "on or after June 15, 2024; through May 31, 2025"),
        ),
        (CHINA_2024[0]["description"], Window(date(2024, 9, 27), None, "on or after September 27, 2024")),
        (
            "Effective with respect to entries, on or after January 1, 2024, and before June 1, 2025, articles",
            Window(date(2024, 1, 1), date(2025, 5, 31), "on or after January 1, 2024; before June 1, 2025"),
        ),
        (
            "Effective with respect to goods, on or after 12:01 a.m. eastern daylight time on April 5, 2025",
            Window(date(2025, 4, 5), None, "on or after 12:01 a.m. eastern daylight time on April 5, 2025"),
        ),
        (
            "Effective July 31, 2018 through December 31, 2020.",
            Window(date(2018, 7, 31), date(2020, 12, 31), "Effective July 31, 2018; through December 31, 2020"),
        ),
        # What is before or after such a date is not said in a form that can be relied on: the words alone are given.
        (
            "Goods under a contract dated prior to May 14, 2024",
            Window(None, None, "prior to May 14, 2024"),
        ),
        (
            "Effective with respect to entries before June 1, 2025, articles the product of China",
            Window(None, date(2025, 5, 31), "before June 1, 2025"),
        ),
        (
            "Effective with respect to entries through May 31, 2025",
            Window(None, date(2025, 5, 31), "through May 31, 2025"),
        ),
        (
            "(see 9903.88.02, effective August 23, 2018), effective on or after June 1, 2024 and through May 31, 2025",
            Window(None, None, "effective August 23, 2018; on or after June 1, 2024; through May 31, 2025"),
        ),
        (
            "Effective on or after June 15, 2024 and through and including May 31, 2025",
            Window(
                date(2024, 6, 15), date(2025, 5, 31), "on or after June 15, 2024; through and including May 31, 2025"
            ),
        ),
        ("Effective February 30, 2024", Window(None, None, "Effective February 30, 2024")),
        ("Articles the product of China, Proclamation of March 8, 2018", None),
        ("Articles the product of China", None),
    ],
)
def test_the_window_of_a_heading_comes_from_its_words(text: str, window: Window | None) -> None:
    assert heading(raw_row("9903.88.69", 0, text, DUTY)).window == window


def test_the_window_of_a_heading_is_its_own_before_that_of_its_group() -> None:
    rows = [
        raw_row("", 0, "Effective on or after July 6, 2018, articles the product of China:"),
        raw_row("9903.88.69", 1, "Effective on or after June 15, 2024 and through May 31, 2025, articles", DUTY),
        raw_row("9903.88.70", 1, "Other", DUTY),
    ]
    own, groups = (linked_heading(code, place(read_rows(rows))).window for code in ("9903.88.69", "9903.88.70"))
    assert own is not None
    assert groups is not None
    assert (own.starts_on, own.ends_on) == (date(2024, 6, 15), date(2025, 5, 31))
    assert (groups.starts_on, groups.ends_on) == (date(2018, 7, 6), None)


def test_a_footnote_about_something_else_is_no_window() -> None:
    note = endnote("Likely classifiable in HTS subheading 2920.29.00, effective January 1, 2017; consult Customs")
    link = heading(raw_row("9902.03.42", 0, "Chemicals", "Free", footnotes=note))
    assert link.window == Window(None, None, "effective January 1, 2017")


def test_a_window_may_stand_in_the_headings_own_footnote() -> None:
    note = endnote(" Effective July 21, 2022 through December 31, 2022. ")
    link = heading(raw_row("9903.19.19", 0, "Infant formula", "Free", footnotes=note))
    assert link.window is not None
    assert (link.window.starts_on, link.window.ends_on) == (date(2022, 7, 21), date(2022, 12, 31))
    assert link.footnotes == ("Effective July 21, 2022 through December 31, 2022.",)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_tariff_number_in_the_footnotes_of_a_chapter_is_found(chapter: str) -> None:
    for row in read_rows(CHAPTERS[chapter]):
        for note in footnotes_of(Placed(row)):
            words = [word.strip(".,;()") for word in note.text.split()]
            numbers = [word for word in words if word.count(".") >= 2 and word.replace(".", "").isdecimal()]
            assert list(note.headings) == list(dict.fromkeys(numbers))


def test_the_links_of_the_samples_are_told_apart() -> None:
    # Chapters 1, 16, 61 and 85 of December 2024 hold 1,021 links, of which 67 lead to exclusions.
    real = [name for name in CHAPTERS if name not in ("written here", "chapter_99")]
    links = {link.code: link for link in _links_between(real, "chapter_99")}
    counted = [links[code].kind for code in _codes_on(real)]
    expected = (1021, 67) if len(real) == 4 and "chapter_99" in CHAPTERS else (0, 0)
    assert (len(counted), counted.count("exclusion")) == expected


def _codes_on(chapters: list[str]) -> list[str]:
    """The links on the rows themselves, inherited ones left out."""
    rows = [Placed(row) for chapter in chapters for row in read_rows(CHAPTERS[chapter])]
    return [code for each in rows for code in linked_codes(footnotes_of(each), besides=each.row.code)]


def _links_between(chapters: list[str], target: str) -> list[LinkedHeading]:
    schedule = place(read_rows(CHAPTERS.get(target, [])))
    return [linked_heading(code, schedule) for code in dict.fromkeys(_codes_on(chapters))]
