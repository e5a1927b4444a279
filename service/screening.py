"""Which requests ask for a screening: whoever gets a problem in place of the answer has screened nobody."""

from aiohttp import web

from service.keys import REGISTRY

__all__ = ["asks_for_screening"]

_ROUTES = frozenset({"/v1/sanctions", "/v1/sanctions/batch", "/v1/jobs", "/v1/snapshot"})


def asks_for_screening(request: web.Request) -> bool:
    """Told by the route, or where a tool is run by its name by the tool: whatever else is wrong with the request."""
    resource = request.match_info.route.resource
    if resource is not None and resource.canonical in _ROUTES:
        return True
    tool = request.app[REGISTRY].tools.get(request.match_info.get("name", ""))
    return tool is not None and tool.screens
