"""urllib3's connections and host pools, taught to live in one `SyncPool`.

Every connection is taken in `_get_conn`, and given back in `_put_conn`, by `close()`, or when the response on it is
collected. The private names of urllib3 that this rests on are listed in docs/pools.md.
"""

import http.client
import math
import queue
import socket
import sys
import threading
import time
import weakref
from collections.abc import Hashable
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, ClassVar

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ClosedPoolError, ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util.connection import is_connection_dropped

from tools.call import current_call
from tools.errors import PoolClosed
from tools.http_client.events import reporting_failure
from tools.http_client.sync_answer import StrictBody, WholeHead
from tools.http_client.sync_pool import HostOf, SyncPool

__all__ = ["StaleConnection", "host_pool_classes", "label_of", "request_target"]

_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
_SEND_BYTES = 64 * 1024


class StaleConnection(http.client.RemoteDisconnected):
    """A reused connection died before a byte of the answer came: the peer had closed it while it was idle."""


#: What the request line is to say; None: what urllib3 makes of the URL.
request_target: ContextVar[str | None] = ContextVar("pool_request_target", default=None)


# -- connections --


class _Pooled(HTTPConnection):
    """What both connection classes add. Belongs to at most one thread at a time, but `shut` may come from any."""

    pool: ClassVar[SyncPool]
    write_s: ClassVar[float]
    response_class = WholeHead
    host_of_pool: HostOf

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.uses = 0
        self.made_at: float | None = None
        self.retire_at = 0.0
        self._receiving = False
        self._has_died = False
        self._live: socket.socket | None = None
        self._connect_until = math.inf
        self._response: weakref.ref[HTTPResponse] | None = None
        self._head: WholeHead | None = None

    # -- connecting, within one bound --

    def connect(self) -> None:
        """Resolve, dial and shake hands within one connect time-out. Raises ConnectTimeoutError, PoolClosed."""
        started = time.monotonic()
        # urllib3 has a sentinel for a time-out that was left out, behind proxies.
        self._connect_until = started + self.timeout if isinstance(self.timeout, int | float) else math.inf
        if (call := current_call()) is not None:  # which may have waited since its time-outs were worked out
            self._connect_until = min(self._connect_until, call.deadline_at)
        try:
            with reporting_failure(self.pool.listener, call=None):  # its threads are not cancelled
                super().connect()
            self.pool.established(self, time.monotonic() - started)
        except TimeoutError as exc:
            raise self._connect_timed_out() from exc

    def _connect_timed_out(self) -> ConnectTimeoutError:
        return ConnectTimeoutError(self, f"Connection to {self.host} timed out. (connect timeout={self.timeout})")

    def _new_conn(self) -> socket.socket:
        sys.audit("http.client.connect", self, self.host, self.port)
        addresses = self._resolve()
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            if self.pool.closed:
                raise PoolClosed("the pool was shut down while it connected")
            try:
                # Each address gets an even share of what is left, so that a dead first one can't use it all up.
                return self._dial(address, share=len(addresses) - position)
            except OSError as exc:
                failure = exc
        if isinstance(failure, TimeoutError):
            raise self._connect_timed_out() from failure
        raise NewConnectionError(self, f"Failed to establish a new connection: {failure}") from failure

    def _remaining_s(self) -> float | None:
        return None if self._connect_until == math.inf else max(0.001, self._connect_until - time.monotonic())

    def _resolve(self) -> list[Any]:
        """Return the host's addresses. getaddrinfo can't be interrupted: a slow one's thread is left behind."""
        answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()
        host, port = self._dns_host.strip("[]"), self.port

        def look_up() -> None:
            try:
                answers.put(list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))
            except (OSError, UnicodeError) as exc:
                answers.put(exc)

        threading.Thread(target=look_up, name="pool-dns", daemon=True).start()
        try:
            answer = answers.get(timeout=self._remaining_s())
        except queue.Empty as exc:
            raise self._connect_timed_out() from exc
        if isinstance(answer, socket.gaierror | UnicodeError):  # no such name; or none that can be one
            raise NameResolutionError(self.host, self, answer) from answer  # type: ignore[arg-type]  # it is shown
        if isinstance(answer, OSError):
            raise NewConnectionError(self, f"Failed to resolve {self.host}: {answer}") from answer
        return answer

    def _dial(self, address: Any, *, share: int) -> socket.socket:
        family, kind, protocol, _, where = address
        sock = socket.socket(family, kind, protocol)
        try:
            for option in self.socket_options or ():
                sock.setsockopt(*option)
            remaining_s = self._remaining_s()
            sock.settimeout(None if remaining_s is None else remaining_s / share)
            if self.source_address:
                sock.bind(self.source_address)
            sock.connect(where)
            if _USER_TIMEOUT is not None:  # from now on, so that it bounds writing and not connecting
                sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, int(self.write_s * 1000))
            # What is left is for the proxy's word, and for the TLS handshake, which Python bounds as a whole.
            sock.settimeout(self._remaining_s())
        except BaseException:
            sock.close()
            raise
        return sock

    # -- sending and receiving --

    def putrequest(self, method: str, url: str, *args: Any, **options: Any) -> None:
        """Begin a request; its target is sent as it was given, percent signs and all."""
        super().putrequest(method, request_target.get() or url, *args, **options)

    def send(self, data: Any) -> None:
        """Send `data`, of any size; the bound is on silence, not on the whole: the kernel watches the peer.

        Where it can't (no TCP_USER_TIMEOUT), every piece may take `write_s`.
        """
        if self.sock is None:
            self.connect()
        if not isinstance(data, (bytes, bytearray, memoryview)):
            super().send(data)
            return
        self.sock.settimeout(None if _USER_TIMEOUT is not None else self.write_s)
        rest = memoryview(data)
        while rest:
            sent = self.sock.send(rest[:_SEND_BYTES])
            rest = rest[sent:]
        if self.made_at is None:  # what a proxy says next is part of connecting; later urllib3 sets its read time-out
            self.sock.settimeout(self._remaining_s())

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself departs from http.client
        """Read the head of the answer. Raises StaleConnection when a reused connection turns out to be dead."""
        self._receiving = True
        self._live = self.sock
        try:
            response = super().getresponse()
        except (http.client.RemoteDisconnected, ConnectionError) as exc:
            self._has_died = True
            if self.uses > 1:
                raise StaleConnection(f"{self.host_of_pool.label} had closed the connection") from exc
            raise
        finally:
            self._receiving = False
        # A response that is dropped unread closes its connection, but not in a cycle: the collector may finalize its
        # file first, which it then takes for its own end.
        self._response = weakref.ref(response, self._response_is_gone)
        if type(response) is HTTPResponse:
            response.__class__ = StrictBody
        head: Any = response._original_response  # noqa: SLF001 - http.client's, which urllib3 wraps
        self._head = head
        if head.length is None and not head.chunked and hasattr(self._live, "suppress_ragged_eofs"):
            # A body without a length ends with a goodbye over TLS, or a cut one is taken for whole (RFC 9112, 9.8).
            self._live.suppress_ragged_eofs = False
        return response

    def has_more(self) -> bool:
        """Return whether more came than the answer, or is to come: the next request would take that for its own."""
        if self._head is not None and (self._head.has_more or not self._head.isclosed()):
            return True
        return self.sock is not None and hasattr(self.sock, "pending") and self.sock.pending() > 0

    def _response_is_gone(self, _: object) -> None:
        self.pool.abandon(self, "error")

    # -- closing --

    def close(self) -> None:
        """Close, and report that to the pool. A close by http.client itself in `getresponse` (the peer asked for it) is
        not reported: the answer still comes over the socket, and `_put_conn` or a later close ends it."""
        super().close()
        if not self._receiving:
            self.forget_response()
            self.pool.abandon(self, "remote" if self._has_died else "error", has_died=self._has_died)

    def forget_response(self) -> None:
        """The response on it is over."""
        self._response = self._head = self._live = None

    def close_socket(self) -> None:
        """Close without reporting that to the pool."""
        self.forget_response()
        super().close()

    def begin_goodbye(self) -> socket.socket | None:
        """Send our end. Return the socket, on which the peer's end shows; None: do not wait for it."""
        sock: object = self.sock
        if not isinstance(sock, socket.socket):
            return None
        try:
            socket.socket.shutdown(sock, socket.SHUT_WR)  # of TCP, over TLS too
        except OSError:
            return None
        return sock

    def shut(self) -> None:
        """Wake the thread that is blocked on the socket, from another. It sees the connection end."""
        sock = self.sock if self.sock is not None else self._live
        if sock is not None:
            sock = getattr(sock, "socket", sock)  # of TLS within TLS, to an HTTPS proxy
            with suppress(OSError):
                # Not SSLSocket.shutdown, which takes the TLS state away from under the other thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _PooledHTTPSConnection(_Pooled, HTTPSConnection):
    """The same over TLS."""


# -- host pools --


class _HostPool(HTTPConnectionPool):
    """Takes from and gives back to the shared pool; urllib3's own queue stays empty."""

    shared: ClassVar[SyncPool]

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ARG002 - the shared pool has its own bound
        if self.pool is None:
            raise ClosedPoolError(self, "the pool is closed")
        connection: Any = self.shared.take(self)
        while connection is not None and is_connection_dropped(connection):
            connection = self.shared.take(self, instead_of=connection)
        if connection is None:
            try:
                connection = self._new_conn()
                self.shared.hold(connection, self)
            except BaseException:
                self.shared.free_slot(self)
                raise
        call = current_call()
        if call is not None and call.connected is not None:
            call.connected()
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is None:  # after an error: `close` has reported it
            return
        has_more = conn.has_more()
        conn.forget_response()
        if conn.is_closed:  # the peer asked for it; or `close` has reported it, and this is the second time
            self.shared.abandon(conn, "remote")
        elif has_more:
            self.shared.abandon(conn, "error")
        else:
            self.shared.give_back(conn)


class _HTTPSHostPool(_HostPool, HTTPSConnectionPool):
    """The same over TLS."""


def label_of(host_pool: Hashable) -> str:
    """Return `host:port` of a host pool."""
    return f"{host_pool.host}:{host_pool.port}"  # type: ignore[attr-defined]  # the keys of the shared pool are host pools


def host_pool_classes(shared: SyncPool, write_s: float) -> dict[str, type[HTTPConnectionPool]]:
    """Return host pool classes by URL scheme, bound to one `SyncPool`."""
    plain = type("PooledHTTPConnection", (_Pooled,), {"pool": shared, "write_s": write_s})
    secure = type("PooledHTTPSConnection", (_PooledHTTPSConnection,), {"pool": shared, "write_s": write_s})
    return {
        "http": type("PooledHTTPConnectionPool", (_HostPool,), {"shared": shared, "ConnectionCls": plain}),
        "https": type("PooledHTTPSConnectionPool", (_HTTPSHostPool,), {"shared": shared, "ConnectionCls": secure}),
    }
