"""What one row came to, as its line tells it."""

from collections.abc import Sequence
from functools import lru_cache

import orjson

from service.batches.rows import Row, RowResult, RowStatus
from tools.countries.assessment import CountryPrograms
from tools.party_details import beside_the_name
from tools.sanctions_result import SanctionsResult

__all__ = ["failed", "invalid", "not_screened", "screened", "set_aside"]


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
    """Return the result of a row without a name that can be screened; `detail` says what is wrong with it."""
    return _without_outcome(row, "invalid", row.fault_code or "invalid_row", detail)


def not_screened(row: Row, code: str, detail: str) -> RowResult:
    """Return the result of a row that is as it should be, and was not screened: `code` and `detail` say why."""
    return _without_outcome(row, "not_screened", code, detail)


def _without_outcome(row: Row, status: RowStatus, code: str, detail: str) -> RowResult:
    """What its countries say, and what of it was not read, stands there all the same."""
    programs, warnings = beside_the_name(
        country=row.country, nationality=row.nationality, dob=row.dob, kind=row.type, address=row.address
    )
    line: dict[str, object] = {"row": row.number, "ref": row.ref, "name": row.name, "status": status}
    line |= {"code": code, "detail": detail}
    if programs is not None:
        line["country_programs"] = orjson.Fragment(_as_json(programs))
    if warnings:
        line["warnings"] = warnings
    codes = tuple([each.code for each in warnings])
    return RowResult(row.number, status, None, orjson.dumps(line), codes, programs.level if programs else None)


def failed(row: Row, code: str, detail: str) -> RowResult:
    """Return the result of a row that was not screened by a fault of ours. Nothing of it is read again: what broke once
    may break its reader, too."""
    line = {"row": row.number, "ref": row.ref, "name": row.name, "status": "not_screened"}
    return RowResult(row.number, "not_screened", None, orjson.dumps(line | {"code": code, "detail": detail}))


def set_aside(rows: Sequence[Row], reason: str) -> list[RowResult]:
    """Return one result for each of the rows of a chunk that could not be computed, with the `reason` in words."""
    detail = f"the rows around it could not be screened: {reason}"
    return [failed(row, "set_aside", detail) for row in rows]
