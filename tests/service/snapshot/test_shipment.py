"""What may be asked about a shipment, and how a wrong question is told."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from service.shipment import parse_shipment
from tools.errors import InvalidQuery

NOON = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "direction": "import",
    "product": {"description": "Battery packs", "hts_code": "8507.60.00.20"},
    "lane": {"origin": "cn", "destination": "US"},
    "parties": [{"name": "Acme Trading", "role": "seller", "country": "CN"}],
}
PARTY = GOOD["parties"][0]


def parse(now: datetime = NOON, **members: Any) -> Any:
    return parse_shipment(orjson.dumps(GOOD | members), now)


def test_a_shipment_is_read_in_normal_form() -> None:
    shipment = parse(ref=" PO-1 ")
    assert shipment.product.hts_code == "8507600020"
    assert (shipment.lane.origin, shipment.ref, shipment.require) == ("CN", "PO-1", ())


@pytest.mark.parametrize(
    ("members", "parameter"),
    [
        ({"direction": "sideways"}, "direction"),
        ({"product": {"hts_code": "8507"}}, "product.description"),
        ({"product": {"description": "x", "hts_code": "85"}}, "product.hts_code"),
        ({"product": {"description": "x\ny", "hts_code": "8507"}}, "product.description"),
        ({"product": {"description": "x", "hts_code": "8507", "fda_product_code": "tuna"}}, "product.fda_product_code"),
        ({"lane": {"destination": "US"}}, "lane.origin"),
        ({"lane": {"origin": "CN", "destination": "DE"}}, "lane.destination"),
        ({"direction": "export"}, "lane.destination"),
        ({"parties": []}, "parties"),
        ({"parties": [PARTY] * 51}, "parties"),
        ({"parties": [PARTY, PARTY | {"name": "!"}]}, "parties.1.name"),
        ({"parties": [PARTY | {"name": "Company Ltd"}]}, "parties.0.name"),
        ({"parties": [PARTY | {"role": "friend"}]}, "parties.0.role"),
        ({"parties": [PARTY | {"nmae": "x"}]}, "parties.0.nmae"),
        ({"require": ["csl"]}, "require.0"),
        ({"ref": 7}, "ref"),
        ({"entry_date": "2026-11-23"}, "entry_date"),
        ({"entry_date": "2026-11-26"}, "entry_date"),
        ({"entry_date": "soon"}, "entry_date"),
        ({"mode": "sea"}, "mode"),
    ],
)
def test_a_wrong_member_is_named_by_its_path(members: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse(**members)
    assert caught.value.parameter == parameter
    assert str(caught.value).startswith(f"{parameter}: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff"])
def test_what_is_no_json_object_is_named_as_the_body(body: bytes) -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse_shipment(body, NOON)
    assert caught.value.parameter == "body"


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (b'{"parties": [{"name": "Bank Melli Iran"}], "parties": []}', "parties"),
        (b'{"parties": [{"name": "Bank Melli Iran", "name": "Quiet Harbor"}]}', "name"),
    ],
)
def test_a_member_that_stands_there_twice_is_not_lost_but_refused(body: bytes, parameter: str) -> None:
    with pytest.raises(InvalidQuery, match="more than once") as caught:
        parse_shipment(body, NOON)
    assert caught.value.parameter == parameter


def test_only_today_may_be_the_day_of_entry_by_utc_or_by_the_last_clock_of_the_customs_territory() -> None:
    assert str(parse(entry_date="2026-11-25").entry_date) == "2026-11-25"
    assert str(parse(NIGHT, entry_date="2026-11-24").entry_date) == "2026-11-24"
    with pytest.raises(InvalidQuery, match="only the schedule of today"):
        parse(NOON, entry_date="2026-11-24")


@pytest.mark.parametrize("role", ["End_User", "end user", " END-USER "])
def test_words_of_ours_are_read_in_any_case(role: str) -> None:
    shipment = parse(direction=" Import", require=["HTS"], parties=[PARTY | {"role": role}])
    assert (shipment.direction, shipment.require, shipment.parties[0].role) == ("import", ("hts",), "end_user")


def test_rules_about_several_members_are_said_with_what_else_is_wrong() -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse(lane={"origin": "CN", "destination": "DE"}, entry_date="2026-11-26", parties=[])
    assert [(each.parameter, each.detail) for each in caught.value.faults] == [
        ("lane.destination", "of an import must be US"),
        ("entry_date", "only the schedule of today (2026-11-25) can be had, not that of 2026-11-26"),
        ("parties", "add at least one party"),
    ]


def test_a_party_with_a_fault_is_not_said_to_be_missing() -> None:
    with pytest.raises(InvalidQuery) as caught:
        parse(parties=[{"name": "Acme Trading", "role": "seller"}])
    assert [each.parameter for each in caught.value.faults] == ["parties.0.country"]
