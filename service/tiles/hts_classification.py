"""The tariff tile: the line, the rates on it, and the headings that may add to them. No total is ever computed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from service.concerns import Reason, of_line
from service.envelope import source_block
from service.sentences import headline, said_of_reasons
from service.shipment import Shipment
from service.tiles.tile import Evaluation, Outcome, Tile, TileKind, not_answered, unanswered
from tools.countries import read_country
from tools.countries.programs import is_embargoed
from tools.errors import NotFound
from tools.exchange import Answer
from tools.hts import HTSLine, HTSLineResult
from tools.hts_footnotes import LinkedHeading
from tools.hts_origins import (
    COLUMN_2_ORIGINS,
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
    origins that it applies to. `over` are the linked headings whose last day has passed; the other three hold none of
    them. `exhaustive` is about the linked headings, and always false: most country-wide duties and section 232 duties
    have no footnote.
    """

    general: Rate
    programmes: tuple[PrintedProgramme, ...]
    column_2: Rate | None
    may_add: tuple[HeadingForOrigin, ...]
    may_exclude: tuple[HeadingForOrigin, ...]
    other_headings: tuple[HeadingForOrigin, ...]
    over: tuple[HeadingForOrigin, ...] = ()
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
            status="attention",
            headline=headline(f"{'The sample data' if outcome.sandbox else 'The schedule'} has no {printed}"),
            reasons=(told,),
            next_step=said_of_reasons([told.code]),
            error=fault,
        )
    if not isinstance(outcome, Answer):
        return unanswered(outcome, "Tariff line")
    found: HTSLineResult = outcome.result
    rates = _rates(found.line, shipment.lane.origin_codes) if shipment.direction == "import" else None
    reasons = tuple(_reasons(found.line, rates, shipment))
    return Tile(
        status="attention" if reasons else "clear",
        headline=_headline(found.line, rates),
        reasons=reasons,
        next_step=said_of_reasons(each.code for each in reasons),
        result=HTSClassification(found.line, rates),
        source=source_block(outcome.source, evaluation.at),
    )


def _rates(line: HTSLine, origins: Sequence[str]) -> RatesOnThisLine:
    """What the line prints for `origins`, the readings of one origin: programs are named for a certain one alone."""
    headings = [_for_origin(each, origins) for each in line.linked_headings]
    return RatesOnThisLine(
        general=line.rates.general,
        programmes=programmes_for(origins[0], line.rates.special.text) if len(origins) == 1 else (),
        column_2=line.rates.other if COLUMN_2_ORIGINS.intersection(origins) else None,
        may_add=_still(headings, "additional"),
        may_exclude=_still(headings, "exclusion"),
        other_headings=_still(headings, "other"),
        over=tuple(each for each in headings if each.heading.state == "over"),
    )


def _still(
    headings: Sequence[HeadingForOrigin], kind: Literal["additional", "exclusion", "other"]
) -> tuple[HeadingForOrigin, ...]:
    """Those of the `kind` that are not over."""
    return tuple(each for each in headings if each.heading.kind == kind and each.heading.state != "over")


def _for_origin(heading: LinkedHeading, origins: Sequence[str]) -> HeadingForOrigin:
    named = origin_named_in([*heading.path, heading.text or ""])
    unsure = named is None or not origins or (named in origins and len(origins) > 1)
    return HeadingForOrigin(
        heading=heading, names_origin=named, is_about_this_origin=None if unsure else named in origins
    )


def _reasons(line: HTSLine, rates: RatesOnThisLine | None, shipment: Shipment) -> Iterator[Reason]:
    place = shipment.lane.origin if rates is not None else shipment.lane.destination
    if any(map(is_embargoed, read_country(place or "").codes)):
        yield Reason("embargoed_country", f"Trade in goods with {place} is embargoed: a rate is not a permission")
    if rates is None:
        # Duties are of imports alone; whether it can be filed at all is of both.
        yield from (each for each in of_line(line) if each.code in ("not_a_line", "secondary_provision"))
        return
    if len(shipment.lane.origin_codes) != 1:
        yield Reason(
            "origin_uncertain", f"The origin {place or ''!r} is not one country: rates are not those of an origin"
        )
    if rates.column_2 is not None:
        yield Reason("column_2", f"Column 2 applies to goods of {place}: {_words(rates.column_2)}")
    elsewhere = {each.heading for each in _all(rates) if each.is_about_this_origin is False}
    for each in of_line(line, lambda heading: heading not in elsewhere):
        if each.code != "no_stated_rate" or rates.column_2 is None:
            yield each


def _all(rates: RatesOnThisLine) -> tuple[HeadingForOrigin, ...]:
    return rates.may_add + rates.may_exclude + rates.other_headings + rates.over


def _words(rate: Rate) -> str:
    return rate.text if rate.text is not None else f"not stated: {rate.reason}"


def _headline(line: HTSLine, rates: RatesOnThisLine | None) -> str:
    if rates is None:
        return headline(f"{line.code} is in the schedule: {line.description}")
    told = f"column 2 {_words(rates.column_2)}" if rates.column_2 else f"general rate {_words(rates.general)}"
    adding = sum(each.is_about_this_origin is not False for each in rates.may_add)
    more = f"; {adding} heading{'s' if adding > 1 else ''} may add" if adding else ""
    filed = "" if line.fileable else " (not fileable)"
    return headline(f"{line.code}{filed}: {told}{more}")


HTS_CLASSIFICATION: TileKind[Tile[HTSClassification]] = TileKind("hts_classification", "hts", _questions, _conclude)
