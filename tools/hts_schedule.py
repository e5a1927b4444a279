"""Reads rows of the Harmonized Tariff Schedule, and finds what each line inherits from the rows above it.

Source: the rows of `exportList` and `search` at hts.usitc.gov/reststop. A row's place in the tree is its indent; the
rows' order is the schedule's. A grouping row has a text and an indent, but no number.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tools.errors import ProviderGarbled
from tools.hts_text import clean
from tools.payload import kind_of
from tools.tariff_numbers import as_the_schedule_prints

__all__ = [
    "Footmark",
    "Placed",
    "Rate",
    "Rates",
    "Row",
    "find",
    "find_near",
    "place",
    "rates_of",
    "read_rows",
]

_COLUMNS = ("general", "special", "other")
_REQUIRED = ("description", "units", *_COLUMNS, "footnotes")
#: Without these a row has no place: a line, or what lines inherit, would be lost in silence.
_PLACED_BY = frozenset({"htsno", "indent"})
#: One key that so many rows lack, all that came, is missing by a change of the interface.
_MANY_ROWS = 2
#: Stands where the agency sent something that cannot be read: blank would mean that there is nothing.
UNREAD = "[came in a shape that cannot be read]"
# The interface sends both spellings side by side; the second is always null so far, and may be the one that goes.
_ADDITIONAL = ("additionalDuties", "addiitionalDuties")
_INDENTS = {str(indent): indent for indent in range(10)}
# Two digits would be a chapter's own row.
_NUMBER = re.compile(r"[0-9]{2}(?:\.?[0-9]{2}(?:\.?[0-9]{2}(?:\.?[0-9]{2}(?:\.?[0-9]{2})?)?)?)?")


@dataclass(frozen=True, slots=True)
class Footmark:
    """A footnote as its row carries it. `columns` is what it is about: `general`, `desc`, `units` and so on."""

    text: str
    columns: tuple[str, ...]
    marker: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row. `code` is dotted 4.2.2.2, `""` on a grouping row; a rate that the row does not state is None."""

    code: str
    indent: int
    description: str
    units: tuple[str, ...]
    general: str | None
    special: str | None
    other: str | None
    footmarks: tuple[Footmark, ...]
    additional_duties: str | None
    status: str | None

    @property
    def digits(self) -> str:
        return self.code.replace(".", "")

    @property
    def is_rated(self) -> bool:
        return not (self.general is None and self.special is None and self.other is None)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row and the rows that it stands under, outermost first."""

    row: Row
    ancestors: tuple[Row, ...] = ()

    @property
    def has_whole_path(self) -> bool:
        """Whether the outermost row is one of the schedule's own outermost: a range may begin inside a group."""
        return (self.ancestors[0] if self.ancestors else self.row).indent == 0

    @property
    def rated(self) -> Row | None:
        """The nearest row, itself first, that states a general rate; where there is none, the nearest with any rate."""
        if self.row.general is not None:
            return self.row
        upwards = (self.row, *reversed(self.ancestors))
        for row in upwards:
            if row.general is not None:
                return row
        for row in upwards:
            if row.is_rated:
                return row
        return None


@dataclass(frozen=True, slots=True)
class Rate:
    """One column as the schedule words it. `text` None means that no rate is known, for this `reason`; never free.

    `inherited_from` is the code (of a grouping row, the text) of the row above that states it; None: the line itself.
    """

    text: str | None
    inherited_from: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Rates:
    """Column 1 general, column 1 special and column 2 (`other`), all three from one row."""

    general: Rate
    special: Rate
    other: Rate


def read_rows(body: object) -> tuple[Row, ...]:
    """Return the rows in decoded JSON. A null where a text or a list belongs counts as blank: the interface sends both.

    In the place of another value that cannot be read stands `UNREAD`, so that it is not taken for none. Raises
    ProviderGarbled, naming row (from 1) and key, where a row's place in the schedule is lost with it.
    """
    if not isinstance(body, list):
        raise _garbled(f"a list of rows was due, but {kind_of(body)} came")
    rows = [_row(each, f"row {number}") for number, each in enumerate(body, 1)]
    if len(rows) >= _MANY_ROWS and (gone := frozenset(_REQUIRED).difference(*body)):
        raise _garbled(f"no row has {min(gone)!r}")
    return tuple(rows)


def place(rows: Sequence[Row]) -> tuple[Placed, ...]:
    """Each row with the rows above it in the tree. The indent may jump: a parent is the nearest row further out."""
    placed, stack = [], list[Row]()
    for row in rows:
        while stack and stack[-1].indent >= row.indent:
            stack.pop()
        placed.append(Placed(row, tuple(stack)))
        stack.append(row)
    return tuple(placed)


def rates_of(placed: Placed) -> Rates:
    """The rates of a line, inherited as one row: a blank beside a stated rate does not climb on.

    A blank special beside a stated general means that no preference is given (HTS General Note 3(c): a programme
    applies where its symbol stands in the special column).
    """
    source = placed.rated
    if source is None:
        nothing = Rate(None, None, _why_unrated(placed))
        return Rates(nothing, nothing, nothing)
    inherited_from = None if source is placed.row else (source.code or source.description)
    return Rates(
        _rate(source, "general", source.general, inherited_from),
        _rate(source, "special", source.special, inherited_from),
        _rate(source, "other", source.other, inherited_from),
    )


def find(placed: Sequence[Placed], digits: str) -> Placed | None:
    """The line with this number, or the row that prints the same provision with zeros (9503 stands as 9503.00.00).

    Zeros mean "not divided", so such a row is the same only when it holds everything under that number. Raises
    ProviderGarbled when two rows carry the number with different rates.
    """
    printed = as_the_schedule_prints(digits)
    same = [each for each in placed if each.row.code == printed]
    if same:
        if len(same) > 1 and len({rates_of(each) for each in same}) > 1:
            raise _garbled(f"{printed} stands there {len(same)} times, with different rates")
        return same[0]
    under = [each for each in placed if each.row.digits.startswith(digits)]
    whole = [each for each in under if not each.row.digits[len(digits) :].strip("0")]
    if whole and all(each.row.digits.startswith(whole[0].row.digits) for each in under):
        return whole[0]
    return None


def find_near(placed: Sequence[Placed], digits: str) -> str:
    """A sentence on what the schedule has where `digits` would stand."""
    for length in range(len(digits), 2, -2):
        near = [each.row.code for each in placed if each.row.digits.startswith(digits[:length])]
        if near:
            more = f" and {len(near) - 8} more" if len(near) > 8 else ""
            return f"under {as_the_schedule_prints(digits[:length])} it has {', '.join(near[:8])}{more}"
    return f"it has nothing under {digits[:4]}"


def _why_unrated(placed: Placed) -> str:
    digits = placed.row.digits
    if not placed.has_whole_path:
        return "the rows above, which may state its rate, did not come with this answer (a search brings none of them)"
    if digits[:2] in ("98", "99"):
        return "no rate is stated; in chapters 98 and 99 that may be a quota or a rate set in a note, and is not free"
    if len(digits) < 8:
        return "a heading; the rates stand on the lines under it"
    return "neither this line nor any row above it states a rate"


def _rate(source: Row, column: str, text: str | None, inherited_from: str | None) -> Rate:
    if text == UNREAD:
        return Rate(
            None,
            None,
            f"{source.code or source.description} states a rate that cannot be read; that does not mean free",
        )
    return Rate(None, None, _why_blank(source, column)) if text is None else Rate(text, inherited_from, None)


def _why_blank(source: Row, column: str) -> str:
    name = source.code or source.description
    if column == "special" and source.general is not None:
        return f"no preference: {name} states a general rate and no special one"
    return f"{name} states a rate in another column and none here; that does not mean free"


def _row(raw: object, where: str) -> Row:
    if not isinstance(raw, dict):
        raise _garbled(f"{where} is {kind_of(raw)}")
    if not raw.keys() >= _PLACED_BY:
        raise _garbled(f"{where} has no {min(_PLACED_BY - raw.keys())!r}")
    # Only the answers of `search` carry a status; whatever it is, it is shown and nothing rests on it.
    status = raw.get("status")
    return Row(
        code=_code(raw, where),
        indent=_indent(raw["indent"], where),
        description=_text(raw.get("description", UNREAD)) or "",
        units=_units(raw.get("units", UNREAD)),
        general=_rate_text(raw.get("general", UNREAD)),
        special=_rate_text(raw.get("special", UNREAD)),
        other=_rate_text(raw.get("other", UNREAD)),
        footmarks=_footmarks(raw.get("footnotes", UNREAD)),
        additional_duties=_additional_duties(raw),
        status=(clean(status) or None) if isinstance(status, str) else None,
    )


def _additional_duties(raw: Mapping[str, object]) -> str | None:
    texts = [_rate_text(raw[key]) for key in _ADDITIONAL if key in raw]
    stated = [text for text in texts if text is not None] if texts else [UNREAD]
    return min(stated, key=lambda text: text == UNREAD, default=None)


def _code(raw: Mapping[str, object], where: str) -> str:
    if raw["htsno"] is None:  # a grouping row has a blank one; without its number a line would be lost in silence
        raise _garbled(f"{where}: 'htsno' is null")
    if type(raw["htsno"]) is not str:
        raise _garbled(f"{where}: 'htsno' is {kind_of(raw['htsno'])}, not a text")
    number = clean(raw["htsno"])
    if not number:
        return ""
    code = _printed(number)
    if code is None:
        raise _garbled(f"{where}: 'htsno' is {number[:40]!r}")
    return code


# The same chapters come again and again.
@lru_cache(maxsize=4096)
def _printed(number: str) -> str | None:
    """A number as the schedule prints it; None when it is none."""
    return as_the_schedule_prints(number.replace(".", "")) if _NUMBER.fullmatch(number) else None


def _indent(value: object, where: str) -> int:
    if type(value) is str:
        if (indent := _INDENTS.get(value)) is not None:
            return indent
        # Some rows of chapter 98 say "03".
        if re.fullmatch(r"[0-9]{1,2}", value.strip()):
            return int(value)
    if type(value) is int and 0 <= value < 100:
        return value
    raise _garbled(f"{where}: 'indent' is {value!r:.40}")


def _units(value: object) -> tuple[str, ...]:
    if value is None or value == "" or value == []:
        return ()
    return tuple(filter(None, map(_text, value if type(value) is list else [value])))


def _footmarks(value: object) -> tuple[Footmark, ...]:
    if value is None or value == "" or value == []:
        return ()
    marks = map(_footmark, value if type(value) is list else [value])
    return tuple([mark for mark in marks if mark is not None])


def _footmark(value: object) -> Footmark | None:
    """A footnote; one that is blank is none."""
    if type(value) is not dict:
        text = _text(value)
        return None if text is None else Footmark(text, (), None)
    text = _text(value.get("value", UNREAD))
    return None if text is None else Footmark(text, _units(value.get("columns")), _text(value.get("marker")))


def _rate_text(value: object) -> str | None:
    """A rate as it is worded. A bare number is none: it does not say what of."""
    return UNREAD if type(value) is int else _text(value)


def _text(value: object) -> str | None:
    """A text or a whole number, cleaned; None when it is null or blank, UNREAD when it cannot be read."""
    if type(value) is str:
        return clean(value) or None
    return None if value is None else str(value) if type(value) is int else UNREAD


def _garbled(said: str) -> ProviderGarbled:
    return ProviderGarbled(f"hts: {said}", upstream="hts")
