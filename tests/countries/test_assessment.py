"""Country programs: each row of the table holds wherever its country can stand, by direction, and says why."""

from typing import get_args

import pytest

from tools.countries import COUNTRIES
from tools.countries.assessment import CountryPrograms, Whereabouts, assess, assess_party, country_warnings, gravest
from tools.countries.programs import HIGH_PRIORITY_GOODS, TABLE_COUNTRIES, Direction, Level, Place

_GRAVITY = {None: 0, "note": 1, "review": 2, "stop": 3}
#: What the law says, written out a second time: country, direction, least level, of goods that are banned from nowhere.
LEAST: dict[tuple[str, Direction], Level] = {
    **{(code, way): "stop" for code in ("CU", "IR", "KP") for way in get_args(Direction)},
    ("RU", "export"): "stop", ("RU", "import"): "review", ("BY", "export"): "stop", ("BY", "import"): "review",
    ("SY", "export"): "review", ("SY", "import"): "note", ("VE", "export"): "review", ("VE", "import"): "review",
    **{
        (code, "export"): "review"
        for code in (*("NI", "MM", "CN", "HK", "MO", "KH", "AF", "CF", "CD", "ER", "HT", "IQ", "LB", "LY", "SO", "SS"),
                     *("SD", "YE", "ZW", "ET"))
    },
    ("CN", "import"): "note", ("UA", "import"): "note", ("UA", "export"): "note",
}  # fmt: skip
_PLACES: tuple[Place, ...] = ("origin", "export_country", "destination", "party", "address")


def _at(place: Place, text: str, direction: Direction, hts: str | None = "85076000") -> CountryPrograms:
    return assess([Whereabouts(place, text, "Somebody Ltd")], [direction], hts)


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize(("country", "direction"), LEAST, ids=lambda each: str(each))
def test_every_country_of_the_table_holds_at_every_place(country: str, direction: Direction, place: Place) -> None:
    text = f"1 Some Street, {NAMES[country]}" if place == "address" else country
    found = _at(place, text, direction)
    assert _GRAVITY[found.level] >= _GRAVITY[LEAST[country, direction]]
    row = next(each for each in found.programs if each.country == country)
    assert row.basis
    assert row.certainty in ("sure", "likely", "unsure")
    assert row.direction == direction


NAMES = {
    "CU": "Cuba", "IR": "Iran", "KP": "North Korea", "RU": "Russia", "BY": "Belarus", "SY": "Syria", "VE": "Venezuela",
    "NI": "Nicaragua", "MM": "Burma", "CN": "P.R. China", "HK": "Hong Kong", "MO": "Macau", "KH": "Cambodia",
    "AF": "Afghanistan", "CF": "Central African Republic", "CD": "DR Congo", "ER": "Eritrea", "HT": "Haiti",
    "IQ": "Iraq", "LB": "Lebanon", "LY": "Libya", "SO": "Somalia", "SS": "South Sudan", "SD": "Sudan", "YE": "Yemen",
    "ZW": "Zimbabwe", "ET": "Ethiopia", "UA": "Ukraine",
}  # fmt: skip


def test_the_second_table_names_every_country_of_the_first() -> None:
    assert {country for country, _ in LEAST} == TABLE_COUNTRIES


@pytest.mark.parametrize("country", sorted(COUNTRIES - TABLE_COUNTRIES))
def test_other_countries_raise_nothing(country: str) -> None:
    for direction in get_args(Direction):
        for place in _PLACES:
            assert _at(place, country, direction).level in (None, "note") or country in ("GA",)


@pytest.mark.parametrize(
    ("hts", "level"),
    [
        ("2709001000", "stop"), ("27101915", "stop"), ("0306330000", "stop"), ("1604", "stop"), ("2208600000", "stop"),
        ("7102310000", "stop"), ("7108121013", "stop"), ("7403110000", "stop"), ("7502", "stop"), ("7601", "stop"),
        ("2844200020", "stop"), ("2844", "stop"), ("8507600020", "review"), ("4412", "review"), ("7210", "review"),
        ("1602", "review"),
    ],
)  # fmt: skip
def test_banned_russian_goods_stop_by_their_tariff_number(hts: str, level: Level) -> None:
    assert _at("origin", "RU", "import", hts).level == level


@pytest.mark.parametrize(("hts", "level"), [("0303630010", "review"), ("7102", "review"), ("0306170041", "note")])
def test_russian_goods_processed_elsewhere_are_looked_at(hts: str, level: Level) -> None:
    assert _at("origin", "VN", "import", hts).level == level


def test_high_priority_goods_are_looked_at_outside_of_group_a5() -> None:
    assert len(set(HIGH_PRIORITY_GOODS)) == 50
    for code in HIGH_PRIORITY_GOODS:
        assert _at("destination", "AE", "export", code).level == "review"
        assert _at("destination", "AE", "export", f"{code}0080").level == "review"
        assert _at("destination", "DE", "export", code).level is None
        assert _at("origin", "AE", "import", code).level == "note"


@pytest.mark.parametrize(
    ("nationality", "level"),
    [("CU", "stop"), ("IR", "review"), ("KP", "review"), ("RU", "note"), ("CN", "note"), ("DE", None)],
)
def test_nationality_is_not_location(nationality: str, level: Level | None) -> None:
    found = assess_party(None, nationality, None)
    assert found is not None
    assert found.level == level


@pytest.mark.parametrize("country", ["UA", "RU", "DE", "US", "Ukraine"])
@pytest.mark.parametrize(
    "address", ["Yalta", "1 Lenin St, Simferopol, Crimea", "Севастополь", "Mariupol", "г. Луганск"]
)
def test_an_embargoed_region_stops_whatever_the_country_says(country: str, address: str) -> None:
    found = assess_party(country, None, address)
    assert found is not None
    assert found.level == "stop"
    assert any(each.level == "stop" and each.region for each in found.programs)


def test_without_a_direction_the_stricter_leads_and_both_are_shown() -> None:
    found = assess_party("China", None, None)
    assert found is not None
    assert [(each.level, each.direction) for each in found.programs] == [("review", "export"), ("note", "import")]
    assert found.headline.startswith("A party in China: military end use")


def test_of_several_readings_the_gravest_counts_and_all_are_shown() -> None:
    found = assess_party("Korea", None, None)
    assert found is not None
    assert (found.level, [each.code for each in found.places[0].countries]) == ("stop", ["KP", "KR"])
    assert found.has_several_readings


@pytest.mark.parametrize(
    ("given", "choice"),
    [("Congo", "Choose CG or CD."), ("GA", "Choose Gabon or United States."), ("mo", "Choose Macao or United States.")],
)
def test_a_word_with_several_readings_is_chosen_by_what_has_one(given: str, choice: str) -> None:
    assert _at("origin", given, "import").next_step == choice


def test_what_is_not_understood_is_not_assessed() -> None:
    found = _at("origin", "Narnia", "import")
    assert (found.status, found.level) == ("not_assessed", None)
    assert found.places[0].status == "not_assessed"
    assert found.headline == "'Narnia' was not understood: not assessed."


def test_no_place_is_no_assessment() -> None:
    assert assess_party(None, None, None) is None


def test_the_headline_names_the_place_the_reason_and_the_law() -> None:
    found = _at("origin", "Iran", "import")
    assert found.headline == "Iran in the lane: comprehensive embargo; 31 CFR 560.201, 560.204."
    assert found.next_step == "Stop unless counsel confirms authorization."


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("IR", None),
        ("Korea", "country_ambiguous"),
        ("Narnia", "country_not_understood"),
        ("Oslo, Norway", "country_read_in_part"),
    ],
)
def test_a_reading_that_is_not_certain_is_a_warning(text: str, code: str | None) -> None:
    assert [each.code for each in country_warnings("country", text)] == ([code] if code else [])


@pytest.mark.parametrize("hts", ["85076000", "7102310000", "854231"])
@pytest.mark.parametrize("country", sorted({*NAMES, "VN", "Crimea", "DNR", "Donetsk oblast"} - {"MO", "SD"}))
def test_every_headline_is_whole_in_the_characters_that_one_has(country: str, hts: str) -> None:
    for place in (*_PLACES, "nationality"):
        for direction in ("import", "export"):
            found = _at(place, country, direction, hts)
            assert len(found.headline) <= 80
            if found.programs:
                assert any(each.basis.split(";")[0] in found.headline for each in found.programs)


def test_the_gravest_of_none_is_none() -> None:
    assert gravest([]) is None
