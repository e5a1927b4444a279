"""Countries in a snapshot: each row of the table holds wherever its country can stand, by the level that it has."""

from typing import Any, get_args

import pytest

from service.shipment import Shipment
from service.snapshot import KINDS, Risk, Tiles, assess_countries, reasons_of, risk_of
from tests.countries.test_assessment import LEAST, NAMES
from tests.hts_oracle import raw_row
from tests.service.snapshot.outcomes import evaluation, line, refused, ruled, screened
from tools.countries.programs import Direction

_GRAVITY: tuple[Risk, ...] = ("low", "review", "unknown", "high")
_AT_LEAST: dict[str, Risk] = {"stop": "high", "review": "review", "note": "low"}
_PLACES = ("origin", "export_country", "destination", "party", "address")


def _shipment(**more: Any) -> Shipment:
    lane = {"origin": "DE", "destination": "US", **more.pop("lane", {})}
    party = {"name": "Acme Trading", "role": "seller", "country": "DE", **more.pop("party", {})}
    goods = {"description": "Tuna", "hts_code": more.pop("hts_code", "1604143099")}
    return Shipment.model_validate({"product": goods, "lane": lane, "parties": [party], **more})


def _standing(place: str, text: str, direction: Direction) -> Shipment | None:
    """A shipment in that direction with the country there; None: it cannot stand there."""
    lane = {"origin": "DE", "destination": "US"}
    if direction == "export":
        lane = {"origin": "US", "export_country": "US", "destination": "DE"}
    if place == "party":
        return _shipment(lane=lane, party={"country": text}, direction=direction)
    if place == "address":
        return _shipment(lane=lane, party={"address": f"1 Some Street, {text}"}, direction=direction)
    if (place, direction) in (("destination", "import"), ("export_country", "export")):
        return None
    return _shipment(lane={**lane, place: text}, direction=direction)


def _risk(shipment: Shipment) -> Risk:
    """The risk with nothing adverse in any of the tiles."""
    plain = line("1604143099", [raw_row("1604.14.30.99", 0, "Other", "12.5%"), raw_row("1605", 0, "x")])
    answers: dict[str, Any] = {"hts": plain, "sanctions": screened("Acme Trading"), "refusals": refused()}
    answers["rulings"] = ruled()
    concluded: dict[str, Any] = {}
    for kind in KINDS:
        asked = kind.questions(shipment, evaluation())
        concluded[kind.name] = kind.conclude(shipment, [answers[kind.tool] for _ in asked], evaluation())
    countries, _ = assess_countries(shipment)
    tiles = Tiles(**concluded)
    risk = risk_of(tiles, countries)
    assert risk == "low" or reasons_of(tiles, countries)
    return risk


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize(("country", "direction"), LEAST, ids=str)
def test_every_country_raises_the_risk_to_its_level_wherever_it_stands(
    country: str, direction: Direction, place: str
) -> None:
    for text in (country, NAMES[country]):
        # An address names its country, in words.
        shipment = _standing(place, NAMES[country] if place == "address" else text, direction)
        if shipment is not None:
            least = _AT_LEAST[LEAST[country, direction]]
            assert _GRAVITY.index(_risk(shipment)) >= _GRAVITY.index(least), (text, place)


@pytest.mark.parametrize("direction", get_args(Direction))
@pytest.mark.parametrize("place", _PLACES)
def test_a_country_of_no_row_raises_nothing(place: str, direction: Direction) -> None:
    shipment = _standing(place, "Norway", direction)
    assert shipment is None or _risk(shipment) == "low"


def test_an_iranian_shipment_is_high_and_says_why() -> None:
    shipment = _shipment(lane={"origin": "Iran"}, party={"country": "North Korea"})
    assert _risk(shipment) == "high"
    countries, warnings = assess_countries(shipment)
    assert [(each.level, each.country, each.place) for each in countries.programs[:2]] == [
        ("stop", "IR", "origin"),
        ("stop", "KP", "party"),
    ]
    assert "31 CFR 560" in countries.headline
    assert warnings == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"lane": {"origin": "Narnia"}}, "lane.origin"),
        ({"lane": {"export_country": "?"}}, "lane.export_country"),
        ({"party": {"country": ""}}, "parties.0.country"),
        ({"party": {"country": "Georgia"}}, "parties.0.country"),
        ({"party": {"nationality": "Elbonia"}}, "parties.0.nationality"),
    ],
)
def test_a_country_that_is_not_certain_is_at_least_for_review_and_the_name_is_screened(
    changed: dict[str, Any], field: str
) -> None:
    shipment = _shipment(**changed)
    assert _GRAVITY.index(_risk(shipment)) >= _GRAVITY.index("review")
    _, warnings = assess_countries(shipment)
    assert [each.field for each in warnings] == [field]
    screening = next(kind for kind in KINDS if kind.tool == "sanctions")
    assert screening.questions(shipment, evaluation())[0]["name"] == "Acme Trading"


@pytest.mark.parametrize(
    ("lane", "direction", "directions"),
    [
        ({"origin": "China", "destination": "USA"}, "import", ("import",)),
        ({"origin": "US", "destination": "Germany"}, "export", ("export",)),
        ({"origin": "CN", "export_country": "US", "destination": "DE"}, "export", ("export",)),
        ({"origin": "CN", "export_country": "FR", "destination": "DE"}, None, ("import", "export")),
        ({"origin": "US", "export_country": "FR", "destination": "DE"}, None, ("import", "export")),
        ({"origin": "CN", "destination": "DE"}, None, ("import", "export")),
        ({"origin": "CN", "destination": "Puerto Rico"}, "import", ("import",)),
        ({"origin": "CN", "export_country": "PR", "destination": "DE"}, "export", ("export",)),
    ],
)
def test_the_direction_follows_from_the_end_of_the_lane_that_is_us(
    lane: dict[str, str], direction: str | None, directions: tuple[str, ...]
) -> None:
    shipment = _shipment(lane={"destination": "US", **lane})
    assert (shipment.direction, shipment.directions) == (direction, directions)


def test_with_neither_end_in_the_us_the_stricter_direction_leads() -> None:
    assert _risk(_shipment(lane={"origin": "DE", "export_country": "FR", "destination": "RU"})) == "high"
    stated = _shipment(lane={"origin": "CN", "export_country": "FR", "destination": "DE"}, direction="export")
    assert stated.directions == ("import", "export")


def test_tiles_that_rest_on_the_origin_say_when_it_is_not_one_country() -> None:
    shipment = _shipment(lane={"origin": "Congo"})
    tiles = {kind.tool: kind for kind in KINDS}
    assert tiles["refusals"].questions(shipment, evaluation()) == ()
    tile = tiles["refusals"].conclude(shipment, [], evaluation())
    assert (tile.status, tile.reasons[0].code) == ("attention", "origin_uncertain")
    tariff = tiles["hts"].conclude(shipment, [line()], evaluation())
    assert "origin_uncertain" in [each.code for each in tariff.reasons]
