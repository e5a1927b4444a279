"""The consolidated file of all lists, as data.trade.gov serves it for download: no key, a strong ETag, no HEAD.

`/downloadable_consolidated_screening_list/v1/consolidated.csv` has 29 columns, every cell quoted; `.json` has the same
entries in an envelope. On demand both are broken in the ways in which the real one has been.
"""

import asyncio
import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from service.sandbox.csl_data import RawEntry
from service.sandbox.faults import MAINTENANCE_PAGE, asked_list_fault

__all__ = ["BULK_BASE", "add_bulk_files"]

BULK_BASE = "/downloadable_consolidated_screening_list/v1"

_LEFT_OUT = {"list-without-sdn": "(SDN)", "list-without-fse": "(FSE)"}
#: A column that the agency may think of one day.
_NEW_COLUMN = "risk_rating"
_LISTS = ("programs", "alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth")
_ADDRESS = ("address", "city", "state", "postal_code", "country")
_IDENTIFIER = ("type", "number", "country", "issue_date", "expiration_date")
_COLUMNS = (
    *("_id", "source", "entity_number", "type", "programs", "name", "title", "addresses", "federal_register_notice"),
    *("start_date", "end_date", "standard_order", "license_requirement", "license_policy", "call_sign", "vessel_type"),
    *("gross_tonnage", "gross_registered_tonnage", "vessel_flag", "vessel_owner", "remarks", "source_list_url"),
    *("alt_names", "citizenships", "dates_of_birth", "nationalities", "places_of_birth", "source_information_url"),
    "ids",
)
#: Before about 2020 these were not there.
_NEW_COLUMNS = ("_id", "ids")

#: Entries and what is to be wrong with the file, as bytes.
Rendering = Callable[[Iterable[RawEntry], str | None], bytes]


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is served."""

    body: bytes
    content_type: str
    etag: str


def add_bulk_files(app: web.Application, entries: tuple[RawEntry, ...], folder: Traversable) -> None:
    """Serve `entries`, which were read from `folder`, as the agency's files."""
    changed = _changed_at(folder)
    for name, rendering, content_type in (("csv", _as_csv, "text/csv"), ("json", _as_json, "application/json")):
        bulk = _Bulk(entries, rendering, content_type, changed)
        app.router.add_get(f"{BULK_BASE}/consolidated.{name}", bulk.answer, allow_head=False)


class _Bulk:
    """One file. It is made when it is first asked for, whole or broken, and kept while it is asked for in that way."""

    def __init__(
        self, entries: tuple[RawEntry, ...], rendering: Rendering, content_type: str, changed: datetime
    ) -> None:
        self._entries, self._rendering, self._content_type = entries, rendering, content_type
        self._changed = changed
        self._made: tuple[str | None, _File] | None = None

    async def answer(self, request: web.Request) -> web.Response:
        """The file, or 304 when it is what the request's conditions say."""
        file = await self._file(asked_list_fault(request))
        headers = {"ETag": file.etag, "Last-Modified": format_datetime(self._changed, usegmt=True)}
        headers["Cache-Control"] = "no-store, must-revalidate, no-cache"
        if self._is_the_same(request, file):
            return web.Response(status=304, headers=headers)
        return web.Response(body=file.body, content_type=file.content_type, headers=headers)

    def _is_the_same(self, request: web.Request, file: _File) -> bool:
        """RFC 9110, section 13.2.2: the date counts only where no ETag is asked about."""
        if "If-None-Match" in request.headers:
            asked = {each.strip() for each in request.headers["If-None-Match"].split(",")}
            return bool(asked & {"*", file.etag})
        since = request.if_modified_since
        return since is not None and self._changed <= since

    async def _file(self, fault: str | None) -> _File:
        if self._made is None or self._made[0] != fault:
            self._made = (fault, await asyncio.to_thread(self._make, fault))
        return self._made[1]

    def _make(self, fault: str | None) -> _File:
        entries: Iterable[RawEntry] = self._entries
        content_type = self._content_type
        if (left_out := _LEFT_OUT.get(fault or "")) is not None:
            entries = [entry for entry in entries if left_out not in entry["source"]]
        if fault == "list-empty":
            body = b""
        elif fault == "list-html":
            body, content_type = MAINTENANCE_PAGE.encode(), "text/html"
        else:
            body = self._rendering(entries, fault)
        if fault == "list-cut":
            body = body[: len(body) // 2]
        return _File(body, content_type, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _as_csv(entries: Iterable[RawEntry], fault: str | None) -> bytes:
    text = io.StringIO()
    columns = [column for column in _COLUMNS if not (fault == "list-old-layout" and column in _NEW_COLUMNS)]
    if fault == "list-extra-column":
        columns.append(_NEW_COLUMN)
    table = csv.DictWriter(text, columns, dialect="unix", extrasaction="ignore")
    table.writeheader()
    table.writerows(map(_row, entries))
    return text.getvalue().encode()


def _row(entry: RawEntry) -> Mapping[str, Any]:
    row = {column: entry.get(column) or "" for column in _COLUMNS}
    row["_id"] = entry.get("id") or ""
    row |= {column: "; ".join(entry.get(column) or ()) for column in _LISTS}
    row["addresses"] = "; ".join(_joined(each, _ADDRESS) for each in entry.get("addresses") or ())
    row["ids"] = "; ".join(_joined(each, _IDENTIFIER) for each in entry.get("ids") or ())
    return row


def _joined(values: Mapping[str, Any], keys: Iterable[str]) -> str:
    return ", ".join(str(values[key]) for key in keys if values.get(key))


def _as_json(entries: Iterable[RawEntry], fault: str | None) -> bytes:
    left_out = "id" if fault == "list-old-layout" else None
    new = {_NEW_COLUMN: None} if fault == "list-extra-column" else {}
    results = [{key: value for key, value in each.items() if key != left_out} | new for each in entries]
    used = [{"source": source, "import_rate": "Hourly"} for source in dict.fromkeys(each["source"] for each in results)]
    return orjson.dumps({"results": results, "sources_used": used, "offset": 0, "total": len(results)})


def _changed_at(folder: Traversable) -> datetime:
    """When the newest of the files changed; of files that are in no folder of the disk, now."""
    at = [file.stat().st_mtime for file in folder.iterdir()] if isinstance(folder, Path) else []
    # In headers, times have no fractions.
    return (datetime.fromtimestamp(max(at), UTC) if at else datetime.now(UTC)).replace(microsecond=0)
