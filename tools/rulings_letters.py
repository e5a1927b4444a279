"""Reads what CBP's CROSS sends: rulings of a search, and the letter of one.

Source: the JSON behind rulings.cbp.gov, which is not documented. Known quirks: `tariffs` is a text since about August
2026 and was a list before; dates are local midnights, some shifted, and 0001-01-01 where there is none; numbers come in
either case; on the letter's own route the relations are null; a few bodies are Windows-1252. What of a ruling cannot be
read costs that field. Of one whose relations cannot be read it is not known whether it still stands.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import orjson

from tools.errors import ProviderGarbled
from tools.exchange import Response
from tools.payload import Fields, Unread, in_few_words
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["Found", "Letter", "Record", "Relations", "decode", "read_letter", "read_search"]

_UPSTREAM = "cross"
_TARIFF = re.compile(r"[0-9]{4}(?:\.?[0-9]{2}){0,3}")
_OFFICE = re.compile(r"^(?:HQ|NY)\s+")
_NO_DATE = date(1, 1, 1)
_RELATIONS = ("relatedRulings", "modifiedBy", "modifies", "revokedBy", "revokes")
_RELATIONS_DUE = (*_RELATIONS, "operationallyRevoked")
_BY_LAW = ("operationallyRevoked", "isRevokedByOperationalLaw")
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
    subject: str | None
    ruled_on: date | None
    ruled_on_is_exact: bool
    collection: str | None
    categories: tuple[str, ...]
    tariffs: tuple[str, ...]
    is_usmca: bool | None
    is_nafta: bool | None
    relations: Relations


@dataclass(frozen=True, slots=True)
class Letter:
    """One ruling with its whole text. `document` is the agency's path of the printed letter.

    `unread` says what else could not be read.
    """

    record: Record
    text: str
    document: str | None
    unread: tuple[str, ...] = ()


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


@dataclass(frozen=True, slots=True)
class Found:
    """A page of a search: the agency's count of all, the rulings that can be read, and how many came in all."""

    total: int
    records: tuple[Record, ...]
    received: int


def read_search(response: Response, unread: list[Unread]) -> Found:
    """Return what a search found; what cannot be read is put into `unread`. Raises whatever a bad answer is."""
    response.require_ok()
    body = Fields.of(decode(response), _UPSTREAM, "the answer")
    total, came = body.count("totalHits"), body.list_due("rulings")
    if len(came) > total:
        raise body.garbled(f"'totalHits' is {total}, but {len(came)} rulings came")
    records = []
    for raw in Fields.rows(came, _UPSTREAM, "ruling", unread):
        if (number := raw.optional_text("rulingNumber")) is None:
            raw.lacks("rulingNumber", "it has no number")
        else:
            records.append(_record(raw, number.upper(), relations_are_due=True))
    return Found(total, tuple(records), len(came))


def read_letter(body: object, number: str) -> Letter:
    """Return the letter of ruling `number`. Raises ProviderGarbled without text, and when it is another ruling's."""
    raw = Fields.of(body, _UPSTREAM, "the ruling")
    unread = raw.unread = list[Unread]()
    record = _record(raw, raw.text("rulingNumber").upper(), relations_are_due=False)
    if record.number != number:
        raise raw.garbled(f"{number} was asked for, and {record.number[:40]!r} came")
    text = raw.raw.get("text")
    if not isinstance(text, str) or not text.strip():
        raise raw.garbled("'text' is not the text of a letter")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").translate(_PLAIN)
    document = raw.optional_text("url")
    return Letter(record, lines.strip(), document, in_few_words(unread))


def _record(raw: Fields, number: str, *, relations_are_due: bool) -> Record:
    day, is_exact = _ruled_on(raw)
    subject, collection, categories = raw.nullable_texts("subject", "collection", "categories")
    return Record(
        number=number,
        subject=subject,
        ruled_on=day,
        ruled_on_is_exact=is_exact,
        collection=None if collection is None else collection.upper(),
        categories=() if categories is None else _separated(categories),
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
    except ValueError:
        raw.lacks("rulingDate", f"'rulingDate' is {said[:40]!r}, not a date")
        return None, False
    day = at.date()
    # A local midnight that was moved to another zone: which day is meant cannot be told for certain.
    return (None, False) if day == _NO_DATE else (day, at.hour == 0)


def _tariffs(raw: Fields) -> tuple[str, ...]:
    value = raw.due("tariffs")
    if type(value) is list:
        return tuple(dict.fromkeys(map(_as_printed, raw.texts("tariffs"))))
    said = None if value is None else raw.nullable_text("tariffs")
    return () if said is None else _tariffs_in(said)


# Rulings on the same goods name the same lines.
@lru_cache(maxsize=1024)
def _tariffs_in(said: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(_as_printed, _separated(said))))


def _as_printed(number: str) -> str:
    """`8504.40.9550` is 8504.40.95.50 in the schedule; what is no tariff number stays as it is."""
    return as_the_schedule_prints(number.replace(".", "")) if _TARIFF.fullmatch(number) else number


def _bare(number: str) -> str:
    """A ruling's number without the office that people write before it: HQ 968227 is 968227."""
    return _OFFICE.sub("", number.upper())


def _separated(text: str) -> tuple[str, ...]:
    """The parts of a text that is tidy and not blank."""
    if "," not in text:
        return (text,)
    return tuple([part for each in text.split(",") if (part := each.strip())])


def _relations(raw: Fields, *, are_due: bool) -> Relations:
    values, unread = raw.raw, list[Unread]()
    fields = Fields(values, raw.upstream, raw.where, unread)
    if are_due:
        for key in _RELATIONS_DUE:
            fields.due(key)
    related, modified_by, modifies, revoked_by, revokes = [
        tuple([_bare(each) for text in texts for each in _separated(text)]) if texts else ()
        for texts in fields.lists_of_texts(*_RELATIONS)
    ]
    by_law, by_law_too = (fields.flag(key) if key in values else None for key in _BY_LAW)
    if raw.unread is not None:
        raw.unread += unread
    return Relations(
        revoked_by=revoked_by,
        modified_by=modified_by,
        revokes=revokes,
        modifies=modifies,
        related=related,
        operationally_revoked=by_law is True or by_law_too is True,
        # Of a ruling whose relations the agency left out, or that cannot be read, nothing is known.
        are_known=values.get("revokedBy") is not None and values.get("modifiedBy") is not None and not unread,
    )
