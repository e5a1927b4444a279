"""The sync pool: one lock, one queue and one set of idle connections over all hosts of a `requests.Session`.

`WaitQueue`, `IdleConnections` and `InUse` decide under the lock; this acts: it waits, wakes, closes, counts. What a
finalizer may call (`abandon`) takes no lock: it queues, and every step under the lock begins there. Thread-safe, and
safe to use on both sides of a fork: the child begins with an empty pool and leaves the parent's connections alone.
"""

import math
import os
import queue
import random
import socket
import threading
import time
import weakref
from collections.abc import Callable, Hashable
from typing import NoReturn, Protocol

from urllib3.util import wait_for_read

from tools.call import Call, current_call
from tools.errors import DeadlineExceeded, PoolClosed, PoolTimeout
from tools.http_client.config import Counters, PoolLimits, PoolStats, PoolTimeouts
from tools.http_client.events import PoolListener, stats_of, warn_of_leaks
from tools.http_client.open_connections import LINGER_SLACK_S, Hold, IdleConnections, InUse
from tools.http_client.wait_queue import Host, WaitQueue
from tools.http_client.watchdog import Watchdog

__all__ = ["PooledConnection", "SyncPool"]

#: Seconds that a peer gets to see our end of an idle connection, and to close its own.
_GOODBYE_S = 0.25


class PooledConnection(Hashable, Protocol):
    """What the pool needs of a connection. The fields are the pool's, from when it holds the connection."""

    host_of_pool: "HostOf"
    uses: int
    made_at: float | None  # None: not yet, or it is counted as closed
    retire_at: float

    def close_socket(self) -> None:
        """Close it without reporting that to the pool."""

    def begin_goodbye(self) -> socket.socket | None:
        """Say that nothing more is sent. Return the socket, on which the peer's end shows; None: do not wait for it."""

    def shut(self) -> None:
        """End what is in flight on it, from another thread."""


class Waiter:
    """One thread in the queue, which waits for `wakes`."""

    __slots__ = ("call", "found", "in_the_way", "is_granted", "wakes")

    def __init__(self, call: Call | None) -> None:
        self.call = call
        self.wakes = threading.Lock()
        self.wakes.acquire()
        self.is_granted = False
        #: With the slot: a connection; or else one that has to be closed before another is opened.
        self.found: PooledConnection | None = None
        self.in_the_way: PooledConnection | None = None


HostOf = Host[Hashable, Waiter]
Picked = PooledConnection | None


class SyncPool:
    """Slots and idle connections, shared by every host pool of one adapter. A `key` stands for a host."""

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts, label_of: Callable[[Hashable], str]) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self._label_of = label_of
        self.listener = PoolListener()
        self._reset()
        forget_parent = weakref.WeakMethod(self.forget_parent)  # the hook can't be taken back

        def after_fork() -> None:
            if (forget := forget_parent()) is not None:
                forget()

        os.register_at_fork(after_in_child=after_fork)

    def _reset(self) -> None:
        self._lock = threading.Lock()
        #: Connections that are no longer used, how often they had been used then, and why.
        self._abandoned: queue.SimpleQueue[tuple[PooledConnection, int, str, bool]] = queue.SimpleQueue()
        self._queue: WaitQueue[Hashable, Waiter] = WaitQueue(self._limits.max_connections, self._label_of)
        self._idle: IdleConnections[PooledConnection] = IdleConnections(self._limits)
        self._in_use: InUse[PooledConnection] = InUse(self._limits.hold_warning_s)
        #: Said goodbye to at this time; each has a slot until its peer has closed its end too.
        self._leaving: dict[PooledConnection, tuple[float, socket.socket | None]] = {}
        self._counters = Counters()
        self._all_free = threading.Event()
        self._watchdog = Watchdog(self._look)
        self._draining = False
        self.closed = False

    def forget_parent(self) -> None:
        """Begin again in a forked child, with no connection of the parent's."""
        idle = self._idle.take_all()
        self._reset()
        for connection in idle:
            # Closes this process's descriptor only; the connection is the parent's and stays open there.
            connection.close_socket()

    # -- taking a connection --

    def take(self, key: Hashable, *, instead_of: PooledConnection | None = None) -> PooledConnection | None:
        """Wait for a slot. Return the newest idle connection to `key`, in use from now on.

        None: the slot is the caller's, to open a connection and `hold` it, or to `free_slot`. `instead_of` was returned
        before; its peer had closed it while it was idle. Raises PoolTimeout after `acquire_s`, PoolClosed, and
        DeadlineExceeded when the call's own time runs out first.
        """
        call, waiter = current_call(), None
        with self._lock:
            self._settle()
            now = time.monotonic()
            host = self._queue.host(key, now)
            if instead_of is not None:
                self._in_use.pop(instead_of, None)
                self._counters.reused -= 1
                self._count_closed(instead_of, "remote")
                instead_of.close_socket()
                found, in_the_way = self._pick(host, now, call)
            elif self.closed or self._draining:
                raise PoolClosed("the pool is shut down" if self.closed else "the pool is shutting down")
            elif self._queue.try_take(host, now):
                found, in_the_way = self._pick(host, now, call)
            else:
                waiter = Waiter(call)
                self._queue.join(host, waiter)
                self._grant(now)
        if waiter is not None:
            self._wait(host, waiter, call)
            found, in_the_way = waiter.found, waiter.in_the_way
        if in_the_way is not None:
            self._make_way(in_the_way, key)
        return found

    def _pick(self, host: HostOf, now: float, call: Call | None) -> "tuple[Picked, Picked]":
        """Return a connection for the holder of a slot; or what is in the way of another one. The lock is held."""
        while (found := self._idle.take(host, now)) is not None:
            if now < found.retire_at:
                self._counters.reused += 1
                self._hold(found, now, call)
                return found, None
            self._count_closed(found, "max_age")
            found.close_socket()
        if not self._idle or self._queue.slots + len(self._idle) <= self._queue.limit:
            return None, None
        # One, never more: another holder of a slot that finds room enough would dial while the second still closes.
        oldest = self._idle.take_oldest()
        self._count_closed(oldest, "room")
        return None, oldest

    def _make_way(self, connection: PooledConnection, key: Hashable) -> None:
        """Close `connection`, and return when the peer has closed its end too, or does not hurry."""
        try:
            sock = connection.begin_goodbye()
            if sock is not None:
                wait_for_read(sock, _GOODBYE_S)
        except BaseException:  # Ctrl-C in a script
            self.free_slot(key)
            raise
        finally:
            connection.close_socket()

    def _wait(self, host: HostOf, waiter: Waiter, call: Call | None) -> None:
        started = time.monotonic()
        timeout_s, is_cut_short = self._timeouts.acquire_s, False
        if call is not None and call.remaining_s(started) < timeout_s:
            timeout_s, is_cut_short = max(0.0, call.remaining_s(started)), True
        try:
            waiter.wakes.acquire(timeout=min(timeout_s, threading.TIMEOUT_MAX))
            with self._lock:
                self._settle()
                waited_s = time.monotonic() - started
                self._counters.acquire_wait_s += waited_s
                if call is not None:
                    call.queued_s += waited_s
                if not waiter.is_granted:
                    self._refuse(host, timeout_s, is_cut_short=is_cut_short)
            if call is not None and call.check_again is not None:
                call.check_again()
        except BaseException:
            self._leave(host, waiter)
            raise

    def _refuse(self, host: HostOf, timeout_s: float, *, is_cut_short: bool) -> NoReturn:
        """Raise why there was no slot in time. The lock is held."""
        if self.closed:
            raise PoolClosed("the pool was shut down")
        self._counters.acquire_timeouts += 1
        if is_cut_short:
            raise DeadlineExceeded(f"the call's time ran out while it waited for a connection to {host.label}")
        facts = {"limit": self._queue.limit, "in_use": self._queue.slots, "waiting": self._queue.waiting}
        raise PoolTimeout(host=host.label, waited_s=timeout_s, **facts)

    def _leave(self, host: HostOf, waiter: Waiter) -> None:
        """Leave the queue, and give back what was granted meanwhile."""
        with self._lock:
            self._settle()
            self._queue.leave(host, waiter)
        if waiter.in_the_way is not None:
            waiter.in_the_way.close_socket()
        if waiter.found is not None:
            self.give_back(waiter.found)
        elif waiter.is_granted:
            self.free_slot(host.key)

    def hold(self, connection: PooledConnection, key: Hashable) -> None:
        """Note that `connection`, which is new, is in use by the current call.

        Raises PoolClosed when the pool was closed meanwhile; the slot is then still the caller's to free.
        """
        with self._lock:
            self._settle()
            if self.closed:
                raise PoolClosed("the pool was shut down")
            connection.host_of_pool = self._queue.hosts[key]
            self._hold(connection, time.monotonic(), current_call())

    def _hold(self, connection: PooledConnection, now: float, call: Call | None) -> None:
        connection.uses += 1
        self._in_use[connection] = Hold(connection.host_of_pool.label, now, call)
        due_at = now + self._limits.hold_warning_s
        self._watchdog.look_by(due_at if call is None else min(due_at, call.deadline_at))

    def established(self, connection: PooledConnection, took_s: float) -> None:
        """Count a connection that was made. Raises PoolClosed, and TimeoutError when its call's time has run out."""
        with self._lock:
            self._settle()
            if self.closed:
                raise PoolClosed("the pool was shut down while it connected")
            if self._in_use[connection].is_cut:
                raise TimeoutError("the call's time ran out while it connected")
            self._counters.created += 1
            connection.host_of_pool.established += 1
            connection.made_at = now = time.monotonic()
            connection.retire_at = now + self._limits.max_age_s * random.uniform(0.9, 1.0)  # noqa: S311 - no secret
        self.listener.connected(took_s)

    # -- giving it back --

    def give_back(self, connection: PooledConnection) -> None:
        """The request on `connection` is over, and it is open: keep it, free its slot. Does nothing the second time."""
        with self._lock:
            self._settle()
            if not self._end_hold(connection):
                return
            host = connection.host_of_pool
            now = time.monotonic()
            due_at = math.inf
            if self.closed or now >= connection.retire_at:
                self._count_closed(connection, "shutdown" if self.closed else "max_age")
                connection.close_socket()
            else:
                due_at = self._idle.put(connection, host, now)
            self._give_back_slot(host)  # to a waiter, which takes the connection with it
            self._watchdog.look_by(self._say_goodbyes(now) if due_at <= now else due_at)

    def abandon(self, connection: PooledConnection, reason: str, *, has_died: bool = False) -> None:
        """`connection` is closed, or to be closed, while in use: free its slot, once.

        Never waits and changes nothing: finalizers come here, in the middle of anything.
        """
        self._abandoned.put((connection, connection.uses, reason, has_died))
        self._watchdog.wake()

    def _settle(self) -> None:
        """Free the slots of what was abandoned. The lock is held."""
        while not self._abandoned.empty():
            connection, uses, reason, has_died = self._abandoned.get()
            if connection.uses != uses or not self._end_hold(connection):
                continue  # it was given back, or abandoned twice
            self._count_closed(connection, reason)
            connection.close_socket()
            host = connection.host_of_pool
            if has_died and uses > 1:
                # A reused connection that died under us: its idle siblings are as old or older. Do not run into each.
                for sibling in self._idle.take_all_to(host):
                    self._count_closed(sibling, "remote")
                    sibling.close_socket()
            self._give_back_slot(host)

    def free_slot(self, key: Hashable) -> None:
        """Give a slot back that has no connection (yet)."""
        with self._lock:
            self._settle()
            self._give_back_slot(self._queue.hosts[key])

    def _give_back_slot(self, host: HostOf) -> None:
        self._queue.give_back(host)
        self._grant(time.monotonic())
        if not self._queue.slots:
            self._all_free.set()

    def _grant(self, now: float) -> None:
        """Hand slots to those whose turn it is, each with its connection, so that the limit holds at every moment."""
        while (granted := self._queue.grant_next(now)) is not None:
            host, waiter = granted
            waiter.found, waiter.in_the_way = self._pick(host, now, waiter.call)
            waiter.is_granted = True
            waiter.wakes.release()

    def _end_hold(self, connection: PooledConnection) -> bool:
        hold = self._in_use.pop(connection, None)
        if hold is None:
            return False
        if connection.made_at is not None:  # it is held while it connects, too, which is no use of it
            self.listener.given_back(time.monotonic() - max(hold.since, connection.made_at))
        if hold.call is not None and hold.call.is_over():
            hold.call.cut_on_wire = True
        return True

    def _count_closed(self, connection: PooledConnection, reason: str) -> None:
        if connection.made_at is not None:
            self._counters.closed[reason] += 1
            self.listener.closed(time.monotonic() - connection.made_at)
            connection.made_at = None
            connection.host_of_pool.established -= 1
            self._queue.forget(connection.host_of_pool)

    # -- time --

    def _look(self) -> float:
        """Close what idles too long, report what is held too long, end what is late. Return when to look next."""
        with self._lock:
            self._settle()
            now = time.monotonic()
            for connection, hold in self._in_use.items():
                if hold.call is not None and not hold.is_cut and hold.call.deadline_at <= now:
                    hold.is_cut = hold.call.cut_on_wire = True
                    connection.shut()  # with the lock held, so that no other call gets it meanwhile
            overdue = self._in_use.newly_overdue(now)
            due = [self._say_goodbyes(now), self._in_use.next_overdue_at()]
            due += [hold.call.deadline_at for hold in self._in_use.values() if hold.call and not hold.is_cut]
        warn_of_leaks(overdue, now)
        return min(due)

    def _say_goodbyes(self, now: float) -> float:
        """Begin to close what idles for too long, and finish with what has left. Return when to look again.

        A slot stands for each until its peer has closed its end too: the next socket would be one too many there.
        """
        for connection, reason in self._idle.take_overdue(now):
            self._queue.reserve(connection.host_of_pool)
            self._count_closed(connection, reason)
            self._leaving[connection] = now, connection.begin_goodbye()
        for connection, (since, sock) in list(self._leaving.items()):
            if sock is None or now - since >= _GOODBYE_S or wait_for_read(sock, 0.0):
                del self._leaving[connection]
                connection.close_socket()
                self._give_back_slot(connection.host_of_pool)
        # Peers answer soon or not at all: looks become rarer.
        due = [now + max(0.001, (now - since) / 2) for since, _ in self._leaving.values()]
        return min(due, default=max(self._idle.next_due_at(), now + LINGER_SLACK_S))

    # -- closing --

    def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        with self._lock:
            self._settle()
            self._draining = True
            self._all_free.clear()
            if not self._queue.slots:
                return 0
        self._all_free.wait(timeout_s)
        return self.stats().in_use

    def close(self) -> None:
        """Close what is idle, end what is in flight, and refuse from now on. Idempotent."""
        with self._lock:
            self._settle()
            self.closed = True
            for connection in self._leaving:
                self._queue.give_back(connection.host_of_pool)
            for connection in [*self._idle.take_all(), *self._leaving]:
                self._count_closed(connection, "shutdown")
                connection.close_socket()
            self._leaving.clear()
            for waiter in self._queue.take_all_waiters():
                waiter.wakes.release()
            for connection in self._in_use:
                connection.shut()
        self._watchdog.close()

    def stats(self) -> PoolStats:
        """Return the pool as it stands now."""
        with self._lock:
            self._settle()
            return stats_of(self._limits, self._counters, self._queue, self._idle, self._in_use, time.monotonic())
