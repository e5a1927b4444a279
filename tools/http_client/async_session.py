"""The pooled `aiohttp.ClientSession`: what it is opened with, its guarded redirects and its bounded answers."""

from types import SimpleNamespace

import aiohttp
import orjson
from aiohttp import ClientPayloadError, ClientResponse, hdrs
from aiohttp.connector import Connection
from yarl import URL

from tools.errors import ProviderTooLarge
from tools.http_client.body import current_body_limit
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connector import AsyncPoolClosed
from tools.http_client.redirects import check_redirect, headers_to_drop, refused_target

__all__ = ["AsyncBodyTooLarge", "open_async_session"]


class AsyncBodyTooLarge(ProviderTooLarge, ClientPayloadError):
    """ProviderTooLarge that code written for aiohttp recognises too."""

    code = ProviderTooLarge.code


def open_async_session(
    connector: aiohttp.BaseConnector,
    limits: PoolLimits,
    timeouts: PoolTimeouts,
    *,
    user_agent: str,
    trust_env: bool = False,
) -> aiohttp.ClientSession:
    """A session over `connector`, without cookies, whose time-outs are those of the pool and no others.

    `trust_env` says whether proxies and netrc of the environment count. Needs a running event loop.
    """
    guard = aiohttp.TraceConfig()
    guard.on_request_redirect.append(_guard_redirect)
    return aiohttp.ClientSession(
        connector=connector,
        # The connector bounds the wait and the connecting, each on its own; `connect` would lump them together.
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=timeouts.read_s),
        headers={hdrs.USER_AGENT: user_agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        json_serialize=lambda value: orjson.dumps(value).decode(),
        response_class=_bounded_response(limits.max_body_bytes, connector),
        trace_configs=[guard],
        trust_env=trust_env,
    )


async def _guard_redirect(
    session: aiohttp.ClientSession,  # noqa: ARG001 - aiohttp's signature
    context: SimpleNamespace,  # noqa: ARG001 - likewise
    params: aiohttp.TraceRequestRedirectParams,
) -> None:
    """Drop what must not go along; aiohttp sends `params.headers` with the next hop."""
    location = params.response.headers.get(hdrs.LOCATION) or params.response.headers.get(hdrs.URI)
    if location is None:
        return
    try:
        target = str(params.url.join(URL(location)))
    except ValueError as exc:
        raise refused_target(str(params.url)) from exc
    source = str(params.url)
    check_redirect(source, target)
    for name in set(headers_to_drop(source, target, list(params.headers))):
        params.headers.popall(name)


def _bounded_response(default_limit: int, pool: aiohttp.BaseConnector) -> type[ClientResponse]:
    """A response class whose `read()` (and so `text()` and `json()`) stops at the bound in force, and does not take
    what a closing pool has cut for the whole.

    Code that streams `response.content` itself bounds itself.
    """

    class BoundedResponse(ClientResponse):
        _limit = default_limit

        async def start(self, connection: Connection) -> ClientResponse:
            await super().start(connection)
            self._limit = current_body_limit(default_limit)
            declared = self.content_length
            if declared is not None and declared > self._limit and self.method != hdrs.METH_HEAD:
                raise AsyncBodyTooLarge(f"the answer declares {declared} bytes, the bound is {self._limit}")
            return self

        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await self._read_bounded()
                except BaseException:
                    self.close()
                    raise
            return await super().read()

        async def _read_bounded(self) -> bytes:
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.content.iter_any():
                size += len(chunk)
                if size > self._limit:
                    raise AsyncBodyTooLarge(f"the answer is larger than the bound of {self._limit} bytes")
                chunks.append(chunk)
            if pool.closed:
                raise AsyncPoolClosed("the pool was shut down while the answer came")
            return b"".join(chunks)

    return BoundedResponse
