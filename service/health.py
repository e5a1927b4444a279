"""Whether the process lives, whether it takes work, and how its pools stand. Asks no upstream."""

import os
from typing import Any

from aiohttp import web

from service import VERSION
from service.envelope import json_response
from service.errors import problem
from service.keys import CLIENTS, LIFE, REGISTRY, REQUEST_ID, THREADS
from service.query import parameters
from tools.agency import AgencyTool

__all__ = ["get_health", "get_ready"]


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
            "upstreams": _upstreams(request.app),
        }
    )


async def get_ready(request: web.Request) -> web.Response:
    """200 when the service takes work; 503 before its start is done and while it drains."""
    parameters(request)
    phase = request.app[LIFE].phase
    if phase != "ready":
        return problem(503, "not_ready", "The service takes no work now", phase, request[REQUEST_ID], retryable=True)
    return json_response({"status": "ready", "upstreams": _upstreams(request.app)})


def _upstreams(app: web.Application) -> dict[str, Any]:
    return {
        str(tool.upstream): {
            "configured": not tool.missing,
            "missing": tool.missing,
            "url": tool.base_url,
            "sandbox": tool.sandbox,
        }
        for tool in app[REGISTRY].tools.values()
        if isinstance(tool, AgencyTool)
    }
