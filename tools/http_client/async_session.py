"""The pooled `aiohttp.ClientSession`: what it is opened with, its guarded redirects and its bounded answers."""

import aiohttp
import orjson
from aiohttp import ClientPayloadError, ClientResponse, hdrs
from aiohttp.connector import Connection

from tools.errors import ProviderTooLarge
from tools.http_client.body import current_body_limit
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connector import AsyncPoolClosed
from tools.http_client.guarded_request import GuardedRequest

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
    return aiohttp.ClientSession(
        connector=connector,
        # The connector bounds the wait and the connecting, each on its own; `connect` would lump them together.
        timeout=aiohttp.ClientTimeout(total=None, connect=None, sock_connect=None, sock_read=timeouts.read_s),
        headers={hdrs.USER_AGENT: user_agent},
        cookie_jar=aiohttp.DummyCookieJar(),
        json_serialize=lambda value: orjson.dumps(value).decode(),
        request_class=GuardedRequest,
        response_class=_bounded_response(limits.max_body_bytes, connector),
        trust_env=trust_env,
    )


def _bounded_response(default_limit: int, pool: aiohttp.BaseConnector) -> type[ClientResponse]:
    """A response class whose `read()` (and so `text()` and `json()`) stops at the bound in force, and does not take
    what a closing pool has cut for the whole.

    Code that streams `response.content` itself bounds itself.
    """

    class BoundedResponse(ClientResponse):
        _limit = default_limit
        _is_within = False  # as declared, and nothing can make more of it

        async def start(self, connection: Connection) -> ClientResponse:
            await super().start(connection)
            self._limit = limit = current_body_limit(default_limit)
            declared = self.content_length
            if declared is not None:
                if declared > limit and self.method != hdrs.METH_HEAD:
                    raise AsyncBodyTooLarge(f"the answer declares {declared} bytes, the bound is {limit}")
                headers = self.headers
                self._is_within = hdrs.CONTENT_ENCODING not in headers and hdrs.TRANSFER_ENCODING not in headers
            return self

        async def read(self) -> bytes:
            if self._body is None:
                try:
                    self._body = await self._read_all()
                except BaseException:
                    self.close()
                    raise
                if self.connection is None:  # given back with the last byte: there is nothing else to wait for
                    return self._body
            return await super().read()

        async def _read_all(self) -> bytes:
            content = self.content
            if not self._is_within:
                body = await self._read_bounded()
            elif content.is_eof():  # it came along with the head
                body = content.read_nowait()
            else:
                body = await content.read()
            if pool.closed:
                raise AsyncPoolClosed("the pool was shut down while the answer came")
            return body

        async def _read_bounded(self) -> bytes:
            chunks: list[bytes] = []
            size = 0
            async for chunk in self.content.iter_any():
                size += len(chunk)
                if size > self._limit:
                    raise AsyncBodyTooLarge(f"the answer is larger than the bound of {self._limit} bytes")
                chunks.append(chunk)
            return b"".join(chunks)

    return BoundedResponse
