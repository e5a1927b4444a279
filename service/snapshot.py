"""What the four tiles of one shipment add up to. Pure.

The risk is that of the gravest tile, or of the country programs:

    a tile is `action`, or a country program `stop`         high
    a source did not answer (`unavailable`)                 unknown
    a tile is `attention`, or a country program `review`,
    or a country was not understood, or in several ways     review
    none of these                                           low

`low` says that nothing adverse was found in what was asked, and nothing more; `not_assessed` names what was not. A
source that is missing never lowers the risk: what another one found stands if it is graver, else it is `unknown`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from service.concerns import Reason
from service.sentences import Said, said_of_snapshot
from service.shipment import Shipment, ToolName
from service.tiles import CBP_RULINGS, HTS_CLASSIFICATION, REFUSAL_HISTORY, SANCTIONS_SCREENING
from service.tiles.hts_classification import HTSClassification
from service.tiles.sanctions_screening import ScreeningTile
from service.tiles.tile import Status, Tile, TileKind, TileName
from tools import hts_origins, refusals_remit, sanctions_lists
from tools.countries import programs
from tools.countries.assessment import CountryPrograms, ProgramAtPlace, Whereabouts, assess, country_warnings, of_party
from tools.countries.programs import Level, Place
from tools.input_warnings import InputWarning
from tools.refusals import RefusalsResult
from tools.rulings import RulingsResult

__all__ = [
    "KINDS",
    "NOT_ASSESSED",
    "POLICY_VERSION",
    "AnyTile",
    "NotAssessed",
    "Risk",
    "Snapshot",
    "TileReason",
    "Tiles",
    "assess_countries",
    "is_complete",
    "missing_sources",
    "reasons_of",
    "risk_of",
    "said_of",
]

Risk = Literal["low", "review", "unknown", "high"]
AnyTile = Tile[HTSClassification] | ScreeningTile | Tile[RefusalsResult] | Tile[RulingsResult]

#: Of the tables that tiles are concluded from: the newest one's.
POLICY_VERSION = max(each.POLICY_VERSION for each in (hts_origins, refusals_remit, sanctions_lists, programs))

KINDS: tuple[TileKind[AnyTile], ...] = (HTS_CLASSIFICATION, SANCTIONS_SCREENING, REFUSAL_HISTORY, CBP_RULINGS)

_BY_GRAVITY: tuple[Risk, ...] = ("low", "review", "unknown", "high")
_RISKS: dict[Status, Risk] = {
    "not_applicable": "low",
    "clear": "low",
    "attention": "review",
    "unavailable": "unknown",
    "action": "high",
}


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """Something that no tile speaks of, and where to read about it."""

    what: str
    url: str


#: Of every snapshot, whatever its risk.
NOT_ASSESSED = (
    NotAssessed("antidumping and countervailing duties", "https://www.ecfr.gov/current/title-19/part-351"),
    NotAssessed("forced labor: UFLPA Entity List", "https://www.dhs.gov/uflpa-entity-list"),
    NotAssessed("forced labor: withhold-release orders", "https://www.ecfr.gov/current/title-19/section-12.42"),
    NotAssessed("ownership of and by listed parties", "https://ofac.treasury.gov/faqs/topic/1521"),
    NotAssessed("country programs beyond the table", "https://ofac.treasury.gov/sanctions-programs-and-country-information"),
    NotAssessed("section 232 duties", "https://www.ecfr.gov/current/title-15/part-705"),
    NotAssessed("quota", "https://www.ecfr.gov/current/title-19/part-132"),
    NotAssessed("fees: merchandise processing, harbor maintenance", "https://www.ecfr.gov/current/title-19/section-24.23"),
    NotAssessed("requirements of partner agencies", "https://www.ecfr.gov/current/title-19/part-12"),
    NotAssessed("FDA import alerts", "https://www.fda.gov/industry/actions-enforcement/import-alerts"),
    NotAssessed("export classification", "https://www.ecfr.gov/current/title-15/part-774"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tiles:
    """The four, by name."""

    hts_classification: Tile[HTSClassification]
    sanctions_screening: ScreeningTile
    refusal_history: Tile[RefusalsResult]
    cbp_rulings: Tile[RulingsResult]

    def named(self) -> Iterator[tuple[TileName, AnyTile]]:
        """Each with its name."""
        for each in fields(self):
            yield each.name, getattr(self, each.name)  # type: ignore[misc]  # the fields are the names


@dataclass(frozen=True, slots=True)
class TileReason(Reason):
    """A reason, with the name of its tile, or of the block of country programs."""

    tile: TileName | Literal["country_programs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One shipment as the four sources had it when they were asked.

    `asked_at` and `generated_at` are UTC, RFC 3339. `complete`: every source that was asked answered. `warnings` name
    what of the question was not read, or in several ways.
    """

    id: str
    ref: str | None
    sandbox: bool
    software_version: str
    policy_version: str
    asked_at: str
    generated_at: str
    elapsed_ms: float
    shipment: Shipment
    complete: bool
    risk: Risk
    headline: str
    next_step: str | None
    reasons: tuple[TileReason, ...]
    not_assessed: tuple[NotAssessed, ...]
    country_programs: CountryPrograms
    warnings: tuple[InputWarning, ...]
    tiles: Tiles
    request_id: str


def assess_countries(shipment: Shipment) -> tuple[CountryPrograms, tuple[InputWarning, ...]]:
    """Return what the table says of every country of the shipment, and what is to be said of their reading."""
    lane = shipment.lane
    lane_places: list[tuple[Place, str | None]] = [("origin", lane.origin), ("destination", lane.destination)]
    if lane.export_country is not None:
        lane_places.insert(1, ("export_country", lane.export_country))
    whereabouts = [Whereabouts(place, country or "") for place, country in lane_places]
    fields = [(f"lane.{each.place}", each.text) for each in whereabouts]
    for at, party in enumerate(shipment.parties):
        whereabouts += of_party(party.name, party.country or "", party.nationality, party.address)
        fields += [(f"parties.{at}.country", party.country or "")]
        fields += [] if party.nationality is None else [(f"parties.{at}.nationality", party.nationality)]
    assessed = assess(whereabouts, shipment.directions, shipment.product.hts_code)
    return assessed, tuple(each for field, text in fields for each in country_warnings(field, text))


def risk_of(tiles: Tiles, countries: CountryPrograms) -> Risk:
    """See the module's table."""
    risks = [_RISKS[tile.status] for _, tile in tiles.named()]
    return max((*risks, _risk_of_countries(countries)), key=_BY_GRAVITY.index)


def _risk_of_countries(countries: CountryPrograms) -> Risk:
    if countries.level == "stop":
        return "high"
    unsure = countries.status == "not_assessed" or countries.has_several_readings
    return "review" if unsure or countries.level == "review" else "low"


def reasons_of(tiles: Tiles, countries: CountryPrograms) -> tuple[TileReason, ...]:
    """Why the risk is not low, the gravest first; country programs before a tile that is as grave."""
    speaking: list[tuple[Risk, list[TileReason]]] = [(_risk_of_countries(countries), list(_of_countries(countries)))]
    for name, tile in tiles.named():
        reasons = [TileReason(reason.code, reason.text, name) for reason in tile.reasons]
        speaking.append((_RISKS[tile.status], reasons))
    speaking = [each for each in speaking if each[0] != "low"]
    speaking.sort(key=lambda each: -_BY_GRAVITY.index(each[0]))
    return tuple(reason for _, reasons in speaking for reason in reasons)


def said_of(tiles: Tiles, countries: CountryPrograms) -> Said:
    """Return the headline of it all and the next step: country programs before a tile that is as grave."""
    speaking = [
        (_risk_of_countries(countries), Said(countries.headline, countries.next_step)),
        *((_RISKS[tile.status], Said(tile.headline, tile.next_step)) for _, tile in tiles.named()),
    ]
    noted = dict.fromkeys(each.country_name for each in countries.programs if each.level == "note")
    return said_of_snapshot(risk_of(tiles, countries), speaking, noted=tuple(noted), not_assessed=len(NOT_ASSESSED))


def _of_countries(countries: CountryPrograms) -> Iterator[TileReason]:
    """One for each row that raises the risk, and one for each place that was not understood, or in several ways."""
    said = dict.fromkeys(_sentence(row) for row in countries.programs if row.level != "note")
    for level, text in said:
        yield TileReason(f"country_{level}", text, "country_programs")
    for place in countries.places:
        what = place.place.replace("_", " ").capitalize() + (f" of {place.party}" if place.party else "")
        if place.status == "not_assessed":
            text = f"{what}: {place.given!r} was not understood; not assessed"
            yield TileReason("country_not_understood", text, "country_programs")
        elif len(place.countries) > 1 and place.place != "address":
            text = f"{what}: {place.given!r} is {' or '.join(map(str, place.countries))}; the stricter counts"
            yield TileReason("country_ambiguous", text, "country_programs")


def _sentence(row: ProgramAtPlace) -> tuple[Level, str]:
    where = f"{row.place.replace('_', ' ')} of {row.party}" if row.party else row.place.replace("_", " ")
    name = f"{row.region}, {row.country_name}" if row.region else row.country_name
    return row.level, f"{name} ({row.country}), {where}: {row.text}. {row.basis} ({row.certainty})"


def missing_sources(tiles: Tiles) -> tuple[ToolName, ...]:
    """The sources that were asked and did not answer; of the screening, for one party at least."""
    tools = {kind.name: kind.tool for kind in KINDS}
    return tuple(tools[name] for name, tile in tiles.named() if _is_missing(tile))


def is_complete(tiles: Tiles) -> bool:
    """Whether every source that was asked answered."""
    return not missing_sources(tiles)


def _is_missing(tile: AnyTile) -> bool:
    if isinstance(tile, ScreeningTile):
        # One party's match outweighs that another was not screened, and does not make up for it.
        return any(party.status == "unavailable" for party in tile.parties)
    return tile.status == "unavailable"
