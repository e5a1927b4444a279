"""What people are shown of an answer: what it claims, what it does not, how old it is."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from service.cli.tables.answers import answer_page
from service.cli.tables.errors import error_page
from service.cli.tables.layout import as_text
from service.cli.tables.pools import Health, health_concerns, health_page
from service.concerns import concerns
from service.errors import fault_of
from tests.cli.answers import RATED, letter, line_that_links_to_nowhere, plain_line, searched
from tests.cli.test_exits import CASES
from tests.cross_answers import ruling
from tests.csl_answers import sdn
from tests.fda_answers import refused as refused_row
from tests.service.snapshot.outcomes import FAILURES, NOW, line, refused, ruled, screened
from tools.errors import ProviderFailed
from tools.exchange import Answer
from tools.sanctions import SanctionsResult

#: Never said to people.
_FALSE_COMFORT = re.compile(r"\b(?:[Cc]lear|CLEAR|[Pp]assed|[Nn]ot listed|[Ss]afe)\b")


def shown(answer: Answer[Any], width: int = 200, **asked: Any) -> str:
    return as_text(answer_page(asked, answer, NOW), width=width)


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize(("outcome", "code"), CASES.values(), ids=CASES)
def test_every_answer_says_what_was_asked_of_whom_and_when_and_what_its_exit_code_is_for(
    outcome: Answer[Any], code: int, width: int
) -> None:
    text = shown(outcome, width, name="Somebody")
    # That nothing is adverse is for a screening, or a snapshot, to say; each says what it rests on.
    assert "othing adverse" not in text
    assert ("To look at" in text) is bool(concerns(outcome.result))
    # FDA's own words for a charge.
    assert not _FALSE_COMFORT.search(" ".join(text.split()).replace("drug or device is not listed", ""))
    if code == 1 and not isinstance(outcome.result, SanctionsResult):
        assert re.search(r"No (?:refused\s+)?(?:line|ruling)\s+found", text)
    for each in ("Asked", "name: Somebody", "Source", "Agency", "As of"):
        assert each in text
    assert all(len(row) <= width for row in text.splitlines())


def test_a_clear_says_on_which_lists_from_which_score_and_what_is_not_covered() -> None:
    text = shown(screened("Acme Trading"))
    assert "No listed name at or above 0.80; 13 lists, asked 2026-11-25 12:00 UTC." in text
    assert "UFLPA Entity List" in text
    assert "Next step  Check ownership and end use." in text
    assert "that it finds none is weaker" in text


def test_every_hit_is_shown_with_its_list_and_what_that_asks_for() -> None:
    entries = [sdn("Acme Trading", 1), sdn("Acme Trading Group", 2, source="A new list", end_date="2001-01-01")]
    text = shown(screened("Acme Trading", *entries))
    assert text.splitlines()[1] == "Name equals an SDN entry; identity unconfirmed."
    assert "a list unknown to us: A new list" in text
    assert "ended 2001-01-01: verify" in text
    assert "SDN: No dealings unless authorised" in text


def test_a_rate_that_is_not_stated_is_never_shown_as_free_or_blank() -> None:
    text = shown(plain_line("8507"))
    assert "Rate, general   not stated: a heading; the rates stand on the lines under it" in text
    assert "Free" not in text


def test_headings_that_may_add_and_those_that_are_gone_are_shown() -> None:
    assert "9903.91.01  may add" in shown(line())
    assert "9903.88.69  over since 2025-05-31" in shown(line())
    assert "9903.99.99  to be read" in shown(line_that_links_to_nowhere())


def test_a_search_says_what_it_does_not_tell() -> None:
    assert "no linked headings: ask for a line by its number" in shown(searched(RATED))


def test_refusals_are_shown_with_their_charges_and_counts() -> None:
    text = shown(refused(refused_row(1), refused_row(2)))
    assert "2 refused lines, 2 shown" in text
    assert "Firm 1 Ltd (FEI 3000000001)" in text
    assert "2026-08-06" in text


def test_a_revoked_ruling_says_so_and_by_which() -> None:
    text = shown(ruled(ruling("968227", revokedBy=["H2"])))
    assert "revoked by H2" in text
    assert "968227: Revoked by H2: do not rely on it." in text


def test_the_text_of_a_letter_keeps_its_lines_and_loses_its_controls() -> None:
    text = shown(letter())
    assert "\nDear Sir:" in text
    assert "\x07" not in text


def test_a_stale_answer_says_so_and_why() -> None:
    answer = screened("Acme Trading")
    old = replace(answer.source, served_from="stale", stale_because="provider_failed")
    old = replace(old, retrieved_at=old.retrieved_at - timedelta(hours=3))
    text = shown(replace(answer, source=old))
    assert "3 h old: STALE, given because of provider_failed" in text


def test_sample_data_is_said_first() -> None:
    answer = screened("Acme Trading")
    text = shown(replace(answer, source=replace(answer.source, sandbox=True)))
    assert text.startswith("SAMPLE DATA from a sandbox")


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_an_error_says_whose_fault_what_code_and_whether_to_ask_again(failure: Exception) -> None:
    fault = fault_of(failure)
    text = as_text(error_page(fault, screening=True, sandbox=False), width=200)
    assert text.startswith(f"compliance-gateway: {fault.title}\n")
    assert fault.code in text
    if fault.retryable:
        assert "Asking again  may help" in text
    assert "will not help" not in text
    assert "no name was compared: do not ship" in text
    assert not _FALSE_COMFORT.search(text)
    assert "a secret" not in text


def test_an_error_says_when_to_ask_again_where_that_is_known() -> None:
    assert "may help; wait 9 s" in as_text(error_page(fault_of(FAILURES[4]), screening=False, sandbox=False), width=200)
    failed = fault_of(ProviderFailed("it answered 503", status=503))
    assert "Screening" not in as_text(error_page(failed, screening=False, sandbox=False), width=200)


POOL = {
    "limit": 100,
    "max_idle": 20,
    "in_use": 3,
    "idle": 2,
    "waiting": 1,
    "created": 9,
    "reused": 40,
    "closed": {"idle_timeout": 1, "error": 2},
    "acquire_timeouts": 0,
    "oldest_hold_seconds": 0.5,
    "held_over_threshold": [],
    "per_host": {"hts.test:443": {"in_use": 3, "idle": 2, "waiting": 1}},
}


def health(state: str = "closed", held: int = 0) -> Health:
    breaker = {"state": state, "failures_in_a_row": 5, "opened": 1, "retry_after_s": 7.0 if state == "open" else None}
    upstream = {
        "configured": False,
        "url": "https://hts.test",
        "sandbox": False,
        "breaker": breaker,
        "retries": {"requests": 12, "retries": 3},
        "quota": {"waiting": 0, "refused": 4},
    }
    told = {"status": "ok", "version": "1", "pid": 7, "uptime_s": 61.0, "new": "unknown to us"}
    held_long = [{"host": "hts.test:443", "held_s": 99.0}] * held
    pools = {"async": POOL | {"held_over_threshold": held_long}, "sync": None}
    return Health.model_validate(told | {"pools": pools, "upstreams": {"hts": upstream}})


@pytest.mark.parametrize("width", [80, 120])
def test_the_pools_of_a_service_are_shown_by_host_and_agency(width: int) -> None:
    text = as_text(health_page(health(), "http://gateway.test"), width=width)
    for each in ("http://gateway.test", "hts.test:443", "missing", "closed 5 1 12 3 0 4", "Nothing to look at"):
        assert each in " ".join(text.split())


def test_of_several_processes_the_one_that_answered_is_named_as_one_of_them() -> None:
    several = health().model_copy(update={"workers": 4})
    assert "7, one of 4, up for 61 s" in as_text(health_page(several, "http://gateway.test"), width=120)
    assert "7, up for 61 s" in as_text(health_page(health(), "http://gateway.test"), width=120)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        (health("open"), "the breaker of hts is open"),
        (health("half_open"), "the breaker of hts is half open"),
        (health(held=2), "2 connections of the async pool are held for long"),
    ],
)
def test_a_breaker_that_is_not_closed_or_a_held_connection_is_to_look_at(told: Health, says: str) -> None:
    assert health_concerns(told) == (says,)
    assert says in as_text(health_page(told, "http://gateway.test"), width=120)
