"""What somebody is to look at in an answer, in words. Pure. None: nothing adverse in what was asked, and no more."""

from tools.hts import HTSLine, HTSLineResult, HTSSearchResult
from tools.refusals import RefusalsResult
from tools.rulings import Ruling, RulingResult, RulingsResult
from tools.sanctions import SanctionsResult

__all__ = ["concerns"]

_OUTCOMES = {
    "clear": "no outcome but clear, of an answer that is not whole",
    "potential_match": "a potential match; a hit is not an adjudication",
    "match": "a match; a hit is not an adjudication",
}


def concerns(result: object) -> tuple[str, ...]:
    """Each thing to look at in a tool's result. Raises TypeError for a result that is not known."""
    match result:
        case HTSLineResult():
            found = _of_line(result.line)
        case HTSSearchResult():
            found = [] if result.lines else ["no line was found"]
        case SanctionsResult():
            found = [] if result.outcome == "clear" and not result.truncated else [_OUTCOMES[result.outcome]]
        case RefusalsResult():
            found = [f"{result.total} refused lines"] if result.total or result.refusals else []
        case RulingResult():
            found = _of_ruling(result.ruling)
        case RulingsResult():
            found = [each for ruling in result.rulings for each in _of_ruling(ruling)]
        case _:
            raise TypeError(f"{type(result).__name__} is no known result")
    if not isinstance(result, HTSLineResult | RulingResult) and result.truncated:
        found.append(f"not all of it is here: {result.truncated_reason}")
    return tuple(found)


def _of_line(line: HTSLine) -> list[str]:
    found = []
    if not line.fileable:
        found.append(f"{line.code} is a heading, not a line that can be filed")
    if line.rates.general.text is None:
        found.append(f"no general rate is stated: {line.rates.general.reason}")
    if line.additional_duties is not None:
        found.append(f"additional duties are stated: {line.additional_duties}")
    if adding := [each.code for each in line.linked_headings if each.kind == "additional"]:
        found.append(f"may add to the rate: {', '.join(adding)}; there may be others")
    if other := [each.code for each in line.linked_headings if each.kind == "other"]:
        found.append(f"linked, to be read: {', '.join(other)}")
    return found


def _of_ruling(ruling: Ruling) -> list[str]:
    if ruling.status != "no_revocation_recorded":
        return [f"{ruling.number}: {ruling.notice}"]
    return [] if ruling.chain_is_whole else [f"{ruling.number}: what became of it could not be followed to the end"]
