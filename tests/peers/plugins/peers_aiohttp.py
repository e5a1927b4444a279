"""Puts the pooled connector, and the session's request and response classes, in the place of aiohttp's own.

The only module that knows what the async session is made of. What a test asks of a session or of a connector stays as
it asks.
"""

import asyncio
import functools
from typing import Any

import aiohttp
import aiohttp.client
import aiohttp.connector
from aiohttp import ClientSession

from tools.http_client import PoolLimits, PoolTimeouts
from tools.http_client.async_pool import PooledConnector
from tools.http_client.async_session import open_async_session

_NO_LIMIT = 10_000
_stock_init = ClientSession.__init__


class _AsAsked(aiohttp.TCPConnector):
    """aiohttp's connector, made as the test asks and, for the rest, as the pool does."""

    _asked: dict[str, Any]

    def __init__(self, **of_the_pool: Any) -> None:
        options = {**of_the_pool, **self._asked}
        if options.get("force_close"):
            options.pop("keepalive_timeout", None)
        super().__init__(**options)


class Connector(PooledConnector, _AsAsked):
    """The pooled connector, made as aiohttp makes its own."""

    def __init__(self, **asked: Any) -> None:
        limit = asked.pop("limit", 100)
        lingers_s = asked.get("keepalive_timeout") or PoolLimits().keepalive_expiry_s
        if not isinstance(lingers_s, (int, float)):  # aiohttp's sentinel
            lingers_s = PoolLimits().keepalive_expiry_s
        self._asked = asked
        limits = PoolLimits(max_connections=limit or _NO_LIMIT, keepalive_expiry_s=lingers_s)
        super().__init__(limits, PoolTimeouts())


@functools.wraps(_stock_init)
def _init(self: ClientSession, base_url: Any = None, **asked: Any) -> None:
    """Open the session as the test asks; where it asks for nothing, as `open_async_session` does."""
    _stock_init(self, base_url, **asked)
    connector = self._connector
    if not isinstance(connector, PooledConnector) or asyncio._get_running_loop() is None:
        return
    limits, timeouts = PoolLimits(), PoolTimeouts()
    ClientSession.__init__ = _stock_init  # type: ignore[method-assign]
    try:
        ours = open_async_session(connector, limits, timeouts, user_agent="")
    finally:
        ClientSession.__init__ = _init  # type: ignore[method-assign]
    ours.detach()
    for attribute, options in _TAKEN_OVER.items():
        if all(asked.get(option) is None for option in options):
            setattr(self, attribute, getattr(ours, attribute))


#: What `open_async_session` decides, and the options with which a test may decide otherwise.
_TAKEN_OVER = {
    "_request_class": ("request_class",),
    "_response_class": ("response_class",),
    "_json_serialize": ("json_serialize",),
    "_cookie_jar": ("cookie_jar",),
    "_timeout": ("timeout", "read_timeout", "conn_timeout"),
}


def _put_ours_in_place() -> None:
    ClientSession.__init__ = _init  # type: ignore[method-assign]
    for module in (aiohttp, aiohttp.client, aiohttp.connector):
        vars(module).update(TCPConnector=Connector)


_put_ours_in_place()
