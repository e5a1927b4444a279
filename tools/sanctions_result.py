"""What a screening comes to: the outcome, what it rests on, and what it does not cover."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tools.countries.assessment import CountryPrograms, assess_party
from tools.errors import ScriptNotCovered
from tools.input_warnings import InputWarning
from tools.sanctions_hits import Agreement, Hit, Outcome, outcome_of
from tools.sanctions_lists import LISTS, NOT_COVERED, POLICY_VERSION
from tools.sanctions_names import is_in_latin_script
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_scripts import UnreadPart, has_han

__all__ = ["Comparison", "Coverage", "Found", "SanctionsResult", "Way", "compared", "narrowed", "result_of"]

#: By the list held here, by the agency's search, or by both.
Way = Literal["list", "api", "both"]

_TYPES = ("Individual", "Entity", "Vessel", "Aircraft")
# Of hits that are as strong as each other, those whose country agrees come first.
_COUNTRY_ORDER: Mapping[Agreement | None, int] = {"same": 0, "unknown": 1, None: 2, "different": 3}
_SCRIPT_LIMIT = (
    "the lists are written in Latin letters for the most part, and the asked name is not: ask for both forms"
)
_IDS_LIMIT = (
    "identifiers are compared with the entries that the name finds; the agency's search cannot look for an identifier"
)
_HAN_LIMIT = (
    "Han characters are read as Chinese (Mandarin, without tones): Japanese, Korean, Cantonese and other readings of "
    "them are not compared"
)


@dataclass(slots=True, kw_only=True)
class Found:
    """What one way found: `hits`, and counts of the entries that are none; `limits` of that way, in words.

    `truncated_reason` says why not all could be read (None: they were); `total` counts what was found in all.
    `not_held` are asked lists of which the file held here has no entry.
    """

    hits: list[Hit]
    threshold: float
    total: int
    below_threshold: int
    of_another_type: int
    truncated_reason: str | None
    limits: tuple[str, ...]
    not_held: tuple[str, ...] = ()


@dataclass(slots=True)
class Coverage:
    """What the outcome is about: the `lists` that were asked and could be, what is `not_covered`, and by which way."""

    lists: tuple[str, ...]
    not_covered: tuple[str, ...]
    limits: tuple[str, ...]
    via: Way


@dataclass(slots=True, kw_only=True)
class Comparison:
    """The list held here beside the agency's search: whether they `agree`, and the hits that only one of them has.

    The hits are named by list and name. An outcome is `not_screened` where a part of the name is not read, and what
    could be read is no hit of that way.
    """

    agree: bool
    list_outcome: Outcome | Literal["not_screened"]
    api_outcome: Outcome | Literal["not_screened"]
    only_list: tuple[str, ...]
    only_api: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class SanctionsResult:
    """The outcome, and what it rests on.

    `total` counts the entries that were found; those that are no `hits` are counted in `below_threshold` or
    `of_another_type`. `truncated` says that not all of them could be read; such an answer is never `clear`.
    `comparison` is there when both ways were asked. `country_programs` stands beside the outcome
    and never changes it (None: no country was asked). `warnings` name the details of the question that were not read.
    """

    outcome: Outcome
    threshold: float
    algorithm: str
    hits: tuple[Hit, ...]
    total: int
    below_threshold: int
    of_another_type: int
    truncated: bool
    truncated_reason: str | None
    coverage: Coverage
    comparison: Comparison | None = None
    country_programs: CountryPrograms | None = None
    warnings: tuple[InputWarning, ...] = ()
    policy_version: str = POLICY_VERSION


def narrowed(query: SanctionsQuery, hits: Sequence[Hit]) -> tuple[list[Hit], int]:
    """Those of `hits` that are of the asked type, and how many others there are.

    Only a type that we know can differ: what the agency may call it next is not told. An equal identifier tells more
    than a type.
    """
    asked = query.entry_type
    if asked is None:
        return list(hits), 0
    kept = [hit for hit in hits if not _is_of_another_type(asked, hit)]
    return kept, len(hits) - len(kept)


def _outcome(query: SanctionsQuery, hits: Sequence[Hit]) -> Outcome | Literal["not_screened"]:
    """What the hits add up to; what was not read bars a clear, whatever else was."""
    outcome = outcome_of(hits)
    return "not_screened" if outcome == "clear" and query.unread else outcome


def result_of(query: SanctionsQuery, found: Found, via: Way, comparison: Comparison | None = None) -> SanctionsResult:
    """Return the result of what was found.

    Raises ScriptNotCovered when nothing was, and a part of the name is in a script that is not read.
    """
    outcome = _outcome(query, found.hits)
    if outcome == "not_screened":
        raise ScriptNotCovered(
            f"{_said_of(query.unread)}: enter the Latin spelling, as in the passport or the register",
            parts=tuple([(part.text, part.script) for part in query.unread]),
            country_programs=assess_party(query.country, query.nationality, query.address),
        )
    return SanctionsResult(
        outcome=outcome,
        threshold=found.threshold,
        algorithm=query.algorithm if via != "api" else "agency",
        hits=tuple(sorted(found.hits, key=_first_things_first)),
        total=found.total,
        below_threshold=found.below_threshold,
        of_another_type=found.of_another_type,
        truncated=found.truncated_reason is not None,
        truncated_reason=found.truncated_reason,
        coverage=_coverage(query, found, via),
        comparison=comparison,
        country_programs=assess_party(query.country, query.nationality, query.address),
        warnings=query.warnings,
    )


def compared(query: SanctionsQuery, held: Found, agency: Found) -> tuple[Found, Comparison]:
    """Both ways together: every hit that one of them has, those of the list first, and where they differ."""
    ours, theirs = ({_name_of(hit): hit for hit in found.hits} for found in (held, agency))
    more = [hit for name, hit in theirs.items() if name not in ours]
    outcomes = _outcome(query, held.hits), _outcome(query, agency.hits)
    only_list = tuple(name for name in ours if name not in theirs)
    comparison = Comparison(
        agree=outcomes[0] == outcomes[1] and not more and not only_list,
        list_outcome=outcomes[0],
        api_outcome=outcomes[1],
        only_list=only_list,
        only_api=tuple(name for name in theirs if name not in ours),
    )
    both = Found(
        hits=[*held.hits, *more],
        threshold=held.threshold,
        total=held.total + len(more),
        below_threshold=held.below_threshold,
        of_another_type=held.of_another_type,
        truncated_reason=held.truncated_reason or agency.truncated_reason,
        limits=held.limits,
        not_held=held.not_held,
    )
    return both, comparison


def _name_of(hit: Hit) -> str:
    # The agency's ids differ between its search and its file.
    return f"{hit.list or hit.list_name}: {hit.name}"


def _is_of_another_type(asked: str, hit: Hit) -> bool:
    stated = (hit.type or "").capitalize()
    return stated in _TYPES and stated != asked and hit.basis != "id"


def _first_things_first(hit: Hit) -> tuple[bool, float, int, str]:
    return (hit.outcome != "match", -hit.score, _COUNTRY_ORDER[hit.country_agrees], hit.name)


def _said_of(unread: Sequence[UnreadPart]) -> str:
    by_script: dict[str, list[str]] = {}
    for part in unread:
        by_script.setdefault(part.script, []).append(part.text)
    return "; ".join([f"{_is_not_read(script)} ({', '.join(texts)})" for script, texts in by_script.items()])


def _is_not_read(script: str) -> str:
    return f"{script} {'is' if script.endswith(('script', 'kana')) else 'are'} not read"


def _coverage(query: SanctionsQuery, found: Found, via: Way) -> Coverage:
    told = list(found.limits)
    if not is_in_latin_script(query.name):
        told.append(_SCRIPT_LIMIT)
        if has_han(query.name):
            told.append(_HAN_LIMIT)
        if query.unread:
            told.append(f"{_said_of(query.unread)}: the hits rest on the other parts of the name")
    if via == "api" and query.all_ids:
        told.append(_IDS_LIMIT)
    if query.entry_type is not None:
        told.append(f"entries that the agency says are no {query.entry_type} were left out")
    not_asked = [] if query.sources is None else [f"{code} (not asked)" for code in LISTS if code not in query.sources]
    not_held = [f"{code} (not in the file held)" for code in found.not_held]
    return Coverage(
        lists=tuple([code for code in query.lists if code not in found.not_held]),
        not_covered=(*not_held, *not_asked, *NOT_COVERED),
        limits=tuple(told),
        via=via,
    )
