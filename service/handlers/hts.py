"""The tariff: one line, or a search."""

from aiohttp import web

from service.envelope import answer
from service.keys import REGISTRY, REQUEST_ID
from service.query import parameters
from tools.errors import InvalidQuery
from tools.hts import HTSTool

__all__ = ["line", "search"]

_SEARCH = {"q": "keyword", "limit": "limit"}


async def line(request: web.Request) -> web.Response:
    """`GET /v1/hts/{code}`: one line with its inherited rates."""
    parameters(request)
    return await _ask(request, {"code": request.match_info["code"]})


async def search(request: web.Request) -> web.Response:
    """`GET /v1/hts?q=&limit=`: lines that hold a word."""
    asked = parameters(request, _SEARCH)
    if "keyword" not in asked:
        raise InvalidQuery("q: is required", parameter="q")
    try:
        return await _ask(request, asked)
    except InvalidQuery as exc:
        if exc.parameter != "keyword":
            raise
        raise InvalidQuery(str(exc).replace("keyword", "q", 1), parameter="q") from exc


async def _ask(request: web.Request, asked: dict[str, str]) -> web.Response:
    registry = request.app[REGISTRY]
    query, outcome = await registry.ask(registry.tools[HTSTool.name], asked)
    return answer(HTSTool.name, query, outcome, request[REQUEST_ID])
