"""Turns exceptions of aiohttp, requests and urllib3 into ours, once, with the cause kept. Time-outs come first:
several of theirs are connection errors as well."""

import http.client
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import aiohttp
import requests
from aiohttp.http_exceptions import ContentEncodingError

from tools.errors import ProviderGarbled, ProviderRejected, ProviderTimeout, ProviderUnreachable, ToolError
from tools.http_client.sync_connection import StaleConnection

__all__ = ["LIBRARY_ERRORS", "BrokenAt", "ConnectionBroke", "broken_at", "translated", "translating"]

#: What client libraries raise when a request fails.
LIBRARY_ERRORS = (requests.RequestException, aiohttp.ClientError, TimeoutError)

_NOT_HTTP = (
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
)

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
    """One of LIBRARY_ERRORS as what is to be raised in its place."""
    who = upstream or "the upstream"
    if isinstance(exc, (TimeoutError, requests.Timeout)) or any(isinstance(e, TimeoutError) for e in _causes(exc)):
        return ProviderTimeout(f"{who} did not answer in time ({type(exc).__name__})", upstream=upstream)
    if isinstance(exc, (aiohttp.TooManyRedirects, requests.TooManyRedirects)):
        return ProviderRejected(f"{who} redirected too often", upstream=upstream)
    if isinstance(exc, _NOT_HTTP):
        return ProviderRejected(f"{who} leads to a URL that is not HTTP ({type(exc).__name__})", upstream=upstream)
    if isinstance(exc, requests.exceptions.ContentDecodingError) or any(
        isinstance(e, ContentEncodingError) for e in _causes(exc)
    ):
        return ProviderGarbled(f"{who} sent a body that does not decompress", upstream=upstream)
    if isinstance(exc, (aiohttp.ClientResponseError, requests.exceptions.InvalidHeader)) or any(
        map(_is_not_http, _causes(exc))
    ):
        return ProviderGarbled(f"{who} sent something that is not HTTP", upstream=upstream)
    broke = exc if isinstance(exc, ConnectionBroke) else None
    return ProviderUnreachable(
        f"no whole answer from {who}: the connection failed ({broke.name if broke else type(exc).__name__})",
        was_stale=(broke is not None and broke.was_stale) or any(isinstance(e, StaleConnection) for e in _causes(exc)),
        upstream=upstream,
    )


def broken_at(error: ToolError) -> BrokenAt:
    """Return how far the connection came whose failure `error` reports, by what it was raised from."""
    causes = tuple(_causes(error))
    for stage, kinds in _STAGES:
        if any(isinstance(each, kinds) for each in causes):
            return stage
    return "connection"


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
