"""What the doctor found, for people: a line for each agency, and below it what to do about what is not as expected."""

from collections.abc import Iterable, Sequence
from itertools import zip_longest

from service.cli.tables.layout import Cell, Page, facts, heading, table, word
from service.cli.tables.sources import sample_data_notice
from service.doctor.checkup import Checkup, Status
from service.doctor.findings import Finding

__all__ = ["checkups_page"]

_SUBJECTS = {"hts": "HTS", "csl": "CSL search", "list": "CSL file", "fda": "FDA", "cross": "CROSS"}
_STYLES: dict[Status, str] = {
    "ok": "green",
    "differs": "yellow",
    "not_configured": "yellow",
    "not_used": "",
    "unusable": "bold red",
}
_STATUSES: dict[Status, str] = {
    "ok": "as expected",
    "differs": "differs",
    "not_configured": "not configured",
    "not_used": "not used",
    "unusable": "cannot be used",
}


def checkups_page(checkups: Sequence[Checkup]) -> Page:
    """All that was examined, what was found, and what it comes to."""
    page: Page = [
        *sample_data_notice(sandbox=any(each.sandbox for each in checkups)),
        table(
            ("Asked", "Result", "Reached", "Key", "Shape", "Time", "Rows", "Data"),
            map(_row, checkups),
            whole=("Asked", "Result"),
        ),
    ]
    for each in checkups:
        if each.findings:
            at = f" ({each.host})" if each.host else ""
            page += [heading(f"{_name(each)}{at}"), facts(*_facts(each.findings))]
    return [*page, *_conclusion(checkups)]


def _row(checkup: Checkup) -> tuple[Cell, ...]:
    was_asked = checkup.reachable is not None
    return (
        _name(checkup),
        word(_STATUSES[checkup.status], _STYLES[checkup.status]),
        ("yes" if checkup.reachable else "no") if was_asked else "not asked",
        checkup.key.replace("_", " "),
        checkup.shape.replace("_", " "),
        f"{checkup.elapsed_ms / 1000:.1f} s" if was_asked else "-",
        f"{checkup.rows:,}" if was_asked else "-",
        checkup.version or "-",
    )


def _facts(findings: Sequence[Finding]) -> Iterable[tuple[str, Cell | None]]:
    """What was found; what to do next stands once below all that it is about."""
    for each, following in zip_longest(findings, findings[1:]):
        yield "Found", each.detail
        if following is None or following.next_step != each.next_step:
            yield "Next", each.next_step


def _conclusion(checkups: Iterable[Checkup]) -> Page:
    unusable = [_name(each) for each in checkups if each.status == "unusable"]
    others = [_name(each) for each in checkups if each.status in ("differs", "not_configured")]
    if unusable:
        return [heading(f"Cannot be used from here: {', '.join(unusable)}", "red")]
    if others:
        return [heading(f"To look at: {', '.join(others)}", "yellow")]
    return [heading("All as this version expects", "green")]


def _name(checkup: Checkup) -> str:
    return _SUBJECTS.get(checkup.subject, checkup.subject)
