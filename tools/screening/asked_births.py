"""Reads a date of birth as people and spreadsheets write it. Every reading is kept; what is not read says so. Pure."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

__all__ = ["BirthReading", "read_birth"]

#: By their first letters, in English, German, French, Spanish, Italian and Portuguese.
_MONTHS = (
    *("jan|jän|gen|ene", "feb|fév|fev|fe", "mar|mär|mrz", "apr|avr|abr", "may|mai|mag", "jun|juin|giu|jui"),
    *("jul|juil|lug", "aug|aoû|aou|ago", "sep|set|sept", "oct|okt|ott|out", "nov", "dec|dez|déc|dic"),
)
_MONTH_OF = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split("|")}
#: Years that a living or listed person may be born in, and such as other calendars count.
_FIRST_YEAR, _LAST_YEAR = 1850, 2035
_HIJRI_OR_JALALI, _BUDDHIST = range(1200, 1500), range(2350, 2650)
#: A range of more years says nothing of a person.
_RANGE_YEARS = 12
#: Day 0 of spreadsheets: Windows' (with its leap day of 1900), and the old one of the Macintosh.
_EPOCHS = (date(1899, 12, 30), date(1904, 1, 1))
_LAST_SERIAL = 75_000

_ABOUT = re.compile(r"\b(?:circa|ca|c|about|approx|approximately|around|est|estimated|um|vers)\b\.?|~|≈|\?")
_TIME = re.compile(
    r"(?:t|\s)\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[ap]\.?m\.?)?\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2})?$"
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|º|ª)\b")
#: What a spreadsheet makes of an empty cell that is a date.
_EMPTY_CELL = re.compile(r"1900[-/.]0?1[-/.]00?|0?1[-/.]00?[-/.]1900|00?[-/.]0?1[-/.]1900")
_SERIAL = re.compile(r"(\d{5})(?:[.,]\d+)?")
_RANGE = re.compile(r"(?:between\s+|from\s+)?(\d{4})\s*(?:to|-|\u2013|\u2014|/|or|and|until|bis)\s*(\d{4})")
_NUMBERS = re.compile(r"(\d{1,4})[\s./-]+(\d{1,2})[\s./-]+(\d{1,4})")
_YEAR_MONTH = re.compile(r"(\d{4})[\s./-]+(\d{1,2})|(\d{1,2})[\s./-]+(\d{4})")
_EIGHT = re.compile(r"\d{8}")
_WORDS = re.compile(r"\d+|[^\W\d_]+")
_FILLERS = frozenset({"of", "de", "del", "den", "le", "the", "born", "dob", "d", "o", "b"})
_DAYS_OF_WEEK = re.compile(r"\b(?:mon|tue|tues|wed|wednes|thu|thurs|fri|sat|satur|sun)(?:day)?\b")


@dataclass(frozen=True, slots=True)
class BirthReading:
    """Every reading of a date of birth, as YYYYMMDD; parts that are not known are 00.

    `how`: `read`, in one way; `ambiguous`, in several ways (both orders of day and month, both centuries, both epochs
    of spreadsheets); `other_calendar`, a year of the Hijri, Jalali or Buddhist calendar, which is not read;
    `not_understood`. Then `dates` is empty.
    """

    dates: tuple[int, ...]
    how: Literal["read", "ambiguous", "other_calendar", "not_understood"]

    def __str__(self) -> str:
        return " or ".join(map(_printed, self.dates))


@lru_cache(maxsize=4096)
def read_birth(text: str) -> BirthReading:
    """Return every reading of `text`: ISO dates, "8 Jan 1984", "01/13/1967", "1967", "circa 1960", serials, date-times.

    "Circa" takes in the years before and after, a range all of its years; these count as one reading.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().strip()
    plain = "".join(str(unicodedata.digit(each, each)) for each in plain if unicodedata.category(each) != "Cf")
    plain = re.sub(r"[年月.]\s*$|日\s*$", "", re.sub(r"[年月](?=\s*\d)", "-", plain)).strip()
    about = _ABOUT.search(plain) is not None
    plain = _ABOUT.sub(" ", plain).strip(" ().,;")
    plain = _ORDINAL.sub("", _TIME.sub("", plain)).strip(" ,;")
    if found := _RANGE.fullmatch(plain):
        years = range(int(found[1]), int(found[2]) + 1)
        if len(years) <= _RANGE_YEARS + 1 and years and all(map(_is_year, years)):
            return BirthReading(tuple([year * 10_000 for year in years]), "read")
    dates = tuple(dict.fromkeys(_readings(plain)))
    if not dates:
        years_named = [int(each) for each in re.findall(r"(?<!\d)\d{4}(?!\d)", plain)]
        other = any(year in _HIJRI_OR_JALALI or year in _BUDDHIST for year in years_named)
        return BirthReading((), "other_calendar" if other or _names_calendar(plain) else "not_understood")
    if about and len({each // 10_000 for each in dates}) == 1:
        year = dates[0] // 10_000
        return BirthReading(tuple([each * 10_000 for each in (year - 1, year, year + 1)]), "read")
    return BirthReading(dates, "ambiguous" if len(dates) > 1 else "read")


def _readings(plain: str) -> Iterator[int]:
    if _names_calendar(plain) or _EMPTY_CELL.fullmatch(plain):
        return
    if plain.isdigit() and len(plain) == 4 and _is_year(int(plain)):
        yield int(plain) * 10_000
    elif found := _SERIAL.fullmatch(plain):
        yield from _of_serial(int(found[1]))
    elif _EIGHT.fullmatch(plain):
        yield from _dates(plain[:4], plain[4:6], plain[6:])
        yield from _dates(plain[4:], plain[2:4], plain[:2])
        yield from _dates(plain[4:], plain[:2], plain[2:4])
    elif found := _NUMBERS.fullmatch(plain):
        first, second, third = found[1], found[2], found[3]
        if len(first) >= 3:
            yield from _dates(first, second, third)
            return
        yield from _dates(third, second, first)
        yield from _dates(third, first, second)
        if len(third) <= 2 and len(first) == 2:
            yield from _dates(first, second, third)
    elif found := _YEAR_MONTH.fullmatch(plain):
        yield from _dates(found[1] or found[4], found[2] or found[3], "0")
    else:
        yield from _in_words(plain)


def _in_words(plain: str) -> Iterator[int]:
    """With the month's name: the other numbers are the year and the day."""
    words = [word for word in _WORDS.findall(_DAYS_OF_WEEK.sub(" ", plain)) if word not in _FILLERS]
    months = [number for word in words if not word.isdigit() and (number := _month(word))]
    numbers = [word for word in words if word.isdigit()]
    if len(months) != 1 or len(words) != len(numbers) + 1:
        return
    month = str(months[0])
    match numbers:
        case [year] if len(year) == 4:
            yield from _dates(year, month, "0")
        case [first, second] if len(first) == 4:
            yield from _dates(first, month, second)
        case [first, second]:
            yield from _dates(second, month, first)


def _month(word: str) -> int:
    if len(word) < 3:
        return 0
    for length in (4, 3):
        if number := _MONTH_OF.get(word[:length]):
            return number
    return 0


def _dates(year: str, month: str, day: str) -> Iterator[int]:
    """The date, if there is such a one; of a year of two digits in both centuries."""
    if len(year) == 3:
        return
    years = (1900 + int(year), 2000 + int(year)) if len(year) <= 2 else (int(year),)
    months, days = int(month), int(day)
    for each in years:
        if not _is_year(each) or months > 12 or (not months and days):
            continue
        if months and days:
            try:
                date(each, months, days)
            except ValueError:
                continue
        yield each * 10_000 + months * 100 + days


def _of_serial(days: int) -> Iterator[int]:
    if days > _LAST_SERIAL:
        return
    for epoch in _EPOCHS:
        found = epoch + timedelta(days)
        yield found.year * 10_000 + found.month * 100 + found.day


def _is_year(year: int) -> bool:
    return _FIRST_YEAR <= year <= _LAST_YEAR


def _names_calendar(plain: str) -> bool:
    words = _WORDS.findall(plain.replace(".", ""))
    return any(
        word in ("ah", "hijri", "hijra", "jalali", "sh", "be", "buddhist", "shamsi", "هجري", "هجری") for word in words
    )


def _printed(day: int) -> str:
    year, month, of_month = day // 10_000, day // 100 % 100, day % 100
    return f"{year:04}" + (f"-{month:02}" if month else "") + (f"-{of_month:02}" if of_month else "")
