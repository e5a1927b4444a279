"""What a question says of a party beside its name: country, nationality, date of birth, type, address.

These weigh hits and never stop a name from being screened: what cannot be read is kept as it was given, weighs nothing,
and stands among the warnings.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, WithJsonSchema

from tools.countries import read_country
from tools.countries.assessment import CountryPrograms, assess_party, country_warnings
from tools.input_warnings import InputWarning
from tools.screening.asked_births import read_birth

__all__ = [
    "Address",
    "CountryText",
    "DateOfBirth",
    "Detail",
    "EntryType",
    "TypeText",
    "beside_the_name",
    "detail_text",
    "entry_type",
    "warnings_of",
]

EntryType = Literal["Individual", "Entity", "Vessel", "Aircraft"]

_TYPES: dict[str, EntryType] = {
    **dict.fromkeys(("individual", "person", "natural person", "human", "man", "woman", "private"), "Individual"),
    **dict.fromkeys(("entity", "company", "organization", "organisation", "business", "corporation"), "Entity"),
    **dict.fromkeys(("legal person", "legal entity", "firm", "org", "corporate", "institution"), "Entity"),
    **dict.fromkeys(("vessel", "ship", "boat"), "Vessel"),
    **dict.fromkeys(("aircraft", "airplane", "plane", "aeroplane", "helicopter"), "Aircraft"),
}
_MOST_CHARACTERS = 500


def detail_text(value: object) -> object:
    """Return a detail as a text on one line, or None where it holds none.

    Of what else JSON holds, lists and objects are their values: an address may come in parts.
    """
    if value is None:
        return None
    text = ", ".join(_texts_in(value))
    if not (text.isascii() and text.isprintable()):
        text = unicodedata.normalize("NFKC", text)
        text = "".join(" " if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") else each for each in text)
    return " ".join(text.split())[:_MOST_CHARACTERS] or None


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)
    elif value is not None:
        yield json.dumps(value, default=str)


def beside_the_name(
    *, country: str | None, nationality: str | None, dob: str | None, kind: str | None, address: str | None
) -> tuple[CountryPrograms | None, tuple[InputWarning, ...]]:
    """Return what country programs and warnings say of details, whether the name could be screened or not."""
    country, nationality = _code_or_text(country), _code_or_text(nationality)
    kind = None if kind is None else _TYPES.get(kind.casefold(), kind)
    warnings = warnings_of(country=country, nationality=nationality, dob=dob, kind=kind)
    return assess_party(country, nationality, address), tuple(warnings)


def _code_or_text(country: str | None) -> str | None:
    text = _country_text(country)
    return text if isinstance(text, str) else None


def _country_text(value: object) -> object:
    text = detail_text(value)
    if not isinstance(text, str):
        return text
    reading = read_country(text)
    certain = reading.is_certain and reading.countries[0].region is None
    return reading.countries[0].code if certain else text


def _type_text(value: object) -> object:
    text = detail_text(value)
    return _TYPES.get(text.casefold(), text) if isinstance(text, str) else text


def entry_type(text: str | None) -> EntryType | None:
    """Return the type of entries that `text` names, or None where it names none."""
    return None if text is None else _TYPES.get(text.casefold())


#: As a schema: anything, since what JSON holds beside texts is read as a text, too.
_TEXT: dict[str, object] = {}
#: A country as people write it; its two letters where it is certain.
CountryText = Annotated[str | None, BeforeValidator(_country_text), WithJsonSchema(_TEXT)]
#: A date of birth as people write it.
DateOfBirth = Annotated[str | None, BeforeValidator(detail_text), WithJsonSchema(_TEXT)]
#: A type of entries, in any case; or what was given in its place.
TypeText = Annotated[
    str | None,
    BeforeValidator(_type_text),
    WithJsonSchema({**_TEXT, "examples": ["Individual", "Entity", "Vessel", "Aircraft"]}),
]
#: Any other detail.
Detail = Annotated[str | None, BeforeValidator(detail_text), WithJsonSchema(_TEXT)]
Address = Detail


def warnings_of(
    *, country: str | None, nationality: str | None, dob: str | None, kind: str | None
) -> Iterator[InputWarning]:
    """Yield what is to be said of details that were not read, or can be read in several ways."""
    for field, text in (("country", country), ("nationality", nationality)):
        if text is not None:
            yield from country_warnings(field, text)
    if dob is not None:
        yield from _birth_warnings(dob)
    if kind is not None and entry_type(kind) is None:
        detail = f"{kind!r} is no type of entries: none is left out. Types: Individual, Entity, Vessel, Aircraft"
        yield InputWarning("type_not_understood", "type", kind, detail)


def _birth_warnings(text: str) -> Iterator[InputWarning]:
    reading = read_birth(text)
    if reading.how == "ambiguous":
        yield InputWarning("dob_ambiguous", "dob", text, f"{text!r} is read as {reading}; a hit differs if all do")
    elif reading.how == "other_calendar":
        detail = f"{text!r} is of the Hijri, Jalali or Buddhist calendar, which is not read: it weighs nothing"
        yield InputWarning("dob_calendar_not_read", "dob", text, detail)
    elif reading.how == "not_understood":
        yield InputWarning(
            "dob_not_understood", "dob", text, f"{text!r} was not understood as a date: it weighs nothing"
        )
