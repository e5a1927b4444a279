"""Asks from time to time for what makes kept answers worthless when it changes: the tariff's release in force."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import structlog

from tools.agency import AgencyTool
from tools.base import ComplianceTool
from tools.errors import ToolError

__all__ = ["INTERVAL_S", "watching"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

INTERVAL_S = 15 * 60.0


@asynccontextmanager
async def watching(tools: Iterable[ComplianceTool], interval_s: float = INTERVAL_S) -> AsyncIterator[None]:
    """While the body runs, refresh what `tools` watch about every `interval_s` seconds."""
    watched = [tool for tool in tools if isinstance(tool, AgencyTool) and tool.watched is not None]
    tasks = [asyncio.create_task(_watch(tool, interval_s)) for tool in watched]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _watch(tool: AgencyTool, interval_s: float) -> None:
    while True:
        # Not all instances at the same moment.
        await asyncio.sleep(interval_s * random.uniform(0.9, 1.1))  # noqa: S311 - no secret
        try:
            await tool.refresh_watched()
        except (ToolError, TimeoutError) as exc:
            log.warning("could not ask whether there is something new", tool=tool.name, error=str(exc))
