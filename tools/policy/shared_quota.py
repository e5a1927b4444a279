"""An agency's turns that several machines share, in a place outside of all of them. Pure: the place is a port.

What is in one process (`quota`) is exact and free; here each turn is asked for over a network, so that it is taken only
once an attempt may be made by everything that is known here.
"""

from collections.abc import Sequence
from typing import Protocol

from tools.policy.quota import Rate

__all__ = ["SharedQuota", "next_turn", "still_counted"]

#: A request may leave by so much later than its turn, and the next one need not: their distance may shrink by it.
MARGIN_S = 0.25


class SharedQuota(Protocol):
    """The turns of one agency."""

    async def take_turn(self, within_s: float) -> tuple[float, bool]:
        """Seconds until this request may go, and whether it is granted: not when that is longer than `within_s`."""


def next_turn(turns: Sequence[float], rates: Sequence[Rate], now: float) -> float:
    """When the next request may go, after those at `turns`, which are in order of time."""
    at = now
    for rate in rates:
        if len(turns) >= rate.requests:
            at = max(at, turns[-rate.requests] + rate.period_s + MARGIN_S)
    return at


def still_counted(turns: Sequence[float], rates: Sequence[Rate], now: float) -> list[float]:
    """Those of `turns` that a later one may have to keep its distance from."""
    oldest = now - max((rate.period_s for rate in rates), default=0.0) - MARGIN_S
    return [turn for turn in turns if turn > oldest]
