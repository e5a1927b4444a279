"""What a new file must pass before it is believed. Pure: figures in, the gates that failed out.

The agency's file has lost whole lists and been cut short for days, so a file is compared with the version in force. A
person may overrule a gate; of a file without a single entry there is nothing to put in force. What is merely odd does
not refuse a file, and is reported: a small list that it never had, a column that is not known, a few unreadable rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tools.sanctions_lists import LISTS
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.unreadable import may_be_passed_over

__all__ = [
    "DEFAULT_MIN_ROWS",
    "LARGE_LISTS",
    "FailedGate",
    "Figures",
    "failed_gates",
    "never_in_force",
    "unknown_columns",
]

#: A file without one of these is no consolidated file. The others may be absent from the live one for good.
LARGE_LISTS = ("SDN", "EL", "DTC", "UVL", "SSI", "CAP")

#: About half of what the file has had for years (25,800 in 2026).
DEFAULT_MIN_ROWS = 15_000
#: Lists of so many rows may lose a tenth from one version to the next; smaller ones do so by a single entry.
_LARGE_ROWS = 50
_MOST_SHRINKING = 0.10
#: Of a file with unreadable rows less may be missing: a part that was cut out leaves one such row at the seam.
_MOST_SHRINKING_WHEN_DAMAGED, _FEW_ROWS = 0.02, 10
#: More than this share of the rows, and more than so many: the same file twice over, not an importer's slip.
_MOST_DUPLICATES, _FEW_DUPLICATES = 0.01, 5
_OTHER_KEYS = {"id", "country", "score"}
#: In JSON each list has keys of its own; these all have.
_KEYS_OF_ALL = ("id", "source", "name")
#: A name is compared with these. In JSON they are absent where an entry has none, but not from a whole file for long.
_COMPARED_KEYS = (
    "alt_names",
    "type",
    "programs",
    "addresses",
    "ids",
    "dates_of_birth",
    "nationalities",
    "citizenships",
)
_UNREADABLE = "unreadable"


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was counted in a file.

    `rows` are entries that could be read, `rows_per_list` the same by list code, `rows_per_unknown_list` by the
    agency's string where the list is none of the 13: kept, taken for the most severe, no failure.
    `carried_per_list` counts the entries of the version before that are to stay in force for unreadable rows.
    `columns` are the file's own (of JSON: all keys met). `parse_errors` counts the rows that could not be read,
    `first_errors` has the words for some. `unreadable`: why the file could not be read (on) at all.
    `declared_bytes` is what the agency announced, None when it did not; `broke` why the transfer ended early;
    `ends_whole` whether the last record is whole; `declared_total` the number of entries that the file itself names.
    """

    format: str
    columns: tuple[str, ...] = ()
    rows: int = 0
    rows_per_list: Mapping[str, int] = field(default_factory=dict)
    rows_per_unknown_list: Mapping[str, int] = field(default_factory=dict)
    carried_per_list: Mapping[str, int] = field(default_factory=dict)
    duplicates: int = 0
    parse_errors: int = 0
    first_errors: tuple[str, ...] = ()
    unreadable: str | None = None
    bytes: int = 0
    declared_bytes: int | None = None
    broke: str | None = None
    ends_whole: bool = True
    declared_total: int | None = None

    @property
    def entries_per_list(self) -> Mapping[str, int]:
        """Return the entries to screen against by list, known or not: those of the file, and those carried over."""
        counted = {**self.rows_per_list, **self.rows_per_unknown_list}
        for name, count in self.carried_per_list.items():
            counted[name] = counted.get(name, 0) + count
        return counted

    @property
    def missing_lists(self) -> tuple[str, ...]:
        """Return the codes of the lists of which there is no entry."""
        counted = self.entries_per_list
        return tuple(code for code in LISTS if not counted.get(code))


@dataclass(frozen=True, slots=True)
class FailedGate:
    """A gate that a file did not pass: a stable `code`, and what was found, in words."""

    code: str
    words: str


def failed_gates(
    found: Figures, in_force: Figures | None, *, min_rows: int = DEFAULT_MIN_ROWS
) -> tuple[FailedGate, ...]:
    """The gates that a file with the figures `found` fails; none: it may be believed.

    `in_force` are those of the version in force, None when there is none. Codes: `unreadable`, `no_rows`,
    `incomplete`, `columns`, `parse_errors`, `list_missing`, `too_few_rows`, `list_gone`, `list_shrunk`, `duplicates`.
    """
    if found.unreadable is not None and not found.rows:
        # Whatever else could be said of it follows from this.
        return (FailedGate(_UNREADABLE, found.unreadable), *_incomplete(found))
    return tuple(_failed(found, in_force, min_rows))


def never_in_force(found: Figures) -> bool:
    """Whether nobody can overrule the gates: there is nothing in the file that one could screen against."""
    return found.rows == 0


def unknown_columns(found: Figures) -> tuple[str, ...]:
    """Return the file's columns that this version does not know. They are kept, and nothing is read from them."""
    known = {*KNOWN_COLUMNS, *_OTHER_KEYS} if found.format == "json" else set(KNOWN_COLUMNS)
    return tuple(sorted({column or "(blank)" for column in found.columns} - known))


def _failed(found: Figures, in_force: Figures | None, min_rows: int) -> Iterator[FailedGate]:
    yield from _incomplete(found)
    yield from _columns(found, in_force)
    errors, lost = found.parse_errors + (found.unreadable is not None), sum(found.carried_per_list.values())
    # One row may be all that is left of many.
    if found.unreadable is not None or not may_be_passed_over(max(found.parse_errors, lost), found.rows):
        words = "; ".join((*found.first_errors, *([found.unreadable] if found.unreadable else ())))
        of_before = f" ({lost} entries of the version before are missing there)" if lost > errors else ""
        places = "place" if errors == 1 else "places"
        yield FailedGate("parse_errors", f"{errors} {places} could not be read{of_before}: {words}")
    if not found.rows:
        yield FailedGate("no_rows", "there is no entry in it")
        return
    if missing := [code for code in found.missing_lists if code in LARGE_LISTS]:
        yield FailedGate("list_missing", f"no entry of {', '.join(missing)}")
    if found.rows < min_rows:
        yield FailedGate("too_few_rows", f"{found.rows} entries, at least {min_rows} are due")
    if in_force is not None:
        yield from _losses(found, in_force)
    if found.duplicates > max(_FEW_DUPLICATES, found.rows * _MOST_DUPLICATES):
        yield FailedGate("duplicates", f"{found.duplicates} of {found.rows} entries are there twice or more often")


def _incomplete(found: Figures) -> Iterator[FailedGate]:
    if found.broke is not None:
        due = "" if found.declared_bytes is None else f" of {found.declared_bytes} declared"
        yield FailedGate("incomplete", f"the transfer broke off after {found.bytes} bytes{due}: {found.broke}")
    elif found.declared_bytes is not None and found.declared_bytes != found.bytes:
        yield FailedGate("incomplete", f"{found.bytes} bytes came, {found.declared_bytes} were declared")
    if not found.ends_whole:
        yield FailedGate("incomplete", "the last record may be cut: no end of line follows it")
    read = found.rows + found.parse_errors
    if found.declared_total is not None and found.declared_total != read:
        yield FailedGate("incomplete", f"the file says that it has {found.declared_total} entries, and has {read}")


def _columns(found: Figures, in_force: Figures | None) -> Iterator[FailedGate]:
    met = set(found.columns)
    if not met:
        return
    due = set(_KEYS_OF_ALL) if found.format == "json" else set(KNOWN_COLUMNS)
    if found.format == "json" and in_force is not None and in_force.format == "json":
        due |= set(_COMPARED_KEYS) & set(in_force.columns)
    if missing := [column for column in (*KNOWN_COLUMNS, "id") if column in due - met]:
        yield FailedGate("columns", f"{len(met)} columns, without {', '.join(missing)}: another layout")


def _losses(found: Figures, in_force: Figures) -> Iterator[FailedGate]:
    found_per_list = found.entries_per_list
    for name, before in in_force.entries_per_list.items():
        now = found_per_list.get(name, 0)
        allowed = before * _MOST_SHRINKING
        if found.parse_errors:
            allowed = min(allowed, max(before * _MOST_SHRINKING_WHEN_DAMAGED, _FEW_ROWS))
        if before and not now:
            yield FailedGate("list_gone", f"{name} had {before} entries in the version in force, and has none")
        elif before >= _LARGE_ROWS and now < before - allowed:
            share = (before - now) / before
            yield FailedGate("list_shrunk", f"{name} went from {before} to {now} entries ({share:.0%} fewer)")
