"""How the ledgers write down rows and options: one JSON text for the rows of a chunk."""

from collections.abc import Sequence
from typing import Any

import orjson

from service.batches.rows import Row, ScreeningOptions

__all__ = ["options_in", "options_kept", "rows_in", "rows_kept"]

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
