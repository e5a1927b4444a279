"""Whether the process lives, whether it takes work, and how its pools stand. Asks no upstream."""

import os
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from service import VERSION
from service.envelope import json_response
from service.errors import problem, problem_response
from service.keys import CLIENTS, LIFE, METRICS, REGISTRY, REQUEST_ID, STORE, THREADS
from service.query import parameters
from tools.agency import AgencyTool
from tools.transports import AnswerStore

__all__ = ["get_health", "get_metrics", "get_ready"]


async def get_health(request: web.Request) -> web.Response:
    """200 while the process lives."""
    parameters(request)
    clients = request.app[CLIENTS].describe()
    pools = clients.pop("pools")
    return json_response(
        {
            "status": "ok",
            "version": VERSION,
            "pid": os.getpid(),
            "uptime_s": round(request.app[LIFE].uptime_s, 3),
            "clients": clients,
            "pools": pools,
            "threads": request.app[THREADS].stats(),
            "cache": _cache(request.app[STORE]),
            "upstreams": _upstreams(request.app, _policies),
        }
    )


async def get_ready(request: web.Request) -> web.Response:
    """200 when the service takes work; 503 before its start is done and while it drains."""
    parameters(request)
    phase = request.app[LIFE].phase
    if phase != "ready":
        title = "The service takes no work now"
        return problem_response(problem(503, "not_ready", title, phase, request[REQUEST_ID], retryable=True))
    return json_response({"status": "ready", "upstreams": _upstreams(request.app)})


async def get_metrics(request: web.Request) -> web.Response:
    """What the process counts, in Prometheus's text format."""
    parameters(request)
    return request.app[METRICS].response()


def _upstreams(app: web.Application, more: Callable[[AgencyTool], dict[str, Any]] = lambda _: {}) -> dict[str, Any]:
    return {
        str(tool.upstream): {
            "configured": not tool.missing,
            "missing": tool.missing,
            "url": tool.base_url,
            "sandbox": tool.sandbox,
            **more(tool),
        }
        for tool in app[REGISTRY].tools.values()
        if isinstance(tool, AgencyTool)
    }


def _policies(tool: AgencyTool) -> dict[str, Any]:
    policies, now = tool.policies, time.monotonic()
    return {
        "breaker": policies.breaker.stats(now) if policies.breaker is not None else None,
        "retries": policies.budget.stats(),
        "quota": policies.quota.stats(now),
    }


def _cache(store: AnswerStore | None) -> dict[str, Any] | None:
    if store is None:
        return None
    shared = store.answers.shared
    return {"memory": store.answers.memory.stats(), "shared": shared.stats() if shared is not None else None}
