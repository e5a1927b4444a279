"""Countries of a question: what was understood, what the table of country programs says, what was not read."""

from collections.abc import Sequence

from service.cli.tables.layout import Page, bullets, facts, heading, table, word
from tools.countries.assessment import CountryPrograms, PlaceRead, ProgramAtPlace
from tools.countries.programs import Level
from tools.input_warnings import InputWarning

__all__ = ["countries_part"]

_STYLES: dict[Level | None, str] = {"stop": "bold red", "review": "yellow", "note": "", None: ""}


def countries_part(countries: CountryPrograms | None, warnings: Sequence[InputWarning]) -> Page:
    """Return the part of a page that is about countries, and about the details that were not read."""
    page: Page = []
    if countries is not None:
        page += [
            heading(f"Countries: {countries.headline}", _STYLES[countries.level]),
            facts(
                ("Next step", countries.next_step),
                *(
                    (
                        _place(each),
                        " or ".join(map(str, each.countries)) or word(f"{each.given!r}: not understood", "bold yellow"),
                    )
                    for each in countries.places
                ),
            ),
        ]
        if countries.programs:
            page.append(
                table(
                    ("Level", "Country", "Where", "Direction", "Why", "Basis", "How sure"),
                    (
                        (
                            word(row.level, _STYLES[row.level]),
                            row.region or row.country_name,
                            _place(row),
                            row.direction,
                            row.text,
                            row.basis,
                            row.certainty,
                        )
                        for row in countries.programs
                    ),
                    whole=("Level", "Direction"),
                )
            )
    if warnings:
        page += [heading("Not read as given", "yellow"), bullets(f"{each.field}: {each.detail}" for each in warnings)]
    return page


def _place(each: PlaceRead | ProgramAtPlace) -> str:
    return each.place.replace("_", " ").capitalize() + (f" of {each.party}" if each.party else "")
