"""Denied parties: one name against the U.S. Consolidated Screening List.

Source: `/v1/search` at data.trade.gov, the interface of the International Trade Administration to thirteen lists of the
Treasury, the Bureau of Industry and Security and the State Department. `clear` says exactly that no listed name scored
at or above the threshold, on the lists that `coverage` names, when it was asked. A hit is not an adjudication.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from tools.agency import AgencyTool
from tools.errors import NotConfigured, NotScreened, ProviderGarbled
from tools.exchange import Exchange, Part, Plan, Reading, Request, ask
from tools.policy.freshness import Freshness
from tools.sanctions_entries import ListEntry, Page, ScoredEntry, read_page
from tools.sanctions_hits import Agreement, Hit, Outcome, outcome_of, weigh
from tools.sanctions_lists import LISTS, NOT_COVERED, POLICY_VERSION
from tools.sanctions_names import is_in_latin_script
from tools.sanctions_query import SanctionsQuery

__all__ = ["Coverage", "SanctionsQuery", "SanctionsResult", "SanctionsTool", "plan"]

_UPSTREAM = "csl"
_PAGE_SIZE = 50
# The interface answers no offset beyond this, so that 1,050 entries can be read at most.
_MAX_OFFSET = 1000
_HOUR_S = 3600.0
#: Nothing older than four hours may clear anybody.
_FRESHNESS = Freshness(fresh_s=_HOUR_S, revalidate_s=2 * _HOUR_S, on_error_s=4 * _HOUR_S)
_TYPES = ("Individual", "Entity", "Vessel", "Aircraft")
# Of hits that are as strong as each other, those whose country agrees come first.
_COUNTRY_ORDER: Mapping[Agreement | None, int] = {"same": 0, "unknown": 1, None: 2, "different": 3}

_API_LIMIT = (
    "asked by the agency's search, which needs every word of the name to match an entry: a clear of it is weaker than "
    "one of the whole list compared here"
)
_SCRIPT_LIMIT = (
    "the lists are written in Latin letters for the most part, and the asked name is not: ask for both forms"
)


@dataclass(slots=True)
class Coverage:
    """What the outcome is about: the `lists` that were asked, what is `not_covered`, and by which way (`via`)."""

    lists: tuple[str, ...]
    not_covered: tuple[str, ...]
    limits: tuple[str, ...]
    via: Literal["api"] = "api"


@dataclass(slots=True, kw_only=True)
class SanctionsResult:
    """The outcome, and what it rests on.

    `total` counts the entries that the agency found; those that are no `hits` are counted in `below_threshold` or
    `of_another_type`. `truncated` says that not all of them could be read; such an answer is never `clear`.
    """

    outcome: Outcome
    threshold: float
    hits: tuple[Hit, ...]
    total: int
    below_threshold: int
    of_another_type: int
    truncated: bool
    truncated_reason: str | None
    coverage: Coverage
    policy_version: str = POLICY_VERSION


class SanctionsTool(AgencyTool):
    """Screens one name against the Consolidated Screening List. Needs the agency's `subscription_key`."""

    name: ClassVar[str] = "sanctions"
    description: ClassVar[str] = (
        "Denied parties: one name against the thirteen lists of the U.S. Consolidated Screening List, with an outcome, "
        "scored hits and what each list asks for."
    )
    upstream: ClassVar[str | None] = _UPSTREAM
    source_name: ClassVar[str] = "ITA Consolidated Screening List"
    default_base_url: ClassVar[str] = "https://data.trade.gov/consolidated_screening_list/v1"
    default_rate: ClassVar[str] = "100/60s,3/2s"
    query_model: ClassVar[type[BaseModel]] = SanctionsQuery
    screens: ClassVar[bool] = True

    def __init__(self, *, subscription_key: str | None = None, **kwargs: Any) -> None:
        super().__init__(secrets={"subscription_key": subscription_key}, **kwargs)
        self._subscription_key = subscription_key

    def plan(self, query: SanctionsQuery) -> Plan[SanctionsResult]:
        """See the module's `plan`."""
        return plan(query, self.base_url, self._subscription_key)


def plan(query: SanctionsQuery, base_url: str, subscription_key: str | None) -> Plan[SanctionsResult]:
    """Ask page by page, to the end that the agency lets one reach, then weigh what came.

    Raises NotConfigured without a key, ProviderGarbled when an answer has another shape or is not whole, NotScreened
    when there are more entries than can be read and none of those read is a hit.
    """
    if not subscription_key:
        raise NotConfigured(
            "no subscription key of data.trade.gov (subscription_key; of the service: GATEWAY_CSL_SUBSCRIPTION_KEY)",
            upstream=_UPSTREAM,
        )
    # No list named is another question than every list that we know: lists that we do not know are searched, too.
    sources = "any" if query.sources is None else ",".join(sorted(query.sources))
    asked = (query.name, str(query.fuzzy), sources)
    exchange = partial(_search, query, base_url, subscription_key)
    found = yield from ask(Part(asked, _Found, _FRESHNESS, exchange, lambda found: _missing(found) is None))
    return Reading(_result(query, found), version=None)


@dataclass(slots=True)
class _Found:
    """What the agency has: the entries that could be read of the `total`, by `asked_on`.

    `received` counts what came, the same entry twice included (`repeated`). `by_list` and `searched` are the agency's
    words, see `Page`.
    """

    entries: tuple[ScoredEntry, ...]
    total: int
    received: int
    repeated: bool
    by_list: tuple[tuple[str | None, int], ...]
    searched: tuple[str | None, ...] | None
    asked_on: date


def _search(query: SanctionsQuery, base_url: str, subscription_key: str) -> Exchange[_Found]:
    """All pages up to the end that the agency lets one reach. Raises ProviderGarbled when two contradict each other."""
    entries: dict[ListEntry, ScoredEntry] = {}
    first: Page | None = None
    known, received, asked_on = 0, 0, date.min
    while True:
        response = yield Request(
            "GET",
            f"{base_url}/search",
            _UPSTREAM,
            params=_parameters(query, offset=received),
            headers={"subscription-key": subscription_key},
        )
        response.require_ok()
        page = read_page(response.json())
        if first is None:
            first, asked_on = page, response.received_at.date()
        if page.total != first.total:
            raise ProviderGarbled(
                f"csl: the number of entries changed from {first.total} to {page.total} between two pages",
                upstream=_UPSTREAM,
            )
        before = known
        for each in page.entries:
            entries.setdefault(each.entry, each)
        known = len(entries)
        # A page that brings nothing new would be asked for again and again.
        brings_nothing = known == before
        received += 0 if brings_nothing else len(page.entries)
        if received >= min(first.total, _MAX_OFFSET + 1) or brings_nothing:
            told = tuple(entries.values())
            return _Found(told, first.total, received, known < received, first.by_list, first.searched, asked_on)


def _parameters(query: SanctionsQuery, offset: int) -> dict[str, str]:
    """Neither country nor type nor address is sent: the agency would leave out lists that do not state them."""
    parameters = {"name": query.name, "size": str(_PAGE_SIZE), "offset": str(offset)}
    if query.fuzzy:
        parameters["fuzzy_name"] = "true"
    if query.sources is not None:
        parameters["sources"] = ",".join(query.sources)
    return parameters


def _result(query: SanctionsQuery, found: _Found) -> SanctionsResult:
    # Without an entry there is nothing to make the party ready for.
    party = query.party if found.entries else None
    weighed = [] if party is None else [weigh(party, each.entry, each.score, found.asked_on) for each in found.entries]
    of_type = weighed if query.type is None else [hit for hit in weighed if not _is_of_another_type(query.type, hit)]
    # Where the agency gives no score it says that the entry matches outright: then it counts, whatever we think of it.
    hits = [hit for hit in of_type if hit.score >= query.threshold or hit.agency_score is None]
    missing = _missing(found)
    if not hits:
        _refuse_to_clear(query, found, missing)
    return SanctionsResult(
        outcome=outcome_of(hits),
        threshold=query.threshold,
        hits=tuple(sorted(hits, key=_first_things_first)),
        total=found.total,
        below_threshold=len(of_type) - len(hits),
        of_another_type=len(weighed) - len(of_type),
        truncated=missing is not None,
        truncated_reason=missing,
        coverage=_coverage(query),
    )


def _missing(found: _Found) -> str | None:
    """Why not all of the entries that the agency found were read; None when they were."""
    if found.received < found.total:
        if found.received > _MAX_OFFSET:
            return f"the agency found {found.total} entries and lets {found.received} of them be read"
        return f"the agency found {found.total} entries and sent {found.received}"
    if found.repeated:
        return f"of the {found.total} entries that the agency sent only {len(found.entries)} are different ones"
    return None


def _refuse_to_clear(query: SanctionsQuery, found: _Found, missing: str | None) -> None:
    """Return if nothing speaks against a clear. Raises NotScreened or ProviderGarbled: no whole answer cleared it."""
    if missing is not None and found.received > _MAX_OFFSET:
        raise NotScreened(f"{missing}, none of which is a hit: ask for more of the name", upstream=_UPSTREAM)
    if missing is not None:
        raise ProviderGarbled(f"csl: {missing}, none of which is a hit: that is no whole answer", upstream=_UPSTREAM)
    # Known lists that were not asked may be counted too; one that we do not know may be an asked one by a new name.
    counted = sum(count for code, count in found.by_list if code is None or code in query.lists)
    if counted > found.total:
        raise ProviderGarbled(
            f"csl: it found {found.total} entries, but counts {counted} by list: that is no whole answer",
            upstream=_UPSTREAM,
        )
    if found.searched is not None and (left_out := [code for code in query.lists if code not in found.searched]):
        raise NotScreened(f"the agency says that it did not search {', '.join(left_out)}", upstream=_UPSTREAM)


def _is_of_another_type(asked: str, hit: Hit) -> bool:
    """Only a type that we know can differ: what the agency may call it next is not told.

    An equal identifier tells more than a type.
    """
    stated = (hit.type or "").capitalize()
    return stated in _TYPES and stated != asked and hit.basis != "id"


def _first_things_first(hit: Hit) -> tuple[bool, float, int, str]:
    return (hit.outcome != "match", -hit.score, _COUNTRY_ORDER[hit.country_agrees], hit.name)


def _coverage(query: SanctionsQuery) -> Coverage:
    limits = [_API_LIMIT]
    if not is_in_latin_script(query.name):
        limits.append(_SCRIPT_LIMIT)
    if query.type is not None:
        limits.append(f"entries that the agency says are no {query.type} were left out")
    not_asked = [] if query.sources is None else [f"{code} (not asked)" for code in LISTS if code not in query.sources]
    return Coverage(lists=query.lists, not_covered=(*not_asked, *NOT_COVERED), limits=tuple(limits))
