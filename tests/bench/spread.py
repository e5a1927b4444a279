"""Medians with what they lie between, and ratios of what was measured in the same round."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Spread", "paired_ratio", "spread"]


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some figures, the least and the most of them."""

    median: float
    least: float
    most: float


def spread(figures: Sequence[float]) -> Spread:
    """Of at least one figure. Raises ValueError when there is none."""
    if not figures:
        raise ValueError("nothing was measured")
    return Spread(statistics.median(figures), min(figures), max(figures))


def paired_ratio(these: Sequence[float], those: Sequence[float]) -> Spread:
    """How many times `those` are `these`, round by round, so that what slows the machine down slows both.

    Raises ValueError when the rounds are not as many, or none.
    """
    return spread([one / other for one, other in zip(these, those, strict=True)])
