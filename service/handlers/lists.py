"""The lists that are held here: which version is in force, and what changed."""

import asyncio
from typing import Literal

from aiohttp import web
from typing_extensions import TypedDict

from service.envelope import json_response, rfc3339
from service.keys import CONFIG, LISTS
from service.lists.keeping import ListKeeping
from service.lists.telling import ListTold, UnreadableReport, told, unreadable
from service.query import parameters
from tools.errors import InvalidQuery, NotFound, NotScreened
from tools.sanctions_lists import LISTS as SCREENING_LISTS
from tools.screening.changes import Change, Changes, Values, changes_since
from tools.screening.manifest import sha256_in

__all__ = ["ChangeTold", "ChangesTold", "ListsTold", "Row", "Stint", "changes", "lists"]

#: Entries that one answer tells at most.
_MAX_CHANGES = 10_000


class Row(TypedDict):
    """One list and its entries in the version in force (null: none is)."""

    code: str
    name: str
    rows: int | None


class Stint(TypedDict):
    """A version, and since when it was in force."""

    version: str
    since: str


class ListsTold(TypedDict):
    """The thirteen lists, the version in force with its rows that could not be read, and the versions before it, the
    last first."""

    lists: list[Row]
    held: ListTold
    unreadable: list[UnreadableReport]
    history: list[Stint]


class ChangeTold(TypedDict):
    """One entry that was added, removed, or changed; then `before` and `after` have the fields that differ."""

    kind: Literal["added", "removed", "changed"]
    list: str
    name: str
    before: Values
    after: Values


class ChangesTold(TypedDict):
    """From version `since` to `until`. `truncated`: there are more than are told; the counts are of all."""

    since: str
    until: str
    added: int
    removed: int
    changed: int
    changes: list[ChangeTold]
    truncated: bool


async def lists(request: web.Request) -> web.Response:
    """`GET /v1/lists`: what is held here."""
    parameters(request)
    keeping = _keeping(request)
    state = keeping.state()
    held = told(state)
    counts = held["rows_per_list"]
    history = await asyncio.to_thread(keeping.store.history)
    body: ListsTold = {
        "lists": [
            {"code": code, "name": row.name, "rows": None if counts is None else counts.get(code, 0)}
            for code, row in SCREENING_LISTS.items()
        ],
        "held": held,
        "unreadable": unreadable(state.manifest),
        "history": [{"version": each.sha256, "since": rfc3339(each.at)} for each in reversed(history)],
    }
    return json_response(body)


async def changes(request: web.Request) -> web.Response:
    """`GET /v1/lists/changes?since=`: what became of the list since a version that was in force."""
    since = parameters(request, {"since": "since"}).get("since")
    if since is None:
        raise InvalidQuery("since: is required, the version of an earlier answer", parameter="since")
    try:
        sha256_in(since)
    except ValueError as exc:
        raise InvalidQuery(f"since: {exc}", parameter="since") from exc
    found = await asyncio.to_thread(changes_since, _keeping(request).store, since)
    if found is None:
        missing = NotFound("this version was never in force here, or too long ago", upstream="csl")
        missing.sandbox = request.app[CONFIG].sandbox
        raise missing
    return json_response(await asyncio.to_thread(_told, found))


def _told(found: Changes) -> ChangesTold:
    counts = {kind: len(found.of_kind(kind)) for kind in ("added", "removed", "changed")}
    return {
        "since": found.since,
        "until": found.until,
        "added": counts["added"],
        "removed": counts["removed"],
        "changed": counts["changed"],
        "changes": [_one(each) for each in list(found.entries.values())[:_MAX_CHANGES]],
        "truncated": len(found.entries) > _MAX_CHANGES,
    }


def _one(change: Change) -> ChangeTold:
    return {
        "kind": change.kind,
        "list": change.list,
        "name": change.name,
        "before": change.before,
        "after": change.after,
    }


def _keeping(request: web.Request) -> ListKeeping:
    keeping = request.app[LISTS]
    if keeping is None:
        raise NotScreened("no list is held here: GATEWAY_SANCTIONS_SOURCE is api", upstream="csl")
    return keeping
