"""What has become of a ruling: whether others revoked or modified it, and what those have become. Pure.

Sources: 19 USC 1625(c) (a revocation usually takes effect 60 days after the Customs Bulletin). CROSS does not record
all of it: a ruling whose tariff number was renumbered is not marked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from tools.rulings_letters import Record, Relations

__all__ = ["Link", "Standing", "Status", "follow", "merge", "merged_by_number", "standing_of"]

Status = Literal["no_revocation_recorded", "modified", "revoked", "operationally_revoked", "unknown"]

_NOTICES: Mapping[Status, str] = {
    "revoked": "Revoked by {revoked_by}: do not rely on it.",
    "modified": "Modified by {modified_by}: read both.",
    "operationally_revoked": "Revoked by operation of law: do not rely on it.",
    "unknown": "The agency did not say whether it still stands.",
    "no_revocation_recorded": "No revocation or modification is recorded; that is not a confirmation.",
}


@dataclass(frozen=True, slots=True)
class Link:
    """One step from a ruling to what replaced it."""

    number: str
    status: Status
    replaced_by: tuple[str, ...]
    subject: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The status of a ruling, what it means in a line, the rulings that replaced it, and what became of those."""

    status: Status
    notice: str
    replaced_by: tuple[str, ...]
    chain: tuple[Link, ...]
    chain_is_whole: bool


def merge(first: Relations, second: Relations) -> Relations:
    """What either says. An adverse word of one is not undone by the silence of the other."""
    return Relations(
        revoked_by=_both(first.revoked_by, second.revoked_by),
        modified_by=_both(first.modified_by, second.modified_by),
        revokes=_both(first.revokes, second.revokes),
        modifies=_both(first.modifies, second.modifies),
        related=_both(first.related, second.related),
        operationally_revoked=first.operationally_revoked or second.operationally_revoked,
        are_known=first.are_known or second.are_known,
    )


def merged_by_number(records: Iterable[Record]) -> dict[str, Record]:
    """Each of `records` by its number, told also what the others say that they did to it."""
    known: dict[str, Record] = {}
    for record in records:
        known.setdefault(record.number, record)
    for record in tuple(known.values()):
        for number in record.relations.revokes:
            _tell(known, number, Relations(revoked_by=(record.number,), are_known=False))
        for number in record.relations.modifies:
            _tell(known, number, Relations(modified_by=(record.number,), are_known=False))
    return known


def _tell(known: dict[str, Record], number: str, relations: Relations) -> None:
    if (record := known.get(number)) is not None:
        known[number] = replace(record, relations=merge(record.relations, relations))


def status_of(relations: Relations) -> Status:
    """The gravest that is said."""
    if relations.revoked_by:
        return "revoked"
    if relations.operationally_revoked:
        return "operationally_revoked"
    if relations.modified_by:
        return "modified"
    return "no_revocation_recorded" if relations.are_known else "unknown"


def follow(number: str, known: Mapping[str, Record]) -> tuple[str, ...]:
    """The numbers that replaced `number`, those that replaced them, and so on, each once, nearest first."""
    found: dict[str, None] = {}
    pending = [number]
    while pending:
        record = known.get(pending.pop(0))
        if record is not None:
            fresh = [each for each in _replaced_by(record.relations) if each not in found and each != number]
            found.update(dict.fromkeys(fresh))
            pending += fresh
    return tuple(found)


def standing_of(number: str, known: Mapping[str, Record]) -> Standing:
    """What has become of `number`, as far as the `known` rulings tell."""
    relations = known[number].relations
    status = status_of(relations)
    replaced_by = _replaced_by(relations)
    notice = _NOTICES[status]
    if not replaced_by:
        return Standing(status, notice, (), (), relations.are_known)
    notice = notice.format(revoked_by=", ".join(relations.revoked_by), modified_by=", ".join(relations.modified_by))
    chain = tuple(_link(each, known) for each in follow(number, known))
    is_whole = relations.are_known and all(
        each.number in known and known[each.number].relations.are_known for each in chain
    )
    return Standing(status, notice, replaced_by, chain, is_whole)


def _link(number: str, known: Mapping[str, Record]) -> Link:
    record = known.get(number)
    if record is None:
        return Link(number, "unknown", (), None)
    return Link(number, status_of(record.relations), _replaced_by(record.relations), record.subject)


def _replaced_by(relations: Relations) -> tuple[str, ...]:
    return _both(relations.revoked_by, relations.modified_by)


def _both(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second))) if first or second else ()
