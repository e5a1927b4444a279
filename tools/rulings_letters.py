"""Reads what CBP's CROSS sends: rulings of a search, and the letter of one.

Source: the JSON behind rulings.cbp.gov, which is not documented. Known quirks: `tariffs` is a text since about August
2026 and was a list before; dates are local midnights, some shifted, and 0001-01-01 where there is none; numbers come in
either case; on the letter's own route the relations are null; a few bodies are Windows-1252.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

import orjson

from tools.errors import ProviderGarbled
from tools.exchange import Response
from tools.payload import Fields, tidy
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["Letter", "Record", "Relations", "decode", "read_letter", "read_search"]

_UPSTREAM = "cross"
_TARIFF = re.compile(r"[0-9]{4}(?:\.?[0-9]{2}){0,3}")
_NO_DATE = date(1, 1, 1)
_RELATIONS = ("relatedRulings", "modifiedBy", "modifies", "revokedBy", "revokes")
# What the letter's text has of its word processor: line ends, page ends, marks of table cells.
_PLAIN = str.maketrans({"\f": "\n", "\x07": "\t", "\v": "\n"})


@dataclass(frozen=True, slots=True)
class Relations:
    """What other rulings do to this one and it to others, by number. `operationally`: revoked by force of law."""

    revoked_by: tuple[str, ...] = ()
    modified_by: tuple[str, ...] = ()
    revokes: tuple[str, ...] = ()
    modifies: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    operationally_revoked: bool = False
    are_known: bool = True


@dataclass(frozen=True, slots=True)
class Record:
    """A ruling as a search lists it. `ruled_on` None: the agency has no date; not exact: it may be off by a day."""

    number: str
    subject: str
    ruled_on: date | None
    ruled_on_is_exact: bool
    collection: str | None
    categories: tuple[str, ...]
    tariffs: tuple[str, ...]
    is_usmca: bool
    is_nafta: bool
    relations: Relations


@dataclass(frozen=True, slots=True)
class Letter:
    """One ruling with its whole text. `document` is the agency's path of the printed letter."""

    record: Record
    text: str
    document: str | None


def decode(response: Response) -> object:
    """The JSON of a body in UTF-8 or Windows-1252. Raises ProviderGarbled."""
    try:
        return response.json()
    except ProviderGarbled:
        try:
            text = response.body.decode("utf-8")
        except UnicodeDecodeError:
            text = ""
        if text:
            raise
        try:
            return orjson.loads(response.body.decode("cp1252"))
        except ValueError:
            pass
        raise


def read_search(response: Response) -> tuple[int, tuple[Record, ...]]:
    """`totalHits`, and the rulings of this page. Raises whatever a bad answer is."""
    response.require_ok()
    body = Fields.of(decode(response), _UPSTREAM, "the answer")
    total = body.count("totalHits")
    records = tuple(
        _record(Fields.of(each, _UPSTREAM, f"ruling {number}"), relations_are_due=True)
        for number, each in enumerate(body.list_due("rulings"), 1)
    )
    if len(records) > total:
        raise body.garbled(f"'totalHits' is {total}, but {len(records)} rulings came")
    return total, records


def read_letter(body: object, number: str) -> Letter:
    """The letter of ruling `number`. Raises ProviderGarbled, also when it is another ruling's."""
    raw = Fields.of(body, _UPSTREAM, "the ruling")
    record = _record(raw, relations_are_due=False)
    if record.number != number:
        raise raw.garbled(f"{number} was asked for, and {record.number[:40]!r} came")
    text = raw.due("text")
    if not isinstance(text, str) or not text.strip():
        raise raw.garbled("'text' is not the text of a letter")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
    return Letter(record, lines.strip(), raw.optional_text("url"))


def _record(raw: Fields, *, relations_are_due: bool) -> Record:
    day, is_exact = _ruled_on(raw)
    return Record(
        number=raw.text("rulingNumber").upper(),
        subject=raw.text("subject"),
        ruled_on=day,
        ruled_on_is_exact=is_exact,
        collection=(raw.nullable_text("collection") or "").upper() or None,
        categories=_separated(raw.nullable_text("categories") or ""),
        tariffs=_tariffs(raw),
        is_usmca=raw.flag("isUsmca"),
        is_nafta=raw.flag("isNafta"),
        relations=_relations(raw, are_due=relations_are_due),
    )


def _ruled_on(raw: Fields) -> tuple[date | None, bool]:
    said = raw.nullable_text("rulingDate")
    if said is None:
        return None, False
    try:
        at = datetime.fromisoformat(said)
    except ValueError as exc:
        raise raw.garbled(f"'rulingDate' is {said[:40]!r}, not a date") from exc
    day = at.date()
    # A local midnight that was moved to another zone: which day is meant cannot be told for certain.
    return (None, False) if day == _NO_DATE else (day, at.hour == 0)


def _tariffs(raw: Fields) -> tuple[str, ...]:
    value = raw.due("tariffs")
    numbers = raw.texts("tariffs") if isinstance(value, list) else _separated(raw.optional_text("tariffs") or "")
    return tuple(dict.fromkeys(map(_as_printed, numbers)))


def _as_printed(number: str) -> str:
    """`8504.40.9550` is 8504.40.95.50 in the schedule; what is no tariff number stays as it is."""
    return as_the_schedule_prints(number.replace(".", "")) if _TARIFF.fullmatch(number) else number


def _bare(number: str) -> str:
    """A ruling's number without the office that people write before it: HQ 968227 is 968227."""
    return re.sub(r"^(?:HQ|NY)\s+", "", number.upper())


def _separated(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := tidy(each)))


def _relations(raw: Fields, *, are_due: bool) -> Relations:
    if are_due:
        for key in (*_RELATIONS, "operationallyRevoked"):
            raw.due(key)
    numbers = {key: tuple(_bare(number) for number in raw.texts(key)) for key in _RELATIONS}
    # Nothing may be told of a ruling whose relations the agency left out.
    are_known = all(isinstance(raw.raw.get(key), list) for key in ("revokedBy", "modifiedBy"))
    by_law = [raw.raw.get(key) for key in ("operationallyRevoked", "isRevokedByOperationalLaw")]
    if any(not isinstance(each, bool | None) for each in by_law):
        raise raw.garbled("'operationallyRevoked' is not a truth value")
    return Relations(
        revoked_by=numbers["revokedBy"],
        modified_by=numbers["modifiedBy"],
        revokes=numbers["revokes"],
        modifies=numbers["modifies"],
        related=numbers["relatedRulings"],
        operationally_revoked=True in by_law,
        are_known=are_known,
    )
