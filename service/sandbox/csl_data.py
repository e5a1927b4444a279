"""The Consolidated Screening List as the sandbox holds it: entries of the agency's own export files.

Files: `csl/*.json`, the bulk file or an answer of the search (`{"results": [...]}`), and `csl/*.csv`, the bulk file of
any age: columns are found by their names. In a CSV cell lists are joined by "; " and parts by ", ", which cannot be
undone for certain; an address keeps its parts as one text, and its country where it ends in one.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from importlib.resources.abc import Traversable
from typing import Any

from service.sandbox.export_files import SandboxDataError, files_of, read_list_under, read_text

__all__ = ["RawEntry", "load"]

RawEntry = Mapping[str, Any]

_LISTS = ("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "programs")
_REQUIRED_COLUMNS = {"source", "name", "alt_names", "addresses", "ids"}
_ENDS_IN_COUNTRY = re.compile(r"(?:(.*), )?([A-Z]{2})", re.DOTALL)


def load(folder: Traversable) -> tuple[RawEntry, ...]:
    """The entries in `folder`, each once. Raises SandboxDataError, with one line, when a file has another shape."""
    entries: dict[tuple[object, ...], RawEntry] = {}
    for file in files_of(folder, ".json", ".csv"):
        rows = _from_csv(file) if file.name.endswith(".csv") else read_list_under(file, "results")
        for number, entry in enumerate(rows, 1):
            for key in ("source", "name"):
                if not isinstance(entry.get(key), str) or not entry[key].strip():
                    raise SandboxDataError(f"sandbox data: {file}: entry {number}: has no {key!r}")
            entries.setdefault((entry["source"], str(entry.get("id")), entry["name"]), entry)
    return tuple(entries.values())


def _from_csv(file: Traversable) -> Iterator[RawEntry]:
    reader = csv.DictReader(io.StringIO(read_text(file), newline=""))
    missing = _REQUIRED_COLUMNS - set(reader.fieldnames or ())
    if missing:
        raise SandboxDataError(f"sandbox data: {file} has no column {min(missing)!r}")
    for number, row in enumerate(reader, 1):
        if None in row or None in row.values():
            raise SandboxDataError(f"sandbox data: {file}: row {number}: has another number of columns than the header")
        yield _entry(row)


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
