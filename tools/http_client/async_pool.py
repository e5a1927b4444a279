"""The async pool: an aiohttp connector with a true total limit, bounded newest-first idle connections, a time-out of
its own for the wait, and statistics that add up.

Every connection is taken in `connect` and given back in `_release`, with traces and through proxies too. docs/pools.md
says what aiohttp does differently, and lists the private names of aiohttp that this rests on.
"""

import asyncio
import math
import random
import threading
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import aiohttp
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from tools.call import Call, current_call
from tools.http_client.async_answer import AsyncPoolClosed
from tools.http_client.async_session import AsyncPoolTimeout, GuardedRequest, PooledProtocol
from tools.http_client.config import Counters, PoolLimits, PoolStats, PoolTimeouts
from tools.http_client.events import PoolListener, reporting_failure, stats_of, warn_of_leaks
from tools.http_client.open_connections import LINGER_SLACK_S, Hold, IdleConnections, InUse
from tools.http_client.wait_queue import Host, WaitQueue

__all__ = ["PooledConnector"]

Waiter = asyncio.Future[PooledProtocol | None]
HostOf = Host[ConnectionKey, Waiter]


class PooledConnector(aiohttp.TCPConnector):
    """A TCPConnector that keeps to `PoolLimits` and `PoolTimeouts`. Belongs to one event loop.

    The collector may finalize a request in the middle of a step of the pool, and in any thread: what gives back waits
    for the next turn of the loop then (`_when_free`).
    """

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        super().__init__(
            limit=limits.max_connections, keepalive_timeout=limits.keepalive_expiry_s, timeout_ceil_threshold=3600
        )
        self.listener = PoolListener()
        self._factory: Any = partial(PooledProtocol, loop=self._loop)
        self._limits = limits
        self._timeouts = timeouts
        self._counters = Counters()
        self._queue: WaitQueue[ConnectionKey, Waiter] = WaitQueue(limits.max_connections, _label_of)
        self._idle: IdleConnections[PooledProtocol] = IdleConnections(limits)
        self._in_use: InUse[PooledProtocol] = InUse(limits.hold_warning_s)
        #: Closed by us, and not gone yet; a request that needs their place waits until one is.
        self._closing: set[PooledProtocol] = set()
        self._one_is_gone = asyncio.Event()
        # Where aiohttp has these.
        self._acquired = self._in_use  # type: ignore[assignment]  # it iterates and clears
        self._conns = self._idle.by_host  # type: ignore[assignment]  # likewise
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_due_at = math.inf
        self._hold_timer: asyncio.TimerHandle | None = None
        self._draining = False
        self._thread = threading.get_ident()
        self._step = _Step()

    # -- taking a connection --

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Take a connection for `req`: a warm one, or a new one, after waiting for a slot if need be.

        Raises AsyncPoolTimeout, AsyncPoolClosed.
        """
        if self._draining:
            raise AsyncPoolClosed("the pool is shutting down")
        key = req.connection_key  # once: a proxy changes the headers that are part of it
        now = monotonic()
        call = current_call()
        with self._step:
            host = self._queue.host(key, now)
            protocol = self._pick(host, now) if (has_slot := self._queue.try_take(host, now)) else None
        if not has_slot:
            protocol = await self._wait(host, traces, call)
        if protocol is None:
            protocol = await self._open(req, host, traces, timeout, call)
        elif traces or req.proxy is not None:
            await self._reuse(protocol, req, traces)
        if self._closed:
            self._release(key, protocol, should_close=True)
            raise AsyncPoolClosed("the pool was shut down")
        if call is not None:
            self._in_use[protocol].call = call
            call.reused_connection = protocol.uses > 1
            if call.connected is not None:
                call.connected()
        return Connection(self, key, protocol, self._loop)

    def _pick(self, host: HostOf, now: float) -> PooledProtocol | None:
        """Take the newest idle connection to `host` that is still good, for the holder of a slot.

        Close the oldest one to another host if there is none, and one more would be too many.
        """
        while (protocol := self._idle.take(host, now)) is not None:
            if not protocol.is_connected():
                self._close_idle(protocol, "remote")
            elif protocol.should_close:
                # Bytes came while it was idle. aiohttp would take them for the answer to the next request.
                self._close_idle(protocol, "error")
            elif now >= protocol.retire_at:
                self._close_idle(protocol, "max_age")
            else:
                self._counters.reused += 1
                self._hold(protocol, now)
                return protocol
        if self._queue.slots + len(self._idle) > self.limit and self._idle:
            self._close_idle(self._idle.take_oldest(), "room")
        return None

    def _hold(self, protocol: PooledProtocol, now: float) -> None:
        """Note that `protocol` is in use from `now` on."""
        protocol.uses += 1
        self._in_use[protocol] = Hold(protocol.host.label, now)
        if self._hold_timer is None:  # else it looks early enough, and is then set again for the oldest
            self._look_at_holds_at(now + self._limits.hold_warning_s)

    async def _wait(self, host: HostOf, traces: list[Trace], call: Call | None) -> PooledProtocol | None:
        """Wait until a slot is granted. Return the idle connection that comes with it, if any."""
        started = monotonic()
        waiter: Waiter = self._loop.create_future()
        with self._step:
            self._queue.join(host, waiter)
            self._grant()
        try:
            async with asyncio.timeout(self._timeouts.acquire_s) as bound:
                for trace in traces:
                    await trace.send_connection_queued_start()
                await waiter
                for trace in traces:
                    await trace.send_connection_queued_end()
            if call is not None and call.check_again is not None:
                call.check_again()
        except BaseException as exc:
            waiting = self._queue.waiting  # with this one
            self._when_free(partial(self._leave_queue, host, waiter))
            if not (isinstance(exc, TimeoutError) and bound.expired()):
                raise
            self._counters.acquire_timeouts += 1
            facts = {"limit": self.limit, "in_use": self._queue.slots, "waiting": waiting}
            raise AsyncPoolTimeout(host=host.label, waited_s=self._timeouts.acquire_s, **facts) from exc
        finally:
            waited_s = monotonic() - started
            self._counters.acquire_wait_s += waited_s
            if call is not None:
                call.queued_s += waited_s
        return waiter.result()

    async def _open(
        self, req: ClientRequest, host: HostOf, traces: list[Trace], timeout: ClientTimeout, call: Call | None
    ) -> PooledProtocol:
        """Open a connection for the holder of a slot."""
        try:
            await self._wait_for_room()
            started = monotonic()
            with reporting_failure(self.listener, call):
                # A TimeoutError from here becomes aiohttp's ConnectionTimeoutError, which is what it is.
                async with asyncio.timeout(self._timeouts.connect_s):
                    protocol = await self._dial(req, traces, timeout)
        except BaseException as exc:
            if call is not None and call.is_over():
                call.cut_on_wire = True
            self._when_free(partial(self._give_back_slot, host))
            task = asyncio.current_task()
            if isinstance(exc, asyncio.CancelledError) and self._closed and task is not None and not task.cancelling():
                # aiohttp cancels what looks names up; nothing has cancelled this request.
                raise AsyncPoolClosed("the pool was shut down while it connected") from exc
            raise
        now = monotonic()
        with self._step:
            protocol.host, protocol.on_lost = host, partial(self._when_free, partial(self._lost, protocol))
            protocol.made_at = now
            protocol.retire_at = now + self._limits.max_age_s * random.uniform(0.9, 1.0)  # noqa: S311 - no secret
            protocol.is_established = True
            protocol.bound_writing(self._timeouts.write_s)
            host.established += 1
            self._counters.created += 1
            self.listener.connected(now - started)
            self._hold(protocol, now)
        return protocol

    async def _dial(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> PooledProtocol:
        for trace in traces:
            await trace.send_connection_create_start()
        protocol: Any = await self._create_connection(req, traces, timeout)
        try:
            for trace in traces:
                await trace.send_connection_create_end()
        except BaseException:
            protocol.abort()
            raise
        return protocol  # type: ignore[no-any-return]  # of our factory

    async def _wait_for_room(self) -> None:
        """Wait until enough of those that are being closed are gone, or there would be one too many for a moment."""
        if self._closed:
            raise AsyncPoolClosed("the pool was shut down")
        while self._closing and self._queue.slots + len(self._idle) + len(self._closing) > self.limit:
            self._one_is_gone.clear()
            await self._one_is_gone.wait()

    async def _reuse(self, protocol: PooledProtocol, req: ClientRequest, traces: list[Trace]) -> None:
        """Do what traces and a proxy want for a request on a warm connection."""
        if isinstance(req, GuardedRequest):
            req.warm_connection = protocol
        try:
            for trace in traces:
                await trace.send_connection_reuseconn()
            if req.proxy is not None:
                self._update_proxy_auth_header_and_build_proxy_req(req)
        except BaseException:
            self._release(protocol.host.key, protocol, should_close=True)
            raise

    # -- giving it back --

    def _release(self, key: ConnectionKey, protocol: Any, *, should_close: bool = False) -> None:  # noqa: ARG002 - aiohttp's
        if self._step.is_on or threading.get_ident() != self._thread:
            self._when_free(partial(self._take_back, protocol, should_close=should_close))
        else:
            with self._step:
                self._take_back(protocol, should_close=should_close)

    def _when_free(self, step: Callable[[], None]) -> None:
        """Run `step` now, or in the next turn of the loop when the collector has come here in the middle of another."""
        if not self._step.is_on and threading.get_ident() == self._thread:
            with self._step:
                step()
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._when_free, step)

    def _take_back(self, protocol: PooledProtocol, *, should_close: bool) -> None:
        hold = self._in_use.pop(protocol, None)
        if hold is None:  # the way to a proxy, from which no tunnel came; or the pool was closed
            protocol.abort()
            return
        now = monotonic()
        self.listener.given_back(now - hold.since)
        if hold.call is not None and hold.call.is_over(now):
            hold.call.cut_on_wire = True
        host: HostOf = protocol.host
        due_at = math.inf
        if should_close or protocol.should_close:
            self._give_up(protocol, host, was_cut=should_close and protocol.is_connected())
        elif now >= protocol.retire_at:
            self._close_idle(protocol, "max_age")
        else:
            protocol.rest()
            due_at = self._idle.put(protocol, host, now)
        self._give_back_slot(host)  # to a waiter, which takes the connection with it
        if due_at <= now:
            self._look_at_idle()
        elif due_at < self._idle_due_at:
            self._look_at_idle_at(due_at)

    def _give_up(self, protocol: PooledProtocol, host: HostOf, *, was_cut: bool) -> None:
        """Close a connection that was in use: cut by us, or ended by the peer."""
        has_died = not protocol.is_connected()
        if not protocol.is_lost:
            self._closing.add(protocol)
        # Before a waiter is woken; and at once, or a body that the peer does not read would keep the socket open.
        protocol.abort()
        self._count_closed(protocol, "error" if was_cut else "remote")
        if has_died and protocol.uses > 1:
            # A reused connection that died under us: its idle siblings are as old or older. Do not run into each.
            for sibling in self._idle.take_all_to(host):
                self._close_idle(sibling, "remote")

    def _give_back_slot(self, host: HostOf) -> None:
        if self._closed:
            return
        self._queue.give_back(host)
        if self._queue.waiting:
            self._grant()

    def _grant(self) -> None:
        """Wake those whose turn it is."""
        now = monotonic()
        while (granted := self._queue.grant_next(now)) is not None:
            host, waiter = granted
            if waiter.done():  # cancelled, and about to leave
                self._queue.give_back(host)
            else:
                waiter.set_result(self._pick(host, now))

    def _leave_queue(self, host: HostOf, waiter: Waiter) -> None:
        """Wait no more. A slot that was granted meanwhile is the next one's."""
        if self._queue.leave(host, waiter) or waiter.cancelled() or waiter.exception() is not None:
            return
        protocol = waiter.result()
        if protocol is None:
            self._give_back_slot(host)
        else:
            self._take_back(protocol, should_close=False)

    def _close_idle(self, protocol: PooledProtocol, reason: str) -> None:
        """Close a connection that is neither in use nor among the idle ones any more."""
        if not protocol.is_lost:
            self._closing.add(protocol)
            protocol.say_goodbye()
        self._count_closed(protocol, reason)

    def _count_closed(self, protocol: PooledProtocol, reason: str) -> None:
        if protocol.is_established:
            protocol.is_established = False
            self._counters.closed[reason] += 1
            self.listener.closed(monotonic() - protocol.made_at)
            protocol.host.established -= 1
            self._queue.forget(protocol.host)

    def _lost(self, protocol: PooledProtocol) -> None:
        """The socket of `protocol` is gone. Only idle ones are news: the others are counted when given back."""
        self._closing.discard(protocol)
        self._one_is_gone.set()
        if protocol in self._idle:
            self._idle.remove(protocol)
            self._count_closed(protocol, "remote")

    # -- time --

    def _look_at_idle_at(self, due_at: float) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_due_at = due_at
        if due_at < math.inf:
            self._idle_timer = self._loop.call_at(due_at, self._when_free, self._look_at_idle)

    def _look_at_idle(self) -> None:
        now = monotonic()
        for protocol, reason in self._idle.take_overdue(now):
            self._close_idle(protocol, reason)
        self._look_at_idle_at(max(self._idle.next_due_at(), now + LINGER_SLACK_S))

    def _look_at_holds(self) -> None:
        self._hold_timer = None
        now = monotonic()
        warn_of_leaks(self._in_use.newly_overdue(now), now)
        self._look_at_holds_at(self._in_use.next_overdue_at())

    def _look_at_holds_at(self, at: float) -> None:
        if at < math.inf:
            self._hold_timer = self._loop.call_at(at, self._when_free, self._look_at_holds)

    # -- closing --

    async def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        self._draining = True
        give_up_at = monotonic() + timeout_s
        while self._queue.slots and monotonic() < give_up_at:  # noqa: ASYNC110 - once in a process's life
            await asyncio.sleep(0.01)
        return self._queue.slots

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, those in use too. See `drain` for the gentle way."""
        with self._step:
            for protocol in [*self._in_use, *self._idle]:
                self._count_closed(protocol, "shutdown")
        for timer in filter(None, (self._idle_timer, self._hold_timer)):
            timer.cancel()
        for waiter in self._queue.take_all_waiters():
            if not waiter.done():
                waiter.set_exception(AsyncPoolClosed("the pool was shut down"))
        self._queue = WaitQueue(self.limit, _label_of)  # slots that are given back from now on are none of it
        for protocol in () if self._loop.is_closed() else list(self._closing):
            protocol.abort()
        # aiohttp closes what is in this and in `_acquired`, and waits for their ends.
        self._conns = {"idle": [(protocol, 0.0) for protocol in self._idle.take_all()]}  # type: ignore[assignment]
        await super().close(abort_ssl=abort_ssl)

    def stats(self) -> PoolStats:
        """Return the pool as it stands now. From any thread."""
        return stats_of(self._limits, self._counters, self._queue, self._idle, self._in_use, monotonic())


def _label_of(key: ConnectionKey) -> str:
    return f"{key.host}:{key.port}"


class _Step:
    """Marks that the pool is in the middle of a step, in which nothing may be given back."""

    is_on = False

    def __enter__(self) -> None:
        self.is_on = True

    def __exit__(self, *_: object) -> None:
        self.is_on = False
