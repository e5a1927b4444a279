"""Parts of a job's results: `Range: rows=FIRST-LAST`, in the words of RFC 9110, section 14. Pure.

Rows count from 1, as the rows of the file do, and both ends are included.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tools.errors import InvalidQuery

__all__ = [
    "RangeNotSatisfiable",
    "RowRange",
    "check_range",
    "content_range",
    "first_there",
    "joined_spans",
    "row_range",
]

_SPEC = re.compile(r"(?P<first>[0-9]{1,12})-(?P<last>[0-9]{1,12})?|-(?P<final>[0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class RowRange:
    """The rows from `first` to `last`."""

    first: int
    last: int

    def content_range(self, rows: int) -> str:
        """What `Content-Range` says of it, of so many rows."""
        return f"rows {self.first}-{self.last}/{rows}"


class RangeNotSatisfiable(Exception):
    """None of the rows that are asked for is there. `rows` is how many the file has; `later`: it may still come."""

    def __init__(self, rows: int, message: str, *, later: bool) -> None:
        super().__init__(message)
        self.rows, self.later = rows, later


def check_range(said: str | None) -> re.Match[str] | None:
    """What the header asks for, of whatever there is; None: all of it, as when it is about another unit.

    Raises InvalidQuery when it cannot be read, or holds several parts.
    """
    unit, _, spec = (said or "").partition("=")
    if unit.strip().lower() != "rows":
        return None
    found = _SPEC.fullmatch(spec.strip())
    if found is None:
        raise _unreadable("must be rows=FIRST-LAST, rows=FIRST- or rows=-COUNT, one of them")
    if found["first"] is not None and int(found["first"]) == 0:
        raise _unreadable("rows count from 1")
    if found["last"] is not None and int(found["last"]) < int(found["first"]):
        raise _unreadable("the last row is before the first")
    return found


def row_range(said: str | None, rows: int) -> RowRange | None:
    """The part that the header asks for, of so many rows; None: all of it.

    Raises InvalidQuery as `check_range` does, RangeNotSatisfiable when there are no such rows.
    """
    found = check_range(said)
    if found is None:
        return None
    if found["final"] is not None:
        first, last = max(1, rows - int(found["final"]) + 1), rows
        if int(found["final"]) == 0:
            raise RangeNotSatisfiable(rows, "the last 0 rows are none", later=False)
    else:
        first, last = int(found["first"]), int(found["last"] or max(rows, int(found["first"])))
    if first > rows:
        raise RangeNotSatisfiable(rows, f"the job has {rows} rows", later=False)
    return RowRange(first, min(last, rows))


def joined_spans(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return `spans`, which are in order, from a first row to a last one; those that touch are one."""
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first == joined[-1][1] + 1:
            joined[-1] = joined[-1][0], last
        else:
            joined.append((first, last))
    return tuple(joined)


def first_there(part: RowRange, spans: Sequence[tuple[int, int]], rows: int) -> RowRange:
    """Return the first rows of `part` that are among `spans` without a gap. Raises RangeNotSatisfiable: none is."""
    for first, last in spans:
        if first <= part.last and last >= part.first:
            return RowRange(max(first, part.first), min(last, part.last))
    raise RangeNotSatisfiable(rows, f"no row from {part.first} to {part.last} has a result", later=False)


def content_range(spans: Sequence[tuple[int, int]], rows: int) -> str:
    """What `Content-Range` says of all results of a job that has not all: `rows 1-500,1001-1500/2000`."""
    return f"rows {','.join(f'{first}-{last}' for first, last in spans) or '*'}/{rows}"


def _unreadable(why: str) -> InvalidQuery:
    return InvalidQuery(f"Range: {why}", parameter="Range")
