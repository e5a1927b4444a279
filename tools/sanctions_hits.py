"""Decides which entries are hits, how strong each is, and what they add up to. Pure.

A hit is never an adjudication. `match` needs a whole name or a strong alias (two words or more) that is equal after
normalisation, or an equal identifier, on an entry that has not ended; every other hit is a `potential_match`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from tools.countries import read_country
from tools.sanctions_entries import ListEntry
from tools.sanctions_identifiers import identifier_keys, listed_keys
from tools.sanctions_names import AskedName, Likeness
from tools.sanctions_scripts import has_han, has_same_han
from tools.screening.births import BirthAgreement, births_agree
from tools.screening.subject import Basis, Match, Part

__all__ = ["Agreement", "Hit", "Outcome", "Party", "outcome_of", "weigh", "weigh_match"]

Outcome = Literal["clear", "potential_match", "match"]
Agreement = Literal["same", "different", "unknown"]


@dataclass(frozen=True, slots=True)
class Party:
    """Who is screened: the name, and what else is known to weigh the hits with. None is compared that is not given."""

    name: AskedName
    country: str | None = None
    address: AskedName | None = None
    ids: tuple[str, ...] = ()
    dob: str | None = None


@dataclass(slots=True, kw_only=True)
class Hit(ListEntry):
    """An entry that may be the party.

    `asked_name` is the name that it was found by, of those that the asked one holds (a/k/a and the like).
    `matched_name` is the name or alias (`matched_on`) that is most like the asked one. `score` is ours where the entry
    comes from the list held here, else the higher of ours and the agency's (`agency_score`, None when it gave none);
    `parts` say how it came about, their contributions add up to it, and the words that are `ignored` counted nothing.
    `basis` says what is equal or alike. `country_agrees`, `dob_agrees` and `address_score` weigh what else was asked;
    they never take a hit away. `expired`: its end date has passed, which is a reason to ask the agency, not to let go.
    """

    asked_name: str
    matched_name: str
    matched_on: Literal["name", "alias"]
    score: float
    agency_score: float | None
    outcome: Literal["potential_match", "match"]
    basis: Basis
    country_agrees: Agreement | None
    dob_agrees: BirthAgreement | None
    address_score: float | None
    expired: bool
    parts: tuple[Part, ...]
    ignored: tuple[str, ...]
    adjudicated: Literal[False] = False


def weigh(party: Party, entry: ListEntry, agency_score: float | None, today: date) -> Hit:
    """`entry`, which the agency's search found, as a hit on `party`, however weak."""
    likeness, matched_name, matched_on = _best_name(party.name, entry)
    same_id = _same_id(party, entry)
    agrees = None if party.country is None else _country_agrees(party.country, entry)
    alike = likeness.score if agency_score is None else max(likeness.score, agency_score)
    part = Part("whole", party.name.text, matched_name, likeness.score, alike)
    if same_id is not None:
        part = Part("id", same_id, same_id, 1.0, 1.0)
    return _hit(
        party,
        entry,
        today,
        matched_name=matched_name,
        matched_on=matched_on,
        score=part.contribution,
        agency_score=agency_score,
        is_same=same_id is not None or _is_same_name(party, entry, likeness, matched_on),
        basis="id" if same_id is not None else "name+country" if agrees == "same" else "name",
        country_agrees=agrees,
        parts=(part,),
        ignored=(),
    )


def weigh_match(party: Party, entry: ListEntry, match: Match, today: date) -> Hit:
    """`entry` of the list held here, which `match` is about, as a hit on `party`."""
    likeness = party.name.compare(match.matched_name)
    return _hit(
        party,
        entry,
        today,
        matched_name=match.matched_name,
        matched_on=match.matched_on,
        score=match.score,
        agency_score=None,
        is_same=match.basis == "id"
        or ((match.equal or likeness.equal) and _is_same_name(party, entry, likeness, match.matched_on)),
        basis=match.basis,
        country_agrees=None if party.country is None else _country_agrees(party.country, entry),
        parts=match.parts,
        ignored=match.ignored,
    )


def _hit(
    party: Party,
    entry: ListEntry,
    today: date,
    *,
    matched_name: str,
    matched_on: Literal["name", "alias"],
    score: float,
    agency_score: float | None,
    is_same: bool,
    basis: Basis,
    country_agrees: Agreement | None,
    parts: tuple[Part, ...],
    ignored: tuple[str, ...],
) -> Hit:
    expired = entry.end_date is not None and entry.ended_before(today)
    return Hit(
        name=entry.name,
        list=entry.list,
        list_name=entry.list_name,
        list_is_known=entry.list_is_known,
        action=entry.action,
        action_details=entry.action_details,
        type=entry.type,
        title=entry.title,
        programs=entry.programs,
        alt_names=entry.alt_names,
        addresses=entry.addresses,
        country=entry.country,
        nationalities=entry.nationalities,
        citizenships=entry.citizenships,
        dates_of_birth=entry.dates_of_birth,
        places_of_birth=entry.places_of_birth,
        ids=entry.ids,
        vessel=entry.vessel,
        start_date=entry.start_date,
        end_date=entry.end_date,
        federal_register_notice=entry.federal_register_notice,
        standard_order=entry.standard_order,
        license_requirement=entry.license_requirement,
        license_policy=entry.license_policy,
        remarks=entry.remarks,
        url=entry.url,
        information_url=entry.information_url,
        id=entry.id,
        asked_name=party.name.text,
        matched_name=matched_name,
        matched_on=matched_on,
        score=score,
        agency_score=agency_score,
        outcome="match" if is_same and not expired else "potential_match",
        basis=basis,
        country_agrees=country_agrees,
        dob_agrees=None if party.dob is None else births_agree(party.dob, entry.dates_of_birth),
        address_score=None if party.address is None else _address_score(party.address, entry),
        expired=expired,
        parts=parts,
        ignored=ignored,
    )


def outcome_of(hits: Iterable[Hit]) -> Outcome:
    """What the hits add up to. `clear` of no hits is for a whole answer only; the caller sees to that."""
    outcomes = {hit.outcome for hit in hits}
    return "match" if "match" in outcomes else "potential_match" if outcomes else "clear"


def _best_name(asked: AskedName, entry: ListEntry) -> tuple[Likeness, str, Literal["name", "alias"]]:
    best, name = asked.compare(entry.name), entry.name
    if best.equal:
        return best, name, "name"
    matched_on: Literal["name", "alias"] = "name"
    for alias in entry.alt_names:
        likeness = asked.compare(alias)
        # Of two equal aliases the one with more words is the stronger.
        if (likeness.score, likeness.equal, likeness.words) > (best.score, best.equal, best.words):
            best, name, matched_on = likeness, alias, "alias"
    return best, name, matched_on


def _is_same_name(party: Party, entry: ListEntry, likeness: Likeness, matched_on: Literal["name", "alias"]) -> bool:
    """Return whether a name is equal and strong: an alias of one word is not, nor one that only sounds the same."""
    if not likeness.equal or (matched_on == "alias" and likeness.words < 2):
        return False
    if not party.name.has_han:
        return True
    # The Latin spelling is that of many names; the entry's own characters tell which one is meant.
    written = [name for name in (entry.name, *entry.alt_names) if has_han(name)]
    return not written or any(has_same_han(party.name.text, name) for name in written)


def _same_id(party: Party, entry: ListEntry) -> str | None:
    """Return the asked identifier that the entry has, too."""
    if not party.ids:
        return None
    listed = listed_keys(entry)
    return next((asked for asked in party.ids if not listed.isdisjoint(identifier_keys(asked))), None)


def _country_agrees(asked: str, entry: ListEntry) -> Agreement:
    known, codes = entry.countries, read_country(asked).codes
    if not known or not codes:
        return "unknown"
    return "same" if known.intersection(codes) else "different"


def _address_score(asked: AskedName, entry: ListEntry) -> float | None:
    """How like the asked address is to the entry's most similar one; None when the entry has none."""
    if not entry.addresses:
        return None
    texts = [
        " ".join(filter(None, (each.address, each.city, each.state, each.postal_code, each.country)))
        for each in entry.addresses
    ]
    return max([asked.compare(text).score for text in texts])
