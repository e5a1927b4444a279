"""The sync pool: one lock, one queue and one set of idle connections over all hosts of a `requests.Session`.

`PoolState` decides under the lock; this acts on it: waits, wakes, closes, counts. Thread-safe, and safe to use on both
sides of a fork (the child begins with an empty pool and leaves the parent's connections alone).
"""

import logging
import os
import threading
import time
import weakref
from collections.abc import Hashable, Iterable

from tools.call import current_call
from tools.errors import CircuitOpen, DeadlineExceeded, PoolClosed, PoolTimeout
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.deadline_alarms import DeadlineAlarms
from tools.http_client.holds import HoldLedger
from tools.http_client.listening import PoolListener
from tools.http_client.pool_state import Closing, PoolState
from tools.http_client.pooled_connection import PooledConnection
from tools.http_client.stats import Counters, HostStats, PoolStats
from tools.http_client.watchdog import Alarm, Watchdog

__all__ = ["SyncPool"]

log = logging.getLogger(__name__)


class _Waiter:
    """One thread in the queue. `granted` says that it was handed a slot, with the idle connection `found` for it or
    without; what it has to close first is in `closing`."""

    __slots__ = ("closing", "event", "found", "granted", "key", "label")

    def __init__(self, label: str, key: Hashable) -> None:
        self.event = threading.Event()
        self.granted = False
        self.label, self.key = label, key
        self.found: PooledConnection | None = None
        self.closing: list[Closing[PooledConnection]] = []


class SyncPool:
    """Slots and idle connections, shared by every host pool of one adapter."""

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self.listener = PoolListener()
        self._reset()
        # A weak reference, so that the hook (which can't be taken back) does not keep the pool alive.
        this = weakref.ref(self)

        def after_fork() -> None:
            pool = this()
            if pool is not None:
                pool.forget_parent()

        os.register_at_fork(after_in_child=after_fork)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._state: PoolState[PooledConnection, _Waiter] = PoolState(self._limits)
        self._holds: HoldLedger[PooledConnection] = HoldLedger(self._limits.hold_warning_s)
        self._counters = Counters()
        self._all_free = threading.Condition(self._lock)
        self._timer: Alarm | None = None
        self.watchdog = Watchdog()
        self._deadlines = DeadlineAlarms(self._lock, self._holds, self.watchdog)
        self._draining = False
        self.closed = False

    def forget_parent(self) -> None:
        """Begin anew in a forked child, with no connection of the parent's."""
        idle, _ = self._state.close()
        self._reset()
        for closing in idle:
            # Closes this process's descriptor only; the connection is the parent's and stays open there.
            closing.connection.close_socket()

    # -- slots --

    def take(self, label: str, key: Hashable) -> PooledConnection | None:
        """Wait for the right to have one connection to `key` (`label` for people), and the newest idle one if any.

        Raises PoolTimeout after `acquire_s`, DeadlineExceeded when the call's own time runs out first, PoolClosed.
        """
        with self._lock:
            self._refuse_if_closed()
            if self._state.try_take_slot():
                waiter = None
                found, closing = self._pick(key)
            else:
                waiter = _Waiter(label, key)
                self._state.enqueue(waiter)
        if waiter is not None:
            self._wait(waiter)
            found, closing = waiter.found, waiter.closing
        self._close(closing)
        return found

    def _grant(self, waiter: _Waiter) -> None:
        """Give `waiter` its slot and connection in one step, so that in use and idle never exceed the limit."""
        waiter.found, waiter.closing = self._pick(waiter.key)
        waiter.granted = True
        waiter.event.set()

    def _wait(self, waiter: _Waiter) -> None:
        call = current_call()
        started = time.monotonic()
        timeout_s, cut_short = self._timeouts.acquire_s, False
        if call is not None and call.remaining_s(started) < timeout_s:
            timeout_s, cut_short = max(0.0, call.remaining_s(started)), True
        try:
            waiter.event.wait(timeout_s)
        except BaseException:  # Ctrl-C in a script
            self._leave(waiter)
            raise
        with self._lock:
            waited_s = time.monotonic() - started
            self._counters.acquire_wait_s += waited_s
            if call is not None:
                call.queued_s += waited_s
            self._state.leave_queue(waiter)
            if not waiter.granted:
                raise self._not_granted(waiter, timeout_s, cut_short=cut_short)
        if call is not None and call.check_again is not None:
            try:
                call.check_again()
            except CircuitOpen:
                self._leave(waiter)
                raise

    def _not_granted(self, waiter: _Waiter, timeout_s: float, *, cut_short: bool) -> Exception:
        """Why `waiter` got no slot in the time that it had. The lock is held."""
        if self.closed:
            return PoolClosed("the pool was shut down")
        self._counters.acquire_timeouts += 1
        if cut_short:
            return DeadlineExceeded(f"the call's time ran out while it waited for a connection to {waiter.label}")
        return PoolTimeout(
            host=waiter.label,
            waited_s=timeout_s,
            limit=self._limits.max_connections,
            in_use=self._state.in_use,
            waiting=self._state.waiting + 1,  # with this one, which has just left the queue
        )

    def _leave(self, waiter: _Waiter) -> None:
        """Leave the queue, and give back what `waiter` may have been granted already."""
        with self._lock:
            self._state.leave_queue(waiter)
            if not waiter.granted:
                return
            if waiter.found is not None:
                waiter.closing.append(Closing(waiter.found, "error"))
            closing = self._free_slot_or_drop(waiter.closing)
        self._close_and_free_slot(closing)

    def _refuse_if_closed(self) -> None:
        if self.closed or self._draining:
            raise PoolClosed("the pool is shut down" if self.closed else "the pool is shutting down")

    def free_slot(self) -> None:
        """Give a slot back that has no connection (yet)."""
        with self._lock:
            closing = self._free_slot_or_drop([])
        self._close_and_free_slot(closing)

    def _free_slot_or_drop(self, closing: list[Closing[PooledConnection]]) -> list[Closing[PooledConnection]]:
        """Free a slot, unless some connections have to be closed first: `closing`, and those that now idle in excess.

        The slot stands for the sockets that go, until they are gone. The lock is held.
        """
        closing += self._state.drop_surplus()
        self._count(closing)
        if not closing:
            self._free_slot()
        return closing

    def _close_and_free_slot(self, closing: list[Closing[PooledConnection]]) -> None:
        """The second half, without the lock."""
        if closing:
            self._close(closing)
            with self._lock:
                self._free_slot()

    def _free_slot(self) -> None:
        waiter = self._state.free_slot()
        if waiter is not None:
            self._grant(waiter)
        elif self._state.in_use == 0:
            self._all_free.notify_all()

    # -- connections --

    def take_idle(self, key: Hashable) -> PooledConnection | None:
        """The newest idle connection to `key`, for the holder of a slot. Makes room for a new one if there is none."""
        with self._lock:
            found, closing = self._pick(key)
        self._close(closing)
        return found

    def _pick(self, key: Hashable) -> tuple[PooledConnection | None, list[Closing[PooledConnection]]]:
        found, closing = self._state.take_idle(key, time.monotonic())
        if found is None:
            closing += self._state.make_room()
        self._count(closing)
        return found, closing

    def hold(self, connection: PooledConnection) -> None:
        """`connection` is now in use by the current call; its deadline ends what is in flight on it.

        Raises PoolClosed when the pool was closed meanwhile; the slot is then still the caller's to free.
        """
        call = current_call()
        with self._lock:
            if self.closed:
                self._count_closed(connection, "shutdown")
                connection.close_socket()
                self._refuse_if_closed()
            if connection.uses:
                self._counters.reused += 1
            connection.uses += 1
            now = time.monotonic()
            self._holds.take(connection, connection.label, now, call)
            if call is not None:
                self._deadlines.watch(connection, call.deadline_at)
            self._arm_timer(now + self._limits.hold_warning_s)
        if call is not None and call.connected is not None:
            call.connected()

    def dropped_while_idle(self, connection: PooledConnection) -> None:
        """An idle connection turned out to be closed by the peer; the caller goes on with its slot."""
        with self._lock:
            self._count_closed(connection, "remote")
        connection.close_socket()

    def established(self, took_s: float) -> None:
        """Count a connection that was made."""
        with self._lock:
            self._counters.created += 1
        self.listener.connected(took_s)

    def give_back(self, connection: PooledConnection, key: Hashable) -> None:
        """The request on `connection` is over. Keep it if it is open, free its slot. Does nothing the second time."""
        with self._lock:
            if not self._end_hold(connection):
                return
            if connection.is_closed:  # the peer asked for it
                self._count_closed(connection, "remote")
                closing: list[Closing[PooledConnection]] = []
            elif self.closed:
                closing = [Closing(connection, "shutdown")]
            else:
                now = time.monotonic()
                closing = []
                self._state.put_idle(connection, key, now)
                self._arm_timer(now + self._limits.keepalive_expiry_s)
            closing = self._free_slot_or_drop(closing)
        self._close_and_free_slot(closing)

    def discard(self, connection: PooledConnection, key: Hashable, *, died: bool) -> None:
        """`connection` was closed while in use: by the peer (`died`) or given up. Frees its slot, once."""
        with self._lock:
            if not self._end_hold(connection):
                return
            self._count_closed(connection, "remote" if died else "error")
            closing: list[Closing[PooledConnection]] = []
            if died and connection.uses > 1:
                # A reused connection that died under us: its idle siblings are as old or older. Do not run into each.
                closing = self._state.drop_idle_to(key, "remote")
            closing = self._free_slot_or_drop(closing)
        self._close_and_free_slot(closing)

    def _end_hold(self, connection: PooledConnection) -> bool:
        hold = self._holds.give_back(connection)
        if hold is None:
            return False
        if connection.made_at is not None:  # it is held while it connects, too, which is no use of it
            self.listener.given_back(time.monotonic() - max(hold.since, connection.made_at))
        if hold.call is not None and hold.call.is_over():
            hold.call.cut_on_wire = True
        return True

    def _count_closed(self, connection: PooledConnection, reason: str) -> None:
        self._deadlines.forget(connection)
        if connection.made_at is not None:
            self._counters.closed[reason] += 1
            self.listener.closed(time.monotonic() - connection.made_at)
            connection.made_at = None

    def _count(self, closing: Iterable[Closing[PooledConnection]]) -> None:
        for item in closing:
            self._count_closed(item.connection, item.reason)

    @staticmethod
    def _close(closing: Iterable[Closing[PooledConnection]]) -> None:
        for item in closing:
            if item.reason in ("room", "max_idle"):
                # A new socket may be dialled next: the old one must be gone at the peer too, or there is one too many.
                item.connection.say_goodbye()
            else:
                item.connection.close_socket()

    # -- time --

    def _arm_timer(self, due_at: float) -> None:
        """Look at `due_at` for what idles or is held for too long. A timer that rings too early arms the next one."""
        if self._timer is not None:
            if self._timer.at <= due_at:
                return
            self._timer.cancel()
        self._timer = self.watchdog.call_at(due_at, self._on_timer)

    def _on_timer(self) -> None:
        with self._lock:
            self._timer = None
            now = time.monotonic()
            closing = self._state.expire(now)
            self._count(closing)
            overdue = self._holds.newly_overdue(now)
            for due_at in (self._state.next_expiry_at(), self._holds.next_due_at()):
                if due_at is not None:
                    self._arm_timer(due_at)
        self._close(closing)
        for hold in overdue:
            log.warning(
                "a connection to %s has been in use for %.0f s: is a response read and closed?",
                hold.host,
                now - hold.since,
            )

    # -- closing --

    def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        with self._lock:
            self._draining = True
            self._all_free.wait_for(lambda: self._state.in_use == 0, timeout_s)
            return self._state.in_use

    def close(self) -> None:
        """Close what is idle, end what is in flight, and refuse from now on. Idempotent."""
        with self._lock:
            self.closed = True
            closing, waiters = self._state.close()
            self._count(closing)
            held = self._holds.connections()
        for waiter in waiters:
            waiter.event.set()
        self._close(closing)
        for connection in held:
            connection.shut()
        self.watchdog.close()

    # -- figures --

    def stats(self) -> PoolStats:
        """The pool as it stands now."""
        with self._lock:
            now = time.monotonic()
            per_host: dict[str, HostStats] = {}
            for hold in self._holds.values():
                per_host.setdefault(hold.host, HostStats()).in_use += 1
            for connection in self._state.idle_connections():
                per_host.setdefault(connection.label, HostStats()).idle += 1
            for waiter in self._state.waiters():
                per_host.setdefault(waiter.label, HostStats()).waiting += 1
            return PoolStats(
                limit=self._limits.max_connections,
                max_idle=self._limits.max_keepalive,
                in_use=self._state.in_use,
                idle=self._state.idle,
                waiting=self._state.waiting,
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
