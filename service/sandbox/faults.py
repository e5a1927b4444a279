"""Scripted faults: what an agency does on a bad day, on demand and as often as asked.

A fault is written `AGENCY=KIND`, optionally followed by `@PROBABILITY`: `csl=status:503`, `hts=latency:200ms`,
`fda=reset@0.1`, `cross=429:retry-after=2`, `hts=without:general`. Those of the list (`csl=list-cut`) are done to the
file of all lists alone.
"""

import asyncio
import codecs
import random
import re
import socket
import struct
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

import orjson
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

__all__ = ["AGENCIES", "GRAMMAR", "MAINTENANCE_PAGE", "PORTAL", "Fault", "asked_list_fault", "faulty", "parse_faults"]

AGENCIES = ("hts", "csl", "fda", "cross")
GRAMMAR = (
    "AGENCY=KIND[@PROBABILITY]; AGENCY is hts, csl, fda or cross; KIND is status:CODE, latency:200ms, 429, "
    "429:retry-after=SECONDS, reset, truncate, cut-gzip, bom, html, hang, redirect, without:FIELD, renamed:FIELD or "
    "extra:FIELD, of fda rows:MOST, and of csl list-cut, list-without-sdn, list-without-fse, list-empty, "
    "list-old-layout, list-extra-column or list-html; PROBABILITY is above 0 up to 1"
)

_FAULT = re.compile(r"(?P<agency>\w+)=(?P<kind>[\w-]+)(?::(?P<argument>[^@]+))?(?:@(?P<probability>[0-9.]+))?")
_LATENCY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s)")
#: What a server says to people while it is being repaired.
MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Please try again later.</body></html>"
)
#: Where an agency sends those to whom it wants to speak on a page of its own.
PORTAL = "/portal"
_LIST_FAULTS = (
    *("list-cut", "list-without-sdn", "list-without-fse", "list-empty", "list-old-layout", "list-extra-column"),
    "list-html",
)
_FIELD_FAULTS = ("without", "renamed", "extra")
_ASKED = web.RequestKey("list_fault", str)


@dataclass(frozen=True, slots=True)
class Fault:
    """What `agency` does to a request, with `probability` (0 to 1).

    `kind` is one of the grammar's; `status` belongs to `status` and `429`, `latency_s` to `latency`, `retry_after` to
    `429`, `field` to what is done to one key of every object in a JSON answer, `most` to `rows`.
    """

    agency: str
    kind: str
    probability: float = 1.0
    status: int = 0
    latency_s: float = 0.0
    retry_after: str | None = None
    field: str = ""
    most: int = 0


def parse_faults(text: str) -> tuple[Fault, ...]:
    """The faults in `text`, separated by commas. Raises ValueError with the grammar when one cannot be read."""
    return tuple(_parse(each.strip()) for each in text.split(",") if each.strip())


def _parse(text: str) -> Fault:
    match = _FAULT.fullmatch(text)
    if match is None or match["agency"] not in AGENCIES:
        raise ValueError(f"{text!r} is no fault: {GRAMMAR}")
    agency, kind, argument = match["agency"], match["kind"], match["argument"]
    try:
        probability = float(match["probability"] or 1)
    except ValueError:
        probability = 0.0
    if 0 < probability <= 1:
        if kind in ("reset", "truncate", "cut-gzip", "bom", "html", "hang", "redirect") and argument is None:
            return Fault(agency, kind, probability)
        if kind in _LIST_FAULTS and agency == "csl" and argument is None:
            return Fault(agency, kind, probability)
        if kind in _FIELD_FAULTS and argument and re.fullmatch(r"\w{1,60}", argument):
            return Fault(agency, kind, probability, field=argument)
        if kind == "status" and argument and re.fullmatch(r"[2-5][0-9][0-9]", argument):
            return Fault(agency, kind, probability, status=int(argument))
        if kind == "latency" and argument and (latency := _LATENCY.fullmatch(argument)):
            scale = 0.001 if latency[2] == "ms" else 1.0
            return Fault(agency, kind, probability, latency_s=float(latency[1]) * scale)
        if kind == "rows" and agency == "fda" and argument and re.fullmatch(r"[0-9]{1,4}", argument):
            return Fault(agency, kind, probability, most=int(argument))
        if kind == "429" and (argument is None or re.fullmatch(r"retry-after=[0-9]{1,4000}", argument)):
            after = argument.removeprefix("retry-after=") if argument else None
            return Fault(agency, kind, probability, status=429, retry_after=after)
    raise ValueError(f"{text!r} is no fault: {GRAMMAR}")


def faulty(faults: Callable[[], Iterable[Fault]], dice: random.Random) -> Middleware:
    """A middleware that does what `faults` says at each request, each by its own throw of the dice, in their order."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        for fault in faults():
            if dice.random() >= fault.probability:
                continue
            if fault.kind == "latency":
                await asyncio.sleep(fault.latency_s)
                continue
            if fault.kind in _LIST_FAULTS:
                request[_ASKED] = fault.kind
                continue
            return await _instead(fault, request, handler)
        return await handler(request)

    return middleware


def asked_list_fault(request: web.Request) -> str | None:
    """How the file of all lists is to be broken for `request`; None: not at all."""
    return request.get(_ASKED)


async def _instead(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    if fault.kind == "hang":
        await asyncio.Event().wait()
    if fault.kind == "html":
        return web.Response(text=MAINTENANCE_PAGE, content_type="text/html")
    if fault.kind == "redirect":
        return web.Response(status=302, headers={"Location": PORTAL})
    if fault.kind in _FIELD_FAULTS:
        return _with_other_fields(fault, await handler(request))
    if fault.kind == "reset":
        _reset(request)
        return web.Response()
    if fault.kind == "truncate":
        return await _cut(request, await handler(request))
    if fault.kind in ("cut-gzip", "bom"):
        return _packed(fault.kind, await handler(request))
    if fault.kind == "rows":
        return await _of_few_rows(fault.most, request, handler)
    headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
    known = fault.status in HTTPStatus.__members__.values()
    return web.Response(status=fault.status, text=HTTPStatus(fault.status).phrase if known else "", headers=headers)


def _reset(request: web.Request) -> None:
    """End the connection with a reset, as a crashed server does."""
    if request.transport is not None:
        sock = request.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()


async def _cut(request: web.Request, whole: web.StreamResponse) -> web.StreamResponse:
    """Half of the answer, and then the end of the connection. Of a 304 there is no half."""
    if whole.status == HTTPStatus.NOT_MODIFIED:
        return whole
    body = whole.body if isinstance(whole, web.Response) and isinstance(whole.body, bytes) else b" " * 64
    cut = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    cut.content_length = len(body)
    cut.force_close()
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return cut


def _packed(kind: str, whole: web.StreamResponse) -> web.StreamResponse:
    """The answer behind a byte order mark; or packed, and cut where a reader notices nothing of it."""
    if isinstance(whole, web.Response) and isinstance(whole.body, bytes):
        if kind == "bom":
            whole.body = codecs.BOM_UTF8 + whole.body
        else:
            packer = zlib.compressobj(wbits=31)
            whole.body = packer.compress(whole.body) + packer.flush(zlib.Z_SYNC_FLUSH)
            whole.headers["Content-Encoding"] = "gzip"
    return whole


async def _of_few_rows(most: int, request: web.Request, handler: Handler) -> web.StreamResponse:
    """The answer, if it is asked for with no more rows than that."""
    try:
        asked = orjson.loads(await request.read())
    except orjson.JSONDecodeError:
        asked = None
    rows = asked.get("rows") if isinstance(asked, dict) else None
    if isinstance(rows, int) and rows > most:
        message = f"Request body rows parameter must be <= {most}."
        return web.json_response({"statuscode": 415, "message": message})
    return await handler(request)


def _with_other_fields(fault: Fault, whole: web.StreamResponse) -> web.StreamResponse:
    """The answer with one key of its objects left out, called otherwise, or added. Only JSON has keys."""
    if not isinstance(whole, web.Response) or whole.content_type != "application/json":
        return whole
    text = whole.body if isinstance(whole.body, bytes) else b"null"
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:  # some letters are in Windows-1252
        body = orjson.loads(text.decode("cp1252"))
    whole.body = orjson.dumps(_changed(fault, body))
    return whole


def _changed(fault: Fault, value: object) -> object:
    if isinstance(value, list):
        return [_changed(fault, each) for each in value]
    if not isinstance(value, dict):
        return value
    changed = {key: _changed(fault, inner) for key, inner in value.items() if key != fault.field}
    if fault.kind == "extra":
        changed[fault.field] = "sample"
    elif fault.kind == "renamed" and fault.field in value:
        changed[f"{fault.field}_new"] = _changed(fault, value[fault.field])
    return changed
