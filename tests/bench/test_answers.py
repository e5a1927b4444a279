"""The bench's answers are whole ones to the gateway's own readers, and as large as the agencies'."""

import pytest

from tests.bench.answers import CROSS_PAGE, CSL_PAGE, HTS_RELEASE, LAST_RULING, LISTED, body_for
from tests.driving import drive, drive_by
from tools.exchange import Request
from tools.hts import HTSLineResult, HTSQuery
from tools.hts import plan as hts_plan
from tools.refusals import RefusalsQuery
from tools.refusals import plan as refusals_plan
from tools.rulings import RulingsQuery, RulingsResult
from tools.rulings import plan as rulings_plan
from tools.sanctions import SanctionsQuery
from tools.sanctions import plan as sanctions_plan


def reply(request: Request) -> bytes:
    asked = "&".join(f"{name}={value}" for name, value in request.params.items())
    return body_for(f"{request.url}?{asked}".encode())


def test_a_page_of_the_screening_list_is_whole_and_names_the_listed_party() -> None:
    found = drive(sanctions_plan(SanctionsQuery(name="Party Number 7"), "https://a.test/csl", "k"), CSL_PAGE)[0].result
    assert not found.truncated
    assert LISTED in [hit.name for hit in found.hits]


@pytest.mark.parametrize("code", ["0101", "8507.01.00.20", "9801.19.00"])
def test_an_export_has_the_heading_that_was_asked_for_and_leads_to_no_other(code: str) -> None:
    found, asked = drive_by(hts_plan(HTSQuery(code=code), "https://a.test/hts"), reply)
    assert isinstance(found.result, HTSLineResult)
    assert found.result.line.code == code
    assert len(asked) == 2


def test_a_page_of_rulings_is_whole_and_asks_for_no_other() -> None:
    found, asked = drive_by(rulings_plan(RulingsQuery(hts="8507.60.00.20"), "https://a.test/cross"), reply)
    assert isinstance(found.result, RulingsResult)
    assert not found.result.truncated
    assert found.result.rulings[-1].number == LAST_RULING
    assert len(asked) == 1


def test_a_page_of_refusals_is_whole() -> None:
    found, asked = drive_by(refusals_plan(RefusalsQuery(country="CN"), "https://a.test/fda", "u", "k"), reply)
    assert (found.result.counted, found.result.truncated) == (10, False)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("body", "usual_bytes"), [(CSL_PAGE, 2000), (CROSS_PAGE, 50_000), (body_for(b"/hts/exportList?from=8507"), 10_000)]
)
def test_bodies_are_as_large_as_the_agencies(body: bytes, usual_bytes: int) -> None:
    assert 0.85 * usual_bytes < len(body) < 1.15 * usual_bytes


def test_a_path_of_no_agency_gets_a_page_of_the_screening_list() -> None:
    assert body_for(b"/search?name=x") == CSL_PAGE
    assert body_for(b"/hts/currentRelease") == HTS_RELEASE
