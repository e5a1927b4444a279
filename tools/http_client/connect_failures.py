"""Why a connection came to nothing: the exceptions of both libraries in one of few words."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from tools.call import Call
from tools.http_client.listening import ConnectFailure, PoolListener

__all__ = ["failure_of", "telling_failure"]


def failure_of(exc: Exception) -> ConnectFailure:
    """The word for `exc`. Several of the libraries' classes are kinds of one another, so the order counts."""
    if isinstance(exc, (aiohttp.ClientConnectorDNSError, NameResolutionError)):
        return "dns"
    if isinstance(exc, (aiohttp.ClientSSLError, ssl.SSLError)):
        return "tls"
    if isinstance(exc, NewConnectionError):
        return "tcp"
    if isinstance(exc, (TimeoutError, ConnectTimeoutError)):
        return "timeout"
    return "tcp" if isinstance(exc, OSError) else "other"


@contextmanager
def telling_failure(listener: PoolListener, call: Call | None) -> Iterator[None]:
    """The body connects for `call`: tell `listener` when it does not, unless because the caller has left."""
    try:
        yield
    except BaseException as exc:
        if call is not None and call.is_over():
            listener.not_connected("timeout")
        elif isinstance(exc, Exception):
            listener.not_connected(failure_of(exc))
        raise
