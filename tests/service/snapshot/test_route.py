"""`POST /v1/snapshot` over REST, answered by the sandbox: whole, in a stream, with sources that fail or hang."""

import asyncio
import io
import re
import time
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from service.sandbox import KEYS, Sandbox
from tools.countries import reading

SHIPMENT: dict[str, Any] = {
    "direction": "import",
    "product": {"description": "Canned tuna", "hts_code": "1604.14.30.99"},
    "lane": {"origin": "TH", "destination": "US"},
    "parties": [
        {"name": "Quiet Harbor Foods", "role": "seller", "country": "TH", "ref": "S-1"},
        {"name": "Plain Grocers", "role": "consignee", "country": "US"},
    ],
    "ref": "PO-1",
}
TILES = ("hts_classification", "sanctions_screening", "refusal_history", "cbp_rulings")
SOURCES = dict(zip(TILES, ("hts", "sanctions", "refusals", "rulings"), strict=True))
FAULT = {"hts": "hts", "sanctions": "csl", "refusals": "fda", "rulings": "cross"}
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
Gateway = TestClient[Any, Any]


@pytest.fixture
def open_sandboxed(aiohttp_client: AiohttpClient) -> Any:
    """Opens a gateway before a sandbox with faults; a question is asked once, so that a fault shows."""

    async def open_one(faults: str | None = None, **settings: Any) -> Gateway:
        config = Config(sandbox=True, sandbox_faults=faults, **{"retry": False, "cache": False} | settings)
        return await aiohttp_client(create_app(config))

    return open_one


async def post(
    gateway: Gateway, shipment: object = SHIPMENT, path: str = "/v1/snapshot", **headers: str
) -> tuple[int, dict[str, Any]]:
    body = shipment if isinstance(shipment, bytes | io.BytesIO) else orjson.dumps(shipment)
    async with gateway.post(path, data=body, headers={"Content-Type": "application/json"} | headers) as response:
        return response.status, await response.json()


async def test_an_iranian_shipment_is_high(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed()
    _, taken = await post(gateway, SHIPMENT | {"lane": {"origin": "Iran", "destination": "US"}})
    assert taken["risk"] == "high"
    assert taken["shipment"]["lane"]["origin"] == "IR"
    assert taken["country_programs"]["places"][0]["countries"] == [{"code": "IR", "name": "Iran", "region": None}]
    assert taken["reasons"][0]["code"] == "country_stop"
    assert "31 CFR 560" in taken["reasons"][0]["text"]


async def test_the_names_of_countries_are_there_before_the_first_question(open_sandboxed: Any) -> None:
    reading._index.cache_clear()
    await open_sandboxed()
    assert reading._index.cache_info().currsize == 1


async def test_parties_with_details_that_cannot_be_read_are_screened(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed()
    parties = [{"name": "Bank Melli Iran", "role": "bank", "country": "Persiaa", "address": 7}]
    _, taken = await post(gateway, SHIPMENT | {"parties": parties})
    assert taken["tiles"]["sanctions_screening"]["parties"][0]["outcome"] == "match"
    assert [(each["code"], each["field"]) for each in taken["warnings"]] == [
        ("country_not_understood", "parties.0.country")
    ]


async def stream(gateway: Gateway, shipment: object = SHIPMENT) -> list[dict[str, Any]]:
    headers = {"Content-Type": "application/json", "X-Request-ID": "mine"}
    async with gateway.post("/v1/snapshot?stream=1", data=orjson.dumps(shipment), headers=headers) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        assert response.headers["X-Request-ID"] == "mine"
        return [orjson.loads(each) async for each in response.content]


async def test_a_snapshot_is_whole_and_says_what_it_was_asked_when_and_by_which_rules(open_sandboxed: Any) -> None:
    status, body = await post(await open_sandboxed())
    assert status == 200
    assert re.fullmatch(f"sandbox-{UUID7}", body["id"])
    assert (body["ref"], body["sandbox"], body["complete"]) == ("PO-1", True, True)
    assert body["shipment"]["product"]["hts_code"] == "1604143099"
    assert body["asked_at"] <= body["generated_at"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", body["policy_version"])
    assert body["not_assessed"]
    assert tuple(body["tiles"]) == TILES
    for tile in (each for name, each in body["tiles"].items() if name != "sanctions_screening"):
        assert tile["source"]["sandbox"] is True
    parties = body["tiles"]["sanctions_screening"]["parties"]
    assert [(each["name"], each["ref"], each["outcome"]) for each in parties] == [
        ("Quiet Harbor Foods", "S-1", "clear"),
        ("Plain Grocers", None, "clear"),
    ]
    assert len({body["id"], *(each["id"] for each in parties)}) == 3
    assert all(each["source"]["attempts"] == 1 for each in parties)


async def test_sample_data_behind_a_set_address_does_not_pass_for_live(aiohttp_client: AiohttpClient) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    try:
        addresses: dict[str, Any] = {f"{agency}_url": sandbox.url(agency) for agency in ("hts", "csl", "fda", "cross")}
        keys: dict[str, Any] = {
            "csl_subscription_key": KEYS["subscription_key"],
            "fda_authorization_user": KEYS["authorization_user"],
            "fda_authorization_key": KEYS["authorization_key"],
        }
        gateway = await aiohttp_client(create_app(Config(**addresses, **keys)))
        _, body = await post(gateway)
        parties = body["tiles"]["sanctions_screening"]["parties"]
        async with gateway.get("/health") as response:
            upstreams = (await response.json())["upstreams"]
    finally:
        await sandbox.close()
    assert body["sandbox"] is True
    assert all(re.fullmatch(f"sandbox-{UUID7}", each) for each in (body["id"], *(each["id"] for each in parties)))
    assert all(each["sandbox"] for each in upstreams.values())


async def test_all_requests_of_a_snapshot_go_over_the_one_pool_and_are_counted_once(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed()
    _, body = await post(gateway)
    async with gateway.get("/health") as response:
        health = await response.json()
    told = sum(each["source"]["attempts"] for each in body["tiles"]["sanctions_screening"]["parties"])
    told += sum(body["tiles"][name]["source"]["attempts"] for name in TILES if name != "sanctions_screening")
    pool = health["pools"]["async"]
    assert pool["created"] + pool["reused"] == told


@pytest.mark.parametrize("tile", TILES)
async def test_a_source_that_fails_leaves_its_tile_unavailable_and_the_risk_unknown(
    open_sandboxed: Any, tile: str
) -> None:
    gateway = await open_sandboxed(f"{FAULT[SOURCES[tile]]}=status:503")
    status, body = await post(gateway)
    assert status == 200
    assert [name for name in TILES if body["tiles"][name]["status"] == "unavailable"] == [tile]
    assert (body["complete"], body["risk"]) == (False, "unknown")
    assert {"tile": tile, "code": "provider_failed"}.items() <= body["reasons"][0].items()


async def test_a_match_stands_when_another_source_fails(open_sandboxed: Any) -> None:
    party = {"name": "Bank Melli Iran", "role": "bank", "country": "IR"}
    _, body = await post(await open_sandboxed("hts=status:503"), SHIPMENT | {"parties": [party]})
    assert (body["complete"], body["risk"]) == (False, "high")


@pytest.mark.parametrize("source", ["hts", "sanctions", "refusals", "rulings"])
async def test_a_required_source_that_fails_is_a_problem_with_the_snapshot_in_it(
    open_sandboxed: Any, source: str
) -> None:
    gateway = await open_sandboxed(f"{FAULT[source]}=status:503")
    status, body = await post(gateway, SHIPMENT | {"require": [source]})
    assert (status, body["code"], body["retryable"]) == (503, "snapshot_incomplete", True)
    assert source in body["detail"]
    assert body.get("outcome") == ("not_screened" if source == "sanctions" else None)
    assert (body["snapshot"]["complete"], tuple(body["snapshot"]["tiles"])) == (False, TILES)


async def test_a_problem_says_that_nobody_was_screened_though_another_source_was_required(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed("hts=status:503,csl=status:503")
    status, body = await post(gateway, SHIPMENT | {"require": ["hts"]})
    assert (status, body["outcome"]) == (503, "not_screened")
    assert "sanctions" not in body["detail"]


async def test_a_source_that_fails_and_is_not_required_is_no_problem(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed("cross=status:503")
    status, body = await post(gateway, SHIPMENT | {"require": ["sanctions"]})
    assert (status, body["complete"], body["risk"]) == (200, False, "unknown")


async def test_one_that_hangs_is_not_waited_for_beyond_the_deadline(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed("fda=hang")
    started = time.monotonic()
    status, body = await post(gateway, **{"X-Request-Timeout": "1.5"})
    took_s = time.monotonic() - started
    assert status == 200
    assert {name for name in TILES if body["tiles"][name]["status"] == "unavailable"} == {"refusal_history"}
    assert body["tiles"]["refusal_history"]["error"]["code"] == "provider_timeout"
    assert 1.4 < took_s < 10
    async with gateway.get("/health") as response:
        assert (await response.json())["pools"]["async"]["in_use"] == 0


async def test_sources_are_asked_at_once(open_sandboxed: Any) -> None:
    """Each question takes its agency as long as the longest; one after the other they would take several times that."""
    gateway = await open_sandboxed(",".join(f"{each}=latency:400ms" for each in FAULT.values()))
    parties = [{"name": f"Quiet Harbor {each}", "role": "other", "country": "TH"} for each in ("A", "B", "C", "D")]
    _, body = await post(gateway, SHIPMENT | {"parties": parties})
    assert body["complete"] is True
    tiles = body["tiles"]
    asked = [tiles[name]["source"] for name in TILES if name != "sanctions_screening"]
    asked += [each["source"] for each in tiles["sanctions_screening"]["parties"]]
    together_ms, longest_ms = sum(each["elapsed_ms"] for each in asked), max(each["elapsed_ms"] for each in asked)
    assert body["elapsed_ms"] < longest_ms * 1.3
    assert body["elapsed_ms"] < together_ms / 2


async def test_a_stream_tells_each_tile_and_then_the_whole(open_sandboxed: Any) -> None:
    first, *tiles, last = await stream(await open_sandboxed())
    assert (first["event"], last["event"]) == ("asked", "snapshot")
    assert [each["event"] for each in tiles] == ["tile"] * 4
    snapshot = last["snapshot"]
    assert {each["name"]: each["tile"] for each in tiles} == snapshot["tiles"]
    assert (first["id"], first["asked_at"], first["sandbox"]) == (snapshot["id"], snapshot["asked_at"], True)
    assert snapshot["request_id"] == "mine"


async def test_in_a_stream_the_quick_sources_are_told_before_the_slow(open_sandboxed: Any) -> None:
    events = await stream(await open_sandboxed("csl=latency:400ms"))
    assert [each["name"] for each in events if each["event"] == "tile"][-1] == "sanctions_screening"


async def test_a_stream_without_a_required_source_ends_in_the_problem(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed("csl=status:503")
    *_, last = await stream(gateway, SHIPMENT | {"require": ["sanctions"]})
    assert last["event"] == "problem"
    assert (last["problem"]["status"], last["problem"]["code"]) == (503, "snapshot_incomplete")
    assert last["problem"]["outcome"] == "not_screened"


async def test_a_caller_who_leaves_the_stream_is_not_worked_for(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed("fda=hang")
    async with gateway.post("/v1/snapshot?stream=1", json=SHIPMENT) as response:
        assert orjson.loads(await response.content.readline())["event"] == "asked"
        while await _in_use(gateway) != 1:
            await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        while await _in_use(gateway):
            await asyncio.sleep(0.01)


async def _in_use(gateway: Gateway) -> int:
    async with gateway.get("/health") as response:
        return int((await response.json())["pools"]["async"]["in_use"])


@pytest.mark.parametrize(
    ("body", "path", "parameter"),
    [
        (b"{", "/v1/snapshot", "body"),
        (SHIPMENT | {"parties": []}, "/v1/snapshot", "parties"),
        (SHIPMENT | {"entry_date": "2020-01-01"}, "/v1/snapshot?stream=1", "entry_date"),
        (SHIPMENT, "/v1/snapshot?stream=yes", "stream"),
        (SHIPMENT, "/v1/snapshot?steam=1", "steam"),
    ],
)
async def test_a_wrong_question_is_a_problem_that_says_that_nobody_was_screened(
    open_sandboxed: Any, body: object, path: str, parameter: str
) -> None:
    status, problem = await post(await open_sandboxed(), body, path)
    assert (status, problem["code"], problem["parameter"]) == (400, "invalid_query", parameter)
    assert problem["outcome"] == "not_screened"


async def test_a_body_that_is_no_json_by_its_type_is_415_and_one_that_is_too_large_413(open_sandboxed: Any) -> None:
    gateway = await open_sandboxed()
    assert (await post(gateway, **{"Content-Type": "text/csv"}))[0] == 415
    assert (await post(gateway, io.BytesIO(b" " * (1024 * 1024 + 1))))[0] == 413


async def test_our_own_fault_in_one_tile_leaves_the_others(
    open_sandboxed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.rulings.RulingsTool.plan", lambda *_: 1 / 0)
    _, body = await post(await open_sandboxed())
    assert body["tiles"]["cbp_rulings"]["error"]["code"] == "internal_error"
    assert body["tiles"]["hts_classification"]["status"] != "unavailable"
    assert "division" not in str(body)
