"""What the footnotes of a tariff line say, and the chapter 98 and 99 headings that they link to.

Chapters 98 and 99 of the HTS hold special and temporary provisions: duties on top of the line's own, exclusions from
those, reductions, quotas. A footnote ("See 9903.88.15.") is the schedule's only link from a line to such a heading, and
not every measure has one: country-wide duties stand in the U.S. notes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from tools.hts_schedule import Placed, Rates, Row, find, rates_of
from tools.hts_windows import Window, WindowState, window_of
from tools.tariff_numbers import as_the_schedule_prints

__all__ = [
    "Footnote",
    "HeadingRange",
    "LinkedHeading",
    "footnotes_of",
    "linked_codes",
    "linked_heading",
    "linked_ranges",
]

_SECONDARY = ("98", "99")
#: A range over more groups of six digits than this is asked for by its headings of four.
_MOST_GROUPS = 8

_NUMBER = r"\d{4}\.\d{2}(?:\.\d{2}(?:\.?\d{2})?)?(?![\d]|\.\d)"
_DASH = r"[-\u2010-\u2015\u2212]"
#: What stands between the two ends of a range; a plain "and" does so only after "between".
_TO_WORD = r"through(?:\s+and\s+including)?|thru|(?:up\s+)?to(?:\s+and\s+including)?|until"
_TO = rf"(?:\s*{_DASH}\s*|,?\s+(?:{_TO_WORD})\s+)"
_KIND_OF_NUMBER = r"(?:(?:sub)?headings?\s+|provisions?\s+|items?\s+)?"
#: The other end of a range, which may repeat no more than what differs: 9903.05.20 to .84, 9903.05.20-84.
_OTHER_END = (
    rf"(?:the\s+)?{_KIND_OF_NUMBER}"
    rf"(?P<last>{_NUMBER}|(?:\.\d{{2}}){{1,2}}(?![\d]|\.\d)|(?<=\d{_DASH})\d{{2}}(?![\d]|\.\d|\s*%|\s+percent))"
)
#: A number, and where it begins a range, its other end.
_MENTION = re.compile(
    rf"(?P<between>\bbetween\s+{_KIND_OF_NUMBER})?(?<![\d.])(?P<first>{_NUMBER})"
    rf"(?:(?:{_TO}|(?(between)\s+and\s+|(?!))){_OTHER_END})?",
    re.IGNORECASE,
)
#: What goes on after a number and repeats no more than what differs: 9903.88.01, .02 and .15-.17.
_GOES_ON = re.compile(
    rf"(?:\s*[,/]\s*(?:(?:and|or)\s+)?|\s+(?:and|or)\s+)(?P<first>(?:\.\d{{2}}){{1,2}})(?![\d]|\.\d|\s*%|\s+percent)"
    rf"(?:{_TO}{_OTHER_END})?",
    re.IGNORECASE,
)

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


@dataclass(frozen=True, slots=True)
class HeadingRange:
    """Two tariff numbers that a text names as the ends of a range ("9903.41.05-9903.41.10"); both belong to it."""

    first: str
    last: str

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What all its headings begin with, 6 or 4 digits each: what is to be asked for so that all of them come."""
        first, last = self.first.replace(".", ""), self.last.replace(".", "")
        length = 6 if first[:4] == last[:4] and int(last[:6]) - int(first[:6]) < _MOST_GROUPS else 4
        groups = range(int(first[:length]), int(last[:length]) + 1)
        # From one chapter into another it is hardly meant as a range: its ends are linked alone.
        return tuple(map(str, groups)) if len(groups) <= _MOST_GROUPS else ()

    def codes_in(self, schedule: Iterable[Placed]) -> tuple[str, ...]:
        """Return the headings of `schedule` that belong to it, in the schedule's order."""
        first, last = self.first.replace(".", ""), self.last.replace(".", "")
        has_ten = max(len(first), len(last)) == 10
        return tuple(
            each.row.code
            for each in schedule
            if len(each.row.digits) >= 8
            and first <= each.row.digits <= last.ljust(10, "9")
            # Ten digits are statistics under a heading of eight; they are meant only where an end has ten.
            and (has_ten or not any(len(above.digits) >= 8 for above in each.ancestors))
        )


@dataclass(frozen=True, slots=True)
class Footnote:
    """A footnote of a line. `headings` are the tariff numbers in its text, `stands_on` the row that carries it.

    Of a range `headings` has the ends; `ranges` says that all between them are meant.
    """

    text: str
    headings: tuple[str, ...]
    columns: tuple[str, ...]
    marker: str | None
    stands_on: str
    ranges: tuple[HeadingRange, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkedHeading:
    """A chapter 98 or 99 heading that a footnote names; whether it applies is not decided here.

    `kind`: `additional`, its rate is the line's duty plus something; `exclusion`, its rate is the line's duty alone, or
    its text says that it is an exclusion; `other`, anything else. `state` says how it stands by the dates in its text
    (None: they are not sure). `text` and `rates` are None when the schedule has no
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
    state: WindowState | None = None


def footnotes_of(placed: Placed) -> tuple[Footnote, ...]:
    """The footnotes of the line, then those of the row whose rates it inherits.

    One that both carry, on the same columns, comes once.
    """
    found: dict[tuple[str, tuple[str, ...]], Footnote] = {}
    rated = placed.rated
    rows: list[Row] = [placed.row] if rated is None or rated is placed.row else [placed.row, rated]
    for row in rows:
        for mark in row.footmarks:
            codes, ranges = _named_in(mark.text)
            note = Footnote(mark.text, codes, mark.columns, mark.marker, row.code or row.description, ranges)
            found.setdefault((mark.text, mark.columns), note)
    return tuple(found.values())


def linked_codes(
    footnotes: Iterable[Footnote],
    *,
    besides: str,
    between: Callable[[HeadingRange], Iterable[str]] = lambda _: (),
) -> tuple[str, ...]:
    """The chapter 98 and 99 headings that the footnotes name, in their order, without the line's own number.

    `between` finds the headings of a range, which stand after its first one.
    """
    named: dict[str, None] = {}
    for note in footnotes:
        begun = {each.first: each for each in linked_ranges([note])}
        for code in note.headings:
            named[code] = None
            if code in begun:
                named.update(dict.fromkeys(between(begun[code])))
    return tuple(code for code in named if code[:2] in _SECONDARY and code != besides)


def linked_ranges(footnotes: Iterable[Footnote]) -> tuple[HeadingRange, ...]:
    """The ranges of chapter 98 and 99 headings that the footnotes name."""
    named = (each for note in footnotes for each in note.ranges if each.first[:2] in _SECONDARY)
    return tuple(dict.fromkeys(each for each in named if each.last[:2] in _SECONDARY))


def linked_heading(code: str, schedule: Sequence[Placed], today: date | None = None) -> LinkedHeading:
    """The heading as `schedule`, the rows around it, describes it; and how it stands `today`, when that is given."""
    placed = find(schedule, code.replace(".", ""))
    if placed is None:
        return LinkedHeading(code, "other", None, None, (), None, None, (), "the schedule has no such heading now")
    row, rates = placed.row, rates_of(placed)
    path = tuple(each.description for each in placed.ancestors)
    notes = tuple(mark.text for mark in row.footmarks)
    window = window_of(row.description, path, notes)
    return LinkedHeading(
        code=row.code,
        kind=_kind(" ".join((*path, row.description)), rates, row.additional_duties),
        window=window,
        text=row.description,
        path=path,
        rates=rates,
        additional_duties=row.additional_duties,
        footnotes=notes,
        reason=None,
        state=None if window is None or today is None else window.state(today),
    )


# The same notes stand on many lines.
@lru_cache(maxsize=1024)
def _named_in(text: str) -> tuple[tuple[str, ...], tuple[HeadingRange, ...]]:
    """The tariff numbers in `text`, and the ranges that some of them are the ends of."""
    codes: dict[str, None] = {}
    ranges: dict[HeadingRange, None] = {}
    for number in _MENTION.finditer(text):
        mention: re.Match[str] | None = number
        first = ""
        while mention is not None:
            first = _whole(first, mention["first"])
            codes[first] = None
            if mention["last"] is not None:
                last = _whole(first, mention["last"])
                codes[last] = None
                ranges[HeadingRange(*sorted((first, last)))] = None
            mention = _GOES_ON.match(text, mention.end())
    return tuple(codes), tuple(ranges)


def _whole(first: str, last: str) -> str:
    """The whole number; of a short one (`.84`, `84`), what it leaves out is as in `first`."""
    digits = last.replace(".", "")
    begun = first.replace(".", "")
    return as_the_schedule_prints(digits if len(digits) >= 6 else begun[: len(begun) - len(digits)] + digits)


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
