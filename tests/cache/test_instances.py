"""Instances of the service that share what agencies answered, and what becomes of them without their Redis."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from tests.http_client.peer import Peer, hang
from tests.service.hts_upstream import HTSUpstream

LINE = "/v1/hts/8507.60.00.20"

Instance = TestClient[Any, Any]
OpenInstance = Callable[..., Awaitable[Instance]]


@pytest.fixture
async def upstream() -> Any:
    agency = HTSUpstream()
    await agency.server.start_server()
    yield agency
    await agency.server.close()


@pytest.fixture
def open_instance(aiohttp_client: AiohttpClient, upstream: HTSUpstream) -> OpenInstance:
    async def open_one(cache_url: str) -> Instance:
        return await aiohttp_client(create_app(Config(hts_url=upstream.url, hts_rate="0", cache_url=cache_url)))

    return open_one


async def ask(instance: Instance) -> dict[str, Any]:
    async with instance.get(LINE) as response:
        body: dict[str, Any] = await response.json()
        assert response.status == 200, body
        return body


async def shared_of(instance: Instance) -> dict[str, Any]:
    async with instance.get("/health") as response:
        shared: dict[str, Any] = (await response.json())["cache"]["shared"]
        return shared


async def test_what_one_instance_was_told_another_need_not_ask(
    redis_server: str, open_instance: OpenInstance, upstream: HTSUpstream
) -> None:
    one, other = await open_instance(redis_server), await open_instance(redis_server)
    first = await ask(one)
    async with asyncio.timeout(10):
        while (second := await ask(other))["source"]["served_from"] != "cache":
            await asyncio.sleep(0.05)
    assert second["result"] == first["result"]
    assert second["source"]["sha256"] == first["source"]["sha256"]
    assert (await shared_of(other))["reachable"]
    assert {request.path.rpartition("/")[2] for request in upstream.asked} == {"currentRelease", "exportList"}


@pytest.mark.parametrize("reply", [None, hang], ids=["dead", "never-answers"])
async def test_a_redis_that_is_no_good_costs_no_answer(
    open_instance: OpenInstance, upstream: HTSUpstream, reply: Any
) -> None:
    async with Peer(reply or hang).serving() as peer:
        port = peer.port
        if reply is None:
            port = 1  # nobody listens there
        instance = await open_instance(f"redis://127.0.0.1:{port}/0")
        assert (await ask(instance))["source"]["served_from"] == "live"
        assert (await ask(instance))["source"]["served_from"] == "cache"
        shared = await shared_of(instance)
        assert not shared["reachable"]
        assert shared["errors"] == 1
        assert shared["skipped"] >= 1
    assert len(upstream.asked) == 2
