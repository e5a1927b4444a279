"""Reads a country as people write it: by codes, names and our own aliases, never by likeness.

What has several readings keeps them all. What is not understood says so; it is never guessed.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from tools.countries.aliases import ALIASES, AMBIGUOUS, CITIES, DEMONYMS, ONLY_WHOLE, UNITED_STATES_STATES
from tools.countries.iso import (
    codes_of_countries,
    country_of_subdivision,
    names_in_other_languages,
    short_name,
    states_of_the_united_states,
)
from tools.countries.programs import TABLE_COUNTRIES
from tools.countries.regions import region_by_postcode, region_names
from tools.sanctions_asked import plain_text
from tools.sanctions_scripts import in_ascii

__all__ = [
    "LONGEST",
    "SEPARATORS",
    "Country",
    "CountryReading",
    "agreed",
    "load_countries",
    "merged",
    "of_codes_before_digits",
    "of_postcode",
    "read_country",
    "read_exactly",
    "readable",
    "readings_in",
    "words_of",
]


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
_SUBDIVISIONS = {
    "UA-43": "Crimea", "UA-40": "Sevastopol", "UA-14": "Donetsk oblast", "UA-09": "Luhansk oblast",
    # No codes of the standard, but Russia's own for what it has occupied.
    "RU-CR": "Crimea", "RU-KRY": "Crimea", "RU-SEV": "Sevastopol", "RU-DON": "DNR", "RU-DPR": "DNR", "RU-DNR": "DNR",
    "RU-LUG": "LNR", "RU-LPR": "LNR", "RU-LNR": "LNR",
}  # fmt: skip
_SUBDIVISION = re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]{1,3}")
#: A code beside a name, as in "Switzerland (CH)".
_IN_BRACKETS = re.compile(r"(.+?)\s*[(\[]([^()\[\]]+)[)\]]\s*")
SEPARATORS = re.compile(r"\s*(?:[,;/|\n\t()\[\]]|\s[-–—]\s)\s*")
#: Between several countries in one field.
_OR = re.compile(
    r"\s*(?:[,;/|+&>\n\t()\[\]]|->|→|\s[-–—]\s|\s(?:or|and|und|oder|et|ou|y|o|to|via)\s)\s*", re.IGNORECASE
)
_LEFT_OUT = frozenset({"the", "of", "and", "und", "et", "y", "e"})
#: Letters that do not fall apart into one of ours and a mark.
_LETTERS = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "&": " and "})
#: Marks upon letters, and invisible characters.
_NO_LETTERS = ("Mn", "Me", "Cf")
#: What is abbreviated in the long names of countries.
_ABBREVIATED = {"rep": "republic", "dem": "democratic", "fed": "federation", "peoples": "people"}
_NOT_AVAILABLE = re.compile(r"[nN]\W+[aA]\W*")
#: Words beside a country's name that make it another country's: by that word, the readings are these.
_TURNED_BY: dict[tuple[str, str], frozenset[str]] = {
    ("KR", "KP"): frozenset({"democratic", "people", "north", "northern", "dprk", "dpr", "nord", "norte", "pyongyang"}),
    ("CG", "CD"): frozenset({"democratic", "dr", "rd", "kinshasa", "zaire"}),
    ("SD", "SS"): frozenset({"south", "southern", "juba"}),
}
_OUR_LETTER, _TWIN_LETTER = re.compile("[A-Za-z]"), re.compile("[\u0370-\u052f]")
_FLAG = re.compile("[\U0001f1e6-\U0001f1ff]{2}")
_FLAG_A = 0x1F1E6
_NO_WORD = re.compile(r"[\W_]+")
_MOST_WORDS, LONGEST = 7, 500
_CODE_BEFORE_DIGITS = re.compile(r"\b([A-Z]{2})[- ]?(?=[0-9]{5,6}\b)")
#: In a longer text, shorter words than these are no names of countries, but for some.
_LEAST_CHARACTERS = 4
_SHORT_NAMES = frozenset({"dnr", "lnr", "drc", "prc", "uae", "usa"})


@lru_cache(maxsize=4096)
def read_country(text: str) -> CountryReading:
    """Return every reading of `text`: an alpha-2 or alpha-3 code, an ISO number, a name, an alias, in any case.

    A region of Ukraine that is embargoed is read as Ukraine with that region.
    """
    text = readable(text)
    if not text or len(text) > LONGEST or _NOT_AVAILABLE.fullmatch(text):
        return _NOT_UNDERSTOOD
    if found := read_exactly(text):
        return CountryReading(found, "exact")
    if division := _SUBDIVISION.fullmatch(text):
        if region := _SUBDIVISIONS.get(division[0].upper()):
            return CountryReading(read_exactly(region), "exact")
        if code := country_of_subdivision(division[0].upper()):
            return CountryReading((Country(code, short_name(code)),), "exact")
    if named := _IN_BRACKETS.fullmatch(text):
        inside, outside = read_exactly(named[2]), read_exactly(named[1])
        if shared := tuple(each for each in outside if each in inside):
            return CountryReading(shared, "exact")
    parts = [read_exactly(part) for part in _OR.split(text) if part]
    found = agreed([part for part in (*parts, *of_codes_before_digits(text)) if part], ())
    if parts and all(parts) and len(found) == 1:  # "CN - China"
        return CountryReading(found, "exact")
    found = agreed(
        [*((each,) for each in found), *(each for _, _, each in readings_in(words_of(text)))],
        tuple(each.code for each in found),
    )
    # "Cuban citizen": a demonym counts where no country is named.
    found = found or agreed(list(_demonyms_in(words_of(text))), ())
    found = merged((*found, *of_postcode(text, found), *_turned(found, text)))
    return CountryReading(found, "in_part") if found else _NOT_UNDERSTOOD


def readable(text: str) -> str:
    """`text` without mark-up, with letters and flags as what they stand for."""
    text = unicodedata.normalize("NFKC", plain_text(text)).strip()
    if text.isascii():
        return text
    text = _FLAG.sub(lambda flag: f" {''.join(chr(ord(each) - _FLAG_A + ord('A')) for each in flag[0])} ", text).strip()
    return re.sub(r"\w+", lambda word: _in_latin_letters(word[0]), text)


def _in_latin_letters(word: str) -> str:
    """A word in which letters of another script look like the Latin ones beside them, in Latin letters."""
    is_mixed = _TWIN_LETTER.search(word) is not None and _OUR_LETTER.search(word) is not None
    return in_ascii(word) if is_mixed else word


def _turned(found: Iterable[Country], text: str) -> Iterator[Country]:
    """The countries that a word which was left unread may make of those that were `found`."""
    codes, words = {each.code for each in found}, set(words_of(text))
    for (code, turned), by in _TURNED_BY.items():
        if code in codes and turned not in codes and not words.isdisjoint(by):
            yield Country(turned, short_name(turned))


def agreed(parts: Sequence[tuple[Country, ...]], codes: tuple[str, ...]) -> tuple[Country, ...]:
    """The countries of all `parts`. One with several readings means what the certain ones, or `codes`, say."""
    certain = {*codes, *(part[0].code for part in parts if len(part) == 1)}
    found: list[Country] = []
    for part in parts:
        agreeing = [each for each in part if each.code in certain]
        found.extend(agreeing if len(part) > 1 and agreeing else part)
    return merged(found)


def of_codes_before_digits(text: str) -> Iterator[tuple[Country, ...]]:
    """The countries of codes before a postcode, as in "RU-295000"; a state's is none."""
    for found in _CODE_BEFORE_DIGITS.finditer(text):
        if found[1] not in UNITED_STATES_STATES:
            yield read_exactly(found[1])


def of_postcode(text: str, beside: Iterable[Country]) -> Iterator[Country]:
    codes = {each.code for each in beside}
    region = region_by_postcode(text, in_ukraine=_UKRAINE in codes, in_russia=_RUSSIA in codes)
    if region is not None:
        yield Country(_UKRAINE, short_name(_UKRAINE), region)


def merged(countries: Iterable[Country]) -> tuple[Country, ...]:
    """Each once; a region stands for its country."""
    found = dict.fromkeys(countries)
    with_region = {each.code for each in found if each.region is not None}
    return tuple(each for each in found if each.region is not None or each.code not in with_region)


def read_exactly(text: str) -> tuple[Country, ...]:
    key = _key(text)
    return _index().get(key) or _demonyms().get(key, ())


def readings_in(words: Sequence[str]) -> Iterator[tuple[int, int, tuple[Country, ...]]]:
    """Yield where each name in `words` begins and ends, and its readings; the longest first at each place."""
    index = _index()
    at = 0
    while at < len(words):
        for length in range(min(_MOST_WORDS, len(words) - at), 0, -1):
            some = words[at : at + length]
            readings = index.get(_sorted_key(some), ())
            if readings and (len(some) > 1 or _is_name(some[0])):
                yield at, at + length, readings
                at += length
                break
        else:
            at += 1


def _demonyms_in(words: Sequence[str]) -> Iterator[tuple[Country, ...]]:
    demonyms, at = _demonyms(), 0
    while at < len(words):
        length = next((each for each in (2, 1) if _sorted_key(words[at : at + each]) in demonyms), 0)
        if length:
            yield demonyms[_sorted_key(words[at : at + length])]
        at += length or 1


def _is_name(word: str) -> bool:
    if word in ONLY_WHOLE:
        return False
    return word in _SHORT_NAMES or not word.isascii() or (len(word) >= _LEAST_CHARACTERS and word.isalpha())


def _key(text: str) -> str:
    words = words_of(text)
    return _sorted_key(words) if len(words) <= 2 * _MOST_WORDS else ""


def _sorted_key(words: Sequence[str]) -> str:
    # "Korea, Republic of" is "Republic of Korea".
    return " ".join(sorted(words))


def words_of(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(each for each in plain if unicodedata.category(each) not in _NO_LETTERS and each not in "'’ʼ`´")
    words = [_ABBREVIATED.get(word, word) for word in _with_initials(filter(None, _NO_WORD.split(plain)))]
    # "AND" alone is Andorra.
    return [word for word in words if word not in _LEFT_OUT] or words


def _with_initials(words: Iterable[str]) -> Iterator[str]:
    """`words`, of which letters that stand alone one after another are one: P. R. China."""
    initials = ""
    for word in words:
        if len(word) == 1 and word.isalpha():
            initials += word
            continue
        if initials:
            yield initials
        initials = ""
        yield word
    if initials:
        yield initials


def load_countries() -> None:
    """Make the tables of names, which takes a moment, before the first question wants them."""
    _index()
    _demonyms()


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
    for code, cities in CITIES.items():
        for city in cities.split("|"):
            index[_key(city)] = (Country(code, short_name(code)),)
    for state in states_of_the_united_states():
        index.setdefault(_key(state), (Country(_UNITED_STATES, short_name(_UNITED_STATES)),))
    ours = frozenset(index)
    for code, name in names_in_other_languages(TABLE_COUNTRIES):
        key = _key(name)
        if not key or key in ours:
            continue
        # The same word may be two countries in two languages.
        index[key] = merged((*index.get(key, ()), Country(code, short_name(code))))
    return index
