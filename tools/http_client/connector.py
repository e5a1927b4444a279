"""The async pool: one aiohttp connector with a true total limit, bounded newest-first idle connections, a time-out
for the wait of its own, and figures that add up.

aiohttp's `limit` counts connections in use only, its idle ones are unbounded and used oldest first, and its connect
time-out covers the wait in the queue. What this changes reaches into names of aiohttp that are private, the same from
3.8 to 3.15; `missing_names()` lists those that are gone, and `gate.py` is what remains then.

A warm connection is taken and given back here alone, without what aiohttp does around it. Nothing on that way takes
longer for more hosts, connections or waiters.
"""

import asyncio
import inspect
import logging
from functools import partial
from time import monotonic

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
from tools.http_client.holds import HoldLedger
from tools.http_client.listening import PoolListener
from tools.http_client.open_sockets import OpenSockets, label_of
from tools.http_client.read_timeout import handler_class
from tools.http_client.shares import HostShares
from tools.http_client.stats import Counters, HostStats, PoolStats
from tools.http_client.turns import Turns
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
_INSTANCE_NAMES = ("_conns", "_acquired")
_PROTOCOL_NAMES = ("closed", "abort", "is_connected", "should_close")
_CONNECTION_PARAMETERS = ("connector", "key", "protocol", "loop")


class AsyncPoolTimeout(PoolTimeout, aiohttp.ClientError):
    """PoolTimeout that code written for aiohttp recognises too.

    Not a TimeoutError: aiohttp would turn that into its connect time-out.
    """

    code = PoolTimeout.code


class AsyncPoolClosed(PoolClosed, aiohttp.ClientError):
    """PoolClosed that code written for aiohttp recognises too."""

    code = PoolClosed.code


def missing_names(connector: aiohttp.TCPConnector) -> list[str]:
    """The private names of aiohttp that the pool needs and this aiohttp does not have."""
    gone = [name for name in _CLASS_NAMES if not callable(getattr(connector, name, None))]
    gone += [name for name in _INSTANCE_NAMES if not hasattr(connector, name)]
    gone += [name for name in _PROTOCOL_NAMES if not hasattr(ResponseHandler, name)]
    if tuple(inspect.signature(Connection).parameters) != _CONNECTION_PARAMETERS:
        gone.append("Connection")
    return gone


class PooledConnector(aiohttp.TCPConnector):
    """A TCPConnector that keeps to `PoolLimits` and `PoolTimeouts`. Belongs to one event loop.

    Its times are those of the monotonic clock, which is the loop's.
    """

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        super().__init__(
            limit=limits.max_connections, keepalive_timeout=limits.keepalive_expiry_s, timeout_ceil_threshold=3600
        )
        self._factory = partial(handler_class(), loop=self._loop)
        self._limits = limits
        self._timeouts = timeouts
        self._counters = Counters()
        self._sockets = OpenSockets(limits, self._counters, self._conns, self._loop)
        self._holds: HoldLedger[ResponseHandler] = HoldLedger(limits.hold_warning_s)
        self._hold_timer: asyncio.TimerHandle | None = None
        self._connecting: dict[ConnectionKey, int] = {}
        self._shares: HostShares[ConnectionKey] = HostShares(limits.max_connections)
        self._turns: Turns[ConnectionKey] = Turns()
        self._draining = False

    @property
    def listener(self) -> PoolListener:
        """Who is told of connections."""
        return self._sockets.listener

    @listener.setter
    def listener(self, listener: PoolListener) -> None:
        self._sockets.listener = listener

    # -- taking a connection --

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Take a connection for `req`: a warm one, or a new one, after waiting for a slot if need be.

        Raises AsyncPoolTimeout, AsyncPoolClosed.
        """
        if self._draining:
            raise AsyncPoolClosed("the pool is shutting down")
        key = req.connection_key
        now = monotonic()
        self._shares.ask(key, now)
        # While fewer are in use than any host may hold, nobody waits and nobody has to.
        if len(self._acquired) + self._turns.promised >= self._shares.share and not self._may_take(key):
            await self._wait_for_available_connection(key, traces)
            now = monotonic()
        while True:
            # Tracing and proxies want more done; aiohttp finds the same warm connection.
            protocol = None if traces or req.proxy is not None else self._sockets.take_idle(key, now)
            if protocol is not None:
                self._acquired.add(protocol)
                connection = Connection(self, key, protocol, self._loop)
            else:
                connection = await super().connect(req, traces, timeout)
                now = monotonic()
                protocol = connection.protocol
                assert protocol is not None  # noqa: S101 - for the type checker: a fresh Connection has its protocol
                self._sockets.idle.pop(protocol, None)
            if not protocol.should_close:
                break
            # Bytes came while it was idle. aiohttp would take them for the answer to the next request.
            connection.close()
        taken = self._sockets.established[protocol]
        if taken.uses:
            self._counters.reused += 1
        taken.uses += 1
        self._sockets.surplus.note_use(key, self._shares.take(key), now)
        call = current_call()
        if call is not None:
            call.reused_connection = taken.uses > 1
            if call.connected is not None:
                call.connected()
        self._holds.take(protocol, taken.label, now, call)
        if self._hold_timer is None:  # else it rings early enough, and is then set anew for the oldest
            self._hold_timer = self._loop.call_at(now + self._limits.hold_warning_s, self._on_hold_timer)
        return connection

    def _may_take(self, key: ConnectionKey) -> bool:
        """Whether a request for `key` that has not waited may have a connection."""
        self._release_waiter()  # whose host was not to have one before, but is now, by the time that went by
        return self._available_connections(key) > 0

    def _available_connections(self, key: ConnectionKey) -> int:
        """How many connections to `key` may be taken now; those that are promised may not."""
        connecting = self._connecting.get(key, 0) + self._turns.promised_to(key)
        left = self._shares.left(key, connecting, monotonic())
        return min(self.limit - len(self._acquired) - self._turns.promised, left)

    async def _wait_for_available_connection(self, key: ConnectionKey, traces: list[Trace]) -> None:
        call = current_call()
        started = monotonic()
        try:
            async with asyncio.timeout(self._timeouts.acquire_s):
                await self._wait_for_turn(key, traces)
        except TimeoutError as exc:
            self._counters.acquire_timeouts += 1
            raise AsyncPoolTimeout(
                host=label_of(key),
                waited_s=self._timeouts.acquire_s,
                limit=self.limit,
                in_use=len(self._acquired),
                waiting=self._turns.waiting + 1,  # with this one, which has just left the queue
            ) from exc
        finally:
            waited_s = monotonic() - started
            self._counters.acquire_wait_s += waited_s
            if call is not None:
                call.queued_s += waited_s
        if call is not None and call.check_again is not None:
            try:
                call.check_again()
            except CircuitOpen:
                self._release_waiter()  # the place is the next one's
                raise

    async def _wait_for_turn(self, key: ConnectionKey, traces: list[Trace]) -> None:
        waiter = self._loop.create_future()
        self._turns.join(key, waiter)
        try:
            for trace in traces:
                await trace.send_connection_queued_start()
            await waiter
            for trace in traces:
                await trace.send_connection_queued_end()
        except BaseException:
            self._turns.leave(key, waiter)
            self._release_waiter()  # it may have been called, and not come
            raise
        self._turns.leave(key, waiter)

    def _release_waiter(self) -> None:
        """Call those whose turn it is, as many as there are connections for, and close what idles for nobody.

        aiohttp comes here whenever a connection is given back, or was not to be had.
        """
        turns = self._turns
        while turns.waiting and len(self._acquired) + turns.promised < self.limit:
            if not turns.call_next(lambda key: self._available_connections(key) > 0):
                break
        self._sockets.trim(monotonic(), turns.waiting + turns.promised)

    async def _create_connection(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> ResponseHandler:
        key = req.connection_key
        call = current_call()
        connecting = self._connecting.get(key, 0)
        self._sockets.surplus.note_opening(key, self._shares.held(key) + connecting, monotonic())
        self._connecting[key] = connecting + 1
        try:
            await self._sockets.make_room(self._acquired)
            started = monotonic()
            with telling_failure(self.listener, call):
                # A TimeoutError from here becomes aiohttp's ConnectionTimeoutError, which is what it is.
                async with asyncio.timeout(self._timeouts.connect_s):
                    protocol = await super()._create_connection(req, traces, timeout)
        except BaseException:
            if call is not None and call.is_over():
                call.cut_on_wire = True
            raise
        finally:
            connecting = self._connecting.pop(key) - 1
            if connecting:
                self._connecting[key] = connecting
        made_at = monotonic()
        self.listener.connected(made_at - started)
        set_write_timeout(protocol, self._timeouts.write_s)
        self._sockets.add(protocol, key, made_at)
        return protocol

    # -- giving it back --

    def _release(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False) -> None:
        now = monotonic()
        hold = self._holds.give_back(protocol)
        if hold is not None:
            self._shares.give_back(key)
            self.listener.given_back(now - hold.since)
        given_back = self._sockets.established.get(protocol)
        if given_back is None:  # the pool was closed meanwhile
            super()._release(key, protocol, should_close=should_close)
            return
        if hold is not None and hold.call is not None and hold.call.is_over(now):
            hold.call.cut_on_wire = True
        if should_close or protocol.should_close:
            self._give_up(key, protocol, should_close=should_close, was_reused=given_back.uses > 1)
            return
        self._acquired.discard(protocol)
        self._sockets.keep(protocol, given_back, now)
        self._release_waiter()

    def _give_up(self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool, was_reused: bool) -> None:
        """Close a connection that was in use. Orderly give-backs (no `should_close`) end so when the peer wants it."""
        connected, transport = protocol.is_connected(), protocol.transport
        super()._release(key, protocol, should_close=True)
        if transport is not None:
            transport.abort()  # or a body that the peer does not read would keep the socket open
        self._sockets.forget(protocol, "error" if should_close and connected else "remote")
        if not connected and was_reused:
            # A reused connection that died under us: its idle siblings are as old or older. Do not run into each.
            self._sockets.evict_all_to(key, "remote")

    def _on_hold_timer(self) -> None:
        self._hold_timer = None
        now = monotonic()
        for hold in self._holds.newly_overdue(now):
            log.warning(
                "a connection to %s has been in use for %.0f s: is a response read and closed?",
                hold.host,
                now - hold.since,
            )
        due_at = self._holds.next_due_at()
        if due_at is not None:
            self._hold_timer = self._loop.call_at(due_at, self._on_hold_timer)

    # -- closing --

    async def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        self._draining = True
        give_up_at = monotonic() + timeout_s
        while self._acquired and monotonic() < give_up_at:  # noqa: ASYNC110 - once in a process's life
            await asyncio.sleep(0.01)
        return len(self._acquired)

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, those in use too. See `drain` for the gentle way."""
        self._sockets.close()
        self._holds.clear()
        self._turns.end(lambda: AsyncPoolClosed("the pool was shut down"))
        if self._hold_timer is not None:
            self._hold_timer.cancel()
            self._hold_timer = None
        await super().close(abort_ssl=abort_ssl)

    # -- figures --

    def stats(self) -> PoolStats:
        """The pool as it stands now."""
        now = monotonic()
        per_host: dict[str, HostStats] = {}
        for hold in self._holds.values():
            per_host.setdefault(hold.host, HostStats()).in_use += 1
        for key, connecting in self._connecting.items():
            per_host.setdefault(label_of(key), HostStats()).in_use += connecting
        for idle in self._sockets.idle.values():
            per_host.setdefault(idle.label, HostStats()).idle += 1
        for key, waiting in self._turns.waiting_by_host().items():
            per_host.setdefault(label_of(key), HostStats()).waiting += waiting
        return PoolStats(
            limit=self.limit,
            max_idle=self._limits.max_keepalive,
            in_use=len(self._acquired),
            idle=len(self._sockets.idle),
            waiting=self._turns.waiting,
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
