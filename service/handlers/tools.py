"""The tools themselves: what there is, and running one by its name."""

from typing import Any

import orjson
from aiohttp import web

from service.envelope import answer, json_response
from service.keys import REGISTRY, REQUEST_ID, SCREENING
from service.query import parameters
from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.errors import InvalidQuery

__all__ = ["catalogue", "run"]


async def catalogue(request: web.Request) -> web.Response:
    """`GET /v1/tools`: every tool, its parameters as JSON schema, how it runs, whom it asks."""
    parameters(request)
    return json_response({"tools": [_describe(tool) for tool in request.app[REGISTRY].tools.values()]})


async def run(request: web.Request) -> web.Response:
    """`POST /v1/tools/{name}`: run the tool with the members of a JSON object as its arguments."""
    parameters(request)
    registry = request.app[REGISTRY]
    name = request.match_info["name"]
    tool = registry.tools.get(name)
    if tool is None:
        raise web.HTTPNotFound(
            reason=f"there is no tool of this name; GET /v1/tools lists them: {', '.join(registry.tools)}"
        )
    request[SCREENING] = tool.screens
    query, outcome = await registry.ask(tool, await _arguments(request))
    return json_response(answer(name, query, outcome, request[REQUEST_ID]))


async def _arguments(request: web.Request) -> dict[str, Any]:
    body = await request.read()
    try:
        arguments = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as exc:
        raise InvalidQuery(f"body: is not JSON: {exc}", parameter="body") from exc
    if not isinstance(arguments, dict):
        raise InvalidQuery("body: must be a JSON object, its members are the tool's arguments", parameter="body")
    return arguments


def _describe(tool: ComplianceTool) -> dict[str, Any]:
    return {
        "name": tool.name,
        "description": tool.description,
        "upstream": tool.upstream,
        "configured": not (isinstance(tool, AgencyTool) and tool.missing),
        "modes": [mode for mode, there in (("async", tool.has_async_half), ("sync", tool.has_sync_half)) if there],
        "runs_on": "event_loop" if tool.has_async_half else "thread",
        "parameters": tool.query_model.model_json_schema() if tool.query_model is not None else None,
    }
