"""Small consolidated files in the agency's layouts, with every list in them. No name is a real party's."""

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from tools.sanctions_lists import LISTS
from tools.screening.cells import KNOWN_COLUMNS

Row = dict[str, str]


def row(code: str, number: int, **more: str) -> Row:
    """A row of the list `code`; `more` are its other cells."""
    given = {"_id": str(number), "source": LISTS[code].name, "name": f"PARTY {number} OF {code}", **more}
    return {column: given.get(column, "") for column in KNOWN_COLUMNS}


def rows(sdn: int = 60) -> list[Row]:
    """Two rows of every list, and `sdn` of SDN."""
    made = [row(code, 10_000 + 10 * at + n) for at, code in enumerate(LISTS) if code != "SDN" for n in (1, 2)]
    return [*made, *(row("SDN", number, type="Entity", programs="CUBA; SDGT") for number in range(1, sdn + 1))]


def as_csv(given: Iterable[Mapping[str, str]], columns: Iterable[str] = KNOWN_COLUMNS) -> bytes:
    """A file with `given`, every cell quoted."""
    text = io.StringIO()
    table = csv.DictWriter(text, list(columns), dialect="unix", extrasaction="ignore")
    table.writeheader()
    table.writerows(given)
    return text.getvalue().encode()


def as_json(given: Iterable[Mapping[str, str]], total: int | None = None, **more: Any) -> bytes:
    """A file with `given` in the agency's envelope."""
    results = [{"id": each["_id"], **{key: each[key] for key in ("source", "name")}, **more} for each in given]
    envelope = {"results": results, "offset": 0, "total": len(results) if total is None else total}
    return orjson.dumps(envelope, option=orjson.OPT_INDENT_2)
