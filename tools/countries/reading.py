"""Reads a country as people write it: by codes, names and our own aliases, never by likeness.

What has several readings keeps them all. What is not understood says so; it is never guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from tools.countries.aliases import ALIASES, AMBIGUOUS, DEMONYMS, UNITED_STATES_STATES
from tools.countries.iso import codes_of_countries, country_of_subdivision, names_in_other_languages, short_name
from tools.countries.regions import region_by_postcode, region_names

__all__ = ["Country", "CountryReading", "countries_in_address", "read_country"]


@dataclass(frozen=True, slots=True)
class Country:
    """A country by its ISO 3166-1 alpha-2 `code` and English `name`; and the embargoed or contested `region` of it."""

    code: str
    name: str
    region: str | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.code})" if self.region is None else f"{self.region}, {self.name} ({self.code})"


@dataclass(frozen=True, slots=True)
class CountryReading:
    """What a text may mean.

    `countries` are all readings: none, it is not understood; several, it is ambiguous. `how`: `exact`, the whole text
    is a code, a name or an alias; `in_part`, such ones stand in it; `not_understood`.
    """

    countries: tuple[Country, ...]
    how: Literal["exact", "in_part", "not_understood"]

    @property
    def codes(self) -> tuple[str, ...]:
        """The alpha-2 codes of the readings."""
        return tuple(dict.fromkeys(each.code for each in self.countries))

    @property
    def is_certain(self) -> bool:
        """Whether the whole text names one country."""
        return self.how == "exact" and len(self.countries) == 1

    def __str__(self) -> str:
        return " or ".join(map(str, self.countries))


_UKRAINE, _RUSSIA, _UNITED_STATES = "UA", "RU", "US"
_NOT_UNDERSTOOD = CountryReading((), "not_understood")
#: Of a country's subdivisions (ISO 3166-2) those that are a region here.
_SUBDIVISIONS = {"UA-43": "Crimea", "UA-40": "Sevastopol", "UA-14": "Donetsk oblast", "UA-09": "Luhansk oblast"}
_SUBDIVISION = re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]{1,3}")
#: A code beside a name, as in "Switzerland (CH)".
_IN_BRACKETS = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]\s*")
_SEPARATORS = re.compile(r"\s*(?:[,;/|\n\t()\[\]]|\s[-–—]\s)\s*")
_LEFT_OUT = frozenset({"the", "of", "and", "und", "et", "y", "e"})
#: Letters that do not fall apart into one of ours and a mark.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "&": " and "})
#: Marks upon letters, and invisible characters.
_NO_LETTERS = ("Mn", "Me", "Cf")
_NO_WORD = re.compile(r"[\W_]+")
_MOST_WORDS, _LONGEST = 7, 500
_CODE_BEFORE_DIGITS = re.compile(r"\b([A-Z]{2})[- ]?(?=[0-9]{5,6}\b)")
#: In an address, shorter words than these are no names of countries.
_LEAST_CHARACTERS = 4


@lru_cache(maxsize=4096)
def read_country(text: str) -> CountryReading:
    """Return every reading of `text`: an alpha-2 or alpha-3 code, an ISO number, a name, an alias, in any case.

    A region of Ukraine that is embargoed is read as Ukraine with that region.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if not text or len(text) > _LONGEST:
        return _NOT_UNDERSTOOD
    if found := _exactly(text):
        return CountryReading(found, "exact")
    if division := _SUBDIVISION.fullmatch(text):
        if region := _SUBDIVISIONS.get(division[0].upper()):
            return CountryReading(_exactly(region), "exact")
        if code := country_of_subdivision(division[0].upper()):
            return CountryReading((Country(code, short_name(code)),), "exact")
    if named := _IN_BRACKETS.fullmatch(text):
        inside, outside = _exactly(named[2]), _exactly(named[1])
        if shared := tuple(each for each in outside if each in inside):
            return CountryReading(shared, "exact")
    parts = [_exactly(part) for part in _SEPARATORS.split(text) if part]
    found = _agreed([part for part in (*parts, *_of_codes_before_digits(text)) if part], ())
    if parts and all(parts) and len(found) == 1:  # "CN - China"
        return CountryReading(found, "exact")
    found = _agreed([*((each,) for each in found), *_readings_in(text)], tuple(each.code for each in found))
    found = _merged((*found, *_of_postcode(text, found)))
    return CountryReading(found, "in_part") if found else _NOT_UNDERSTOOD


@lru_cache(maxsize=4096)
def countries_in_address(address: str, codes: tuple[str, ...]) -> tuple[Country, ...]:
    """Return the countries, and the regions, that an address names, read beside the countries of `codes`.

    Names count wherever they stand, codes only as its last part. An ambiguous word means what `codes` say, if they do.
    """
    address = unicodedata.normalize("NFKC", address)[: 2 * _LONGEST]
    last = [part for part in _SEPARATORS.split(address) if part][-1:]
    found: list[Country] = [each for part in _of_codes_before_digits(address) for each in part]
    for part in last:
        is_code = part.isascii() and part.isalpha() and part.isupper() and len(part) <= 3
        if is_code and part not in UNITED_STATES_STATES:
            found.extend(_exactly(part))
    found.extend(_agreed(list(_readings_in(address)), codes))
    return _merged((*found, *_of_postcode(address, (*found, *(Country(each, short_name(each)) for each in codes)))))


def _agreed(parts: Sequence[tuple[Country, ...]], codes: tuple[str, ...]) -> tuple[Country, ...]:
    """The countries of all `parts`. One with several readings means what the certain ones, or `codes`, say."""
    certain = {*codes, *(part[0].code for part in parts if len(part) == 1)}
    found: list[Country] = []
    for part in parts:
        agreeing = [each for each in part if each.code in certain]
        found.extend(agreeing if len(part) > 1 and agreeing else part)
    return _merged(found)


def _of_codes_before_digits(text: str) -> Iterator[tuple[Country, ...]]:
    """The countries of codes before a postcode, as in "RU-295000"; a state's is none."""
    for found in _CODE_BEFORE_DIGITS.finditer(text):
        if found[1] not in UNITED_STATES_STATES:
            yield _exactly(found[1])


def _of_postcode(text: str, beside: Iterable[Country]) -> Iterator[Country]:
    codes = {each.code for each in beside}
    region = region_by_postcode(text, in_ukraine=_UKRAINE in codes, in_russia=_RUSSIA in codes)
    if region is not None:
        yield Country(_UKRAINE, short_name(_UKRAINE), region)


def _merged(countries: Iterable[Country]) -> tuple[Country, ...]:
    """Each once; a region stands for its country."""
    found = dict.fromkeys(countries)
    with_region = {each.code for each in found if each.region is not None}
    return tuple(each for each in found if each.region is not None or each.code not in with_region)


def _exactly(text: str) -> tuple[Country, ...]:
    key = _key(text)
    return _index().get(key) or _demonyms().get(key, ())


def _readings_in(text: str) -> Iterator[tuple[Country, ...]]:
    """The readings of each name in `text`, the longest first at each place."""
    words = _words(text)
    index = _index()
    at = 0
    while at < len(words):
        for length in range(min(_MOST_WORDS, len(words) - at), 0, -1):
            some = words[at : at + length]
            readings = index.get(_sorted_key(some), ())
            if readings and (len(some) > 1 or _is_name(some[0])):
                yield readings
                at += length
                break
        else:
            at += 1


def _is_name(word: str) -> bool:
    return not word.isascii() or (len(word) >= _LEAST_CHARACTERS and word.isalpha())


def _key(text: str) -> str:
    words = _words(text)
    return _sorted_key(words) if len(words) <= 2 * _MOST_WORDS else ""


def _sorted_key(words: list[str]) -> str:
    # "Korea, Republic of" is "Republic of Korea".
    return " ".join(sorted(words))


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(each for each in plain if unicodedata.category(each) not in _NO_LETTERS and each not in ".'’ʼ`´")
    words = [word for word in _NO_WORD.split(plain) if word]
    # "AND" alone is Andorra.
    return [word for word in words if word not in _LEFT_OUT] or words


@cache
def _demonyms() -> dict[str, tuple[Country, ...]]:
    return {_key(word): tuple(Country(code, short_name(code)) for code in codes) for word, codes in DEMONYMS.items()}


@cache
def _index() -> dict[str, tuple[Country, ...]]:
    """The readings of each key. Codes and our own aliases count for more than what is translated."""
    index: dict[str, tuple[Country, ...]] = {}
    for code, codes, names in codes_of_countries():
        country = (Country(code, short_name(code)),)
        for each in (code, *codes, *names):
            index[_key(each)] = country
    for code, aliases in ALIASES.items():
        for alias in aliases.split("|"):
            index[_key(alias)] = (Country(code, short_name(code)),)
    for region_name, region in region_names().items():
        index[_key(region_name)] = (Country(_UKRAINE, short_name(_UKRAINE), region),)
    for word, readings in AMBIGUOUS.items():
        index[_key(word)] = tuple(Country(code, short_name(code)) for code in readings)
    ours = frozenset(index)
    for code, name in names_in_other_languages():
        key = _key(name)
        if not key or key in ours:
            continue
        # The same word may be two countries in two languages.
        index[key] = _merged((*index.get(key, ()), Country(code, short_name(code))))
    return index
