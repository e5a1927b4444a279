"""What remains of the pools when a private name that they need is gone: a true limit on connections in use, and the
bounded wait, on public names only. Idle connections are neither bounded nor counted; `exact` is False in the figures.
"""

import asyncio
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import aiohttp
import requests
from aiohttp import ClientRequest, ClientTimeout
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from requests.adapters import HTTPAdapter

from tools.http_client.adapter import SyncPoolClosed, SyncPoolTimeout
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connector import AsyncPoolClosed, AsyncPoolTimeout
from tools.http_client.listening import PoolListener
from tools.http_client.stats import Counters, PoolStats

__all__ = ["GatedAdapter", "GatedConnector"]


def _inexact_stats(limits: PoolLimits, counters: Counters, in_use: int, waiting: int) -> PoolStats:
    return PoolStats(
        limit=limits.max_connections,
        max_idle=limits.max_keepalive,
        in_use=in_use,
        idle=0,
        waiting=waiting,
        created=0,
        reused=0,
        closed=dict(counters.closed),
        acquire_timeouts=counters.acquire_timeouts,
        acquire_wait_seconds=round(counters.acquire_wait_s, 6),
        oldest_hold_seconds=0.0,
        held_over_threshold_total=0,
        held_over_threshold=(),
        per_host={},
        exact=False,
    )


class GatedConnector(aiohttp.TCPConnector):
    """A TCPConnector behind a semaphore."""

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        super().__init__(limit=0, keepalive_timeout=limits.keepalive_expiry_s)
        self._limits_ = limits
        self._timeouts = timeouts
        self._counters = Counters()
        self.listener = PoolListener()  # it hears nothing of connections that we do not see
        self._slots = asyncio.Semaphore(limits.max_connections)
        self._in_use = 0
        self._waiting = 0
        self._draining = False

    async def connect(self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout) -> Connection:
        """Take a slot, then connect as aiohttp does. Raises AsyncPoolTimeout, AsyncPoolClosed."""
        if self._draining:
            raise AsyncPoolClosed("the pool is shutting down")
        await self._take_slot(req.connection_key.host)
        free = self._give_back_once()
        try:
            async with asyncio.timeout(self._timeouts.connect_s):
                connection = await super().connect(req, traces, timeout)
        except BaseException:
            free()
            raise
        connection.add_callback(free)
        weakref.finalize(connection, free)
        return connection

    async def _take_slot(self, host: str) -> None:
        started = time.monotonic()
        self._waiting += 1
        try:
            async with asyncio.timeout(self._timeouts.acquire_s):
                await self._slots.acquire()
        except TimeoutError as exc:
            self._counters.acquire_timeouts += 1
            raise AsyncPoolTimeout(
                host=host,
                waited_s=self._timeouts.acquire_s,
                limit=self._limits_.max_connections,
                in_use=self._in_use,
                waiting=self._waiting,
            ) from exc
        finally:
            self._waiting -= 1
            self._counters.acquire_wait_s += time.monotonic() - started
        self._in_use += 1

    def _give_back_once(self) -> Callable[[], None]:
        given_back = False

        def give_back() -> None:
            nonlocal given_back
            if not given_back:
                given_back = True
                self._in_use -= 1
                self._slots.release()

        return give_back

    async def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left."""
        self._draining = True
        give_up_at = time.monotonic() + timeout_s
        while self._in_use and time.monotonic() < give_up_at:  # noqa: ASYNC110 - once in a process's life
            await asyncio.sleep(0.01)
        return self._in_use

    def stats(self) -> PoolStats:
        """What can be known on public names."""
        return _inexact_stats(self._limits_, self._counters, self._in_use, self._waiting)


class GatedAdapter(HTTPAdapter):
    """An HTTPAdapter behind a semaphore; a slot is held from sending to the end of the head of the answer."""

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self._counters = Counters()
        self.listener = PoolListener()  # it hears nothing of connections that we do not see
        self._changed = threading.Condition()
        self._in_use = 0
        self._waiting = 0
        self._closed = False
        super().__init__(pool_connections=100, pool_maxsize=limits.max_keepalive, max_retries=0)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        """Take a slot, then send as requests does. Raises SyncPoolTimeout, SyncPoolClosed."""
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = (self._timeouts.connect_s, self._timeouts.read_s)
        self._take_slot(str(request.url))
        try:
            return super().send(request, *args, **kwargs)
        finally:
            with self._changed:
                self._in_use -= 1
                self._changed.notify()

    def _take_slot(self, host: str) -> None:
        started = time.monotonic()
        with self._changed:
            if self._closed:
                raise SyncPoolClosed("the pool is shut down")
            self._waiting += 1
            free = self._changed.wait_for(lambda: self._in_use < self._limits.max_connections, self._timeouts.acquire_s)
            self._waiting -= 1
            self._counters.acquire_wait_s += time.monotonic() - started
            if not free:
                self._counters.acquire_timeouts += 1
                raise SyncPoolTimeout(
                    host=host,
                    waited_s=self._timeouts.acquire_s,
                    limit=self._limits.max_connections,
                    in_use=self._in_use,
                    waiting=self._waiting + 1,
                )
            self._in_use += 1

    def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left. Blocks."""
        with self._changed:
            self._closed = True
            self._changed.wait_for(lambda: self._in_use == 0, timeout_s)
            return self._in_use

    def close(self) -> None:
        """Close what urllib3 keeps. Idempotent."""
        with self._changed:
            self._closed = True
        super().close()

    def stats(self) -> PoolStats:
        """What can be known on public names."""
        with self._changed:
            return _inexact_stats(self._limits, self._counters, self._in_use, self._waiting)
