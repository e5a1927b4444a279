"""What the application opens at its start and closes at its end: above all the one client of either mode."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import structlog
from aiohttp import web

from service.batches.opening import computed_here, make_job_database, make_ledger_here, telling_what_waits
from service.batches.pace import Paces
from service.batches.versions import pinned_by
from service.config import Config, unknown_names
from service.keys import (
    CLIENTS,
    CONFIG,
    LEDGER,
    LIFE,
    LISTS,
    MATCHING,
    METRICS,
    PACES,
    REGISTRY,
    RENDERED,
    STORE,
    THREADS,
)
from service.life import Life
from service.lists import ListKeeping
from service.metrics import Sources
from service.parts import (
    make_clients,
    make_count,
    make_lists,
    make_matching,
    make_rendered,
    make_row_screening,
    make_store,
)
from service.registry import Registry, make_tools
from service.sandbox import Sandbox, parse_faults
from service.threads import ToolThreads
from service.watch import watching
from tools.base import ComplianceTool
from tools.countries import load_countries
from tools.http_client import HTTPClientManager
from tools.screening.holder import none_pinned
from tools.transports import AnswerStore

__all__ = ["Lifecycle"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


#: Longest time that readiness waits for a list.
_LIST_WITHIN_S = 15.0


class Lifecycle:
    """One stack: what was opened is closed in reverse order, also when a later step of the start fails."""

    def __init__(self, extra_tools: tuple[type[ComplianceTool], ...]) -> None:
        self._extra_tools = extra_tools
        self._opened = AsyncExitStack()

    async def start(self, app: web.Application) -> None:
        """Open everything that requests need; then the service is ready."""
        config = app[CONFIG]
        if unknown := unknown_names():
            log.warning("settings that do not exist are ignored", names=unknown)
        # The first question with a country is not to wait for it.
        await asyncio.to_thread(load_countries)
        async with AsyncExitStack() as stack:
            # Left last, so that what closing counts is told, too.
            await stack.enter_async_context(app[METRICS].shared())
            sandbox = await _open_sandbox(config, stack)
            clients = app[CLIENTS] = await _open_clients(config, stack)
            threads = app[THREADS] = ToolThreads(acquire_s=config.pool_acquire_timeout_s)
            store = app[STORE] = await _open_store(config, stack)
            app[RENDERED] = make_rendered(config, store)
            database, ledger_here = make_job_database(config), make_ledger_here(config)
            # In the database are the lists, too, that its jobs are pinned to.
            lists = app[LISTS] = make_lists(config, sandbox, pinned=none_pinned if database else pinned_by(ledger_here))
            tools = make_tools(
                config,
                store,
                sandbox,
                self._extra_tools,
                client=clients.sync_client,
                async_client=clients.async_client,
                lists=lists,
                open_quota=None if database is None else database.open_quota,
            )
            registry = app[REGISTRY] = Registry(tools, threads)
            matching = app[MATCHING] = make_matching(config)
            stack.push_async_callback(matching.aclose)
            app[METRICS].watch(Sources(clients, registry, store, lists))
            if lists is not None:
                count = make_count(config, registry)
                await stack.enter_async_context(lists.keeping_current(clients.async_client, count))
                await stack.enter_async_context(_ready_with(lists, app[LIFE]))
            screening = make_row_screening(matching, lists, registry)
            opening = database.opened(lists) if database else computed_here(ledger_here, screening, matching.processes)
            app[PACES] = Paces()
            ledger = app[LEDGER] = await stack.enter_async_context(opening)
            await stack.enter_async_context(telling_what_waits(ledger, app[METRICS].note_waiting_chunks))
            await stack.enter_async_context(watching(registry.tools.values()))
            self._opened = stack.pop_all()
        if lists is None or lists.is_settled:
            app[LIFE].phase = "ready"

    async def stop(self, app: web.Application) -> None:
        """Close everything, pools first drained. Nothing to do when the start failed."""
        app[LIFE].phase = "stopped"
        await self._opened.aclose()


@asynccontextmanager
async def _ready_with(lists: ListKeeping, life: Life) -> AsyncIterator[None]:
    """While the body runs, `life` becomes ready when a list is in force, or when it is clear that there is none yet."""

    async def wait() -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(_LIST_WITHIN_S):
                await lists.settled()
        if life.phase == "starting":
            life.phase = "ready"

    task = asyncio.create_task(wait())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _open_sandbox(config: Config, stack: AsyncExitStack) -> Sandbox | None:
    if not config.sandbox:
        return None
    sandbox = Sandbox(config.sandbox_data, faults=parse_faults(config.sandbox_faults or ""))
    await sandbox.start()
    stack.push_async_callback(sandbox.close)
    return sandbox


async def _open_clients(config: Config, stack: AsyncExitStack) -> HTTPClientManager:
    clients = make_clients(config)
    stack.push_async_callback(clients.aclose)
    # A tool that asks for the process-wide clients gets the application's, so that there is one pool per mode.
    clients.make_default()
    stack.callback(clients.release_default)
    return clients


async def _open_store(config: Config, stack: AsyncExitStack) -> AnswerStore | None:
    store = make_store(config)
    if store is not None:
        if store.answers.shared is not None:
            stack.push_async_callback(store.answers.shared.aclose)
        stack.push_async_callback(store.in_tasks.aclose)
    return store
