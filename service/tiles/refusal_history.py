"""The refusals tile: what FDA refused from the country of origin lately. A history alone never stops a shipment."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from service.concerns import Reason
from service.envelope import source_block
from service.sentences import headline, said_of_reasons
from service.shipment import Shipment
from service.tiles.tile import Evaluation, Outcome, Tile, TileKind, unanswered
from tools.exchange import Answer
from tools.refusals import RefusalsResult
from tools.refusals_remit import outside_remit

__all__ = ["REFUSAL_HISTORY"]

_LOOKS_BACK = timedelta(days=730)
_SHOWN = 25


def _questions(shipment: Shipment, evaluation: Evaluation) -> Sequence[Mapping[str, Any]]:
    if _not_asked_because(shipment) is not None or not _origin_is_certain(shipment):
        return ()
    since = (evaluation.at - _LOOKS_BACK).date()
    asked = {"country": shipment.lane.origin_codes[0], "since": since.isoformat(), "limit": _SHOWN}
    code = shipment.product.fda_product_code
    return (asked if code is None else {**asked, "product": code},)


def _not_asked_because(shipment: Shipment) -> str | None:
    if shipment.direction != "import":
        return "refusals are of goods that come into the United States"
    if shipment.product.fda_product_code is not None:
        return None
    outside = outside_remit(shipment.product.hts_code)
    if outside is None:
        return None
    return f"{outside.goods} (headings {outside.first} to {outside.last}) are outside FDA's competence"


def _origin_is_certain(shipment: Shipment) -> bool:
    return len(shipment.lane.origin_codes) == 1


def _conclude(shipment: Shipment, outcomes: Sequence[Outcome], evaluation: Evaluation) -> Tile[RefusalsResult]:
    reason = _not_asked_because(shipment)
    if reason is not None:
        return Tile(
            status="not_applicable",
            headline="Not asked: not about such a shipment",
            reasons=(Reason("not_applicable", f"Not asked: {reason}"),),
        )
    if not _origin_is_certain(shipment):
        said = f"Not asked: the origin {shipment.lane.origin!r} is not one country"
        return Tile(
            status="attention",
            headline="Not asked: the origin is not one country",
            reasons=(Reason("origin_uncertain", said),),
        )
    (outcome,) = outcomes
    if not isinstance(outcome, Answer):
        return unanswered(outcome, "Refusals")
    found: RefusalsResult = outcome.result
    reasons = _reasons(found, shipment)
    return Tile(
        status="attention" if reasons else "clear",
        headline=_headline(found, shipment),
        reasons=reasons,
        next_step=said_of_reasons(each.code for each in reasons),
        result=found,
        source=source_block(outcome.source, evaluation.at),
    )


def _reasons(found: RefusalsResult, shipment: Shipment) -> tuple[Reason, ...]:
    if found.total == 0 and not found.truncated:
        return ()
    charges = ", ".join(f"{each.code or each.id} ({each.count})" for each in found.by_charge[:3])
    most = f", mostly {charges}" if charges else ""
    narrower = "" if shipment.product.fda_product_code else "; all goods: fda_product_code narrows them"
    return (Reason("refusals", f"{found.total} refused lines from {shipment.lane.origin}{most}{narrower}"),)


def _headline(found: RefusalsResult, shipment: Shipment) -> str:
    code = shipment.product.fda_product_code
    what = f"lines of {code}" if code else "lines of any goods"
    number = found.total or "No"
    return headline(f"{number} {what} from {shipment.lane.origin} refused in two years")


REFUSAL_HISTORY: TileKind[Tile[RefusalsResult]] = TileKind("refusal_history", "refusals", _questions, _conclude)
