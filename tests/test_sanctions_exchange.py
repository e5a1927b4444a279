"""The requests of a screening, and what is made of the answers. Fed by hand; no I/O."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tests.csl_answers import DPL, EL, ISN, RawEntry, page, sdn
from tests.driving import answer, drive, drive_by, first_part
from tools.errors import NotConfigured, NotScreened, ProviderGarbled
from tools.exchange import Request, Response
from tools.sanctions import SanctionsQuery, SanctionsResult, plan
from tools.sanctions_lists import LISTS

BASE = "https://csl.test/v1"
KEY = "subscription-key-of-the-test"


def screen(query: dict[str, Any], *answers: object) -> SanctionsResult:
    reading, _ = drive(plan(SanctionsQuery(**query), BASE, KEY), *answers)
    return reading.result


def test_one_request_asks_for_the_name_with_the_key_in_a_header_and_the_country_kept_here() -> None:
    query = SanctionsQuery(name="Acme Trading", country="CN", type="Entity", address="1 Road", id="123456")
    _, asked = drive(plan(query, BASE, KEY), page())
    params = {"name": "Acme Trading", "size": "50", "offset": "0", "fuzzy_name": "true"}
    assert asked == [Request("GET", f"{BASE}/search", "csl", params=params, headers={"subscription-key": KEY})]
    assert KEY not in repr(asked)


def test_lists_and_an_exact_search_are_asked_of_the_agency() -> None:
    query = SanctionsQuery(name="Acme", sources="sdn,el", fuzzy=False)
    _, asked = drive(plan(query, BASE, KEY), page())
    assert asked[0].params == {"name": "Acme", "size": "50", "offset": "0", "sources": "SDN,EL"}


def test_no_list_named_is_another_question_than_every_list_that_we_know() -> None:
    def key(**query: Any) -> tuple[str, ...]:
        return first_part(plan(SanctionsQuery(name="Acme", **query), BASE, KEY)).key

    assert key() != key(sources=",".join(LISTS))
    assert key(sources="SDN,EL") == key(sources="el,sdn")


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_nothing_is_sent(key: str | None) -> None:
    with pytest.raises(NotConfigured, match="GATEWAY_CSL_SUBSCRIPTION_KEY"):
        drive(plan(SanctionsQuery(name="Acme"), BASE, key))


def test_a_whole_answer_without_a_hit_is_clear_and_says_of_what() -> None:
    result = screen({"name": "Acme"}, page())
    assert (result.outcome, result.hits, result.total, result.truncated) == ("clear", (), 0, False)
    assert result.coverage.lists == tuple(LISTS)
    assert len(result.coverage.lists) == 13
    for outside in ("UFLPA", "EU", "UN ", "UK"):
        assert any(outside in each for each in result.coverage.not_covered)
    assert result.coverage.via == "api"
    assert result.policy_version == "2026-11-30"


def test_a_clear_of_some_lists_says_which_were_not_asked() -> None:
    coverage = screen({"name": "Acme", "sources": "SDN"}, page()).coverage
    assert coverage.lists == ("SDN",)
    assert "EL (not asked)" in coverage.not_covered


def test_a_name_in_another_script_says_that_a_clear_of_it_tells_little() -> None:
    limits = screen({"name": "华为技术"}, page(), page()).coverage.limits
    assert any("Latin" in limit for limit in limits)
    assert any("read as Chinese" in limit for limit in limits)
    assert not any("Latin" in limit for limit in screen({"name": "Société"}, page()).coverage.limits)


def test_a_hit_tells_what_the_list_says_and_what_it_asks_for() -> None:
    entry = sdn(
        "KHATIB, Esmail",
        39017,
        score=100,
        type="Individual",
        alt_names=["KHATIB, Seyed Esmaeil"],
        programs=["IFSR", "IRAN-HR"],
        nationalities=["IR"],
        dates_of_birth=["1960 to 1961"],
        remarks="(Linked To: SOMEBODY)",
        ids=[{"type": "Passport", "number": "A123456", "country": "IR", "issue_date": None}],
        addresses=[{"address": "1 Street", "city": "Tehran", "state": None, "postal_code": "", "country": "IR"}],
    )
    told = orjson.loads(orjson.dumps(screen({"name": "Esmail Khatib", "country": "IR"}, page(entry))))
    [hit] = told["hits"]
    details = hit.pop("action_details")
    assert hit == {
        "name": "KHATIB, Esmail",
        "list": "SDN",
        "list_name": "Specially Designated Nationals (SDN) - Treasury Department",
        "list_is_known": True,
        "action": "stop_block",
        "type": "Individual",
        "title": None,
        "programs": ["IFSR", "IRAN-HR"],
        "alt_names": ["KHATIB, Seyed Esmaeil"],
        "addresses": [
            {"address": "1 Street", "city": "Tehran", "state": None, "postal_code": None, "country": "IR"},
        ],
        "country": None,
        "nationalities": ["IR"],
        "citizenships": [],
        "dates_of_birth": ["1960 to 1961"],
        "places_of_birth": [],
        "ids": [
            {"type": "Passport", "number": "A123456", "country": "IR", "issue_date": None, "expiration_date": None}
        ],
        "vessel": None,
        "start_date": None,
        "end_date": None,
        "federal_register_notice": None,
        "standard_order": None,
        "license_requirement": None,
        "license_policy": None,
        "remarks": "(Linked To: SOMEBODY)",
        "url": "https://ofac.example/sdn",
        "information_url": "https://ofac.example/about",
        "id": "SDN-39017",
        "asked_name": "Esmail Khatib",
        "matched_name": "KHATIB, Esmail",
        "matched_on": "name",
        "score": 1.0,
        "agency_score": 1.0,
        "outcome": "match",
        "basis": "name+country",
        "country_agrees": "same",
        "dob_agrees": None,
        "address_score": None,
        "expired": False,
        "parts": [
            {
                "kind": "whole",
                "asked": "Esmail Khatib",
                "listed": "KHATIB, Esmail",
                "likeness": 1.0,
                "contribution": 1.0,
            }
        ],
        "ignored": [],
        "adjudicated": False,
    }
    assert (details["code"], details["direction"], details["about_imports"]) == (
        "stop_block",
        "import and export",
        "yes",
    )
    assert details["policy_version"] == told["policy_version"]
    assert (told["outcome"], told["total"], told["below_threshold"]) == ("match", 1, 0)


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        pytest.param(sdn("ACME TRADING", score=80), "match", id="whole-name-equal-whatever-the-agency-scores"),
        pytest.param(sdn("OTHER", alt_names=["Acme Trading"], score=80), "match", id="strong-alias-equal"),
        pytest.param(sdn("ACME TRADING GROUP", score=100), "potential_match", id="not-equal"),
        pytest.param(sdn("ACME TRADING", score=100, end_date="2020-01-01"), "potential_match", id="ended"),
        pytest.param(sdn("ACME TRADING", score=100, end_date="2999-01-01"), "match", id="ends-later"),
        pytest.param(sdn("ACME TRADING", score=100, end_date=""), "match", id="blank-end"),
        pytest.param(sdn("ACME TRADING", score=100, end_date="upon notice"), "match", id="unreadable-end"),
        pytest.param(sdn("SOMETHING ELSE", score=80), "potential_match", id="the-agency-finds-it-alike"),
        pytest.param(sdn("SOMETHING ELSE", score=79), "clear", id="below-the-threshold"),
        pytest.param(sdn("SOMETHING ELSE", score=0.79), "clear", id="below-the-threshold-as-a-fraction"),
        pytest.param(sdn("SOMETHING ELSE"), "potential_match", id="found-without-a-score"),
    ],
)
def test_what_an_entry_makes_of_the_outcome(entry: RawEntry, outcome: str) -> None:
    result = screen({"name": "Acme Trading"}, page(entry))
    assert result.outcome == outcome
    assert (len(result.hits), result.below_threshold) == ((0, 1) if outcome == "clear" else (1, 0))


def test_an_alias_of_one_word_is_no_match() -> None:
    result = screen({"name": "Acme"}, page(sdn("OTHER NAME", alt_names=["ACME"], score=100)))
    [hit] = result.hits
    assert (result.outcome, hit.matched_on, hit.matched_name, hit.score) == ("potential_match", "alias", "ACME", 1.0)


def test_a_name_of_one_word_is_a_name() -> None:
    assert screen({"name": "Acme"}, page(sdn("ACME", score=100))).outcome == "match"


def test_an_equal_identifier_is_a_match_and_a_feature_is_none() -> None:
    entry = sdn(
        "ACME HOLDINGS LIMITED",
        score=80,
        ids=[{"type": "Registration Number", "number": "HRB 12-345"}, {"type": "Website", "number": "www.acme.com"}],
    )
    [hit] = screen({"name": "Acme", "id": "hrb12345"}, page(entry)).hits
    assert (hit.outcome, hit.basis, hit.score) == ("match", "id", 1.0)
    [hit] = screen({"name": "Acme", "id": "www.acme.com"}, page(entry)).hits
    assert (hit.outcome, hit.basis) == ("potential_match", "name")


def test_a_country_weighs_and_takes_nothing_away() -> None:
    here = sdn("ACME TRADE", 1, score=80, addresses=[{"country": "CN"}])
    elsewhere = sdn("ACME TRADE", 2, score=80, nationalities=["RU"])
    nowhere = sdn("ACME TRADE", 3, score=80)
    result = screen({"name": "Acme Trading", "country": "cn"}, page(elsewhere, nowhere, here))
    assert [(hit.id, hit.country_agrees, hit.basis) for hit in result.hits] == [
        ("SDN-1", "same", "name+country"),
        ("SDN-3", "unknown", "name"),
        ("SDN-2", "different", "name"),
    ]


def test_an_address_is_compared_and_takes_nothing_away() -> None:
    entry = sdn("ACME", score=100, addresses=[{"address": "12 Komitas", "city": "Yerevan", "country": "AM"}])
    [hit] = screen({"name": "Acme", "address": "Komitas 12, Yerevan"}, page(entry)).hits
    assert hit.address_score is not None
    assert hit.address_score > 0.9
    [hit] = screen({"name": "Acme", "address": "Elsewhere"}, page(entry)).hits
    assert hit.address_score is not None
    assert hit.address_score < 0.5


def test_a_type_leaves_out_only_what_the_agency_says_is_of_another() -> None:
    results = [sdn("ACME", 1, score=100, type="Vessel"), sdn("ACME", 2, score=100, type="vehicle")]
    untyped = {"source": EL, "name": "ACME", "id": "ab", "score": 100}
    result = screen({"name": "Acme", "type": "Individual"}, page(*results, untyped))
    assert [hit.id for hit in result.hits] == ["SDN-2", "ab"]
    assert (result.total, result.of_another_type) == (3, 1)
    assert any("Individual" in limit for limit in result.coverage.limits)


def test_a_list_that_nobody_knows_is_kept_flagged_and_taken_for_the_gravest() -> None:
    entry = sdn("ACME", score=100, source="Advanced Controls (ACN) - State Department")
    [hit] = screen({"name": "Acme"}, page(entry)).hits
    assert (hit.list, hit.list_is_known, hit.action) == (None, False, "stop_block")
    assert hit.list_name == "Advanced Controls (ACN) - State Department"


@pytest.mark.parametrize("source", [f" {EL} ", EL.upper(), EL.replace(" ", "  ")])
def test_a_list_is_known_whatever_its_blanks_and_letter_case(source: str) -> None:
    [hit] = screen({"name": "Acme"}, page(sdn("ACME", score=100, source=source))).hits
    assert (hit.list, hit.action) == ("EL", "licence")


def test_a_party_with_a_long_listed_name_is_found() -> None:
    entry = {
        "source": ISN,
        "name": "Sinobright Import and Export Company; and any successor, sub-unit, or subsidiary thereof",
        "alt_names": None,
        "country": "CN",
        "id": "ff",
        "score": 80,
    }
    result = screen({"name": "Sinobright Import & Export Co", "country": "CN"}, page(entry))
    assert result.outcome != "clear"
    result = screen({"name": "Sinobright Import and Export Company"}, page({**entry, "score": 50}))
    assert result.outcome == "match"


@pytest.mark.parametrize("blank", [None, "", [], "absent"])
def test_what_a_list_does_not_say_may_be_written_in_four_ways(blank: object) -> None:
    entry = {"source": DPL, "name": "ABELAIRAS, AMANCIO J.", "standard_order": "Y", "id": "dc", "score": 100}
    texts, lists = ("remarks", "end_date", "type", "country"), ("alt_names", "addresses", "ids", "programs")
    if blank != "absent":
        entry |= dict.fromkeys(texts, None if blank == [] else blank)
        entry |= dict.fromkeys(lists, None if blank == "" else blank)
    [hit] = screen({"name": "Amancio J. Abelairas"}, page(entry)).hits
    assert (hit.remarks, hit.alt_names, hit.addresses, hit.ids, hit.standard_order) == (None, (), (), (), "Y")
    assert hit.outcome == "match"


def numbered(count: int, **more: Any) -> list[RawEntry]:
    return [sdn(f"ACME {number}", number, score=80, **more) for number in range(count)]


def serve(entries: list[RawEntry], size: int = 50) -> Any:
    """Answers as the agency does: so many at a time, from the offset on."""

    def reply(request: Request) -> object:
        offset = int(request.params["offset"])
        return page(*entries[offset : offset + size], total=len(entries))

    return reply


@pytest.mark.parametrize(("count", "size", "requests"), [(50, 50, 1), (51, 50, 2), (120, 50, 3), (25, 10, 3)])
def test_pages_are_read_to_the_end_whatever_their_size(count: int, size: int, requests: int) -> None:
    reading, asked = drive_by(plan(SanctionsQuery(name="Acme"), BASE, KEY), serve(numbered(count), size))
    assert [each.params["offset"] for each in asked] == [str(at * size) for at in range(requests)]
    assert (len(reading.result.hits), reading.result.total, reading.result.truncated) == (count, count, False)


def test_beyond_what_the_agency_lets_one_reach_an_answer_is_truncated() -> None:
    reading, asked = drive_by(plan(SanctionsQuery(name="Acme"), BASE, KEY), serve(numbered(1500)))
    assert asked[-1].params["offset"] == "1000"
    result = reading.result
    assert (len(result.hits), result.total, result.truncated) == (1050, 1500, True)
    assert result.truncated_reason == "the agency found 1500 entries and lets 1050 of them be read"


def test_a_truncated_answer_without_a_hit_is_not_clear() -> None:
    entries = [sdn(f"OTHER {number}", number, score=10) for number in range(1500)]
    with pytest.raises(NotScreened, match="1500"):
        drive_by(plan(SanctionsQuery(name="Acme"), BASE, KEY), serve(entries))


def test_an_answer_that_is_not_whole_tells_its_hits_and_is_never_clear() -> None:
    result = screen({"name": "Acme"}, page(sdn("ACME", score=100), total=5), page(total=5))
    assert (result.outcome, result.truncated) == ("match", True)
    assert result.truncated_reason == "the agency found 5 entries and sent 1"
    with pytest.raises(ProviderGarbled, match="found 5 entries and sent 1"):
        screen({"name": "Acme"}, page(sdn("OTHER", score=10), total=5), page(total=5))
    with pytest.raises(ProviderGarbled, match="found 5 entries and sent 0"):
        screen({"name": "Acme"}, page(total=5))


def test_a_page_that_comes_again_ends_the_reading() -> None:
    first = page(*numbered(2), total=9)
    result = screen({"name": "Acme"}, first, first)
    assert (len(result.hits), result.truncated) == (2, True)


def test_a_count_that_changes_between_pages_is_garbled() -> None:
    with pytest.raises(ProviderGarbled, match="changed from 60 to 61"):
        screen({"name": "Acme"}, page(*numbered(50), total=60), page(*numbered(10), total=61))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty-object"),
        pytest.param([], id="list"),
        pytest.param("null", id="text"),
        pytest.param(None, id="null"),
        pytest.param({"total": 0}, id="no-results"),
        pytest.param({"results": []}, id="no-total"),
        pytest.param({"total": 0, "results": None}, id="null-results"),
        pytest.param({"total": "0", "results": []}, id="total-is-a-text"),
        pytest.param({"total": -1, "results": []}, id="negative-total"),
        pytest.param({"total": True, "results": []}, id="total-is-true"),
        pytest.param({"total": 0, "results": {}}, id="results-is-an-object"),
        pytest.param({"total": 0, "results": [{}]}, id="more-results-than-total"),
        pytest.param({"total": 0, "sources": [{"count": 5, "value": EL}], "results": []}, id="more-by-list-than-total"),
        pytest.param({"total": 0, "sources": [{"count": 1, "value": "New"}], "results": []}, id="some-by-a-new-list"),
        pytest.param({"total": 1, "results": [[]]}, id="entry-is-a-list"),
        pytest.param({"total": 1, "results": [{"source": EL}]}, id="entry-without-name"),
        pytest.param({"total": 1, "results": [{"source": EL, "name": " "}]}, id="blank-name"),
        pytest.param(b"<html>down</html>", id="html"),
        pytest.param(b'{"total": 0, "results": [', id="cut"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_anything_but_a_search_answer_is_garbled_and_never_clear(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        screen({"name": "Acme"}, body)


def test_counts_of_lists_that_were_not_asked_are_no_contradiction() -> None:
    body = {"total": 0, "sources": [{"count": 5, "value": EL}], "results": []}
    assert screen({"name": "Acme", "sources": "SDN"}, body).outcome == "clear"


def test_the_older_envelope_is_read_too() -> None:
    older = {"total": 1, "offset": 0, "sources_used": [], "search_performed_at": "2021-01-01T00:00:00+00:00"}
    assert screen({"name": "Acme"}, {**older, "results": [sdn("ACME")]}).outcome == "match"


def test_what_has_ended_is_told_by_the_day_of_the_answer() -> None:
    body = orjson.dumps(page(sdn("ACME", score=100, end_date="2026-11-23")))
    for day, expired in ((23, False), (24, True)):
        response = Response(200, {}, body, "csl", received_at=datetime(2026, 11, day, 12, tzinfo=UTC))
        assert screen({"name": "Acme"}, answer(response)).hits[0].expired is expired


def pages(*entries: RawEntry) -> Any:
    """Answers as the agency does: fifty from the offset that is asked."""

    def reply(request: Request) -> object:
        start = int(request.params["offset"])
        return page(*entries[start : start + 50], total=len(entries))

    return reply


def test_parties_of_one_name_and_notice_in_two_countries_are_two_entries() -> None:
    def branch(country: str) -> RawEntry:
        return {"source": EL, "name": "Acmy Trade", "addresses": [{"country": country}], "id": "aa", "score": 80}

    listed = [sdn(f"ACMA {at}", at, score=80) for at in range(49)] + [branch("CN"), branch("HK")]
    listed += [sdn(f"ACMB {at}", 100 + at, score=80) for at in range(49)] + [sdn("ACME TRADING", 900, score=80)]
    reading, asked = drive_by(plan(SanctionsQuery(name="Acme Trading"), BASE, KEY), pages(*listed))
    result = reading.result
    assert (result.outcome, result.truncated, result.total, len(asked)) == ("match", False, 101, 3)


def test_entries_that_come_twice_are_told_and_never_make_a_clear() -> None:
    listed = [sdn(f"ACMA {at}", at, score=80) for at in range(60)]
    twice = [*listed[:50], *listed[49:59]]
    result = drive_by(plan(SanctionsQuery(name="Acma"), BASE, KEY), pages(*twice))[0].result
    assert (result.truncated, result.total, len(result.hits)) == (True, 60, 59)
    with pytest.raises(ProviderGarbled, match="only 59 are different"):
        drive_by(plan(SanctionsQuery(name="Acme Trading", threshold=1), BASE, KEY), pages(*twice))


def test_an_answer_that_counts_more_by_list_than_it_found_clears_nobody() -> None:
    weak = page(sdn("OTHER", score=80)) | {"sources": [{"count": 60, "value": EL}]}
    with pytest.raises(ProviderGarbled, match="60 by list"):
        screen({"name": "Acme", "threshold": 0.9}, weak)
    assert screen({"name": "Acme", "sources": "SDN"}, page() | {"sources": [{"count": 6, "value": EL}]}).hits == ()


def test_an_answer_that_did_not_search_a_list_clears_nobody() -> None:
    envelope = {"total": 0, "offset": 0, "sources_used": [{"source": EL}], "results": []}
    with pytest.raises(NotScreened, match="SDN"):
        screen({"name": "Acme"}, envelope)
    assert screen({"name": "Acme", "sources": "EL"}, envelope).outcome == "clear"


def test_an_equal_identifier_is_a_hit_whatever_its_type() -> None:
    entry = sdn("OTHER", score=80, type="Entity", ids=[{"type": "Tax ID No.", "number": "123456789"}])
    result = screen({"name": "Acme", "type": "Individual", "id": "123456789"}, page(entry))
    assert (result.outcome, [hit.basis for hit in result.hits]) == ("match", ["id"])


def test_characters_that_nobody_sees_are_not_sent() -> None:
    query = SanctionsQuery(name="Bank of Kun\u200blun \u00adCo\uff0e")
    _, [asked] = drive(plan(query, BASE, KEY), page())
    assert asked.params["name"] == "Bank of Kunlun Co."


# -- one value of one entry --

#: A candidate of the agency's that is no hit: were it whole, the answer would be clear.
OTHER = sdn("QUITE ANOTHER", 1, score=10)


def test_an_answer_with_a_candidate_that_is_no_hit_is_clear() -> None:
    assert screen({"name": "Acme"}, page(OTHER)).outcome == "clear"


@pytest.mark.parametrize("damage", [{}, 1.5, True, ["A", "B"], None, " ", "missing"], ids=repr)
def test_an_entry_whose_name_cannot_be_read_clears_nothing(damage: object) -> None:
    spoilt = {key: value for key, value in OTHER.items() if key != "name"}
    spoilt |= {} if damage == "missing" else {"name": damage}
    with pytest.raises(ProviderGarbled, match="not all names and identifiers can be read"):
        screen({"name": "Acme"}, page(spoilt, sdn("ANOTHER", 2, score=5)))
    result = screen({"name": "Acme"}, page(spoilt, sdn("ACME", 2, score=100)))
    assert (result.outcome, result.total, result.truncated) == ("match", 2, True)
    assert any("'name'" in limit for limit in result.coverage.limits)


@pytest.mark.parametrize(
    "damage",
    [
        {"alt_names": {}},
        {"alt_names": ["A", {}]},
        {"alt_names": True},
        {"ids": "A123456"},
        {"ids": ["A123456"]},
        {"ids": [{"type": "Passport", "number": {}}]},
    ],
    ids=str,
)
def test_an_entry_whose_aliases_or_identifiers_cannot_be_read_clears_nothing(damage: dict[str, Any]) -> None:
    with pytest.raises(ProviderGarbled, match="not all names and identifiers can be read"):
        screen({"name": "Acme"}, page(OTHER | damage))


@pytest.mark.parametrize("raw", [None, 7, "ACME", []], ids=repr)
def test_a_result_that_is_no_entry_clears_nothing(raw: Any) -> None:
    with pytest.raises(ProviderGarbled, match="not all names"):
        screen({"name": "Acme"}, page(raw, OTHER))
    assert screen({"name": "Acme"}, page(raw, sdn("ACME", score=100))).outcome == "match"


def test_a_name_that_cannot_be_read_behind_much_other_damage_clears_nothing() -> None:
    odd: RawEntry = {key: {} for key in ("title", "remarks", "country", "type", "start_date")}
    entries = [sdn(f"OTHER {number}", number, score=10) | odd for number in range(49)]
    with pytest.raises(ProviderGarbled, match="not all names"):
        screen({"name": "Acme"}, page(*entries, OTHER | {"name": {}}))


def test_an_entry_without_its_name_is_found_by_an_alias() -> None:
    result = screen({"name": "Acme"}, page(OTHER | {"name": {}, "alt_names": ["ACME", "EMCA"], "score": 100}))
    assert (result.outcome, result.hits[0].name, result.truncated) == ("match", "ACME", True)
    assert any("an alias stands in the place of its name" in limit for limit in result.coverage.limits)


@pytest.mark.parametrize(
    "key", ["title", "remarks", "country", "type", "start_date", "programs", "dates_of_birth", "addresses"]
)
@pytest.mark.parametrize("damage", [{}, 1.5, [{}, 2.5]], ids=repr)
def test_another_value_that_cannot_be_read_costs_its_field_and_is_told(key: str, damage: object) -> None:
    spoilt, whole = (screen({"name": "Acme"}, page(sdn("ACME", score=100) | each)) for each in ({key: damage}, {}))
    assert (spoilt.outcome, spoilt.truncated) == (whole.outcome, False)
    assert any(f"result 1: {key!r}" in limit or f"result 1: {key} " in limit for limit in spoilt.coverage.limits)
    assert screen({"name": "Acme"}, page(OTHER | {key: damage})).outcome == "clear"


def test_an_entry_without_its_list_is_a_hit_on_a_list_that_is_not_known() -> None:
    hit = screen({"name": "Acme"}, page({"name": "ACME", "score": 100})).hits[0]
    assert (hit.outcome, hit.list, hit.list_name, hit.list_is_known) == ("match", None, "", False)
    # of lists that were asked for by name, too
    assert screen({"name": "Acme", "sources": "SDN"}, page({"name": "ACME"})).outcome == "match"


@pytest.mark.parametrize(
    ("damage", "read"),
    [
        ({"dates_of_birth": "1978-12-05"}, {"dates_of_birth": ("1978-12-05",)}),
        ({"dates_of_birth": 1978}, {"dates_of_birth": ("1978",)}),
        ({"alt_names": "EMCA"}, {"alt_names": ("EMCA",)}),
        ({"alt_names": "EMCA;ALPHA TRADING; "}, {"alt_names": ("EMCA", "ALPHA TRADING")}),
        ({"alt_names": ["EMCA", None, 7, " "]}, {"alt_names": ("EMCA", "7")}),
        ({"remarks": ["one"]}, {"remarks": "one"}),
        ({"remarks": 7}, {"remarks": "7"}),
        ({"remarks": []}, {"remarks": None}),
        ({"end_date": 2020}, {"end_date": "2020"}),
    ],
    ids=str,
)
def test_what_can_be_read_one_way_only_is_read(damage: dict[str, Any], read: dict[str, Any]) -> None:
    result = screen({"name": "Acme"}, page(sdn("ACME", score=100) | damage))
    assert {key: getattr(result.hits[0], key) for key in read} == read
    assert not any("not read" in limit for limit in result.coverage.limits)


@pytest.mark.parametrize("score", ["80", 800, -1, True, {}], ids=repr)
def test_a_score_that_is_none_counts_the_entry_as_found(score: object) -> None:
    result = screen({"name": "Acme"}, page(OTHER | {"score": score}))
    assert (result.outcome, result.hits[0].agency_score) == ("potential_match", None)


def test_an_alias_among_others_in_one_text_is_found() -> None:
    assert screen({"name": "Acme"}, page(OTHER | {"alt_names": "EMCA;ACME"})).outcome == "potential_match"


def test_one_identifier_that_stands_alone_is_a_list_of_one() -> None:
    entry = OTHER | {"ids": {"type": "Passport", "number": 836230001}}
    assert screen({"name": "Acme", "id": "836230001"}, page(entry)).outcome == "match"


def test_what_cannot_be_read_is_not_kept() -> None:
    part = first_part(plan(SanctionsQuery(name="Acme"), BASE, KEY))
    running = part.exchange()
    next(running)
    with pytest.raises(StopIteration) as ended:
        running.send(answer(page(OTHER | {"name": {}}, sdn("ACME", 2, score=100)), "csl"))
    assert not part.is_whole(ended.value.value)
