"""Turns a row of the consolidated CSV into the object that the JSON file has for the same entry, as far as that goes.

In a cell, lists are joined by "; " and the parts of an address or an identifier by ", ". That cannot be undone for
certain: an address keeps its parts as one text, with its country where it ends in one. Agencies also write a bare ";"
between two aliases, which the importer takes for a part of one; it is then inside an alias of the JSON file, too.
"""

import re
from collections.abc import Mapping
from html.entities import html5

from tools.countries import COUNTRIES

__all__ = ["KNOWN_COLUMNS", "RawEntry", "raw_entry", "with_single_aliases"]

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
#: A separator, with the blanks around it; or what a web page writes for a letter, which ends in one.
_SEPARATOR = re.compile(r"\s*[;\uff1b]\s*|&(?P<letter>#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)")
#: A bare separator in front of the kind of the next identifier, or behind the country of an address.
_NEXT_IDENTIFIER = re.compile(r";\s+|;(?=[A-Z][A-Za-z .()#/-]*, )")
_NEXT_ADDRESS = re.compile(r";\s+|(?<=, [A-Z]{2});")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:T[0-9:.+Z-]*)?")


def raw_entry(row: Mapping[str, object]) -> RawEntry:
    """The object of `row`, a row's texts by their columns."""
    raw = {column: cell for column, cell in row.items() if cell}
    for key in _LISTS:
        if key in raw:
            raw[key] = _parts(str(raw[key]))
    if "addresses" in raw:
        raw["addresses"] = [_address(text) for text in _split(_NEXT_ADDRESS, str(raw["addresses"]))]
    has_id = "_id" in row
    if "ids" in raw:
        read = _identifier if has_id else _identifier_of_old
        raw["ids"] = [read(text.split(", ")) for text in _split(_NEXT_IDENTIFIER, str(raw["ids"]))]
    # Before there was an `_id`, Treasury's lists had their number all the same.
    if (number := raw.pop("_id" if has_id else "entity_number", None)) is not None:
        raw["id"] = number
    return raw


def with_single_aliases(raw: Mapping[str, object]) -> Mapping[str, object]:
    """Return the object `raw` of the JSON file with each alias by itself.

    A separator with a blank behind it is a part of the alias there: lists are not joined.
    """
    aliases = raw.get("alt_names")
    if type(aliases) is not list or not any(type(alias) is str and _is_several(alias) for alias in aliases):
        return raw
    single: list[object] = []
    for alias in aliases:
        single.extend(_parts(alias, joined=False) if type(alias) is str else [alias])
    return {**raw, "alt_names": single}


def _is_plain(cell: str) -> bool:
    """Whether the separators are all the importer's; so they are in nearly every cell."""
    return cell.count(";") == cell.count("; ") and "&" not in cell and "\uff1b" not in cell


def _is_several(cell: str) -> bool:
    return ";" in cell or "\uff1b" in cell


def _parts(cell: str, *, joined: bool = True) -> list[str]:
    """The texts in a cell. Those of a list that was not `joined` are separated where no blank follows alone."""
    if not _is_several(cell):
        return [cell]
    if joined and _is_plain(cell):
        return _without_loose_ends(cell.split("; "))
    parts, begin = list[str](), 0
    for found in _SEPARATOR.finditer(cell):
        letter = found["letter"]
        if letter is None:
            if not joined and found[0][-1].isspace():
                continue
        elif letter.startswith("#") or letter in html5:
            continue
        else:
            # An ampersand of the name's own, and behind the letters a separator: "R&D;NEXT".
            parts.append(cell[begin : found.end() - 1])
            begin = found.end()
            continue
        parts.append(cell[begin : found.start()])
        begin = found.end()
    parts.append(cell[begin:])
    return _without_loose_ends(parts)


def _split(separator: re.Pattern[str], cell: str) -> list[str]:
    if ";" not in cell:
        return [cell]
    return _without_loose_ends(cell.split("; ") if _is_plain(cell) else separator.split(cell))


def _without_loose_ends(parts: list[str]) -> list[str]:
    """Blank parts left out, and those that go on with the one before put back to it."""
    whole: list[str] = []
    for part in parts:
        if whole and part.startswith(_GOES_ON):
            whole[-1] = f"{whole[-1]}; {part}"
        elif part.strip():
            whole.append(part)
    return whole


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
