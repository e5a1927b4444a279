"""What the service says of the list: in answers, by readiness, and by `GET /v1/lists`."""

from typing import Any

from typing_extensions import TypedDict

from service.envelope import rfc3339
from tools.screening.gates import unknown_columns
from tools.screening.keeper import ListState
from tools.screening.manifest import Manifest, Suspect
from tools.screening.totals import TotalsCheck

__all__ = [
    "GateTold",
    "ListTold",
    "SuspectTold",
    "TotalsDifference",
    "TotalsReport",
    "UnreadableReport",
    "about",
    "told",
    "unreadable",
]

#: A header may hold anything: so many columns of so many letters are shown.
_MOST_COLUMNS, _MOST_LETTERS = 20, 60
_MOST_OF_A_ROW = 2000


class GateTold(TypedDict):
    """A gate that a file did not pass."""

    code: str
    words: str


class SuspectTold(TypedDict):
    """A file that came and was not believed. `sha256` is what `compliance-gateway list accept` takes."""

    sha256: str
    since: str
    rows: int
    reasons: list[GateTold]


class TotalsDifference(TypedDict):
    """Two counts that differ by more than 2 %: the agency's, and that of the list held here. `list` null: in all."""

    list: str | None
    agency: int
    held: int


class TotalsReport(TypedDict):
    """The agency's own count of its entries (`agency`, at `counted_at`) beside the list held here.

    `agrees` is null while there is no count; `error` says why the last question for it had no answer.
    """

    asked_at: str
    counted_at: str | None
    agency: int | None
    held: int
    agrees: bool | None
    differences: list[TotalsDifference]
    error: str | None


class UnreadableReport(TypedDict):
    """A row of the file in force that could not be read, as it came (`raw`, its beginning).

    `kept` names the entries of the version before that stay in force for it.
    """

    row: int
    reason: str
    raw: str
    kept: list[str]


class ListTold(TypedDict):
    """The list that is held here. Everything about the version is null when none is in force.

    `published_at` is the agency's Last-Modified, `fetched_at` when the file came, `confirmed_at` when a 200 or a 304
    last said that it is the current one; `age_s` counts from then. `rows` are the entries to screen against, of which
    `kept_from_before` belong to the version before, in the place of some of the `unreadable_rows`. `missing_lists` are
    lists of which the file has no entry, `unknown_columns` those that nothing is read from. `overruled` are gates that
    a person overruled.
    """

    version: str | None
    url: str | None
    published_at: str | None
    fetched_at: str | None
    confirmed_at: str | None
    age_s: float | None
    rows: int | None
    rows_per_list: dict[str, int] | None
    missing_lists: list[str] | None
    unknown_columns: list[str] | None
    unreadable_rows: int | None
    kept_from_before: int | None
    totals: TotalsReport | None
    overruled: list[GateTold]
    accepted_by: str | None
    suspect: SuspectTold | None
    last_error: str | None


def told(state: ListState) -> ListTold:
    """Everything, as it stands."""
    in_force, manifest = state.in_force, state.manifest
    figures = None if manifest is None else manifest.figures
    return {
        "version": state.version,
        "url": None if manifest is None else manifest.url,
        "published_at": rfc3339(manifest.published) if manifest is not None and manifest.published else None,
        "fetched_at": None if manifest is None else rfc3339(manifest.fetched),
        "confirmed_at": None if in_force is None else rfc3339(in_force.confirmed_at),
        "age_s": None if state.age_s is None else round(state.age_s, 3),
        "rows": None if manifest is None else manifest.entries,
        "rows_per_list": None if figures is None else dict(figures.entries_per_list),
        "missing_lists": None if figures is None else list(figures.missing_lists),
        "unknown_columns": None
        if figures is None
        else [column[:_MOST_LETTERS] for column in unknown_columns(figures)[:_MOST_COLUMNS]],
        "unreadable_rows": None if figures is None else figures.parse_errors,
        "kept_from_before": None if manifest is None else len(manifest.carried),
        "totals": None if state.totals is None else _totals(state.totals),
        "overruled": []
        if manifest is None
        else [{"code": each.code, "words": each.words} for each in manifest.overruled],
        "accepted_by": manifest.accepted.by if manifest is not None and manifest.accepted is not None else None,
        "suspect": None if state.suspect is None else _suspect(state.suspect),
        "last_error": state.last_error,
    }


def about(state: ListState) -> dict[str, Any]:
    """The same for the source of an answer, whose version and address stand beside it."""
    return {name: value for name, value in told(state).items() if name not in ("version", "url", "last_error")}


def unreadable(manifest: Manifest | None) -> list[UnreadableReport]:
    """The rows of the file in force that could not be read; none when none is in force."""
    if manifest is None:
        return []
    kept = dict[int, list[str]]()
    for each in manifest.carried:
        kept.setdefault(each.row, []).append(str(each.raw.get("name")))
    return [
        {"row": row.number, "reason": row.reason, "raw": row.raw[:_MOST_OF_A_ROW], "kept": kept.get(row.number, [])}
        for row in manifest.unreadable
    ]


def _totals(check: TotalsCheck) -> TotalsReport:
    return {
        "asked_at": rfc3339(check.asked_at),
        "counted_at": None if check.counted_at is None else rfc3339(check.counted_at),
        "agency": check.agency,
        "held": check.held,
        "agrees": None if check.counted_at is None else not check.differences,
        "differences": [{"list": each.list, "agency": each.agency, "held": each.held} for each in check.differences],
        "error": check.error,
    }


def _suspect(suspect: Suspect) -> SuspectTold:
    return {
        "sha256": suspect.sha256,
        "since": rfc3339(suspect.since),
        "rows": suspect.manifest.figures.rows,
        "reasons": [{"code": gate.code, "words": gate.words} for gate in suspect.gates],
    }
