"""Sanctions, refusals and rulings over REST, answered by the sandbox: what is asked, told, and refused."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config


@pytest.fixture
async def sandboxed(aiohttp_client: AiohttpClient) -> TestClient[Any, Any]:
    return await aiohttp_client(create_app(Config(sandbox=True)))


async def get(client: TestClient[Any, Any], path: str) -> tuple[int, dict[str, Any]]:
    async with client.get(path) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    ("path", "tool", "query"),
    [
        ("/v1/sanctions?name=Bank+Melli&sources=sdn,el", "sanctions", {"name": "Bank Melli", "sources": ["SDN", "EL"]}),
        ("/v1/sanctions?name=Acme&fuzzy=false&threshold=0.9", "sanctions", None),
        ("/v1/refusals?product=88LDT&since=2024-01-01", "refusals", {"product": "88LDT", "since": "2024-01-01"}),
        ("/v1/refusals?firm=sample+ocean&fei=3100000001&until=2026-12-31&limit=3", "refusals", None),
        ("/v1/rulings?q=tuna&collection=ny", "rulings", {"keyword": "tuna", "collection": "NY"}),
        ("/v1/rulings?hts=8507.60.00.20&since=2010-01-01&until=2022-01-01&limit=3", "rulings", None),
        ("/v1/rulings/h301481", "rulings", {"number": "H301481"}),
    ],
)
async def test_each_route_answers_in_the_envelope_and_says_that_it_is_sample_data(
    sandboxed: TestClient[Any, Any], path: str, tool: str, query: dict[str, Any] | None
) -> None:
    status, body = await get(sandboxed, path)
    assert status == 200, body
    assert body.keys() == {"tool", "query", "result", "source", "request_id"}
    assert (body["tool"], body["source"]["sandbox"]) == (tool, True)
    assert query is None or body["query"] == query


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/sanctions", "name"),
        ("/v1/sanctions?name=", "name"),
        ("/v1/sanctions?name=a", "name"),
        ("/v1/sanctions?name=" + "x" * 201, "name"),
        ("/v1/sanctions?name=a&name=b", "name"),
        ("/v1/sanctions?name=%ff%fe", "name"),
        ("/v1/sanctions?name=Acme&sources=SDN,ABC", "sources"),
        ("/v1/sanctions?name=Acme&sources=", "sources"),
        ("/v1/sanctions?name=Acme&threshold=2", "threshold"),
        ("/v1/sanctions?name=Acme&fuzzy=maybe", "fuzzy"),
        ("/v1/sanctions?name=Acme&countries=CN", "countries"),
        ("/v1/refusals", "country"),
        ("/v1/refusals?country=Korea", "country"),
        ("/v1/refusals?country=CN&since=soon", "since"),
        ("/v1/refusals?country=CN&limit=0", "limit"),
        ("/v1/refusals?country=CN&offset=5", "offset"),
        ("/v1/rulings", "q"),
        ("/v1/rulings?q=", "q"),
        ("/v1/rulings?q=a&hts=8507", "hts"),
        ("/v1/rulings?hts=85", "hts"),
        ("/v1/rulings?number=N305619", "number"),
        ("/v1/rulings?q=a&collection=LA", "collection"),
        ("/v1/rulings?q=a&since=2020-01-02&until=2020-01-01", "since"),
        ("/v1/refusals?country=CN&since=2020-01-02&until=2020-01-01", "since"),
        ("/v1/rulings/nonsense", "number"),
        ("/v1/rulings/N305619?text=no", "text"),
    ],
)
async def test_bad_input_is_a_400_that_names_the_parameter(
    sandboxed: TestClient[Any, Any], path: str, parameter: str
) -> None:
    status, body = await get(sandboxed, path)
    assert (status, body["code"], body["parameter"]) == (400, "invalid_query", parameter)
    assert body["detail"].startswith(f"{parameter}: ")
    assert body.get("outcome") == ("not_screened" if path.startswith("/v1/sanctions") else None)


async def test_the_tools_take_json_too_and_a_screening_that_fails_says_so(sandboxed: TestClient[Any, Any]) -> None:
    for sources in ("SDN,UVL", ["SDN", "UVL"]):
        body = {"name": "Atlas Sanatgaran", "sources": sources, "threshold": 0.9, "fuzzy": True}
        async with sandboxed.post("/v1/tools/sanctions", json=body) as response:
            told = await response.json()
        assert (response.status, told["result"]["outcome"]) == (200, "match")
    for wrong in ({}, {"name": ["Acme"]}, {"name": "Acme", "sources": 7}, {"name": "Acme", "threshold": "high"}):
        async with sandboxed.post("/v1/tools/sanctions", json=wrong) as response:
            told = await response.json()
        assert (response.status, told["code"], told["outcome"]) == (400, "invalid_query", "not_screened")
    async with sandboxed.post("/v1/tools/rulings", json={"number": "N999999"}) as response:
        told = await response.json()
    assert (response.status, told["code"], told["sandbox"]) == (404, "not_found", True)
    assert "outcome" not in told


@pytest.mark.parametrize(
    ("method", "path", "screens"),
    [
        ("GET", "/v1/sanctions?name=Acme", True),
        ("POST", "/v1/snapshot", True),
        ("POST", "/v1/tools/sanctions", True),
        ("POST", "/v1/tools/hts", False),
        ("GET", "/v1/hts/8507", False),
    ],
)
async def test_a_screening_that_fails_before_it_is_looked_at_says_so_too(
    sandboxed: TestClient[Any, Any], method: str, path: str, screens: bool
) -> None:
    async with sandboxed.request(method, path, headers={"X-Request-Timeout": "soon"}) as response:
        told = await response.json()
    assert (response.status, told["parameter"]) == (400, "X-Request-Timeout")
    assert told.get("outcome") == ("not_screened" if screens else None)


async def test_ready_and_the_catalogue_say_what_is_configured(
    sandboxed: TestClient[Any, Any], aiohttp_client: AiohttpClient
) -> None:
    live = await aiohttp_client(create_app(Config(fda_authorization_user="me@example.com")))
    for client, missing in (
        (sandboxed, {"hts": [], "csl": [], "fda": [], "cross": []}),
        (live, {"hts": [], "csl": ["subscription_key"], "fda": ["authorization_key"], "cross": []}),
    ):
        status, ready = await get(client, "/health/ready")
        assert status == 200
        assert {name: each["missing"] for name, each in ready["upstreams"].items()} == missing
        _, catalogue = await get(client, "/v1/tools")
        configured = {tool["upstream"]: tool["configured"] for tool in catalogue["tools"]}
        assert configured == {name: not keys for name, keys in missing.items()}
