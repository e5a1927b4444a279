"""The pooled `aiohttp.ClientSession` and its parts: connections, and requests that guard redirects."""

import asyncio
import socket
import weakref
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import aiohttp
import orjson
from aiohttp import ClientPayloadError, ClientRequest, SocketTimeoutError, StreamReader, hdrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http_exceptions import HttpProcessingError
from multidict import CIMultiDict
from yarl import URL

from tools.errors import PoolTimeout
from tools.http_client.async_answer import bounded_response
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.content_coding import ACCEPTED_CODINGS
from tools.http_client.redirects_and_bounds import check_redirect, headers_to_drop
from tools.http_client.response_head import MAX_FIELDS, MAX_HEAD_BYTES, HeadGate, RefusedHead

__all__ = [
    "AsyncPoolTimeout",
    "GuardedRequest",
    "PooledProtocol",
    "open_async_session",
]


#: Seconds that a peer gets to see our end of an idle connection that is closed, and to close its own.
_GOODBYE_S = 0.25


class AsyncPoolTimeout(PoolTimeout, aiohttp.ClientError):
    """PoolTimeout that code written for aiohttp recognizes too.

    Not a TimeoutError: aiohttp would turn that into its connect time-out.
    """

    code = PoolTimeout.code


def open_async_session(
    connector: aiohttp.BaseConnector,
    limits: PoolLimits,
    timeouts: PoolTimeouts,
    *,
    user_agent: str,
    trust_env: bool = False,
) -> aiohttp.ClientSession:
    """Open a session over `connector`, without cookies, whose time-outs are those of the pool and no others.

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
        response_class=bounded_response(limits.max_body_bytes, connector),
        requote_redirect_url=False,
        # Heads are bounded before, alike in both clients.
        max_line_size=MAX_HEAD_BYTES,
        max_field_size=MAX_HEAD_BYTES,
        max_headers=2 * MAX_FIELDS,
        trust_env=trust_env,
    )


#: The last request of each call that is under way, by the identity of the headers that aiohttp hands from hop to hop.
#: A request keeps its headers alive, so that an identity stands for one mapping as long as its entry is there; and
#: aiohttp keeps a request until it has made the next one.
_last_hops: "weakref.WeakValueDictionary[int, GuardedRequest]" = weakref.WeakValueDictionary()


class GuardedRequest(ClientRequest):
    """One hop of a call: no secret to another origin, never out of TLS, no SOCKS proxy.

    aiohttp makes one for each redirect that it follows, of the same mapping of headers. Raises ProviderRejected when
    the redirect that leads here leaves TLS, InvalidURL (a ValueError) on a proxy that is not HTTP.
    """

    DEFAULT_HEADERS = ClientRequest.DEFAULT_HEADERS | {hdrs.ACCEPT_ENCODING: ACCEPTED_CODINGS}
    #: Set by the pool for a request with traces.
    warm_connection: "PooledProtocol | None" = None

    def __init__(
        self, method: str, url: URL, *, headers: CIMultiDict[str], proxy: URL | None = None, **options: Any
    ) -> None:
        if proxy is not None and proxy.scheme not in ("http", "https"):
            raise aiohttp.InvalidURL(proxy, "the pool speaks to HTTP proxies only, not SOCKS")
        last_hop = _last_hops.get(id(headers))
        if last_hop is not None:  # a redirect, or once more to the same URL, after a connection broke
            source = str(last_hop.url)
            check_redirect(source, str(url))
            for name in set(headers_to_drop(source, str(url), headers)):
                headers.popall(name, None)
        super().__init__(method, url, headers=headers, proxy=proxy, **options)
        self._headers_of_call = headers
        _last_hops[id(headers)] = self

    async def _on_headers_request_sent(self, *what: Any) -> None:
        await super()._on_headers_request_sent(*what)
        self._refuse_if_ended()

    async def _on_chunk_request_sent(self, *what: Any) -> None:
        await super()._on_chunk_request_sent(*what)
        self._refuse_if_ended()
        self.warm_connection = None  # the first piece takes the head with it: from now on an answer may come

    def _refuse_if_ended(self) -> None:
        """Raise ServerDisconnectedError when the warm connection has ended, or has brought what nothing asked for,
        while traces waited before the first byte was sent. aiohttp sends the request again, if it may."""
        if self.warm_connection is not None and self.warm_connection.should_close:
            raise aiohttp.ServerDisconnectedError("the connection ended before it was used again")

    async def write_bytes(self, writer: Any, conn: Connection, content_length: int | None = None) -> None:
        """Write the body. A peer that was asked whether to send it, and says nothing, is bounded as one that reads."""
        protocol: Any = conn.protocol
        if self._continue is not None:
            protocol.start_timeout()
            self._continue.add_done_callback(lambda _: protocol.rest())
        with suppress(aiohttp.ClientConnectionResetError):  # aiohttp has closed it, which the reader of the answer sees
            await super().write_bytes(writer, conn, content_length)


class PooledProtocol(ResponseHandler):
    """A connection of aiohttp, with a bound on silence and one on writing, and what the pool notes of it.

    aiohttp sets a timer for each piece that comes; here a piece only moves the time at which the connection has been
    silent for too long, and one timer looks at it. When it ends, a body that is not finished ends with an error:
    aiohttp leaves its reader waiting after a malformed chunk, and when the session is closed under it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        #: The host as the pool knows it, and what to call when the socket is gone; set when it is made.
        self.host: Any = None
        self.on_lost: Callable[[], None] | None = None
        self.is_lost = False
        self.made_at = 0.0
        self.retire_at = 0.0
        self.uses = 0
        #: Made, and not counted as closed yet.
        self.is_established = False
        #: Whether the body of its answer is to be unpacked.
        self.unpacks = False
        self._gate = HeadGate(is_open=True)  # until something is asked
        self._silent_at: float | None = None  # None: nothing is awaited
        self._silence_timer: asyncio.TimerHandle | None = None
        self._looks_at = 0.0

    def set_response_params(self, *, auto_decompress: bool = True, **options: Any) -> None:
        """Say how the next answer is read. It is unpacked by its reader, not by aiohttp, which takes cut ones too."""
        self.unpacks = auto_decompress
        self._gate = HeadGate()
        super().set_response_params(auto_decompress=False, **options)

    def data_received(self, data: bytes) -> None:
        """Read on, once the head of the answer is whole. What is no answer ends the connection with an error."""
        if self._gate.is_open:
            super().data_received(data)
            return
        if data:
            self._reschedule_timeout()
        try:
            passed = self._gate.take(data)
        except RefusedHead as exc:
            self._gate.is_open = True
            if self.transport is not None:
                self.transport.abort()
            self.set_exception(HttpProcessingError(message=str(exc)), exc)
            return
        if passed:
            super().data_received(passed)

    # -- the bound on silence --

    def _reschedule_timeout(self) -> None:
        timeout_s = self.read_timeout
        if not timeout_s:
            self._silent_at = None
            return
        self._silent_at = silent_at = monotonic() + timeout_s
        if self._silence_timer is None or silent_at < self._looks_at:
            self._set_silence_timer(silent_at)

    def _drop_timeout(self) -> None:
        self._silent_at = None

    def rest(self) -> None:
        """Nothing is awaited: while it idles, say, where reading on from a pause may have set the bound again."""
        self._silent_at = None

    def _set_silence_timer(self, at: float) -> None:
        self._cancel_silence_timer()
        self._silence_timer = self._loop.call_at(at, self._look)
        self._looks_at = at

    def _cancel_silence_timer(self) -> None:
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None

    def _look(self) -> None:
        self._silence_timer = None
        silent_at = self._silent_at
        if silent_at is None:
            return
        if silent_at > monotonic():
            self._set_silence_timer(silent_at)
            return
        self._silent_at = None
        self._on_read_timeout()

    # -- the bound on writing --

    def bound_writing(self, write_s: float) -> None:
        """Let the kernel end the connection when the peer takes no byte for `write_s` (TCP_USER_TIMEOUT, Linux).

        Called once connected, so that it bounds writing and not connecting. Elsewhere aiohttp has no such bound.
        """
        sock = self.transport.get_extra_info("socket") if self.transport is not None else None
        if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(write_s * 1000))

    # -- its end --

    def say_goodbye(self) -> None:
        """Close an idle connection so that the peer sees its end at once, and closes its own."""
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        if not transport.can_write_eof():
            self.abort()  # TLS: nothing is in flight, and its goodbye would only keep the socket open for longer
            return
        # The peer may have reset it, which the loop has not seen yet; the reset closes it then.
        with suppress(OSError):
            transport.write_eof()
        self._loop.call_later(_GOODBYE_S, self.abort)

    def set_exception(self, exc: Any, *cause: Any) -> None:
        """What came is not HTTP, or nothing came for too long."""
        payload = self._payload
        super().set_exception(exc, *cause)
        self._fail(payload, exc)

    def close(self) -> None:
        """Close it. The reader of an unfinished body gets an error."""
        payload = self._payload
        super().close()
        self._fail(payload, None)

    def abort(self) -> None:
        """Close it at once. The reader of an unfinished body gets an error."""
        payload = self._payload
        super().abort()
        self._fail(payload, None)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone, and nothing more is awaited of it."""
        if self._gate.held:  # a cut head, which the parser has to know of
            self._gate.is_open = True
            super().data_received(self._gate.held)
        payload = self._payload
        if exc is not None:  # aiohttp takes a body that ends with its connection for whole, even when that was reset
            self._fail(payload, exc)
        super().connection_lost(exc)
        self._cancel_silence_timer()
        self._fail(payload, exc)
        self.is_lost = True
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:  # else it was lost before the pool had it
            self._loop.call_soon(on_lost)  # the socket itself is closed after this

    def _fail(self, payload: Any, cause: BaseException | None) -> None:
        if not isinstance(payload, StreamReader) or payload.is_eof() or payload.exception() is not None:
            return  # there is none, it is whole, it has failed; or it is a WebSocket, which has ends of its own
        error = cause
        if not isinstance(error, SocketTimeoutError):
            error = ClientPayloadError("the connection ended before the answer did")
            error.__cause__ = cause
        payload.set_exception(error)
        # Once more, after a reader that was woken just before has run: it waits again, without looking at this.
        self._loop.call_soon(payload.set_exception, error)
