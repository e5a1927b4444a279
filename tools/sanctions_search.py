"""The agency's own search of the Consolidated Screening List: what it finds, and what that comes to.

Source: `/v1/search` at data.trade.gov. It needs every word of the asked name to match an entry, pages by 50, and lets
the first 1,050 entries be read at most.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from tools.errors import NotConfigured, NotScreened, ProviderGarbled
from tools.exchange import Asked, Exchange, Part, Request, ask, ask_all
from tools.payload import Unread, in_few_words
from tools.policy.freshness import Freshness
from tools.sanctions_entries import ListEntry, Page, ScoredEntry, may_hide_a_hit, read_page
from tools.sanctions_hits import Hit, weigh
from tools.sanctions_names import is_in_latin_script, words_of
from tools.sanctions_query import API_THRESHOLD, SanctionsQuery
from tools.sanctions_result import Found, narrowed
from tools.sanctions_scripts import unread_parts

__all__ = ["required_key", "searched"]

_UPSTREAM = "csl"
_PAGE_SIZE = 50
# The interface answers no offset beyond this, so that 1,050 entries can be read at most.
_MAX_OFFSET = 1000
_HOUR_S = 3600.0
#: Nothing older than four hours may clear anybody.
_FRESHNESS = Freshness(fresh_s=_HOUR_S, revalidate_s=2 * _HOUR_S, on_error_s=4 * _HOUR_S)
_LIMIT = (
    "asked by the agency's search, which needs every word of the name to match an entry: that it finds none is weaker "
    "than that the whole list, compared here, holds none"
)


def required_key(subscription_key: str | None) -> str:
    """Return the key that the search needs. Raise NotConfigured when there is none."""
    if not subscription_key:
        raise NotConfigured(
            "no subscription key of data.trade.gov (subscription_key; of the service: GATEWAY_CSL_SUBSCRIPTION_KEY)",
            upstream=_UPSTREAM,
        )
    return subscription_key


def searched(query: SanctionsQuery, base_url: str, subscription_key: str | None) -> Generator[Asked, Any, Found]:
    """For a plan: ask page by page, to the end that the agency lets one reach, then weigh what came.

    Raises NotConfigured without a key, ProviderGarbled when an answer has another shape or is not whole, NotScreened
    when there are more entries than can be read and none of those read is a hit.
    """
    key = required_key(subscription_key)
    names = _searched_names(query)
    parts = [_part(query, name, base_url, key) for name, _ in names]
    # One question alone costs less than several.
    answers = ((yield from ask(parts[0])),) if len(parts) == 1 else (yield from ask_all(parts))
    return _weighed(query, [(of, answer) for (_, of), answer in zip(names, answers, strict=True)])


def _searched_names(query: SanctionsQuery) -> list[tuple[str, int]]:
    """The names to search for, each with the place of the name of the question that it is, or is a reading of.

    The lists are in Latin letters: a name that is read from another script is searched for in these, too.
    """
    named = [(name, at) for at, name in enumerate(query.names)]
    if query.name.isascii():
        return named
    latin = [
        (" ".join(words_of(name)), at) for name, at in named if not is_in_latin_script(name) and not unread_parts(name)
    ]
    return named + [(name, at) for name, at in latin if name not in query.names]


def _part(query: SanctionsQuery, name: str, base_url: str, subscription_key: str) -> "Part[_Answer]":
    # No list named is another question than every list that we know: lists that we do not know are searched, too.
    sources = "any" if query.sources is None else ",".join(sorted(query.sources))
    exchange = partial(_search, query, name, base_url, subscription_key)
    asked = (name, str(query.fuzzy), sources)
    return Part(asked, _Answer, _FRESHNESS, exchange, lambda answer: _missing(answer) is None)


@dataclass(slots=True)
class _Answer:
    """What the agency has: the entries that could be read of the `total`, by `asked_on`.

    `received` counts what came, the same entry twice included (`repeated`). `by_list` and `searched` are the agency's
    words, see `Page`. `unread` says what could not be read, and `hidden_by` what of that may hide a hit.
    """

    entries: tuple[ScoredEntry, ...]
    total: int
    received: int
    repeated: bool
    by_list: tuple[tuple[str | None, int], ...]
    searched: tuple[str | None, ...] | None
    asked_on: date
    unread: tuple[str, ...]
    hidden_by: str | None


def _search(query: SanctionsQuery, name: str, base_url: str, subscription_key: str) -> Exchange[_Answer]:
    """All pages up to the end that the agency lets one reach. Raises ProviderGarbled when two contradict each other."""
    entries: dict[ListEntry, ScoredEntry] = {}
    first: Page | None = None
    known, received, lost, asked_on = 0, 0, 0, date.min
    unread: list[Unread] = []
    while True:
        response = yield Request(
            "GET",
            f"{base_url}/search",
            _UPSTREAM,
            params=_parameters(query, name, offset=received),
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
        unread += page.unread
        hidden = page.received - len(page.entries)
        lost += hidden
        # A page that brings nothing new would be asked for again and again.
        brings_nothing = known == before and not hidden
        received += 0 if brings_nothing else page.received
        if received >= min(first.total, _MAX_OFFSET + 1) or brings_nothing:
            return _Answer(
                entries=tuple(entries.values()),
                total=first.total,
                received=received,
                repeated=known + lost < received,
                by_list=first.by_list,
                searched=first.searched,
                asked_on=asked_on,
                unread=in_few_words(unread),
                hidden_by=next((each.said for each in unread if may_hide_a_hit(each)), None),
            )


def _parameters(query: SanctionsQuery, name: str, offset: int) -> dict[str, str]:
    """Neither country nor type nor address is sent: the agency would leave out lists that do not state them."""
    parameters = {"name": name, "size": str(_PAGE_SIZE), "offset": str(offset)}
    if query.fuzzy:
        parameters["fuzzy_name"] = "true"
    if query.sources is not None:
        parameters["sources"] = ",".join(query.sources)
    return parameters


def _weighed(query: SanctionsQuery, answers: Sequence[tuple[int, _Answer]]) -> Found:
    """What came, by the place of the name that it was searched for by."""
    # Without an entry there is nothing to make the parties ready for.
    parties = query.parties if any(answer.entries for _, answer in answers) else ()
    threshold = API_THRESHOLD if query.threshold is None else query.threshold
    best: dict[ListEntry, Hit] = {}
    for of, answer in answers:
        for each in answer.entries:
            hit, known = weigh(parties[of], each.entry, each.score, answer.asked_on), best.get(each.entry)
            if known is None or (hit.outcome == "match", hit.score) > (known.outcome == "match", known.score):
                best[each.entry] = hit
    of_type, of_another_type = narrowed(query, list(best.values()))
    # Where the agency gives no score it says that the entry matches outright: then it counts, whatever we think of it.
    hits = [hit for hit in of_type if hit.score >= threshold or hit.agency_score is None]
    missing = next(filter(None, [_missing(answer) for _, answer in answers]), None)
    if not hits:
        for _, answer in answers:
            _refuse_to_clear(query, answer, _missing(answer))
    # An entry that several names found counts once.
    found_again = sum([len(answer.entries) for _, answer in answers]) - len(best)
    return Found(
        hits=hits,
        threshold=threshold,
        total=sum([answer.total for _, answer in answers]) - found_again,
        below_threshold=len(of_type) - len(hits),
        of_another_type=of_another_type,
        truncated_reason=missing,
        limits=(_LIMIT, *dict.fromkeys(said for _, answer in answers for said in answer.unread)),
    )


def _missing(answer: _Answer) -> str | None:
    """Why not all of the entries that the agency found were read; None when they were."""
    if answer.received < answer.total:
        if answer.received > _MAX_OFFSET:
            return f"the agency found {answer.total} entries and lets {answer.received} of them be read"
        return f"the agency found {answer.total} entries and sent {answer.received}"
    if answer.repeated:
        return f"of the {answer.total} entries that the agency sent only {len(answer.entries)} are different ones"
    if answer.hidden_by is not None:
        return f"the agency sent entries of which not all names and identifiers can be read ({answer.hidden_by})"
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
