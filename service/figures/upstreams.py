"""The agencies: attempts, retries, breakers, quotas."""

import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus

from prometheus_client import CollectorRegistry, Gauge, Histogram

from service.figures.kinds import BUCKETS_S, Total, gauge
from tools.agency import AgencyTool

__all__ = ["UpstreamFigures"]

_STATES = ("closed", "open", "half_open")
_SERVER = ("server",)
_STATUSES = {f"HTTP {status.value}" for status in HTTPStatus}


class UpstreamFigures:
    """Each agency, by the label `server`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        live, total = partial(gauge, registry=registry), partial(Total, registry=registry)
        self._took = Histogram(
            "http_client_request_duration_seconds",
            "How long an attempt took at the agency; error_type is empty when nothing was wrong",
            ("server", "error_type"),
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._queued = Histogram(
            "http_client_pool_acquire_duration_seconds",
            "How long an attempt waited for a connection, those that got none too",
            ("pool", "server"),
            registry=registry,
            buckets=BUCKETS_S,
        )
        self._active = live("http_client_active_requests", "Attempts under way", _SERVER)
        self._requests = total("http_client_requests", "Requests, retries not counted", _SERVER)
        self._retries = total("http_client_retries", "Requests sent once more, by why", ("server", "reason"))
        self._resends = total("http_client_stale_resends", "Resends, the connection had died while idle", _SERVER)
        self._exhausted = total("http_client_retry_budget_exhausted", "Retries that the budget refused", _SERVER)
        self._state = live("http_client_circuit_state", "Processes in which it is in this state", ("server", "state"))
        self._opened = total("http_client_circuit_opened", "Times that it opened", _SERVER)
        self._bad = total("http_client_bad_calls", "Attempts that counted against it", ("server", "reason"))
        self._last_bad = Gauge(
            "http_client_last_bad_call_timestamp_seconds",
            "When one of the last bad attempts ended, by what was wrong, in seconds since 1970",
            ("server", "reason"),
            registry=registry,
            multiprocess_mode="max",
        )
        self._waiting = live("http_client_quota_waiting", "Requests that wait for their turn", _SERVER)
        self._refused = total("http_client_quota_refused", "Requests whose turn came too late", _SERVER)

    def listen_to(self, tool: AgencyTool) -> None:
        """Be told of each attempt from now on."""
        server = str(tool.upstream)
        # There from the start, so that the first attempt counts as growth.
        good = self._took.labels(server, "")
        queued = {pool: self._queued.labels(pool, server) for pool in ("async", "sync")}

        def note(pool: str, queued_s: float, took_s: float | None, wrong: str) -> None:
            queued[pool].observe(queued_s)
            if took_s is not None:
                (self._took.labels(server, wrong) if wrong else good).observe(took_s)

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
        for reason, count in _bounded(breaker.bad_by_reason).items():
            self._bad.bring_to(count, server, reason)
        for each in reversed(breaker.reasons):
            self._last_bad.labels(server, _word(each.reason)).set(time.time() - each.ago_s)


def _bounded(counts: Mapping[str, int]) -> Counter[str]:
    """`counts` with those of statuses that do not exist taken together."""
    bounded = Counter[str]()
    for reason, count in counts.items():
        bounded[_word(reason)] += count
    return bounded


def _word(reason: str) -> str:
    return "HTTP other" if reason.startswith("HTTP ") and reason[5:].isdecimal() and reason not in _STATUSES else reason
