"""The tariff agency, as hts.usitc.gov/reststop answers: `search`, `exportList`, `currentRelease`, `releaseList`.

What is known of that interface from its callers is kept, its quirks included: a range takes in the row that bears its
upper bound's very number and nothing under it; bounds need not exist; a search has no pages and is cut without a word.
"""

import hashlib
import re
from bisect import bisect_left, bisect_right
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from service.sandbox.agency import SandboxDataError
from tools.errors import ProviderGarbled
from tools.hts_schedule import read_rows

__all__ = ["SEARCH_CAP", "HTSAgency"]

RawRow = dict[str, Any]

#: Rows that a search answers at most.
SEARCH_CAP = 100

_BOUND = re.compile(r"[0-9]{4}([0-9.]{0,9})")
_NUMBER = re.compile(r"[0-9]{2,10}")


class HTSAgency:
    """Serves the rows of a schedule. Raises SandboxDataError when they cannot be used."""

    base_path = "/hts/reststop"

    def __init__(self, data_dir: Path | None = None) -> None:
        self._rows = _built_in_rows() if data_dir is None else _rows_in(data_dir / "hts")
        self._keys = _sort_keys(self._rows)
        if self._keys != sorted(self._keys):
            raise SandboxDataError("the sandbox's tariff rows are not in the schedule's order")
        # The version of sample data is its content: it must not look like a release of the agency.
        digest = hashlib.sha256(orjson.dumps(self._rows)).hexdigest()
        self._release = f"sandbox-{digest[:12]}"

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the four routes."""
        router.add_get(f"{self.base_path}/search", self._search)
        router.add_get(f"{self.base_path}/exportList", self._export_list)
        router.add_get(f"{self.base_path}/currentRelease", self._current_release)
        router.add_get(f"{self.base_path}/releaseList", self._release_list)

    async def _search(self, request: web.Request) -> web.Response:
        keyword = request.query.get("keyword", "").strip()
        number = keyword.replace(".", "")
        if _NUMBER.fullmatch(number):
            found = [row for row in self._rows if row["htsno"].replace(".", "").startswith(number)]
        else:
            words = [word.lower() for word in keyword.split()]
            found = [
                row for row in self._rows if row["htsno"] and any(word in row["description"].lower() for word in words)
            ]
        return _json([_search_row(row) for row in found[:SEARCH_CAP]])

    async def _export_list(self, request: web.Request) -> web.Response:
        lowest, highest = request.query.get("from", ""), request.query.get("to", "")
        if not (_BOUND.fullmatch(lowest) and _BOUND.fullmatch(highest)) or request.query.get("format") != "JSON":
            raise web.HTTPBadRequest
        first = bisect_left(self._keys, _padded(lowest))
        return _json(self._rows[first : bisect_right(self._keys, _padded(highest))])

    async def _current_release(self, _: web.Request) -> web.Response:
        return _json(
            {"name": self._release, "title": "Sample data", "description": "Sample data, not a release of the USITC"}
        )

    async def _release_list(self, _: web.Request) -> web.Response:
        return _json(
            [
                {
                    "id": {"timestamp": 1735689600, "date": 1735689600000},
                    "name": self._release,
                    "description": "Sample data, not a release of the USITC",
                    "date": "01/01/2025",
                    "time": "12:00:00",
                    "title": "Sample data",
                    "creator": "sandbox",
                    "status": "current",
                    "target": "01/01/2025",
                    "releaseStartDate": "01/01/2025",
                    "releaseEndDate": None,
                    "mergedRevisions": None,
                }
            ]
        )


def _json(body: object) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json", charset="utf-8")


def _search_row(row: RawRow) -> RawRow:
    suffix = row["htsno"].split(".")[3:]
    return row | {"statisticalSuffix": suffix[0] if suffix else "", "effectivePeriod": None, "status": "current"}


def _padded(number: str) -> str:
    return number.replace(".", "").ljust(10, "0")


def _sort_keys(rows: list[RawRow]) -> list[str]:
    """Each row's number in ten digits; a grouping row has that of the next numbered row, which stands under it."""
    keys, key = [], "9" * 10
    for row in reversed(rows):
        key = _padded(row["htsno"]) if row["htsno"] else key
        keys.append(key)
    return keys[::-1]


def _built_in_rows() -> list[RawRow]:
    rows: list[RawRow] = orjson.loads((files("service.sandbox") / "hts.json").read_bytes())
    return rows


def _rows_in(folder: Path) -> list[RawRow]:
    """The rows of the agency's export files in `folder`, by chapter."""
    paths = sorted(folder.glob("chapter_*.json"))
    if not paths:
        raise SandboxDataError(f"there is no chapter_*.json in {folder}")
    rows: list[RawRow] = []
    for path in paths:
        try:
            chapter = orjson.loads(path.read_bytes())
            read_rows(chapter)
        except (OSError, orjson.JSONDecodeError, ProviderGarbled) as exc:
            raise SandboxDataError(f"{path}: {exc}") from exc
        rows += chapter
    return rows
