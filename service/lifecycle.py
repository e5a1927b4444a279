"""What the application opens at its start and closes at its end: above all the one client of either mode."""

from contextlib import AsyncExitStack

import structlog
from aiohttp import web

from service.config import Config, unknown_names
from service.keys import CLIENTS, CONFIG, LIFE, METRICS, REGISTRY, RENDERED, STORE, THREADS
from service.metrics import Sources
from service.parts import make_clients, make_rendered, make_store
from service.registry import Registry, make_tools
from service.sandbox import Sandbox, parse_faults
from service.threads import ToolThreads
from service.watch import watching
from tools.base import ComplianceTool
from tools.http_client import HTTPClientManager
from tools.transports import AnswerStore

__all__ = ["Lifecycle"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


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
        async with AsyncExitStack() as stack:
            # Left last, so that what closing counts is told, too.
            await stack.enter_async_context(app[METRICS].shared())
            sandbox = await _open_sandbox(config, stack)
            clients = app[CLIENTS] = await _open_clients(config, stack)
            threads = app[THREADS] = ToolThreads(acquire_s=config.pool_acquire_timeout_s)
            store = app[STORE] = await _open_store(config, stack)
            app[RENDERED] = make_rendered(config, store)
            tools = make_tools(
                config,
                store,
                sandbox,
                self._extra_tools,
                client=clients.sync_client,
                async_client=clients.async_client,
            )
            registry = app[REGISTRY] = Registry(tools, threads)
            app[METRICS].watch(Sources(clients, registry, store))
            await stack.enter_async_context(watching(registry.tools.values()))
            self._opened = stack.pop_all()
        app[LIFE].phase = "ready"

    async def stop(self, app: web.Application) -> None:
        """Close everything, pools first drained. Nothing to do when the start failed."""
        app[LIFE].phase = "stopped"
        await self._opened.aclose()


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
