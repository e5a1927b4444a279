"""Dates of birth as the lists write them, and how an asked one agrees with them. Pure."""

import re
from collections.abc import Iterable
from typing import Literal

from tools.screening.asked_births import read_birth

__all__ = ["BirthAgreement", "agreement_of_births", "births_agree", "births_of"]

BirthAgreement = Literal["same", "near", "different", "unknown"]

_MONTHS = {
    month: number
    for number, month in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)  # noqa: SIM905
}
_DATE = re.compile(r"(?:(\d{1,2}) )?(?:([A-Za-z]{3})[a-z]* )?(1[89]\d\d|20\d\d)(?:-(\d\d)(?:-(\d\d))?)?")
#: A range of more years says nothing of a person.
_RANGE_YEARS = 12


def births_agree(asked: str, listed: Iterable[str]) -> BirthAgreement:
    """Return how the date that is asked agrees with the listed texts; one that cannot be read is `unknown`."""
    return agreement_of_births(read_birth(asked).dates, tuple([date for text in listed for date in births_of(text)]))


def births_of(text: str) -> tuple[int, ...]:
    """Dates of birth in a text ("1951", "circa 1951", "1951 to 1953", "21 Jan 1971", "1971-01-21") as YYYYMMDD.

    Parts that are not known are 00. "Circa" takes in the years before and after, a range all of its years.
    """
    dates = [_date(*found.groups()) for found in _DATE.finditer(text)]
    if len(dates) == 2 and 0 < dates[1] // 10_000 - dates[0] // 10_000 <= _RANGE_YEARS:
        return tuple([year * 10_000 for year in range(dates[0] // 10_000, dates[1] // 10_000 + 1)])
    if len(dates) == 1 and "circa" in text.lower():
        year = dates[0] // 10_000
        return tuple([each * 10_000 for each in (year - 1, year, year + 1)])
    return tuple(dates)


def agreement_of_births(asked: tuple[int, ...], listed: tuple[int, ...]) -> BirthAgreement:
    """Return `same` as far as both are known; `near`: the same year, or day and month, or the year next to it.

    Of several readings the best counts: `different` only when all are.
    """
    if not asked or not listed:
        return "unknown"
    best: BirthAgreement = "different"
    for one in asked:
        for other in listed:
            if _is_same_date(one, other):
                return "same"
            if abs(one // 10_000 - other // 10_000) <= 1 or (one % 10_000 == other % 10_000 and one % 100):
                best = "near"
    return best


def _is_same_date(one: int, other: int) -> bool:
    if one // 10_000 != other // 10_000:
        return False
    months, days = (one // 100 % 100, other // 100 % 100), (one % 100, other % 100)
    return (months[0] == months[1] or 0 in months) and (days[0] == days[1] or 0 in days)


def _date(day: str | None, month: str | None, year: str, iso_month: str | None, iso_day: str | None) -> int:
    number = _MONTHS.get((month or "").lower(), 0) or int(iso_month or 0)
    of_month = int(iso_day or (day if month else 0) or 0)
    return int(year) * 10_000 + number * 100 + of_month
