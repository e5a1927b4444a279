"""What is counted, as Prometheus reads it: of this process, or of all that share a directory.

One way for both: every figure is a metric of prometheus-client, told at once or brought up to date before each answer,
and about once a second when other processes tell it, too.
"""

import asyncio
import contextlib
import os
import platform
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib.metadata import version

from aiohttp import web
from aiohttp.hdrs import METH_ALL
from prometheus_client import CollectorRegistry, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from service import VERSION
from service.figures import (
    CacheFigures,
    JobFigures,
    ListFigures,
    PoolFigures,
    ProcessFigures,
    UpstreamFigures,
    servers_of,
)
from service.figures.kinds import BUCKETS_S
from service.figures.shared import figures_of_all, forget_gauges, shared_directory
from service.lists import ListKeeping
from service.registry import Registry
from tools.agency import AgencyTool
from tools.http_client import HTTPClientManager
from tools.transports import AnswerStore

__all__ = ["Metrics", "Sources"]

#: Seconds between two looks at the figures when other processes tell them, too.
_INTERVAL_S = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What tells its own figures when it is asked."""

    clients: HTTPClientManager
    registry: Registry
    store: AnswerStore | None
    lists: ListKeeping | None

    @property
    def agencies(self) -> list[AgencyTool]:
        """The tools that ask one."""
        return [tool for tool in self.registry.tools.values() if isinstance(tool, AgencyTool)]


class Metrics:
    """One registry for each application, so that several in one process do not add up.

    Raises ConfigError when the directory that processes are to share is none.
    """

    def __init__(self) -> None:
        self._directory = shared_directory()
        # When a series began is a series more for each, which several processes could not tell anyway.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # it has no types
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "http_server_request_duration_seconds",
            "How long requests took to answer",
            ("method", "route", "status"),
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        #: Looked up by us: prometheus-client makes texts of labels first, under a lock.
        self._series: dict[tuple[str, str, int], Histogram] = {}
        build = Gauge(
            "compliance_gateway_build_info",
            "1; what runs is in the labels",
            ("version", "python", "aiohttp", "urllib3"),
            registry=self._registry,
            multiprocess_mode="livemax",
        )
        build.labels(VERSION, platform.python_version(), version("aiohttp"), version("urllib3")).set(1)
        self._pools = PoolFigures(self._registry)
        self._upstreams = UpstreamFigures(self._registry)
        self._process = ProcessFigures(self._registry)
        self._jobs = JobFigures(self._registry)
        self._cache: CacheFigures | None = None
        self._lists: ListFigures | None = None
        self._sources: Sources | None = None
        #: Of the threads that look at the process and write the answer, one at a time.
        self._lock = threading.Lock()

    def watch(self, sources: Sources) -> None:
        """Tell the figures of `sources` too, from now on."""
        self._sources = sources
        sources.clients.tell(async_=self._pools.listener("async"), sync=self._pools.listener("sync"))
        for tool in sources.agencies:
            self._upstreams.listen_to(tool)
        if sources.store is not None:
            self._cache = CacheFigures(self._registry, is_shared=sources.store.answers.shared is not None)
        if sources.lists is not None:
            self._lists = ListFigures(self._registry)

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
            with self._lock:
                self._process.update()
                forget_gauges(self._directory, os.getpid())

    def note_request(self, method: str, route: str, status: int, took_s: float) -> None:
        """One request was answered."""
        series = self._series.get((method, route, status))
        if series is None:
            # A caller may make up methods, and each would be a series of its own.
            known = method if method in METH_ALL else "other"
            series = self._seconds.labels(known, route, str(status))
            if known == method:
                self._series[method, route, status] = series
        series.observe(took_s)

    def note_waiting_chunks(self, waiting: int | None) -> None:
        """So many chunks of jobs wait; None: nobody knows."""
        self._jobs.update(waiting)

    async def response(self) -> web.Response:
        """All of it, in Prometheus's text format. Written in a thread: it takes a while."""
        self._update()
        body = await asyncio.to_thread(self._text)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _text(self) -> bytes:
        with self._lock:
            self._process.update()
            return generate_latest(self._registry if self._directory is None else figures_of_all(self._directory))

    async def _keep_up_to_date(self) -> None:
        while True:
            self._update()
            await asyncio.to_thread(self._look_at_process)
            await asyncio.sleep(_INTERVAL_S)

    def _look_at_process(self) -> None:
        with self._lock:
            self._process.update()

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
        if self._cache is not None and self._sources.store is not None:
            self._cache.update(self._sources.store)
        if self._lists is not None and self._sources.lists is not None:
            self._lists.update(self._sources.lists.state())
