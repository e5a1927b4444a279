"""The tariff agency's interface, `/reststop`, as it behaves towards its clients: the sandbox's half of tools/hts.py.

What others measured of hts.usitc.gov, and where they differ or are silent:

- `search` answers everything that it finds, in one list: no pages, no total. One account has a bound of 100 rows, more
  accounts had thousands; there is none here. Several words widen an answer. Descriptions are searched, footnotes are
  not. A number also brings headings of chapter 99: here those that the found rows' footnotes or their own texts name.
- `exportList` reads its range up to the row that bears the last number and takes nothing under it: 8541 to 8541 is one
  heading without a rate. It knows one release, the current one, and ignores `release`. Without `styles` it answers 400.
- Clients without a name of their own are refused, like R's and Python's default ones.
- Nobody has recorded the body of an error, so ours says no more than the status.
"""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from service.sandbox.hts_data import RawRow, Tariff, digits_of, load

__all__ = ["PATH", "make_app"]

PATH = "/hts/reststop"

_REFUSED_AGENTS = re.compile(r"Python-urllib/|libcurl/|$")
_NUMBER_BEGUN = re.compile(r"[0-9]{2,4}|[0-9]{4}(?:\.[0-9]{2}){0,2}\.[0-9]{1,2}\.?")
_HEADING_99 = re.compile(r"99[0-9]{2}(?:\.[0-9]{2}){1,2}")
_MARKUP = re.compile(r"</?[a-z]+>")
_DENIED = "<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY><H1>Access Denied</H1></BODY></HTML>"
_TARIFF = web.AppKey("tariff", Tariff)


def make_app(folder: Traversable) -> web.Application:
    """The agency with the data in `folder`. Reads files. Raises SandboxDataError when they cannot be used."""
    app = web.Application(middlewares=[_at_the_gate])
    app[_TARIFF] = load(folder)
    app.router.add_get("/search", _search)
    app.router.add_get("/exportList", _export_list)
    app.router.add_get("/currentRelease", _current_release)
    app.router.add_get("/releaseList", _release_list)
    return app


@web.middleware
async def _at_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    if _REFUSED_AGENTS.match(request.headers.get("User-Agent", "")):
        return web.Response(status=403, text=_DENIED, content_type="text/html")
    try:
        return await handler(request)
    except web.HTTPClientError as exc:
        body = {"status": exc.status, "error": HTTPStatus(exc.status).phrase}
        return web.Response(status=exc.status, body=orjson.dumps(body), content_type="application/json")


async def _search(request: web.Request) -> web.Response:
    keyword, tariff = _asked(request, "keyword").strip(), request.app[_TARIFF]
    found = _by_number(tariff, keyword) if _NUMBER_BEGUN.fullmatch(keyword) else tariff.with_any_of(keyword.split())
    return _json([_as_found(row) for row in found])


async def _export_list(request: web.Request) -> web.Response:
    first, last = digits_of(_asked(request, "from")), digits_of(_asked(request, "to"))
    styles = _asked(request, "styles")
    # The agency also writes CSV and XLSX, whose exact form nobody has recorded.
    if not first or not last or styles not in ("true", "false") or _asked(request, "format") != "JSON":
        raise web.HTTPBadRequest
    rows = request.app[_TARIFF].between(first, last)
    return _json(rows if styles == "true" else [_without_markup(row) for row in rows])


async def _current_release(request: web.Request) -> web.Response:
    release = request.app[_TARIFF].current_release
    return _json({key: release.get(key) for key in ("name", "title", "description")})


async def _release_list(request: web.Request) -> web.Response:
    return _json(request.app[_TARIFF].releases)


def _by_number(tariff: Tariff, number: str) -> list[RawRow]:
    found = tariff.under(number)
    linked = {code for row in found for note in row["footnotes"] or () for code in _HEADING_99.findall(note["value"])}
    headings = (row for code in sorted(linked) for row in tariff.under(code))
    naming = (row for row in tariff.with_any_of([number]) if row["htsno"].startswith("99"))
    return list({row["htsno"]: row for row in (*found, *headings, *naming)}.values())


def _as_found(row: RawRow) -> RawRow:
    """A row of `search` has more keys than one of `exportList`."""
    digits = digits_of(row["htsno"])
    return {**row, "statisticalSuffix": digits[8:], "effectivePeriod": None, "status": None}


def _without_markup(row: RawRow) -> RawRow:
    return {**row, "description": _MARKUP.sub("", row["description"])} if "<" in row["description"] else row


def _asked(request: web.Request, parameter: str) -> str:
    value = request.query.get(parameter)
    if value is None:
        raise web.HTTPBadRequest
    return value


def _json(body: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
