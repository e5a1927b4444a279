"""The rulings tile: letters about the tariff number. They are guidance, not authority for one's own goods."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.envelope import source_block
from service.shipment import Shipment
from service.tiles.tile import Evaluation, Outcome, Reason, Tile, TileKind, headline, not_answered
from tools.exchange import Answer
from tools.rulings import Ruling, RulingsResult
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["CBP_RULINGS"]

_SHOWN = 25


def _questions(shipment: Shipment, _: Evaluation) -> Sequence[Mapping[str, Any]]:
    return ({"hts": shipment.product.hts_code, "limit": _SHOWN},)


def _conclude(shipment: Shipment, outcomes: Sequence[Outcome], evaluation: Evaluation) -> Tile[RulingsResult]:
    (outcome,) = outcomes
    if not isinstance(outcome, Answer):
        fault, reason = not_answered(outcome)
        return Tile(status="unavailable", headline="Rulings: not answered", reasons=(reason,), error=fault)
    found: RulingsResult = outcome.result
    reasons = tuple(
        Reason(f"ruling_{ruling.status}", f"{ruling.number}: {ruling.notice}")
        for ruling in found.rulings
        if _is_adverse(ruling)
    )
    return Tile(
        status="attention" if reasons else "clear",
        headline=_headline(found, shipment, len(reasons)),
        reasons=reasons,
        result=found,
        source=source_block(outcome.source, evaluation.at),
    )


def _is_adverse(ruling: Ruling) -> bool:
    """A ruling on this very number that does not stand, or may not. One that only mentions the number decides none."""
    return ruling.decides_hts is not False and ruling.status != "no_revocation_recorded"


def _headline(found: RulingsResult, shipment: Shipment, adverse: int) -> str:
    printed = as_the_schedule_prints(shipment.product.hts_code)
    if not found.rulings:
        return headline(f"No ruling mentions {printed}")
    deciding = sum(ruling.decides_hts is not False for ruling in found.rulings)
    adverse_too = f", {adverse} not standing as written" if adverse else ""
    return headline(f"{printed}: {found.total} rulings mention it, {deciding} read decide it{adverse_too}")


CBP_RULINGS: TileKind[Tile[RulingsResult]] = TileKind("cbp_rulings", "rulings", _questions, _conclude)
