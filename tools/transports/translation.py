"""Turns exceptions of aiohttp, requests and urllib3 into ours, once, with the cause kept. Time-outs come first:
several of theirs are connection errors as well."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

import aiohttp
import requests
import urllib3.exceptions
from aiohttp.http_exceptions import HttpProcessingError

from tools.errors import ProviderGarbled, ProviderRejected, ProviderTimeout, ProviderUnreachable, ToolError
from tools.exchange import Response
from tools.http_client.content_coding import UnreadableBody
from tools.http_client.response_head import RefusedHead
from tools.http_client.sync_connection import StaleConnection

__all__ = ["LIBRARY_ERRORS", "BrokenAt", "ConnectionBroke", "broken_at", "translated", "translating"]

#: What client libraries raise when a request fails, or an answer cannot be read. Of aiohttp's `json()` and `text()`
#: those are errors of the standard library, and so is that of a host that can be no name.
LIBRARY_ERRORS = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    aiohttp.ClientError,
    TimeoutError,
    json.JSONDecodeError,
    UnicodeError,
)

_NOT_HTTP = (
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)
_NOT_TEXT = (json.JSONDecodeError, aiohttp.ContentTypeError, UnicodeDecodeError)

#: How far a connection came: its host's name was not found, a proxy refused it, nothing listened there, the peer's
#: certificate was not believed, TLS was not agreed upon, or it ended later.
BrokenAt = Literal["name", "proxy", "refused", "certificate", "tls", "connection"]

_PROXY_ERRORS = (
    aiohttp.ClientProxyConnectionError,
    aiohttp.ClientHttpProxyError,
    requests.exceptions.ProxyError,
)
_STAGES: tuple[tuple[BrokenAt, tuple[type[BaseException], ...]], ...] = (
    ("proxy", _PROXY_ERRORS),
    ("name", (socket.gaierror,)),
    ("certificate", (ssl.SSLCertVerificationError,)),
    ("tls", (ssl.SSLError,)),
    ("refused", (ConnectionRefusedError,)),
)


class ConnectionBroke(aiohttp.ClientConnectionError):
    """`broke`, as an error after which aiohttp does not send a request again by itself."""

    def __init__(self, broke: Exception, *, was_reused: bool) -> None:
        super().__init__(str(broke))
        self.name = type(broke).__name__
        # aiohttp puts what it had read of the answer into the message; a text is its own.
        came = getattr(broke, "message", "")
        self.was_stale = was_reused and isinstance(came, str)


@contextmanager
def translating(upstream: str | None) -> Iterator[None]:
    """Raise a ToolError in place of a client library's exception. `upstream` names the agency; it is put on every
    ToolError that does not name one yet."""
    try:
        yield
    except ToolError as exc:
        exc.upstream = exc.upstream or upstream
        raise
    except LIBRARY_ERRORS as exc:
        raise translated(exc, upstream) from exc


def translated(exc: Exception, upstream: str | None) -> ToolError:
    """Return what is to be raised in place of one of LIBRARY_ERRORS."""
    who = upstream or "the upstream"
    causes = (exc, *_causes(exc))
    if isinstance(exc, requests.Timeout) or any(isinstance(each, TimeoutError) for each in causes):
        return ProviderTimeout(f"{who} did not answer in time ({type(exc).__name__})", upstream=upstream)
    if isinstance(exc, (aiohttp.TooManyRedirects, requests.TooManyRedirects)):
        return ProviderRejected(f"{who} redirected too often", upstream=upstream)
    if isinstance(exc, _NOT_TEXT):
        return ProviderGarbled(f"{who} sent {_in_words(exc)}", upstream=upstream)
    if isinstance(exc, _NOT_HTTP) or any(isinstance(each, UnicodeError) for each in causes):
        return ProviderRejected(f"{who} leads to a URL that is not HTTP ({type(exc).__name__})", upstream=upstream)
    if (refused := _refused(exc)) is not None:
        status, headers = refused
        return Response(status, headers, b"", who).failure(upstream)
    packed = next((each for each in causes if isinstance(each, urllib3.exceptions.DecodeError)), None)
    if packed is not None or isinstance(exc, requests.exceptions.ContentDecodingError):
        why = f": {packed}" if isinstance(packed, UnreadableBody) else ""
        return ProviderGarbled(f"{who} sent a body that does not decompress{why}", upstream=upstream)
    if (head := next((each for each in causes if isinstance(each, RefusedHead)), None)) is not None:
        return ProviderGarbled(f"{who} sent {head}", upstream=upstream)
    if isinstance(exc, (aiohttp.ClientResponseError, requests.exceptions.InvalidHeader)) or any(
        map(_is_not_http, causes)
    ):
        return ProviderGarbled(f"{who} sent something that is not HTTP", upstream=upstream)
    broke = exc if isinstance(exc, ConnectionBroke) else None
    return ProviderUnreachable(
        f"no whole answer from {who}: the connection failed ({broke.name if broke else type(exc).__name__})",
        was_stale=(broke is not None and broke.was_stale) or any(isinstance(each, StaleConnection) for each in causes),
        upstream=upstream,
    )


def broken_at(error: ToolError) -> BrokenAt:
    """Return how far the connection came whose failure `error` reports, by what it was raised from."""
    causes = tuple(_causes(error))
    for stage, kinds in _STAGES:
        if any(isinstance(each, kinds) for each in causes):
            return stage
    return "connection"


def _in_words(exc: Exception) -> str:
    """Return what is wrong with a body that was to be JSON or text. A URL, which may hold a key, is not repeated."""
    if isinstance(exc, UnicodeDecodeError):
        return f"text with bytes that are not {exc.encoding}"
    why = exc.message if isinstance(exc, aiohttp.ContentTypeError) else str(exc)
    return f"something that is not JSON: {why}"


def _refused(exc: Exception) -> tuple[int, Mapping[str, str]] | None:
    """Return the status and headers of an answer that `raise_for_status` of either library did not let pass."""
    if isinstance(exc, requests.HTTPError) and exc.response is not None:
        return exc.response.status_code, exc.response.headers
    # aiohttp has the same class for what is not HTTP at all, with a status that no one sent.
    if type(exc) is aiohttp.ClientResponseError and not isinstance(exc.__cause__, HttpProcessingError):
        return exc.status, exc.headers or {}
    return None


def _is_not_http(exc: BaseException) -> bool:
    """Whether http.client could not make sense of what came, as opposed to that it ended."""
    ended = (http.client.RemoteDisconnected, http.client.IncompleteRead)
    return isinstance(exc, http.client.HTTPException) and not isinstance(exc, ended)


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """What is under `exc`: the exceptions that it was raised from, or that it carries as an argument."""
    seen: set[int] = set()
    pending: list[object] = [exc.__cause__, exc.__context__, *exc.args, getattr(exc, "reason", None)]
    while pending:
        inner = pending.pop()
        if isinstance(inner, BaseException) and id(inner) not in seen:
            seen.add(id(inner))
            yield inner
            pending += [inner.__cause__, inner.__context__, *inner.args, getattr(inner, "reason", None)]
