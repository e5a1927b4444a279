"""What people read first: a headline, and the next step. Pure; the page, print, REST and the command line say the same.

The machine words stay what they are (`outcome: clear`). No sentence says that a party is clear, safe or not listed: a
screening claims that no listed name reached a score, on some lists, as they were published at some time. A hit says
what of it equals what was asked, and is never an adjudication.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from service.envelope import SourceBlock
from service.errors import Fault
from tools.sanctions import SanctionsResult
from tools.sanctions_hits import Hit

__all__ = [
    "HEADLINE_CHARACTERS",
    "NOTHING_SAID_AGAINST",
    "Said",
    "headline",
    "said_of_fault",
    "said_of_parties",
    "said_of_reasons",
    "said_of_screening",
    "said_of_snapshot",
]

HEADLINE_CHARACTERS = 80

NOTHING_SAID_AGAINST = "Nothing adverse in what was asked"
_ENDS_OF_A_SCREENING = "Check ownership and end use."
_HOLD = "Hold; compare birth date and address."
_STOP = "Stop; escalate."
_RETRY = "Retry; do not ship."

#: The next step after a fault, by its code; a screening's is not to ship before there is one.
_AFTER_FAULT = {
    "not_configured": "Set the key; do not ship.",
    "script_not_covered": "Enter the passport's Latin spelling.",
    "provider_rejected": "Check the key and the address; do not ship.",
    "not_screened": "Give more of the name; do not ship.",
}
#: The next step after a reason, by its code.
_AFTER_REASON = {
    "no_such_line": "Check the number in the schedule.",
    "not_a_line": "Choose a line of ten digits.",
    "secondary_provision": "Give the ten digits of the goods.",
    "no_stated_rate": "Read the provision.",
    "column_2": "Check that the goods may be imported at all.",
    "origin_uncertain": "Name one country of origin.",
    "additional_duties": "Read the duties stated.",
    "may_add": "Read the headings linked.",
    "linked_headings": "Read the headings linked.",
    "refusals": "Read the charges, and the import alerts.",
    "short_number": "Ask for lines of ten digits.",
    "truncated": "Ask for less at a time.",
    "ruling_revoked": "Read what replaced it.",
    "ruling_operationally_revoked": "Read what replaced it.",
    "ruling_modified": "Read what modified it.",
    "ruling_unknown": "Read the ruling at the agency.",
    "ruling_not_followed": "Read the ruling at the agency.",
}
#: How many parties are what; of one, of several.
_COUNTED = {
    "match": ("equals a listed name", "equal a listed name"),
    "potential_match": ("possible match", "possible matches"),
    "not_screened": ("not screened", "not screened"),
    "clear": ("without a listed name", "without a listed name"),
}
#: Letters whose names begin with a vowel: an SDN entry, a DPL entry.
_VOWELS = frozenset("AEFHILMNORSX")


@dataclass(frozen=True, slots=True)
class Said:
    """A headline, in as many characters as one has, and what to do next (None: nothing follows from it)."""

    headline: str
    next_step: str | None


def headline(text: str) -> str:
    """Return `text` in as many characters as a headline has."""
    return text if len(text) <= HEADLINE_CHARACTERS else f"{text[: HEADLINE_CHARACTERS - 1].rstrip()}…"


def said_of_screening(result: SanctionsResult, source: SourceBlock | None) -> Said:
    """Return what one party's screening claims, and what follows."""
    matches = [hit for hit in result.hits if hit.outcome == "match"]
    if matches:
        return Said(headline(f"{_equals(matches)}; identity unconfirmed."), _STOP)
    if result.hits:
        highest = max(hit.score for hit in result.hits)
        entries = "1 entry" if len(result.hits) == 1 else f"{len(result.hits)} entries"
        return Said(f"Possible match: {entries}, highest {highest:.2f}.", _HOLD)
    if result.truncated:
        return Said(headline(f"Not all entries were read: {result.truncated_reason}."), "Give more of the name.")
    lists = len(result.coverage.lists)
    countries = result.country_programs
    step = _ENDS_OF_A_SCREENING
    # It never changes the outcome; what to do next it does.
    if countries is not None and countries.level in ("stop", "review"):
        step = countries.next_step
    on = f"{lists} list{'' if lists == 1 else 's'}, {_as_of(source)}"
    return Said(headline(f"No listed name at or above {result.threshold:.2f}; {on}."), step)


def said_of_fault(fault: Fault) -> Said:
    """Return why a party was not screened, and what follows."""
    step = _RETRY if fault.retryable else _AFTER_FAULT.get(fault.code, "Do not ship; read why.")
    return Said(headline(f"Not screened: {fault.detail}"), step)


def said_of_parties(
    parties: Sequence[tuple[Literal["clear", "potential_match", "match", "not_screened"], Said]],
) -> Said:
    """Return what the screenings of all parties come to: of one party its own words, of several how many are what."""
    gravest = next(
        (said for outcome in ("match", "not_screened", "potential_match") for each, said in parties if each == outcome),
        parties[0][1],
    )
    if len(parties) == 1:
        return gravest
    counted = [
        f"{number} {one if number == 1 else several}"
        for outcome, (one, several) in _COUNTED.items()
        if (number := sum(each == outcome for each, _ in parties))
    ]
    return Said(headline(f"Of {len(parties)} parties: {', '.join(counted)}."), gravest.next_step)


def said_of_reasons(codes: Iterable[str]) -> str | None:
    """Return the next step after the first of the reasons `codes` that has one."""
    return next((step for code in codes if (step := _AFTER_REASON.get(code)) is not None), None)


def said_of_snapshot(
    risk: Literal["low", "review", "unknown", "high"],
    speaking: Iterable[tuple[Literal["low", "review", "unknown", "high"], Said]],
    *,
    noted: Sequence[str],
    not_assessed: int,
) -> Said:
    """Return what a snapshot comes to: the words of the first of those `speaking` that is as grave as the `risk`.

    `noted` are countries that have a note, which raises nothing and is named. Nothing is cut: half a legal basis is
    none.
    """
    if risk != "low":
        return next((said for each, said in speaking if each == risk), Said("Not everything was answered.", _RETRY))
    note = f" Noted: {', '.join(noted)}." if noted else ""
    return Said(f"{NOTHING_SAID_AGAINST}; {not_assessed} subjects not assessed.{note}", "Read them.")


def _equals(matches: Sequence[Hit]) -> str:
    what = "Identifier" if matches[0].basis == "id" else "Name"
    code = matches[0].list
    if len(matches) > 1:
        codes = dict.fromkeys(hit.list or "a list unknown to us" for hit in matches)
        return f"{what} equals {len(matches)} entries ({', '.join(codes)})"
    if code is None:
        return f"{what} equals an entry of a list unknown to us"
    return f"{what} equals {'an' if code[0] in _VOWELS else 'a'} {code} entry"


def _as_of(source: SourceBlock | None) -> str:
    if source is None:
        return "by the agency's search"
    about = source.list or {}
    for key, word in (("published_at", "published"), ("fetched_at", "fetched")):
        if about.get(key):
            return f"{word} {_minute(about[key])}"
    return f"asked {_minute(source.retrieved_at)}"


def _minute(rfc3339: str) -> str:
    return f"{datetime.fromisoformat(rfc3339):%Y-%m-%d %H:%M} UTC"
