"""The tools themselves: what there is, and running one by its name."""

from typing import Any, Literal

import orjson
from aiohttp import web
from typing_extensions import TypedDict

from service.envelope import answer, json_response
from service.keys import REGISTRY, REQUEST_ID
from service.query import json_body, parameters, refuse_members_twice
from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.errors import InvalidQuery

__all__ = ["Catalogue", "ToolDescription", "catalogue", "run"]


class ToolDescription(TypedDict):
    """A tool. `parameters` is a JSON schema, null where its code alone decides; `runs_on` is where its half runs."""

    name: str
    description: str
    upstream: str | None
    configured: bool
    modes: list[str]
    runs_on: Literal["event_loop", "thread"]
    parameters: dict[str, Any] | None


class Catalogue(TypedDict):
    """Every tool."""

    tools: list[ToolDescription]


async def catalogue(request: web.Request) -> web.Response:
    """`GET /v1/tools`: every tool, its parameters as JSON schema, how it runs, whom it asks."""
    parameters(request)
    found: Catalogue = {"tools": [_describe(tool) for tool in request.app[REGISTRY].tools.values()]}
    return json_response(found)


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
    query, outcome = await registry.ask(tool, await _arguments(request))
    return json_response(answer(name, query, outcome, request[REQUEST_ID]))


async def _arguments(request: web.Request) -> dict[str, Any]:
    body = await json_body(request)
    refuse_members_twice(body)
    try:
        arguments = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as exc:
        raise InvalidQuery(f"body: is not JSON: see line {exc.lineno}, column {exc.colno}", parameter="body") from exc
    if not isinstance(arguments, dict):
        raise InvalidQuery("body: must be a JSON object, its members are the tool's arguments", parameter="body")
    return arguments


def _describe(tool: ComplianceTool) -> ToolDescription:
    return {
        "name": tool.name,
        "description": tool.description,
        "upstream": tool.upstream,
        "configured": not (isinstance(tool, AgencyTool) and tool.missing),
        "modes": [mode for mode, there in (("async", tool.has_async_half), ("sync", tool.has_sync_half)) if there],
        "runs_on": "event_loop" if tool.has_async_half else "thread",
        "parameters": tool.query_model.model_json_schema() if tool.query_model is not None else None,
    }
