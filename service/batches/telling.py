"""What is told of a job. Pure: how it stands, and the clocks, are handed in."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from service.batches.columns import Columns
from service.batches.ledger import CHUNK_ROWS, Job, JobStatus, ListChoice
from service.batches.pace import Pace
from service.envelope import rfc3339

__all__ = ["ENDED", "JobTold", "SetAside", "told"]

#: The job has all results that it will ever have.
ENDED: frozenset[JobStatus] = frozenset({"done", "failed", "cancelled"})


class SetAside(TypedDict):
    """Rows that could not be screened, together, and why. Their results say `not_screened`."""

    first_row: int
    last_row: int
    reason: str


class JobOptions(TypedDict):
    """What holds for all rows."""

    threshold: float | None
    sources: tuple[str, ...] | None
    algorithm: Literal["gateway-1", "ofac"]
    via: Literal["list", "api"]


class JobTold(TypedDict):
    """A job as it stands. `done` of its `rows` have a result: it is the sum of `screened`, `invalid` and
    `not_screened`; `screened` is the sum of `clear`, `potential_match` and `match`. `warnings` counts, by their
    code, the details that were not read; `country_programs` the rows by the gravest level of theirs.

    `rate` is rows a second in the last while, of a job that has ended over all; `eta_s` the seconds that the rest takes
    at that rate; null: there is no telling. `list_choice` is null when the agency's search is asked; `list_version` is
    the pinned list's, `list_as_of` when it was last known to be the current one. A job with something `set_aside` ends
    as `failed`. `kept_until` is when a job that has ended is removed with all its rows and results; null: it has not
    ended, or is kept until it is removed. `columns` stands in the answer to the file alone: which of its columns
    was read as which of ours; and `ignored_columns` are those that were not read.
    """

    id: str
    url: str
    events_url: str
    results_url: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    rows: int
    done: int
    rate: float | None
    eta_s: float | None
    screened: int
    invalid: int
    not_screened: int
    clear: int
    potential_match: int
    match: int
    warnings: Mapping[str, int]
    country_programs: Mapping[str, int]
    options: JobOptions
    list_choice: ListChoice | None
    list_version: str | None
    list_as_of: str | None
    created_at: str
    started_at: str | None
    ended_at: str | None
    kept_until: str | None
    set_aside: list[SetAside]
    sandbox: bool
    columns: NotRequired[Mapping[str, str]]
    ignored_columns: NotRequired[tuple[str, ...]]


def told(
    job: Job, pace: Pace, *, sandbox: bool, keep: timedelta | None = None, columns: Columns | None = None
) -> JobTold:
    """Return `job` as callers see it, with the addresses of what belongs to it. It is kept for `keep` after its end."""
    new, counts, url = job.new, job.counts, f"/v1/jobs/{job.new.id}"
    by_list = new.options.via == "list"
    body: JobTold = {
        "id": new.id,
        "url": url,
        "events_url": f"{url}/events",
        "results_url": f"{url}/results",
        "status": "queued" if job.status == "receiving" else job.status,
        "rows": job.rows,
        "done": counts.rows,
        "rate": pace.rate,
        "eta_s": pace.eta_s,
        "screened": counts.screened,
        "invalid": counts.invalid,
        "not_screened": counts.not_screened,
        "clear": counts.clear,
        "potential_match": counts.potential_match,
        "match": counts.match,
        "warnings": dict(counts.warnings),
        "country_programs": dict(counts.country_programs),
        "options": {
            "threshold": new.options.threshold,
            "sources": new.options.sources,
            "algorithm": new.options.algorithm,
            "via": new.options.via,
        },
        "list_choice": new.list_choice if by_list else None,
        "list_version": new.list_version,
        "list_as_of": _time(new.list_as_of),
        "created_at": rfc3339(new.created_at),
        "started_at": _time(job.started_at),
        "ended_at": _time(job.ended_at),
        "kept_until": None if job.ended_at is None or keep is None else rfc3339(job.ended_at + keep),
        "set_aside": [_set_aside(number, reason, job.rows) for number, reason in job.set_aside],
        "sandbox": sandbox,
    }
    if columns is not None:
        body["columns"], body["ignored_columns"] = columns.used, columns.ignored
    return body


def _set_aside(chunk: int, reason: str, rows: int) -> SetAside:
    first = chunk * CHUNK_ROWS + 1
    return {"first_row": first, "last_row": min(first + CHUNK_ROWS - 1, rows), "reason": reason}


def _time(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
