"""The Consolidated Screening List as the sandbox holds it: entries of the agency's own export files.

Files: `csl/*.json`, the bulk file or an answer of the search (`{"results": [...]}`), and `csl/*.csv`, the bulk file of
any age: columns are found by their names. In a CSV cell lists are joined by "; " and parts by ", ", which cannot be
undone for certain; an address keeps its parts as one text, and its country where it ends in one.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

import orjson

from service.sandbox.export_files import SandboxDataError, files_of, read_list_under, read_table

__all__ = ["RawEntry", "load"]

RawEntry = Mapping[str, Any]

_LISTS = ("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "programs")
_OBJECT_LISTS = ("addresses", "ids")
_REQUIRED_COLUMNS = {"source", "name", "alt_names", "addresses", "ids"}
_ENDS_IN_COUNTRY = re.compile(r"(?:(.*), )?([A-Z]{2})", re.DOTALL)


def load(folder: Traversable) -> tuple[RawEntry, ...]:
    """The entries in `folder`, each once. Raises SandboxDataError, with one line, when a file has another shape.

    One without an id (the files of 2019 had none) gets one that is made of all that it says.
    """
    entries: dict[tuple[object, ...], RawEntry] = {}
    for file in files_of(folder, ".json", ".csv"):
        rows = _from_csv(file) if file.name.endswith(".csv") else read_list_under(file, "results")
        for number, entry in enumerate(rows, 1):
            if wrong := _what_is_wrong(entry):
                raise SandboxDataError(f"sandbox data: {file}: entry {number}: {wrong}")
            key = (entry["source"], str(entry.get("id") or _made_up_id(entry)), entry["name"])
            entries.setdefault(key, {**entry, "id": entry.get("id") or key[1]})
    return tuple(entries.values())


def _what_is_wrong(entry: RawEntry) -> str | None:
    for key in ("source", "name"):
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            return f"has no {key!r}"
    for keys, kind in ((_LISTS, str), (_OBJECT_LISTS, dict)):
        for key in keys:
            value = entry.get(key)
            if value is not None and not (isinstance(value, list) and all(isinstance(each, kind) for each in value)):
                return f"{key!r} is not a list of {'texts' if kind is str else 'objects'}"
    return None


def _made_up_id(entry: RawEntry) -> str:
    return hashlib.sha224(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _from_csv(file: Traversable) -> Iterator[RawEntry]:
    return map(_entry, read_table(file, lambda _: _REQUIRED_COLUMNS))


def _entry(row: Mapping[str, str]) -> RawEntry:
    entry: dict[str, Any] = {key: value or None for key, value in row.items() if key not in (*_LISTS, "_id")}
    entry |= {key: _parts(row.get(key, "")) for key in _LISTS}
    entry["id"] = row.get("_id") or row.get("entity_number") or None
    entry["addresses"] = [_address(text) for text in _parts(row["addresses"])]
    entry["ids"] = [_identifier(text) for text in _parts(row["ids"])]
    return entry


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split("; ") if part.strip()]


def _address(text: str) -> dict[str, str | None]:
    match = _ENDS_IN_COUNTRY.fullmatch(text)
    address, country = (match[1], match[2]) if match else (text, None)
    return {"address": address, "city": None, "state": None, "postal_code": None, "country": country}


def _identifier(text: str) -> dict[str, str | None]:
    kind, _, rest = text.partition(", ")
    number, _, country = rest.rpartition(", ") if re.search(r", [A-Z]{2}$", rest) else (rest, "", "")
    return {
        "type": kind,
        "number": number or None,
        "country": country or None,
        "issue_date": None,
        "expiration_date": None,
    }
