"""`compliance-gateway worker`: screens chunks of jobs that services with the same database were sent.

It asks no agency for the list: a service hands it over. What rows want from an agency's search it asks for itself,
within the bounds that all processes share.
"""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import structlog

from service import VERSION
from service.batches.matching_pool import MatchingPool
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue
from service.batches.postgres_quota import PostgresQuota
from service.batches.postgres_schema import schema_name
from service.batches.screening import RowScreening
from service.batches.shared_lists import SharedLists
from service.batches.worker_health import WorkerHealth
from service.batches.worker_lists import WorkerLists
from service.config import PREFIX, Config, ConfigError, unknown_names
from service.parts import make_clients
from service.registry import make_tools
from service.sandbox import Sandbox, parse_faults
from service.stop import Stop, stop_by_signals
from tools.sanctions import SanctionsTool

__all__ = ["run_worker"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


async def run_worker(config: Config, *, stop: Stop | None = None) -> None:
    """Work until `stop` is asked (default: by SIGTERM or SIGINT).

    Chunks under way then get `shutdown_s`; what is not done by then another worker does. A second signal stops at once.
    Without the database it waits for it. Raises ConfigError, PortTaken.
    """
    if config.database is None:
        raise ConfigError(f"{PREFIX}DATABASE_URL is not set, allowed: the URL that the services have")
    if unknown := unknown_names():
        log.warning("settings that do not exist are ignored", names=unknown)
    stop = stop or stop_by_signals()
    async with AsyncExitStack() as stack:
        link = PostgresLink(config.database, schema_name(sandbox=config.sandbox))
        stack.push_async_callback(link.aclose)
        queue = PostgresQueue(link)
        health = WorkerHealth(lambda: queue.is_working)
        port = await stack.enter_async_context(health.served(config))
        pool = MatchingPool(config.matching_processes or 1)
        stack.push_async_callback(pool.aclose)
        lists = WorkerLists(_folder(config), SharedLists(link))
        screening = RowScreening(pool, lists, await _agency(config, link, stack))
        log.info("working", host=config.host, port=port, processes=pool.processes, version=VERSION)
        working = asyncio.create_task(
            queue.work(
                PostgresLedger(link, queue.defer, keep=config.jobs_kept_for),
                health.counted(screening.chunk),
                at_once=pool.processes,
                stop=stop.asked,
                shutdown_s=config.shutdown_s,
            )
        )
        at_once = asyncio.create_task(stop.at_once.wait())
        await asyncio.wait((working, at_once), return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        working.cancel()
        [outcome] = await asyncio.gather(working, return_exceptions=True)
        if isinstance(outcome, Exception):
            raise outcome
    log.info("stopped")


def _folder(config: Config) -> Path:
    """Where the lists of a worker are. A service with the same folder has its own beside them."""
    return config.data_dir / ("sandbox-worker-lists" if config.sandbox else "worker-lists")


async def _agency(config: Config, link: PostgresLink, stack: AsyncExitStack) -> SanctionsTool:
    """The tool for rows that want the agency's search."""
    sandbox = None
    if config.sandbox:
        sandbox = Sandbox(config.sandbox_data, faults=parse_faults(config.sandbox_faults or ""))
        await sandbox.start()
        stack.push_async_callback(sandbox.close)
    clients = make_clients(config)
    stack.push_async_callback(clients.aclose)
    tools = make_tools(
        # One process, whatever the service has; its rates are kept to by all together.
        config.model_copy(update={"workers": 1, "sanctions_source": "api"}),
        None,
        sandbox,
        client=clients.sync_client,
        async_client=clients.async_client,
        open_quota=partial(PostgresQuota, link),
    )
    [tool] = [each for each in tools if isinstance(each, SanctionsTool)]
    return tool
