"""Reads what callers ask for beside the path, strictly: a parameter that is not known may be a filter misspelt."""

import contextlib
import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

from aiohttp import web

from service.encoded_body import receiving
from tools.errors import InvalidQuery, TooLarge
from tools.query_faults import FaultCollector

__all__ = [
    "TIMEOUT_HEADER",
    "json_body",
    "parameters",
    "parameters_and_faults",
    "refuse_members_twice",
    "wanted_deadline_s",
    "wants_live",
    "word_of",
]

W = TypeVar("W")

TIMEOUT_HEADER = "X-Request-Timeout"


def parameters(
    request: web.Request, known: Mapping[str, str] = {}, *, repeatable: Collection[str] = ()
) -> dict[str, str]:
    """The query's parameters under the names that `known` gives them (theirs -> ours).

    Those that are `repeatable` may be there, once or several times, and are not in what is returned. Raises
    InvalidQuery naming each parameter that is not known, is there twice, or is not UTF-8.
    """
    faults = FaultCollector()
    found = parameters_and_faults(request, faults, known, repeatable=repeatable)
    faults.raise_if_any()
    return found


def parameters_and_faults(
    request: web.Request, faults: FaultCollector, known: Mapping[str, str] = {}, *, repeatable: Collection[str] = ()
) -> dict[str, str]:
    """The same, where more of the question is to be read before it is refused: what is wrong goes to `faults`."""
    found: dict[str, str] = {}
    for name, value in request.query.items():
        if name not in known and name not in repeatable:
            takes = ", ".join([*known, *repeatable]) or "none"
            faults.add(name[:100], f"there is no such parameter; there are: {takes}")
        elif "\N{REPLACEMENT CHARACTER}" in value:
            faults.add(name, "is not UTF-8")
        elif name in repeatable:
            continue
        elif known[name] in found:
            faults.add(name, "is given more than once")
        else:
            found[known[name]] = value
    return found


def word_of(
    asked: Mapping[str, str], name: str, words: Sequence[W], default: W, faults: FaultCollector | None = None
) -> W:
    """That of our `words` which parameter `name` says, in any case; without it, the `default`.

    Any other is a fault: it goes to `faults`, else InvalidQuery is raised.
    """
    said = asked.get(name)
    if said is None:
        return default
    for word in words:
        if str(word).casefold() == said.strip().casefold():
            return word
    allowed = " or ".join(filter(None, (", ".join(map(str, words[:-1])), str(words[-1]))))
    if faults is None:
        raise InvalidQuery(f"{name}: must be {allowed}", parameter=name)
    faults.add(name, f"must be {allowed}")
    return default


def refuse_members_twice(body: bytes) -> None:
    """Raise InvalidQuery when a member of an object in `body` stands there more than once: one of them would be lost.

    What is no JSON at all is for its reader to refuse.
    """

    def once(members: list[tuple[str, object]]) -> dict[str, object]:
        found = dict(members)
        if len(found) < len(members):
            names = [name for name, _ in members]
            twice = next(name for name in found if names.count(name) > 1)
            raise InvalidQuery(f"{twice[:100]}: is given more than once", parameter=twice[:100])
        return found

    with contextlib.suppress(ValueError, RecursionError):
        json.loads(body, object_pairs_hook=once)


async def json_body(request: web.Request) -> bytes:
    """The body as it came. None is an empty one, whatever its type; one without a type is taken for JSON.

    Raises HTTPUnsupportedMediaType when it says that it is something else than JSON, TooLarge when it is over the
    application's bound, InvalidQuery when it cannot be read.
    """
    if not request.body_exists:
        return b""
    if request.headers.get("Content-Type") and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(reason="the body must be application/json")
    try:
        receive, body = receiving(request), bytearray()
        while piece := await receive():
            body += piece
            if len(body) > request.client_max_size:
                raise TooLarge(f"the body is over {request.client_max_size} bytes")
        return bytes(body)
    except web.RequestPayloadError as exc:
        raise InvalidQuery("body: is not encoded as its headers say", parameter="body") from exc


def wanted_deadline_s(request: web.Request, at_most_s: float) -> float | None:
    """Seconds that the caller gives us by `X-Request-Timeout`, at most `at_most_s`; None: not said.

    Raises InvalidQuery when that is not a number above 0.
    """
    said = request.headers.get(TIMEOUT_HEADER)
    if said is None:
        return None
    try:
        wanted_s = float(said)
    except ValueError:
        wanted_s = math.nan
    if not 0 < wanted_s < math.inf:
        raise InvalidQuery(f"{TIMEOUT_HEADER}: must be a number of seconds above 0", parameter=TIMEOUT_HEADER)
    return min(wanted_s, at_most_s)


def wants_live(request: web.Request) -> bool:
    """Whether the caller forbids kept answers: `Cache-Control: no-cache` (RFC 9111, section 5.2.1.4), or no-store."""
    said = request.headers.get("Cache-Control")
    if said is None:
        return False
    directives = {each.strip().lower() for each in said.split(",")}
    return not directives.isdisjoint({"no-cache", "no-store"})
