"""A tariff line, and what a search in the tariff found."""

from service.cli.tables.layout import Cell, Page, facts, heading, table, word
from service.cli.tables.sources import nothing_found
from tools.hts import HTSLine, HTSSearchResult
from tools.hts_footnotes import LinkedHeading
from tools.hts_schedule import Rate

__all__ = ["line_page", "rate_words", "search_page"]


def line_page(line: HTSLine) -> Page:
    """One line with its rates, and the headings that it links to."""
    path = " > ".join(line.path)
    page: Page = [
        heading(f"{line.code}  {line.description}"),
        facts(
            ("Under", (path if line.path_is_whole else f"... > {path}") or None),
            ("Rate, general", rate_words(line.rates.general)),
            ("Rate, special", rate_words(line.rates.special)),
            ("Rate, column 2", rate_words(line.rates.other)),
            ("Additional", line.additional_duties),
            ("Fileable", "yes" if line.fileable else word(f"no: {line.fileable_reason}", "yellow")),
            ("Units", ", ".join(line.units) or "none"),
            *(("Footnote", f"{each.text} (on {each.stands_on})") for each in line.footnotes),
            ("Status", line.status),
        ),
    ]
    if line.children:
        page += [
            heading("Lines under it"),
            table(
                ("Number", "Description", "Fileable"),
                (
                    (each.code, " > ".join((*each.under, each.description)), "yes" if each.fileable else "no")
                    for each in line.children
                ),
                whole=("Number", "Fileable"),
            ),
        ]
    if line.linked_headings:
        page += [
            heading("Headings that it links to; whether one applies is for a person to decide"),
            table(
                ("Heading", "What it does", "General rate", "Says"),
                (
                    (each.code, _kind(each), "-" if each.rates is None else rate_words(each.rates.general), _says(each))
                    for each in line.linked_headings
                ),
                whole=("Heading",),
            ),
        ]
    return page


def search_page(found: HTSSearchResult, *, sandbox: bool = False) -> Page:
    """The lines found, each with what its own row states."""
    lines = f"{found.total} line{'' if found.total == 1 else 's'}"
    page: Page = [heading(f"{lines} found" if found.lines else nothing_found("line", sandbox=sandbox))]
    if found.lines:
        page += [
            table(
                ("Number", "Description", "General rate on its own row"),
                ((each.code, each.description, each.rates.general.text or "-") for each in found.lines),
                whole=("Number",),
            ),
            word("A search shows no inherited rates and no linked headings: ask for a line by its number.", "italic"),
        ]
    return page


def rate_words(rate: Rate) -> Cell:
    """The rate, or why none is stated; never a number that the schedule does not have."""
    if rate.text is None:
        return word(f"not stated: {rate.reason}", "yellow")
    return rate.text + (f" (stated at {rate.inherited_from})" if rate.inherited_from else "")


def _kind(link: LinkedHeading) -> Cell:
    if link.state == "over" and link.window is not None:
        return f"over since {link.window.ends_on}"
    if link.kind == "additional" and link.state == "to_come" and link.window is not None:
        return word(f"may add from {link.window.starts_on}", "yellow")
    if link.kind == "additional":
        return word("may add", "yellow")
    return "may exclude" if link.kind == "exclusion" else word("to be read", "yellow")


def _says(link: LinkedHeading) -> str:
    said = link.text if link.text is not None else f"not in the schedule: {link.reason}"
    return said if link.window is None else f"[{link.window.text}] {said}"
