"""Finds what separates the cells of a CSV file: by its header line and, where that leaves a choice, its first row."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass

from service.batches.columns import known_columns
from service.batches.values import MAX_COLUMNS

__all__ = ["DELIMITERS", "Header", "cells_of", "headers_of", "likeliest"]

#: Of two that make as much sense, the first.
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Header:
    """A header line divided by `delimiter` (None: nothing divides it)."""

    delimiter: str | None
    cells: tuple[str, ...]
    #: The delimiter never stands without a blank after it, as in a sentence.
    is_prose: bool = False


def headers_of(line: str, delimiters: str = DELIMITERS) -> list[Header]:
    """Return what the header `line` may be: by each of `delimiters` that divides it, else whole.

    Empty when it has a cell that is too long.
    """
    found: list[Header] = []
    for delimiter in delimiters:
        cells = cells_of(line, delimiter)
        if cells is not None and len(cells) > 1:
            while len(cells) > 1 and not cells[-1].strip():  # what some programs put at the end of every line
                cells.pop()
            is_prose = delimiter == "," and all(cell.startswith(" ") for cell in cells[1:]) and '"' not in line
            found.append(Header(delimiter, tuple(cells), is_prose))
    if found:
        return found
    whole = cells_of(line, None)
    return [] if whole is None else [Header(None, tuple(whole))]


def likeliest(headers: list[Header], row: str | None, mapping: Mapping[str, str]) -> Header:
    """Return that one of `headers` by which the first `row` has as many cells (None: there is none to compare with).

    Of several: the one in which most columns are known, then one that is no prose, then the one with most cells.
    """

    def rank(header: Header) -> tuple[bool, int, bool, int]:
        known = known_columns(header.cells, mapping) if len(header.cells) <= MAX_COLUMNS else 0
        return row is not None and _fits(row, header), known, not header.is_prose, len(header.cells)

    return max(headers, key=rank)


def cells_of(text: str, delimiter: str | None) -> list[str] | None:
    """Return the cells of a record; None: one is longer than the library takes."""
    if '"' not in text:
        return [text] if delimiter is None else text.split(delimiter)
    try:
        # What stands in no text: where there is but one column, nothing separates cells.
        return next(csv.reader([text], delimiter=delimiter or "\x1f", skipinitialspace=True), [])
    except csv.Error:
        return None


def _fits(row: str, header: Header) -> bool:
    cells = cells_of(row, header.delimiter)
    width = len(header.cells)
    return cells is not None and len(cells) >= width and not "".join(cells[width:]).strip()
