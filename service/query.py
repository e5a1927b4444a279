"""Reads query strings, strictly: a parameter that we do not know must not be ignored, it may be a filter misspelt."""

from collections.abc import Mapping

from aiohttp import web

from tools.errors import InvalidQuery

__all__ = ["parameters"]


def parameters(request: web.Request, known: Mapping[str, str] = {}) -> dict[str, str]:
    """The query's parameters under the names that `known` gives them (theirs -> ours).

    Raises InvalidQuery naming a parameter that is not known, stands there twice, or is not UTF-8.
    """
    found: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known:
            takes = ", ".join(known) or "none"
            raise InvalidQuery(f"{name[:100]}: there is no such parameter; there are: {takes}", parameter=name[:100])
        if "\N{REPLACEMENT CHARACTER}" in value:
            raise InvalidQuery(f"{name}: is not UTF-8", parameter=name)
        if known[name] in found:
            raise InvalidQuery(f"{name}: stands there more than once", parameter=name)
        found[known[name]] = value
    return found
