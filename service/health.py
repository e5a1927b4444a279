"""Whether the process lives, whether it takes work, and how its pools stand. Asks no upstream."""

import os
import time
from typing import Any, Literal

from aiohttp import web
from typing_extensions import TypedDict

from service import VERSION
from service.envelope import json_response
from service.errors import Problem, problem, problem_response
from service.event_loop import name_of_loop
from service.keys import CLIENTS, CONFIG, LIFE, LISTS, METRICS, REGISTRY, REQUEST_ID, STORE, THREADS
from service.lists.telling import ListTold, told
from service.query import parameters
from service.threads import ThreadStats
from tools.agency import AgencyTool
from tools.cache import MemoryStats, SharedStats
from tools.http_client import PoolStats
from tools.policy.breaker import BreakerStats
from tools.policy.quota import QuotaStats
from tools.policy.retry import RetryStats
from tools.policy.traffic import Latency
from tools.transports import AnswerStore

__all__ = ["NOT_READY", "Health", "Readiness", "get_health", "get_metrics", "get_ready", "not_ready"]

NOT_READY = "not_ready"

#: Both pools; null where a client was never opened.
Pools = TypedDict("Pools", {"async": PoolStats | None, "sync": PoolStats | None})


class Clients(TypedDict):
    """The life of both clients."""

    sync_client_initialized: bool
    async_client_initialized: bool
    sync_client_closed: bool
    async_client_closed: bool


class Caches(TypedDict):
    """Kept answers: in this process, and in Redis where there is one."""

    memory: MemoryStats
    shared: SharedStats | None


class Upstream(TypedDict):
    """An agency: whether the keys that it wants are set (`missing`: those that are not), and where it is asked."""

    configured: bool
    missing: tuple[str, ...]
    url: str
    sandbox: bool


class UpstreamHealth(Upstream):
    """The same, how its policies stand, and how fast it answered lately. `breaker` is null when it is switched off."""

    breaker: BreakerStats | None
    retries: RetryStats
    quota: QuotaStats
    latency: Latency


class Health(TypedDict):
    """How the process stands that answers, one of `workers`. `cache` is null when nothing is kept."""

    status: Literal["ok"]
    version: str
    pid: int
    workers: int
    event_loop: str
    uptime_s: float
    clients: Clients
    pools: Pools
    threads: ThreadStats
    cache: Caches | None
    upstreams: dict[str, UpstreamHealth]


class Readiness(TypedDict):
    """That the service takes work, what each agency lacks, and the list that is held here (null: none is to be)."""

    status: Literal["ready"]
    upstreams: dict[str, Upstream]
    list: ListTold | None


async def get_health(request: web.Request) -> web.Response:
    """200 while the process lives."""
    parameters(request)
    return json_response(_health(request.app))


async def get_ready(request: web.Request) -> web.Response:
    """200 when the service takes work; 503 before its start is done and while it drains."""
    parameters(request)
    phase = request.app[LIFE].phase
    if phase != "ready":
        return problem_response(not_ready(phase, request[REQUEST_ID]))
    ready: Readiness = {
        "status": "ready",
        "upstreams": {str(tool.upstream): _upstream(tool) for tool in _agencies(request.app)},
        "list": None if (lists := request.app[LISTS]) is None else told(lists.state()),
    }
    return json_response(ready)


async def get_metrics(request: web.Request) -> web.Response:
    """What the process counts, in Prometheus's text format."""
    parameters(request)
    return await request.app[METRICS].response()


def not_ready(phase: str, request_id: str) -> Problem:
    """What is told in the `phase` of a start or an end."""
    return problem(503, NOT_READY, "The service takes no work now", phase, request_id, retryable=True)


def _health(app: web.Application) -> Health:
    clients: dict[str, Any] = app[CLIENTS].describe()
    pools = clients.pop("pools")
    return {
        "status": "ok",
        "version": VERSION,
        "pid": os.getpid(),
        "workers": app[CONFIG].workers,
        "event_loop": name_of_loop(),
        "uptime_s": round(app[LIFE].uptime_s, 3),
        "clients": clients,  # type: ignore[typeddict-item]  # the manager's four truths
        "pools": pools,
        "threads": app[THREADS].stats(),
        "cache": _cache(app[STORE]),
        "upstreams": {str(tool.upstream): {**_upstream(tool), **_policies(tool)} for tool in _agencies(app)},  # type: ignore[typeddict-item]  # the two halves of it
    }


def _agencies(app: web.Application) -> list[AgencyTool]:
    return [tool for tool in app[REGISTRY].tools.values() if isinstance(tool, AgencyTool)]


def _upstream(tool: AgencyTool) -> Upstream:
    return {
        "configured": not tool.missing,
        "missing": tool.missing,
        "url": tool.base_url,
        "sandbox": tool.sandbox,
    }


def _policies(tool: AgencyTool) -> dict[str, Any]:
    policies, now = tool.policies, time.monotonic()
    return {
        "breaker": policies.breaker.stats(now) if policies.breaker is not None else None,
        "retries": policies.budget.stats(),
        "quota": policies.quota.stats(now),
        "latency": policies.traffic.latency(now),
    }


def _cache(store: AnswerStore | None) -> Caches | None:
    if store is None:
        return None
    shared = store.answers.shared
    return {"memory": store.answers.memory.stats(), "shared": shared.stats() if shared is not None else None}
