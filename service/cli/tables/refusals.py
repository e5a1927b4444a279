"""Refused lines, and how many there are of what."""

from collections.abc import Iterable, Sequence

from service.cli.tables.layout import Cell, Page, facts, heading, table, word
from service.cli.tables.sources import nothing_found
from tools.refusals import RefusalsResult
from tools.refusals_charges import Charge

__all__ = ["refusals_page"]

#: Counts that are shown of each kind; `--json` has them all.
_COUNTS = 8


def refusals_page(result: RefusalsResult, *, sandbox: bool = False) -> Page:
    """The refusals that were answered, newest first, and the largest counts."""
    if not result.refusals:
        nothing = nothing_found("refused line", sandbox=sandbox)
        return [
            heading(f"{result.total} refused lines, none shown" if result.total else nothing),
            word("None refused does not mean admissible; import alerts are not in these data.", "italic"),
        ]
    return [
        heading(
            f"{result.total} refused line{'' if result.total == 1 else 's'}, {len(result.refusals)} shown", "yellow"
        ),
        table(
            ("Refused", "Firm", "Country", "Product", "Charges"),
            (
                (
                    each.refused_on.isoformat() if each.refused_on else "no date",
                    (each.firm or "firm not named") + (f" (FEI {each.fei})" if each.fei else ""),
                    each.country or "-",
                    " ".join(filter(None, (each.product_code, each.product))) or "-",
                    "; ".join(map(_charge, each.charges)) or "-",
                )
                for each in result.refusals
            ),
            whole=("Refused", "Country"),
        ),
        *_counts("By charge", ("Lines", "Charge", "Meaning"), _by_charge(result)),
        *_counts("By month", ("Lines", "Month"), [(str(each.count), each.month) for each in result.by_month]),
        *_counts(
            "By firm",
            ("Lines", "Firm", "FEI"),
            [(str(each.count), each.firm or "-", each.fei or "-") for each in result.by_firm],
        ),
        *([facts(*(("Limit", each) for each in result.limits))] if result.limits else []),
    ]


def _counts(title: str, headings: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Page:
    counted: Iterable[Sequence[Cell]] = rows[:_COUNTS]
    page: Page = [heading(title), table(headings, counted, whole=("Lines",))]
    if len(rows) > _COUNTS:
        page.append(word(f"and {len(rows) - _COUNTS} more", "italic"))
    return page


def _by_charge(result: RefusalsResult) -> list[tuple[str, str, str]]:
    return [(str(each.count), each.code or each.id, each.meaning or "not known to us") for each in result.by_charge]


def _charge(charge: Charge) -> str:
    return charge.code or f"charge {charge.id}"
