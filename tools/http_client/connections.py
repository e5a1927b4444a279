"""urllib3's connections and host pools, taught to live in one `SyncPool`.

Every take goes through `_get_conn`, every give-back through `_put_conn` (or through `close()` after an error); names
that are the same from urllib3 1.26 to 2.8. `missing_names()` lists those that are gone.
"""

import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar

import urllib3
from urllib3._version import __version__ as urllib3_version
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ClosedPoolError, ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.response import HTTPResponse
from urllib3.util import SKIP_HEADER
from urllib3.util.connection import is_connection_dropped

from tools.http_client.connect_failures import telling_failure
from tools.http_client.response_head import WholeHead
from tools.http_client.short_preparation import is_plain
from tools.http_client.sync_pool import SyncPool

__all__ = ["StaleConnection", "UnsupportedLibrary", "host_pool_classes", "missing_names", "refuse_urllib3_future"]

_USER_TIMEOUT: int | None = getattr(socket, "TCP_USER_TIMEOUT", None)
_SEND_BYTES = 64 * 1024
#: Seconds that a peer gets to see our end of an evicted connection and to close its own.
_GOODBYE_S = 0.25


class StaleConnection(http.client.RemoteDisconnected):
    """A reused connection died before a byte of the answer came: the peer had closed it while it was idle."""


class UnsupportedLibrary(RuntimeError):
    """What is installed is not the library that it is called. The message says what to do."""


def missing_names() -> list[str]:
    """The names of urllib3 that the pool needs and this urllib3 does not have."""
    gone = [name for name in ("_get_conn", "_put_conn", "ConnectionCls") if not hasattr(HTTPConnectionPool, name)]
    gone += [
        name
        for name in ("_new_conn", "_output", "connect", "getresponse", "is_closed")
        if not hasattr(HTTPConnection, name)
    ]
    if not hasattr(urllib3.PoolManager(), "pool_classes_by_scheme"):
        gone.append("pool_classes_by_scheme")
    return gone


def refuse_urllib3_future(installed: str | None = None) -> None:
    """Raise UnsupportedLibrary when urllib3-future has replaced urllib3: it numbers its patches from 900."""
    installed = installed or urllib3_version
    patch = installed.split(".")[2] if installed.count(".") >= 2 else "0"
    if patch.isdecimal() and int(patch) >= 900:
        raise UnsupportedLibrary(
            f"urllib3 {installed} is urllib3-future, which does not keep urllib3's connection interface; "
            "uninstall urllib3-future (niquests brings it) and install urllib3 again"
        )


class _Pooled(HTTPConnection):
    """What both connection classes add. Belongs to at most one thread at a time, but `shut` may come from any."""

    pool: ClassVar[SyncPool]
    write_s: ClassVar[float]
    response_class = WholeHead
    _output: Callable[[bytes], None]  # http.client's

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label = f"{self.host}:{self.port}"
        self.key: object = None
        self.uses = 0
        self.made_at: float | None = None
        self._receiving = False
        self._died = False
        self._live: socket.socket | None = None
        self._connect_until: float | None = None

    # -- connecting, within one bound --

    def connect(self) -> None:
        """Resolve, dial and shake hands within the connect time-out as a whole. Raises ConnectTimeoutError."""
        started = time.monotonic()
        self._connect_until = None if self.timeout is None else started + self.timeout
        try:
            with telling_failure(self.pool.listener, call=None):  # its threads are not cancelled
                super().connect()
        except TimeoutError as exc:
            raise self._connect_timed_out() from exc
        if _USER_TIMEOUT is not None:
            self.sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, int(self.write_s * 1000))
        self.made_at = time.monotonic()
        self.pool.established(self.made_at - started)

    def _connect_timed_out(self) -> ConnectTimeoutError:
        return ConnectTimeoutError(self, f"Connection to {self.label} timed out (connect timeout={self.timeout})")

    def _new_conn(self) -> socket.socket:
        addresses = self._resolve()
        failure: OSError | None = None
        for position, address in enumerate(addresses):
            try:
                # Each address gets an even share of what is left, so that a dead first one can't use it all up.
                return self._dial(address, share=len(addresses) - position)
            except OSError as exc:
                failure = exc
        if isinstance(failure, TimeoutError):
            raise self._connect_timed_out() from failure
        raise NewConnectionError(self, f"Failed to establish a new connection to {self.label}: {failure}") from failure

    def _remaining_s(self) -> float | None:
        return None if self._connect_until is None else max(0.001, self._connect_until - time.monotonic())

    def _resolve(self) -> list[Any]:
        """The host's addresses. getaddrinfo can't be interrupted: its thread is left behind when it is too slow."""
        answers: queue.SimpleQueue[list[Any] | OSError] = queue.SimpleQueue()
        host, port = self._dns_host, self.port

        def look_up() -> None:
            try:
                answers.put(list(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)))
            except OSError as exc:
                answers.put(exc)

        threading.Thread(target=look_up, name="pool-dns", daemon=True).start()
        try:
            answer = answers.get(timeout=self._remaining_s())
        except queue.Empty as exc:
            raise self._connect_timed_out() from exc
        if isinstance(answer, socket.gaierror):
            raise NameResolutionError(self.host, self, answer) from answer
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
            # What is left is for the TLS handshake, which Python bounds as a whole.
            sock.settimeout(self._remaining_s())
        except BaseException:
            sock.close()
            raise
        return sock

    # -- sending and receiving --

    def putheader(self, header: Any, *values: Any) -> None:
        """Add a header to the request; a plain one in few steps."""
        if (
            len(values) == 1
            and type(values[0]) is type(header) is str
            and is_plain(header, values[0])
            and values[0] != SKIP_HEADER
        ):
            self._output(f"{header}: {values[0]}".encode("ascii"))
        else:
            super().putheader(header, *values)

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

    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as urllib3 itself departs from http.client
        """Read the head of the answer. Raises StaleConnection when a reused connection turns out to be dead."""
        self._receiving = True
        self._live = self.sock
        try:
            return super().getresponse()
        except (http.client.RemoteDisconnected, ConnectionError) as exc:
            self._died = True
            if self.uses > 1:
                raise StaleConnection(f"{self.label} had closed the connection") from exc
            raise
        finally:
            self._receiving = False

    # -- closing --

    def close(self) -> None:
        """Close, and tell the pool. A close by http.client itself in `getresponse` (the peer asked for it) does not:
        the answer still comes over the socket, and `_put_conn` or a later close ends it."""
        super().close()
        if not self._receiving:
            self._live = None
            self.pool.discard(self, self.key, died=self._died)

    def close_socket(self) -> None:
        """Close without telling the pool."""
        super().close()

    def say_goodbye(self) -> None:
        """Close without telling the pool; return when the peer has closed its end too, or after `_GOODBYE_S`."""
        if self.sock is not None and not isinstance(self.sock, ssl.SSLSocket):
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_WR)
                self.sock.settimeout(_GOODBYE_S)
                self.sock.recv(1)
        super().close()

    def shut(self) -> None:
        """Wake whoever is blocked on the socket, from another thread. They see the connection end."""
        sock = self.sock if self.sock is not None else self._live
        if sock is not None:
            with suppress(OSError):
                # Not SSLSocket.shutdown, which takes the TLS state away from under the other thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)


class _PooledHTTPSConnection(_Pooled, HTTPSConnection):
    """The same over TLS."""


class _HostPool(HTTPConnectionPool):
    """Takes from and gives back to the shared pool; urllib3's own queue stays empty."""

    shared: ClassVar[SyncPool]

    def _get_conn(self, timeout: float | None = None) -> Any:  # noqa: ARG002 - the shared pool has its own bound
        if self.pool is None:
            raise ClosedPoolError(self, "the pool is closed")
        idle = self.shared.take(f"{self.host}:{self.port}", self)
        try:
            connection = self._usable_or_new(idle)
            self.shared.hold(connection)
        except BaseException:
            self.shared.free_slot()
            raise
        return connection

    def _usable_or_new(self, idle: Any) -> Any:
        while idle is not None:
            if not is_connection_dropped(idle):
                return idle
            self.shared.dropped_while_idle(idle)
            idle = self.shared.take_idle(self)
        connection: Any = self._new_conn()  # one of ours, which urllib3's annotations do not know
        connection.key = self
        return connection

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:  # None after an error: `close` has told the pool
            self.shared.give_back(conn, self)


class _HTTPSHostPool(_HostPool, HTTPSConnectionPool):
    """The same over TLS."""


def host_pool_classes(shared: SyncPool, write_s: float) -> dict[str, type[HTTPConnectionPool]]:
    """Host pool classes by URL scheme, bound to one `SyncPool`."""
    plain = type("PooledHTTPConnection", (_Pooled,), {"pool": shared, "write_s": write_s})
    secure = type("PooledHTTPSConnection", (_PooledHTTPSConnection,), {"pool": shared, "write_s": write_s})
    return {
        "http": type("PooledHTTPConnectionPool", (_HostPool,), {"shared": shared, "ConnectionCls": plain}),
        "https": type("PooledHTTPSConnectionPool", (_HTTPSHostPool,), {"shared": shared, "ConnectionCls": secure}),
    }
