"""What is told of each bar: the figure, what it has to be, and whether it is."""

from dataclasses import dataclass
from typing import Literal

from tests.bench.spread import Spread

__all__ = ["Bar", "Row", "Verdict"]

Verdict = Literal["reached", "met", "missed", "-"]


@dataclass(frozen=True, slots=True)
class Bar:
    """What a figure has to be at least, or where `is_most` at most; `reach` is what would be better still."""

    value: float
    reach: float | None = None
    is_most: bool = False

    def admits(self, figure: float) -> bool:
        """Whether the figure is as good as the bar."""
        return _is_as_good(figure, self.value, is_most=self.is_most)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `unit` stands behind the figure and the bar: x, ms, us, s, MiB. `note`: how it was got.

    A row without a bar, or one that was measured in less than its bar is about (`is_judged`), is told and not judged.
    """

    name: str
    figure: Spread
    unit: str
    bar: Bar | None = None
    note: str = ""
    is_judged: bool = True

    @property
    def verdict(self) -> Verdict:
        """What the median comes to."""
        if self.bar is None or not self.is_judged:
            return "-"
        if not self.bar.admits(self.figure.median):
            return "missed"
        reach = self.bar.reach
        is_reached = reach is not None and _is_as_good(self.figure.median, reach, is_most=self.bar.is_most)
        return "reached" if is_reached else "met"


def _is_as_good(figure: float, bar: float, *, is_most: bool) -> bool:
    return figure <= bar if is_most else figure >= bar
