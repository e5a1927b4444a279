"""Both pools: their connections, and how long these took to make, were used and lived."""

from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Histogram

from service.figures.kinds import BUCKETS_S, Total, gauge
from tools.agency import AgencyTool
from tools.http_client import CONNECT_FAILURES, ConnectFailure, PoolListener, PoolStats

__all__ = ["PoolFigures", "servers_of"]

_POOL = ("pool",)
_DEFAULT_PORTS = {"http": 80, "https": 443}
#: A connection may live for hours.
_LIFE_BUCKETS_S = (1.0, 5.0, 15.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)


class PoolFigures:
    """The async and the sync pool, by the label `pool`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        live, total = partial(gauge, registry=registry), partial(Total, registry=registry)
        times = partial(Histogram, labelnames=_POOL, registry=registry)
        self._limit = live("http_client_pool_limit", "Open sockets at most", _POOL)
        self._open = live(
            "http_client_open_connections", "Open sockets, by whether they are in use", ("pool", "state", "server")
        )
        self._pending = live("http_client_pool_pending_requests", "Requests in the queue", ("pool", "server"))
        self._held = live(
            "http_client_connections_held_over_threshold", "Connections in use for suspiciously long", _POOL
        )
        self._created = total("http_client_connections_created", "Connections made", _POOL)
        self._reused = total("http_client_connections_reused", "Requests on a warm connection", _POOL)
        self._closed = total("http_client_connections_closed", "Connections closed", ("pool", "reason"))
        self._timeouts = total("http_client_pool_acquire_timeouts", "Requests that got no connection in time", _POOL)
        self._connect = times(
            "http_client_connect_duration_seconds", "Name, TCP and TLS of connections made", buckets=BUCKETS_S
        )
        self._usage = times(
            "http_client_connection_usage_seconds", "How long one request held its connection", buckets=BUCKETS_S
        )
        self._life = times(
            "http_client_connection_duration_seconds", "How long closed connections had lived", buckets=_LIFE_BUCKETS_S
        )
        self._failures = Counter(
            "http_client_connect_failures", "Connections that came to nothing", ("pool", "kind"), registry=registry
        )

    def listener(self, pool: str) -> PoolListener:
        """What `pool` is to tell its connections to."""
        failures = {kind: self._failures.labels(pool, kind) for kind in CONNECT_FAILURES}
        return _Listener(self._connect.labels(pool), self._usage.labels(pool), self._life.labels(pool), failures)

    def update(self, pool: str, stats: PoolStats, servers: Mapping[str, str]) -> None:
        """Take over `stats`; `servers` are the agencies' names by `host:port`."""
        self._limit.labels(pool).set(stats.limit)
        self._held.labels(pool).set(len(stats.held_over_threshold))
        self._created.bring_to(stats.created, pool)
        self._reused.bring_to(stats.reused, pool)
        self._timeouts.bring_to(stats.acquire_timeouts, pool)
        for reason, count in stats.closed.items():
            self._closed.bring_to(count, pool, reason)
        counts = {name: [0, 0, 0] for name in (*servers.values(), "other")}
        for host, each in stats.per_host.items():
            of_host = counts[servers.get(host, "other")]
            for at, number in enumerate((each.in_use, each.idle, each.waiting)):
                of_host[at] += number
        for name, (in_use, idle, waiting) in counts.items():
            self._open.labels(pool, "active", name).set(in_use)
            self._open.labels(pool, "idle", name).set(idle)
            self._pending.labels(pool, name).set(waiting)


class _Listener(PoolListener):
    """One pool's."""

    def __init__(
        self, connect: Histogram, usage: Histogram, life: Histogram, failures: Mapping[ConnectFailure, Counter]
    ) -> None:
        self._connect, self._usage, self._life, self._failures = connect, usage, life, failures

    def connected(self, took_s: float) -> None:
        self._connect.observe(took_s)

    def not_connected(self, why: ConnectFailure) -> None:
        self._failures[why].inc()

    def given_back(self, used_s: float) -> None:
        self._usage.observe(used_s)

    def closed(self, lived_s: float) -> None:
        self._life.observe(lived_s)


def servers_of(tools: Iterable[AgencyTool]) -> dict[str, str]:
    """The agencies' names by `host:port`, as the pools write it."""
    names: dict[str, list[str]] = {}
    for tool in tools:
        parts = urlsplit(tool.base_url)
        names.setdefault(f"{parts.hostname}:{parts.port or _DEFAULT_PORTS[parts.scheme]}", []).append(
            str(tool.upstream)
        )
    return {host: "+".join(each) for host, each in names.items()}
