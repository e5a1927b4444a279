"""The balancer before the gateways, the real HAProxy: who is not ready gets no requests."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.egress.conftest import free_port

CONFIGURATION = Path(__file__).parents[2] / "deploy/scale/haproxy.cfg"


class Gateway:
    """Answers as a gateway does whose start is not done yet, or is."""

    def __init__(self) -> None:
        self.is_ready = False
        app = web.Application()
        app.router.add_get("/health/ready", self._ready)
        app.router.add_get("/v1/jobs/1/events", self._events)
        self.server = TestServer(app)

    async def _ready(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_ready else 503)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await asyncio.sleep(60)
        return response


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    started = Gateway()
    async with started.server:
        yield started


@pytest.fixture
async def balancer(gateway: Gateway) -> AsyncIterator[str]:
    """Its URL."""
    program = shutil.which("haproxy")
    if program is None:
        pytest.skip("there is no haproxy on this machine")
    port = free_port()
    settings = {"SCALE_BIND": f"127.0.0.1:{port}", "SCALE_GATEWAY": f"127.0.0.1:{gateway.server.port}"}
    process = await asyncio.create_subprocess_exec(
        *(program, "-db", "-f", str(CONFIGURATION)),
        env={"PATH": os.environ["PATH"], **settings},
        stdout=asyncio.subprocess.DEVNULL,
    )
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    await process.wait()


async def test_requests_go_to_gateways_that_are_ready_and_a_stream_is_passed_on_at_once(
    gateway: Gateway, balancer: str
) -> None:
    async with aiohttp.ClientSession() as session:

        async def status(path: str) -> int:
            try:
                async with session.get(balancer + path) as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                return 0

        async with asyncio.timeout(20):
            while await status("/health/ready") == 0:
                await asyncio.sleep(0.05)
            while await status("/v1/jobs/1") != 503:
                await asyncio.sleep(0.05)
            gateway.is_ready = True
            while await status("/health/ready") != 200:
                await asyncio.sleep(0.05)
            async with session.get(f"{balancer}/v1/jobs/1/events") as events:
                assert await events.content.readline() == b"data: 1\n"
                gateway.is_ready = False
                while await status("/v1/jobs/1") != 503:
                    await asyncio.sleep(0.05)
