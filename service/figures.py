"""The figures that pools, policies and stores count themselves, as Prometheus metrics.

Names follow Envoy's, HikariCP's and OpenTelemetry's where these have one. A label `server` is an agency's short name
(of several at one address, all of theirs), or `other` for a host that is none of theirs: never one somebody made up.
"""

import time
from collections.abc import Iterable, Mapping
from functools import partial
from urllib.parse import urlsplit

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from tools.agency import AgencyTool
from tools.http_client import PoolStats
from tools.transports import AnswerStore

__all__ = ["CacheFigures", "PoolFigures", "UpstreamFigures", "servers_of"]

_STATES = ("closed", "open", "half_open")
_SERVER = ("server",)
_POOL = ("pool",)
_DEFAULT_PORTS = {"http": 80, "https": 443}


class _Total:
    """A counter that is brought to what somebody else counted. What it has lost it does not take back."""

    def __init__(self, name: str, says: str, labels: tuple[str, ...], registry: CollectorRegistry) -> None:
        self._counter = Counter(name, says, labels, registry=registry)
        self._has_labels = bool(labels)
        self._seen: dict[tuple[str, ...], float] = {}

    def bring_to(self, value: float, *labels: str) -> None:
        """Count up to `value`."""
        more = value - self._seen.get(labels, 0.0)
        counter = self._counter.labels(*labels) if self._has_labels else self._counter
        if more >= 0:
            counter.inc(more)
            self._seen[labels] = value


def _gauge(name: str, says: str, labels: tuple[str, ...], registry: CollectorRegistry) -> Gauge:
    """Of several processes, the sum over those that live."""
    return Gauge(name, says, labels, registry=registry, multiprocess_mode="livesum")


class PoolFigures:
    """Both pools."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge, total = partial(_gauge, registry=registry), partial(_Total, registry=registry)
        self._limit = gauge("http_client_pool_limit", "Open sockets at most", _POOL)
        self._open = gauge(
            "http_client_open_connections", "Open sockets, by whether they are in use", ("pool", "state", "server")
        )
        self._pending = gauge("http_client_pool_pending_requests", "Requests in the queue", ("pool", "server"))
        self._held = gauge(
            "http_client_connections_held_over_threshold", "Connections in use for suspiciously long", _POOL
        )
        self._created = total("http_client_connections_created", "Connections made", _POOL)
        self._reused = total("http_client_connections_reused", "Requests on a warm connection", _POOL)
        self._closed = total("http_client_connections_closed", "Connections closed", ("pool", "reason"))
        self._timeouts = total("http_client_pool_acquire_timeouts", "Requests that got no connection in time", _POOL)

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


class UpstreamFigures:
    """The agencies: attempts, retries, breakers, quotas."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge, total = partial(_gauge, registry=registry), partial(_Total, registry=registry)
        self._took = Histogram(
            "http_client_request_duration_seconds",
            "How long an attempt took at the agency; error_type is empty when nothing was wrong",
            ("server", "error_type"),
            registry=registry,
        )
        self._queued = Histogram(
            "http_client_pool_acquire_duration_seconds",
            "How long an attempt waited for a connection",
            _SERVER,
            registry=registry,
        )
        self._active = gauge("http_client_active_requests", "Attempts under way", _SERVER)
        self._requests = total("http_client_requests", "Requests, retries not counted", _SERVER)
        self._retries = total("http_client_retries", "Requests sent once more, by why", ("server", "reason"))
        self._resends = total("http_client_stale_resends", "Resends, the connection had died while idle", _SERVER)
        self._exhausted = total("http_client_retry_budget_exhausted", "Retries that the budget refused", _SERVER)
        self._state = gauge("http_client_circuit_state", "1 for the state it is in", ("server", "state"))
        self._opened = total("http_client_circuit_opened", "Times that it opened", _SERVER)
        self._bad = total("http_client_bad_calls", "Attempts that counted against it", ("server", "reason"))
        self._last_bad = Gauge(
            "http_client_last_bad_call_timestamp_seconds",
            "When one of the last bad attempts ended, by what was wrong, in seconds since 1970",
            ("server", "reason"),
            registry=registry,
            multiprocess_mode="mostrecent",
        )
        self._waiting = gauge("http_client_quota_waiting", "Requests that wait for their turn", _SERVER)
        self._refused = total("http_client_quota_refused", "Requests whose turn came too late", _SERVER)

    def listen_to(self, tool: AgencyTool) -> None:
        """Be told of each attempt from now on."""
        server = str(tool.upstream)

        def note(took_s: float, queued_s: float, wrong: str) -> None:
            self._took.labels(server, wrong).observe(took_s)
            self._queued.labels(server).observe(queued_s)

        tool.policies.traffic.listener = note

    def update(self, tool: AgencyTool, now: float) -> None:
        """Take over what its policies counted; `now` is of the monotonic clock."""
        server, policies = str(tool.upstream), tool.policies
        traffic, budget, quota = policies.traffic.stats(), policies.budget.stats(), policies.quota.stats(now)
        self._active.labels(server).set(traffic.active)
        for reason, count in traffic.retries.items():
            self._retries.bring_to(count, server, reason)
        self._resends.bring_to(traffic.stale_resends, server)
        self._requests.bring_to(budget.requests, server)
        self._exhausted.bring_to(budget.refused, server)
        self._waiting.labels(server).set(quota.waiting)
        self._refused.bring_to(quota.refused, server)
        if policies.breaker is None:
            return
        breaker = policies.breaker.stats(now)
        for state in _STATES:
            self._state.labels(server, state).set(breaker.state == state)
        self._opened.bring_to(breaker.opened, server)
        for reason, count in breaker.bad_by_reason.items():
            self._bad.bring_to(count, server, reason)
        for each in reversed(breaker.reasons):
            self._last_bad.labels(server, each.reason).set(time.time() - each.ago_s)


class CacheFigures:
    """Kept answers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge, total = partial(_gauge, registry=registry), partial(_Total, registry=registry)
        self._entries = gauge("cache_entries", "Answers kept", ())
        self._bytes = gauge("cache_bytes", "The same in bytes", ())
        self._lookups = total("cache_lookups", "Answers looked for", ("store", "found"))
        self._evicted = total("cache_evicted", "Answers that gave way to others", ())
        self._reachable = gauge("cache_shared_reachable", "1 for each process that the shared store answers", ())
        self._failures = total("cache_shared_failures", "Operations that failed or were skipped", ("how",))

    def update(self, store: AnswerStore) -> None:
        """Take over what the stores counted."""
        memory, shared = store.answers.memory.stats(), store.answers.shared
        self._entries.set(memory.entries)
        self._bytes.set(memory.bytes)
        self._evicted.bring_to(memory.evicted)
        self._lookups.bring_to(memory.hits, "memory", "yes")
        self._lookups.bring_to(memory.misses, "memory", "no")
        if shared is None:
            return
        theirs = shared.stats()
        self._lookups.bring_to(theirs.hits, "shared", "yes")
        self._lookups.bring_to(theirs.misses, "shared", "no")
        self._reachable.set(theirs.reachable)
        self._failures.bring_to(theirs.errors, "failed")
        self._failures.bring_to(theirs.skipped, "skipped")


def servers_of(tools: Iterable[AgencyTool]) -> dict[str, str]:
    """The agencies' names by `host:port`, as the pools write it."""
    names: dict[str, list[str]] = {}
    for tool in tools:
        parts = urlsplit(tool.base_url)
        names.setdefault(f"{parts.hostname}:{parts.port or _DEFAULT_PORTS[parts.scheme]}", []).append(
            str(tool.upstream)
        )
    return {host: "+".join(each) for host, each in names.items()}
