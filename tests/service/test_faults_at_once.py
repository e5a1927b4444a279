"""Every fault of a question is answered at once, in our words, on each route that reads one."""

from typing import Any

import pytest

from tests.service.conftest import OpenGateway

_PARTY = {"name": "Acme", "role": "seller", "country": "CN"}


async def _faults(open_gateway: OpenGateway, method: str, path: str, json: object = None) -> list[dict[str, Any]]:
    gateway = await open_gateway()
    async with gateway.request(method, path, json=json) as response:
        body = await response.json()
    assert response.status == 400, body
    assert body["code"] == "invalid_query"
    faults: list[dict[str, Any]] = body["faults"]
    # The other two members say the same, for who reads one line.
    assert body["parameter"] == faults[0]["parameter"]
    assert body["detail"] == "; ".join(f"{each['parameter']}: {each['detail']}" for each in faults)
    return faults


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        (
            "/v1/sanctions?nme=Acme&threshold=7&algorithm=best&name=Acme&name=Beta",
            ["nme", "name", "threshold", "algorithm"],
        ),
        ("/v1/hts?limit=0&pages=1", ["pages", "q", "limit"]),
        ("/v1/refusals?limit=0&limt=1", ["limt", "country", "limit"]),
        ("/v1/rulings?q=a&hts=8507&since=never&collection=LA", ["hts", "collection", "since"]),
        ("/v1/rulings?limit=-1", ["q", "limit"]),
    ],
)
async def test_a_query_string_s_faults(open_gateway: OpenGateway, path: str, parameters: list[str]) -> None:
    assert [each["parameter"] for each in await _faults(open_gateway, "GET", path)] == parameters


async def test_a_search_is_called_as_the_route_calls_it(open_gateway: OpenGateway) -> None:
    (fault,) = await _faults(open_gateway, "GET", f"/v1/hts?q={'x' * 201}")
    assert fault == {"parameter": "q", "detail": "must be 1 to 200 characters long"}


async def test_a_shipment_s_faults(open_gateway: OpenGateway) -> None:
    shipment = {
        "direction": "sideways",
        "product": {"description": "", "hts_code": "85"},
        "lane": {"origin": "CN", "destination": "US", "via": "PA"},
        "parties": [],
    }
    assert await _faults(open_gateway, "POST", "/v1/snapshot?stream=2", shipment) == [
        {"parameter": "stream", "detail": "must be 0 or 1"},
        {"parameter": "direction", "detail": "must be import or export"},
        {"parameter": "product.description", "detail": "must be 1 to 500 characters long"},
        {"parameter": "product.hts_code", "detail": "must be 4, 6, 8 or 10 digits, dotted as in 8507.60.00.20 or not"},
        {"parameter": "lane.via", "detail": "there is no such parameter"},
        {"parameter": "parties", "detail": "add at least one party"},
    ]


async def test_each_party_s_fault(open_gateway: OpenGateway) -> None:
    shipment = {
        "direction": "import",
        "product": {"description": "cells", "hts_code": "8507.60.00.20"},
        "lane": {"origin": "CN", "destination": "US"},
        "parties": [{**_PARTY, "name": "."}, _PARTY, {**_PARTY, "role": "thief"}],
    }
    faults = await _faults(open_gateway, "POST", "/v1/snapshot", shipment)
    assert [each["parameter"] for each in faults] == ["parties.0.name", "parties.2.role"]


async def test_a_json_question_s_faults(open_gateway: OpenGateway) -> None:
    faults = await _faults(open_gateway, "POST", "/v1/sanctions", {"name": 1, "fuzzy": "no", "wanted": 1})
    assert [(each["parameter"], each["detail"].split(";")[0]) for each in faults] == [
        ("wanted", "there is no such parameter"),
        ("name", "must be text"),
        ("fuzzy", "must be true or false"),
    ]


async def test_the_faults_of_many_rows_question(open_gateway: OpenGateway) -> None:
    path = "/v1/sanctions/batch?treshold=1&format=xlsx&threshold=2&map=nme=A,name=B,name=C"
    faults = await _faults(open_gateway, "POST", path, [{"name": "Acme"}])
    assert [each["parameter"] for each in faults] == ["treshold", "format", "threshold", "map", "map"]


async def test_the_faults_of_a_job_s_question(open_gateway: OpenGateway) -> None:
    path = "/v1/jobs?list=oldest&via=both&x=1"
    faults = await _faults(open_gateway, "POST", path, [{"name": "Acme"}])
    assert [each["parameter"] for each in faults] == ["x", "list", "via"]


async def test_the_log_does_not_repeat_what_was_given(
    open_gateway: OpenGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    await _faults(open_gateway, "POST", "/v1/sanctions", {"name": ["Hidden Harbor"]})
    assert "name: must be text" in (said := capsys.readouterr().out)
    assert "Hidden Harbor" not in said
