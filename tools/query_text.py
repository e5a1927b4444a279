"""Texts that callers ask for: what may be sent to an agency at all."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

from tools.countries import COUNTRIES, read_country

__all__ = ["CountryCode", "DateOnly", "in_any_case", "searchable"]


def searchable(text: str, least: int, most: int) -> str:
    """`text` without blanks at its ends, and without invisible characters, which a search would look for.

    Raises PydanticCustomError on control characters and on a wrong length.
    """
    text = unicodedata.normalize("NFKC", text)
    # Of a printable text no character is of the categories below.
    is_plain = text.isprintable()
    if not is_plain:
        text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    text = text.strip()
    if not least <= len(text) <= most:
        raise PydanticCustomError("text_length", f"must be {least} to {most} characters long")
    # Lone surrogates cannot be sent at all.
    if not is_plain and any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in text):
        raise PydanticCustomError("text_control", "must not hold control characters")
    return text


def in_any_case(given: object, words: Iterable[str]) -> object:
    """Return that of our `words` which `given` is, in any case, with blanks around it, and with blanks or hyphens for
    what joins it; else what was given."""
    if not isinstance(given, str):
        return given
    wanted = _joined(given)
    return next((word for word in words if _joined(word) == wanted), given)


def _joined(word: str) -> str:
    return re.sub(r"[\s_-]+", "_", word.strip().casefold())


def _country(value: str) -> str:
    if value.strip().upper() in COUNTRIES:
        # That it may be a state of the United States, too, is of no account here: the agency takes codes.
        return value.strip().upper()
    reading = read_country(value)
    if reading.is_certain and reading.countries[0].region is None:
        return reading.codes[0]
    # The agency would find nothing there, which reads like nothing adverse.
    told = value.strip()[:40]
    if len(reading.countries) > 1:
        raise PydanticCustomError(
            "country",
            "{told} has several readings: {readings}; give one by its code",
            {"told": told, "readings": str(reading)},
        )
    raise PydanticCustomError(
        "country", "{told} was not understood as a country; give its two letters or its name, as in CN", {"told": told}
    )


def _plain_date(value: object) -> object:
    # Pydantic would also take seconds since 1970 and times of day.
    if isinstance(value, str) and not (len(value) == 10 and value.isascii() and value[4] == value[7] == "-"):
        raise PydanticCustomError("date", "must be a date as in 2026-01-31")
    if not isinstance(value, str | date | None):
        raise PydanticCustomError("date", "must be a date as in 2026-01-31")
    return value


#: One country, by code or name; its two letters, in upper case.
CountryCode = Annotated[str, AfterValidator(_country)]
#: A date without a time, `YYYY-MM-DD`.
DateOnly = Annotated[date, BeforeValidator(_plain_date)]
