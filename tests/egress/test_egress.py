"""Between the gateway and the agencies: HTTP/2 over few connections, and nothing that is sent twice."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from tests.egress.conftest import Agency, Wire

OpenEgress = Callable[..., Awaitable[dict[str, int]]]
Gateway = TestClient[Any, Any]
REFUSALS = "/v1/refusals?country=CN"


@pytest.fixture
def open_gateway(aiohttp_client: AiohttpClient) -> Callable[..., Awaitable[Gateway]]:
    """A gateway that asks tariff agency and FDA through the proxy, without bounds of its own."""

    async def open_one(ports: dict[str, int], **settings: Any) -> Gateway:
        plain: dict[str, Any] = {"breaker": False, "cache": False, "retry": False}
        plain |= {
            "hts_url": f"http://127.0.0.1:{ports['hts']}/reststop",
            "fda_url": f"http://127.0.0.1:{ports['fda']}/v1",
            "hts_rate": "0",
            "fda_authorization_user": "user",
            "fda_authorization_key": "key",
        }
        return await aiohttp_client(create_app(Config(**plain | settings)))

    return open_one


async def ask(gateway: Gateway, path: str) -> tuple[int, dict[str, Any]]:
    async with gateway.get(path) as response:
        return response.status, await response.json()


async def test_a_hundred_calls_at_once_go_over_two_connections_all_in_http_2(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, _ = agency
    gateway = await open_gateway(await open_egress())
    server.takes_s = 0.2
    answers = await asyncio.gather(*(ask(gateway, f"/v1/hts?q=word{number}") for number in range(100)))
    assert {status for status, _ in answers} == {200}
    assert server.count("GET") == 200  # the release and the search, each
    assert server.versions == {"2"}
    assert server.connections <= 2


async def test_two_gateways_share_the_connections(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, _ = agency
    ports = await open_egress()
    gateways = [await open_gateway(ports) for _ in range(2)]
    server.takes_s = 0.1
    asked = (ask(gateway, f"/v1/hts?q=word{number}") for number in range(30) for gateway in gateways)
    assert {status for status, _ in await asyncio.gather(*asked)} == {200}
    assert server.connections <= 2


async def test_a_connection_that_dies_under_a_post_is_an_error_and_the_proxy_sends_it_once(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, wire = agency
    gateway = await open_gateway(await open_egress())
    assert (await ask(gateway, REFUSALS))[0] == 200
    server.gate.clear()
    asking = asyncio.create_task(ask(gateway, REFUSALS))
    async with asyncio.timeout(10):
        while server.count("POST") != 2:
            await asyncio.sleep(0.01)
    wire.cut()
    status, problem = await asking
    # A connection that was used before is closed by the proxy without a word, another one with a 502.
    assert (status, problem["code"]) in {(502, "provider_unreachable"), (502, "provider_failed")}
    assert server.count("POST") == 2
    server.gate.set()
    assert (await ask(gateway, REFUSALS))[0] == 200
    assert server.count("POST") == 3


async def test_whether_it_is_sent_again_is_the_gateway_s_decision_and_is_told(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, wire = agency
    gateway = await open_gateway(await open_egress(), retry=True)
    server.gate.clear()
    asking = asyncio.create_task(ask(gateway, REFUSALS))
    async with asyncio.timeout(10):
        while not server.count("POST"):
            await asyncio.sleep(0.01)
    server.gate.set()
    wire.cut()
    status, answer = await asking
    assert status == 200
    # FDA's question only reads, so the gateway may repeat it: as often as it says, and no more.
    assert server.count("POST") == answer["source"]["attempts"] == 2


async def test_a_connection_that_died_while_idle_is_not_noticed(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, wire = agency
    gateway = await open_gateway(await open_egress())
    assert (await ask(gateway, REFUSALS))[0] == 200
    wire.cut()
    await asyncio.sleep(0.1)  # the proxy has to read the end of it
    assert (await ask(gateway, REFUSALS))[0] == 200
    assert server.count("POST") == 2


async def test_an_agency_with_the_wrong_certificate_is_not_asked(
    agency: tuple[Agency, Wire], open_egress: OpenEgress, open_gateway: Any
) -> None:
    server, _ = agency
    gateway = await open_gateway(await open_egress(EGRESS_FDA_HOST="other.test"))
    status, problem = await ask(gateway, REFUSALS)
    assert (status, problem["code"], problem["upstream_status"]) == (502, "provider_failed", 503)
    assert server.seen == []
