"""What is to be looked at in a tool's answer. Pure; the tiles and the exit codes of the command line follow it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tools.hts import HTSLine, HTSLineResult, HTSSearchResult
from tools.hts_footnotes import LinkedHeading
from tools.refusals import RefusalsResult
from tools.rulings import Ruling, RulingResult, RulingsResult
from tools.sanctions import SanctionsResult

__all__ = ["Reason", "concerns", "found_something", "of_line", "of_rulings"]

_OUTCOMES = {
    "potential_match": "a potential match; a hit is not an adjudication",
    "match": "a match; a hit is not an adjudication",
}
#: So many of the lines to choose from are named in a sentence; the answer has all of them.
_MOST_CHILDREN = 10


@dataclass(frozen=True, slots=True)
class Reason:
    """Something to look at: `code` for programs, `text` for people."""

    code: str
    text: str


def concerns(result: object) -> tuple[Reason, ...]:
    """Each thing to look at in a tool's result. Raises TypeError for a result that is not known."""
    match result:
        case HTSLineResult():
            found = of_line(result.line)
        case HTSSearchResult():
            found = () if result.lines else (Reason("no_such_line", "no line was found"),)
            found += _of_cut(result)
        case SanctionsResult():
            said = _OUTCOMES.get(result.outcome)
            found = () if said is None else (Reason(result.outcome, said),)
            found += _of_countries(result) + _of_identifiers(result)
            found += _of_cut(result)
        case RefusalsResult():
            some = bool(result.total or result.refusals)
            found = (Reason("refusals", f"{result.total} refused lines"),) if some else ()
            found += _of_cut(result)
        case RulingResult():
            found = tuple(_of_ruling(result.ruling))
        case RulingsResult():
            found = of_rulings(result)
        case _:
            raise TypeError(f"{type(result).__name__} is no known result")
    return found


def found_something(result: object) -> bool:
    """Return whether a look-up found what was asked; a single record that was not found is an error."""
    match result:
        case HTSSearchResult():
            return bool(result.lines)
        case RefusalsResult():
            return bool(result.total or result.refusals)
        case RulingsResult():
            return bool(result.rulings)
        case _:
            return True


def of_line(line: HTSLine, counts: Callable[[LinkedHeading], bool] = lambda _: True) -> tuple[Reason, ...]:
    """Of a tariff line; of its linked headings those that `counts`."""
    return tuple(_of_line(line, counts))


def of_rulings(result: RulingsResult, counts: Callable[[Ruling], bool] = lambda _: True) -> tuple[Reason, ...]:
    """Of a search for rulings: those of the rulings that `counts`, and what the search may have missed."""
    found = tuple(each for ruling in result.rulings if counts(ruling) for each in _of_ruling(ruling))
    if result.may_miss:
        said = "A number of fewer than ten digits finds only letters that write it so: ask for lines of ten digits"
        found += (Reason("short_number", said),)
    return found + _of_cut(result)


#: Of an identifier that was given, and not compared.
_NOT_COMPARED = ("id_in_scientific_notation", "id_not_read")


def _of_countries(result: SanctionsResult) -> tuple[Reason, ...]:
    """A country program that stops or is to be looked at, and a country that is not certain."""
    countries = result.country_programs
    if countries is None:
        return ()
    if countries.level in ("stop", "review"):
        return (Reason(f"country_{countries.level}", countries.headline),)
    if countries.status == "not_assessed":
        return (Reason("country_not_understood", countries.headline),)
    return (Reason("country_ambiguous", countries.headline),) if countries.has_several_readings else ()


def _of_identifiers(result: SanctionsResult) -> tuple[Reason, ...]:
    return tuple(Reason(each.code, each.detail) for each in result.warnings if each.code in _NOT_COMPARED)


def _of_cut(result: HTSSearchResult | SanctionsResult | RefusalsResult | RulingsResult) -> tuple[Reason, ...]:
    if not result.truncated:
        return ()
    return (Reason("truncated", f"not all of it is here: {result.truncated_reason}"),)


def _of_line(line: HTSLine, counts: Callable[[LinkedHeading], bool]) -> Iterator[Reason]:
    if line.reported_with is not None:
        yield Reason("secondary_provision", f"{line.code} is {line.fileable_reason}")
    elif not line.fileable:
        named = ", ".join(each.code for each in line.children[:_MOST_CHILDREN])
        more = len(line.children) - _MOST_CHILDREN
        listed = f": {named}{f' and {more} more' if more > 0 else ''}" if named else ""
        yield Reason("not_a_line", f"Not fileable: {line.fileable_reason}{listed}")
    if line.rates.general.text is None:
        yield Reason("no_stated_rate", f"No general rate is stated: {line.rates.general.reason}")
    if line.additional_duties is not None:
        yield Reason("additional_duties", f"Additional duties are stated: {line.additional_duties}")
    headings = [each for each in line.linked_headings if counts(each) and each.state != "over"]
    if adding := [_with_first_day(each) for each in headings if each.kind == "additional"]:
        yield Reason("may_add", f"May add to the rate: {', '.join(adding)}; the list is not exhaustive")
    # What became of a heading that is gone or of another kind is for a person to read.
    if other := [each.code for each in headings if each.kind == "other"]:
        yield Reason("linked_headings", f"Linked, to be read: {', '.join(other)}")


def _with_first_day(heading: LinkedHeading) -> str:
    if heading.state != "to_come" or heading.window is None:
        return heading.code
    return f"{heading.code} (from {heading.window.starts_on})"


def _of_ruling(ruling: Ruling) -> Iterator[Reason]:
    if ruling.status != "no_revocation_recorded":
        yield Reason(f"ruling_{ruling.status}", f"{ruling.number}: {ruling.notice}")
    elif not ruling.chain_is_whole:
        said = f"{ruling.number}: what became of it could not be followed to the end"
        yield Reason("ruling_not_followed", said)
