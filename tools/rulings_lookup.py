"""What CROSS is asked: one letter, a search, and rulings that others name. Each function is a part of an exchange."""

from collections.abc import Generator, Mapping, Sequence
from datetime import date

from tools.errors import NotFound, ProviderError, ProviderGarbled, ToolError
from tools.exchange import Request, Response
from tools.rulings_letters import Record, decode, read_letter, read_search
from tools.rulings_status import follow, merged_by_number

__all__ = ["UPSTREAM", "letter_or_failure", "letter_request", "looked_up", "search_request", "why_there_is_none"]

UPSTREAM = "cross"
_SMALL_PAGE = 30


def letter_request(base_url: str, number: str) -> Request:
    """For the letter of one ruling."""
    return Request("GET", f"{base_url}/ruling/{number}", UPSTREAM)


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


def letter_or_failure(response: Response) -> tuple[object, ProviderError | None]:
    """The body of a letter, or what came in its place for a number that there may not be.

    How CROSS answers an unknown number is not settled: 500 by one careful account, 404 by others.
    """
    if response.status not in (404, 500):
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


def why_there_is_none(
    number: str, failure: ProviderError, listed: Sequence[Record], base_url: str
) -> Generator[Request, Response, ToolError]:
    """NotFound when the search lists no such ruling, and the route that failed answers for one that it does list.

    Otherwise the failure. Raises ProviderError when the agency fails at these requests as well.
    """
    if any(record.number == number for record in listed):
        return failure
    if not listed:
        # A search that finds nothing may be one that works no more: this one has to find something.
        _, listed = read_search((yield search_request(base_url, "*")))
    if not listed:
        return failure
    body, failure_again = letter_or_failure((yield letter_request(base_url, listed[0].number)))
    if failure_again is not None:
        return failure
    read_letter(body, listed[0].number)
    return NotFound(f"CROSS answers, and has no ruling {number}", upstream=UPSTREAM)


def looked_up(
    numbers: Sequence[str], known: Mapping[str, Record], base_url: str, at_most: int
) -> Generator[Request, Response, Mapping[str, Record]]:
    """`known`, and with at most so many requests, the rulings that replaced `numbers`, and theirs."""
    asked: set[str] = set()
    while len(asked) < at_most:
        open_ends = (each for number in numbers for each in follow(number, known))
        number = next((each for each in open_ends if each not in known and each not in asked), None)
        if number is None:
            break
        asked.add(number)
        _, records = read_search((yield search_request(base_url, number)))
        known = merged_by_number((*known.values(), *records))
    return known
