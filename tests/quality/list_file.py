"""Reads a consolidated CSV file of either layout into entries, as plainly as can be: to measure with, not to serve."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from tools.sanctions_entries import Address, EntryId, ListEntry, Vessel
from tools.sanctions_lists import list_named

__all__ = ["entry_named", "read_entries"]

_COUNTRY = re.compile(r"(?:(.*), )?([A-Z]{2})", re.DOTALL)


def read_entries(path: Path) -> Iterator[ListEntry]:
    """The entries of the file, in its order."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield _entry(row)


def entry_named(name: str, kind: str | None = None) -> ListEntry:
    """An entry that states nothing but a name and a type."""
    return _entry(
        {"source": "Specially Designated Nationals (SDN) - Treasury Department", "name": name, "type": kind or ""}
    )


def _entry(row: dict[str, str]) -> ListEntry:
    source = list_named(row["source"])
    call_sign = row.get("call_sign") or None
    return ListEntry(
        name=row["name"],
        list=source.code,
        list_name=source.name,
        list_is_known=source.code is not None,
        action=source.action.code,
        action_details=source.action,
        type=row.get("type") or None,
        title=row.get("title") or None,
        programs=_parts(row, "programs"),
        alt_names=_parts(row, "alt_names"),
        addresses=tuple([_address(text) for text in _parts(row, "addresses")]),
        country=None,
        nationalities=_parts(row, "nationalities"),
        citizenships=_parts(row, "citizenships"),
        dates_of_birth=_parts(row, "dates_of_birth"),
        places_of_birth=_parts(row, "places_of_birth"),
        ids=tuple([_identifier(text) for text in _parts(row, "ids")]),
        vessel=Vessel(call_sign, None, None, None, None, None) if call_sign else None,
        start_date=row.get("start_date") or None,
        end_date=row.get("end_date") or None,
        federal_register_notice=None,
        standard_order=None,
        license_requirement=None,
        license_policy=None,
        remarks=row.get("remarks") or None,
        url=None,
        information_url=None,
        id=row.get("_id") or row.get("entity_number") or None,
    )


def _parts(row: dict[str, str], column: str) -> tuple[str, ...]:
    return tuple([part for part in row.get(column, "").split("; ") if part])


def _address(text: str) -> Address:
    found = _COUNTRY.fullmatch(text)
    return Address(found[1], None, None, None, found[2]) if found else Address(text, None, None, None, None)


def _identifier(text: str) -> EntryId:
    kind, _, rest = text.partition(", ")
    number, _, country = rest.rpartition(", ") if re.search(r", [A-Z]{2}$", rest) else (rest, "", "")
    return EntryId(kind, number or None, country or None, None, None)
