"""The countries of ISO 3166-1 by their codes and names, from the kept data of pycountry, and XK, which agencies use for
Kosovo."""

import gettext
from collections.abc import Iterator

import pycountry

__all__ = [
    "COUNTRIES",
    "codes_of_countries",
    "country_of_subdivision",
    "names_in_other_languages",
    "short_name",
    "states_of_the_united_states",
]

#: Names by which the field knows a country, where the standard's own is longer or turned round.
_SHORT_NAMES = {
    "CD": "Congo (Democratic Republic)",
    "CG": "Congo (Republic)",
    "FK": "Falkland Islands",
    "FM": "Micronesia",
    "PS": "Palestine",
    "RU": "Russia",
    "VA": "Holy See",
    "VG": "British Virgin Islands",
    "VI": "U.S. Virgin Islands",
    "XK": "Kosovo",
}
#: Languages in which files of customers, and people, write countries; as the library names its translations.
_LANGUAGES = (
    *("de", "fr", "es", "it", "pt", "nl", "pl", "cs", "sv", "da", "tr", "ru", "uk", "zh_CN", "zh_TW", "ja", "ko"),
    *("ar", "fa"),
)
#: Languages for the countries that have programs.
_MORE_LANGUAGES = tuple("el he th hi vi hu fi ro id bg ur bn sr hr nb_NO lt lv mk be hy ka ckb".split())
#: Parts of a country in ISO 3166-2 that are countries of their own in ISO 3166-1.
_OWN_COUNTRIES = frozenset("HK MO TW PR GU VI AS MP UM AX SJ AW CW SX BL MF GP MQ GF RE YT NC PF PM WF TF".split())

_NAMES = {
    each.alpha_2: _SHORT_NAMES.get(each.alpha_2, getattr(each, "common_name", each.name))
    for each in pycountry.countries
} | {"XK": "Kosovo"}

#: Every code of two letters.
COUNTRIES = frozenset(_NAMES)


def short_name(code: str) -> str:
    """Return the English short name of the country with the alpha-2 `code`. Raises KeyError for another code."""
    return _NAMES[code]


def codes_of_countries() -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Yield for each country its alpha-2 code, its other codes (three letters, three digits), and its English names."""
    for each in pycountry.countries:
        names = {each.name, _NAMES[each.alpha_2]}
        names.update(getattr(each, field) for field in ("official_name", "common_name") if hasattr(each, field))
        yield each.alpha_2, (each.alpha_3, each.numeric), tuple(sorted(names))
    yield "XK", ("XKX",), ("Kosovo",)


def country_of_subdivision(code: str) -> str | None:
    """Return the alpha-2 code of the country whose subdivision (ISO 3166-2) has the `code`, as in US-CA, or None.

    Of one that is a country of its own, as CN-HK is, that one's.
    """
    if pycountry.subdivisions.get(code=code) is None:  # type: ignore[no-untyped-call]  # the library's
        return None
    country, _, part = code.partition("-")
    return part if part in _OWN_COUNTRIES else country


def states_of_the_united_states() -> Iterator[str]:
    """Yield the names of the states and the district; a territory is a country of its own in ISO 3166-1."""
    for each in pycountry.subdivisions.get(country_code="US"):  # type: ignore[no-untyped-call]  # the library's
        if each.type in ("State", "District"):
            yield each.name


def names_in_other_languages(of_more: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield (alpha-2 code, name) in the languages that the library translates its English names into.

    Of the countries `of_more` that is in more languages.
    """
    for language in (*_LANGUAGES, *_MORE_LANGUAGES):
        catalog = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language])
        for each in pycountry.countries:
            if language in _MORE_LANGUAGES and each.alpha_2 not in of_more:
                continue
            for field in ("name", "common_name", "official_name"):
                english = getattr(each, field, None)
                translated = catalog.gettext(english) if english else None
                if translated and translated != english:
                    yield each.alpha_2, translated
