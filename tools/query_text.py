"""Texts that callers ask for: what may be sent to an agency at all."""

import unicodedata
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from tools.countries import COUNTRIES, COUNTRY_PATTERN

__all__ = ["CountryCode", "DateOnly", "searchable"]


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


def _country(value: str) -> str:
    code = value.strip().upper()
    if len(code) != 2 or not (code.isascii() and code.isalpha()):
        raise PydanticCustomError("country", "must be a country's two letters (ISO 3166-1 alpha-2), as in CN")
    if code not in COUNTRIES:
        # The agency would find nothing there, which reads like nothing adverse.
        hint = "; the United Kingdom is GB" if code == "UK" else ""
        raise PydanticCustomError(
            "country", "{code} is no country (ISO 3166-1 alpha-2){hint}", {"code": code, "hint": hint}
        )
    return code


def _plain_date(value: object) -> object:
    # Pydantic would also take seconds since 1970 and times of day.
    if isinstance(value, str) and not (len(value) == 10 and value.isascii() and value[4] == value[7] == "-"):
        raise PydanticCustomError("date", "must be a date as in 2026-01-31")
    if not isinstance(value, str | date | None):
        raise PydanticCustomError("date", "must be a date as in 2026-01-31")
    return value


#: A country's two letters, in upper case.
CountryCode = Annotated[str, AfterValidator(_country), Field(json_schema_extra={"pattern": COUNTRY_PATTERN})]
#: A date without a time, `YYYY-MM-DD`.
DateOnly = Annotated[date, BeforeValidator(_plain_date)]
