"""What a pool reports: how long its steps took and why a connection could not be made; when asked, statistics."""

import logging
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args

import aiohttp
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from tools.call import Call
from tools.errors import PoolClosed
from tools.http_client.config import Counters, HostStats, PoolLimits, PoolStats
from tools.http_client.open_connections import Hold, IdleConnections, InUse
from tools.http_client.wait_queue import WaitQueue

__all__ = [
    "CONNECT_FAILURES",
    "ConnectFailure",
    "PoolListener",
    "failure_of",
    "reporting_failure",
    "stats_of",
    "warn_of_leaks",
]

log = logging.getLogger(__name__)

#: Where connecting ended: time ran out; no such name; TCP; the certificate or another part of TLS; a proxy or unknown.
ConnectFailure = Literal["timeout", "dns", "tcp", "tls", "other"]
CONNECT_FAILURES: tuple[ConnectFailure, ...] = get_args(ConnectFailure)


class PoolListener:
    """Ignore every event. Subclasses override those they want; called from threads too, and must not wait."""

    def connected(self, took_s: float) -> None:
        """A connection was made: name, TCP and TLS in `took_s`."""

    def not_connected(self, why: ConnectFailure) -> None:
        """A connection could not be made. Not called when its caller no longer wants it."""

    def given_back(self, used_s: float) -> None:
        """A request ended that had its open connection for `used_s`."""

    def closed(self, lived_s: float) -> None:
        """A connection that had been made was closed."""


def failure_of(exc: Exception) -> ConnectFailure:
    """Return the kind of `exc`. Several of the libraries' classes are kinds of one another, so the order counts."""
    if isinstance(exc, (aiohttp.ClientConnectorDNSError, NameResolutionError)):
        return "dns"
    if isinstance(exc, (aiohttp.ClientSSLError, ssl.SSLError)):
        return "tls"
    if isinstance(exc, NewConnectionError):
        return "tcp"
    if isinstance(exc, (TimeoutError, ConnectTimeoutError)):
        return "timeout"
    return "tcp" if isinstance(exc, OSError) else "other"


@contextmanager
def reporting_failure(listener: PoolListener, call: Call | None) -> Iterator[None]:
    """Report to `listener` when the body, which connects for `call`, fails; not when its caller has left."""
    try:
        yield
    except BaseException as exc:
        if call is not None and call.is_over():
            listener.not_connected("timeout")
        elif isinstance(exc, Exception) and not isinstance(exc, PoolClosed):
            listener.not_connected(failure_of(exc))
        raise


def warn_of_leaks(overdue: Iterable[Hold], now: float) -> None:
    """Log the connections that have just been in use for too long."""
    for hold in overdue:
        held_s = now - hold.since
        log.warning("a connection to %s has been in use for %.0f s: is a response read and closed?", hold.host, held_s)


def stats_of(
    limits: PoolLimits,
    counters: Counters,
    queue: WaitQueue[Any, Any],
    idle: IdleConnections[Any],
    in_use: InUse[Any],
    now: float,
) -> PoolStats:
    """Return the statistics of the pool that consists of these."""
    per_host: dict[str, HostStats] = {}
    for host in list(queue.hosts.values()):  # at once: another thread may ask
        stats = per_host.setdefault(host.label, HostStats())
        stats.in_use += host.slots
        stats.idle += len(idle.by_host.get(host, ()))
        stats.waiting += len(host.waiters)
    return PoolStats(
        limit=limits.max_connections,
        max_idle=limits.max_keepalive,
        in_use=queue.slots,
        idle=len(idle),
        waiting=queue.waiting,
        created=counters.created,
        reused=counters.reused,
        closed=dict(counters.closed),
        acquire_timeouts=counters.acquire_timeouts,
        acquire_wait_seconds=round(counters.acquire_wait_s, 6),
        oldest_hold_seconds=round(in_use.oldest_s(now), 3),
        held_over_threshold_total=in_use.overdue_total,
        held_over_threshold=in_use.overdue(now),
        per_host=per_host,
    )
