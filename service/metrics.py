"""What is counted, as Prometheus reads it: of this process, or of all that share a directory.

With PROMETHEUS_MULTIPROC_DIR set, prometheus-client keeps every value in files there, and whichever process is asked
adds them up: counters of all that ever were, gauges of those that live. The directory has to be empty before the first
process starts.
"""

import asyncio
import contextlib
import os
import platform
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from aiohttp import web
from aiohttp.hdrs import METH_ALL
from prometheus_client import (
    CollectorRegistry,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from service import VERSION
from service.figures import CacheFigures, PoolFigures, UpstreamFigures, servers_of
from service.registry import Registry
from tools.agency import AgencyTool
from tools.http_client import HTTPClientManager
from tools.transports import AnswerStore

__all__ = ["Metrics", "Sources"]

_SHARED_BY = "PROMETHEUS_MULTIPROC_DIR"
#: Seconds between two looks at the figures when other processes tell them, too.
_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What tells its own figures when it is asked."""

    clients: HTTPClientManager
    registry: Registry
    store: AnswerStore | None

    @property
    def agencies(self) -> list[AgencyTool]:
        """The tools that ask one."""
        return [tool for tool in self.registry.tools.values() if isinstance(tool, AgencyTool)]


class Metrics:
    """One registry for each application, so that several in one process do not add up."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._directory = os.environ.get(_SHARED_BY)
        for collect in (ProcessCollector, PlatformCollector, GCCollector):
            collect(registry=self._registry)
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long requests took to answer",
            ("method", "route", "status"),
            registry=self._registry,
        )
        build = Gauge(
            "compliance_gateway_build_info",
            "1; what runs is in the labels",
            ("version", "python", "aiohttp", "urllib3"),
            registry=self._registry,
            multiprocess_mode="max",
        )
        build.labels(VERSION, platform.python_version(), version("aiohttp"), version("urllib3")).set(1)
        self._pools = PoolFigures(self._registry)
        self._upstreams = UpstreamFigures(self._registry)
        self._cache = CacheFigures(self._registry)
        self._sources: Sources | None = None

    def watch(self, sources: Sources) -> None:
        """Tell the figures of `sources` too, from now on."""
        self._sources = sources
        for tool in sources.agencies:
            self._upstreams.listen_to(tool)

    @contextlib.asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """While the body runs, keep the figures that other processes tell up to date; then this one's gauges go."""
        if self._directory is None:
            yield
            return
        task = asyncio.create_task(self._keep_up_to_date())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            self._update()
            mark_process_dead(os.getpid(), self._directory)  # type: ignore[no-untyped-call]  # it has no types

    def note_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """One request was answered."""
        # A caller may make up methods, and each would be a series of its own.
        self._seconds.labels(method if method in METH_ALL else "other", route, str(status)).observe(took_s)

    def response(self) -> web.Response:
        """All of it, in Prometheus's text format."""
        self._update()
        registry = self._registry
        if self._directory is not None:
            _forget_the_dead(self._directory)
            registry = CollectorRegistry()
            MultiProcessCollector(registry, self._directory)  # type: ignore[no-untyped-call]  # likewise
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _keep_up_to_date(self) -> None:
        while True:
            self._update()
            await asyncio.sleep(_INTERVAL_S)

    def _update(self) -> None:
        if self._sources is None:
            return
        stats, now = self._sources.clients.stats(), time.monotonic()
        agencies = self._sources.agencies
        servers = servers_of(agencies)
        for pool, of_pool in (("async", stats.async_), ("sync", stats.sync)):
            if of_pool is not None:
                self._pools.update(pool, of_pool, servers)
        for tool in agencies:
            self._upstreams.update(tool, now)
        if self._sources.store is not None:
            self._cache.update(self._sources.store)


def _forget_the_dead(directory: str) -> None:
    """The gauges of processes that ended without a word."""
    pids = {int(path.stem.rpartition("_")[2]) for path in Path(directory).glob("gauge_live*_*.db")}
    for pid in pids:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            mark_process_dead(pid, directory)  # type: ignore[no-untyped-call]  # likewise
        except PermissionError:
            pass  # it lives, and is somebody else's
