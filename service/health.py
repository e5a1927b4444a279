"""Whether the process lives, whether it takes work, and how its pools stand. Asks no upstream."""

import asyncio
import os
import time
from collections.abc import Iterable
from typing import Any, Literal

from aiohttp import web
from typing_extensions import TypedDict

from service import VERSION
from service.batches.ledger import LedgerUnavailable
from service.envelope import json_response
from service.errors import Problem, problem, problem_response
from service.event_loop import name_of_loop
from service.keys import CLIENTS, CONFIG, LEDGER, LIFE, LISTS, METRICS, REGISTRY, REQUEST_ID, STORE, THREADS
from service.lists.telling import ListTold, told
from service.query import parameters
from service.threads import ThreadStats
from tools.agency import AgencyTool
from tools.cache import MemoryStats, SharedStats
from tools.errors import InvalidQuery
from tools.http_client import PoolStats
from tools.policy.breaker import BreakerStats
from tools.policy.quota import QuotaStats
from tools.policy.retry import RetryStats
from tools.policy.traffic import Latency
from tools.transports import AnswerStore

__all__ = [
    "NOT_READY",
    "REQUIRABLE",
    "Health",
    "Readiness",
    "Shortfall",
    "get_health",
    "get_metrics",
    "get_ready",
    "not_ready",
]

NOT_READY = "not_ready"
#: The parts that a caller may require: the tools by their names, and the jobs.
REQUIRABLE = ("sanctions", "hts", "refusals", "rulings", "jobs")
#: A ledger that takes longer cannot be reached for now.
_LEDGER_WITHIN_S = 2.0

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


class Shortfall(TypedDict):
    """A part that cannot answer now, and why."""

    part: str
    reason: str


class Readiness(TypedDict):
    """That the service takes work, what each agency lacks, and the list that is held here (null: none is to be).

    `degraded`: it serves, but for the parts in `reasons`. A part whose keys are not set is none of these.
    """

    status: Literal["ready", "degraded"]
    reasons: list[Shortfall]
    upstreams: dict[str, Upstream]
    list: ListTold | None


async def get_health(request: web.Request) -> web.Response:
    """200 while the process lives."""
    parameters(request)
    return json_response(_health(request.app))


async def get_ready(request: web.Request) -> web.Response:
    """200 when the service takes work; 503 before its start is done, while it drains, and while a part in `require`
    cannot answer."""
    required = _required(parameters(request, {"require": "require"}).get("require"))
    phase = request.app[LIFE].phase
    if phase != "ready":
        return problem_response(not_ready(phase, request[REQUEST_ID]))
    lacking = await _lacking(request.app, required)
    if lacking:
        detail = "; ".join(f"{each['part']}: {each['reason']}" for each in lacking)
        title = "A required part cannot answer now"
        return problem_response(problem(503, NOT_READY, title, detail, request[REQUEST_ID], retryable=True))
    reasons = [each for part in REQUIRABLE if (each := _shortfall(request.app, part)) is not None]
    ready: Readiness = {
        "status": "degraded" if reasons else "ready",
        "reasons": reasons,
        "upstreams": {str(tool.upstream): _upstream(tool) for tool in _agencies(request.app)},
        "list": None if (lists := request.app[LISTS]) is None else told(lists.state()),
    }
    return json_response(ready)


def _required(text: str | None) -> list[str]:
    """The parts in the parameter `require`. Raises InvalidQuery."""
    if text is None:
        return []
    parts = [part.strip().lower() for part in text.split(",")]
    if unknown := [part for part in parts if part not in REQUIRABLE]:
        said = f"{unknown[0][:40]!r} is no part; there are: {', '.join(REQUIRABLE)}"
        raise InvalidQuery(f"require: {said}", parameter="require")
    return list(dict.fromkeys(parts))


async def _lacking(app: web.Application, required: Iterable[str]) -> list[Shortfall]:
    """The required parts that cannot answer. A part whose keys are not set cannot, either."""
    found = list[Shortfall]()
    for part in required:
        shortfall = await _jobs_away(app) if part == "jobs" else _shortfall(app, part) or _unconfigured(app, part)
        if shortfall is not None:
            found.append(shortfall)
    return found


def _shortfall(app: web.Application, part: str) -> Shortfall | None:
    """Why `part` cannot answer, as far as this process knows without a request."""
    lists = app[LISTS]
    if part == "sanctions" and lists is not None:
        why_not = lists.state().not_screened_because
        return None if why_not is None else {"part": part, "reason": why_not}
    tool = app[REGISTRY].tools.get(part)
    breaker = tool.policies.breaker if isinstance(tool, AgencyTool) else None
    if breaker is not None and breaker.stats(time.monotonic()).state == "open":
        return {"part": part, "reason": "the agency fails, and is left alone for now (breaker open)"}
    return None


def _unconfigured(app: web.Application, part: str) -> Shortfall | None:
    tool = app[REGISTRY].tools.get(part)
    if isinstance(tool, AgencyTool) and tool.missing:
        return {"part": part, "reason": f"not configured: {', '.join(tool.missing)}"}
    return None


async def _jobs_away(app: web.Application) -> Shortfall | None:
    try:
        async with asyncio.timeout(_LEDGER_WITHIN_S):
            await app[LEDGER].waiting_chunks()
    except TimeoutError:
        return {"part": "jobs", "reason": f"the jobs cannot be reached within {_LEDGER_WITHIN_S:g} s"}
    except LedgerUnavailable as exc:
        return {"part": "jobs", "reason": str(exc)}
    return None


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
