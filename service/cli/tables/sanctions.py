"""A screening: the outcome, the hits, and what the lists ask for."""

from service.cli.tables.countries import countries_part
from service.cli.tables.layout import Cell, Page, bullets, facts, heading, table, word
from service.envelope import SourceBlock
from service.sentences import said_of_screening
from tools.sanctions import SanctionsResult
from tools.sanctions_hits import Hit

__all__ = ["outcome_word", "sanctions_page"]

_FOUND = {"api": "by the agency", "list": "in the list held here", "both": "in the list held here or by the agency"}
_COUNTRIES = {"different": "country differs from the one asked", "unknown": "country not stated on the list"}
_STYLES = {"clear": "green", "potential_match": "yellow", "match": "bold red"}


def outcome_word(outcome: str) -> Cell:
    """An outcome in its color; anything else than the three is none."""
    said = "no listed name" if outcome == "clear" else outcome.replace("_", " ")
    return word(said, _STYLES.get(outcome, "bold yellow"))


def sanctions_page(result: SanctionsResult, source: SourceBlock | None = None) -> Page:
    """The headline and the next step, and every hit with its reason."""
    lists = result.coverage.lists
    said = said_of_screening(result, source)
    countries = result.country_programs
    is_green = countries is None or countries.level not in ("stop", "review")
    style = _STYLES.get(result.outcome, "bold yellow") if is_green or result.hits else ""
    stops = countries is not None and countries.level == "stop"
    # What stops a shipment comes before a name that no list has.
    page: Page = countries_part(countries, ()) if stops else []
    page += [heading(said.headline, style), facts(("Next step", said.next_step))]
    if result.hits:
        page += [
            table(
                ("Score", "Outcome", "List", "Listed as", "Because of"),
                (
                    (f"{hit.score:.2f}", outcome_word(hit.outcome), _list(hit), _listed_as(hit), _because(hit))
                    for hit in result.hits
                ),
                whole=("Score",),
            ),
            heading("What the lists ask for"),
            bullets(dict.fromkeys(f"{_list(hit)}: {_asks(hit)}" for hit in result.hits)),
        ]
    left_out = [
        f"{number} {why}"
        for number, why in ((result.below_threshold, "below it"), (result.of_another_type, "of another type"))
        if number
    ]
    return [
        *page,
        *countries_part(None if stops else countries, result.warnings),
        heading("What the outcome is about"),
        facts(
            ("Lists", f"{', '.join(lists)} ({len(lists)})"),
            ("Threshold", f"{result.threshold:g}"),
            (
                "Entries",
                f"{result.total} found {_FOUND[result.coverage.via]}"
                + (f"; {', '.join(left_out)}" if left_out else ""),
            ),
            ("Not covered", "; ".join(result.coverage.not_covered)),
            *(("Limit", each) for each in result.coverage.limits),
            ("Policy", result.policy_version),
        ),
    ]


def _list(hit: Hit) -> str:
    return hit.list or f"a list unknown to us: {hit.list_name}"


def _listed_as(hit: Hit) -> str:
    said = hit.matched_name if hit.matched_on == "name" else f"{hit.matched_name}, an alias of {hit.name}"
    return f"{said} ({hit.type})" if hit.type else said


def _because(hit: Hit) -> str:
    told: list[str] = [hit.basis]
    if hit.country_agrees in _COUNTRIES:
        told.append(_COUNTRIES[hit.country_agrees])
    if hit.expired:
        told.append(f"ended {hit.end_date}: verify")
    return ", ".join(told)


def _asks(hit: Hit) -> str:
    told = f"{hit.action_details.meaning} {hit.action_details.then}"
    return f"{told} {hit.url}" if hit.url else told
