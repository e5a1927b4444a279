"""Turns a row of the consolidated CSV into the object that the JSON file has for the same entry, as far as that goes.

In a cell, lists are joined by "; " and the parts of an address or an identifier by ", ". That cannot be undone for
certain: an address keeps its parts as one text, with its country where it ends in one.
"""

import re
from collections.abc import Mapping

from tools.countries import COUNTRIES

__all__ = ["KNOWN_COLUMNS", "RawEntry", "raw_entry"]

RawEntry = dict[str, object]

#: The columns of the file, in its order. `_id` was not there before about 2020.
KNOWN_COLUMNS = (
    *("_id", "source", "entity_number", "type", "programs", "name", "title", "addresses", "federal_register_notice"),
    *("start_date", "end_date", "standard_order", "license_requirement", "license_policy", "call_sign", "vessel_type"),
    *("gross_tonnage", "gross_registered_tonnage", "vessel_flag", "vessel_owner", "remarks", "source_list_url"),
    *("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "source_information_url"),
    "ids",
)

_LISTS = ("alt_names", "programs", "citizenships", "dates_of_birth", "nationalities", "places_of_birth")
#: What the importer joins to a name by "; " and is no name of its own.
_GOES_ON = ("and any ", "and all ")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[0-9:.+Z-]*)?")


def raw_entry(row: Mapping[str, object]) -> RawEntry:
    """The object of `row`, a row's texts by their columns."""
    raw = {column: cell for column, cell in row.items() if cell}
    for key in _LISTS:
        if key in raw:
            raw[key] = _parts(str(raw[key]))
    if "addresses" in raw:
        raw["addresses"] = [_address(text) for text in _parts(str(raw["addresses"]))]
    has_id = "_id" in row
    if "ids" in raw:
        read = _identifier if has_id else _identifier_of_old
        raw["ids"] = [read(text.split(", ")) for text in _parts(str(raw["ids"]))]
    # Before there was an `_id`, Treasury's lists had their number all the same.
    if (number := raw.pop("_id" if has_id else "entity_number", None)) is not None:
        raw["id"] = number
    return raw


def _parts(cell: str) -> list[str]:
    if "; " not in cell:
        return [cell]
    parts: list[str] = []
    for part in cell.split("; "):
        if parts and part.startswith(_GOES_ON):
            parts[-1] = f"{parts[-1]}; {part}"
        elif part.strip():
            parts.append(part)
    return parts


def _address(text: str) -> RawEntry:
    rest, comma, last = text.rpartition(", ")
    if last not in COUNTRIES:
        return {"address": text}
    return {"address": rest, "country": last} if comma else {"country": last}


def _identifier(parts: list[str]) -> RawEntry:
    """Kind, number, then what there is of country, date of issue and date of expiry."""
    kind, *rest = parts
    dates: list[str] = []
    while len(rest) > 1 and len(dates) < 2 and _DATE.fullmatch(rest[-1]):
        dates.insert(0, rest.pop())
    country = rest.pop() if len(rest) > 1 and rest[-1] in COUNTRIES else None
    # One date alone may be either; of two the first is that of issue.
    issued, expires = (*dates, None, None)[:2]
    return {
        "type": kind,
        "number": ", ".join(rest),
        "country": country,
        "issue_date": issued,
        "expiration_date": expires,
    }


def _identifier_of_old(parts: list[str]) -> RawEntry:
    """The files without `_id` wrote country, number, kind."""
    *rest, kind = parts
    country = rest.pop(0) if len(rest) > 1 and rest[0] in COUNTRIES else None
    return {"type": kind, "number": ", ".join(rest), "country": country}
