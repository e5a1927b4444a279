"""What the four tiles of one shipment add up to. Pure.

The risk is that of the gravest tile:

    a tile is `action`                              high
    a source did not answer (`unavailable`)         unknown
    a tile is `attention`                           review
    all are `clear` or `not_applicable`             low

`low` says that nothing adverse was found in what was asked, and nothing more; `not_assessed` names what was not. A
source that is missing never lowers the risk: what another one found stands if it is graver, else it is `unknown`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Literal

from service.concerns import Reason
from service.shipment import Shipment, ToolName
from service.tiles import CBP_RULINGS, HTS_CLASSIFICATION, REFUSAL_HISTORY, SANCTIONS_SCREENING
from service.tiles.hts_classification import HTSClassification
from service.tiles.sanctions_screening import ScreeningTile
from service.tiles.tile import Status, Tile, TileKind, TileName
from tools import hts_origins, refusals_remit, sanctions_lists
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
    "is_complete",
    "missing_sources",
    "reasons_of",
    "risk_of",
]

Risk = Literal["low", "review", "unknown", "high"]
AnyTile = Tile[HTSClassification] | ScreeningTile | Tile[RefusalsResult] | Tile[RulingsResult]

#: Of the tables that tiles are concluded from: the newest one's.
POLICY_VERSION = max(hts_origins.POLICY_VERSION, refusals_remit.POLICY_VERSION, sanctions_lists.POLICY_VERSION)

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
    NotAssessed("forced labour: UFLPA Entity List", "https://www.dhs.gov/uflpa-entity-list"),
    NotAssessed("forced labour: withhold-release orders", "https://www.ecfr.gov/current/title-19/section-12.42"),
    NotAssessed("ownership of and by listed parties", "https://ofac.treasury.gov/faqs/topic/1521"),
    NotAssessed("country embargoes and import bans", "https://ofac.treasury.gov/sanctions-programs-and-country-information"),
    NotAssessed("section 232 metal content", "https://www.ecfr.gov/current/title-15/part-705"),
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
    """A tile's reason, with the tile's name."""

    tile: TileName


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One shipment as the four sources had it when they were asked.

    `asked_at` and `generated_at` are UTC, RFC 3339. `complete`: every source that was asked answered.
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
    reasons: tuple[TileReason, ...]
    not_assessed: tuple[NotAssessed, ...]
    tiles: Tiles
    request_id: str


def risk_of(tiles: Tiles) -> Risk:
    """See the module's table."""
    return max((_RISKS[tile.status] for _, tile in tiles.named()), key=_BY_GRAVITY.index)


def reasons_of(tiles: Tiles) -> tuple[TileReason, ...]:
    """Why the risk is not low, the gravest tiles first."""
    speaking = [(name, tile) for name, tile in tiles.named() if _RISKS[tile.status] != "low"]
    speaking.sort(key=lambda each: -_BY_GRAVITY.index(_RISKS[each[1].status]))
    return tuple(TileReason(reason.code, reason.text, name) for name, tile in speaking for reason in tile.reasons)


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
