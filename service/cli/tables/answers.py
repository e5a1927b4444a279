"""A tool's answer: what it says, what is to be looked at, what was asked, and where it is from."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from service.cli.tables.layout import Page, bullets, facts, heading, word
from service.cli.tables.refusals import refusals_page
from service.cli.tables.rulings import ruling_page, rulings_page
from service.cli.tables.sanctions import sanctions_page
from service.cli.tables.sources import sample_data_notice, source_facts
from service.cli.tables.tariff import line_page, search_page
from service.concerns import concerns
from service.envelope import SourceBlock, source_block
from tools.exchange import Answer
from tools.hts import HTSLineResult, HTSSearchResult
from tools.refusals import RefusalsResult
from tools.rulings import RulingResult, RulingsResult
from tools.sanctions import SanctionsResult

__all__ = ["answer_page"]


def answer_page(asked: Mapping[str, Any], answer: Answer[Any], now: datetime | None = None) -> Page:
    """All of `answer` to the question `asked`, as it stands `now`."""
    source = source_block(answer.source, now or datetime.now(UTC))
    found = tuple(each.text for each in concerns(answer.result))
    return [
        *sample_data_notice(sandbox=source.sandbox),
        *_page_of(answer.result, source),
        *_to_look_at(found),
        heading("What was asked"),
        facts(("Asked", "; ".join(f"{name}: {_told(value)}" for name, value in asked.items())), *source_facts(source)),
    ]


def _page_of(result: object, source: SourceBlock) -> Page:
    match result:
        case HTSLineResult():
            return line_page(result.line)
        case HTSSearchResult():
            return search_page(result, sandbox=source.sandbox)
        case SanctionsResult():
            return sanctions_page(result, source)
        case RefusalsResult():
            return refusals_page(result, sandbox=source.sandbox)
        case RulingResult():
            return ruling_page(result.ruling)
        case RulingsResult():
            return rulings_page(result, sandbox=source.sandbox)
        case _:
            raise TypeError(f"{type(result).__name__} is no known result")


def _to_look_at(found: tuple[str, ...]) -> Page:
    # Where there is none, nothing is said: what was not asked may be adverse all the same.
    return [heading("To look at", "yellow"), bullets(word(each) for each in found)] if found else []


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
