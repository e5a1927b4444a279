"""A name in a script that is not read, by every route that screens: it is never clear, and says why."""

from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from service.keys import LISTS

Client = TestClient[Any, Any]
ARABIC, HANGUL = "الشركة التجارية", "Quiet Harbor 삼성"


@pytest.fixture(params=["list", "api", "both"])
def via(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def client(aiohttp_client: AiohttpClient, tmp_path: Path) -> Client:
    app = create_app(Config(sandbox=True, sanctions_source="list", data_dir=tmp_path))
    client = await aiohttp_client(app)
    lists = app[LISTS]
    assert lists is not None
    await lists.settled()
    return client


async def answer(client: Client, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
    async with client.request(method, path, **more) as response:
        return response.status, orjson.loads(await response.read())


@pytest.mark.parametrize(("name", "script"), [(ARABIC, "Arabic"), (HANGUL, "Hangul"), ("トヨタ", "kana")])
async def test_one_question_is_a_422_that_names_what_is_not_read(
    client: Client, via: str, name: str, script: str
) -> None:
    query = {"name": name, "via": via, "country": "Iran"}
    for method, path, more in (
        ("GET", "/v1/sanctions", {"params": query}),
        ("POST", "/v1/sanctions", {"json": query}),
        ("POST", "/v1/tools/sanctions", {"json": query}),
    ):
        status, body = await answer(client, method, path, **more)
        assert (status, body["code"], body["outcome"]) == (422, "script_not_covered", "not_screened")
        assert (body["retryable"], body["retry_after_s"]) == (False, None)
        assert script in body["detail"]
        assert body["country_programs"]["level"] == "stop"
        assert [each["text"] in name and script in each["script"] for each in body["unread"]]


@pytest.mark.parametrize("source", ["list", "api"])
async def test_a_row_of_a_file_is_not_screened_and_the_others_are(client: Client, source: str) -> None:
    rows = f"name\n{ARABIC}\nAtlas Sanatgaran\nAtlas Sanatgaran 삼성\nQuiet Harbor Tools\n".encode()
    headers = {"Content-Type": "text/csv"}
    async with client.post(f"/v1/sanctions/batch?via={source}", data=rows, headers=headers) as response:
        *found, last = [orjson.loads(each) for each in (await response.read()).splitlines()]
    assert [each["status"] for each in found] == ["not_screened", "screened", "screened", "screened"]
    assert [each.get("outcome") for each in found[1:]] == ["match", "match", "clear"]
    assert (found[0]["code"], ARABIC.split()[0] in found[0]["detail"]) == ("script_not_covered", True)
    assert [each["code"] for each in found[2]["warnings"]] == ["script_not_covered"]
    assert (last["summary"]["not_screened"], last["summary"]["clear"]) == (1, 1)


async def test_a_row_of_a_job_is_not_screened(client: Client) -> None:
    rows, headers = f"name\n{ARABIC}\nQuiet Harbor Tools\n".encode(), {"Content-Type": "text/csv"}
    status, job = await answer(client, "POST", "/v1/jobs", data=rows, headers=headers)
    assert status == 202
    async with client.get(f"/v1/jobs/{job['id']}/events") as events:
        await events.read()
    async with client.get(f"/v1/jobs/{job['id']}/results?status=not_screened") as response:
        (found,) = [line for each in (await response.read()).splitlines() if "row" in (line := orjson.loads(each))]
    assert (found["row"], found["code"]) == (1, "script_not_covered")


async def test_a_party_of_a_shipment_is_not_screened_for_an_honest_reason(client: Client) -> None:
    shipment = {
        "direction": "import",
        "product": {"description": "Canned tuna", "hts_code": "1604143099"},
        "lane": {"origin": "TH", "destination": "US"},
        "parties": [{"name": name, "role": "seller", "country": "TH"} for name in (ARABIC, "Quiet Harbor Tools")],
    }
    status, body = await answer(client, "POST", "/v1/snapshot", json=shipment)
    assert (status, body["complete"]) == (200, False)
    assert body["risk"] not in ("low", "review")
    tile = body["tiles"]["sanctions_screening"]
    party, other = tile["parties"]
    assert (tile["status"], party["status"], party["outcome"], party["result"]) == (
        "unavailable",
        "unavailable",
        "not_screened",
        None,
    )
    assert (other["outcome"], party["error"]["code"], party["error"]["retryable"]) == (
        "clear",
        "script_not_covered",
        False,
    )
    for said in (party["headline"], party["reasons"][0]["text"]):
        assert said.startswith("Not screened: Arabic script is not read")
    status, body = await answer(client, "POST", "/v1/snapshot", json={**shipment, "require": ["sanctions"]})
    assert (status, body["code"], body["outcome"], body["retryable"]) == (
        503,
        "snapshot_incomplete",
        "not_screened",
        False,
    )
