"""What countries an address names, and what in it is only a street or a town that is called after one. Pure.

Names count wherever they stand, codes only where an address has one. A street or a town in another country is left out
only where that country is certain: what is doubtful counts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tools.countries.aliases import CITIES, UNITED_STATES_STATES
from tools.countries.iso import short_name
from tools.countries.programs import is_embargoed
from tools.countries.reading import (
    LONGEST,
    SEPARATORS,
    Country,
    agreed,
    merged,
    of_codes_before_digits,
    of_postcode,
    read_exactly,
    readable,
    readings_in,
    words_of,
)

__all__ = ["countries_in_address"]

_UNITED_STATES = "US"
#: Where a region under Russian control is looked for in names that places elsewhere have, too.
_BOTH_SIDES = frozenset({"UA", "RU"})
_ELSEWHERE_TOO = frozenset("balaklava foros inkerman saki saky sebastopol sudak torez".split())
#: Words of streets, after the name and before it.
_AFTER = frozenset(
    """
    st street rd road ave avenue av blvd boulevard ln lane dr drive ct court way pl place plaza sq square ter terrace
    hwy highway cir circle pkwy parkway cres crescent close row walk trail alley str strasse weg platz gasse allee
    ro gil daero cad caddesi cadde sokak sokagi sok bulvari utca ulica ulitsa prospekt gatan gata vej gade laan straat
    """.split()
)
_BEFORE = frozenset(
    """
    c calle av avda ave avenida avenue bd blvd boulevard bulevar via viale corso piazza plaza paseo place quai chemin
    rua rue travessa largo praca strada str ul ulica ulitsa улица ул вул вулиця prospekt проспект jalan jl jln soi
    """.split()
)
_LINKS = frozenset("a al da de del della di do du el l la le les los".split())
_ZIP = re.compile(r"\b([A-Z]{2})\.?[,\s]+[0-9]{5}(?:-[0-9]{4})?\b")
_STATE_LAST = re.compile(r"[,\s]([A-Z]{2})[.,\s]*(?:(?:USA?|U\.S\.A?\.?|United States(?: of America)?)[.\s]*)?$")
#: A code as the last word, behind a postcode.
_CODE_BEHIND_DIGITS = re.compile(r"[0-9][-\s]+([A-Z]{2})$")


@dataclass(frozen=True, slots=True)
class _Named:
    """A name in an address: its readings, and whether it may be no more than a street's, or a town's."""

    readings: tuple[Country, ...]
    is_street: bool
    is_town: bool
    is_elsewhere_too: bool


@lru_cache(maxsize=4096)
def countries_in_address(address: str, codes: tuple[str, ...]) -> tuple[Country, ...]:
    """Return the countries, and the regions, that an address names, read beside the countries of `codes`.

    An ambiguous word means what `codes` say, if they do.
    """
    address = readable(address)[: 2 * LONGEST]
    parts = [part for part in SEPARATORS.split(address) if part]
    found = [each for part in of_codes_before_digits(address) for each in part]
    found += [each for part in _of_codes(address, parts, codes) for each in part]
    state = _state_in(address, codes)
    named = list(_names_in(parts, state))
    # What is certain beside a street, or behind a town.
    sure = {*codes, *(_of_one(each.readings) for each in named if not (each.is_street or each.is_town))} - {None}
    sure |= {each.code for each in found} | ({_UNITED_STATES} if state else set())
    counting = [each.readings for each in named if not _is_elsewhere(each, sure, codes)]
    found += agreed(counting, codes)
    return merged((*found, *of_postcode(address, (*found, *(Country(each, short_name(each)) for each in codes)))))


def _of_one(readings: tuple[Country, ...]) -> str | None:
    return readings[0].code if len(readings) == 1 else None


def _is_elsewhere(named: _Named, sure: set[str | None], codes: tuple[str, ...]) -> bool:
    """Whether a name is only a street's or a town's in a country that is certain."""
    # "Crimea AR, 95000" is no Arkansas: of a region the country has to be given.
    if named.is_town and (_UNITED_STATES in codes or not any(each.region for each in named.readings)):
        return True
    own = {each.code for each in named.readings if each.region is None}
    if named.is_street and sure - own:
        return True
    return named.is_elsewhere_too and bool(codes) and _BOTH_SIDES.isdisjoint(codes)


def _of_codes(address: str, parts: Sequence[str], codes: tuple[str, ...]) -> Iterator[tuple[Country, ...]]:
    """The countries of codes: as the last part, behind a postcode, and of embargoed ones of three letters as a part."""
    for at, part in enumerate(parts):
        is_code = part.isascii() and part.isalpha() and part.isupper() and len(part) <= 3
        if not is_code or part in UNITED_STATES_STATES:
            continue
        readings = read_exactly(part)
        is_embargo = any(each.region or is_embargoed(each.code) for each in readings)
        if at == len(parts) - 1 or (len(part) == 3 and is_embargo and _UNITED_STATES not in codes):
            yield readings
    if (behind := _CODE_BEHIND_DIGITS.search(address)) and behind[1] not in UNITED_STATES_STATES:
        yield read_exactly(behind[1])


def _state_in(address: str, codes: tuple[str, ...]) -> str | None:
    """The text of an address in the United States up to its state, or None."""
    for pattern, is_enough in ((_ZIP, not codes), (_STATE_LAST, False)):
        for found in pattern.finditer(address):
            if found[1] in UNITED_STATES_STATES and (is_enough or _UNITED_STATES in codes):
                return address[: found.start()]
    return None


def _names_in(parts: Sequence[str], state: str | None) -> Iterator[_Named]:
    """The names in an address. Up to the `state`: its last part is a town, and a city's name is no city abroad."""
    words = [(word, at) for at, part in enumerate(parts) for word in words_of(part)]
    before_state = [] if state is None else [part for part in SEPARATORS.split(state) if part]
    for first, end, readings in readings_in([word for word, _ in words]):
        at = words[first][1]
        name = [word for word, _ in words[first:end]]
        is_in_town = state is not None and at == len(before_state) - 1
        is_city = state is not None and at < len(before_state) and _is_city(name, readings)
        yield _Named(
            readings,
            is_street=_is_street(words, first, end),
            is_town=is_in_town or is_city,
            is_elsewhere_too=len(name) == 1 and name[0] in _ELSEWHERE_TOO,
        )


def _is_street(words: Sequence[tuple[str, int]], first: int, end: int) -> bool:
    at = words[first][1]
    if end < len(words) and words[end][1] == at and words[end][0] in _AFTER:
        return True
    before = [word for word, part in words[:first] if part == at and word not in _LINKS and not word.isdigit()]
    return len(before) == 1 and before[0] in _BEFORE


def _is_city(name: Sequence[str], readings: tuple[Country, ...]) -> bool:
    return any(each.region for each in readings) or sorted(name) in _cities()


@lru_cache(maxsize=1)
def _cities() -> list[list[str]]:
    return [sorted(words_of(city)) for cities in CITIES.values() for city in cities.split("|")]
