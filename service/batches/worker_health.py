"""What a worker tells of itself, under the paths of the service: that it lives, takes work, and what it has done."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import orjson
from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from service import VERSION
from service.batches.ledger import Chunk
from service.batches.rows import RowResult
from service.config import Config
from service.figures import ProcessFigures
from service.figures.kinds import BUCKETS_S
from service.port import port_taken

__all__ = ["WorkerHealth"]

Compute = Callable[[Chunk], Awaitable[Sequence[RowResult]]]


class WorkerHealth:
    """Counts what `counted` computes; `is_working` says whether there is a queue to work for."""

    def __init__(self, is_working: Callable[[], bool]) -> None:
        self._is_working = is_working
        self._started_at = time.monotonic()
        self._chunks = self._rows = 0
        self._registry = CollectorRegistry()
        self._process = ProcessFigures(self._registry)
        self._seconds = Histogram(
            "compliance_gateway_worker_chunk_duration_seconds",
            "How long chunks took to screen",
            ("outcome",),
            registry=self._registry,
            buckets=BUCKETS_S,
        )
        self._told_rows = Counter(
            "compliance_gateway_worker_rows",
            "Rows that were screened, or told as not screened",
            registry=self._registry,
        )

    def counted(self, compute: Compute) -> Compute:
        """`compute`, which is counted from now on."""

        async def count(chunk: Chunk) -> Sequence[RowResult]:
            started, outcome = time.monotonic(), "failed"
            try:
                results = await compute(chunk)
                outcome = "computed"
                self._chunks += 1
                self._rows += len(results)
                self._told_rows.inc(len(results))
                return results
            finally:
                self._seconds.labels(outcome).observe(time.monotonic() - started)

        return count

    @property
    def routes(self) -> tuple[tuple[str, Callable[[web.Request], Awaitable[web.Response]]], ...]:
        """What answers under which path."""
        return ("/health", self._health), ("/health/ready", self._ready), ("/metrics", self._metrics)

    @asynccontextmanager
    async def served(self, config: Config) -> AsyncIterator[int]:
        """While the body runs, `/health`, `/health/ready` and `/metrics` answer on the address in the settings; the
        port. Raises PortTaken."""
        app = web.Application()
        for path, handler in self.routes:
            app.router.add_get(path, handler)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, config.host, config.port).start()
            except OSError as exc:
                raise port_taken(config, exc) from exc
            port: int = runner.addresses[0][1]
            yield port
        finally:
            await runner.cleanup()

    async def _health(self, _: web.Request) -> web.Response:
        """200 while the process lives."""
        told = {
            "status": "ok",
            "version": VERSION,
            "pid": os.getpid(),
            "uptime_s": round(time.monotonic() - self._started_at, 3),
            "working": self._is_working(),
            "chunks": self._chunks,
            "rows": self._rows,
        }
        return web.Response(body=orjson.dumps(told), content_type="application/json")

    async def _ready(self, _: web.Request) -> web.Response:
        """200 while it takes work; 503 while the database is away, and while it stops."""
        is_working = self._is_working()
        told = {"status": "ready" if is_working else "not ready"}
        status = 200 if is_working else 503
        return web.Response(status=status, body=orjson.dumps(told), content_type="application/json")

    async def _metrics(self, _: web.Request) -> web.Response:
        """In Prometheus's text format."""
        await asyncio.to_thread(self._process.update)
        return web.Response(body=generate_latest(self._registry), headers={"Content-Type": CONTENT_TYPE_LATEST})
