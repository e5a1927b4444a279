"""Waits for a ledger that cannot be reached, so that work is not lost with it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog

from service.batches.ledger import LedgerUnavailable

__all__ = ["when_reached"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

T = TypeVar("T")
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0


async def when_reached(ask: Callable[[], Awaitable[T]], *, tries: int | None = None) -> T:
    """What `ask` returns, asked again while the ledger is away; None: for as long as it is.

    Raises LedgerUnavailable when the last of the `tries` failed, too.
    """
    wait_s, tried = _FIRST_WAIT_S, 0
    while True:
        try:
            return await ask()
        except LedgerUnavailable as exc:
            tried += 1
            if tried == tries:
                raise
            log.warning("waiting for the ledger", error=str(exc))
        await asyncio.sleep(wait_s)
        wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
