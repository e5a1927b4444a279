"""Rulings, their standing first."""

from service.cli.tables.layout import Cell, Page, facts, heading, paragraph, table, word
from service.cli.tables.sources import nothing_found
from tools.rulings import Ruling, RulingLetter, RulingsResult

__all__ = ["ruling_page", "rulings_page"]

_STYLES = {"no_revocation_recorded": "", "modified": "yellow", "unknown": "yellow"}


def rulings_page(result: RulingsResult, *, sandbox: bool = False) -> Page:
    """A line for each ruling found."""
    if not result.rulings:
        return [heading(nothing_found("ruling", sandbox=sandbox)), *_limits(result)]
    at_least = "at least " if result.total_is_capped else ""
    return [
        heading(f"{at_least}{result.total} ruling{'' if result.total == 1 else 's'}, {len(result.rulings)} shown"),
        table(
            ("Number", "Date", "Standing", "Tariff numbers", "Subject"),
            (
                (each.number, _date(each), _standing(each), _tariffs(each), each.subject or "-")
                for each in result.rulings
            ),
            whole=("Number",),
        ),
        *_limits(result),
    ]


def ruling_page(ruling: RulingLetter) -> Page:
    """One ruling, and its text."""
    return [
        heading(f"{ruling.number}  {ruling.subject or 'no subject stated'}"),
        word(ruling.notice, f"bold {_STYLES.get(ruling.status, 'red')}".strip()),
        facts(
            ("Standing", _standing(ruling)),
            ("Date", _date(ruling)),
            ("Collection", ruling.collection),
            ("Tariff numbers", ", ".join(ruling.tariffs) or "none"),
            *(("Then", _step(link.number, link.status, link.subject)) for link in ruling.chain),
            ("Revokes", ", ".join(ruling.relations.revokes) or None),
            ("Modifies", ", ".join(ruling.relations.modifies) or None),
            ("Related", ", ".join(ruling.relations.related) or None),
            ("Letter", ruling.url),
        ),
        heading("Text"),
        paragraph(ruling.text),
    ]


def _limits(result: RulingsResult) -> Page:
    return [facts(*(("Limit", each) for each in result.limits))] if result.limits else []


def _standing(ruling: Ruling) -> Cell:
    said = "none recorded against it" if ruling.status == "no_revocation_recorded" else ruling.status.replace("_", " ")
    by = f" by {', '.join(ruling.replaced_by)}" if ruling.replaced_by else ""
    return word(said + by, _STYLES.get(ruling.status, "red"))


def _date(ruling: Ruling) -> str:
    if ruling.ruled_on is None:
        return "no date"
    return ruling.ruled_on.isoformat() if ruling.ruled_on_is_exact else f"about {ruling.ruled_on}"


def _tariffs(ruling: Ruling) -> str:
    mentioned = ", ".join(ruling.tariffs) or "none"
    return f"{mentioned} (not the asked one)" if ruling.decides_hts is False else mentioned


def _step(number: str, status: str, subject: str | None) -> str:
    return f"{number}, {status.replace('_', ' ')}" + (f": {subject}" if subject else "")
