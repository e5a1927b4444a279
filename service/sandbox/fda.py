"""FDA's Data Dashboard interface, as it behaves towards its clients: the sandbox's half of tools/refusals.py.

By its documentation at datadashboard.fda.gov: the status travels in the body (400 is success, 412 "no results") and
HTTP says 200 to all of it. Errors come as a list with one object, as its OpenAPI has them; 412 comes as an object, with
an empty `result`, for nobody has recorded its body.
"""

import re
from collections.abc import Callable, Mapping
from importlib.resources.abc import Traversable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler

from service.sandbox.fda_body import BodyError, read_body
from service.sandbox.fda_data import COLUMNS, RawRefusal, load

__all__ = ["AUTHORIZATION_KEY", "AUTHORIZATION_USER", "PATH", "make_app"]

PATH = "/fda/v1"
#: The only user and key that the sandbox takes.
AUTHORIZATION_USER = "sandbox@example.com"
AUTHORIZATION_KEY = "sandbox"

_PARTIAL = frozenset(
    {"FirmName", "AddressLine1", "AddressLine2", "City", "State", "CountryName", "DistrictDescription"}
    | {"IndustryCodeDescription", "ProductCategory", "ProductCodeDescription"}
)
_ROWS = web.AppKey("rows", tuple[RawRefusal, ...])


def make_app(folder: Traversable) -> web.Application:
    """The agency with the data in `folder`. Reads files. Raises SandboxDataError when they cannot be used."""
    app = web.Application(middlewares=[_at_the_gate])
    app[_ROWS] = load(folder)
    app.router.add_post("/import_refusals", _import_refusals)
    return app


@web.middleware
async def _at_the_gate(request: web.Request, handler: Handler) -> web.StreamResponse:
    given = (request.headers.get("Authorization-User"), request.headers.get("Authorization-Key"))
    if given != (AUTHORIZATION_USER, AUTHORIZATION_KEY):
        return _error(BodyError(401, "Not Authorized."))
    try:
        return await handler(request)
    except BodyError as exc:
        return _error(exc)
    except web.HTTPMethodNotAllowed:
        return _error(BodyError(405, "HTTP method not allowed."))
    except web.HTTPNotFound:
        return _error(BodyError(404, "Invalid request endpoint."))


async def _import_refusals(request: web.Request) -> web.Response:
    body = read_body(await request.read())
    found = [row for row in request.app[_ROWS] if all(_fits(row, *item) for item in body.filters.items())]
    if body.sort:
        found.sort(key=lambda row: str(row[body.sort] or ""), reverse=body.is_descending)
    elif body.is_descending:
        found.reverse()
    page = found[body.start - 1 : body.start - 1 + body.rows]
    if not page:
        return _json({"statuscode": 412, "message": "No results found.", "resultcount": 0, "result": []})
    columns = body.columns or COLUMNS
    answer: dict[str, Any] = {"statuscode": 400, "message": "Success."}
    if body.returns_total:
        answer["totalrecordcount"] = len(found)
    return _json(
        answer | {"resultcount": len(page), "result": [{column: row[column] for column in columns} for row in page]}
    )


def _fits(row: RawRefusal, field: str, values: list[Any]) -> bool:
    """Whether a row has one of `values`. Of the dates only the first counts; null and "" are two values."""
    if field in ("RefusalDateFrom", "RefusalDateTo"):
        day = _iso(values[0])
        refused = str(row["RefusalDate"])
        return refused >= day if field == "RefusalDateFrom" else refused <= day
    stands = row[field]
    if field == "FEINumber":
        return any(str(value) == str(stands) for value in values)
    fits: Callable[[Any], bool] = lambda value: value == stands  # noqa: E731 - the simpler of two rules
    if field in _PARTIAL and isinstance(stands, str):
        text = stands.casefold()
        return any(value.casefold() in text if value else fits(value) for value in values if isinstance(value, str))
    return any(map(fits, values))


def _iso(day: str) -> str:
    """`YYYY-MM-DD`, `MM-DD-YYYY` and `MM/DD/YYYY` are all taken."""
    if match := re.fullmatch(r"([0-9]{2})[-/]([0-9]{2})[-/]([0-9]{4})", day):
        return f"{match[3]}-{match[1]}-{match[2]}"
    return day


def _error(exc: BodyError) -> web.Response:
    return _json([{"statuscode": exc.status, "message": exc.message, **exc.evidence}])


def _json(body: Mapping[str, Any] | list[dict[str, Any]]) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
