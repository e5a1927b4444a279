"""The agencies in good weather, a gateway in its own process that asks them, and one in this process."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from tests.integration.faults.gateway import GatewayProcess, running_gateway
from tests.integration.faults.settings import settings_for
from tests.integration.faults.upstream import Agency, serving_agencies

SEED = 20_260_826

Agencies = Mapping[str, Agency]
StartGateway = Callable[..., Awaitable[GatewayProcess]]
OpenGateway = Callable[..., Awaitable[TestClient[web.Request, web.Application]]]


@pytest.fixture
async def agencies() -> AsyncIterator[Agencies]:
    """All four, without TLS."""
    async with serving_agencies(SEED) as served:
        yield served


@pytest.fixture
async def start_gateway(agencies: Agencies, tmp_path: Path) -> AsyncIterator[StartGateway]:
    """Starts a gateway in its own process, with settings beside those of the lab."""
    async with AsyncExitStack() as stack:

        async def start(**settings: object) -> GatewayProcess:
            return await stack.enter_async_context(running_gateway(settings_for(agencies, **settings), tmp_path))

        yield start


@pytest.fixture
def open_gateway(agencies: Agencies, aiohttp_client: AiohttpClient) -> OpenGateway:
    """Opens a gateway in this process, with settings beside those of the lab."""

    async def open_one(**settings: Any) -> TestClient[web.Request, web.Application]:
        app = create_app(Config(**dict[str, Any](settings_for(agencies, **settings))))
        return await aiohttp_client(app, timeout=aiohttp.ClientTimeout(30))

    return open_one
