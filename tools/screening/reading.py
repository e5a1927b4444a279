"""Reads a whole file once: counts what the gates want to know, and notes where each entry lies."""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tools.errors import ProviderGarbled
from tools.sanctions_entries import ListEntry
from tools.screening.consolidated import Layout, ListFile, entry_of, key_of
from tools.screening.gates import Figures
from tools.screening.unreadable import UnreadableRow, unreadable_row

__all__ = ["Reading", "entries_of", "read_through"]

_ERRORS_TOLD = 3
#: More rows than a file in force may have, unless a person wants it.
_MOST_ROWS_KEPT = 200


@dataclass(slots=True)
class Reading:
    """The `figures` of a file, its `layout` (None: it could not even be begun), and its entries' places.

    `places` has two numbers of bytes for each entry that could be read: where it starts, and how long it is.
    `unreadable` has the rows that could not be read, the first ones when there are very many.
    """

    figures: Figures
    layout: Layout | None = None
    places: "array[int]" = field(default_factory=lambda: array("Q"))
    unreadable: list[UnreadableRow] = field(default_factory=list)


def read_through(path: Path) -> Reading:
    """Read the file at `path` to its end. What is wrong with it stands in the figures. Raises OSError."""
    figures = Figures(format="unknown", bytes=path.stat().st_size)
    reading = Reading(figures)
    try:
        file = ListFile(path)
        reading.layout, figures.format = file.layout, file.layout.format
        _count(file, reading)
    except ProviderGarbled as exc:
        figures.unreadable = _words(exc)
    return reading


def entries_of(path: Path, layout: Layout, skip_broken: bool = False) -> Iterator[ListEntry]:
    """The entries of a file that was read through, in the order of their places.

    With `skip_broken` those that cannot be read are left out, and so is what follows the place where the file cannot
    be read on, as in one that a person put in force all the same. Raises ProviderGarbled otherwise.
    """
    try:
        for record in ListFile(path).records():
            try:
                entry = entry_of(record, layout)
            except ProviderGarbled:
                if not skip_broken:
                    raise
                continue
            yield entry
    except ProviderGarbled:
        if not skip_broken:
            raise


def _count(file: ListFile, reading: Reading) -> None:
    figures, keys = reading.figures, set[int]()
    per_list, per_unknown = dict[str, int](), dict[str, int]()
    figures.columns = file.columns
    figures.rows_per_list, figures.rows_per_unknown_list = per_list, per_unknown
    for record in file.records():
        try:
            entry = entry_of(record, file.layout)
        except ProviderGarbled as exc:
            figures.parse_errors += 1
            if figures.parse_errors <= _ERRORS_TOLD:
                figures.first_errors += (_words(exc),)
            if figures.parse_errors <= _MOST_ROWS_KEPT:
                reading.unreadable.append(unreadable_row(file.path, record, _words(exc)))
            continue
        figures.rows += 1
        per, name = (per_list, entry.list) if entry.list is not None else (per_unknown, entry.list_name)
        per[name] = per.get(name, 0) + 1
        reading.places.extend((record.offset, record.length))
        # The agency's number is not unique: two of one number with two names are two entries.
        key = hash((key_of(record.raw), entry.name))
        figures.duplicates += key in keys
        keys.add(key)
    figures.columns, figures.ends_whole = file.columns, file.ends_whole
    figures.declared_total = file.declared_total


def _words(exc: ProviderGarbled) -> str:
    return str(exc).removeprefix("csl: ")
