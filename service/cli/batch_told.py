"""What is said of a batch: a bar while it runs, a summary in the end. And its exit code. Pure, but for the bar."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from service.batches.columns import Columns
from service.batches.ledger import Job
from service.cli.exits import NOT_ANSWERED, NOTHING_ADVERSE, TO_LOOK_AT
from service.cli.output import is_for_people
from service.envelope import rfc3339

__all__ = ["Bar", "exit_of_job", "progress_bar", "summary_text"]


#: Warnings by which a row without a hit is to be looked at all the same.
_TO_LOOK_AT = ("country_not_understood", "country_ambiguous", "id_in_scientific_notation", "id_not_read")


class Bar(Protocol):
    """Shows how far it is."""

    def __call__(self, what: str, done: int, rows: int | None) -> None:
        """`what` is being done to `rows` rows (None: there is no telling how many), of which so many are `done`."""


def exit_of_job(job: Job) -> int:
    """Return the exit code: a row that was not screened is never taken for one without a hit.

    A country program that stops, or is to be looked at, and a country that was not understood are to be looked at.
    """
    counts = job.counts
    if counts.rows != job.rows or counts.not_screened or counts.rows == 0:
        return NOT_ANSWERED
    countries = counts.country_programs["stop"] + counts.country_programs["review"]
    unread = sum(counts.warnings[code] for code in _TO_LOOK_AT)
    return NOTHING_ADVERSE if counts.clear == counts.rows and not countries + unread else TO_LOOK_AT


def summary_text(job: Job, *, sandbox: bool, columns: Columns | None = None) -> str:
    """Return a few lines; `columns` says which of the file's were not read."""
    counts = job.counts
    by = "the agency's search"
    if job.new.options.via == "list":
        as_of = "" if job.new.list_as_of is None else f", the current one as of {rfc3339(job.new.list_as_of)}"
        by = f"list {job.new.list_version}{as_of}"
    came = f"{counts.screened:,} screened, {counts.invalid:,} invalid, {counts.not_screened:,} not screened"
    none = f"{counts.clear:,} without a listed name"
    among = f"{none}, {counts.potential_match:,} potential match, {counts.match:,} match"
    lines = [f"{counts.rows:,} rows: {came}", f"of those screened: {among}", f"screened by: {by}"]
    if counts.country_programs:
        lines.append(f"country programs: {_counted(counts.country_programs)}")
    if counts.warnings:
        lines.append(f"not read as given: {_counted(counts.warnings)}")
    if columns is not None and columns.ignored:
        lines.append(f"columns that were not read: {', '.join(columns.ignored)}")
    if sandbox:
        lines.append("SAMPLE DATA: no name was screened by a real list")
    return "".join(f"{line}\n" for line in lines)


def _counted(counter: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {key}" for key, number in sorted(counter.items()))


@contextmanager
def progress_bar() -> Iterator[Bar]:
    """While the body runs, a bar on standard error; only on a terminal, and gone in the end."""
    if not is_for_people(sys.stderr):
        yield lambda what, done, rows: None  # noqa: ARG005 - nobody sees it
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as progress:
        task = progress.add_task("", total=None)

        def show(what: str, done: int, rows: int | None) -> None:
            progress.update(task, description=what, completed=done, total=rows)

        yield show
