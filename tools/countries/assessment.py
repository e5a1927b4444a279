"""Assesses where countries stand in a question by the table of country programs. Pure.

It never changes the outcome of a screening. What is not understood is not assessed, and says so.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from tools.countries.addresses import countries_in_address
from tools.countries.iso import short_name
from tools.countries.programs import (
    POLICY_VERSION,
    TABLE_COUNTRIES,
    Certainty,
    Direction,
    Level,
    Place,
    Program,
    programs_at,
)
from tools.countries.reading import Country, read_country
from tools.input_warnings import InputWarning

__all__ = [
    "CountryPrograms",
    "PlaceRead",
    "ProgramAtPlace",
    "Whereabouts",
    "assess",
    "assess_party",
    "country_warnings",
    "gravest",
    "of_party",
]

#: In a headline, a longer name of a country is its code.
_LONG_NAME = 20
_BY_GRAVITY: tuple[Level, ...] = ("note", "review", "stop")
_NEXT_STEPS: dict[Level | None, str] = {
    "stop": "Stop unless counsel confirms authorization.",
    "review": "Check the license or the ban that is named before the goods move.",
    "note": "Read the note.",
    None: "Read what is not assessed.",
}
_WHERE: dict[Place, str] = {
    "origin": "{} in the lane",
    "export_country": "{} in the lane",
    "destination": "{} in the lane",
    "party": "A party in {}",
    "address": "{} in an address",
    "nationality": "{} as a nationality",
}


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """One place that a question names: a country's text, or an address, and the party that it is of.

    `beside` are the country texts of the same party, which say what an ambiguous word of its address means.
    """

    place: Place
    text: str
    party: str | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """What was understood at one place: all readings by code and name. `not_assessed`: nothing was."""

    place: Place
    party: str | None
    given: str
    countries: tuple[Country, ...]
    status: Literal["assessed", "not_assessed"]


@dataclass(frozen=True, slots=True)
class ProgramAtPlace:
    """A row of the table that holds at a place: how grave it is, why, by what law, and how sure the row is."""

    level: Level
    country: str
    country_name: str
    region: str | None
    place: Place
    party: str | None
    direction: Literal["import", "export", "both"]
    text: str
    basis: str
    certainty: Certainty


@dataclass(frozen=True, slots=True)
class CountryPrograms:
    """What the table says of all places: `level` is the gravest row's (null: none holds), `status` is `not_assessed`
    when a place was not understood. `programs` come the gravest first."""

    level: Level | None
    status: Literal["assessed", "not_assessed"]
    headline: str
    next_step: str
    places: tuple[PlaceRead, ...]
    programs: tuple[ProgramAtPlace, ...]
    policy_version: str = POLICY_VERSION

    @property
    def has_several_readings(self) -> bool:
        """Whether a country can be read in several ways."""
        return any(len(place.countries) > 1 and place.place != "address" for place in self.places)


def assess(
    whereabouts: Sequence[Whereabouts], directions: Sequence[Direction], hts_digits: str | None = None
) -> CountryPrograms:
    """Return what the table says of `whereabouts`, in one direction, or in both where none is known."""
    places = tuple(_read(each) for each in whereabouts)
    # An address that names no country of the table says nothing.
    places = tuple(each for each in places if each.place != "address" or each.countries)
    rows = [row for place in places for row in _rows(place, directions, hts_digits)]
    rows.sort(key=lambda row: -_BY_GRAVITY.index(row[0].level))
    status: Literal["assessed", "not_assessed"] = (
        "not_assessed" if any(each.status == "not_assessed" for each in places) else "assessed"
    )
    level = gravest(row.level for row, _ in rows)
    headline, next_step = _summary(places, rows, level)
    return CountryPrograms(level, status, headline, next_step, places, tuple([row for row, _ in rows]))


@lru_cache(maxsize=8192)
def assess_party(country: str | None, nationality: str | None, address: str | None) -> CountryPrograms | None:
    """Return what the table says of one party, in both directions; None when nothing says where it is."""
    whereabouts = tuple(of_party(None, country, nationality, address))
    return assess(whereabouts, ("import", "export")) if whereabouts else None


def of_party(
    party: str | None, country: str | None, nationality: str | None, address: str | None
) -> Iterator[Whereabouts]:
    """Yield the places at which a party's countries stand."""
    if country is not None:
        yield Whereabouts("party", country, party)
    if nationality is not None:
        yield Whereabouts("nationality", nationality, party)
    if address is not None:
        yield Whereabouts("address", address, party, () if country is None else (country,))


def gravest(levels: Iterable[Level]) -> Level | None:
    """Return the gravest of `levels`, or None."""
    return max(levels, key=_BY_GRAVITY.index, default=None)


def country_warnings(field: str, text: str) -> tuple[InputWarning, ...]:
    """Return what is to be said of the reading of a country that was given in `field`: nothing, if it is certain."""
    reading = read_country(text)
    if reading.is_certain:
        return ()
    if not reading.countries:
        said = f"{text!r} was not understood as a country" if text else "no country was given"
        detail = f"{said}: it weighs nothing, and country programs are not assessed"
        return (InputWarning("country_not_understood", field, text, detail),)
    if len(reading.countries) > 1:
        detail = f"{text!r} has {len(reading.countries)} readings, {reading}; the stricter counts"
        return (InputWarning("country_ambiguous", field, text, detail),)
    return (InputWarning("country_read_in_part", field, text, f"{text!r} was read as {reading}"),)


def _read(where: Whereabouts) -> PlaceRead:
    if where.place == "address":
        codes = tuple(code for text in where.beside for code in read_country(text).codes)
        named = countries_in_address(where.text, codes)
        countries = tuple(each for each in named if each.code in TABLE_COUNTRIES)
    else:
        countries = read_country(where.text).countries
    status: Literal["assessed", "not_assessed"] = "assessed" if countries else "not_assessed"
    return PlaceRead(where.place, where.party, where.text, countries, status)


def _rows(
    place: PlaceRead, directions: Sequence[Direction], hts_digits: str | None
) -> Iterator[tuple[ProgramAtPlace, Program]]:
    """Each row that holds at a place, and that of the table."""
    for country in place.countries:
        held = {
            program: [
                direction
                for direction in directions
                if program in programs_at(place.place, country.code, country.region, direction, hts_digits)
            ]
            for direction in directions
            for program in programs_at(place.place, country.code, country.region, direction, hts_digits)
        }
        for program, where in held.items():
            row = ProgramAtPlace(
                program.level,
                country.code,
                short_name(country.code),
                country.region,
                place.place,
                place.party,
                where[0] if len(where) == 1 else "both",
                program.text,
                program.basis,
                program.certainty,
            )
            yield row, program


def _summary(
    places: Sequence[PlaceRead], rows: Sequence[tuple[ProgramAtPlace, Program]], level: Level | None
) -> tuple[str, str]:
    """The headline, and the next step."""
    unread = [each for each in places if each.status == "not_assessed"]
    several = [each for each in places if len(each.countries) > 1 and each.place != "address"]
    if rows and level in ("stop", "review"):
        return _headline(*rows[0]), _NEXT_STEPS[level]
    if unread:
        given = unread[0].given[:60]
        said = f"{given!r} was not understood" if given else "No country was given"
        return f"{said}: not assessed.", "Give the country's name or code."
    if several:
        given, readings = several[0].given.strip().upper(), several[0].countries
        # A code that has several readings is chosen by a name.
        by_name = given in {each.code for each in readings}
        codes = " or ".join(dict.fromkeys(each.name if by_name else each.code for each in readings))
        said = f"{several[0].given[:60]!r} has {len(several[0].countries)} readings; the stricter counts."
        return said, f"Choose {codes}."
    # A note of one country says more than one of any.
    own = [each for each in rows if each[0].country in TABLE_COUNTRIES] or list(rows)
    if own:
        return _headline(*own[0]), _NEXT_STEPS["note"]
    return "The table of country programs has no row for what was asked.", _NEXT_STEPS[None]


def _headline(row: ProgramAtPlace, program: Program) -> str:
    """The country, what holds in brief, and the law: all of it is to be read at once."""
    # A nationality is a country's.
    region = None if row.place == "nationality" else row.region
    name = region or (row.country_name if len(row.country_name) <= _LONG_NAME else row.country)
    return f"{_WHERE[row.place].format(name)}: {program.brief}; {row.basis.split(';')[0]}."
