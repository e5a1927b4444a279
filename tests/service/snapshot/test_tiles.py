"""What each tile says of its source's answer."""

from dataclasses import replace
from typing import Any

import pytest

from service.snapshot import AnyTile
from service.tiles import CBP_RULINGS, HTS_CLASSIFICATION, REFUSAL_HISTORY, SANCTIONS_SCREENING
from service.tiles.hts_classification import HTSClassification, RatesOnThisLine
from service.tiles.tile import Outcome, Tile, TileKind
from tests.cross_answers import ruling
from tests.csl_answers import sdn
from tests.fda_answers import refused as row
from tests.hts_oracle import BATTERIES, CHINA, CHINA_2024, endnote, raw_row
from tests.service.snapshot.outcomes import (
    FAILURES,
    NO_SUCH_LINE,
    evaluation,
    line,
    refused,
    ruled,
    screened,
    shipment,
)

AFTER = raw_row("8508", 0, "Vacuum cleaners:")


def conclude(kind: TileKind[Any], *outcomes: Outcome, **asked: Any) -> Any:
    return kind.conclude(shipment(**asked), outcomes, evaluation())


def questions(kind: TileKind[AnyTile], **asked: Any) -> list[Any]:
    return list(kind.questions(shipment(**asked), evaluation()))


def codes(tile: AnyTile) -> list[str]:
    return [reason.code for reason in tile.reasons]


def rates(origin: str) -> RatesOnThisLine:
    tile: Tile[HTSClassification] = conclude(HTS_CLASSIFICATION, line(), origin=origin)
    assert tile.result is not None
    assert tile.result.rates_on_this_line is not None
    return tile.result.rates_on_this_line


def test_a_line_has_its_general_rate_and_headings_by_kind_and_no_total() -> None:
    told = rates("CN")
    assert told.general.text == "3.4%"
    assert [each.heading.code for each in told.may_add] == ["9903.88.15", "9903.91.01"]
    # The exclusion ended on 2025-05-31.
    assert told.may_exclude == ()
    assert [each.heading.code for each in told.over] == ["9903.88.69"]
    assert told.column_2 is None
    assert told.exhaustive is False
    assert not any("total" in name for name in RatesOnThisLine.__slots__)


def test_headings_that_may_add_are_for_attention() -> None:
    tile = conclude(HTS_CLASSIFICATION, line())
    assert (tile.status, codes(tile)) == ("attention", ["may_add"])
    assert tile.headline == "8507.60.00.20: general rate 3.4%; 2 headings may add"


def test_a_heading_about_another_origin_is_shown_as_such_and_not_counted() -> None:
    told = rates("MX")
    assert [(each.names_origin, each.is_about_this_origin) for each in told.may_add] == [("CN", False), ("CN", False)]
    assert conclude(HTS_CLASSIFICATION, line(), origin="MX").status == "clear"


@pytest.mark.parametrize(("origin", "expected"), [("RU", ["column_2"]), ("CU", ["embargoed_country", "column_2"])])
def test_column_2_applies_to_the_origins_that_have_it_and_is_no_permission(origin: str, expected: list[str]) -> None:
    assert rates(origin).column_2 is not None
    tile = conclude(HTS_CLASSIFICATION, line(), origin=origin)
    assert codes(tile) == expected
    assert tile.headline.startswith("8507.60.00.20: column 2 40%")


def test_a_heading_is_no_line_that_can_be_filed() -> None:
    rows = [raw_row("8507", 0, "Batteries:"), raw_row("8508", 0, "x")]
    tile = conclude(HTS_CLASSIFICATION, line("8507", rows), hts_code="8507")
    assert codes(tile) == ["not_a_line", "no_stated_rate"]
    assert "8507 has 4 digits, an entry takes 10; the schedule has no line under it" in tile.reasons[0].text


def test_a_line_of_eight_digits_names_the_lines_to_choose_from() -> None:
    tile = conclude(HTS_CLASSIFICATION, line("85076000", [*BATTERIES, AFTER], CHINA, CHINA_2024), hts_code="85076000")
    assert (tile.status, codes(tile)) == ("attention", ["not_a_line", "may_add"])
    assert tile.reasons[0].text == (
        "Not fileable: 8507.60.00 has 8 digits, an entry takes 10: choose from the 2 lines under it: 8507.60.00.10, "
        "8507.60.00.20"
    )
    assert tile.result.line.fileable is False


def test_the_lines_to_choose_from_are_named_up_to_ten() -> None:
    rows = [raw_row("8507.60.00", 0, "Batteries", "3.4%"), raw_row("8508", 0, "x")]
    rows[1:1] = [raw_row(f"8507.60.00.{number}", 1, "x") for number in range(10, 24)]
    tile = conclude(HTS_CLASSIFICATION, line("85076000", rows), hts_code="85076000")
    assert tile.reasons[0].text.endswith("8507.60.00.19 and 4 more")


def test_a_duty_that_is_over_adds_nothing_and_one_to_come_says_from_when() -> None:
    duty = "The duty provided in the applicable subheading + 14%"
    rows = [
        raw_row("8507.60.00.20", 0, "x", "3.4%", footnotes=endnote("See 9903.45.01-9903.45.02 and 9903.45.03")),
        AFTER,
    ]
    headings = [
        raw_row("9903.45.01", 0, "Articles, from February 7, 2018, through February 6, 2026", duty),
        raw_row("9903.45.02", 0, "Effective with respect to entries on or after January 1, 2027, articles", duty),
        raw_row("9903.45.03", 0, "Articles", duty),
    ]
    tile = conclude(HTS_CLASSIFICATION, line("8507600020", rows, headings))
    assert [reason.text for reason in tile.reasons] == [
        "May add to the rate: 9903.45.02 (from 2027-01-01), 9903.45.03; the list is not exhaustive"
    ]
    assert tile.headline == "8507.60.00.20: general rate 3.4%; 2 headings may add"
    only_over = conclude(HTS_CLASSIFICATION, line("8507600020", rows, headings[:1]))
    assert "9903.45.01" not in str(only_over.reasons)


def test_a_number_that_the_schedule_does_not_have_is_for_attention_and_answered() -> None:
    tile = conclude(HTS_CLASSIFICATION, NO_SUCH_LINE)
    assert (tile.status, codes(tile), tile.result) == ("attention", ["no_such_line"], None)


def test_of_an_export_the_line_is_told_and_no_rates() -> None:
    tile = conclude(HTS_CLASSIFICATION, line(), direction="export")
    assert (tile.status, tile.result.rates_on_this_line) == ("clear", None)


@pytest.mark.parametrize("kind", [HTS_CLASSIFICATION, CBP_RULINGS], ids=["hts", "rulings"])
@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_a_failure_leaves_the_tile_unavailable_with_the_fault_and_nothing_else(
    kind: TileKind[Any], failure: Exception
) -> None:
    tile = conclude(kind, failure)
    assert (tile.status, tile.result, tile.source) == ("unavailable", None, None)
    assert tile.reasons[0].text.startswith("Not answered: ")
    assert tile.error.code == tile.reasons[0].code


def test_our_own_fault_is_told_without_details() -> None:
    tile = conclude(CBP_RULINGS, ZeroDivisionError("a secret"))
    assert tile.error.code == "internal_error"
    assert "a secret" not in str(tile)


def test_each_party_is_asked_about_and_told_by_itself() -> None:
    names = ("Acme Trading", "Quiet Harbor Tools")
    assert questions(SANCTIONS_SCREENING, names=names) == [{"name": name, "country": "CN"} for name in names]
    hit = screened("Acme Trading", sdn("Acme Trading", score=100.0))
    tile = conclude(SANCTIONS_SCREENING, hit, screened("Quiet Harbor Tools"), names=names)
    assert [(each.id, each.outcome, each.status) for each in tile.parties] == [
        ("id-0", "match", "action"),
        ("id-1", "clear", "clear"),
    ]
    assert (tile.headline, tile.next_step) == (
        "Of 2 parties: 1 equals a listed name, 1 without a listed name.",
        "Stop; escalate.",
    )
    assert [(each.headline, each.next_step) for each in tile.parties] == [
        ("Name equals an SDN entry; identity unconfirmed.", "Stop; escalate."),
        ("No listed name at or above 0.80; 13 lists, asked 2026-11-25 12:00 UTC.", "Check ownership and end use."),
    ]


def test_a_screening_that_could_not_read_all_entries_is_never_clear() -> None:
    found = screened("Acme Trading")
    cut = replace(found, result=replace(found.result, truncated=True, truncated_reason="1 of 2 entries came"))
    tile = conclude(SANCTIONS_SCREENING, cut)
    assert tile.status == "attention"
    assert "truncated" in codes(tile)


def test_refusals_of_two_years_are_asked_by_origin_and_by_product_code_if_there_is_one() -> None:
    assert questions(REFUSAL_HISTORY, hts_code="1604143099") == [{"country": "CN", "since": "2024-11-25", "limit": 25}]
    (asked,) = questions(REFUSAL_HISTORY, fda_product_code="16agt64")
    assert asked["product"] == "16AGT64"


@pytest.mark.parametrize(("direction", "word"), [("import", "outside FDA's competence"), ("export", "come into")])
def test_refusals_are_not_asked_of_what_is_none_of_them_and_the_tile_says_why(direction: str, word: str) -> None:
    assert questions(REFUSAL_HISTORY, direction=direction) == []
    tile = conclude(REFUSAL_HISTORY, direction=direction)
    assert tile.status == "not_applicable"
    assert word in tile.reasons[0].text


def test_a_history_of_refusals_is_at_most_for_attention() -> None:
    food = {"hts_code": "1604143099"}
    assert conclude(REFUSAL_HISTORY, refused(), **food).status == "clear"
    tile = conclude(REFUSAL_HISTORY, refused(*(row(number) for number in range(30))), **food)
    assert tile.status == "attention"
    assert "30 refused lines from CN, mostly NOT LISTED (30)" in tile.reasons[0].text
    assert "fda_product_code narrows them" in tile.reasons[0].text


def test_a_ruling_that_does_not_stand_is_for_attention_if_it_decides_the_number() -> None:
    revoked = ruling("N1", tariffs="8507.60.0020", revokedBy=["H2"])
    elsewhere = ruling("N3", tariffs="8504.40.9550", revokedBy=["H2"])
    tile = conclude(CBP_RULINGS, ruled(revoked, elsewhere))
    assert (tile.status, codes(tile)) == ("attention", ["ruling_revoked"])
    assert conclude(CBP_RULINGS, ruled(elsewhere)).status == "clear"
    assert conclude(CBP_RULINGS, ruled()).headline == "No letter that writes 8507.60.00.20 was found"


def test_rulings_that_were_not_all_read_are_for_attention() -> None:
    found = ruled(ruling("N1", tariffs="8507.60.0020"))
    cut = replace(found, result=replace(found.result, truncated=True, truncated_reason="limit 100"))
    tile = conclude(CBP_RULINGS, cut)
    assert (tile.status, codes(tile)) == ("attention", ["truncated"])


@pytest.mark.parametrize("digits", ["8507", "850760", "85076000"])
def test_a_short_number_never_clears_the_rulings(digits: str) -> None:
    tile = conclude(CBP_RULINGS, ruled(hts=digits), hts_code=digits)
    assert (tile.status, codes(tile)) == ("attention", ["short_number"])


def test_a_duty_of_chapter_99_is_no_line_of_goods() -> None:
    rows = [raw_row("9903.88.15", 0, "Articles the product of China", "+ 7.5%"), raw_row("9904", 0, "x")]
    tile = conclude(HTS_CLASSIFICATION, line("99038815", rows), hts_code="99038815")
    assert codes(tile) == ["secondary_provision"]


def test_stated_additional_duties_are_for_attention() -> None:
    rows = [raw_row("8507.60.00", 0, "Batteries", "3.4%", additionalDuties="1¢/kg"), raw_row("8508", 0, "x")]
    assert codes(conclude(HTS_CLASSIFICATION, line("85076000", rows), hts_code="85076000")) == [
        "not_a_line",
        "additional_duties",
    ]


def test_an_export_to_an_embargoed_country_is_for_attention() -> None:
    lane = {"origin": "US", "destination": "CU"}
    tile = conclude(HTS_CLASSIFICATION, line(), direction="export", lane=lane)
    assert codes(tile) == ["embargoed_country"]
