"""Dates of birth as people and spreadsheets write them: each reading, and what is not read."""

import pytest

from tools.screening.asked_births import read_birth
from tools.screening.births import births_agree

_READ = {
    "1978-12-05": "1978-12-05", "1978/12/05": "1978-12-05", "19781205": "1978-12-05", "8 Jan 1984": "1984-01-08",
    "Jan 8, 1984": "1984-01-08", "January 8th, 1984": "1984-01-08", "8th of January 1984": "1984-01-08",
    "Friday, 8 January 1984": "1984-01-08", "8-Mar-1970": "1970-03-08", "01/13/1967": "1967-01-13",
    "13.01.1967": "1967-01-13", "1967": "1967", "1978-12": "1978-12", "12/1978": "1978-12", "Dec 1978": "1978-12",
    "1978-00-00": "1978", "1978-12-05 00:00:00": "1978-12-05", "1978-12-05T00:00:00Z": "1978-12-05",
    "1978-12-05T00:00:00.000+02:00": "1978-12-05", "8. Januar 1984": "1984-01-08", "8 janvier 1984": "1984-01-08",
    "8 de enero de 1984": "1984-01-08", "5 août 1978": "1978-08-05", "1978年12月5日": "1978-12-05",
    "１９７８-12-05": "1978-12-05", "circa 1960": "1959 or 1960 or 1961", "c. 1960": "1959 or 1960 or 1961",
    "~1960": "1959 or 1960 or 1961", "1960 to 1961": "1960 or 1961", "between 1960 and 1961": "1960 or 1961",
}  # fmt: skip
_AMBIGUOUS = {
    "01/02/1967": "1967-02-01 or 1967-01-02",
    "12/5/1978 12:00:00 AM": "1978-05-12 or 1978-12-05",
    "8-Jan-12": "1912-01-08 or 2012-01-08",
    "28829": "1978-12-05 or 1982-12-06",
    "28829.0": "1978-12-05 or 1982-12-06",
}


@pytest.mark.parametrize(("text", "dates"), _READ.items())
def test_a_date_in_the_usual_ways_is_read(text: str, dates: str) -> None:
    assert (read_birth(text).how, str(read_birth(text))) == ("read", dates)


@pytest.mark.parametrize(("text", "dates"), _AMBIGUOUS.items())
def test_a_date_that_can_be_read_two_ways_is_read_both_ways(text: str, dates: str) -> None:
    assert (read_birth(text).how, str(read_birth(text))) == ("ambiguous", dates)


@pytest.mark.parametrize("text", ["1362-05-14", "14 Tir 1362", "1405 AH", "2526 BE", "2526"])
def test_years_of_other_calendars_are_not_read(text: str) -> None:
    assert read_birth(text).how == "other_calendar"
    assert read_birth(text).dates == ()


@pytest.mark.parametrize(
    "text",
    [
        "1900-01-00",
        "1/0/1900",
        "unknown",
        "n/a",
        "-",
        "0000-00-00",
        "1978-13-45",
        "30 Feb 1980",
        "99999",
        "Spring 1970",
        "",
    ],
)
def test_what_is_no_date_is_not_understood(text: str) -> None:
    assert (read_birth(text).how, read_birth(text).dates) == ("not_understood", ())


@pytest.mark.parametrize(
    ("asked", "listed", "agreement"),
    [
        ("01/02/1967", "1967-01-02", "same"),
        ("01/02/1967", "1967-02-01", "same"),
        ("8-Jan-84", "1984-01-08", "same"),
        ("28829", "1978-12-05", "same"),
        ("circa 1960", "1961", "same"),
        ("01/02/1967", "1950-07-07", "different"),
        ("unknown", "1950-07-07", "unknown"),
        ("1362-05-14", "1983-08-05", "unknown"),
    ],
)
def test_a_date_contradicts_only_when_every_reading_does(asked: str, listed: str, agreement: str) -> None:
    assert births_agree(asked, [listed]) == agreement
