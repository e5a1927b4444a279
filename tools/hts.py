"""The tariff: one line of the U.S. Harmonized Tariff Schedule, or a search in it.

Source: hts.usitc.gov/reststop, the interface behind the schedule that the U.S. International Trade Commission
publishes. The answer repeats what the schedule states; it adds up no duties.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tools.agency import AgencyTool
from tools.errors import NotFound, ProviderGarbled
from tools.exchange import Exchange, Part, Plan, Reading, Request, Response, ask, ask_all
from tools.hts_filing import Filing, TariffChild, filing_of, filing_of_found
from tools.hts_footnotes import (
    Footnote,
    HeadingRange,
    LinkedHeading,
    footnotes_of,
    linked_codes,
    linked_heading,
    linked_ranges,
)
from tools.hts_schedule import Placed, Rates, Row, find, find_near, place, rates_of, read_rows
from tools.policy.freshness import Freshness
from tools.query_text import searchable
from tools.tariff_numbers import TariffDigits, as_the_schedule_prints

__all__ = [
    "HTSLine",
    "HTSLineResult",
    "HTSQuery",
    "HTSSearchLine",
    "HTSSearchResult",
    "HTSTool",
    "plan",
    "release_part",
]

_UPSTREAM = "hts"
_WHOLE_NUMBER = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,3}")
_RELEASE = re.compile(r"[0-9]{4}HTS\w{1,40}", re.ASCII)
_KEYWORD_LENGTH = 200
# Some accounts give this as the most that a search answers, others saw more: just so many may be a cut answer.
_SEARCH_CAP = 100
_HAWAII = timedelta(hours=10)
_HOUR_S = 3600.0
_FRESHNESS = Freshness(fresh_s=24 * _HOUR_S, revalidate_s=48 * _HOUR_S, on_error_s=7 * 24 * _HOUR_S)
# The service asks for it every quarter of an hour, so that no question has to wait for it.
_RELEASE_FRESHNESS = Freshness(fresh_s=_HOUR_S / 3, revalidate_s=_HOUR_S / 2, on_error_s=7 * 24 * _HOUR_S)


class HTSQuery(BaseModel):
    """A line by `code`, or lines by `keyword` (at most `limit`): one of the two."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: TariffDigits | None = Field(
        None, description="4, 6, 8 or 10 digits, with the schedule's dots or without: 8507.60.00.20, 8507600020"
    )
    keyword: str | None = Field(
        None,
        validate_default=True,
        description=f"words or a number to search for, 1 to {_KEYWORD_LENGTH} characters",
    )
    limit: int = Field(100, ge=1, le=1000, description="how many lines of a search to answer at most")

    @field_validator("keyword")
    @classmethod
    def _searchable(cls, keyword: str | None, info: ValidationInfo) -> str | None:
        if keyword is None:
            # A code that cannot be read is not in the data, and has a fault of its own.
            if info.data.get("code", "") is None:
                raise PydanticCustomError("hts_query", "is required, or else a keyword", {"parameter": "code"})
            return None
        if info.data.get("code") is not None:
            raise PydanticCustomError("hts_keyword", "cannot be asked together with code")
        return searchable(keyword, 1, _KEYWORD_LENGTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class HTSLine:
    """One line, heading or subheading, as the schedule has it.

    `path` holds the texts that it stands under, outermost first; `path_is_whole` says whether all of them are known.
    `fileable`: an entry can be filed with it; else `fileable_reason` says why not. `children` are the numbered rows
    right under it, `reported_with` is what a provision of chapter 98 or 99 goes with. `exhaustive` is about
    `linked_headings`, and always false: some measures have no footnote. `status` is the interface's own word, where
    it gives one.
    """

    code: str
    description: str
    path: tuple[str, ...]
    path_is_whole: bool
    fileable: bool
    fileable_reason: str | None
    children: tuple[TariffChild, ...]
    reported_with: str | None
    units: tuple[str, ...]
    rates: Rates
    footnotes: tuple[Footnote, ...]
    linked_headings: tuple[LinkedHeading, ...]
    exhaustive: Literal[False] = False
    additional_duties: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class HTSLineResult:
    """The line that was asked for."""

    line: HTSLine


@dataclass(frozen=True, slots=True, kw_only=True)
class HTSSearchLine:
    """A row that a search found. It comes without the rows above it, so `rates` holds only what it states itself."""

    code: str
    description: str
    fileable: bool
    fileable_reason: str | None
    reported_with: str | None
    units: tuple[str, ...]
    rates: Rates
    footnotes: tuple[Footnote, ...]
    additional_duties: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class HTSSearchResult:
    """What a search found. `total` counts the numbered rows that came; `truncated_reason` says what cut them short."""

    lines: tuple[HTSSearchLine, ...]
    total: int
    truncated: bool
    truncated_reason: str | None


class HTSTool(AgencyTool):
    """Tariff lines with inherited rates, footnotes and linked chapter 98 and 99 headings."""

    name: ClassVar[str] = "hts"
    description: ClassVar[str] = (
        "U.S. tariff: a line with its inherited rates, footnotes and linked chapter 98/99 headings, or a search."
    )
    upstream: ClassVar[str | None] = _UPSTREAM
    source_name: ClassVar[str] = "USITC HTS"
    default_base_url: ClassVar[str] = "https://hts.usitc.gov/reststop"
    default_rate: ClassVar[str] = "5/5s"
    query_model: ClassVar[type[BaseModel]] = HTSQuery

    def plan(self, query: HTSQuery) -> Plan[HTSLineResult | HTSSearchResult]:
        """See the module's `plan`."""
        # A heading is over when its last day has passed everywhere in the customs territory.
        return plan(query, self.base_url, (datetime.now(UTC) - _HAWAII).date())

    @property
    def watched(self) -> Part[str]:
        """The release in force: a new one changes what every kept row is worth."""
        return release_part(self.base_url)


def plan(query: HTSQuery, base_url: str, today: date | None = None) -> Plan[HTSLineResult | HTSSearchResult]:
    """Ask for the release in force, then for the heading's rows or the search, then for linked headings.

    `today` decides which of these are over; without it none is said to be.

    Raises NotFound when the schedule has no such line, ProviderGarbled when an answer has another shape.
    """
    release = yield from ask(release_part(base_url))
    if query.keyword is not None:
        keyword = _as_printed(query.keyword)
        found = Part(("search", release, keyword), tuple[Row, ...], _FRESHNESS, lambda: _search(base_url, keyword))
        return Reading(_search_result((yield from ask(found)), query.limit), release)
    code = query.code or ""
    heading = place((yield from ask(_rows(base_url, release, code[:4]))))
    placed = find(heading, code)
    if placed is None:
        raise NotFound(
            f"the schedule ({release}) has no {as_the_schedule_prints(code)}; {find_near(heading, code)}",
            upstream=_UPSTREAM,
        )
    footnotes = footnotes_of(placed)
    ranges = linked_ranges(footnotes)
    # One request for each six-digit group; the group also brings the texts that its headings stand under.
    wanted = {each.replace(".", "")[:6]: None for each in linked_codes(footnotes, besides=placed.row.code)}
    wanted |= dict.fromkeys(prefix for each in ranges for prefix in each.prefixes)
    # A heading that is asked for as a whole has its groups in it.
    groups = [each for each in wanted if len(each) == 4 or each[:4] not in wanted]
    others = [each for each in groups if each[:4] != code[:4]]
    rows = (yield from ask_all(_rows(base_url, release, each) for each in others)) if others else ()
    known: dict[str, Sequence[Placed]] = {code[:4]: heading}
    known |= {group: place(each) for group, each in zip(others, rows, strict=True)}

    def around(digits: str) -> Sequence[Placed]:
        return known.get(digits[:4]) or known.get(digits[:6], ())

    def between(ends: HeadingRange) -> Iterator[str]:
        for prefix in ends.prefixes:
            yield from ends.codes_in(each for each in around(prefix) if each.row.digits.startswith(prefix))

    linked = linked_codes(footnotes, besides=placed.row.code, between=between)
    links = tuple(linked_heading(each, around(each.replace(".", "")), today) for each in linked)
    return Reading(HTSLineResult(_line(placed, filing_of(placed, heading), footnotes, links)), release)


def release_part(base_url: str) -> Part[str]:
    """The name of the release in force."""
    return Part(("release",), str, _RELEASE_FRESHNESS, lambda: _ask_release(base_url), is_version=True)


def _rows(base_url: str, release: str, prefix: str) -> Part[tuple[Row, ...]]:
    """All rows whose number begins with `prefix` (4 or 6 digits), with their groups.

    They belong to the release, so that nobody finds them any more when it is not the one in force.
    """
    return Part(("rows", release, prefix), tuple[Row, ...], _FRESHNESS, lambda: _ask_rows(base_url, prefix))


def _ask_release(base_url: str) -> Exchange[str]:
    return _release((yield Request("GET", f"{base_url}/currentRelease", _UPSTREAM)))


def _search(base_url: str, keyword: str) -> Exchange[tuple[Row, ...]]:
    response = yield Request("GET", f"{base_url}/search", _UPSTREAM, params={"keyword": keyword})
    response.require_ok()
    return read_rows(response.json())


def _ask_rows(base_url: str, prefix: str) -> Exchange[tuple[Row, ...]]:
    # The range's end takes in the row that bears that very number and nothing under it. So the end is the next prefix;
    # the row that it brings along stands after all others, and nobody looks for its number. Bounds need not exist.
    end = f"{int(prefix) + 1:0{len(prefix)}d}" if prefix.strip("9") else "99999999"
    params = {"from": _bound(prefix), "to": _bound(end), "format": "JSON", "styles": "false"}
    response = yield Request("GET", f"{base_url}/exportList", _UPSTREAM, params=params)
    response.require_ok()
    rows = read_rows(response.json())
    for row in rows:
        digits = row.code.replace(".", "")
        # Grouping rows, and a chapter's own row, have no number to compare.
        if len(digits) >= 4 and not (prefix <= digits < end or digits.startswith(end)):
            asked = f"{params['from']} to {params['to']}"
            raise ProviderGarbled(f"hts: {asked} was asked for, and {row.code} came", upstream=_UPSTREAM)
    return rows


def _bound(digits: str) -> str:
    """Clients are known to use bounds of four digits, or of eight with dots."""
    return digits if len(digits) == 4 else as_the_schedule_prints(digits.ljust(8, "0"))


def _as_printed(keyword: str) -> str:
    """A number is searched for as the schedule prints it: without its dots it may find nothing."""
    return as_the_schedule_prints(keyword) if _WHOLE_NUMBER.fullmatch(keyword) else keyword


def _release(response: Response) -> str:
    response.require_ok()
    body = response.json()
    if isinstance(body, dict) and isinstance(body.get("name"), str) and body["name"].strip():
        return str(body["name"]).strip()
    # Some clients allow for the bare name, so a text that reads like one is taken.
    if isinstance(body, str) and _RELEASE.fullmatch(body.strip()):
        return body.strip()
    raise ProviderGarbled("hts: currentRelease did not name a release", upstream=_UPSTREAM)


def _line(placed: Placed, filing: Filing, footnotes: tuple[Footnote, ...], links: tuple[LinkedHeading, ...]) -> HTSLine:
    row = placed.row
    return HTSLine(
        code=row.code,
        description=row.description,
        path=tuple(each.description for each in placed.ancestors),
        path_is_whole=placed.has_whole_path,
        fileable=filing.fileable,
        fileable_reason=filing.reason,
        children=filing.children,
        reported_with=filing.reported_with,
        units=row.units,
        rates=rates_of(placed),
        footnotes=footnotes,
        linked_headings=links,
        additional_duties=row.additional_duties,
        status=row.status,
    )


def _search_result(rows: Sequence[Row], limit: int) -> HTSSearchResult:
    # A grouping row cannot be asked for by number, so it is no line.
    found = [Placed(row) for row in rows if len(row.digits) >= 4]
    reasons = []
    if len(found) > limit:
        reasons.append(f"limit {limit}")
    if len(rows) == _SEARCH_CAP:
        reasons.append(f"the agency answered exactly {_SEARCH_CAP} rows, which may be its bound: there may be more")
    lines = tuple(map(_search_line, found[:limit]))
    return HTSSearchResult(lines, len(found), bool(reasons), "; ".join(reasons) or None)


def _search_line(placed: Placed) -> HTSSearchLine:
    filing, row = filing_of_found(placed.row.digits), placed.row
    return HTSSearchLine(
        code=row.code,
        description=row.description,
        fileable=filing.fileable,
        fileable_reason=filing.reason,
        reported_with=filing.reported_with,
        units=row.units,
        rates=rates_of(placed),
        footnotes=footnotes_of(placed),
        additional_duties=row.additional_duties,
        status=row.status,
    )
