"""What CROSS is asked: one letter, a search, and rulings that others name. Each function is a part of an exchange."""

from collections.abc import Generator, Mapping, Sequence
from datetime import date
from typing import Any

from tools.errors import NotFound, ProviderError, ProviderGarbled, ToolError
from tools.exchange import Exchange, Part, Request, Response, Verdict, ask, judge
from tools.policy.freshness import Freshness
from tools.rulings_letters import Letter, Record, decode, read_letter, read_search
from tools.rulings_status import follow, merged_by_number

__all__ = ["SEARCH_FRESHNESS", "UPSTREAM", "letter_part", "looked_up", "naming_part", "search_request"]

UPSTREAM = "cross"
_SMALL_PAGE = 30
_DAY_S = 86400.0
#: Letters do not change.
_LETTER_FRESHNESS = Freshness(fresh_s=7 * _DAY_S, revalidate_s=8 * _DAY_S, on_error_s=30 * _DAY_S)
#: What a search tells of a ruling's standing does.
SEARCH_FRESHNESS = Freshness(fresh_s=_DAY_S, revalidate_s=2 * _DAY_S, on_error_s=7 * _DAY_S)
#: How CROSS answers an unknown number is not settled: 500 by one careful account, 404 by others.
_NO_SUCH = (404, 500)


def letter_part(base_url: str, number: str) -> Part[Letter]:
    """The letter of one ruling. Its exchange raises NotFound when the agency demonstrably has no such ruling."""
    return Part(("letter", number), Letter, _LETTER_FRESHNESS, lambda: _ask_letter(base_url, number))


def naming_part(base_url: str, number: str) -> Part[tuple[Record, ...]]:
    """The rulings whose letters name `number`, itself among them, and what became of each."""
    return Part(("naming", number), tuple[Record, ...], SEARCH_FRESHNESS, lambda: _ask_naming(base_url, number))


def _ask_naming(base_url: str, number: str) -> Exchange[tuple[Record, ...]]:
    return read_search((yield search_request(base_url, number)), []).records


def _ask_letter(base_url: str, number: str) -> Exchange[Letter]:
    body, failure = _letter_or_failure((yield _letter_request(base_url, number)))
    if failure is not None:
        raise (yield from _why_there_is_none(number, failure, base_url))
    return read_letter(body, number)


def _letter_request(base_url: str, number: str) -> Request:
    return Request("GET", f"{base_url}/ruling/{number}", UPSTREAM, classify=_judge_letter)


def _judge_letter(response: Response) -> Verdict:
    """A number that does not exist is no failure of the agency, even if it looks like one."""
    return "rejected" if response.status in _NO_SUCH else judge(response)


def search_request(
    base_url: str,
    term: str,
    *,
    size: int = _SMALL_PAGE,
    page: int = 1,
    collection: str = "ALL",
    newest_first: bool = False,
    since: date | None = None,
    until: date | None = None,
) -> Request:
    """For one page of a search; pages count from 1, both days belong to the span."""
    parameters = {
        "term": term,
        "collection": collection,
        "commodityGrouping": "ALL",
        "sortBy": "DATE_DESC" if newest_first else "RELEVANCE",
        "pageSize": str(size),
        "page": str(page),
    }
    if since is not None:
        parameters["fromDate"] = since.isoformat()
    if until is not None:
        parameters["toDate"] = until.isoformat()
    return Request("GET", f"{base_url}/search", UPSTREAM, params=parameters)


def _letter_or_failure(response: Response) -> tuple[object, ProviderError | None]:
    """The body of a letter, or what came in its place for a number that there may not be."""
    if response.status not in _NO_SUCH:
        response.require_ok()
        body = decode(response)
        if body is not None:
            return body, None
        return None, ProviderGarbled("cross: null came in place of a ruling", upstream=UPSTREAM)
    try:
        response.require_ok()
    except ProviderError as exc:
        return None, exc
    raise AssertionError("404 and 500 are no good answers")


def _why_there_is_none(number: str, failure: ProviderError, base_url: str) -> Generator[Request, Response, ToolError]:
    """NotFound when the search lists no such ruling, and the route that failed answers for one that it does list.

    Otherwise the failure. Raises ProviderError when the agency fails at these requests as well.
    """
    listed = read_search((yield search_request(base_url, number)), []).records
    if any(record.number == number for record in listed):
        return failure
    if not listed:
        # A search that finds nothing may be one that works no more: this one has to find something.
        listed = read_search((yield search_request(base_url, "*")), []).records
    if not listed:
        return failure
    body, failure_again = _letter_or_failure((yield _letter_request(base_url, listed[0].number)))
    if failure_again is not None:
        return failure
    read_letter(body, listed[0].number)
    return NotFound(f"CROSS has no ruling {number}", upstream=UPSTREAM)


def looked_up(
    numbers: Sequence[str], known: Mapping[str, Record], base_url: str, at_most: int
) -> Generator[Part[Any], Any, Mapping[str, Record]]:
    """`known`, and with at most so many questions, the rulings that replaced `numbers`, and theirs."""
    asked: set[str] = set()
    while len(asked) < at_most:
        open_ends = (each for number in numbers for each in follow(number, known))
        number = next((each for each in open_ends if each not in known and each not in asked), None)
        if number is None:
            break
        asked.add(number)
        records = yield from ask(naming_part(base_url, number))
        known = merged_by_number((*known.values(), *records))
    return known
