"""Pages for people, and the files that they are made of. Nothing comes from another site, and nothing may."""

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web
from aiohttp.typedefs import Handler

from service.envelope import as_json
from service.query import parameters

__all__ = ["asset", "openapi", "page"]

#: What a page may load and whom it may ask: us. Nothing inline.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_SENT_AS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class _File:
    """A file as it is sent."""

    content: bytes
    content_type: str
    etag: str


def page(name: str) -> Handler:
    """The handler for the page in the file `name`."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = _send(request, (await asyncio.to_thread(_files))[name])
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return handle


async def asset(request: web.Request) -> web.StreamResponse:
    """`GET /assets/{path}`: one of the files that there are. The path is looked up, never joined to a folder."""
    found = (await asyncio.to_thread(_files)).get(request.match_info["path"])
    # A page is sent as a page alone, with its policy.
    if found is None or found.content_type == "text/html":
        raise web.HTTPNotFound(reason="there is no such file")
    return _send(request, found)


async def openapi(request: web.Request) -> web.StreamResponse:
    """`GET /openapi.json`: the contract."""
    parameters(request)
    return _send(request, await asyncio.to_thread(_contract))


# The first time these take a while, so they are asked for in a thread: calls go on meanwhile.
@cache
def _contract() -> _File:
    # Imported by who asks for it first, as few do.
    from service.contract import document

    return _file(as_json(document()), "application/json")


@cache
def _files() -> Mapping[str, _File]:
    return dict(_read(files("service.assets"), ""))


def _read(folder: Traversable, before: str) -> Iterator[tuple[str, _File]]:
    for each in folder.iterdir():
        path = before + each.name
        if each.is_dir():
            yield from _read(each, f"{path}/")
        elif (sent_as := _SENT_AS.get(f".{each.name.rpartition('.')[2]}")) is not None:
            yield path, _file(each.read_bytes(), sent_as)


def _file(content: bytes, content_type: str) -> _File:
    return _File(content, content_type, hashlib.sha256(content).hexdigest()[:32])


def _send(request: web.Request, file: _File) -> web.Response:
    """The file; or that the one which the browser has is still good."""
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    known = request.if_none_match or ()
    if any(each.value == file.etag for each in known):
        response = web.Response(status=304, headers=headers)
    else:
        charset = "utf-8" if file.content_type.startswith("text/") else None
        response = web.Response(body=file.content, content_type=file.content_type, charset=charset, headers=headers)
    response.etag = file.etag
    return response
