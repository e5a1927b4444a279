"""Whether an entry can be filed with a number of the schedule, and with which number where it cannot.

An entry is filed with ten digits of chapters 1 to 97 (19 CFR 141.61(e), 142.6(a)(4); exports: ten digits of Schedule B
or of the schedule, 15 CFR 30.6(a)(12)). Eight digits carry the rate and are law, the two after them are statistics: a
line of eight that is divided is filed with one of the lines under it. Chapters 98 and 99 hold provisions beside the
line of the goods, and are reported together with its number, never alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.hts_schedule import Placed

__all__ = ["Filing", "TariffChild", "filing_of", "filing_of_found"]

_SECONDARY = ("98", "99")
_REPORTED_WITH = "the 10-digit number of the goods in chapters 1 to 97"
_NOTHING_UNDER = "the schedule has no line under it: ask CBP or the Census Bureau for the two digits that are missing"


@dataclass(frozen=True, slots=True)
class TariffChild:
    """A numbered row right under another one; `under` are the texts between the two, outermost first."""

    code: str
    description: str
    under: tuple[str, ...]
    fileable: bool


@dataclass(frozen=True, slots=True)
class Filing:
    """Whether an entry can be filed with a number; where not, `reason` says why.

    `children` are the numbered rows right under it; `reported_with` is what a provision of chapter 98 or 99 goes with.
    """

    fileable: bool
    reason: str | None
    children: tuple[TariffChild, ...]
    reported_with: str | None


def filing_of(placed: Placed, schedule: Sequence[Placed]) -> Filing:
    """Return how the row stands in `schedule`, which holds everything under it."""
    digits, row = placed.row.digits, placed.row
    # No number has more digits than ten.
    children = () if len(digits) == 10 else _children(placed, schedule)
    if digits[:2] in _SECONDARY:
        said = f"a provision of chapter {digits[:2]}: it is reported with {_REPORTED_WITH}, not alone"
        return Filing(False, said, children, _REPORTED_WITH)
    if len(digits) == 10:
        return Filing(True, None, (), None)
    lines = "one line" if len(children) == 1 else f"{len(children)} lines"
    then = f": choose from the {lines} under it" if children else f"; {_NOTHING_UNDER}"
    return Filing(False, f"{row.code} has {len(digits)} digits, an entry takes 10{then}", children, None)


def filing_of_found(digits: str) -> Filing:
    """Return the same of a row that a search brought, without the rows under it."""
    if digits[:2] in _SECONDARY:
        said = f"a provision of chapter {digits[:2]}: it is reported with {_REPORTED_WITH}, not alone"
        return Filing(False, said, (), _REPORTED_WITH)
    if len(digits) == 10:
        return Filing(True, None, (), None)
    said = f"it has {len(digits)} digits, an entry takes 10: ask for this number to see the lines under it"
    return Filing(False, said, (), None)


def _children(placed: Placed, schedule: Sequence[Placed]) -> tuple[TariffChild, ...]:
    """The numbered rows right under it. Of two numbered rows the one whose number the other begins with is above it:
    so it is in the whole schedule, and it holds where an indent is wrong."""
    under = [each for each in schedule if _is_under(each, placed)]
    return tuple(
        TariffChild(
            code=each.row.code,
            description=each.row.description,
            under=_texts_between(placed, each),
            fileable=len(each.row.digits) == 10 and each.row.digits[:2] not in _SECONDARY,
        )
        for each in under
        if not any(_is_under(each, other) for other in under)
    )


def _is_under(each: Placed, above: Placed) -> bool:
    return len(each.row.digits) > len(above.row.digits) and each.row.digits.startswith(above.row.digits)


def _texts_between(placed: Placed, each: Placed) -> tuple[str, ...]:
    depth = len(placed.ancestors)
    if len(each.ancestors) <= depth or each.ancestors[depth] is not placed.row:
        return ()
    return tuple(above.description for above in each.ancestors[depth + 1 :])
