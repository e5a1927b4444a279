"""The agencies' own routes: query string -> tool -> envelope."""

import time
from collections.abc import Mapping

from aiohttp import web

from service.envelope import answer, json_response
from service.keys import REGISTRY, RENDERED, REQUEST_ID
from service.query import json_body, parameters, parameters_and_faults, refuse_members_twice
from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.errors import InvalidQuery, ParameterFault
from tools.query_faults import FaultCollector

__all__ = [
    "HTS_SEARCH",
    "REFUSALS",
    "RULINGS",
    "SANCTIONS",
    "hts_line",
    "hts_search",
    "refusals",
    "ruling",
    "rulings",
    "sanctions",
    "sanctions_by_example",
]


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


#: What each route takes in its query string: its parameters, and what the tool calls them.
HTS_SEARCH = {"q": "keyword", **_same("limit")}
SANCTIONS = _same(
    *(
        "name",
        "type",
        "country",
        "nationality",
        "dob",
        "id",
        "ids",
        "address",
        "sources",
        "threshold",
        "fuzzy",
        "via",
        "algorithm",
    )
)
REFUSALS = _same("country", "product", "firm", "fei", "since", "until", "limit")
RULINGS = {"q": "keyword", **_same("hts", "collection", "since", "until", "limit")}


async def hts_line(request: web.Request) -> web.Response:
    """`GET /v1/hts/{code}`: one tariff line with its inherited rates."""
    return await _ask(request, "hts", {}, code=request.match_info["code"])


async def hts_search(request: web.Request) -> web.Response:
    """`GET /v1/hts?q=&limit=`: tariff lines that hold a word."""
    return await _ask(request, "hts", HTS_SEARCH, one_of=("q",))


async def sanctions(request: web.Request) -> web.Response:
    """`GET /v1/sanctions?name=&...`: one party against the Consolidated Screening List."""
    return await _ask(request, "sanctions", SANCTIONS)


async def sanctions_by_example(request: web.Request) -> web.Response:
    """`POST /v1/sanctions`: the same, for the party that a JSON object describes."""
    parameters(request)
    body = await json_body(request)
    refuse_members_twice(body)
    registry = request.app[REGISTRY]
    tool = registry.tools["sanctions"]
    assert isinstance(tool, AgencyTool)  # noqa: S101 - for the type checker
    query, outcome = await registry.ask_json(tool, body)
    return json_response(answer("sanctions", query, outcome, request[REQUEST_ID]))


async def refusals(request: web.Request) -> web.Response:
    """`GET /v1/refusals?country=&...`: FDA import refusals."""
    return await _ask(request, "refusals", REFUSALS)


async def rulings(request: web.Request) -> web.Response:
    """`GET /v1/rulings?q=&hts=&...`: CBP rulings by words or by tariff number."""
    return await _ask(request, "rulings", RULINGS, one_of=("q", "hts"))


async def ruling(request: web.Request) -> web.Response:
    """`GET /v1/rulings/{number}`: one CBP ruling with its text."""
    return await _ask(request, "rulings", {}, number=request.match_info["number"])


async def _ask(
    request: web.Request, name: str, known: Mapping[str, str], *, one_of: tuple[str, ...] = (), **given: str
) -> web.Response:
    """Ask tool `name` what the query string says, and what is `given`. Exactly one of the parameters `one_of`."""
    started, rendered = time.monotonic(), request.app[RENDERED]
    # A caller who says anything of caches may forbid them.
    if rendered is not None and "Cache-Control" not in request.headers:
        ready = rendered.find(request.raw_path, request[REQUEST_ID], started)
        if ready is not None:
            return web.Response(body=ready, content_type="application/json")
    registry = request.app[REGISTRY]
    tool = registry.tools[name]
    faults = FaultCollector()
    asked = parameters_and_faults(request, faults, known)
    there = [each for each in one_of if known[each] in asked]
    if one_of and not there:
        faults.add(one_of[0], f"is required{_or_else(one_of[1:])}")
    if len(there) > 1:
        faults.add(there[1], f"cannot be asked together with {there[0]}")
    theirs = {ours: each for each, ours in known.items()}
    if faults.faults:
        # Where one of several has to be given, the route has found by itself, in its own words, that none is.
        others = _faults_of_values(tool, {**asked, **given}, theirs, alone=bool(one_of))
        raise InvalidQuery.of([*faults.faults, *others])
    try:
        query, outcome = await registry.ask(tool, {**asked, **given})
    except InvalidQuery as exc:
        raise exc.renamed(theirs) from exc
    if rendered is not None:
        rendered.keep(request.raw_path, name, query, outcome)
    return json_response(answer(name, query, outcome, request[REQUEST_ID]))


def _or_else(others: tuple[str, ...]) -> str:
    return f", or else {' or '.join(others)}" if others else ""


def _faults_of_values(
    tool: ComplianceTool, given: Mapping[str, str], theirs: Mapping[str, str], *, alone: bool
) -> tuple[ParameterFault, ...]:
    """What else is wrong with a question that is refused already; `alone`: with the values that were given."""
    try:
        tool.parse(**given)
    except InvalidQuery as exc:
        found = [each for each in exc.faults if not alone or each.parameter.partition(".")[0] in given]
        return InvalidQuery.of(found).renamed(theirs).faults if found else ()
    return ()
