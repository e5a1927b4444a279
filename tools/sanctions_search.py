"""The agency's own search of the Consolidated Screening List: what it finds, and what that comes to.

Source: `/v1/search` at data.trade.gov. It needs every word of the asked name to match an entry, pages by 50, and lets
the first 1,050 entries be read at most.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from tools.errors import NotConfigured, NotScreened, ProviderGarbled
from tools.exchange import Asked, Exchange, Part, Request, ask
from tools.policy.freshness import Freshness
from tools.sanctions_entries import ListEntry, Page, ScoredEntry, read_page
from tools.sanctions_hits import weigh
from tools.sanctions_query import API_THRESHOLD, SanctionsQuery
from tools.sanctions_result import Found, narrowed

__all__ = ["searched"]

_UPSTREAM = "csl"
_PAGE_SIZE = 50
# The interface answers no offset beyond this, so that 1,050 entries can be read at most.
_MAX_OFFSET = 1000
_HOUR_S = 3600.0
#: Nothing older than four hours may clear anybody.
_FRESHNESS = Freshness(fresh_s=_HOUR_S, revalidate_s=2 * _HOUR_S, on_error_s=4 * _HOUR_S)
_LIMIT = (
    "asked by the agency's search, which needs every word of the name to match an entry: a clear of it is weaker than "
    "one of the whole list compared here"
)


def searched(query: SanctionsQuery, base_url: str, subscription_key: str | None) -> Generator[Asked, Any, Found]:
    """For a plan: ask page by page, to the end that the agency lets one reach, then weigh what came.

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
    answer = yield from ask(Part(asked, _Answer, _FRESHNESS, exchange, lambda answer: _missing(answer) is None))
    return _weighed(query, answer)


@dataclass(slots=True)
class _Answer:
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


def _search(query: SanctionsQuery, base_url: str, subscription_key: str) -> Exchange[_Answer]:
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
            return _Answer(told, first.total, received, known < received, first.by_list, first.searched, asked_on)


def _parameters(query: SanctionsQuery, offset: int) -> dict[str, str]:
    """Neither country nor type nor address is sent: the agency would leave out lists that do not state them."""
    parameters = {"name": query.name, "size": str(_PAGE_SIZE), "offset": str(offset)}
    if query.fuzzy:
        parameters["fuzzy_name"] = "true"
    if query.sources is not None:
        parameters["sources"] = ",".join(query.sources)
    return parameters


def _weighed(query: SanctionsQuery, answer: _Answer) -> Found:
    # Without an entry there is nothing to make the party ready for.
    party = query.party if answer.entries else None
    threshold = API_THRESHOLD if query.threshold is None else query.threshold
    weighed = (
        [] if party is None else [weigh(party, each.entry, each.score, answer.asked_on) for each in answer.entries]
    )
    of_type, of_another_type = narrowed(query, weighed)
    # Where the agency gives no score it says that the entry matches outright: then it counts, whatever we think of it.
    hits = [hit for hit in of_type if hit.score >= threshold or hit.agency_score is None]
    missing = _missing(answer)
    if not hits:
        _refuse_to_clear(query, answer, missing)
    return Found(
        hits=hits,
        threshold=threshold,
        total=answer.total,
        below_threshold=len(of_type) - len(hits),
        of_another_type=of_another_type,
        truncated_reason=missing,
        limits=(_LIMIT,),
    )


def _missing(answer: _Answer) -> str | None:
    """Why not all of the entries that the agency found were read; None when they were."""
    if answer.received < answer.total:
        if answer.received > _MAX_OFFSET:
            return f"the agency found {answer.total} entries and lets {answer.received} of them be read"
        return f"the agency found {answer.total} entries and sent {answer.received}"
    if answer.repeated:
        return f"of the {answer.total} entries that the agency sent only {len(answer.entries)} are different ones"
    return None


def _refuse_to_clear(query: SanctionsQuery, answer: _Answer, missing: str | None) -> None:
    """Return if nothing speaks against a clear. Raises NotScreened or ProviderGarbled: no whole answer cleared it."""
    if missing is not None and answer.received > _MAX_OFFSET:
        raise NotScreened(f"{missing}, none of which is a hit: ask for more of the name", upstream=_UPSTREAM)
    if missing is not None:
        raise ProviderGarbled(f"csl: {missing}, none of which is a hit: that is no whole answer", upstream=_UPSTREAM)
    # Known lists that were not asked may be counted too; one that we do not know may be an asked one by a new name.
    counted = sum(count for code, count in answer.by_list if code is None or code in query.lists)
    if counted > answer.total:
        raise ProviderGarbled(
            f"csl: it found {answer.total} entries, but counts {counted} by list: that is no whole answer",
            upstream=_UPSTREAM,
        )
    if answer.searched is not None and (left_out := [code for code in query.lists if code not in answer.searched]):
        raise NotScreened(f"the agency says that it did not search {', '.join(left_out)}", upstream=_UPSTREAM)
