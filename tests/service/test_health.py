"""What /health and /health/ready say."""

import asyncio
import os
from typing import Any

from aiohttp.test_utils import make_mocked_request

from service.app import create_app
from service.batches.ledger import LedgerUnavailable
from service.config import Config
from service.health import get_ready
from service.keys import LEDGER, LIFE, REQUEST_ID
from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tests.service.test_hts_routes import status_of


async def test_health_shows_the_process_its_clients_pools_and_upstreams(
    gateway: Gateway, upstream: HTSUpstream
) -> None:
    async with gateway.get("/health") as response:
        body = await response.json()
    assert response.status == 200
    assert (body["status"], body["pid"]) == ("ok", os.getpid())
    assert body["uptime_s"] >= 0
    assert body["clients"] == {
        "sync_client_initialized": True,
        "async_client_initialized": True,
        "sync_client_closed": False,
        "async_client_closed": False,
    }
    for pool in body["pools"].values():
        assert (pool["limit"], pool["max_idle"]) == (100, 20)
        assert "max_age" in pool["closed"]
    assert body["upstreams"].keys() == {"hts", "csl", "fda", "cross"}
    async with gateway.get("/health/ready") as response:
        ready = (await response.json())["upstreams"]
    assert ready["hts"] == {"configured": True, "missing": [], "url": upstream.url, "sandbox": False}
    assert ready["csl"] == {
        "configured": False,
        "missing": ["subscription_key"],
        "url": "https://data.trade.gov/consolidated_screening_list/v1",
        "sandbox": False,
    }
    for name, each in ready.items():
        assert {key: body["upstreams"][name][key] for key in each} == each
    assert upstream.asked == []


async def test_figures_add_up_under_300_concurrent_requests(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    gateway = await open_gateway(pool_max_connections=10, pool_max_keepalive=4)
    asking = [asyncio.create_task(status_of(gateway, "/v1/hts/8507.60.00.20")) for _ in range(300)]
    async with asyncio.timeout(20):
        while (pool := await async_pool(gateway))["in_use"] + pool["waiting"] < 300:
            await asyncio.sleep(0.01)
    assert (pool["in_use"], pool["idle"], pool["waiting"]) == (10, 0, 290)
    assert pool["per_host"][upstream.server.host + f":{upstream.server.port}"]["waiting"] == 290
    upstream.gate.set()
    assert set(await asyncio.gather(*asking)) == {200}
    async with asyncio.timeout(20):
        while (pool := await async_pool(gateway))["idle"] > 4:  # the others linger for a second
            await asyncio.sleep(0.05)
    assert (pool["in_use"], pool["waiting"]) == (0, 0)
    assert pool["created"] - sum(pool["closed"].values()) == pool["idle"]
    assert pool["created"] + pool["reused"] == len(upstream.asked)


async def test_200_calls_one_after_the_other_take_one_connection(gateway: Gateway, upstream: HTSUpstream) -> None:
    for _ in range(200):
        assert await status_of(gateway, "/v1/hts/8507.60.00.20") == 200
    pool = await async_pool(gateway)
    assert pool["created"] == 1
    assert pool["reused"] == len(upstream.asked) - 1
    assert len({request.remote for request in upstream.asked}) == 1


async def test_ready_is_503_while_draining_and_connections_are_given_up(gateway: Gateway) -> None:
    async with gateway.get("/health/ready") as response:
        assert response.status == 200
        assert (await response.json())["status"] == "ready"
    assert gateway.app is not None
    gateway.app[LIFE].phase = "draining"
    async with gateway.get("/health/ready") as response:
        body = await response.json()
    assert (response.status, body["code"], body["detail"]) == (503, "not_ready", "draining")
    assert response.headers["Connection"] == "close"


async def test_an_agency_that_is_left_alone_degrades_the_service_and_nothing_else(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(breaker=True, hts_url="http://127.0.0.1:9")
    async with asyncio.timeout(20):
        while (body := await ready(gateway))["status"] == "ready":
            await status_of(gateway, "/v1/hts/8507.60.00.20")
    reason = "the agency fails, and is left alone for now (breaker open)"
    assert (body["status"], body["reasons"]) == ("degraded", [{"part": "hts", "reason": reason}])
    assert (await ready(gateway, "?require=rulings,jobs", 200))["status"] == "degraded"
    body = await ready(gateway, "?require=rulings,hts", 503)
    assert (body["code"], body["detail"], body["retryable"]) == ("not_ready", f"hts: {reason}", True)


async def test_keys_that_are_not_set_degrade_nothing_but_a_part_that_needs_them_cannot_be_required(
    gateway: Gateway,
) -> None:
    assert (await ready(gateway))["status"] == "ready"
    body = await ready(gateway, "?require=sanctions,refusals", 503)
    assert body["detail"].split("; ") == [
        "sanctions: not configured: subscription_key",
        "refusals: not configured: authorization_user, authorization_key",
    ]


async def test_jobs_that_cannot_be_reached_cannot_be_required(gateway: Gateway, monkeypatch: Any) -> None:
    assert gateway.app is not None
    ledger = gateway.app[LEDGER]
    assert (await ready(gateway, "?require=jobs"))["status"] == "ready"

    async def away() -> int:
        raise LedgerUnavailable("the database is away")

    async def hang() -> int:
        await asyncio.Event().wait()
        return 0

    monkeypatch.setattr(type(ledger), "waiting_chunks", lambda _: away())
    assert (await ready(gateway, "?require=jobs", 503))["detail"] == "jobs: the database is away"
    assert (await ready(gateway))["status"] == "ready"
    monkeypatch.setattr(type(ledger), "waiting_chunks", lambda _: hang())
    monkeypatch.setattr("service.health._LEDGER_WITHIN_S", 0.05)
    detail = (await ready(gateway, "?require=jobs", 503))["detail"]
    assert detail == "jobs: the jobs cannot be reached within 0.05 s"


async def ready(gateway: Gateway, require: str = "", status: int = 200) -> dict[str, Any]:
    async with gateway.get(f"/health/ready{require}") as response:
        assert response.status == status
        body: dict[str, Any] = await response.json()
    return body


async def test_ready_is_503_before_the_start_is_done() -> None:
    request = make_mocked_request("GET", "/health/ready", app=create_app(Config()))
    request[REQUEST_ID] = "r1"
    response = await get_ready(request)
    assert response.status == 503
    assert isinstance(response.body, bytes)
    assert b'"detail":"starting"' in response.body


async def async_pool(gateway: Gateway) -> dict[str, Any]:
    async with gateway.get("/health") as response:
        pool: dict[str, Any] = (await response.json())["pools"]["async"]
        return pool
