"""Customs rulings: letters in which U.S. Customs and Border Protection says how goods are to be treated.

Source: CROSS, rulings.cbp.gov. Others' rulings are guidance, not authority for one's own goods (19 CFR 177.9). A ruling
that was revoked or modified says so first, and names what replaced it.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from tools.agency import AgencyTool
from tools.errors import ProviderGarbled
from tools.exchange import Exchange, Part, Plan, Reading, Request, ask
from tools.payload import Unread, in_few_words
from tools.query_text import DateOnly, in_any_case, searchable
from tools.rulings_letters import Record, Relations, read_search
from tools.rulings_lookup import SEARCH_FRESHNESS, UPSTREAM, letter_part, looked_up, naming_part, search_request
from tools.rulings_status import Link, Standing, Status, merge, merged_by_number, standing_of
from tools.tariff_numbers import TariffDigits, as_cbp_writes

__all__ = ["Ruling", "RulingLetter", "RulingResult", "RulingsQuery", "RulingsResult", "RulingsTool", "plan"]

_PAGE = "https://rulings.cbp.gov/ruling/"
_NUMBER = re.compile(r"(?:(?:[Nn][Yy]|[Hh][Qq])\s*)?([A-Za-z]{0,2}[0-9]{3,7}[A-Za-z]?)")
_SMALL_PAGE, _PAGE_SIZE = 30, 100
# The search counts no further, and answers nothing beyond.
_COUNTED_AT_MOST = 10_000
#: Pages that are asked for beyond those that would do, where the agency does not filter by date.
_PAGES_BEYOND = 3
_WHOLE_HTS = 10
# Requests that the way to what stands now may cost: for one ruling, and for all rulings of a search.
_LOOKUPS_FOR_ONE, _LOOKUPS_FOR_MANY = 10, 3


class RulingsQuery(BaseModel):
    """One ruling by `number`, or rulings by `keyword` or `hts`: one of the three."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: Annotated[str, Field(json_schema_extra={"pattern": rf"^\s*{_NUMBER.pattern}\s*$"})] | None = Field(
        None, description="number of a ruling, in any case: N305619, h301481, HQ 968226"
    )
    keyword: str | None = Field(None, description="words to look for in the letters, 1 to 200 characters")
    hts: TariffDigits | None = Field(
        None,
        validate_default=True,
        description="tariff number of 4, 6, 8 or 10 digits; finds letters that mention it, decided or not",
    )
    collection: Literal["ALL", "NY", "HQ"] = Field("ALL", description="letters of New York, of headquarters, or all")
    since: DateOnly | None = Field(None, description="first day of the ruling, YYYY-MM-DD")
    until: DateOnly | None = Field(None, description="last day of the ruling, YYYY-MM-DD")
    limit: int = Field(100, ge=1, le=1000, description="how many rulings to answer at most")

    @field_validator("number")
    @classmethod
    def _plain_number(cls, number: str | None) -> str | None:
        if number is None:
            return None
        match = _NUMBER.fullmatch(number.strip())
        if match is None:
            raise PydanticCustomError("ruling_number", "must be a ruling's number, as in N305619 or 968226")
        return match[1].upper()

    @field_validator("keyword")
    @classmethod
    def _searchable(cls, keyword: str | None) -> str | None:
        return None if keyword is None else searchable(keyword, 1, 200)

    @field_validator("collection", mode="before")
    @classmethod
    def _in_any_case(cls, collection: object) -> object:
        return in_any_case(collection, ("ALL", "NY", "HQ"))

    @field_validator("hts")
    @classmethod
    def _is_one_question(cls, hts: str | None, info: ValidationInfo) -> str | None:
        # Checked here and not on the whole, so that it is said together with what else is wrong. A field that cannot
        # be read is not in the data; it was given.
        asked = [info.data.get("number", ""), info.data.get("keyword", ""), hts]
        if sum(each is not None for each in asked) != 1:
            said = "exactly one of number, keyword and hts is to be given"
            raise PydanticCustomError("rulings_query", "{said}", {"said": said, "parameter": "number"})
        return hts

    @field_validator("until")
    @classmethod
    def _ends_after_it_begins(cls, until: date | None, info: ValidationInfo) -> date | None:
        since = info.data.get("since")
        if since is not None and until is not None and since > until:
            raise PydanticCustomError("rulings_dates", "must not be later than until", {"parameter": "since"})
        return until


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One ruling, its standing first.

    `replaced_by` are the rulings that revoked or modified it, `chain` these and what became of them; where that could
    not be followed to its end, `chain_is_whole` is false. `tariffs` are written as the schedule prints them;
    `decides_hts` tells whether the asked number is among them (None: none was asked). `ruled_on` is null where the
    agency has no date, and may be off by a day when it is not exact. What the agency left blank, or sent in a shape
    that cannot be read, is null.
    """

    status: Status
    notice: str
    replaced_by: tuple[str, ...]
    chain: tuple[Link, ...]
    chain_is_whole: bool
    number: str
    subject: str | None
    ruled_on: date | None
    ruled_on_is_exact: bool
    collection: str | None
    categories: tuple[str, ...]
    tariffs: tuple[str, ...]
    decides_hts: bool | None
    relations: Relations
    is_usmca: bool | None
    is_nafta: bool | None
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingLetter(Ruling):
    """One ruling with its whole text. `document` is the agency's path of the printed letter."""

    text: str
    document: str | None


@dataclass(frozen=True, slots=True)
class RulingResult:
    """The ruling that was asked for. `limits` say what of it could not be read."""

    ruling: RulingLetter
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RulingsResult:
    """What a search found, and what it may have missed (`limits`).

    `total` is the agency's count; at 10,000 it counts no further (`total_is_capped`). `may_miss`: letters about the
    number that write it otherwise are not found.
    """

    rulings: tuple[Ruling, ...]
    total: int
    total_is_capped: bool
    truncated: bool
    truncated_reason: str | None
    limits: tuple[str, ...]
    may_miss: bool


class RulingsTool(AgencyTool):
    """Rulings by number, words or tariff number, each with what has become of it."""

    name: ClassVar[str] = "rulings"
    description: ClassVar[str] = (
        "CBP CROSS rulings: one letter by its number, or letters by words or tariff number; revoked and modified ones "
        "say so first and name what replaced them."
    )
    upstream: ClassVar[str | None] = UPSTREAM
    source_name: ClassVar[str] = "CBP CROSS"
    default_base_url: ClassVar[str] = "https://rulings.cbp.gov/api"
    default_rate: ClassVar[str] = "5/5s"
    query_model: ClassVar[type[BaseModel]] = RulingsQuery

    def plan(self, query: RulingsQuery) -> Plan[RulingResult | RulingsResult]:
        """See the module's `plan`."""
        return plan(query, self.base_url)


def plan(query: RulingsQuery, base_url: str) -> Plan[RulingResult | RulingsResult]:
    """Ask for the letter and its relations, or for the pages of a search; then for what replaced what was found.

    Raises NotFound when the agency demonstrably answers and has no such ruling, ProviderGarbled when an answer has
    another shape.
    """
    if query.number is not None:
        return Reading((yield from _one(query.number, base_url)), version=None)
    return Reading((yield from _many(query, base_url)), version=None)


def _one(number: str, base_url: str) -> Generator[Part[Any], Any, RulingResult]:
    letter = yield from ask(letter_part(base_url, number))
    # The letter's own route leaves out what other rulings did to it; the search has that.
    listed = yield from ask(naming_part(base_url, number))
    told = next((record for record in listed if record.number == number), None)
    told_by_all = merged_by_number((_joined(letter.record, told), *listed))
    known = yield from looked_up((number,), told_by_all, base_url, _LOOKUPS_FOR_ONE)
    ruling = _ruling(known[number], standing_of(number, known), None)
    return RulingResult(RulingLetter(**ruling, text=letter.text, document=letter.document), letter.unread)


def _joined(letter: Record, listed: Record | None) -> Record:
    """What the letter's route and the search say of one ruling."""
    if listed is None:
        return letter
    return replace(
        letter,
        relations=merge(letter.relations, listed.relations),
        tariffs=letter.tariffs or listed.tariffs,
        categories=letter.categories or listed.categories,
    )


def _many(query: RulingsQuery, base_url: str) -> Generator[Part[Any], Any, RulingsResult]:
    def is_whole(found: _Found) -> bool:
        return len(found.records) >= query.limit or found.is_end

    asked_for = ("search", query.model_dump_json())
    pages = Part(asked_for, _Found, SEARCH_FRESHNESS, lambda: _search(query, base_url), is_whole)
    found = yield from ask(pages)
    asked = tuple(record.number for record in found.records[: query.limit])
    known = yield from looked_up(asked, merged_by_number(found.records), base_url, _LOOKUPS_FOR_MANY)
    rulings = tuple(Ruling(**_ruling(known[each], standing_of(each, known), query.hts)) for each in asked)
    return _found(query, rulings, found)


@dataclass(frozen=True, slots=True)
class _Found:
    """The agency's count, and the rulings that came and are of the asked days, each once.

    `outside` counts those of other days, `nameless` those without a number, both left out. `is_end`: no more of the
    asked days can come. `unread` says what could not be read.
    """

    total: int
    records: tuple[Record, ...]
    outside: int
    nameless: int
    is_end: bool
    unread: tuple[str, ...]

    @property
    def received(self) -> int:
        """Return how many came in all."""
        return len(self.records) + self.outside + self.nameless


def _search(query: RulingsQuery, base_url: str) -> Exchange[_Found]:
    seen: dict[str, Record] = {}
    total, page_number, nameless = None, 0, 0
    unread: list[Unread] = []
    while True:
        page_number += 1
        request = _page_request(query, base_url, page_number)
        size = int(request.params["pageSize"])
        page = read_search((yield request), unread)
        total = page.total if total is None else total
        fresh = {record.number: record for record in page.records if record.number not in seen}
        seen |= fresh
        nameless += page.received - len(page.records)
        # The agency does not filter by date, says one account, and does, say two others.
        records = tuple(record for record in seen.values() if _is_of_days(record, query))
        outside = len(seen) - len(records)
        # Newest first, the rest is older still.
        is_past = query.hts is not None and bool(page.records) and all(_is_before(each, query) for each in page.records)
        is_end = is_past or len(seen) + nameless >= total
        # A short page is the last one; one that brings nothing new would come for ever.
        is_last = page.received < size or not (fresh or page.received > len(page.records))
        # Of days that no page is about, pages could be asked for without end.
        is_too_far = bool(outside) and page_number >= query.limit // size + _PAGES_BEYOND
        if is_end or is_last or is_too_far or len(records) >= query.limit:
            break
    if total and not seen:
        raise ProviderGarbled(f"cross: it counts {total} rulings and sent none that can be read", upstream=UPSTREAM)
    return _Found(total, records, outside, nameless, is_end, in_few_words(unread))


def _is_of_days(record: Record, query: RulingsQuery) -> bool:
    """Return whether a ruling may be of the asked days: one without a date may be of any."""
    if record.ruled_on is None:
        return True
    slack = timedelta(0 if record.ruled_on_is_exact else 1)
    is_late = query.until is not None and record.ruled_on - slack > query.until
    return not is_late and not _is_before(record, query)


def _is_before(record: Record, query: RulingsQuery) -> bool:
    """Return whether a ruling was surely made before the first asked day."""
    if record.ruled_on is None or query.since is None:
        return False
    return record.ruled_on + timedelta(0 if record.ruled_on_is_exact else 1) < query.since


def _page_request(query: RulingsQuery, base_url: str, page: int) -> Request:
    return search_request(
        base_url,
        (query.keyword or "") if query.hts is None else as_cbp_writes(query.hts),
        size=_SMALL_PAGE if query.limit <= _SMALL_PAGE else _PAGE_SIZE,
        page=page,
        collection=query.collection,
        newest_first=query.hts is not None,
        since=query.since,
        until=query.until,
    )


def _ruling(record: Record, standing: Standing, hts: str | None) -> dict[str, Any]:
    """The members of a `Ruling`."""
    decides = None if hts is None else any(each.replace(".", "").startswith(hts) for each in record.tariffs)
    return {
        "status": standing.status,
        "notice": standing.notice,
        "replaced_by": standing.replaced_by,
        "chain": standing.chain,
        "chain_is_whole": standing.chain_is_whole,
        "number": record.number,
        "subject": record.subject,
        "ruled_on": record.ruled_on,
        "ruled_on_is_exact": record.ruled_on_is_exact,
        "collection": record.collection,
        "categories": record.categories,
        "tariffs": record.tariffs,
        "decides_hts": decides,
        "relations": record.relations,
        "is_usmca": record.is_usmca,
        "is_nafta": record.is_nafta,
        "url": _PAGE + record.number,
    }


def _found(query: RulingsQuery, rulings: tuple[Ruling, ...], found: _Found) -> RulingsResult:
    total, reasons = found.total, []
    if len(found.records) > len(rulings) or (not found.is_end and len(rulings) == query.limit):
        reasons.append(f"limit {query.limit}")
    elif not found.is_end:
        reasons.append(f"the agency counts {total} rulings and sent {found.received}")
    if found.nameless:
        reasons.append(f"of the rulings that the agency sent, {found.nameless} have no number that can be read")
    is_capped = total == _COUNTED_AT_MOST
    if is_capped:
        reasons.append(f"the agency counts no further than {_COUNTED_AT_MOST}: narrow the question, by dates for one")
    limits = []
    if found.outside:
        limits.append(
            f"the agency did not filter by date: {found.outside} rulings of other days were left out here, "
            f"and its count of {total} has them"
        )
    is_short = query.hts is not None and len(query.hts) < _WHOLE_HTS
    if query.hts is not None:
        limits.append("a search by number finds letters that mention it, whatever they decide")
        if is_short:
            limits.append("a shorter number may find only letters that write it so: ask for lines of ten digits too")
    limits += found.unread
    return RulingsResult(rulings, total, is_capped, bool(reasons), "; ".join(reasons) or None, tuple(limits), is_short)
