"""Screens rows by the list held here. Pure but for the date of today; every way to screen many rows comes through here.

Whether the list may clear anybody at all is for the caller to know.
"""

import traceback
from collections.abc import Sequence

from pydantic import ValidationError

from service.batches.results import failed as failed_row
from service.batches.results import invalid, not_screened, screened
from service.batches.rows import Row, RowResult, ScreeningOptions
from tools.errors import ToolError
from tools.query_faults import invalid_query
from tools.sanctions_held import matched
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_result import result_of
from tools.screening.held_list import HeldList

__all__ = ["question_of", "screen_rows"]


def screen_rows(
    rows: Sequence[Row], held: HeldList, options: ScreeningOptions, *, tell_version: bool = False
) -> tuple[list[RowResult], list[tuple[int, str]]]:
    """One result for each row, in their order; and, by the number of the row, what failed by a fault of ours.

    `tell_version`: each says which version of the list it was compared with.
    """
    results: list[RowResult] = []
    failed: list[tuple[int, str]] = []
    for row in rows:
        try:
            results.append(_screen(row, held, options, held.version if tell_version else None))
        except Exception:  # noqa: BLE001 - one row never costs another; the caller logs it
            failed.append((row.number, traceback.format_exc()))
            results.append(failed_row(row, "internal_error", "the gateway failed at this row"))
    return results, failed


def question_of(row: Row, options: ScreeningOptions) -> SanctionsQuery | RowResult:
    """What `GET /v1/sanctions` would be asked for the row; or that it is invalid, and why."""
    if row.fault is not None:
        return invalid(row, row.fault)
    given = {"name": row.name, "type": row.type, "country": row.country, "dob": row.dob, "ids": row.ids}
    given |= {"nationality": row.nationality, "address": row.address}
    ways = {"threshold": options.threshold, "sources": options.sources, "algorithm": options.algorithm}
    try:
        return SanctionsQuery.model_validate({**given, **ways, "via": options.via})
    except ValidationError as exc:
        return invalid(row, str(invalid_query(exc, SanctionsQuery)))


def _screen(row: Row, held: HeldList, options: ScreeningOptions, version: str | None) -> RowResult:
    query = question_of(row, options)
    if isinstance(query, RowResult):
        return query
    try:
        return screened(row, result_of(query, matched(query, held), "list"), version)
    except ToolError as exc:
        return not_screened(row, exc.code, str(exc))
