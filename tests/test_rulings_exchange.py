"""The requests for rulings, and what is made of the answers. Fed by hand; no I/O."""

import dataclasses
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest

from tests.cross_answers import RELATIONS, RawRuling, found, letter, ruling
from tests.driving import answer, drive, drive_by
from tools.errors import (
    InvalidQuery,
    NotFound,
    ProviderError,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ToolError,
)
from tools.exchange import Request
from tools.rulings import RulingLetter, RulingResult, RulingsQuery, RulingsResult, RulingsTool, plan

BASE = "https://cross.test/api"


def search(query: dict[str, Any], *answers: object) -> tuple[RulingsResult, list[Request]]:
    reading, asked = drive(plan(RulingsQuery(**query), BASE), *answers)
    assert isinstance(reading.result, RulingsResult)
    return reading.result, asked


def ask_one(number: str, *answers: object) -> tuple[RulingLetter, list[Request]]:
    reading, asked = drive(plan(RulingsQuery(number=number), BASE), *answers)
    assert isinstance(reading.result, RulingResult)
    return reading.result.ruling, asked


def refusal_of(number: str, *answers: object) -> ToolError:
    with pytest.raises(ToolError) as refused:
        ask_one(number, *answers)
    return refused.value


def test_words_are_asked_as_they_are_with_dates_and_collection() -> None:
    query = {"keyword": "solar charger", "collection": "hq", "since": "2006-01-01", "until": "2006-12-31", "limit": 5}
    _, [request] = search(query, found())
    assert (request.method, request.url, request.upstream) == ("GET", f"{BASE}/search", "cross")
    assert request.params == {
        "term": "solar charger",
        "collection": "HQ",
        "commodityGrouping": "ALL",
        "sortBy": "RELEVANCE",
        "pageSize": "30",
        "page": "1",
        "fromDate": "2006-01-01",
        "toDate": "2006-12-31",
    }


@pytest.mark.parametrize(
    ("hts", "term"),
    [
        ("8507600020", "8507.60.0020"),
        ("8507.60.00.20", "8507.60.0020"),
        ("8507.60.00", "8507.60.00"),
        ("850760", "8507.60"),
        ("8507", "8507"),
    ],
)
def test_a_tariff_number_is_asked_in_cbp_s_writing(hts: str, term: str) -> None:
    _, [request] = search({"hts": hts}, found())
    assert (request.params["term"], request.params["sortBy"]) == (term, "DATE_DESC")


def test_letters_that_decide_a_tariff_number_are_told_from_those_that_mention_it() -> None:
    result, _ = search({"hts": "8504.40.95.50"}, found(ruling("968227"), ruling("N1234", tariffs="9030.33.0000")))
    assert [each.decides_hts for each in result.rulings] == [True, False]
    assert len(result.limits) == 1
    result, _ = search({"keyword": "charger"}, found(ruling("968227")))
    assert [each.decides_hts for each in result.rulings] == [None]
    assert result.limits == ()


def test_a_shorter_tariff_number_says_that_it_may_have_missed_the_lines_under_it() -> None:
    result, _ = search({"hts": "8504.40.95"}, found(ruling("968227")))
    assert [each.decides_hts for each in result.rulings] == [True]
    assert any("ten digits" in limit for limit in result.limits)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "number"),
        ({"keyword": "a", "hts": "8507"}, "number"),
        ({"number": "abc"}, "number"),
        ({"number": "../etc"}, "number"),
        ({"number": "N12345678"}, "number"),
        ({"keyword": " "}, "keyword"),
        ({"keyword": "x" * 201}, "keyword"),
        ({"hts": "85"}, "hts"),
        ({"keyword": "a", "collection": "LA"}, "collection"),
        ({"keyword": "a", "since": "yesterday"}, "since"),
        ({"keyword": "a", "since": "2026-01-02", "until": "2026-01-01"}, "since"),
        ({"keyword": "a", "limit": 1001}, "limit"),
        ({"keyword": "a", "colour": "red"}, "colour"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_parameter(query: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as wrong:
        RulingsTool().parse(**query)
    assert wrong.value.parameter == parameter


def test_a_ruling_is_told_with_its_standing_first() -> None:
    result, _ = search({"keyword": "charger"}, found(ruling("968227", modifies=["G87863"]), total=7277))
    [told] = orjson.loads(orjson.dumps(result.rulings))
    assert list(told)[:3] == ["status", "notice", "replaced_by"]
    assert told == {
        "status": "no_revocation_recorded",
        "notice": "No revocation or modification is recorded; that is not a confirmation.",
        "replaced_by": [],
        "chain": [],
        "chain_is_whole": True,
        "number": "968227",
        "subject": "The tariff classification of a battery",
        "ruled_on": "2006-08-08",
        "ruled_on_is_exact": True,
        "collection": "HQ",
        "categories": ["Classification"],
        "tariffs": ["8504.40.95.50"],
        "decides_hts": None,
        "relations": {
            "revoked_by": [],
            "modified_by": [],
            "revokes": [],
            "modifies": ["G87863"],
            "related": [],
            "operationally_revoked": False,
            "are_known": True,
        },
        "is_usmca": False,
        "is_nafta": False,
        "url": "https://rulings.cbp.gov/ruling/968227",
    }
    assert (result.total, result.truncated) == (7277, True)
    assert result.truncated_reason == "the agency counts 7277 rulings and sent 1"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("8506.50.0000, 8507.60.0020", ("8506.50.00.00", "8507.60.00.20")),
        (["8506.50.0000", "8507.60.0020"], ("8506.50.00.00", "8507.60.00.20")),
        ("8507.60", ("8507.60",)),
        ("GRI 1, 8507.60.0020", ("GRI 1", "8507.60.00.20")),
        ("", ()),
        (None, ()),
        ([], ()),
    ],
)
def test_tariff_numbers_come_as_a_text_or_as_a_list(sent: object, read: tuple[str, ...]) -> None:
    result, _ = search({"keyword": "x"}, found(ruling("968227", tariffs=sent)))
    assert result.rulings[0].tariffs == read


@pytest.mark.parametrize(
    ("sent", "day", "is_exact"),
    [
        ("2006-08-08T00:00:00", date(2006, 8, 8), True),
        ("2008-08-13T23:00:00", date(2008, 8, 13), False),
        ("2008-08-13T02:00:00", date(2008, 8, 13), False),
        ("0001-01-01T00:00:00", None, False),
        (None, None, False),
    ],
)
def test_a_missing_date_is_none_and_a_shifted_one_is_not_exact(
    sent: object, day: date | None, *, is_exact: bool
) -> None:
    result, _ = search({"keyword": "x"}, found(ruling("968227", rulingDate=sent)))
    assert (result.rulings[0].ruled_on, result.rulings[0].ruled_on_is_exact) == (day, is_exact)


@pytest.mark.parametrize(
    ("relations", "status", "replaced_by"),
    [
        ({}, "no_revocation_recorded", ()),
        ({"modifiedBy": ["968227"]}, "modified", ("968227",)),
        ({"revokedBy": ["h301481"]}, "revoked", ("H301481",)),
        ({"revokedBy": ["HQ 968227", "NY N123456"]}, "revoked", ("968227", "N123456")),
        ({"revokedBy": ["H301481"], "modifiedBy": ["968227"]}, "revoked", ("H301481", "968227")),
        ({"operationallyRevoked": True}, "operationally_revoked", ()),
        ({"operationallyRevoked": True, "modifiedBy": ["968227"]}, "operationally_revoked", ("968227",)),
        ({"revokedBy": None, "modifiedBy": None}, "unknown", ()),
        ({"revokedBy": None, "modifiedBy": ["968227"]}, "modified", ("968227",)),
    ],
)
def test_the_gravest_that_is_said_of_a_ruling_is_its_status(
    relations: dict[str, Any], status: str, replaced_by: tuple[str, ...]
) -> None:
    result, _ = search({"keyword": "x"}, found(ruling("N305619", **relations)), *[found()] * len(replaced_by))
    [told] = result.rulings
    assert (told.status, told.replaced_by) == (status, replaced_by)
    assert told.chain_is_whole is (not replaced_by and status != "unknown")


def test_a_notice_names_revokers_as_revokers_and_nobody_else() -> None:
    both = ruling("N305619", revokedBy=["H301481"], modifiedBy=["968227"])
    [told] = search({"keyword": "x"}, found(both), found(), found())[0].rulings
    assert told.notice == "Revoked by H301481: do not rely on it."


def test_a_chain_that_ends_in_a_ruling_of_unknown_standing_is_not_whole() -> None:
    unknown = ruling("H301481", revokedBy=None, modifiedBy=None)
    [told, _] = search({"keyword": "x"}, found(ruling("N305619", revokedBy=["H301481"]), unknown))[0].rulings
    assert [(link.number, link.status) for link in told.chain] == [("H301481", "unknown")]
    assert not told.chain_is_whole


def test_what_one_ruling_says_that_it_did_to_another_counts_for_the_other() -> None:
    answers = found(ruling("H301481", revokes=["N305619"]), ruling("N305619"), ruling("G87863", revokedBy=None))
    result, _ = search({"keyword": "x"}, answers)
    told = {each.number: each for each in result.rulings}
    assert (told["N305619"].status, told["N305619"].replaced_by) == ("revoked", ("H301481",))
    assert told["N305619"].chain_is_whole
    assert told["G87863"].status == "unknown"


def archive(*rulings: RawRuling) -> Any:
    """Answers as the agency does: letters by number, searches by the numbers that rulings name."""
    by_number = {each["rulingNumber"]: each for each in rulings}

    def reply(request: Request) -> object:
        if "/ruling/" in request.url:
            number = request.url.rpartition("/")[2]
            return letter(number) if number in by_number else answer(b"", "cross", status=500)
        term = request.params["term"]
        named = [each for each in rulings if term == "*" or term in orjson.dumps(each).decode()]
        return found(*named)

    return reply


CHAIN = (
    ruling("N305619", revokedBy=["H301481"]),
    ruling("H301481", modifiedBy=["H305000"]),
    ruling("H305000", revokedBy=["H309999"]),
    ruling("H309999"),
)


def test_a_chain_is_followed_to_what_stands_now() -> None:
    reading, asked = drive_by(plan(RulingsQuery(number="n305619"), BASE), archive(*CHAIN))
    assert isinstance(reading.result, RulingResult)
    told = reading.result.ruling
    assert (told.status, told.replaced_by) == ("revoked", ("H301481",))
    assert told.notice == "Revoked by H301481: do not rely on it."
    assert [(link.number, link.status, link.replaced_by) for link in told.chain] == [
        ("H301481", "modified", ("H305000",)),
        ("H305000", "revoked", ("H309999",)),
        ("H309999", "no_revocation_recorded", ()),
    ]
    assert told.chain_is_whole
    assert len(asked) <= 2 + 3


def test_a_circle_of_rulings_ends() -> None:
    circle = (ruling("N1001", revokedBy=["N1002"]), ruling("N1002", modifiedBy=["N1001"]))
    reading, _ = drive_by(plan(RulingsQuery(number="N1001"), BASE), archive(*circle))
    assert isinstance(reading.result, RulingResult)
    assert [link.number for link in reading.result.ruling.chain] == ["N1002"]


def test_a_chain_without_end_is_given_up_and_says_so() -> None:
    long = [ruling(f"N{1000 + at}", revokedBy=[f"N{1001 + at}"]) for at in range(50)]

    def reply(request: Request) -> object:
        if "/ruling/" in request.url:
            return letter("N1000")
        return found(*(each for each in long if each["rulingNumber"] == request.params["term"]))

    reading, asked = drive_by(plan(RulingsQuery(number="N1000"), BASE), reply)
    assert isinstance(reading.result, RulingResult)
    told = reading.result.ruling
    assert (len(asked), told.chain_is_whole, told.chain[-1].status) == (12, False, "unknown")


@pytest.mark.parametrize("number", ["w964711", "W964711", " HQ W964711", "hq w964711"])
def test_a_letter_is_asked_by_its_number_in_any_case(number: str) -> None:
    told, [first, second] = ask_one(number, letter("w964711"), found(ruling("W964711", tariffs="8507.60.0020")))
    assert (first.url, second.params["term"]) == (f"{BASE}/ruling/W964711", "W964711")
    assert (told.number, told.status, told.tariffs) == ("W964711", "no_revocation_recorded", ("8507.60.00.20",))
    assert told.text == "HQ 968227\n\nDear Sir:\nThe goods\tare batteries."
    assert told.document == "/docs/hq/2006/968227.doc"


def test_relations_come_from_the_search_where_the_letter_has_none() -> None:
    told, _ = ask_one("N305619", letter("N305619"), found(ruling("N305619", revokedBy=["H301481"])), found())
    assert (told.status, told.replaced_by) == ("revoked", ("H301481",))
    told, _ = ask_one("N305619", letter("N305619"), found())
    assert told.status == "unknown"


def test_an_adverse_word_of_the_letter_is_not_undone_by_the_search() -> None:
    told, _ = ask_one("N305619", letter("N305619", revokedBy=["H301481"]), found(ruling("N305619")), found())
    assert told.status == "revoked"
    by_law = letter("N305619", isRevokedByOperationalLaw=True)
    told, _ = ask_one("N305619", by_law, found(ruling("N305619")))
    assert told.status == "operationally_revoked"


def test_a_body_in_windows_1252_is_read() -> None:
    body = orjson.dumps(letter("N305619", subject="The “battery” at 5 ¢ — café")).decode().encode("cp1252")
    told, _ = ask_one("N305619", body, found(ruling("N305619")))
    assert told.subject == "The “battery” at 5 ¢ — café"


NO_SUCH = answer(b'{"message":"An error has occurred."}', "cross", status=500)


@pytest.mark.parametrize("first", [NO_SUCH, answer(b"", "cross", status=404), None])
def test_an_unknown_number_is_not_found_when_the_agency_demonstrably_answers(first: object) -> None:
    listed, known = found(ruling("H301481"), total=10_000), letter("H301481")
    assert isinstance(refusal_of("N999999", first, listed, known), NotFound)
    assert isinstance(refusal_of("N999999", first, found(), listed, known), NotFound)


def test_an_unknown_number_is_a_failure_when_the_letters_route_answers_for_no_known_number_either() -> None:
    listed = found(ruling("H301481"), total=10_000)
    for known in (NO_SUCH, None, letter("H301482"), {}, b"<html>", answer(b"", "cross", status=404)):
        assert isinstance(refusal_of("N999999", NO_SUCH, listed, known), ProviderError)
        assert not isinstance(refusal_of("N999999", NO_SUCH, listed, known), NotFound)


def test_an_unknown_number_is_a_failure_when_the_agency_answers_nothing_else_either() -> None:
    assert isinstance(refusal_of("N999999", NO_SUCH, NO_SUCH), ProviderFailed)
    assert isinstance(refusal_of("N999999", NO_SUCH, found(), found()), ProviderFailed)
    assert isinstance(refusal_of("N999999", NO_SUCH, found(), NO_SUCH), ProviderFailed)
    assert isinstance(refusal_of("N999999", NO_SUCH, b"<html>"), ProviderGarbled)
    not_found = answer(b"", "cross", status=404)
    assert isinstance(refusal_of("N999999", not_found, not_found), ProviderRejected)


def test_a_ruling_that_the_search_lists_is_there_whatever_its_own_route_says() -> None:
    assert isinstance(refusal_of("N305619", NO_SUCH, found(ruling("N305619"))), ProviderFailed)


def numbered(count: int) -> list[RawRuling]:
    return [ruling(f"N{100000 + at}") for at in range(count)]


def paged(count: int) -> Any:
    """Answers as the agency does: pages from 1."""
    everything = numbered(count)

    def reply(request: Request) -> object:
        size, page = int(request.params["pageSize"]), int(request.params["page"])
        return found(*everything[(page - 1) * size : page * size], total=count)

    return reply


@pytest.mark.parametrize(
    ("count", "limit", "told", "requests"),
    [(250, 1000, 250, 3), (250, 200, 200, 2), (250, 30, 30, 1), (20, 100, 20, 1)],
)
def test_pages_are_read_up_to_the_limit(count: int, limit: int, told: int, requests: int) -> None:
    reading, asked = drive_by(plan(RulingsQuery(keyword="x", limit=limit), BASE), paged(count))
    result = reading.result
    assert isinstance(result, RulingsResult)
    assert (len(result.rulings), result.total, len(asked)) == (told, count, requests)
    assert result.truncated is (told < count)
    assert result.truncated_reason == (f"limit {limit}" if told < count else None)


def test_a_count_of_ten_thousand_may_be_more() -> None:
    result, _ = search({"keyword": "x", "limit": 1}, found(ruling("N305619"), total=10_000))
    assert (result.total, result.total_is_capped, result.truncated) == (10_000, True, True)


def test_a_search_that_finds_nothing_is_an_honest_empty_list() -> None:
    result, _ = search({"keyword": "x"}, found())
    assert (result.rulings, result.total, result.truncated) == ((), 0, False)


def without(raw: RawRuling, key: str) -> RawRuling:
    return {name: value for name, value in raw.items() if name != key}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty-object"),
        pytest.param([], id="list"),
        pytest.param(None, id="null"),
        pytest.param({"rulings": []}, id="no-total"),
        pytest.param({"totalHits": 0}, id="no-rulings"),
        pytest.param({"rulings": None, "totalHits": 0}, id="null-rulings"),
        pytest.param(found(total=5), id="hits-and-no-rulings"),
        pytest.param(found(ruling("N305619"), total=0), id="rulings-and-no-hits"),
        pytest.param({"rulings": [], "totalHits": "0"}, id="total-is-a-text"),
        pytest.param({"rulings": [7], "totalHits": 1}, id="ruling-is-a-number"),
        pytest.param(b"<!doctype html><html>CROSS</html>", id="html"),
        pytest.param(b'{"rulings":[', id="cut"),
        pytest.param(b'\x81{"rulings":[],"totalHits":0}', id="no-coding-at-all"),
        pytest.param(found(without(ruling("N305619"), "rulingNumber")), id="no-number-at-all"),
    ],
)
def test_anything_but_a_search_answer_is_garbled_and_never_an_empty_list(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        search({"keyword": "x"}, body)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty-object"),
        pytest.param([], id="list"),
        pytest.param(b"<!doctype html>", id="html"),
        pytest.param(letter("N305620"), id="another-ruling"),
        pytest.param(letter("N305619", text=None), id="null-text"),
        pytest.param(letter("N305619", text=" \r\n"), id="blank-text"),
        *(pytest.param(without(letter("N305619"), key), id=f"no-{key}") for key in ("rulingNumber", "text")),
    ],
)
def test_anything_but_a_letter_is_garbled(body: object) -> None:
    assert isinstance(refusal_of("N305619", body, *([] if isinstance(body, bytes) else [found()])), ProviderGarbled)


def test_relations_of_the_letter_s_route_may_be_left_out() -> None:
    bare = letter("N305619")
    for key in RELATIONS:
        bare = without(bare, key)
    assert ask_one("N305619", bare, found(ruling("N305619")))[0].status == "no_revocation_recorded"


# -- one value of one ruling --

FIELDS = {"subject": "subject", "categories": "categories", "rulingDate": "ruled_on", "isUsmca": "is_usmca"}
FIELDS |= {"isNafta": "is_nafta", "collection": "collection", "tariffs": "tariffs"}


@pytest.mark.parametrize(("key", "member"), FIELDS.items())
@pytest.mark.parametrize("damage", [None, {}, 1.5, ["a", 2.5], "missing"], ids=repr)
def test_a_value_that_cannot_be_read_costs_its_field_and_is_told(key: str, member: str, damage: object) -> None:
    raw = without(ruling("N305619"), key) if damage == "missing" else ruling("N305619", **{key: damage})
    result, _ = search({"keyword": "x"}, found(raw, ruling("H301481")))
    whole, _ = search({"keyword": "x"}, found(ruling("N305619"), ruling("H301481")))
    lost, other = result.rulings
    left = () if member in ("categories", "tariffs") else None
    assert getattr(lost, member) == (("a",) if key == "tariffs" and isinstance(damage, list) else left)
    kept = {name: getattr(whole.rulings[0], name) for name in (member, "ruled_on_is_exact")}
    assert dataclasses.replace(lost, **kept) == whole.rulings[0]
    assert other == whole.rulings[1]
    assert (result.total, result.truncated) == (2, False)
    assert any(key in each for each in result.limits) is (damage is not None)


def test_a_null_subject_of_one_ruling_is_null_and_the_others_are_read() -> None:
    result, _ = search({"keyword": "x"}, found(ruling("N305619", subject=None), *map(ruling, ("H1", "H2", "H3"))))
    assert [each.subject is None for each in result.rulings] == [True, False, False, False]
    assert (result.limits, result.truncated) == ((), False)


@pytest.mark.parametrize("said", ["August", "0", "20", {}, "2006-13-01", "9" * 400])
def test_a_date_that_cannot_be_read_is_none(said: object) -> None:
    result, _ = search({"keyword": "x"}, found(ruling("N305619", rulingDate=said)))
    assert (result.rulings[0].ruled_on, result.rulings[0].ruled_on_is_exact) == (None, False)
    assert len(result.limits) == 1


@pytest.mark.parametrize("key", [*RELATIONS, "operationallyRevoked"])
@pytest.mark.parametrize("damage", [{}, 1.5, [{}], "missing"], ids=repr)
def test_of_a_ruling_whose_relations_cannot_be_read_the_standing_is_not_known(key: str, damage: object) -> None:
    raw = without(ruling("N305619"), key) if damage == "missing" else ruling("N305619", **{key: damage})
    result, _ = search({"keyword": "x"}, found(raw))
    assert (result.rulings[0].status, result.rulings[0].chain_is_whole) == ("unknown", False)
    assert any(key in each for each in result.limits)


def test_damage_behind_much_other_damage_still_leaves_the_standing_unknown() -> None:
    odd = [ruling(f"H{number}", subject={}, categories={}, collection={}) for number in range(100, 160)]
    result, _ = search({"keyword": "x", "limit": 100}, found(*odd, ruling("N305619", revokedBy={})))
    assert result.rulings[-1].status == "unknown"
    assert len(result.limits) == 6


def test_a_relation_that_is_a_text_is_a_list_of_one() -> None:
    result, _ = search({"keyword": "x"}, found(ruling("N305619", revokedBy="HQ H301481"), ruling("H301481")))
    assert (result.rulings[0].status, result.rulings[0].replaced_by) == ("revoked", ("H301481",))
    assert ask_one("N305619", letter("N305619", revokedBy="H301481"), found(ruling("H301481")))[0].status == "revoked"


def test_relations_in_one_text_are_separated_as_tariffs_are() -> None:
    result, _ = search(
        {"keyword": "x"},
        found(ruling("N305619", revokedBy="H301481, HQ H301482"), *map(ruling, ("H301481", "H301482"))),
    )
    assert result.rulings[0].replaced_by == ("H301481", "H301482")


@pytest.mark.parametrize("key", ["subject", "rulingDate", "tariffs", "isUsmca"])
def test_a_letter_is_read_without_a_value_beside_its_text(key: str) -> None:
    read, _ = ask_one("N305619", without(letter("N305619"), key), found())
    assert read.number == "N305619"
    assert "The goods" in read.text


@pytest.mark.parametrize(
    "raw", [7, None, [], {}, without(ruling("N305619"), "rulingNumber"), ruling("N305619") | {"rulingNumber": " "}]
)
def test_what_has_no_number_is_left_out_and_told(raw: Any) -> None:
    result, _ = search({"keyword": "x"}, found(raw, ruling("H301481")))
    assert ([each.number for each in result.rulings], result.total) == (["H301481"], 2)
    assert result.truncated_reason == "of the rulings that the agency sent, 1 have no number that can be read"
    assert len(result.limits) == 1


# -- dates are filtered here, too --


def dated(*days: str | None) -> list[RawRuling]:
    return [
        ruling(f"N{100000 + number}", rulingDate=day and (day if "T" in day else f"{day}T00:00:00"))
        for number, day in enumerate(days)
    ]


SPAN = {"keyword": "x", "since": "2020-01-10", "until": "2020-01-20"}


def test_rulings_of_other_days_are_left_out_and_said_to_be() -> None:
    rows = dated("2020-01-09", "2020-01-10", "2020-01-20", "2020-01-21", "2019-01-15", None, "0001-01-01")
    result, _ = search(SPAN, found(*rows))
    assert [each.number for each in result.rulings] == ["N100001", "N100002", "N100005", "N100006"]
    assert (result.total, result.truncated) == (7, False)
    assert result.limits == (
        "the agency did not filter by date: 3 rulings of other days were left out here, and its count of 7 has them",
    )


def test_a_date_that_may_be_off_by_a_day_has_the_benefit_of_it() -> None:
    rows = dated("2020-01-09T23:00:00", "2020-01-21T02:00:00", "2020-01-08T23:00:00", "2020-01-22T02:00:00")
    result, _ = search(SPAN, found(*rows))
    assert [each.number for each in result.rulings] == ["N100000", "N100001"]


def test_where_the_agency_filters_nothing_is_said() -> None:
    result, _ = search(SPAN, found(*dated("2020-01-10", "2020-01-20")))
    assert (len(result.rulings), result.limits, result.truncated) == (2, (), False)


def unfiltered(rows: list[RawRuling]) -> Callable[[Request], object]:
    """An agency that has these, and takes no notice of dates."""

    def reply(request: Request) -> object:
        size, number = int(request.params["pageSize"]), int(request.params["page"])
        return found(*rows[size * (number - 1) : size * number], total=len(rows))

    return reply


def test_more_pages_are_asked_for_until_there_are_enough_of_the_asked_days() -> None:
    rows = dated(*["2019-01-01"] * 60, *["2020-01-15"] * 100)
    reading, asked = drive_by(plan(RulingsQuery.model_validate(SPAN | {"limit": 30}), BASE), unfiltered(rows))
    result = reading.result
    assert isinstance(result, RulingsResult)
    assert (len(result.rulings), len(asked), result.truncated_reason) == (30, 3, "limit 30")


def test_pages_of_other_days_are_not_asked_for_without_end() -> None:
    rows = dated(*["2019-01-01"] * 5000)
    reading, asked = drive_by(plan(RulingsQuery.model_validate(SPAN | {"limit": 100}), BASE), unfiltered(rows))
    result = reading.result
    assert isinstance(result, RulingsResult)
    assert (result.rulings, len(asked)) == ((), 4)
    assert result.truncated_reason == "the agency counts 5000 rulings and sent 400"


def test_of_the_newest_first_those_before_the_first_day_end_the_search() -> None:
    rows = dated(*["2020-01-15"] * 50, *["2019-12-31"] * 5000)
    query = RulingsQuery(hts="8504.40.9550", since=date(2020, 1, 1), limit=100)
    reading, asked = drive_by(plan(query, BASE), unfiltered(rows))
    result = reading.result
    assert isinstance(result, RulingsResult)
    assert (len(result.rulings), len(asked), result.truncated) == (50, 2, False)
