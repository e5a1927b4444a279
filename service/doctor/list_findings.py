"""What is not as expected in the file of all lists, and what to do about it. Pure: figures and failed gates go in."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from service.config import PREFIX
from service.doctor.findings import A_NEWER_VERSION, CONNECTION_BROKE, Finding, unknown_lists
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.gates import FailedGate, Figures, never_in_force, unknown_columns

__all__ = ["of_list"]

#: The file is rebuilt every hour; over a long weekend it may stay the same.
_OLD_FILE = timedelta(days=4)
#: So many columns are named.
_NAMED = 12


def of_list(
    found: Figures,
    failed: Iterable[FailedGate],
    *,
    accepted_by: str | None = None,
    published: datetime | None = None,
    now: datetime,
) -> Iterator[Finding]:
    """Find what is not as expected in the file of all lists.

    `failed` are the gates that keep it from being put in force, unless a person accepted it (`accepted_by`).
    `published` is when the agency made it; None: not said, or it is sample data.
    """
    gates = tuple(failed)
    codes = {gate.code for gate in gates}
    if found.broke is not None:
        # Whatever else could be said of half of a file follows from this.
        said = f"the connection broke after {found.bytes:,} bytes: {found.broke}"
        yield Finding("connection_broke", "unusable", said, CONNECTION_BROKE)
        return
    for gate in gates:
        if accepted_by is not None and not never_in_force(found):
            yield Finding(gate.code, "differs", f"{gate.words} (accepted by {accepted_by})", "look for a newer file")
        else:
            yield Finding(gate.code, "unusable", f"it would not be put in force: {gate.words}", _of_gate(found))
    if not found.rows:
        return
    if "columns" not in codes:
        yield from _columns(found)
    if "list_missing" not in codes and (absent := found.missing_lists):
        said = f"it has no entry of {', '.join(absent)}"
        yield Finding("list_missing", "differs", said, "no entry of these is compared: ask their publishers")
    yield from unknown_lists(found.rows_per_unknown_list)
    if found.parse_errors and "parse_errors" not in codes:
        said = f"{found.parse_errors} of its rows could not be read: {'; '.join(found.first_errors)}"
        yield Finding(
            "rows_unreadable",
            "differs",
            said,
            "look at the file: what the version in force has of them stays, the rest is not compared",
        )
    if published is not None and now - published > _OLD_FILE:
        said = f"it was made at {published:%Y-%m-%d %H:%M} UTC, and is usually rebuilt every hour"
        yield Finding("list_old", "differs", said, "look at the agency's own page for newer listings")


def _of_gate(found: Figures) -> str:
    if never_in_force(found):
        return f"check {PREFIX}LIST_URL; if that is right, wait for a newer file"
    return "wait for a newer file; a person who has looked at it overrules with `compliance-gateway list accept`"


def _columns(found: Figures) -> Iterator[Finding]:
    missing = [each for each in KNOWN_COLUMNS if each not in found.columns]
    # Of JSON each object has keys of its own.
    if missing and found.format != "json":
        yield Finding("column_missing", "differs", f"its columns lack {', '.join(missing)}", A_NEWER_VERSION)
    if unknown := unknown_columns(found):
        shown = ", ".join(each[:40] for each in unknown[:_NAMED])
        said = f"it has columns that this version does not know: {shown}"
        yield Finding("column_unknown", "differs", said, f"{A_NEWER_VERSION}; until then they are not compared")
