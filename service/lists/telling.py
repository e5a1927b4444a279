"""What is told of the list: in answers, by readiness, and by `GET /v1/lists`."""

from typing import Any

from typing_extensions import TypedDict

from service.envelope import rfc3339
from tools.screening.keeper import ListState
from tools.screening.manifest import Suspect

__all__ = ["GateTold", "ListTold", "SuspectTold", "about", "told"]


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


class ListTold(TypedDict):
    """The list that is held here. Everything about the version is null when none is in force.

    `published_at` is the agency's Last-Modified, `fetched_at` when the file came, `confirmed_at` when a 200 or a 304
    last said that it is the current one; `age_s` counts from then. `overruled` are gates that a person overruled.
    """

    version: str | None
    url: str | None
    published_at: str | None
    fetched_at: str | None
    confirmed_at: str | None
    age_s: float | None
    rows: int | None
    rows_per_list: dict[str, int] | None
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
        "rows": None if figures is None else figures.rows,
        "rows_per_list": None if figures is None else {**figures.rows_per_list, **figures.rows_per_unknown_list},
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


def _suspect(suspect: Suspect) -> SuspectTold:
    return {
        "sha256": suspect.sha256,
        "since": rfc3339(suspect.since),
        "rows": suspect.manifest.figures.rows,
        "reasons": [{"code": gate.code, "words": gate.words} for gate in suspect.gates],
    }
