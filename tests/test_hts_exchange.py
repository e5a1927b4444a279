"""The requests that answer a question about the tariff, and what is made of each answer. Fed by hand; no I/O."""

from datetime import date
from typing import Any

import orjson
import pytest

from tests.driving import drive, drive_by, first_part
from tests.hts_oracle import BATTERIES, CHAPTERS, CHINA, CHINA_2024, TOYS, RawRow, endnote, raw_row
from tools.errors import NotFound, ProviderFailed, ProviderGarbled, ProviderRejected, RateLimited, ToolError
from tools.exchange import Request, Response
from tools.hts import HTSLine, HTSLineResult, HTSQuery, HTSSearchResult, HTSTool, plan

BASE = "https://hts.test/reststop"
RELEASE = {"name": "2026HTSRev17", "title": "Revision 17 (2026)", "description": "2026 HTS Revision 17"}
AFTER = raw_row("8508", 0, "Vacuum cleaners:")
Fed = bytes | Response | list[RawRow] | dict[str, Any] | str


def ask_line(code: str, *answers: Fed) -> tuple[HTSLine, list[Request]]:
    reading, asked = drive(plan(HTSQuery(code=code), BASE), RELEASE, *answers)
    assert isinstance(reading.result, HTSLineResult)
    assert reading.version == "2026HTSRev17"
    return reading.result.line, asked


def ask_search(rows: list[RawRow], **query: Any) -> HTSSearchResult:
    reading, asked = drive(plan(HTSQuery(**query), BASE), RELEASE, rows)
    assert isinstance(reading.result, HTSSearchResult)
    assert reading.version == "2026HTSRev17"
    assert [request.url for request in asked] == [f"{BASE}/currentRelease", f"{BASE}/search"]
    return reading.result


def exported(asked: list[Request]) -> list[tuple[str, str]]:
    """The ranges of rows that were asked for."""
    return [(each.params["from"], each.params["to"]) for each in asked if each.url == f"{BASE}/exportList"]


def test_a_line_is_asked_by_release_then_heading_then_one_range_for_each_group_of_links() -> None:
    line, asked = ask_line("8507.60.00.20", [*BATTERIES, AFTER], CHINA, CHINA_2024)
    export = {"format": "JSON", "styles": "false"}
    assert asked == [
        Request("GET", f"{BASE}/currentRelease", "hts"),
        Request("GET", f"{BASE}/exportList", "hts", params={"from": "8507", "to": "8508", **export}),
        Request("GET", f"{BASE}/exportList", "hts", params={"from": "9903.88.00", "to": "9903.89.00", **export}),
        Request("GET", f"{BASE}/exportList", "hts", params={"from": "9903.91.00", "to": "9903.92.00", **export}),
    ]
    assert [(link.code, link.kind) for link in line.linked_headings] == [
        ("9903.88.69", "exclusion"),
        ("9903.88.15", "additional"),
        ("9903.91.01", "additional"),
    ]


def test_a_line_is_told_in_the_promised_shape() -> None:
    line, _ = ask_line("8507.60.00.20", [*BATTERIES, AFTER], CHINA, CHINA_2024)
    told = orjson.loads(orjson.dumps(HTSLineResult(line)))["line"]
    links, notes = told.pop("linked_headings"), told.pop("footnotes")
    assert told == {
        "code": "8507.60.00.20",
        "description": "Other",
        "path": ["Electric storage batteries, including separators therefor:", "Lithium-ion batteries"],
        "path_is_whole": True,
        "fileable": True,
        "fileable_reason": None,
        "children": [],
        "reported_with": None,
        "units": ["No.", "kg"],
        "rates": {
            "general": {"text": "3.4%", "inherited_from": "8507.60.00", "reason": None},
            "special": {"text": "Free (A,AU)", "inherited_from": "8507.60.00", "reason": None},
            "other": {"text": "40%", "inherited_from": "8507.60.00", "reason": None},
        },
        "exhaustive": False,
        "additional_duties": None,
        "status": None,
    }
    assert notes[0] == {
        "text": "See 9903.88.69.",
        "headings": ["9903.88.69"],
        "columns": ["general"],
        "marker": None,
        "stands_on": "8507.60.00.20",
        "ranges": [],
    }
    assert links[0]["window"]["starts_on"] == "2024-06-15"
    assert links[0]["window"]["ends_on"] == "2025-05-31"


@pytest.mark.parametrize(
    ("code", "fileable"), [("8507", False), ("8507.80", False), ("8507.80.82.00", True), ("8507.90.40.00", True)]
)
def test_headings_are_not_fileable_and_need_no_more_requests(code: str, fileable: bool) -> None:
    line, asked = ask_line(code, [*BATTERIES, AFTER])
    assert (line.code, line.fileable, len(asked)) == (code, fileable, 2)


def test_the_row_that_the_end_of_the_range_brings_along_is_no_line_of_the_heading() -> None:
    end = [AFTER, raw_row("8508.11.00", 1, "x", "Free"), raw_row("", 1, "Parts:")]
    line, _ = ask_line("8507.90.40.00", [*BATTERIES, *end])
    assert (line.rates.general.text, line.path[0]) == ("3.5%", BATTERIES[0]["description"])
    with pytest.raises(NotFound, match=r"it has nothing under 8507$"):
        ask_line("8507", end)


SAFEGUARD_NOTE = [
    raw_row("8541", 0, "Semiconductor devices"),
    raw_row("8541.43.00", 1, "Photovoltaic cells", "Free", footnotes=endnote("See 9903.45.21-9903.45.25.")),
    raw_row("8541.43.00.10", 2, "Crystalline silicon", units=["No."]),
]
SAFEGUARD_ROWS = [
    raw_row("", 0, "Cells:"),
    *(raw_row(f"9903.45.{number}", 1, f"Cells {number}", "14%") for number in (19, 21, 22, 25, 29)),
    # Statistics under a heading are not headings of the range.
    raw_row("9903.45.22.10", 2, "Of silicon"),
]


def test_all_headings_of_a_range_are_linked() -> None:
    line, asked = ask_line("8541430010", SAFEGUARD_NOTE, SAFEGUARD_ROWS)
    assert [each.code for each in line.linked_headings] == ["9903.45.21", "9903.45.22", "9903.45.25"]
    assert exported(asked)[1:] == [("9903.45.00", "9903.46.00")]
    # The footnote names its ends, and says that they are ends.
    [note] = line.footnotes
    assert note.headings == ("9903.45.21", "9903.45.25")
    assert [(each.first, each.last) for each in note.ranges] == [("9903.45.21", "9903.45.25")]


def test_a_range_over_several_groups_asks_for_each_of_them() -> None:
    cells = [raw_row("8541", 0, "x", "Free", footnotes=endnote("See 9903.88.03 through 9903.90.01 and 9903.45.25"))]
    groups = [
        [raw_row(f"9903.88.{number}", 0, "x", "25%") for number in ("02", "03", "69")],
        [raw_row("9903.89.05", 0, "x", "25%")],
        [raw_row(f"9903.90.{number}", 0, "x", "25%") for number in ("01", "02")],
    ]
    line, asked = ask_line("8541", cells, groups[0], groups[2], SAFEGUARD_ROWS, groups[1])
    found = {each.code for each in line.linked_headings}
    assert exported(asked)[1:] == [
        ("9903.88.00", "9903.89.00"),
        ("9903.90.00", "9903.91.00"),
        ("9903.45.00", "9903.46.00"),
        ("9903.89.00", "9903.90.00"),
    ]
    assert found == {"9903.88.03", "9903.88.69", "9903.89.05", "9903.90.01", "9903.45.25"}


def test_a_range_over_many_groups_asks_for_the_heading_once() -> None:
    cells = [raw_row("8541", 0, "x", "Free", footnotes=endnote("See 9903.01.25 to 9903.45.22"))]
    rows = [raw_row("9903.01.24", 0, "x"), raw_row("9903.17.01", 0, "x"), *SAFEGUARD_ROWS]
    line, asked = ask_line("8541", cells, rows)
    assert exported(asked)[1:] == [("9903", "9904")]
    codes = [each.code for each in line.linked_headings]
    assert codes == ["9903.01.25", "9903.17.01", "9903.45.19", "9903.45.21", "9903.45.22"]
    # An end that the schedule lacks is named all the same, and says so.
    assert line.linked_headings[0].reason == "the schedule has no such heading now"


def test_a_heading_that_is_over_says_so_and_one_without_sure_dates_does_not() -> None:
    rows = [*CHINA, raw_row("9903.88.70", 1, "Articles, from February 7, 2018, through February 6, 2026", "14%")]
    cells = [raw_row("8541", 0, "x", "Free", footnotes=endnote("See 9903.88.15, 9903.88.69 and 9903.88.70"))]
    for today, states in (
        (date(2026, 2, 6), [None, "over", "in_force"]),
        (date(2026, 2, 7), [None, "over", "over"]),
        (date(2018, 2, 6), [None, "to_come", "to_come"]),
    ):
        reading, _ = drive(plan(HTSQuery(code="8541"), BASE, today), RELEASE, cells, rows)
        assert isinstance(reading.result, HTSLineResult)
        assert [each.state for each in reading.result.line.linked_headings] == states


@pytest.mark.parametrize("stray", ["8506", "8509.40", "9503.00.00", "0101.21.00.10", "8506.90.00"])
def test_a_row_outside_of_the_asked_range_is_garbled(stray: str) -> None:
    with pytest.raises(ProviderGarbled, match="8507 to 8508 was asked for"):
        ask_line("8507.60.00.20", [*BATTERIES, raw_row(stray, 0, "x")])


def test_a_heading_that_is_printed_undivided_is_found() -> None:
    line, asked = ask_line("9503", TOYS)
    assert (line.code, line.fileable, exported(asked)) == ("9503.00.00", False, [("9503", "9504")])


@pytest.mark.parametrize(
    ("code", "bounds"), [("0099", ("0099", "0100")), ("9922", ("9922", "9923")), ("9999", ("9999", "9999.99.99"))]
)
def test_an_unknown_heading_is_not_found(code: str, bounds: tuple[str, str]) -> None:
    asked: list[Request] = []

    def reply(request: Request) -> object:
        asked.append(request)
        return RELEASE if request.url.endswith("currentRelease") else []

    with pytest.raises(NotFound, match=rf"^the schedule \(2026HTSRev17\) has no {code}; it has nothing under {code}$"):
        drive_by(plan(HTSQuery(code=code), BASE), reply)
    assert exported(asked) == [bounds]


def test_an_unknown_line_is_not_found_and_its_neighbours_are_told() -> None:
    with pytest.raises(NotFound, match=r"has no 8507\.60\.00\.99; under 8507\.60\.00 it has .*8507\.60\.00\.20"):
        ask_line("8507.60.00.99", [*BATTERIES, AFTER])


def test_a_line_whose_group_began_before_the_range_says_that_its_path_is_not_whole() -> None:
    line, _ = ask_line("9908.04.01", [raw_row("9908.04.01", 1, "Goods of Israel", special="Free (IL)")])
    assert (line.path, line.path_is_whole, line.rates.special.text) == ((), False, "Free (IL)")


def test_links_within_the_asked_heading_cost_no_request() -> None:
    rows = [
        raw_row(
            "9903.45.21", 0, "If within the quota", "No change", footnotes=endnote("See 9903.45.21 and 9903.45.22")
        ),
        raw_row("9903.45.22", 0, "Other", "30%"),
    ]
    line, asked = ask_line("9903.45.21", rows)
    assert [link.code for link in line.linked_headings] == ["9903.45.22"]
    assert len(asked) == 2


def test_a_linked_heading_that_is_gone_is_told_as_gone() -> None:
    rows = [raw_row("8507.60.00", 0, "x", "3%", footnotes=endnote("See 9903.88.15."))]
    line, _ = ask_line("8507.60.00", rows, [])
    [link] = line.linked_headings
    assert (link.code, link.kind, link.text) == ("9903.88.15", "other", None)


def test_a_linked_chapter_98_provision_is_fetched_too() -> None:
    rows = [raw_row("8507.60.00", 0, "x", "3%", footnotes=endnote("See 9802.00"))]
    line, asked = ask_line("8507.60.00", rows, [raw_row("9802.00", 0, "Articles returned")])
    assert exported(asked)[1] == ("9802.00.00", "9802.01.00")
    assert line.linked_headings[0].text == "Articles returned"


def test_a_search_answers_its_numbered_rows_with_only_what_they_state() -> None:
    found = [row | {"status": "current", "statisticalSuffix": ""} for row in BATTERIES]
    result = ask_search(found, keyword="battery")
    assert (result.total, result.truncated, result.truncated_reason) == (7, False, None)
    assert [line.code for line in result.lines][:2] == ["8507", "8507.60.00"]
    stated, silent = result.lines[1], result.lines[3]
    assert stated.rates.general.text == "3.4%"
    assert (silent.rates.general.text, silent.status, silent.fileable) == (None, "current", True)
    assert "a search brings none of them" in (silent.rates.general.reason or "")
    assert orjson.loads(orjson.dumps(result))["lines"][1]["footnotes"][0]["headings"] == ["9903.88.15", "9903.91.01"]


@pytest.mark.parametrize(
    ("keyword", "sent"),
    [
        ("  lithium & ion ", "lithium & ion"),
        ("8507", "8507"),
        ("850760", "8507.60"),
        ("8507600020", "8507.60.00.20"),
        ("8507.60", "8507.60"),
        ("85076", "85076"),
        ("80386 processor", "80386 processor"),
    ],
)
def test_a_search_sends_words_as_they_are_and_a_number_as_the_schedule_prints_it(keyword: str, sent: str) -> None:
    _, asked = drive(plan(HTSQuery(keyword=keyword), BASE), RELEASE, [])
    assert asked[1] == Request("GET", f"{BASE}/search", "hts", params={"keyword": sent})


def test_a_search_that_finds_nothing_is_an_empty_answer() -> None:
    assert ask_search([], keyword="unobtainium") == HTSSearchResult((), 0, truncated=False, truncated_reason=None)


def test_a_search_over_the_limit_is_cut_and_says_so() -> None:
    result = ask_search(BATTERIES, keyword="battery", limit=2)
    assert (len(result.lines), result.total, result.truncated) == (2, 7, True)
    assert result.truncated_reason == "limit 2"


@pytest.mark.parametrize(("rows", "truncated"), [(99, False), (100, True), (101, False)])
def test_exactly_100_rows_may_be_the_agencys_bound(rows: int, truncated: bool) -> None:
    result = ask_search([raw_row(f"8507.{at:04d}", 0, "x") for at in range(rows)], keyword="battery", limit=1000)
    assert (result.total, result.truncated) == (rows, truncated)


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE html><html><body>Request unsuccessful</body></html>",
        b'"service unavailable"',
        b'[{"htsno":"8507","indent":"0"',
        b"",
        b"null",
        b"[null]",
        b'[{"htsno":"8507"}]',
        orjson.dumps({"results": BATTERIES}),
        orjson.dumps([raw_row("8507", 0, "x") | {"indent": None}]),
        b"[{\xff}]",
    ],
)
@pytest.mark.parametrize("query", [HTSQuery(code="8507"), HTSQuery(keyword="battery")])
def test_anything_but_rows_is_garbled_and_never_an_empty_answer(query: HTSQuery, body: bytes) -> None:
    with pytest.raises(ProviderGarbled) as caught:
        drive(plan(query, BASE), RELEASE, body)
    assert caught.value.upstream == "hts"


@pytest.mark.parametrize(
    "body",
    [b"<html></html>", b"[]", b"{}", b"null", b'"sorry"', b'""', b'{"name":""}', b'{"name":5}', b'{"name":null}'],
)
def test_a_release_without_a_name_is_garbled(body: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        drive(plan(HTSQuery(code="8507"), BASE), body)


@pytest.mark.parametrize("release", [{"name": " 2025HTSBasicB "}, "2025HTSBasicB"])
def test_a_release_is_an_object_with_a_name_or_the_bare_name(release: Fed) -> None:
    reading, _ = drive(plan(HTSQuery(code="8507"), BASE), release, BATTERIES)
    assert reading.version == "2025HTSBasicB"


@pytest.mark.parametrize(
    ("status", "error"), [(400, ProviderRejected), (404, ProviderRejected), (429, RateLimited), (503, ProviderFailed)]
)
@pytest.mark.parametrize("step", [0, 1, 2])
def test_a_refused_request_is_an_error_at_every_step(step: int, status: int, error: type[ToolError]) -> None:
    good: list[Fed] = [RELEASE, [*BATTERIES, AFTER], CHINA]
    with pytest.raises(error):
        drive(plan(HTSQuery(code="8507600020"), BASE), *good[:step], Response(status, {}, b"[]", "hts"))


def test_the_tool_asks_its_own_base_url() -> None:
    tool = HTSTool(base_url="http://127.0.0.1:9/reststop/")
    first = next(first_part(tool.plan(HTSQuery(code="8507"))).exchange())
    assert first.url == "http://127.0.0.1:9/reststop/currentRelease"
    assert HTSTool().base_url == "https://hts.usitc.gov/reststop"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_lines_all_over_a_chapter_are_answered_heading_by_heading(chapter: str) -> None:
    rows = CHAPTERS[chapter]
    for at in range(0, len(rows), max(1, len(rows) // 25)):
        number = rows[at]["htsno"]
        if number:
            line = _ask_whole_schedule(number, rows)
            assert line.code == number
            assert line.description == " ".join(rows[at]["description"].replace("\u200b", "").split())


def _ask_whole_schedule(number: str, chapter: list[RawRow]) -> HTSLine:
    """Answer every range as the agency would, from the chapter and, for what it links to, from chapter 99."""

    def reply(request: Request) -> object:
        if request.url.endswith("currentRelease"):
            return RELEASE
        first, last = request.params["from"], request.params["to"]
        rows = chapter if first[:2] == number[:2] else CHAPTERS.get("chapter_99", [*CHINA, *CHINA_2024])
        return [row for row in rows if not row["htsno"] or first <= row["htsno"] <= last]

    result = drive_by(plan(HTSQuery(code=number), BASE), reply)[0].result
    assert isinstance(result, HTSLineResult)
    return result.line
