"""The requests for import refusals, and what is made of the answers. Fed by hand; no I/O."""

import dataclasses
from collections.abc import Callable
from datetime import date
from typing import Any

import orjson
import pytest

from tests.driving import answer, drive, drive_by, first_part
from tests.fda_answers import NO_RESULTS, RawRow, refused, success
from tools.errors import InvalidQuery, NotConfigured, ProviderFailed, ProviderGarbled, ProviderRejected
from tools.exchange import Plan, Request, Response
from tools.refusals import PageSize, RefusalsQuery, RefusalsResult, RefusalsTool, plan

BASE = "https://fda.test/v1"
KEY = "key-of-the-test"


def ask(query: dict[str, Any], *answers: object) -> tuple[RefusalsResult, list[Request]]:
    reading, asked = drive(plan(RefusalsQuery(**query), BASE, "me@test", KEY), *answers)
    return reading.result, asked


def read(*answers: object, limit: int = 100) -> RefusalsResult:
    return ask({"country": "CN", "limit": limit}, *answers)[0]


def test_one_request_asks_for_a_full_page_with_the_keys_in_headers() -> None:
    _, [request] = ask({"country": "cn"}, success(refused(), total=1))
    assert (request.method, request.url, request.upstream) == ("POST", f"{BASE}/import_refusals", "fda")
    assert request.headers == {"Authorization-User": "me@test", "Authorization-Key": KEY}
    assert request.json == {
        "start": 1,
        "rows": 5000,
        "sort": "",
        "sortorder": "",
        "filters": {"CountryCode": ["CN"]},
        "columns": [],
        "returntotalcount": True,
    }
    assert KEY not in repr(request)


def test_every_filter_is_written_as_the_agency_takes_it() -> None:
    query = {
        "fei": "0003378587",
        "firm": "Some Firm",
        "since": "2026-01-01",
        "until": "2026-02-01",
        "product": "16agt64",
    }
    _, [request] = ask(query, NO_RESULTS)
    assert isinstance(request.json, dict)
    assert request.json["filters"] == {
        "FEINumber": [3378587],
        "FirmName": ["Some Firm", "SOME FIRM"],
        "ProductCode": ["16AGT64"],
        "RefusalDateFrom": ["2026-01-01"],
        "RefusalDateTo": ["2026-02-01"],
    }


@pytest.mark.parametrize(("country", "code"), [("GA", "GA"), ("mo", "MO"), ("China", "CN"), ("Taiwan", "TW")])
def test_a_country_is_asked_by_its_code(country: str, code: str) -> None:
    _, [request] = ask({"country": country}, NO_RESULTS)
    assert isinstance(request.json, dict)
    assert request.json["filters"] == {"CountryCode": [code]}


def test_words_of_a_product_are_asked_in_each_case_of_letters() -> None:
    _, [request] = ask({"product": "nicotine pouch"}, NO_RESULTS)
    assert isinstance(request.json, dict)
    assert request.json["filters"] == {"ProductCodeDescription": ["nicotine pouch", "NICOTINE POUCH", "Nicotine Pouch"]}


@pytest.mark.parametrize("words", ["100mg", "10000", "24-hour"])
def test_words_that_begin_with_figures_are_no_product_code(words: str) -> None:
    _, [request] = ask({"product": words}, NO_RESULTS)
    assert isinstance(request.json, dict)
    assert "ProductCodeDescription" in request.json["filters"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "country"),
        ({"limit": 5}, "country"),
        ({"country": "Chinna"}, "country"),
        ({"country": "Korea"}, "country"),
        ({"country": "Crimea"}, "country"),
        ({"product": "x"}, "product"),
        ({"firm": "%%"}, "firm"),
        ({"fei": "12a"}, "fei"),
        ({"fei": "12345678901"}, "fei"),
        ({"since": "01/02/2026"}, "since"),
        ({"since": "2026-02-30"}, "since"),
        ({"since": 20260101}, "since"),
        ({"since": "2026-02-02", "until": "2026-02-01"}, "since"),
        ({"country": "CN", "limit": 0}, "limit"),
        ({"country": "CN", "limit": 10001}, "limit"),
        ({"country": "CN", "colour": "red"}, "colour"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_parameter(query: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as wrong:
        RefusalsTool(authorization_user="u", authorization_key="k").parse(**query)
    assert wrong.value.parameter == parameter


@pytest.mark.parametrize(("user", "key"), [(None, KEY), ("me@test", None), ("", "")])
def test_without_user_and_key_nothing_is_sent(user: str | None, key: str | None) -> None:
    with pytest.raises(NotConfigured, match="GATEWAY_FDA_AUTHORIZATION"):
        drive(plan(RefusalsQuery(country="CN"), BASE, user, key))


def test_a_refusal_is_told_with_its_charges_in_words() -> None:
    told = orjson.loads(orjson.dumps(read(success(refused(), total=1))))
    assert told["refusals"] == [
        {
            "firm": "Firm 1 Ltd",
            "fei": "3000000001",
            "address": "1120 Somewhere Road",
            "city": "Locationville",
            "state": None,
            "zip_code": None,
            "country": "CN",
            "country_name": "China",
            "product_code": "16AGT64",
            "product": "TUNA",
            "product_category": "Foods",
            "industry_code": "16",
            "industry": "Fishery/Seafood Prod",
            "district_code": "NYK-DO",
            "district": None,
            "refused_on": "2026-08-06",
            "charges": [
                {
                    "id": "118",
                    "code": "NOT LISTED",
                    "section": "502(o), 801(a)(3); misbranding",
                    "meaning": "the drug or device is not listed",
                },
                {
                    "id": "508",
                    "code": "NO 510(K)",
                    "section": "502(o), 801(a)(3); misbranding",
                    "meaning": "a device without a premarket notification 510(k)",
                },
            ],
            "shipment_id": "1FX-1-0/20002/1",
            "fda_sample_analysis": "No",
            "private_lab_analysis": "Yes",
        }
    ]
    assert (told["total"], told["counted"], told["truncated"], told["truncated_reason"]) == (1, 1, False, None)


@pytest.mark.parametrize(
    ("said", "ids"),
    [
        ("118,508", ["118", "508"]),
        ("75, 118", ["75", "118"]),
        ("99990", ["99990"]),
        (118, ["118"]),
        (None, []),
        ("", []),
    ],
)
def test_charges_that_nobody_knows_stay_as_their_ids(said: object, ids: list[str]) -> None:
    [row] = read(success(refused(RefusalCharges=said), total=1)).refusals
    assert [charge.id for charge in row.charges] == ids
    assert all(charge.code is None for charge in row.charges if charge.id == "99990")


@pytest.mark.parametrize(("said", "told"), [(1, "1"), ("1FX-1-0/2/10", "1FX-1-0/2/10"), (None, None)])
def test_a_shipment_id_may_be_a_number_of_old(said: object, told: str | None) -> None:
    assert read(success(refused(ShipmentID=said), total=1)).refusals[0].shipment_id == told


def test_counts_are_over_everything_and_the_newest_are_told() -> None:
    rows = [
        refused(1, RefusalDate="2026-01-05", RefusalCharges="249"),
        refused(2, RefusalDate="2026-02-05", RefusalCharges="249,9,249"),
        refused(2, RefusalDate="2026-02-07", RefusalCharges="9", FirmName="Firm 2"),
        refused(3, RefusalDate="2025-12-31", RefusalCharges=None, FEINumber=None),
    ]
    result = read(success(*rows, total=4), limit=2)
    assert [row.refused_on for row in result.refusals] == [date(2026, 2, 7), date(2026, 2, 5)]
    assert [(each.id, each.code, each.count) for each in result.by_charge] == [
        ("249", "FILTHY", 2),
        ("9", "SALMONELLA", 2),
    ]
    assert [(each.month, each.count) for each in result.by_month] == [("2026-02", 2), ("2026-01", 1), ("2025-12", 1)]
    assert [(each.firm, each.fei, each.count) for each in result.by_firm] == [
        ("Firm 2 Ltd", "3000000002", 2),
        ("Firm 1 Ltd", "3000000001", 1),
        ("Firm 3 Ltd", None, 1),
    ]
    assert (result.firms, result.total, result.truncated, result.truncated_reason) == (3, 4, True, "limit 2")


def serve(count: int, size: int = 5000, *, with_total: bool = True) -> Any:
    """Answers as the agency does: rows from `start` on, 412 beyond the last."""

    def reply(request: Request) -> object:
        assert isinstance(request.json, dict)
        start = request.json["start"]
        rows = [refused(at) for at in range(start, min(start + size, count + 1))]
        total = count if with_total and request.json.get("returntotalcount") else None
        return success(*rows, total=total) if rows else NO_RESULTS

    return reply


@pytest.mark.parametrize("with_total", [True, False])
@pytest.mark.parametrize("count", [4999, 5000, 5001, 10000])
def test_pages_are_read_to_the_end(count: int, *, with_total: bool) -> None:
    running = plan(RefusalsQuery(country="CN", limit=1), BASE, "u", "k")
    reading, asked = drive_by(running, serve(count, with_total=with_total))
    assert (reading.result.counted, reading.result.total) == (count, count)
    starts = [each.json["start"] for each in asked if isinstance(each.json, dict)]
    pages = -(-count // 5000)
    assert starts == [1 + 5000 * at for at in range(pages if with_total or count % 5000 else pages + 1)]
    assert ["returntotalcount" in each.json for each in asked if isinstance(each.json, dict)] == [
        True,
        *[False] * (len(starts) - 1),
    ]


def test_an_agency_that_sends_smaller_pages_is_read_to_the_end_too() -> None:
    reading, asked = drive_by(plan(RefusalsQuery(country="CN"), BASE, "u", "k"), serve(950, 100))
    assert (reading.result.counted, len(asked)) == (950, 10)


def test_reading_stops_at_a_hundred_thousand_rows_and_says_so() -> None:
    page = [refused(at) for at in range(5000)]

    def reply(request: Request) -> object:
        assert isinstance(request.json, dict)
        start = request.json["start"]
        return success({**page[0], "ShipmentID": str(start)}, *page[1:], total=525_000 if start == 1 else None)

    reading, asked = drive_by(plan(RefusalsQuery(country="CN"), BASE, "u", "k"), reply)
    result = reading.result
    assert (len(asked), result.counted, result.total, result.truncated) == (20, 100_000, 525_000, True)
    assert result.truncated_reason is not None
    assert result.truncated_reason.startswith("the first 100000 were read")


def test_pages_that_stop_before_the_count_are_told() -> None:
    first = success(*(refused(at) for at in range(100)), total=7848)
    for second in (success(*(refused(at) for at in range(100))), NO_RESULTS):
        result = read(first, second)
        assert (result.counted, result.total, result.truncated) == (100, 7848, True)
        assert result.truncated_reason == "the agency counts 7848 and sent 100"


@pytest.mark.parametrize("rows", [5000, 100])
def test_an_agency_that_knows_no_pages_and_gives_no_count_is_not_taken_for_whole(rows: int) -> None:
    page = success(*(refused(at) for at in range(rows)))
    result = read(page, page, limit=rows)
    assert (result.counted, result.truncated) == (rows, True)
    assert "no count" in str(result.truncated_reason)


def test_without_a_count_a_page_of_no_round_number_is_the_last_and_another_one_may_have_been_cut() -> None:
    for pages in ([1], [100, 0], [100, 7]):
        answers, start = [], 0
        for rows in pages:
            answers.append(success(*(refused(start + at) for at in range(rows))) if rows else NO_RESULTS)
            start += rows
        result = read(*answers, limit=1000)
        assert (result.total, result.truncated) == (sum(pages), False)


@pytest.mark.parametrize(
    "body",
    [
        NO_RESULTS,
        {**NO_RESULTS, "resultcount": 0, "result": []},
        {**NO_RESULTS, "totalrecordcount": 0, "result": None},
        [NO_RESULTS],
        answer(NO_RESULTS, "fda", status=412),
        success(),
        success(total=0),
    ],
)
def test_no_results_in_the_agency_s_own_words_is_an_honest_empty_list(body: object) -> None:
    result = read(body)
    assert (result.refusals, result.total, result.by_charge, result.truncated) == ((), 0, (), False)


@pytest.mark.parametrize("wrap", [lambda error: error, lambda error: [error]], ids=["object", "list"])
@pytest.mark.parametrize("status", [401, 402, 403, 404, 405, 406, 410, 413, 414, 415, 419])
def test_the_status_in_the_body_decides(status: int, wrap: Any) -> None:
    with pytest.raises(ProviderRejected) as refusal:
        read(*[wrap({"statuscode": status, "message": "Not  Authorized."})] * (3 if status == 415 else 1))
    assert (refusal.value.status, refusal.value.upstream) == (status, "fda")
    assert str(refusal.value) == f"fda answered {status}: Not Authorized."


def test_a_failure_in_the_body_is_the_agency_s() -> None:
    with pytest.raises(ProviderFailed):
        read({"statuscode": 500, "message": "Internal error"})


def changed(**more: Any) -> RawRow:
    return success(refused(), total=1) | more


def without(column: str, number: int) -> RawRow:
    return {key: value for key, value in refused(number).items() if key != column}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="empty-object"),
        pytest.param([], id="empty-list"),
        pytest.param([{}], id="list-of-an-empty-object"),
        pytest.param("Success.", id="text"),
        pytest.param({"statuscode": 200, "result": []}, id="another-status"),
        pytest.param({"statuscode": "400", "result": [], "resultcount": 0}, id="status-is-a-text"),
        pytest.param({"meta": {}, "results": [{"recall_number": "F-1"}]}, id="recalls-of-openfda"),
        pytest.param([success(refused())], id="success-in-a-list"),
        pytest.param(changed(resultcount=2), id="count-of-more"),
        pytest.param(changed(resultcount=None), id="null-count"),
        pytest.param(changed(totalrecordcount=0), id="total-of-less"),
        pytest.param(changed(totalrecordcount="1"), id="total-is-a-text"),
        pytest.param(success(total=5), id="total-and-no-rows"),
        pytest.param(changed(result=None), id="null-rows"),
        pytest.param(changed(result={}), id="rows-are-an-object"),
        pytest.param({"statuscode": 400, "resultcount": 0}, id="no-rows-key"),
        pytest.param(success([]), id="row-is-a-list"),  # type: ignore[arg-type]  # on purpose
        pytest.param({**NO_RESULTS, "result": [refused()]}, id="no-results-and-some"),
        pytest.param(b"<html>down</html>", id="html"),
        pytest.param(b'{"statuscode":400,"result', id="cut"),
        pytest.param(success(*[without("FirmName", number) for number in range(10)]), id="column-gone"),
    ],
)
def test_anything_else_is_garbled_and_never_an_empty_list(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        read(body)


#: What each column becomes in a refusal.
MEMBERS = {"FEINumber": "fei", "FirmName": "firm", "City": "city", "State": "state", "ZipCode": "zip_code"}
MEMBERS |= {"CountryCode": "country", "CountryName": "country_name", "DistrictCode": "district_code"}
MEMBERS |= {"DistrictDescription": "district", "IndustryCode": "industry_code", "RefusalDate": "refused_on"}
MEMBERS |= {"IndustryCodeDescription": "industry", "ProductCategory": "product_category", "ShipmentID": "shipment_id"}
MEMBERS |= {"ProductCode": "product_code", "ProductCodeDescription": "product"}
MEMBERS |= {"FDASampleAnalysis": "fda_sample_analysis", "PrivateLabAnalysis": "private_lab_analysis"}


@pytest.mark.parametrize(("column", "member"), MEMBERS.items())
@pytest.mark.parametrize("damage", [None, {}, True, 1.5, ["a", "b"], "missing"], ids=repr)
def test_a_value_that_cannot_be_read_costs_its_field_and_is_told(column: str, member: str, damage: object) -> None:
    row = without(column, 1) if damage == "missing" else refused(1) | {column: damage}
    spoilt, whole = read(success(row, refused(2), total=2)), read(success(refused(1), refused(2), total=2))
    lost, kept = sorted(spoilt.refusals, key=lambda each: each.firm != "Firm 1 Ltd" and each.fei != "3000000001")
    assert getattr(lost, member) is None
    assert dataclasses.replace(lost, **{member: getattr(whole.refusals[0], member)}) in whole.refusals
    assert kept in whole.refusals
    assert (spoilt.counted, spoilt.total, spoilt.truncated) == (2, 2, False)
    assert any(column in each for each in spoilt.limits) is (damage is not None)


@pytest.mark.parametrize(
    ("column", "value", "member", "read_as"),
    [
        ("FirmName", 7, "firm", "7"),
        ("FirmName", ["ACME"], "firm", "ACME"),
        ("FirmName", " ", "firm", None),
        ("FEINumber", 3003378587, "fei", "3003378587"),
        ("FEINumber", [], "fei", None),
        ("RefusalDate", ["2026-08-06"], "refused_on", date(2026, 8, 6)),
    ],
)
def test_what_can_be_read_one_way_only_is_read(column: str, value: object, member: str, read_as: object) -> None:
    result = read(success(refused() | {column: value}, total=1))
    assert getattr(result.refusals[0], member) == read_as
    assert result.limits == ()


@pytest.mark.parametrize("day", ["06-AUG-26", "2026-02-30", "yesterday"])
def test_a_refusal_without_a_day_is_the_oldest_and_of_no_month(day: str) -> None:
    result = read(success(refused(1, RefusalDate=day), refused(2), total=2))
    assert [each.refused_on for each in result.refusals] == [date(2026, 8, 6), None]
    assert [each.count for each in result.by_month] == [1]
    assert result.limits == ("not read: row 1: 'RefusalDate' is not a date",)


def test_a_charge_that_is_a_list_is_read_and_one_that_is_an_object_is_none() -> None:
    result = read(success(refused(RefusalCharges=["118"]), refused(RefusalCharges={}), total=2))
    assert [[charge.id for charge in each.charges] for each in result.refusals] == [["118"], []]
    assert len(result.limits) == 1


def test_what_is_no_row_is_counted_and_told() -> None:
    result = read(success(refused(), None, total=2))  # type: ignore[arg-type]  # on purpose
    assert (len(result.refusals), result.counted, result.total) == (1, 1, 2)
    assert result.truncated_reason == "of the 2 rows that the agency sent 1 can be read"
    assert result.limits == ("not read: row 2 is null, not an object",)


# -- the size of a page --


def paging(count: int, at_most: int, refusal: object) -> Callable[[Request], object]:
    """An agency that has so many refusals, and refuses to send more of them at once."""

    def reply(request: Request) -> object:
        asked: Any = request.json
        if asked["rows"] > at_most:
            return refusal
        rows = [refused(number) for number in range(asked["start"], min(asked["start"] + asked["rows"], count + 1))]
        return success(*rows, total=count)

    return reply


REFUSED: dict[str, object] = {
    "too many": {"statuscode": 415, "message": "Request body rows parameter must be <= 5000."},
    "not numeric": [{"statuscode": 409, "message": "Request body rows parameter must be numeric."}],
    "by HTTP": Response(400, {}, b"<html>Bad Request</html>", "fda"),
    "too large": Response(413, {}, b"", "fda"),
}


@pytest.mark.parametrize("refusal", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize(
    ("at_most", "asked"), [(5000, [5000]), (1000, [5000, 1000]), (100, [5000, 1000, 100, 100, 100])]
)
def test_a_page_that_is_refused_is_asked_for_smaller(refusal: object, at_most: int, asked: list[int]) -> None:
    size = PageSize()
    query = RefusalsQuery(country="CN")
    reading, requests = drive_by(plan(query, BASE, "u", KEY, size), paging(250, at_most, refusal))
    bodies: list[Any] = [request.json for request in requests]
    assert [body["rows"] for body in bodies] == asked
    assert (reading.result.counted, reading.result.total, size.rows) == (250, 250, at_most)
    assert "returntotalcount" in bodies[asked.index(at_most)]
    _, again = drive_by(plan(query, BASE, "u", KEY, size), paging(250, at_most, refusal))
    assert len(again) == len(requests) - asked.index(at_most)


def test_the_size_is_remembered_by_the_tool() -> None:
    tool = RefusalsTool(base_url=BASE, authorization_user="u", authorization_key=KEY)
    for first in (5000, 100):
        _, requests = drive_by(tool.plan(RefusalsQuery(country="CN")), paging(5, 100, REFUSED["too many"]))
        body: Any = requests[0].json
        assert body["rows"] == first


@pytest.mark.parametrize("status", [401, 402, 406, 412, 413, 414])
def test_another_refusal_is_not_asked_again(status: int) -> None:
    size = PageSize()
    refusal = {"statuscode": status, "message": "No."}
    _, requests = ended(plan(RefusalsQuery(country="CN"), BASE, "u", KEY, size), paging(5, 0, refusal))
    assert (len(requests), size.rows) == (1, 5000)


def test_what_is_refused_in_every_size_is_the_agency_s_refusal_and_nothing_is_remembered() -> None:
    size = PageSize()
    error, requests = ended(plan(RefusalsQuery(country="CN"), BASE, "u", KEY, size), paging(5, 0, REFUSED["too many"]))
    assert isinstance(error, ProviderRejected)
    assert (error.status, len(requests), size.rows) == (415, 3, 5000)


def ended(
    running: Plan[RefusalsResult], reply: Callable[[Request], object]
) -> tuple[ProviderRejected | None, list[Request]]:
    """The refusal in which a plan ends, and its requests."""
    requests: list[Request] = []

    def noted(request: Request) -> object:
        requests.append(request)
        return reply(request)

    try:
        drive_by(running, noted)
    except ProviderRejected as error:
        return error, requests
    return None, requests


def test_small_pages_come_to_an_end() -> None:
    size = PageSize()
    reading, requests = drive_by(
        plan(RefusalsQuery(country="CN"), BASE, "u", KEY, size), paging(9000, 100, REFUSED["too many"])
    )
    assert (len(requests), reading.result.counted, reading.result.total) == (42, 4000, 9000)
    assert reading.result.truncated_reason is not None
    assert "the first 4000 were read" in reading.result.truncated_reason
    part = first_part(plan(RefusalsQuery(country="CN"), BASE, "u", KEY, size))
    assert part.is_whole(reading.result)
