"""A snapshot: the risk and why, the four tiles, the parties, what was not assessed."""

from rich.text import Text

from service.cli.tables.countries import countries_part
from service.cli.tables.layout import Cell, Page, bullets, facts, heading, printable, table, word
from service.cli.tables.sanctions import outcome_word
from service.cli.tables.sources import as_of, sample_data_notice, source_words
from service.snapshot import AnyTile, Risk, Snapshot
from service.tiles.sanctions_screening import ScreeningTile
from service.tiles.tile import Status
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["snapshot_page"]

_RISKS: dict[Risk, tuple[str, str]] = {
    "low": ("LOW", "green"),
    "review": ("REVIEW", "yellow"),
    "unknown": ("UNKNOWN", "bold yellow"),
    "high": ("HIGH", "bold red"),
}
_STATUSES: dict[Status, str] = {
    "clear": "green",
    "attention": "yellow",
    "action": "bold red",
    "unavailable": "bold yellow",
    "not_applicable": "",
}
_TITLES = {
    "hts_classification": "Tariff",
    "sanctions_screening": "Screening",
    "refusal_history": "Refusals",
    "cbp_rulings": "Rulings",
    "country_programs": "Countries",
}


def snapshot_page(taken: Snapshot) -> Page:
    """All of it but the tiles' whole results, which the JSON has."""
    risk, style = _RISKS[taken.risk]
    screening = taken.tiles.sanctions_screening
    page: Page = [
        *sample_data_notice(sandbox=taken.sandbox),
        heading(f"Risk {risk}: {taken.headline}", style),
        facts(
            ("Next step", taken.next_step),
            ("Shipment", _shipment(taken)),
            ("Goods", taken.shipment.product.description),
            ("Reference", taken.ref),
            ("Complete", "yes" if taken.complete else word("no: not every source answered", "bold yellow")),
        ),
        heading("Tiles"),
        table(
            ("Tile", "Status", "In short"),
            ((_TITLES[name], _status(tile.status), tile.headline) for name, tile in taken.tiles.named()),
            whole=("Tile", "Status"),
        ),
        *countries_part(taken.country_programs, taken.warnings),
        heading("Parties"),
        table(
            ("Party", "Role", "Country", "Outcome", "In short"),
            (
                (each.name, each.role.replace("_", " "), each.country or "-", outcome_word(each.outcome), each.headline)
                for each in screening.parties
            ),
            whole=("Country",),
        ),
    ]
    if taken.reasons:
        page += [
            heading("Reasons"),
            table(("Tile", "Why"), ((_TITLES[each.tile], each.text) for each in taken.reasons), whole=("Tile",)),
        ]
    return [
        *page,
        heading("Not assessed"),
        bullets(f"{each.what}: {each.url}" for each in taken.not_assessed),
        heading("Sources"),
        facts(*((_TITLES[name], _source(tile)) for name, tile in taken.tiles.named())),
        heading("Record"),
        facts(
            ("Id", taken.id),
            ("Asked", f"{taken.asked_at}, answered in {taken.elapsed_ms:g} ms"),
            ("Rules", f"policy {taken.policy_version}, software {taken.software_version}"),
        ),
    ]


def _shipment(taken: Snapshot) -> str:
    asked = taken.shipment
    shipped = f", shipped from {asked.lane.export_country}" if asked.lane.export_country else ""
    number = as_the_schedule_prints(asked.product.hts_code)
    return f"{asked.direction} of {number}, origin {asked.lane.origin}{shipped}, to {asked.lane.destination}"


def _status(status: Status) -> Cell:
    said = "nothing adverse" if status == "clear" else status.replace("_", " ")
    return word(said, _STATUSES[status])


def _source(tile: AnyTile) -> Cell:
    """Of the screening the oldest answer, since each party was asked by itself. A source may be asked nothing, or have
    no such record."""
    told = [each.source for each in tile.parties] if isinstance(tile, ScreeningTile) else [tile.source]
    sources = [source for source in told if source is not None]
    if not sources:
        return word("did not answer", "bold yellow") if tile.status == "unavailable" else "-"
    oldest = max(sources, key=lambda source: source.age_s)
    return Text(f"{printable(source_words(oldest))}, ").append_text(as_of(oldest))
