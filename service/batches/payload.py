"""How the ledgers write down rows and options: one JSON text for the rows of a chunk."""

import zlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson

from service.batches.ledger import ChunkUnreadable
from service.batches.rows import Row, ScreeningOptions

__all__ = ["options_in", "options_kept", "rows_in", "rows_kept", "rows_of_chunk"]

_FIELDS = 11


def rows_kept(rows: Sequence[Row]) -> bytes:
    """`rows` as JSON: an array of arrays, whose last members are left out while they are empty."""
    return orjson.dumps([_fields(row) for row in rows])


def _fields(row: Row) -> list[Any]:
    fields = [row.number, row.ref, row.name, row.type, row.country, row.dob, row.ids or None, row.fault]
    fields += [row.nationality, row.address, row.fault_code]
    while fields[-1] is None:
        del fields[-1]
    return fields


def rows_in(kept: bytes) -> tuple[Row, ...]:
    """The rows that `rows_kept` wrote."""
    return tuple(_row(fields) for fields in orjson.loads(kept))


def rows_of_chunk(read: Callable[[], bytes], first: int, count: int) -> tuple[Row, ...]:
    """Return the `count` rows from `first` on that `read` brings as `rows_kept` wrote them. Raises ChunkUnreadable."""
    numbers = range(first, first + count)
    try:
        rows = rows_in(read())
        fault = None if [each.number for each in rows] == list(numbers) else "other rows stand in their place"
    except (ValueError, TypeError, zlib.error) as exc:
        rows, fault = (), str(exc)
    if fault is not None:
        raise ChunkUnreadable([Row(each) for each in numbers], f"what was kept of the rows cannot be read: {fault}")
    return rows


def _row(fields: list[Any]) -> Row:
    number, ref, name, kind, country, dob, ids, *rest = fields + [None] * (_FIELDS - len(fields))
    return Row(number, ref, name, kind, country, dob, tuple(ids or ()), *rest)


def options_kept(options: ScreeningOptions) -> str:
    """`options` as a JSON object."""
    return orjson.dumps(options).decode()


def options_in(kept: str) -> ScreeningOptions:
    """The options that `options_kept` wrote."""
    told = orjson.loads(kept)
    if told["sources"] is not None:
        told["sources"] = tuple(told["sources"])
    return ScreeningOptions(**told)
