"""How results are written out: as JSON lines, or as CSV that a spreadsheet opens. The last line is the summary."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired

import orjson
from typing_extensions import TypedDict

from service.batches.columns import Columns
from service.batches.formula_guard import guarded
from service.batches.rows import Counts, Outcome, RowResult
from service.envelope import as_json, rfc3339
from service.errors import Problem
from tools.countries.assessment import CountryPrograms
from tools.errors import InvalidQuery
from tools.input_warnings import InputWarning
from tools.query_text import in_any_case
from tools.sanctions_hits import Hit

__all__ = [
    "CONTENT_TYPES",
    "CSV_HEADER",
    "ReportFormat",
    "ReportLine",
    "RowNotScreened",
    "ScreenedRow",
    "Summary",
    "SummaryLine",
    "ndjson_line",
    "result_in_csv",
    "summary_in_csv",
    "summary_line",
    "summary_of",
    "wanted_format",
]

ReportFormat = Literal["ndjson", "csv"]
CONTENT_TYPES: Mapping[ReportFormat, str] = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
#: What may stand in an Accept header, and what is then written.
_ACCEPTED: Mapping[str, ReportFormat] = {
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/json": "ndjson",
    "text/csv": "csv",
}

#: `hits` is how many there are; what stands after it is of the strongest.
_COLUMNS = (
    *("row", "ref", "name", "status", "outcome", "code", "detail"),
    *("hits", "score", "matched_name", "list", "listed_name", "programs", "url", "list_version"),
    *("country_level", "country_programs", "warnings"),
)


class Summary(TypedDict):
    """What a batch came to: `rows` is the sum of `screened`, `invalid` and `not_screened`; `screened` is the sum of
    `clear`, `potential_match` and `match`.

    `list_version` is the list's (null: the agency's search was asked), `list_as_of` when it was last known to be the
    current one. `complete`: every row of the file is told; else `problem` says what became of the rest. `encoding` is
    what its text was taken to be in, `columns` says which of its columns was read as which of ours, `ignored_columns`
    which were not read. `warnings` counts, by their code, the details of rows that were not read, or in several ways;
    `country_programs` the rows by the gravest level of theirs (`stop`, `review`, `note`).
    """

    rows: int
    screened: int
    invalid: int
    not_screened: int
    clear: int
    potential_match: int
    match: int
    list_version: str | None
    list_as_of: str | None
    complete: bool
    encoding: str | None
    columns: Mapping[str, str]
    ignored_columns: Sequence[str]
    warnings: Mapping[str, int]
    country_programs: Mapping[str, int]
    request_id: str
    sandbox: NotRequired[bool]
    problem: NotRequired[Problem]


class SummaryLine(TypedDict):
    """The last line."""

    summary: Summary


class ScreenedRow(TypedDict):
    """A row that was compared. Its `hits` are those of `GET /v1/sanctions`, the strongest first; `total` counts what
    was found, `limits` say what the outcome does not cover. `country_programs` stands beside the outcome where the row
    says where the party is, `warnings` where a detail was not read. In jobs that follow the newest list each row has
    its `list_version`."""

    row: int
    ref: str | None
    name: str | None
    status: Literal["screened"]
    outcome: Outcome
    hits: tuple[Hit, ...]
    total: int
    truncated: bool
    limits: NotRequired[tuple[str, ...]]
    country_programs: NotRequired[CountryPrograms]
    warnings: NotRequired[tuple[InputWarning, ...]]
    list_version: NotRequired[str]


class RowNotScreened(TypedDict):
    """A row that was not screened: `invalid`, which its sender can mend, or `not_screened`. What its countries say, and
    what of it was not read, stands there all the same."""

    row: int
    ref: str | None
    name: str | None
    status: Literal["invalid", "not_screened"]
    code: str
    detail: str
    country_programs: NotRequired[CountryPrograms]
    warnings: NotRequired[tuple[InputWarning, ...]]


#: A line of an answer to many rows.
ReportLine = ScreenedRow | RowNotScreened | SummaryLine


def summary_of(
    counts: Counts,
    *,
    list_version: str | None,
    list_as_of: datetime | None,
    columns: Columns | None,
    encoding: str | None = None,
    request_id: str,
    sandbox: bool,
    problem: Problem | None = None,
) -> Summary:
    """The summary of rows that came to `counts`; with a `problem` it is not complete."""
    summary: Summary = {
        "rows": counts.rows,
        "screened": counts.screened,
        "invalid": counts.invalid,
        "not_screened": counts.not_screened,
        "clear": counts.clear,
        "potential_match": counts.potential_match,
        "match": counts.match,
        "list_version": list_version,
        "list_as_of": None if list_as_of is None else rfc3339(list_as_of),
        "complete": problem is None,
        "encoding": encoding,
        "columns": {} if columns is None else columns.used,
        "ignored_columns": () if columns is None else columns.ignored,
        "warnings": dict(counts.warnings),
        "country_programs": dict(counts.country_programs),
        "request_id": request_id,
    }
    if sandbox:
        summary["sandbox"] = True
    if problem is not None:
        summary["problem"] = problem
    return summary


def ndjson_line(result: RowResult) -> bytes:
    """The result's line, with its end."""
    return result.line + b"\n"


def summary_line(summary: Summary) -> bytes:
    """`{"summary": ...}`, with the line's end."""
    line: SummaryLine = {"summary": summary}
    return as_json(line) + b"\n"


def result_in_csv(result: RowResult) -> bytes:
    """The same as one record of CSV. A text that a spreadsheet would take for a formula gets a `'` in front."""
    told: dict[str, Any] = orjson.loads(result.line)
    # Sorted already: the strongest first.
    hits = told.get("hits") or ()
    strongest: Mapping[str, Any] = hits[0] if hits else {}
    countries: Mapping[str, Any] = told.get("country_programs") or {}
    programs = "; ".join(strongest.get("programs") or ())
    return _record(
        [
            *(told.get(each) for each in ("row", "ref", "name", "status", "outcome", "code")),
            # Of a row that was screened: what its outcome does not cover.
            told.get("detail") or "; ".join(told.get("limits") or ()) or None,
            told.get("total", len(hits)) if result.status == "screened" else None,
            *(strongest.get(each) for each in ("score", "matched_name")),
            strongest.get("list") or strongest.get("list_name"),
            *(strongest.get("name"), programs, strongest.get("url"), told.get("list_version")),
            *(countries.get("level"), countries.get("headline")),
            "; ".join(each["detail"] for each in told.get("warnings") or ()) or None,
        ]
    )


def summary_in_csv(summary: Summary) -> bytes:
    """A record whose first cell is `summary`: `status` is `complete` or `incomplete`, `code` that of the problem, and
    `detail` has the summary as JSON. It has as many cells as every other, so that no reader stumbles over it."""
    fault = summary.get("problem")
    told = as_json(summary).decode()
    state = "complete" if summary["complete"] else "incomplete"
    cells: list[object] = ["summary", None, None, state, None, None if fault is None else fault["code"], told]
    return _record([*cells, *[None] * (len(_COLUMNS) - len(cells))])


def wanted_format(asked: str | None, accept: str | None) -> ReportFormat:
    """What `format=` says (None: nothing), else what the Accept header likes best of the two, else JSON lines.

    Raises InvalidQuery when `format` is neither.
    """
    if asked is not None:
        named = in_any_case(asked, CONTENT_TYPES)
        if named not in CONTENT_TYPES:
            raise InvalidQuery("format: must be ndjson or csv", parameter="format")
        return named  # type: ignore[return-value]  # one of the two
    best: ReportFormat = "ndjson"
    best_quality = 0.0
    for each in (accept or "").split(","):
        kind, _, rest = each.partition(";")
        found = _ACCEPTED.get(kind.strip().lower())
        quality = _quality(rest)
        if found is not None and quality > best_quality:
            best, best_quality = found, quality
    return best


def _quality(parameters: str) -> float:
    for each in parameters.split(";"):
        name, _, value = each.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _record(cells: Sequence[object]) -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow([guarded(each) if isinstance(each, str) else each for each in cells])
    return written.getvalue().encode()


CSV_HEADER = _record(_COLUMNS)
