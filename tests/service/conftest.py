"""A gateway for the test, and the agency that it asks."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from tests.service.hts_upstream import HTSUpstream
from tools.base import ComplianceTool

Gateway = TestClient[web.Request, web.Application]
OpenGateway = Callable[..., Awaitable[Gateway]]


@pytest.fixture
async def upstream() -> AsyncIterator[HTSUpstream]:
    """The agency."""
    agency = HTSUpstream()
    await agency.server.start_server()
    yield agency
    agency.gate.set()
    await agency.server.close()


#: One question is one request, so that a test sees what it asked for.
PLAIN = {"retry": False, "breaker": False, "cache": False}
UNBOUNDED = dict.fromkeys(("hts_rate", "csl_rate", "fda_rate", "cross_rate"), "0")


@pytest.fixture
def open_gateway(aiohttp_client: AiohttpClient, upstream: HTSUpstream) -> OpenGateway:
    """Starts a gateway that asks `upstream`, without policies, with other settings and more tools if given."""

    async def open_one(*tools: type[ComplianceTool], **settings: Any) -> Gateway:
        app = create_app(Config(**{"hts_url": upstream.url} | PLAIN | UNBOUNDED | settings), tools=tools)
        return await aiohttp_client(app, timeout=aiohttp.ClientTimeout(30), connector=aiohttp.TCPConnector(limit=0))

    return open_one


@pytest.fixture
async def gateway(open_gateway: OpenGateway) -> Gateway:
    """A gateway without policies."""
    return await open_gateway()
