"""A tool's answer: what it says, what somebody is to look at, what was asked, and where it is from."""

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
from service.envelope import source_block
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
        *_page_of(answer.result),
        *_verdict(found),
        heading("What was asked"),
        facts(("Asked", "; ".join(f"{name}: {_told(value)}" for name, value in asked.items())), *source_facts(source)),
    ]


def _page_of(result: object) -> Page:
    match result:
        case HTSLineResult():
            return line_page(result.line)
        case HTSSearchResult():
            return search_page(result)
        case SanctionsResult():
            return sanctions_page(result)
        case RefusalsResult():
            return refusals_page(result)
        case RulingResult():
            return ruling_page(result.ruling)
        case RulingsResult():
            return rulings_page(result)
        case _:
            raise TypeError(f"{type(result).__name__} is no known result")


def _verdict(found: tuple[str, ...]) -> Page:
    if not found:
        return [heading("Nothing adverse in what was asked", "green")]
    return [heading("To look at", "yellow"), bullets(word(each) for each in found)]


def _told(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
