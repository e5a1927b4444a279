"""The rulings tile: letters about the tariff number. They are guidance, not authority for one's own goods."""

from collections.abc import Mapping, Sequence
from typing import Any

from service.concerns import of_rulings
from service.envelope import source_block
from service.sentences import headline, said_of_reasons
from service.shipment import Shipment
from service.tiles.tile import Evaluation, Outcome, Tile, TileKind, unanswered
from tools.exchange import Answer
from tools.rulings import Ruling, RulingsResult
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["CBP_RULINGS"]

_SHOWN = 100


def _questions(shipment: Shipment, _: Evaluation) -> Sequence[Mapping[str, Any]]:
    return ({"hts": shipment.product.hts_code, "limit": _SHOWN},)


def _conclude(shipment: Shipment, outcomes: Sequence[Outcome], evaluation: Evaluation) -> Tile[RulingsResult]:
    (outcome,) = outcomes
    if not isinstance(outcome, Answer):
        return unanswered(outcome, "Rulings")
    found: RulingsResult = outcome.result
    reasons = of_rulings(found, _decides)
    return Tile(
        status="attention" if reasons else "clear",
        headline=_headline(found, shipment, sandbox=outcome.source.sandbox),
        reasons=reasons,
        next_step=said_of_reasons(each.code for each in reasons),
        result=found,
        source=source_block(outcome.source, evaluation.at),
    )


def _decides(ruling: Ruling) -> bool:
    """One that only mentions the number decides nothing about it."""
    return ruling.decides_hts is not False


def _headline(found: RulingsResult, shipment: Shipment, *, sandbox: bool) -> str:
    printed = as_the_schedule_prints(shipment.product.hts_code)
    if not found.rulings:
        where = " in the sample data" if sandbox else ""
        return headline(f"No letter that writes {printed} was found{where}")
    deciding = [ruling for ruling in found.rulings if _decides(ruling)]
    adverse = sum(ruling.status != "no_revocation_recorded" for ruling in deciding)
    adverse_too = f", {adverse} not standing as written" if adverse else ""
    return headline(f"{printed}: {found.total} rulings mention it, {len(deciding)} read decide it{adverse_too}")


CBP_RULINGS: TileKind[Tile[RulingsResult]] = TileKind("cbp_rulings", "rulings", _questions, _conclude)
