"""What the footnotes of a tariff line say, and the chapter 98 and 99 headings that they link to.

Chapters 98 and 99 of the HTS hold special and temporary provisions: duties on top of the line's own, exclusions from
those, reductions, quotas. A footnote ("See 9903.88.15.") is the schedule's only link from a line to such a heading, and
not every measure has one: country-wide duties stand in the U.S. notes.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Literal

from tools.hts_schedule import Placed, Rates, Row, find, rates_of
from tools.tariff_numbers import as_the_schedule_prints

__all__ = ["Footnote", "LinkedHeading", "Window", "footnotes_of", "linked_codes", "linked_heading"]

_CODE = re.compile(r"(?<![\d.])\d{4}\.\d{2}(?:\.\d{2}(?:\.?\d{2})?)?(?![\d]|\.\d)")

# "The duty provided in the applicable subheading", in the wordings that chapter 99 has, and not a word more.
_DUTY_OF_LINE = re.compile(
    r"(?:the\s+)?dut(?:y|ies)\s+provided(?:\s+for)?\s+in\s*the\s+applicable\s*(?:sub)?headings?\W*", re.IGNORECASE
)
# A bare plus is not enough: it also stands in the symbols of programmes (A+, P+).
_ADDED = re.compile(
    r"\b(?:dut(?:y|ies)|rates?)\b.*(?:\+|\bplus\b)\s*[\d.$]"
    r"|(?:\+|\bplus\b)\s*(?:the\s+)?(?:dut(?:y|ies)|rates?)\b"
    r"|\bin addition to the\s+(?:dut(?:y|ies)|rates?)\b"
    r"|(?<!no )\badditional\s+(?:[a-z]+\s+){0,4}dut(?:y|ies)\b",
    re.IGNORECASE,
)
_EXCLUDED = re.compile(r"\bcovered by an exclusion\b|\bexclusions? granted\b", re.IGNORECASE)
_NOT_EXCLUDED = re.compile(r"\bnot\s+covered by an\s+exclusion\b", re.IGNORECASE)

_DATE = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\s+\d{1,2},\s*\d{4}"
_CLOCK = r"(?:\s+\d{1,2}:\d{2}\s*[ap]\.?\s?m\.?,?(?:\s+[a-z]+){0,4}?(?:\s+on)?,?)?"
_END = r"on or before|through and including|through|until|before|prior to|no(?:t)? later than"
_DATED = re.compile(rf"(?:on or after|{_END}|effective)(?:{_CLOCK})\s+{_DATE}", re.IGNORECASE)
_ENDS = re.compile(rf"\b(?:{_END})\b{_CLOCK}\s*$", re.IGNORECASE)
_EFFECTIVE = re.compile(
    # Effective with respect to entries on or after June 15, 2024 and through May 31, 2025, ...
    rf"\beffective\b(?:,?\s+with\s+respect\s+to[\w\s,'-]{{1,200}}?)?,?(?:\s+(?:on or after|from|on))?{_CLOCK}"
    rf"\s+(?P<start>{_DATE})(?:,?\s+(?:and\s+)?(?P<how>{_END}){_CLOCK}\s+(?P<end>{_DATE}))?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote of a line. `headings` are the tariff numbers in its text, `stands_on` the row that carries it."""

    text: str
    headings: tuple[str, ...]
    columns: tuple[str, ...]
    marker: str | None
    stands_on: str


@dataclass(frozen=True, slots=True)
class Window:
    """The dates in a heading's text. `starts_on` and `ends_on` (its last day) are given only where an "effective"
    clause states them; `text` holds every dated phrase as it stands."""

    starts_on: date | None
    ends_on: date | None
    text: str


@dataclass(frozen=True, slots=True)
class LinkedHeading:
    """A chapter 98 or 99 heading that a footnote names; whether it applies is not decided here.

    `kind`: `additional`, its rate is the line's duty plus something; `exclusion`, its rate is the line's duty alone, or
    its text says that it is an exclusion; `other`, anything else. `text` and `rates` are None when the schedule has no
    such heading (`reason`).
    """

    code: str
    kind: Literal["additional", "exclusion", "other"]
    window: Window | None
    text: str | None
    path: tuple[str, ...]
    rates: Rates | None
    additional_duties: str | None
    footnotes: tuple[str, ...]
    reason: str | None


def footnotes_of(placed: Placed) -> tuple[Footnote, ...]:
    """The footnotes of the line, then those of the row whose rates it inherits.

    One that both carry, on the same columns, comes once.
    """
    found: dict[tuple[str, tuple[str, ...]], Footnote] = {}
    rated = placed.rated
    rows: list[Row] = [placed.row] if rated is None or rated is placed.row else [placed.row, rated]
    for row in rows:
        for mark in row.footmarks:
            note = Footnote(mark.text, _codes_in(mark.text), mark.columns, mark.marker, row.code or row.description)
            found.setdefault((mark.text, mark.columns), note)
    return tuple(found.values())


def linked_codes(footnotes: Iterable[Footnote], *, besides: str) -> tuple[str, ...]:
    """The chapter 98 and 99 headings that the footnotes name, in their order, without the line's own number."""
    named = (code for note in footnotes for code in note.headings if code[:2] in ("98", "99") and code != besides)
    return tuple(dict.fromkeys(named))


def linked_heading(code: str, schedule: Sequence[Placed]) -> LinkedHeading:
    """The heading as `schedule`, the rows around it, describes it."""
    placed = find(schedule, code.replace(".", ""))
    if placed is None:
        return LinkedHeading(code, "other", None, None, (), None, None, (), "the schedule has no such heading now")
    row, rates = placed.row, rates_of(placed)
    path = tuple(each.description for each in placed.ancestors)
    notes = tuple(mark.text for mark in row.footmarks)
    return LinkedHeading(
        code=row.code,
        kind=_kind(" ".join((*path, row.description)), rates, row.additional_duties),
        window=_window(row.description, path, notes),
        text=row.description,
        path=path,
        rates=rates,
        additional_duties=row.additional_duties,
        footnotes=notes,
        reason=None,
    )


# The same notes stand on many lines.
@lru_cache(maxsize=1024)
def _codes_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(as_the_schedule_prints(code.replace(".", "")) for code in _CODE.findall(text)))


def _kind(text: str, rates: Rates, additional_duties: str | None) -> Literal["additional", "exclusion", "other"]:
    stated = [rate.text for rate in (rates.general, rates.special, rates.other) if rate.text is not None]
    if any(_ADDED.search(said) for said in stated):
        return "additional"
    if any(_DUTY_OF_LINE.fullmatch(said) for said in stated):
        return "exclusion"
    # The words alone do not tell: a heading with a rate of its own may mention the exclusions from it.
    if _EXCLUDED.search(text) and not _NOT_EXCLUDED.search(text) and not any(re.search(r"\d", said) for said in stated):
        return "exclusion"
    # Subchapter IV states its safeguard amounts in this column alone, or says that there is none.
    if additional_duties is not None and not additional_duties.lower().startswith("no "):
        return "additional"
    return "other"


def _window(description: str, path: Sequence[str], notes: Sequence[str]) -> Window | None:
    """The row's own clause counts, or else that of the rows above, or else a footnote that begins with one."""
    phrases = dict.fromkeys(match[0] for match in _DATED.finditer(" ".join((*path, description, *notes))))
    clauses = (
        list(_EFFECTIVE.finditer(description))
        or list(_EFFECTIVE.finditer(" ".join(path)))
        or [clause for note in notes if (clause := _EFFECTIVE.match(note))]
    )
    if not phrases and not clauses:
        return None
    said = "; ".join(phrases) or clauses[0][0]
    windows = {_dates_of(clause) for clause in clauses}
    # Two clauses that differ may be about another heading, or a change of this one: the words are all that is sure.
    starts_on, ends_on = windows.pop() if len(windows) == 1 else (None, None)
    return Window(starts_on, ends_on, said)


def _dates_of(effective: re.Match[str]) -> tuple[date | None, date | None]:
    """First and last day of an "effective" clause; neither when its first date is not a beginning."""
    if _ENDS.search(effective[0][: effective.start("start") - effective.start()]):
        return None, None
    end = _date(effective["end"])
    if end is not None and effective["how"].lower() in ("before", "prior to"):
        end -= timedelta(days=1)
    return _date(effective["start"]), end


@lru_cache(maxsize=1024)
def _date(said: str | None) -> date | None:
    if said is None:
        return None
    try:
        return datetime.strptime(" ".join(said.replace(",", " ").split()), "%B %d %Y").date()  # noqa: DTZ007 - a date
    except ValueError:
        return None  # a day that the calendar does not have: its words still stand in the text
