"""The async pool: one aiohttp connector with a true total limit, bounded newest-first idle connections, a time-out
for the wait of its own, and figures that add up.

aiohttp's `limit` counts connections in use only, its idle ones are unbounded and used oldest first, and its connect
time-out covers the wait in the queue. What this changes reaches into names of aiohttp that are private, the same from
3.8 to 3.15; `missing_names()` lists those that are gone, and `gate.py` is what remains then.
"""

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from tools.call import current_call
from tools.errors import CircuitOpen, PoolClosed, PoolTimeout
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connect_failures import telling_failure
from tools.http_client.holds import Hold, HoldLedger
from tools.http_client.listening import PoolListener
from tools.http_client.shares import HostShares
from tools.http_client.stats import Counters, HostStats, PoolStats
from tools.http_client.write_timeout import set_write_timeout

__all__ = ["AsyncPoolClosed", "AsyncPoolTimeout", "PooledConnector", "missing_names"]

log = logging.getLogger(__name__)

_CLASS_NAMES = (
    "_release",
    "_wait_for_available_connection",
    "_available_connections",
    "_release_waiter",
    "_create_connection",
)
_INSTANCE_NAMES = ("_conns", "_acquired", "_waiters")
#: Seconds that a peer gets to see our end of an evicted connection and to close its own.
_GOODBYE_S = 0.25


class AsyncPoolTimeout(PoolTimeout, aiohttp.ClientError):
    """PoolTimeout that code written for aiohttp recognises too.

    Not a TimeoutError: aiohttp would turn that into its connect time-out.
    """

    code = PoolTimeout.code


class AsyncPoolClosed(PoolClosed, aiohttp.ClientError):
    """PoolClosed that code written for aiohttp recognises too."""

    code = PoolClosed.code


@dataclass(slots=True)
class _Socket:
    """An established connection: where to, made when, how often used, idle since when (None: in use)."""

    key: ConnectionKey
    made_at: float
    uses: int = 0
    idle_since: float | None = None


def missing_names(connector: aiohttp.TCPConnector) -> list[str]:
    """The private names of aiohttp that the pool needs and this aiohttp does not have."""
    gone = [name for name in _CLASS_NAMES if not callable(getattr(connector, name, None))]
    gone += [name for name in _INSTANCE_NAMES if not hasattr(connector, name)]
    gone += [name for name in ("closed", "abort", "is_connected", "should_close") if not hasattr(ResponseHandler, name)]
    return gone


def _label(key: ConnectionKey) -> str:
    return f"{key.host}:{key.port}"


class PooledConnector(aiohttp.TCPConnector):
    """A TCPConnector that keeps to `PoolLimits` and `PoolTimeouts`. Belongs to one event loop."""

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        super().__init__(
            limit=limits.max_connections, keepalive_timeout=limits.keepalive_expiry_s, timeout_ceil_threshold=3600
        )
        self._limits = limits
        self._timeouts = timeouts
        self._counters = Counters()
        self.listener = PoolListener()
        self._holds: HoldLedger[ResponseHandler] = HoldLedger(limits.hold_warning_s)
        self._sockets: dict[ResponseHandler, _Socket] = {}
        self._idle: dict[ResponseHandler, _Socket] = {}  # oldest first
        self._closing: dict[ResponseHandler, asyncio.Future[None]] = {}
        self._connecting: Counter[str] = Counter()
        self._shares: HostShares[ConnectionKey] = HostShares(limits.max_connections)
        self._draining = False
        self._trim_scheduled = False
        self._timer: asyncio.TimerHandle | None = None

    # -- taking a connection --

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Take a connection for `req`: a warm one, or a new one, after waiting for a slot if need be.

        Raises AsyncPoolTimeout, AsyncPoolClosed.
        """
        if self._draining:
            raise AsyncPoolClosed("the pool is shutting down")
        key = req.connection_key
        now = self._loop.time()
        self._shares.ask(key, now)
        if self._shares.left(key, self._connecting[_label(key)], now) <= 0:
            # Or it would go on with its idle connections, until it has all.
            await self._wait_for_available_connection(key, traces)
        while True:
            connection = await super().connect(req, traces, timeout)
            protocol = connection.protocol
            assert protocol is not None  # noqa: S101 - for the type checker: a fresh Connection has its protocol
            taken = self._sockets[protocol]
            self._idle.pop(protocol, None)
            taken.idle_since = None
            if not protocol.should_close:
                break
            # Bytes came while it was idle. aiohttp would take them for the answer to the next request.
            connection.close()
        if taken.uses:
            self._counters.reused += 1
        taken.uses += 1
        self._shares.take(taken.key)
        call = current_call()
        if call is not None:
            call.reused_connection = taken.uses > 1
            if call.connected is not None:
                call.connected()
        self._holds.take(protocol, _label(taken.key), self._loop.time(), call)
        self._arm_timer()
        return connection

    def _available_connections(self, key: ConnectionKey) -> int:
        """How many connections to `key` may be taken now."""
        left = self._shares.left(key, self._connecting[_label(key)], self._loop.time())
        return min(super()._available_connections(key), left)

    async def _wait_for_available_connection(self, key: ConnectionKey, traces: list[Trace]) -> None:
        call = current_call()
        started = self._loop.time()
        try:
            async with asyncio.timeout(self._timeouts.acquire_s):
                await super()._wait_for_available_connection(key, traces)
            if call is not None and call.check_again is not None:
                call.check_again()
        except CircuitOpen:
            self._release_waiter()  # the place is the next one's
            raise
        except TimeoutError as exc:
            self._counters.acquire_timeouts += 1
            raise AsyncPoolTimeout(
                host=_label(key),
                waited_s=self._timeouts.acquire_s,
                limit=self.limit,
                in_use=len(self._acquired),
                waiting=self._waiting() + 1,  # with this one, which has just left the queue
            ) from exc
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if self._closed and (task is None or not task.cancelling()):
                # aiohttp cancels the queue when it closes, which is nobody's wish to cancel the caller.
                raise AsyncPoolClosed("the pool was shut down") from exc
            raise
        finally:
            waited_s = self._loop.time() - started
            self._counters.acquire_wait_s += waited_s
            if call is not None:
                call.queued_s += waited_s

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        key = req.connection_key
        label = _label(key)
        call = current_call()
        self._connecting[label] += 1
        try:
            await self._make_room()
            started = self._loop.time()
            with telling_failure(self.listener, call):
                # A TimeoutError from here becomes aiohttp's ConnectionTimeoutError, which is what it is.
                async with asyncio.timeout(self._timeouts.connect_s):
                    protocol = await super()._create_connection(req, traces, timeout)
        except BaseException:
            if call is not None and call.is_over():
                call.cut_on_wire = True
            raise
        finally:
            self._connecting[label] -= 1
        made_at = self._loop.time()
        self.listener.connected(made_at - started)
        set_write_timeout(protocol, self._timeouts.write_s)
        self._counters.created += 1
        self._sockets[protocol] = _Socket(key, made_at)
        closed = protocol.closed
        if closed is not None:
            closed.add_done_callback(lambda future: self._on_closed(protocol, future))
        return protocol

    async def _make_room(self) -> None:
        """Close the oldest idle connections until one more socket fits; ours is counted in `_acquired` already.

        Returns when those that are being closed are gone at the peer too, or there would be one too many for a moment.
        """
        while (open_sockets := len(self._acquired) + len(self._idle) + len(self._closing)) > self.limit:
            if self._idle and open_sockets - len(self._closing) > self.limit:
                self._evict(next(iter(self._idle)), "room")
            elif self._closing:
                await asyncio.wait(self._closing.values(), return_when=asyncio.FIRST_COMPLETED)
            else:
                return

    # -- giving it back --

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        hold = self._holds.give_back(protocol)
        if hold is not None:
            self._shares.give_back(key)
            self.listener.given_back(self._loop.time() - hold.since)
        connected, transport = protocol.is_connected(), protocol.transport
        somebody_waited = self._waiting() > 0
        super()._release(key, protocol, should_close=should_close)
        released = self._sockets.get(protocol)
        if released is None:  # the pool was closed meanwhile
            return
        self._note_cut(hold)
        connections = self._conns.get(key)
        if connections and connections[-1][0] is protocol:
            connections.rotate(1)  # aiohttp takes from the left: newest first
            released.idle_since = self._loop.time()
            self._idle[protocol] = released
            self._trim_soon(somebody_waited)
            self._arm_timer()
            return
        if transport is not None:
            transport.abort()  # or a body that the peer does not read would keep the socket open
        # Closed. Orderly give-backs (no should_close) end like this when the peer asked for it.
        self._forget(protocol, "error" if should_close and connected else "remote")
        if not connected and released.uses > 1:
            # A reused connection that died under us: its idle siblings are as old or older. Do not run into each.
            for sibling in [p for p, s in self._idle.items() if s.key == key]:
                self._evict(sibling, "remote")

    def _note_cut(self, hold: Hold | None) -> None:
        if hold is not None and hold.call is not None and hold.call.is_over():
            hold.call.cut_on_wire = True

    def _trim_soon(self, somebody_waited: bool) -> None:
        if not somebody_waited and not self._trim_scheduled:
            self._trim()
        elif not self._trim_scheduled:
            # Requests that were woken by this give-back take their connections first, in this turn of the loop.
            self._trim_scheduled = True
            self._loop.call_soon(self._trim)

    def _trim(self) -> None:
        self._trim_scheduled = False
        while len(self._idle) > self._limits.max_keepalive:
            self._evict(next(iter(self._idle)), "max_idle")

    # -- closing --

    def _evict(self, protocol: ResponseHandler, reason: str) -> None:
        """Close an idle connection."""
        self._drop_idle(protocol)
        self._forget(protocol, reason)
        closed, transport = protocol.closed, protocol.transport
        if closed is None or transport is None:
            return
        self._closing[protocol] = closed
        if transport.can_write_eof():
            transport.write_eof()
            self._loop.call_later(_GOODBYE_S, protocol.abort)
        else:
            protocol.abort()  # TLS: nothing is in flight, and its goodbye would only keep the socket open for longer

    def _drop_idle(self, protocol: ResponseHandler) -> None:
        dropped = self._idle.pop(protocol)
        connections = self._conns.get(dropped.key)
        if connections is None:
            return
        for entry in connections:
            if entry[0] is protocol:
                connections.remove(entry)
                break
        if not connections:
            del self._conns[dropped.key]

    def _forget(self, protocol: ResponseHandler, reason: str) -> None:
        closed = self._sockets.pop(protocol, None)
        if closed is not None:
            self._counters.closed[reason] += 1
            self.listener.closed(self._loop.time() - closed.made_at)

    def _on_closed(self, protocol: ResponseHandler, closed: "asyncio.Future[None]") -> None:
        """A socket is gone. Only idle ones are news: `_release` and `_evict` have counted the others."""
        self._closing.pop(protocol, None)
        if not closed.cancelled():
            closed.exception()  # retrieved, so that asyncio does not log it
        idle = self._idle.get(protocol)
        if idle is None or idle.idle_since is None:
            return
        expired = self._loop.time() - idle.idle_since >= self._limits.keepalive_expiry_s
        self._drop_idle(protocol)
        self._forget(protocol, "idle_timeout" if expired else "remote")

    def _arm_timer(self) -> None:
        due = [at for at in (self._next_expiry_at(), self._holds.next_due_at()) if at is not None]
        if self._closed or not due or (self._timer is not None and self._timer.when() <= min(due)):
            return  # a timer that rings too early arms the next one
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(min(due), self._on_timer)

    def _next_expiry_at(self) -> float | None:
        oldest = next(iter(self._idle.values()), None)
        if oldest is None or oldest.idle_since is None:
            return None
        return oldest.idle_since + self._limits.keepalive_expiry_s

    def _on_timer(self) -> None:
        self._timer = None
        now = self._loop.time()
        while (expiry_at := self._next_expiry_at()) is not None and expiry_at <= now:
            self._evict(next(iter(self._idle)), "idle_timeout")
        for hold in self._holds.newly_overdue(now):
            log.warning(
                "a connection to %s has been in use for %.0f s: is a response read and closed?",
                hold.host,
                now - hold.since,
            )
        self._arm_timer()

    async def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        self._draining = True
        give_up_at = self._loop.time() + timeout_s
        while self._acquired and self._loop.time() < give_up_at:  # noqa: ASYNC110 - once in a process's life
            await asyncio.sleep(0.01)
        return len(self._acquired)

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, those in use too. See `drain` for the gentle way."""
        for protocol in list(self._sockets):
            self._forget(protocol, "shutdown")
        for protocol in list(self._closing):
            protocol.abort()
        self._idle.clear()
        self._holds.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await super().close(abort_ssl=abort_ssl)

    # -- figures --

    def _waiting(self) -> int:
        return sum(map(len, self._waiters.values()))

    def stats(self) -> PoolStats:
        """The pool as it stands now."""
        now = self._loop.time()
        per_host: dict[str, HostStats] = {}
        for hold in self._holds.values():
            per_host.setdefault(hold.host, HostStats()).in_use += 1
        for label, connecting in self._connecting.items():
            if connecting:
                per_host.setdefault(label, HostStats()).in_use += connecting
        for idle in self._idle.values():
            per_host.setdefault(_label(idle.key), HostStats()).idle += 1
        for key, waiters in self._waiters.items():
            if waiters:
                per_host.setdefault(_label(key), HostStats()).waiting += len(waiters)
        return PoolStats(
            limit=self.limit,
            max_idle=self._limits.max_keepalive,
            in_use=len(self._acquired),
            idle=len(self._idle),
            waiting=self._waiting(),
            created=self._counters.created,
            reused=self._counters.reused,
            closed=dict(self._counters.closed),
            acquire_timeouts=self._counters.acquire_timeouts,
            acquire_wait_seconds=round(self._counters.acquire_wait_s, 6),
            oldest_hold_seconds=round(self._holds.oldest_s(now), 3),
            held_over_threshold_total=self._holds.over_threshold_total,
            held_over_threshold=self._holds.overdue(now),
            per_host=per_host,
        )
