"""The Consolidated Screening List's search, as it behaves towards its clients: the other half of tools/sanctions.py.

What its owner and others say of data.trade.gov, and where they differ or are silent:

- A key is wanted, as the header `subscription-key` or as a query parameter; the bodies of 401 and 404 are those seen.
- `size` is 10 unless asked, 50 at most, and a larger one silently becomes 10; `offset` is 1000 at most. What a larger
  offset gets is not recorded: 400 here.
- Every word of `name` has to be found in the name or in one alias. With `fuzzy_name` nearly the same word will do, some
  words are left out of account, and each result has a `score`: 100, 90 or 80, the highest first.
- With `countries` the lists ISN and DTC are not searched. A list that does not exist is searched, and has nothing.
- The file of all lists, which stands beside it, wants no key (csl_bulk.py).
- The type is read from `type` and from `types`, for it is not settled which one counts.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler
from rapidfuzz.distance import DamerauLevenshtein

from service.sandbox.csl_bulk import BULK_BASE, add_bulk_files
from service.sandbox.csl_data import RawEntry, load

__all__ = ["BULK_PATH", "PATH", "PREFIX", "SUBSCRIPTION_KEY", "make_app"]

_BASE = "/consolidated_screening_list/v1"
PREFIX = "/csl"
PATH = f"{PREFIX}{_BASE}"
BULK_PATH = f"{PREFIX}{BULK_BASE}"
#: The only key that the sandbox takes.
SUBSCRIPTION_KEY = "sandbox"

_CODES = {
    "Capta List (CAP) - Treasury Department": "CAP",
    "Non-SDN Chinese Military-Industrial Complex Companies List (CMIC) - Treasury Department": "CMIC",
    "Denied Persons List (DPL) - Bureau of Industry and Security": "DPL",
    "ITAR Debarred (DTC) - State Department": "DTC",
    "Entity List (EL) - Bureau of Industry and Security": "EL",
    "Foreign Sanctions Evaders (FSE) - Treasury Department": "FSE",
    "Nonproliferation Sanctions (ISN) - State Department": "ISN",
    "Non-SDN Menu-Based Sanctions List (NS-MBS List) - Treasury Department": "MBS",
    "Military End User (MEU) List - Bureau of Industry and Security": "MEU",
    "Palestinian Legislative Council List (PLC) - Treasury Department": "PLC",
    "Specially Designated Nationals (SDN) - Treasury Department": "SDN",
    "Sectoral Sanctions Identifications List (SSI) - Treasury Department": "SSI",
    "Unverified List (UVL) - Bureau of Industry and Security": "UVL",
}
_NOT_SEARCHED_BY_COUNTRY = ("ISN", "DTC")
_STOP_WORDS = frozenset(
    {"co", "company", "corp", "corporation", "inc", "incorporated", "limited", "llc", "ltd", "mr", "mrs", "ms"}
    | {"organization", "sa", "sas", "univ", "university"}
)
_MOST_DIGITS = 9
_DEFAULT_SIZE, _MAX_SIZE, _MAX_OFFSET = 10, 50, 1000
_NO_KEY = (
    "Access denied due to missing subscription key. Make sure to include subscription key when making requests to an "
    "API."
)
_WRONG_KEY = (
    "Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription."
)
_CHALLENGE = 'AzureApiManagementKey realm="https://data.trade.gov",name="subscription-key",type="header"'


@dataclass(frozen=True, slots=True)
class _Listed:
    """An entry and the words of each of its names."""

    entry: RawEntry
    code: str
    names: tuple[frozenset[str], ...]


_LISTED = web.AppKey("listed", tuple[_Listed, ...])


def make_app(folder: Traversable) -> web.Application:
    """The agency with the data in `folder`. Reads files. Raises SandboxDataError when they cannot be used."""
    app = web.Application(middlewares=[_at_the_gate])
    entries = load(folder)
    app[_LISTED] = tuple(map(_listed, entries))
    app.router.add_get(f"{_BASE}/search", _search)
    add_bulk_files(app, entries, folder)
    return app


@web.middleware
async def _at_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    # The gateway knows its paths before it looks at keys.
    if request.match_info.http_exception is not None:
        return _error(404, "Resource not found")
    if request.path.startswith(BULK_PATH):
        return await handler(request)
    key = request.headers.get("subscription-key") or request.query.get("subscription-key")
    if key != SUBSCRIPTION_KEY:
        return _error(401, _WRONG_KEY if key else _NO_KEY, {"WWW-Authenticate": _CHALLENGE})
    try:
        return await handler(request)
    except web.HTTPBadRequest as exc:
        return _error(400, exc.reason)


async def _search(request: web.Request) -> web.Response:
    asked = request.query
    size = _whole(asked, "size", _DEFAULT_SIZE)
    offset = _whole(asked, "offset", 0)
    if offset > _MAX_OFFSET:
        raise web.HTTPBadRequest(reason="Invalid offset")
    found = list(_found(request.app[_LISTED], asked))
    page = found[offset : offset + (size if 0 < size <= _MAX_SIZE else _DEFAULT_SIZE)]
    facets = Counter(str(entry["source"]) for entry in found)
    body = {
        "total": len(found),
        "sources": [{"count": count, "value": value} for value, count in facets.most_common()],
        "results": page,
    }
    return web.Response(body=orjson.dumps(body), content_type="application/json")


def _found(listed: tuple[_Listed, ...], asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    kept = [each for each in listed if all(keeps(each) for keeps in _filters(asked))]
    is_fuzzy = asked.get("fuzzy_name", "").lower() == "true"
    name = asked.get("name", "").strip()
    if not name:
        yield from (_as_found(each) for each in kept)
        return
    words = _words(name)
    if is_fuzzy:
        words = {word for word in words if word not in _STOP_WORDS}
        scored = ((max((_score(words, given) for given in each.names), default=0), each) for each in kept)
        for score, each in sorted(scored, key=lambda pair: -pair[0]):
            if score and words:
                yield {**_as_found(each), "score": score}
        return
    yield from (_as_found(each) for each in kept if words and any(words <= given for given in each.names))


def _filters(asked: Mapping[str, str]) -> Iterator[Callable[[_Listed], bool]]:
    if sources := _codes(asked.get("sources")):
        yield lambda each: each.code in sources
    if countries := _codes(asked.get("countries")):
        yield lambda each: each.code not in _NOT_SEARCHED_BY_COUNTRY and bool(countries & _countries(each.entry))
    if kinds := _codes(asked.get("type") or asked.get("types")):
        yield lambda each: str(each.entry.get("type")).upper() in kinds
    for parameter in ("full_address", "address", "city", "state", "postal_code"):
        if words := _words(asked.get(parameter, "")):
            key = None if parameter == "full_address" else parameter
            yield lambda each, words=words, key=key: any(  # type: ignore[misc]  # defaults bind the loop's values
                words <= _words(" ".join(str(value or "") for value in ([place.get(key)] if key else place.values())))
                for place in each.entry.get("addresses") or ()
            )


def _score(words: set[str], given: frozenset[str]) -> int:
    """100: the same words; 90: all of them, and more are listed; 80: all of them, some nearly; 0: not all."""
    telling = given - _STOP_WORDS
    if not words or not all(any(_is_near(word, other) for other in given) for word in words):
        return 0
    if words == telling:
        return 100
    return 90 if words <= given else 80


def _is_near(word: str, other: str) -> bool:
    allowed = 0 if len(word) < 4 else 1 if len(word) < 8 else 2
    return word == other or DamerauLevenshtein.distance(word, other, score_cutoff=allowed) <= allowed


def _listed(entry: RawEntry) -> _Listed:
    names = (entry["name"], *(entry.get("alt_names") or ()))
    return _Listed(entry, _CODES.get(entry["source"].strip(), ""), tuple(frozenset(_words(name)) for name in names))


def _as_found(listed: _Listed) -> dict[str, Any]:
    """Treasury's entries are called after their list in a search, and by their number alone in the bulk file."""
    number = listed.entry.get("entity_number")
    return {**listed.entry, **({"id": f"{listed.code}-{number}"} if number and listed.code else {})}


def _words(text: str) -> set[str]:
    folded = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    return set(re.findall(r"\w+", folded.replace("'", "").replace(".", "")))


def _codes(text: str | None) -> set[str]:
    return {code.strip().upper() for code in (text or "").split(",") if code.strip()}


def _countries(entry: RawEntry) -> set[str]:
    places = [*(entry.get("addresses") or ()), *(entry.get("ids") or ())]
    named = [place.get("country") for place in places]
    named += [*(entry.get("nationalities") or ()), *(entry.get("citizenships") or ()), entry.get("country")]
    return {str(code).upper() for code in named if code}


def _whole(asked: Mapping[str, str], parameter: str, default: int) -> int:
    text = asked.get(parameter, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS):
        raise web.HTTPBadRequest(reason=f"Invalid {parameter}")
    return int(text)


def _error(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(
        status=status,
        body=orjson.dumps({"statusCode": status, "message": message}, option=orjson.OPT_INDENT_2),
        content_type="application/json",
        headers={"x-azure-ref": "sandbox", **(headers or {})},
    )
