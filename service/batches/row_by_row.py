"""Screens the rows of a chunk each by itself when they cannot be screened together: one bad row never costs another."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from service.batches.matching_pool import MatchingFailed
from service.batches.results import failed
from service.batches.rows import Row, RowResult
from service.errors import fault_of

__all__ = ["screened_surely"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: How often a row is tried by itself.
_ATTEMPTS = 2
#: After so many rows in a row that failed, it is not the rows.
_MOST_FAILURES = 3


async def screened_surely(
    screen: Callable[[Sequence[Row]], Awaitable[list[RowResult]]], rows: Sequence[Row]
) -> list[RowResult]:
    """One result for each of `rows`, in their order, whatever `screen` does: one that it fails on is not screened."""
    try:
        return await _checked(screen, rows)
    except Exception as exc:  # noqa: BLE001 - the chunk is tried row by row
        log.warning("rows could not be screened together", rows=len(rows), error=f"{type(exc).__name__}: {exc}")
    results = list[RowResult]()
    failures = 0
    failure: Exception | None = None
    for row in rows:
        if failure is None or failures < _MOST_FAILURES:
            told = await _alone(screen, row)
            if isinstance(told, RowResult):
                results.append(told)
                failures = 0
                continue
            failure, failures = told, failures + 1
        results.append(_failed(row, failure))
    return results


async def _alone(screen: Callable[[Sequence[Row]], Awaitable[list[RowResult]]], row: Row) -> RowResult | Exception:
    """The row's result; or what it fails by, again and again: what screens it may have died of something else."""
    failure: Exception | None = None
    for _ in range(_ATTEMPTS):
        try:
            return (await _checked(screen, [row]))[0]
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is told with the row
            failure = exc
    return failure or RuntimeError("a row was not tried")


def _failed(row: Row, failure: Exception) -> RowResult:
    if isinstance(failure, MatchingFailed):
        return failed(row, "set_aside", f"the row could not be screened: {failure}")
    fault = fault_of(failure)
    return failed(row, fault.code, fault.detail)


async def _checked(
    screen: Callable[[Sequence[Row]], Awaitable[list[RowResult]]], rows: Sequence[Row]
) -> list[RowResult]:
    results = await screen(rows)
    if [each.number for each in results] != [each.number for each in rows]:
        raise RuntimeError("the results are not those of the rows")
    return results
