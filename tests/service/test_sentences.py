"""What people read first: what it claims, the next step, and the words that are never used."""

import re
from dataclasses import replace
from typing import Any

import pytest

from service.envelope import SourceBlock, source_block
from service.errors import fault_of
from service.sentences import (
    HEADLINE_CHARACTERS,
    Said,
    headline,
    said_of_fault,
    said_of_parties,
    said_of_screening,
    said_of_snapshot,
)
from tests.csl_answers import RawEntry, sdn
from tests.service.snapshot.outcomes import FAILURES, NOW, screened
from tools.countries.assessment import assess_party
from tools.errors import NotConfigured, NotScreened, ProviderFailed, ToolError
from tools.sanctions import SanctionsResult

_FALSE_COMFORT = re.compile(r"\b(?:clear|passed|not listed|safe|cleared)\b", re.IGNORECASE)


def said(name: str, *entries: RawEntry, **changed: Any) -> Said:
    answer = screened(name, *entries)
    return said_of_screening(replace(answer.result, **changed), _published(source_block(answer.source, NOW)))


def _published(block: SourceBlock) -> SourceBlock:
    block.list = {"published_at": "2026-11-25T05:00:00.000Z"}
    return block


def test_no_hit_claims_what_was_compared_with_what_as_of_when() -> None:
    assert said("Acme Trading") == Said(
        "No listed name at or above 0.80; 13 lists, published 2026-11-25 05:00 UTC.", "Check ownership and end use."
    )


def test_without_a_list_it_says_when_the_agency_was_asked() -> None:
    answer = screened("Acme Trading")
    block = source_block(answer.source, NOW)
    assert said_of_screening(answer.result, block).headline.endswith("; 13 lists, asked 2026-11-25 12:00 UTC.")
    assert said_of_screening(answer.result, None).headline.endswith("; 13 lists, by the agency's search.")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([sdn("Acme Trading")], "Name equals an SDN entry; identity unconfirmed."),
        (
            [
                sdn("Acme Trading", 1),
                sdn("Acme Trading", 2, source="Denied Persons List (DPL) - Bureau of Industry and Security"),
            ],
            "Name equals 2 entries (SDN, DPL); identity unconfirmed.",
        ),
        (
            [sdn("Acme Trading", source="Denied Persons List (DPL) - Bureau of Industry and Security")],
            "Name equals a DPL entry; identity unconfirmed.",
        ),
        (
            [sdn("Acme Trading", source="A new list")],
            "Name equals an entry of a list unknown to us; identity unconfirmed.",
        ),
    ],
)
def test_a_match_says_what_is_equal_and_that_identity_is_not(entries: list[RawEntry], expected: str) -> None:
    assert said("Acme Trading", *entries) == Said(expected, "Stop; escalate.")


def test_an_equal_identifier_is_said_to_be_one() -> None:
    (hit,) = screened("Acme Trading", sdn("Acme Trading")).result.hits
    told = said("Acme Trading", sdn("Acme Trading"), hits=(replace(hit, basis="id"),))
    assert told.headline == "Identifier equals an SDN entry; identity unconfirmed."


def test_a_possible_match_counts_the_entries_and_gives_the_highest_score() -> None:
    entries = [sdn("Acme Holding", 1, score=85), sdn("Acme Trade Co", 2, score=90)]
    told = said("Acme Trading", *entries)
    assert re.fullmatch(r"Possible match: 2 entries, highest 0\.\d\d\.", told.headline)
    assert told.next_step == "Hold; compare birth date and address."


def test_an_embargoed_country_is_what_to_do_next_about() -> None:
    said_so = said("Acme Trading", country_programs=assess_party("IR", None, None))
    assert said_so.headline.startswith("No listed name at or above 0.80")
    assert said_so.next_step == "Stop unless counsel confirms authorization."


def test_an_answer_that_is_not_whole_does_not_say_that_no_name_is_listed() -> None:
    told = said("Acme Trading", truncated=True, truncated_reason="1 of 2 entries came")
    assert told.headline == "Not all entries were read: 1 of 2 entries came."


@pytest.mark.parametrize(
    ("error", "step"),
    [
        (ProviderFailed("csl answered HTTP 503", status=503), "Retry; do not ship."),
        (NotConfigured("no key"), "Set the key; do not ship."),
        (NotScreened("the list is 31 hours old", passes=True), "Retry; do not ship."),
        (NotScreened("the agency found 2310 entries"), "Give more of the name; do not ship."),
    ],
)
def test_what_was_not_screened_says_why_and_not_to_ship(error: ToolError, step: str) -> None:
    assert said_of_fault(fault_of(error)) == Said(f"Not screened: {error}", step)


def test_of_several_parties_the_gravest_says_what_to_do() -> None:
    clear, match = (
        Said("No listed name at or above 0.80.", "Check ownership and end use."),
        Said("x", "Stop; escalate."),
    )
    assert said_of_parties([("clear", clear)]) == clear
    assert said_of_parties([("clear", clear), ("match", match), ("clear", clear)]) == Said(
        "Of 3 parties: 1 equals a listed name, 2 without a listed name.", "Stop; escalate."
    )


def test_a_low_snapshot_says_how_much_was_not_assessed_and_names_what_is_noted() -> None:
    low = said_of_snapshot("low", [("low", Said("x", None))], noted=("China",), not_assessed=11)
    assert low == Said("Nothing adverse in what was asked; 11 subjects not assessed. Noted: China.", "Read them.")
    many = said_of_snapshot("low", [], noted=("China", "Ukraine", "Democratic Republic of the Congo"), not_assessed=11)
    assert many.headline.endswith("Noted: China, Ukraine, Democratic Republic of the Congo.")
    country = Said("Iran in the lane: embargo, 31 CFR 560.", "Stop unless counsel confirms authorization.")
    assert said_of_snapshot("high", [("high", country), ("review", low)], noted=(), not_assessed=11) == country


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_no_sentence_comforts_falsely(failure: Exception) -> None:
    result: SanctionsResult = screened("Acme Trading").result
    for told in (said_of_fault(fault_of(failure)), said_of_screening(result, None), said("Acme Trading", sdn("Acme"))):
        assert not _FALSE_COMFORT.search(f"{told.headline} {told.next_step}")
        assert len(told.headline) <= HEADLINE_CHARACTERS


def test_a_headline_is_cut_where_there_is_no_more_room() -> None:
    assert headline("x" * 80) == "x" * 80
    assert headline("x" * 81) == "x" * 79 + "…"
