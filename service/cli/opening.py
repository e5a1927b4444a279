"""Opens what one call needs, by the service's own settings, and closes it again: pools, kept answers, a sandbox."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager

from service.cli.holding import held_list
from service.config import Config
from service.parts import make_clients, make_store
from service.registry import make_tools
from service.sandbox import Sandbox, parse_faults
from tools.base import ComplianceTool

__all__ = ["async_tools", "sandbox_beside", "sync_tools"]

Tools = Mapping[str, ComplianceTool]


@contextmanager
def sync_tools(config: Config, *, with_list: bool) -> Iterator[Tools]:
    """The tools by name, to be asked with `run`: over the `requests` pool, without an event loop.

    `with_list`: the list held here may be asked for.
    """
    with ExitStack() as stack:
        sandbox = stack.enter_context(sandbox_beside(config))
        clients = make_clients(config)
        # By then the answer is there, or nobody waits for it any more.
        stack.callback(clients.close_sync, drain_s=0.0)
        store = make_store(config)
        if store is not None and store.answers.shared is not None:
            shared = store.answers.shared
            stack.callback(lambda: asyncio.run(shared.aclose()))
        lists = asyncio.run(held_list(config, sandbox)) if with_list else None
        tools = make_tools(config, store, sandbox, client=clients.sync_client, async_client=None, lists=lists)
        yield {tool.name: tool for tool in tools}


@asynccontextmanager
async def async_tools(config: Config, sandbox: Sandbox | None) -> AsyncIterator[Tools]:
    """The tools by name, to be asked with `run_async`."""
    async with AsyncExitStack() as stack:
        clients = make_clients(config)
        stack.push_async_callback(clients.aclose, drain_s=0.0)
        store = make_store(config)
        if store is not None:
            if store.answers.shared is not None:
                stack.push_async_callback(store.answers.shared.aclose)
            stack.push_async_callback(store.in_tasks.aclose)
        lists = await held_list(config, sandbox)
        tools = make_tools(
            config, store, sandbox, client=clients.sync_client, async_client=clients.async_client, lists=lists
        )
        yield {tool.name: tool for tool in tools}


@contextmanager
def sandbox_beside(config: Config) -> Iterator[Sandbox | None]:
    """The sandbox, on an event loop in a thread of its own; None when the settings want none.

    Raises SandboxDataError, and OSError when it cannot listen.
    """
    if not config.sandbox:
        yield None
        return
    sandbox = Sandbox(config.sandbox_data, faults=parse_faults(config.sandbox_faults or ""))
    started: Future[asyncio.AbstractEventLoop] = Future()
    stopped = asyncio.Event()

    async def stand_by() -> None:
        try:
            await sandbox.start()
        except Exception as exc:  # noqa: BLE001 - raised again where the start is awaited
            started.set_exception(exc)
            return
        started.set_result(asyncio.get_running_loop())
        await stopped.wait()
        await sandbox.close()

    thread = threading.Thread(target=asyncio.run, args=(stand_by(),), name="sandbox", daemon=True)
    thread.start()
    loop = started.result()
    try:
        yield sandbox
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
