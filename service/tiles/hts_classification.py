"""The tariff tile: the line, the rates on it, and the headings that may add to them. No total is ever computed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from service.envelope import source_block
from service.shipment import Shipment
from service.tiles.tile import Evaluation, Outcome, Reason, Tile, TileKind, headline, not_answered
from tools.errors import NotFound
from tools.exchange import Answer
from tools.hts import HTSLine, HTSLineResult
from tools.hts_footnotes import LinkedHeading
from tools.hts_origins import (
    COLUMN_2_ORIGINS,
    EMBARGOED_ORIGINS,
    PrintedProgramme,
    origin_named_in,
    programmes_for,
)
from tools.hts_schedule import Rate
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["HTS_CLASSIFICATION", "HTSClassification", "HeadingForOrigin", "RatesOnThisLine"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadingForOrigin:
    """A linked chapter 98 or 99 heading; whether it applies is for a person to decide.

    `names_origin` is the one country whose products its text says that it is about; `is_about_this_origin` is null when
    it names none, or none that we are sure of.
    """

    heading: LinkedHeading
    names_origin: str | None
    is_about_this_origin: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RatesOnThisLine:
    """What the line prints for goods of one origin.

    `programmes` are those printed that list the origin, or may; eligibility is not determined. `column_2` is there for
    origins that it applies to. `exhaustive` is about the linked headings, and always false: most country-wide and
    section 232 duties have no footnote.
    """

    general: Rate
    programmes: tuple[PrintedProgramme, ...]
    column_2: Rate | None
    may_add: tuple[HeadingForOrigin, ...]
    may_exclude: tuple[HeadingForOrigin, ...]
    other_headings: tuple[HeadingForOrigin, ...]
    exhaustive: Literal[False] = False


@dataclass(frozen=True, slots=True)
class HTSClassification:
    """The line; and for an import, the rates on it."""

    line: HTSLine
    rates_on_this_line: RatesOnThisLine | None


def _questions(shipment: Shipment, _: Evaluation) -> Sequence[Mapping[str, Any]]:
    return ({"code": shipment.product.hts_code},)


def _conclude(shipment: Shipment, outcomes: Sequence[Outcome], evaluation: Evaluation) -> Tile[HTSClassification]:
    (outcome,) = outcomes
    if isinstance(outcome, NotFound):
        fault, _ = not_answered(outcome)
        printed = as_the_schedule_prints(shipment.product.hts_code)
        told = Reason("no_such_line", str(outcome))
        return Tile(
            status="attention", headline=headline(f"The schedule has no {printed}"), reasons=(told,), error=fault
        )
    if not isinstance(outcome, Answer):
        fault, reason = not_answered(outcome)
        return Tile(status="unavailable", headline="Tariff line: not answered", reasons=(reason,), error=fault)
    found: HTSLineResult = outcome.result
    rates = _rates(found.line, shipment.lane.origin) if shipment.direction == "import" else None
    reasons = tuple(_reasons(found.line, rates, shipment.lane.origin))
    return Tile(
        status="attention" if reasons else "clear",
        headline=_headline(found.line, rates),
        reasons=reasons,
        result=HTSClassification(found.line, rates),
        source=source_block(outcome.source, evaluation.at),
    )


def _rates(line: HTSLine, origin: str) -> RatesOnThisLine:
    headings = [_for_origin(each, origin) for each in line.linked_headings]
    return RatesOnThisLine(
        general=line.rates.general,
        programmes=programmes_for(origin, line.rates.special.text),
        column_2=line.rates.other if origin in COLUMN_2_ORIGINS else None,
        may_add=tuple(each for each in headings if each.heading.kind == "additional"),
        may_exclude=tuple(each for each in headings if each.heading.kind == "exclusion"),
        other_headings=tuple(each for each in headings if each.heading.kind == "other"),
    )


def _for_origin(heading: LinkedHeading, origin: str) -> HeadingForOrigin:
    named = origin_named_in([*heading.path, heading.text or ""])
    return HeadingForOrigin(
        heading=heading, names_origin=named, is_about_this_origin=None if named is None else named == origin
    )


def _reasons(line: HTSLine, rates: RatesOnThisLine | None, origin: str) -> list[Reason]:
    reasons = []
    if not line.fileable:
        reasons.append(Reason("not_a_line", f"{line.code} is a heading, not a line that can be filed"))
    if rates is None:
        return reasons
    if origin in EMBARGOED_ORIGINS:
        reasons.append(Reason("embargoed_origin", f"Goods of {origin} are embargoed: a rate is not a permission"))
    if rates.column_2 is not None:
        reasons.append(Reason("column_2", f"Column 2 applies to goods of {origin}: {_words(rates.column_2)}"))
    elif rates.general.text is None:
        reasons.append(Reason("no_stated_rate", f"No general rate is stated: {rates.general.reason}"))
    if adding := [each.heading.code for each in rates.may_add if each.is_about_this_origin is not False]:
        reasons.append(Reason("may_add", f"May add to the rate: {', '.join(adding)}; the list is not exhaustive"))
    # What became of a heading that is gone or of another kind is for a person to read.
    if other := [each.heading.code for each in rates.other_headings if each.is_about_this_origin is not False]:
        reasons.append(Reason("linked_headings", f"Linked, to be read: {', '.join(other)}"))
    return reasons


def _words(rate: Rate) -> str:
    return rate.text if rate.text is not None else f"not stated: {rate.reason}"


def _headline(line: HTSLine, rates: RatesOnThisLine | None) -> str:
    if rates is None:
        return headline(f"{line.code} is in the schedule: {line.description}")
    told = f"column 2 {_words(rates.column_2)}" if rates.column_2 else f"general rate {_words(rates.general)}"
    adding = sum(each.is_about_this_origin is not False for each in rates.may_add)
    more = f"; {adding} heading{'s' if adding > 1 else ''} may add" if adding else ""
    return headline(f"{line.code}: {told}{more}")


HTS_CLASSIFICATION: TileKind[Tile[HTSClassification]] = TileKind("hts_classification", "hts", _questions, _conclude)
