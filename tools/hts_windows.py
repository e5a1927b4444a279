"""When a chapter 98 or 99 heading is in force, by the dates in its own words.

The schedule states no dates but in sentences: "Effective with respect to entries on or after June 15, 2024 and through
May 31, 2025", "entered, or withdrawn from warehouse for consumption, prior to May 14, 2026", "from February 7, 2018,
through February 6, 2026". A heading that is over and is not seen to be adds for ever; one that is taken for over and
is not hides a duty. So a date counts only where the sentence speaks of the entry of goods, or says that the heading is
in force. One of a contract, of an export or inside of an exception does not count. Every dated phrase is shown as it
stands.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

__all__ = ["Window", "WindowState", "window_of"]

WindowState = Literal["to_come", "in_force", "over"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?\.?|July?\.?|Aug(?:ust|\.)?"
    r"|Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?)"
)
_DATE = (
    rf"(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\s*,?\s*\d{{4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}/\d{1,2}/\d{4})(?![\d/-])"
)
#: "12:01 a.m. eastern daylight time on", "the close of", between the word and its date.
_CLOCK = (
    r"(?:\s+(?:the\s+)?(?:opening|close)(?:\s+of(?:\s+business\s+on)?)?)?"
    r"(?:\s+\d{1,2}:\d{2}\s*[ap]\.?\s?m\.?,?(?:\s+[a-z]+){0,4}?(?:\s+on)?,?)?"
)
#: The words before a first day; `after` alone is the day before it.
_FIRST = r"on\s+(?:or|and)\s+after|on,?\s+or\s+after|after|from\s+and\s+including|from|between|beginning(?:\s+on)?"
_FIRST += r"|starting(?:\s+on)?|commencing(?:\s+on)?|effective(?:\s+on|\s+from|\s+as\s+of|\s+beginning)?|as\s+of|since"
#: The words before a last day; after `before` and `prior to` comes the day after it.
_LAST = r"on\s+or\s+before|(?:up\s+)?through\s+and\s+including|(?:up\s+)?through|until\s+and\s+including|until|thru"
_LAST += r"|before|prior\s+to|not?\s+later\s+than|up\s+to(?:\s+and\s+including)?"
_LAST += r"|ending(?:\s+on)?|expir(?:es?|ing)(?:\s+(?:on|at|after))?"
#: Between two days of one period: also what is too weak to stand alone.
_UP_TO = rf"{_LAST}|to|and|till|[-\u2013\u2014]"
_PERIOD = re.compile(
    rf"\b(?:(?P<first>{_FIRST}){_CLOCK},?\s+)?(?P<start>{_DATE})"
    rf"(?:,?(?:\s+(?:and|but|or))?\s*(?P<last>{_UP_TO}){_CLOCK},?\s*(?P<end>{_DATE}))?"
    rf"|\b(?P<only>{_LAST}){_CLOCK},?\s+(?P<only_end>{_DATE})",
    re.IGNORECASE,
)
_PHRASE = re.compile(rf"(?:{_FIRST}|{_LAST}){_CLOCK},?\s+{_DATE}|{_DATE}\s*[-\u2013\u2014]\s*{_DATE}", re.IGNORECASE)
#: Of what a date may be that is no entry of goods: the last such word before it counts.
_ABOUT_ENTRY = re.compile(
    r"\b(?:effective|in\s+effect|in\s+force|entr(?:y|ies)|entered|withdrawn|warehouse|imported|period|quota\s+year"
    r"|scheduled\s+to|expir\w+|applicable|appl(?:y|ies)|suspended)\b",
    re.IGNORECASE,
)
_ABOUT_ELSE = re.compile(
    r"\b(?:contract\w*|dated|signed|executed|export(?:ed|ation)|exported\s+to|laden|loaded|vessel|melted|poured|smelted"
    r"|cast|manufactured|produced|assembled|calendar\s+year|proclamation|order|notice|determination|granted|issued"
    r"|published|established|filed|acquired|purchased|admitted|defined|reclassified|deleted|classifiable|consult)\b",
    re.IGNORECASE,
)
#: After one of these a date is about what the heading leaves out, unless "effective" begins a clause of its own.
_EXCEPT = re.compile(
    r"\b(?:except(?:ing|ion)?|other\s+than|excluding|unless|not\s+including|but\s+not)\b", re.IGNORECASE
)
_EFFECTIVE = re.compile(r"\beffective\b", re.IGNORECASE)
_NEW_SENTENCE = re.compile(r"[.;:]\s+(?=[A-Z])")
#: Characters before a date that say what it is about: the longest sentence of chapter 99 has fewer.
_LOOKS_BACK = 2500
#: A month's abbreviation ends no sentence.
_ABBREVIATED = re.compile(rf"\b{_MONTH}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Window:
    """The dates in a heading's text. `starts_on` and `ends_on` (its last day) are given only where the words are sure;
    `text` holds every dated phrase as it stands."""

    starts_on: date | None
    ends_on: date | None
    text: str

    def state(self, today: date) -> WindowState | None:
        """Return how it stands `today`; None when its dates are not sure."""
        if self.ends_on is not None and self.ends_on < today:
            return "over"
        if self.starts_on is not None:
            return "to_come" if today < self.starts_on else "in_force"
        return None if self.ends_on is None else "in_force"


def window_of(description: str, path: Sequence[str], notes: Sequence[str]) -> Window | None:
    """Return the dates of a heading; None when its words hold none.

    The row's own sentence counts, or else that of the rows above, or else a footnote that begins with one.
    """
    texts = (description, " ".join(path), *notes)
    phrases = dict.fromkeys(match[0] for each in (*path, description, *notes) for match in _PHRASE.finditer(each))
    if not phrases:
        return None
    for text in texts[:2]:
        if periods := list(_periods_in(text)):
            return Window(*_one_of(periods), "; ".join(phrases))
    # A footnote may speak of another heading: only one that says nothing but a period is about this one.
    of_notes = [period for note in notes for period in _periods_in(note) if _EFFECTIVE.match(note)]
    return Window(*_one_of(of_notes), "; ".join(phrases))


def _one_of(periods: Sequence[tuple[date | None, date | None]]) -> tuple[date | None, date | None]:
    """The one period that a text states. Two that differ may be about another heading: then the words are all there is.

    A first day in one clause and a last day in another are one period.
    """
    distinct = set(periods)
    starts = {start for start, _ in distinct if start is not None}
    ends = {end for _, end in distinct if end is not None}
    if len(starts) > 1 or len(ends) > 1:
        return None, None
    start, end = next(iter(starts), None), next(iter(ends), None)
    if start is not None and end is not None and end < start:
        return None, None
    return start, end


def _periods_in(text: str) -> Iterator[tuple[date | None, date | None]]:
    for match in _PERIOD.finditer(text):
        is_bare = match["first"] is None and match["only"] is None
        if (is_bare and match["end"] is None) or not _is_about_entry(text, match):
            continue
        start = _first_day(match["first"], match["start"])
        end = _last_day(match["last"] or match["only"], match["end"] or match["only_end"])
        # A day that the calendar does not have: its words still stand in the text.
        if (match["start"] and start is None) or (match["end"] and end is None):
            continue
        # "on or after July 6, 2018, and August 23, 2018" names two days, and no period that is over.
        if (match["last"] or "").lower() == "and" and (match["first"] or "between").lower() != "between":
            end = None
        if start is not None or end is not None:
            yield start, end


def _is_about_entry(text: str, match: re.Match[str]) -> bool:
    before = _sentence_so_far(text[max(0, match.start() - _LOOKS_BACK) : match.start()])
    exception = max((each.start() for each in _EXCEPT.finditer(before)), default=-1)
    effective = max((each.start() for each in _EFFECTIVE.finditer(before)), default=-1)
    if match[0].lower().startswith("effective"):
        return True
    if exception > effective:
        return False
    about_entry = max((each.end() for each in _ABOUT_ENTRY.finditer(before)), default=-1)
    about_else = max((each.end() for each in _ABOUT_ELSE.finditer(before)), default=-1)
    if about_entry == about_else == -1:
        # "Articles ..., from February 7, 2018, through February 6, 2026": a period of both days is that of the heading.
        return match["end"] is not None or match[0].lower().startswith("expir")
    return about_entry > about_else


def _sentence_so_far(text: str) -> str:
    ends = [
        each.end()
        for each in _NEW_SENTENCE.finditer(text)
        if not (each[0].startswith(".") and _ABBREVIATED.search(text[max(0, each.start() - 12) : each.start()]))
    ]
    return text[ends[-1] :] if ends else text


def _first_day(word: str | None, said: str | None) -> date | None:
    day = _date(said)
    return day + timedelta(days=1) if day is not None and word is not None and word.lower() == "after" else day


def _last_day(word: str | None, said: str | None) -> date | None:
    day = _date(said)
    is_after_it = word is not None and " ".join(word.lower().split()) in ("before", "prior to")
    return day - timedelta(days=1) if day is not None and is_after_it else day


@lru_cache(maxsize=1024)
def _date(said: str | None) -> date | None:
    """The day; None when the calendar has no such. Numbers alone are month, day, year, as the schedule writes them."""
    if said is None:
        return None
    numbers = [int(each) for each in re.findall(r"\d+", said)]
    letters = re.search(r"[A-Za-z]{3,}", re.sub(r"\d(?:st|nd|rd|th)|\bof\b", "", said))
    if letters is not None:
        (day, year), month = numbers, _MONTHS.index(letters[0][:3].lower()) + 1
    elif "-" in said:
        year, month, day = numbers
    else:
        month, day, year = numbers
    try:
        return date(year, month, day)
    except ValueError:
        return None
