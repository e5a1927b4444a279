"""By which way the rows of a streamed batch are screened: by the list held here, or by the agency's search."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiohttp import web

from service.batches.results import not_screened
from service.batches.rows import Row, RowResult, ScreeningOptions
from service.batches.screening import RowScreening
from service.batches.streaming import Screen
from service.batches.versions import HeldVersions
from service.keys import LISTS, MATCHING, REGISTRY
from tools.errors import NotScreened

__all__ = ["Way", "way_of"]


@dataclass(frozen=True, slots=True)
class Way:
    """What screens rows, and what is told of it: the list's version (None: the agency's search is asked), when it was
    last known to be the current one, and whether it is sample data."""

    screen: Screen
    list_version: str | None
    list_as_of: datetime | None
    sandbox: bool


async def way_of(request: web.Request, options: ScreeningOptions) -> Way:
    """The way that `options` ask for. Raises NotScreened when no list is in force that may clear anybody, NotConfigured
    when the agency's search wants a key that is not set."""
    tool = request.app[REGISTRY].sanctions
    screening = RowScreening(request.app[MATCHING], HeldVersions(request.app[LISTS]), tool)
    if options.via == "api":
        tool.require_key()
        return Way(partial(screening.by_agency, options=options), None, None, tool.sandbox)
    version = await screening.versions.newest()

    async def screen(rows: Sequence[Row]) -> list[RowResult]:
        # All rows are screened by the version that was in force when the batch came. It may have grown too old since.
        try:
            pinned = await screening.versions.pinned(version.sha256, version.as_of)
        except NotScreened as exc:
            return [not_screened(row, exc.code, str(exc)) for row in rows]
        return await screening.by_list(rows, pinned, options)

    return Way(screen, version.sha256, version.as_of, tool.sandbox)
