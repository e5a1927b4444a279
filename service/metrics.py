"""What the process counts, as Prometheus reads it: requests, pools, the policies of each agency, kept answers."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.hdrs import METH_ALL
from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from service.registry import Registry
from tools.agency import AgencyTool
from tools.http_client import HTTPClientManager, PoolStats
from tools.transports import AnswerStore

__all__ = ["Metrics", "Sources"]

_STATES = ("closed", "open", "half_open")
_LABELS = ("method", "route", "status")


@dataclass(frozen=True, slots=True)
class Sources:
    """What tells its own figures when it is asked."""

    clients: HTTPClientManager
    registry: Registry
    store: AnswerStore | None


@dataclass(slots=True)
class Metrics:
    """One registry for each application, so that several in one process do not add up."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    _requests: Counter = field(init=False)
    _seconds: Histogram = field(init=False)

    def __post_init__(self) -> None:
        for collect in (ProcessCollector, PlatformCollector, GCCollector):
            collect(registry=self.registry)
        self._requests = Counter(
            "http_server_requests", "Requests answered, by route and status", _LABELS, registry=self.registry
        )
        self._seconds = Histogram(
            "http_server_request_duration_seconds", "How long they took", ("route",), registry=self.registry
        )

    def watch(self, sources: Sources) -> None:
        """Tell the figures of `sources` too, from now on."""
        self.registry.register(_Figures(sources))

    def note_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """One request was answered."""
        # A caller may make up methods, and each would be a series of its own.
        self._requests.labels(method if method in METH_ALL else "other", route, str(status)).inc()
        self._seconds.labels(route).observe(took_s)

    def response(self) -> web.Response:
        """All of it, in Prometheus's text format."""
        return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


class _Figures(Collector):
    """Reads what pools, policies and stores count themselves, at the moment of the question."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Every family, with its samples."""
        stats = self._sources.clients.stats()
        pools = {"async": stats.async_, "sync": stats.sync}
        yield from _of_pools({mode: pool for mode, pool in pools.items() if pool is not None})
        tools = self._sources.registry.tools.values()
        yield from _of_upstreams({str(tool.upstream): tool for tool in tools if isinstance(tool, AgencyTool)})
        if self._sources.store is not None:
            yield from _of_cache(self._sources.store)


def _of_pools(pools: dict[str, PoolStats]) -> Iterator[Metric]:
    limit = GaugeMetricFamily("http_client_pool_limit", "Open sockets at most", labels=["pool"])
    connections = GaugeMetricFamily(
        "http_client_open_connections", "Open sockets, by whether they are in use", labels=["pool", "state"]
    )
    waiting = GaugeMetricFamily("http_client_pool_pending_requests", "Requests in the queue", labels=["pool"])
    held = GaugeMetricFamily(
        "http_client_connections_held_over_threshold", "Connections in use for suspiciously long", labels=["pool"]
    )
    created = CounterMetricFamily("http_client_connections_created", "Connections made", labels=["pool"])
    reused = CounterMetricFamily("http_client_connections_reused", "Requests on a warm connection", labels=["pool"])
    closed = CounterMetricFamily("http_client_connections_closed", "Connections closed", labels=["pool", "reason"])
    timeouts = CounterMetricFamily(
        "http_client_pool_acquire_timeouts", "Requests that got no connection in time", labels=["pool"]
    )
    waited = CounterMetricFamily("http_client_pool_acquire_seconds", "Time spent in the queue", labels=["pool"])
    for mode, pool in pools.items():
        limit.add_metric([mode], pool.limit)
        connections.add_metric([mode, "active"], pool.in_use)
        connections.add_metric([mode, "idle"], pool.idle)
        waiting.add_metric([mode], pool.waiting)
        held.add_metric([mode], len(pool.held_over_threshold))
        created.add_metric([mode], pool.created)
        reused.add_metric([mode], pool.reused)
        timeouts.add_metric([mode], pool.acquire_timeouts)
        waited.add_metric([mode], pool.acquire_wait_seconds)
        for reason, count in pool.closed.items():
            closed.add_metric([mode, reason], count)
    yield from (limit, connections, waiting, held, created, reused, closed, timeouts, waited)


def _of_upstreams(tools: dict[str, AgencyTool]) -> Iterator[Metric]:
    now = time.monotonic()
    state = GaugeMetricFamily("upstream_circuit_state", "1 for the state it is in", labels=["upstream", "state"])
    opened = CounterMetricFamily("upstream_circuit_opened", "Times that it opened", labels=["upstream"])
    bad = CounterMetricFamily("upstream_bad_calls", "Attempts that counted against it", labels=["upstream", "reason"])
    last_bad = GaugeMetricFamily(
        "upstream_last_bad_call_timestamp_seconds",
        "When one of the last bad attempts ended, by what was wrong, in seconds since 1970",
        labels=["upstream", "reason"],
    )
    requests = CounterMetricFamily("upstream_requests", "Requests, retries not counted", labels=["upstream"])
    retries = CounterMetricFamily("upstream_retries", "Requests sent once more", labels=["upstream"])
    exhausted = CounterMetricFamily(
        "upstream_retry_budget_exhausted", "Retries that the budget refused", labels=["upstream"]
    )
    waiting = GaugeMetricFamily("upstream_quota_waiting", "Requests that wait for their turn", labels=["upstream"])
    refused = CounterMetricFamily("upstream_quota_refused", "Requests whose turn came too late", labels=["upstream"])
    for name, tool in tools.items():
        if tool.policies.breaker is not None:
            breaker = tool.policies.breaker.stats(now)
            for each in _STATES:
                state.add_metric([name, each], breaker.state == each)
            opened.add_metric([name], breaker.opened)
            for reason, count in breaker.bad_by_reason.items():
                bad.add_metric([name, reason], count)
            newest = {each.reason: each.ago_s for each in reversed(breaker.reasons)}
            for reason, ago_s in newest.items():
                last_bad.add_metric([name, reason], time.time() - ago_s)
        budget, quota = tool.policies.budget.stats(), tool.policies.quota.stats(now)
        requests.add_metric([name], budget.requests)
        retries.add_metric([name], budget.retries)
        exhausted.add_metric([name], budget.refused)
        waiting.add_metric([name], quota.waiting)
        refused.add_metric([name], quota.refused)
    yield from (state, opened, bad, last_bad, requests, retries, exhausted, waiting, refused)


def _of_cache(store: AnswerStore) -> Iterator[Metric]:
    memory, shared = store.answers.memory.stats(), store.answers.shared
    yield GaugeMetricFamily("cache_entries", "Answers kept in this process", memory.entries)
    yield GaugeMetricFamily("cache_bytes", "The same in bytes", memory.bytes)
    lookups = CounterMetricFamily("cache_lookups", "Answers looked for", labels=["store", "found"])
    lookups.add_metric(["memory", "yes"], memory.hits)
    lookups.add_metric(["memory", "no"], memory.misses)
    yield CounterMetricFamily("cache_evicted", "Answers that gave way to others", memory.evicted)
    if shared is not None:
        theirs = shared.stats()
        lookups.add_metric(["shared", "yes"], theirs.hits)
        lookups.add_metric(["shared", "no"], theirs.misses)
        yield GaugeMetricFamily("cache_shared_reachable", "1 when the shared store answers", theirs.reachable)
        failures = CounterMetricFamily(
            "cache_shared_failures", "Operations that failed or were skipped", labels=["how"]
        )
        failures.add_metric(["failed"], theirs.errors)
        failures.add_metric(["skipped"], theirs.skipped)
        yield failures
    yield lookups
