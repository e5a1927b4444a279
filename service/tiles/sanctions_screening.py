"""The screening tile: each party on its own, against every list. A hit is never an adjudication."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from service.concerns import Reason
from service.envelope import SourceBlock, source_block
from service.errors import Fault
from service.sentences import Said, said_of_fault, said_of_parties, said_of_screening
from service.shipment import Direction, Party, Role, Shipment
from service.tiles.tile import (
    Evaluation,
    Outcome,
    Status,
    TileKind,
    is_sample_data,
    not_answered,
    worst,
)
from tools.errors import ScriptNotCovered
from tools.exchange import Answer
from tools.sanctions import SanctionsResult
from tools.sanctions_hits import Hit

__all__ = ["SANCTIONS_SCREENING", "PartyScreening", "ScreeningTile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyScreening:
    """One party's screening. `id` is the record's own; `ref` is the caller's.

    `outcome` is `not_screened` when there is no `result`; then nothing was compared.
    """

    id: str
    name: str
    role: Role
    country: str | None
    ref: str | None
    status: Status
    headline: str
    reasons: tuple[Reason, ...]
    next_step: str | None
    outcome: Literal["clear", "potential_match", "match", "not_screened"]
    result: SanctionsResult | None = None
    source: SourceBlock | None = None
    error: Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningTile:
    """All parties: the gravest of their statuses, their reasons together, and each by itself."""

    status: Status
    headline: str
    reasons: tuple[Reason, ...]
    next_step: str | None
    parties: tuple[PartyScreening, ...]


#: What of a party is asked beside its name.
_DETAILS = ("country", "nationality", "address")


def _questions(shipment: Shipment, _: Evaluation) -> Sequence[Mapping[str, Any]]:
    return tuple(
        {"name": party.name, **{key: value for key in _DETAILS if (value := getattr(party, key)) is not None}}
        for party in shipment.parties
    )


def _conclude(shipment: Shipment, outcomes: Sequence[Outcome], evaluation: Evaluation) -> ScreeningTile:
    parties = tuple(
        _screening(party, outcome, shipment.direction, evaluation)
        for party, outcome in zip(shipment.parties, outcomes, strict=True)
    )
    said = said_of_parties([(each.outcome, Said(each.headline, each.next_step)) for each in parties])
    return ScreeningTile(
        status=worst([each.status for each in parties]),
        headline=said.headline,
        next_step=said.next_step,
        reasons=tuple(
            Reason(reason.code, f"{each.name}: {reason.text}") for each in parties for reason in each.reasons
        ),
        parties=parties,
    )


def _screening(party: Party, outcome: Outcome, direction: Direction | None, evaluation: Evaluation) -> PartyScreening:
    told: dict[str, Any] = {
        "id": evaluation.new_id(is_sample_data(outcome)),
        "name": party.name,
        "role": party.role,
        "country": party.country,
        "ref": party.ref,
    }
    if not isinstance(outcome, Answer):
        fault, reason = not_answered(outcome)
        said = said_of_fault(fault)
        if isinstance(outcome, ScriptNotCovered):
            # The agency, or the list, did answer; asking again helps no one.
            reason = Reason(fault.code, f"Not screened: {fault.detail}")
        return PartyScreening(
            status="unavailable",
            headline=said.headline,
            reasons=(reason,),
            next_step=said.next_step,
            outcome="not_screened",
            error=fault,
            **told,
        )
    # The snapshot has a block of its own, by the direction of the shipment.
    result: SanctionsResult = replace(outcome.result, country_programs=None)
    reasons = _reasons(result, direction)
    source = source_block(outcome.source, evaluation.at)
    said = said_of_screening(result, source)
    return PartyScreening(
        status=worst(["clear", *(status for status, _ in reasons)]),
        headline=said.headline,
        reasons=tuple(reason for _, reason in reasons),
        next_step=said.next_step,
        outcome=result.outcome,
        result=result,
        source=source,
        **told,
    )


def _reasons(result: SanctionsResult, direction: Direction | None) -> list[tuple[Status, Reason]]:
    """Every list with a hit, the gravest hit of each, and how much that weighs."""
    by_list: dict[str, Hit] = {}
    for hit in result.hits:  # the gravest come first
        by_list.setdefault(hit.list_name, hit)
    reasons: list[tuple[Status, Reason]] = [
        (_weight(hit, direction), Reason(hit.outcome, _words(hit, direction))) for hit in by_list.values()
    ]
    if result.truncated:
        reasons.append(("attention", Reason("truncated", f"Not all entries could be read: {result.truncated_reason}")))
    return reasons


def _weight(hit: Hit, direction: Direction | None) -> Status:
    """A match stops the shipment if its list, or one that we do not know, is about such a trade."""
    return "action" if hit.outcome == "match" and _concerns(hit, direction) else "attention"


def _concerns(hit: Hit, direction: Direction | None) -> bool:
    """Whether the list is about such trade; of a shipment with neither end in the United States, about any."""
    # A list that is about other trade does not bar this one by itself; its hit is shown all the same.
    if direction == "import":
        return hit.action_details.about_imports not in ("no", "rarely")
    return hit.action_details.direction != "securities"


def _words(hit: Hit, direction: Direction | None) -> str:
    kind = "match" if hit.outcome == "match" else "potential match"
    ended = ", whose end date is over" if hit.expired else ""
    about = "" if _concerns(hit, direction) else f" (about {hit.action_details.direction})"
    return f"{kind} with {hit.matched_name}{ended} on {hit.list_name}{about}: {hit.action_details.meaning}"


SANCTIONS_SCREENING: TileKind[ScreeningTile] = TileKind("sanctions_screening", "sanctions", _questions, _conclude)
