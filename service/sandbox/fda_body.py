"""The body that FDA's interface takes, checked by its documented rules; each breach has its own status."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from service.sandbox.fda_data import COLUMNS

__all__ = ["BodyError", "QueryBody", "read_body"]

_REQUIRED = ("sort", "sortorder", "filters", "columns")
_OPTIONAL = ("start", "rows", "returntotalcount")
_FILTERS = {*COLUMNS, "RefusalDateFrom", "RefusalDateTo"} - {"RefusalDate"}
_MAX_ROWS = 5000
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}([-/])[0-9]{2}\1[0-9]{4}")
_DATE_FORMATS = ("%Y-%m-%d", "%m-%d-%Y", "%m/%d/%Y")


class BodyError(Exception):
    """The interface's own error: its status, its message, and what else its body tells."""

    def __init__(self, status: int, message: str, **evidence: Any) -> None:
        super().__init__(message)
        self.status, self.message, self.evidence = status, message, evidence


class _Duplicate(Exception):
    """A JSON object names the same keys twice."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(names)
        self.names = names


@dataclass(frozen=True, slots=True)
class QueryBody:
    """A question to the interface. `start` counts from 1; no `columns` means all."""

    sort: str
    is_descending: bool
    filters: dict[str, list[Any]]
    columns: list[str]
    start: int
    rows: int
    returns_total: bool


def read_body(content: bytes) -> QueryBody:
    """The question in `content`. Raises BodyError."""
    body = _decoded(content)
    if unknown := [key for key in body if key not in (*_REQUIRED, *_OPTIONAL)]:
        raise BodyError(403, "Invalid request body format.", invalid_parameters=unknown)
    if missing := [key for key in _REQUIRED if key not in body]:
        raise BodyError(410, "Required parameter(s) missing from request body.", missing_parameters=missing)
    return QueryBody(
        sort=_sort(body["sort"]),
        is_descending=_is_descending(body["sortorder"]),
        filters=_filters(body["filters"]),
        columns=_columns(body["columns"]),
        start=_number(body.get("start", 1), 408, "start"),
        rows=_rows(body.get("rows", _MAX_ROWS)),
        returns_total=_flag(body.get("returntotalcount", False)),
    )


def _decoded(content: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        counts = Counter(name for name, _ in pairs)
        if repeated := [name for name, count in counts.items() if count > 1]:
            raise _Duplicate(repeated)
        return dict(pairs)

    try:
        body = json.loads(content, object_pairs_hook=unique)
    except _Duplicate as exc:
        if set(exc.names) <= _FILTERS:
            raise BodyError(418, "Duplicate filter fields in request body.", duplicate_filters=exc.names) from exc
        raise BodyError(416, "Duplicate parameters in request body.", duplicate_parameters=exc.names) from exc
    except (ValueError, RecursionError) as exc:
        raise BodyError(402, "Invalid JSON in request.") from exc
    if not isinstance(body, dict):
        raise BodyError(403, "Invalid request body format.")
    return body


def _sort(value: Any) -> str:
    if value != "" and value not in COLUMNS:
        raise BodyError(407, "Invalid fieldname in request body sort parameter value.")
    return str(value)


def _is_descending(value: Any) -> bool:
    if not isinstance(value, str) or value.lower() not in ("asc", "desc", ""):
        raise BodyError(411, "Invalid value in request body sortorder parameter. Valid values are asc and desc.")
    return value.lower() == "desc"


def _filters(value: Any) -> dict[str, list[Any]]:
    if not isinstance(value, dict):
        raise BodyError(403, "Invalid request body format.", invalid_filters_type="object expected")
    if unknown := [field for field in value if field not in _FILTERS]:
        raise BodyError(413, "Invalid fieldname in request body filters parameter item key.", invalid_filters=unknown)
    if wrong := [field for field, values in value.items() if not _are_values(field, values)]:
        raise BodyError(
            414,
            "Invalid values in request body filters parameter for the following item(s).",
            fieldnames_with_invalid_values=wrong,
        )
    return value


def _are_values(field: str, values: Any) -> bool:
    if not isinstance(values, list) or not values:
        return False
    if field == "FEINumber":  # numbers, though answers have them as texts
        return all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    if field in ("RefusalDateFrom", "RefusalDateTo"):
        return all(isinstance(value, str) and _is_date(value) for value in values)
    return all(isinstance(value, str | None) for value in values)


def _is_date(text: str) -> bool:
    if not _DATE.fullmatch(text):
        return False
    for form in _DATE_FORMATS:
        try:
            datetime.strptime(text, form)  # noqa: DTZ007 - a date without a time
        except ValueError:
            continue
        return True
    return False


def _columns(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise BodyError(403, "Invalid request body format.")
    message = "Invalid fieldname in request body columns parameter value."
    if unknown := [column for column in value if column not in COLUMNS]:
        raise BodyError(406, message, invalid_columns=unknown)
    if repeated := [column for column, count in Counter(value).items() if count > 1]:
        raise BodyError(419, "Duplicate columns in request body.", duplicate_columns=repeated)
    return value


def _number(value: Any, status: int, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BodyError(status, f"Request body {name} parameter must be numeric and greater than 0.")
    return value


def _rows(value: Any) -> int:
    rows = _number(value, 409, "rows")
    if rows > _MAX_ROWS:
        raise BodyError(415, f"Request body rows parameter must be <= {_MAX_ROWS}.")
    return rows


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BodyError(417, "Invalid input value.")
    return value
