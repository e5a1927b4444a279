"""CBP's CROSS, as its JSON back end behaves towards its clients: the sandbox's half of tools/rulings.py.

What others measured of rulings.cbp.gov/api, and where they differ or are silent:

- The search looks into the letters' text. Any word will do, more of them stand first; "quoted words" and AND are
  obeyed; `*` finds everything, an empty term nothing. Tariff numbers stand in the letters as CBP writes them, 4.2.4.
- It counts to 10,000 and answers nothing beyond that row. How large a page may be is not known: any size here.
- The letter's own route has null in place of relations, tariffs and categories, and some numbers in lower case. An
  unknown number gets 500, by the one careful account there is. Some bodies are Windows-1252.
- Any path that it does not know gets the page of the site, with 200.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from service.sandbox.cross_data import RELATIONS, RawRuling, load

__all__ = ["PATH", "make_app"]

PATH = "/cross/api"

_COUNTED_AT_MOST = 10_000
_DEFAULT_PAGE_SIZE = 30
_MOST_DIGITS = 9
_NULL_ON_A_LETTER = (*RELATIONS, "tariffs", "categories")
_SITE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>CROSS Customs Rulings Online Search System'
    "</title></head><body><app-root></app-root></body></html>"
)
_TERM = re.compile(r'"([^"]*)"|(\S+)')


@dataclass(frozen=True, slots=True)
class _Filed:
    """A ruling and what a search looks at: its words, and its text for quoted ones."""

    ruling: RawRuling
    text: str
    words: frozenset[str]


_FILED = web.AppKey("filed", Mapping[str, _Filed])


def make_app(folder: Traversable) -> web.Application:
    """The agency with the data in `folder`. Reads files. Raises SandboxDataError when they cannot be used."""
    app = web.Application(middlewares=[_at_the_gate])
    app[_FILED] = {ruling["rulingNumber"].upper(): _filed(ruling) for ruling in load(folder)}
    app.router.add_get("/search", _search)
    app.router.add_get("/ruling/{number}", _ruling)
    app.router.add_get("/stat/lastupdate", _last_update)
    return app


@web.middleware
async def _at_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed):
        return web.Response(text=_SITE, content_type="text/html")


async def _search(request: web.Request) -> web.Response:
    asked = request.query
    size = _whole(asked, "pageSize", _DEFAULT_PAGE_SIZE)
    first = (_whole(asked, "page", 1) - 1) * size
    found = [each for each in _found(request.app[_FILED].values(), asked.get("term", "")) if _is_asked(each, asked)]
    if asked.get("sortBy") == "DATE_DESC":
        found.sort(key=lambda each: str(each.ruling["rulingDate"]), reverse=True)
    counted = found[:_COUNTED_AT_MOST]
    body = {"rulings": [_as_found(each.ruling) for each in counted[first : first + size]], "totalHits": len(counted)}
    return web.Response(body=orjson.dumps(body), content_type="application/json")


async def _ruling(request: web.Request) -> web.Response:
    filed = request.app[_FILED].get(request.match_info["number"].upper())
    if filed is None:
        return web.Response(
            status=500, body=orjson.dumps({"message": "An error has occurred."}), content_type="application/json"
        )
    text = orjson.dumps(_as_letter(filed.ruling)).decode()
    return web.Response(body=_in_an_old_coding(text), content_type="application/json")


async def _last_update(request: web.Request) -> web.Response:
    filed = request.app[_FILED].values()
    body = {
        "lastUpdateDate": max(str(each.ruling["rulingDate"]) for each in filed),
        "totalSearchableRulingsCount": len(filed),
        "numberOfNewRlingsAdded": 0,
    }
    return web.Response(body=orjson.dumps(body), content_type="application/json")


def _found(filed: Iterable[_Filed], term: str) -> list[_Filed]:
    """Those that `term` finds, best first."""
    if term.strip() == "*":
        return list(filed)
    wanted = [match for match in _TERM.finditer(term) if match[2] != "AND"]
    tests = [_test(match) for match in wanted]
    all_due = " AND " in term
    scored = [(sum(test(each) for test in tests), each) for each in filed]
    least = len(tests) if all_due else 1
    kept = [pair for pair in scored if tests and pair[0] >= least]
    return [each for _, each in sorted(kept, key=lambda pair: -pair[0])]


def _test(match: re.Match[str]) -> Callable[[_Filed], bool]:
    if match[1] is not None:
        phrase = match[1].casefold()
        return lambda each: phrase in each.text
    words = _words(match[2])
    return lambda each: bool(words) and words <= each.words


def _is_asked(filed: _Filed, asked: Mapping[str, str]) -> bool:
    collection = asked.get("collection", "ALL").upper()
    day = str(filed.ruling["rulingDate"])[:10]
    return (
        collection in ("", "ALL", str(filed.ruling["collection"]).upper())
        and (asked.get("fromDate") or day) <= day
        and day <= (asked.get("toDate") or day)
    )


def _as_found(ruling: RawRuling) -> dict[str, Any]:
    return {key: value for key, value in ruling.items() if key != "text"}


def _as_letter(ruling: RawRuling) -> dict[str, Any]:
    number = ruling["rulingNumber"]
    year = str(ruling["rulingDate"])[:4]
    return {
        **ruling,
        **dict.fromkeys(_NULL_ON_A_LETTER),
        # Letters older than the numbers with N and H come in lower case.
        "rulingNumber": number if number[0] in "NH" else number.lower(),
        "isRevokedByOperationalLaw": bool(ruling.get("operationallyRevoked")),
        "text": ruling.get("text") or f"{number}\r\n\r\n{ruling['subject']}",
        "url": f"/docs/{ruling['collection'].lower()}/{year}/{number.lower()}.doc",
    }


def _in_an_old_coding(text: str) -> bytes:
    """Letters with signs beyond ASCII come in Windows-1252 where that has them, others in UTF-8."""
    try:
        return text.encode("cp1252")
    except UnicodeEncodeError:
        return text.encode()


def _filed(ruling: RawRuling) -> _Filed:
    tariffs = ruling.get("tariffs") or ""
    numbers = tariffs if isinstance(tariffs, str) else ", ".join(tariffs)
    related = [number for key in RELATIONS for number in ruling.get(key) or ()]
    parts = (ruling["rulingNumber"], ruling["subject"], numbers, ruling.get("text") or "", *related)
    text = " ".join(parts).casefold()
    return _Filed(ruling, text, frozenset(_words(text)))


def _words(text: str) -> set[str]:
    """Words, and numbers with the dots and dashes inside of them."""
    return set(re.findall(r"\w+(?:[.-]\w+)*", text.casefold()))


def _whole(asked: Mapping[str, str], parameter: str, default: int) -> int:
    text = asked.get(parameter, "")
    is_number = text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS
    return int(text) if is_number and int(text) else default
