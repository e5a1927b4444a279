"""The established connections of the async pool: which idle, which are closed and why.

Idle ones are kept where aiohttp looks for them, too (`_conns`, by host), the newest first.
"""

import asyncio
from collections import deque
from collections.abc import Sized
from dataclasses import dataclass
from time import monotonic

from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey

from tools.http_client.config import PoolLimits
from tools.http_client.listening import PoolListener
from tools.http_client.stats import Counters
from tools.http_client.surplus import Surplus

__all__ = ["OpenSocket", "OpenSockets", "label_of"]

#: Seconds that a peer gets to see our end of an evicted connection and to close its own.
_GOODBYE_S = 0.25

#: aiohttp's idle connections by host, each with the time since which it idles. A new host gets its queue by itself.
IdleByHost = dict[ConnectionKey, deque[tuple[ResponseHandler, float]]]


def label_of(key: ConnectionKey) -> str:
    """`host:port`, for people."""
    return f"{key.host}:{key.port}"


@dataclass(slots=True)
class OpenSocket:
    """An established connection: where to, made when, how often used, idle since when (None: in use)."""

    key: ConnectionKey
    label: str
    made_at: float
    uses: int = 0
    idle_since: float | None = None


class OpenSockets:
    """Counts what is made and closed, and closes idle connections: too old, too many, or in the way of another.

    Belongs to one event loop. Times are seconds of the monotonic clock, which is the loop's. No step takes longer for
    more hosts or connections, but for those that it closes.
    """

    def __init__(
        self, limits: PoolLimits, counters: Counters, idle_by_host: IdleByHost, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._limits = limits
        self._counters = counters
        self._idle_by_host = idle_by_host
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._trim_scheduled = False
        self.listener = PoolListener()
        self.surplus: Surplus[ConnectionKey] = Surplus(limits.max_keepalive)
        self.established: dict[ResponseHandler, OpenSocket] = {}
        self.idle: dict[ResponseHandler, OpenSocket] = {}  # oldest first
        self._closing: dict[ResponseHandler, asyncio.Future[None]] = {}

    def add(self, protocol: ResponseHandler, key: ConnectionKey, made_at: float) -> None:
        """A connection was made."""
        self._counters.created += 1
        self.established[protocol] = OpenSocket(key, label_of(key), made_at)
        closed = protocol.closed
        if closed is not None:
            closed.add_done_callback(lambda future: self._on_closed(protocol, future))

    # -- idle connections --

    def take_idle(self, key: ConnectionKey, now: float) -> ResponseHandler | None:
        """The newest idle connection to `key` that is still good."""
        connections = self._idle_by_host.get(key)
        while connections:
            protocol, since = connections[0]
            if now - since > self._limits.keepalive_expiry_s:
                self.evict(protocol, "idle_timeout")
            elif not protocol.is_connected():
                self.evict(protocol, "remote")
            else:
                connections.popleft()
                if not connections:
                    del self._idle_by_host[key]
                del self.idle[protocol]
                return protocol
        return None

    def keep(self, protocol: ResponseHandler, kept: OpenSocket, now: float) -> None:
        """`protocol`, which is `kept`, idles from `now` on."""
        kept.idle_since = now
        self.idle[protocol] = kept
        self._idle_by_host[kept.key].appendleft((protocol, now))
        if self._timer is None:  # else it rings early enough, and is then set anew for the oldest
            self._timer = self._loop.call_at(now + self._limits.keepalive_expiry_s, self._on_timer)

    def trim(self, now: float, wanted: int) -> None:
        """Close the oldest idle connections of those that are too many; a little later where they are in demand.

        As many as are `wanted` by callers that wait may idle besides: each of these is about to take one.
        """
        at_most = self._limits.max_keepalive + wanted
        if len(self.idle) <= at_most:
            return
        may_close_at = self.surplus.may_close_at(now)
        if may_close_at > now:
            if not self._trim_scheduled:
                self._trim_scheduled = True
                self._loop.call_at(may_close_at, self._trim_later)
            return
        while len(self.idle) > at_most:
            oldest, closing = next(iter(self.idle.items()))
            self.surplus.note_closing(closing.key, now)
            self.evict(oldest, "max_idle")

    def _trim_later(self) -> None:
        self._trim_scheduled = False
        self.trim(monotonic(), wanted=0)  # nobody waits: the surplus was not used for a second

    async def make_room(self, in_use: Sized) -> None:
        """Close the oldest idle connections until one more socket fits; it is counted `in_use` already.

        Returns when those that are being closed are gone at the peer too, or there would be one too many for a moment.
        """
        limit = self._limits.max_connections
        while (staying := len(in_use) + len(self.idle)) + len(self._closing) > limit:
            if self.idle and staying > limit:
                self.evict(next(iter(self.idle)), "room")
            elif self._closing:
                await asyncio.wait(self._closing.values(), return_when=asyncio.FIRST_COMPLETED)
            else:
                return

    def _on_timer(self) -> None:
        self._timer = None
        now = monotonic()
        while self.idle:
            protocol, oldest = next(iter(self.idle.items()))
            due_at = (oldest.idle_since or 0.0) + self._limits.keepalive_expiry_s
            if due_at > now:
                self._timer = self._loop.call_at(due_at, self._on_timer)
                return
            self.evict(protocol, "idle_timeout")

    # -- closing --

    def evict(self, protocol: ResponseHandler, reason: str) -> None:
        """Close an idle connection."""
        self._drop_idle(protocol)
        self.forget(protocol, reason)
        closed, transport = protocol.closed, protocol.transport
        if closed is None or transport is None:
            return
        self._closing[protocol] = closed
        if transport.is_closing():
            return
        if transport.can_write_eof():
            transport.write_eof()
            self._loop.call_later(_GOODBYE_S, protocol.abort)
        else:
            protocol.abort()  # TLS: nothing is in flight, and its goodbye would only keep the socket open for longer

    def evict_all_to(self, key: ConnectionKey, reason: str) -> None:
        """Close all idle connections to `key`."""
        for protocol, _ in list(self._idle_by_host.get(key, ())):
            self.evict(protocol, reason)

    def forget(self, protocol: ResponseHandler, reason: str) -> None:
        """A connection is closed or about to be; counted once."""
        closed = self.established.pop(protocol, None)
        if closed is not None:
            self._counters.closed[reason] += 1
            self.listener.closed(monotonic() - closed.made_at)

    def close(self) -> None:
        """Forget all, and cut those short that are being closed."""
        for protocol in list(self.established):
            self.forget(protocol, "shutdown")
        for protocol in list(self._closing):
            protocol.abort()
        self.idle.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _drop_idle(self, protocol: ResponseHandler) -> None:
        key = self.idle.pop(protocol).key
        connections = self._idle_by_host.get(key)
        if connections is None:
            return
        # Nearly always the oldest, which is the last; deques are searched from the first.
        at = -1 if connections[-1][0] is protocol else [each for each, _ in connections].index(protocol)
        del connections[at]
        if not connections:
            del self._idle_by_host[key]

    def _on_closed(self, protocol: ResponseHandler, closed: "asyncio.Future[None]") -> None:
        """A socket is gone. Only idle ones are news: the others were counted by who closed them."""
        self._closing.pop(protocol, None)
        if not closed.cancelled():
            closed.exception()  # retrieved, so that asyncio does not log it
        idle = self.idle.get(protocol)
        if idle is None or idle.idle_since is None:
            return
        expired = monotonic() - idle.idle_since >= self._limits.keepalive_expiry_s
        self._drop_idle(protocol)
        self.forget(protocol, "idle_timeout" if expired else "remote")
