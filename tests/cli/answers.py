"""Answers of the tools, adverse and not, by their own plans."""

from typing import Any

from tests import cross_answers
from tests.hts_oracle import endnote, raw_row
from tests.service.snapshot.outcomes import answered, line
from tools import hts, rulings
from tools.exchange import Answer

HEADING = raw_row("8507", 0, "Electric storage batteries")
RATED = raw_row("8507.60.00", 1, "Lithium-ion batteries", "3.4%")
WHOLE = raw_row("8507.60.00.20", 2, "Other")
AFTER = raw_row("8508", 0, "Vacuum cleaners")


def plain_line(code: str = "8507600020", *rows: Any) -> Answer[Any]:
    """A line that links to nothing; or `code` among other `rows`."""
    return line(code, [*(rows or (HEADING, RATED, WHOLE)), AFTER])


def line_that_links_to_nowhere() -> Answer[Any]:
    """A line whose footnote names a heading that is no more."""
    linking = RATED | {"footnotes": endnote("See 9903.99.99. ")}
    gone = [raw_row("9903.99.98", 0, "Another")]
    return line("8507600020", [HEADING, linking, WHOLE, AFTER], gone)


def searched(*rows: Any, limit: int = 100) -> Answer[Any]:
    """What a search that found `rows` answers."""
    query = hts.HTSQuery(keyword="battery", limit=limit)
    return answered(hts.plan(query, "https://hts.test"), {"name": "2026HTSRev17"}, list(rows))


def letter(**more: Any) -> Answer[Any]:
    """One ruling by its number."""
    query = rulings.RulingsQuery(number="968227")
    told = cross_answers.letter("968227", **more), cross_answers.found(cross_answers.ruling("968227", **more))
    return answered(rulings.plan(query, "https://cross.test"), *told)
