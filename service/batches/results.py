"""What one row came to, as its line tells it."""

from collections.abc import Sequence
from functools import lru_cache

import orjson

from service.batches.rows import Row, RowResult
from tools.countries.assessment import CountryPrograms
from tools.sanctions_result import SanctionsResult

__all__ = ["invalid", "not_screened", "screened", "set_aside"]


def screened(row: Row, result: SanctionsResult, list_version: str | None = None) -> RowResult:
    """Return the result of a row that was compared; its hits are those of `GET /v1/sanctions`.

    `limits`, `country_programs` and `warnings` stand there where there are any, and `list_version` where the rows
    around may have been compared with another version.
    """
    told: dict[str, object] = {
        "row": row.number,
        "ref": row.ref,
        "name": row.name,
        "status": "screened",
        "outcome": result.outcome,
        "hits": result.hits,
        "total": result.total,
        "truncated": result.truncated,
    }
    if result.coverage.limits:
        told["limits"] = result.coverage.limits
    if result.country_programs is not None:
        told["country_programs"] = orjson.Fragment(_as_json(result.country_programs))
    if result.warnings:
        told["warnings"] = result.warnings
    if list_version is not None:
        told["list_version"] = list_version
    codes = tuple([each.code for each in result.warnings])
    level = None if result.country_programs is None else result.country_programs.level
    return RowResult(row.number, "screened", result.outcome, orjson.dumps(told), codes, level)


@lru_cache(maxsize=1024)
def _as_json(programs: CountryPrograms) -> bytes:
    """The rows of a file name the same few countries."""
    return orjson.dumps(programs)


def invalid(row: Row, detail: str) -> RowResult:
    """Nobody can be screened by such a row; `detail` says what is wrong with it."""
    code = row.fault_code or "invalid_row"
    told = {"row": row.number, "ref": row.ref, "name": row.name, "status": "invalid", "code": code}
    return RowResult(row.number, "invalid", None, orjson.dumps(told | {"detail": detail}))


def not_screened(row: Row, code: str, detail: str) -> RowResult:
    """The row is as it should be, and nobody was screened: `code` and `detail` say why."""
    told = {"row": row.number, "ref": row.ref, "name": row.name, "status": "not_screened", "code": code}
    return RowResult(row.number, "not_screened", None, orjson.dumps(told | {"detail": detail}))


def set_aside(rows: Sequence[Row], reason: str) -> list[RowResult]:
    """One result for each of the rows of a chunk that could not be computed, with the `reason` in words."""
    detail = f"the rows around it could not be screened: {reason}"
    return [not_screened(row, "set_aside", detail) for row in rows]
