"""Screening by the list that is held here, as callers see it: over REST, from the sandbox's file to the answer."""

import asyncio
import math
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client.parser import text_string_to_metric_families
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.cli.main import main
from service.config import Config
from service.keys import LISTS
from service.lists import ListKeeping
from service.sandbox import Sandbox, parse_faults
from tools.http_client import HTTPClientManager
from tools.sanctions_held import matched
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_result import Found
from tools.screening.held_list import HeldList

Gateway = TestClient[web.Request, web.Application]
OpenWithList = Callable[..., Awaitable[Gateway]]
DASHBOARD = Path(__file__).parents[2] / "deploy/grafana-dashboard.json"
BROKEN = ("list-cut", "list-without-sdn", "list-empty", "list-old-layout", "list-html")


@pytest.fixture
async def agency() -> AsyncIterator[Sandbox]:
    """The agency that has the list."""
    sandbox = Sandbox()
    await sandbox.start()
    yield sandbox
    await sandbox.close()


@pytest.fixture
def open_with_list(aiohttp_client: AiohttpClient, agency: Sandbox, tmp_path: Path) -> OpenWithList:
    """Starts a gateway that holds the list of `agency`, and waits for the first attempt."""

    addresses = {"list_url": agency.list_url, "csl_url": agency.url("csl")}

    async def open_one(**settings: Any) -> Gateway:
        own = {**addresses, "csl_subscription_key": "sandbox"}
        more = {"sanctions_source": "list", "data_dir": tmp_path, "list_min_rows": 1, "csl_rate": "0"}
        app = create_app(Config(**own | more | settings))
        gateway: Gateway = await aiohttp_client(app)
        await keeping(gateway).settled()
        return gateway

    return open_one


def keeping(gateway: Gateway) -> ListKeeping:
    app = gateway.app
    assert app is not None
    lists = app[LISTS]
    assert lists is not None
    return lists


async def get(gateway: Gateway, path: str) -> tuple[int, Any]:
    async with gateway.get(path) as response:
        return response.status, await response.json()


async def ready(gateway: Gateway) -> dict[str, Any]:
    """What readiness says, as soon as it is there."""
    async with asyncio.timeout(30):
        while True:
            status, body = await get(gateway, "/health/ready")
            if status == 200:
                return dict(body)
            await asyncio.sleep(0.02)


async def until(gateway: Gateway, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What readiness says of the list, once it `holds`."""
    async with asyncio.timeout(30):
        while not holds(told := (await ready(gateway))["list"]):
            await asyncio.sleep(0.05)
    return dict(told)


async def test_an_answer_names_the_version_it_rests_on_and_why_each_hit_is_one(open_with_list: OpenWithList) -> None:
    gateway = await open_with_list()
    status, body = await get(gateway, "/v1/sanctions?name=Bank+Meli+Iran")
    assert status == 200
    source, hit = body["source"], body["result"]["hits"][0]
    assert (source["via"], source["served_from"], source["attempts"]) == ("list", "cache", 0)
    assert source["version"] == source["sha256"][0] == (await ready(gateway))["list"]["version"]
    assert source["list"]["suspect"] is None
    assert sum(source["list"]["rows_per_list"].values()) == source["list"]["rows"] > 100
    assert (body["result"]["outcome"], hit["matched_name"]) == ("potential_match", "BANK MELLI IRAN")
    assert sum(part["contribution"] for part in hit["parts"]) == pytest.approx(hit["score"], abs=2e-4)
    assert body["result"]["coverage"]["via"] == "list"


async def test_nobody_like_that_is_clear_of_this_version(open_with_list: OpenWithList) -> None:
    gateway = await open_with_list()
    status, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery")
    assert (status, body["result"]["outcome"], body["result"]["hits"]) == (200, "clear", [])


async def test_a_party_may_be_described_by_a_json_object(open_with_list: OpenWithList) -> None:
    gateway = await open_with_list()
    party = {"name": "Nobody in Particular", "ids": ["7707083893"], "type": "Entity", "country": "RU"}
    async with gateway.post("/v1/sanctions", json=party) as response:
        body = await response.json()
    assert (response.status, body["query"]["ids"]) == (200, ["7707083893"])
    assert [(hit["basis"], hit["outcome"], hit["score"]) for hit in body["result"]["hits"]] == [("id", "match", 1.0)]


async def test_what_compares_every_name_does_not_hold_up_other_requests(
    open_with_list: OpenWithList, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await open_with_list()
    where = list[int]()

    def look(query: SanctionsQuery, held: HeldList) -> Found:
        where.append(threading.get_ident())
        return matched(query, held)

    monkeypatch.setattr("tools.sanctions.matched", look)
    status, body = await get(gateway, "/v1/sanctions?name=Bank+Melli+Iran&algorithm=ofac")
    assert (status, body["result"]["algorithm"], body["source"]["via"]) == (200, "ofac", "list")
    assert body["result"]["hits"]
    assert threading.get_ident() not in where


async def test_a_command_waits_for_the_list_no_longer_than_it_was_told(
    agency: Sandbox, open_manager: Callable[..., HTTPClientManager], tmp_path: Path
) -> None:
    agency.set_faults(parse_faults("csl=latency:20s"))
    lists = ListKeeping(tmp_path, agency.list_url, min_rows=1)
    await lists.renew(open_manager().async_client, 0.05)
    assert lists.state().not_screened_because == "no list is in force; no list was had within 0.05 s"


async def test_both_ways_are_compared(open_with_list: OpenWithList) -> None:
    gateway = await open_with_list()
    status, body = await get(gateway, "/v1/sanctions?name=Bank+Melli+Iran&via=both")
    assert (status, body["source"]["via"], body["source"]["attempts"]) == (200, "both", 1)
    comparison = body["result"]["comparison"]
    assert (comparison["list_outcome"], comparison["api_outcome"]) == ("match", "match")
    assert comparison["agree"] == (not comparison["only_list"] and not comparison["only_api"])


async def test_the_search_is_asked_when_the_question_says_so(open_with_list: OpenWithList) -> None:
    gateway = await open_with_list()
    status, body = await get(gateway, "/v1/sanctions?name=Bank+Melli+Iran&via=api")
    assert (status, body["source"]["via"], body["source"]["list"], body["source"]["attempts"]) == (200, "api", None, 1)
    status, body = await get(gateway, "/v1/sanctions?name=Bank+Melli+Iran&via=api&algorithm=ofac")
    assert (status, body["code"]) == (400, "invalid_query")


@pytest.mark.parametrize("fault", BROKEN)
async def test_without_a_list_that_may_be_believed_nobody_is_screened(
    open_with_list: OpenWithList, agency: Sandbox, fault: str
) -> None:
    agency.set_faults(parse_faults(f"csl={fault}"))
    gateway = await open_with_list()
    assert (await ready(gateway))["list"]["version"] is None
    status, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery")
    assert (status, body["code"], body["outcome"]) == (503, "not_screened", "not_screened")


@pytest.mark.parametrize("fault", BROKEN)
async def test_a_broken_file_leaves_the_last_good_one_in_force_and_is_seen_everywhere(
    open_with_list: OpenWithList, agency: Sandbox, tmp_path: Path, fault: str
) -> None:
    gateway = await open_with_list()
    good = (await ready(gateway))["list"]["version"]
    await gateway.close()
    agency.set_faults(parse_faults(f"csl={fault}"))
    again = await open_with_list()
    told = await until(again, lambda told: told["suspect"] is not None)
    assert told["version"] == good
    assert told["suspect"]["reasons"]
    _, body = await get(again, "/v1/sanctions?name=Bank+Melli+Iran")
    assert body["source"]["version"] == good
    assert body["source"]["list"]["suspect"] == told["suspect"]
    async with again.get("/metrics") as response:
        assert "compliance_gateway_list_suspect 1.0" in await response.text()


async def figures(gateway: Gateway) -> dict[str, float]:
    """What the metrics tell of the list; of several series of one name their sum."""
    async with gateway.get("/metrics") as response:
        families = list(text_string_to_metric_families(await response.text()))
    found: dict[str, float] = {}
    for sample in (each for family in families for each in family.samples if "_list_" in each.name):
        name = sample.name.removeprefix("compliance_gateway_list_")
        found[name] = found.get(name, 0.0) + sample.value
    return found


async def test_metrics_tell_when_the_agency_was_last_asked_and_whether_that_failed(
    open_with_list: OpenWithList, agency: Sandbox
) -> None:
    gateway = await open_with_list()
    asked_at = keeping(gateway).state().asked_at
    assert asked_at is not None
    told = await figures(gateway)
    assert told["last_attempt_timestamp_seconds"] == pytest.approx(asked_at.timestamp(), abs=0.001)
    assert told["last_attempt_failed"] == 0
    await gateway.close()
    await agency.close()
    again = await open_with_list()
    await until(again, lambda told: told["last_error"] is not None)
    told = await figures(again)
    assert told["last_attempt_failed"] == 1
    assert told["in_force"] == 1
    assert told["last_attempt_timestamp_seconds"] > asked_at.timestamp() + 0.001


async def test_a_list_that_there_is_not_is_no_list_of_age_0(open_with_list: OpenWithList, agency: Sandbox) -> None:
    await agency.close()
    told = await figures(await open_with_list())
    assert told["in_force"] == 0
    assert told["age_seconds"] == math.inf


async def test_the_dashboard_shows_every_figure_of_the_list(open_with_list: OpenWithList) -> None:
    told = await figures(await open_with_list())
    panels = orjson.loads(DASHBOARD.read_bytes())["panels"]
    shown = "\n".join(target["expr"] for panel in panels for target in panel.get("targets", ()))
    assert set(told) == set(re.findall(r"compliance_gateway_list_(\w+)\{", shown))


async def test_a_restart_without_network_serves_the_last_good_one(
    open_with_list: OpenWithList, agency: Sandbox
) -> None:
    gateway = await open_with_list()
    before = (await ready(gateway))["list"]
    await gateway.close()
    await agency.close()
    again = await open_with_list()
    told = await until(again, lambda told: told["last_error"] is not None)
    assert (told["version"], told["confirmed_at"]) == (before["version"], before["confirmed_at"])
    status, _ = await get(again, "/v1/sanctions?name=Bank+Melli+Iran")
    assert status == 200


async def test_a_person_may_overrule_a_gate_and_that_is_shown(
    open_with_list: OpenWithList, agency: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agency.set_faults(parse_faults("csl=list-without-sdn"))
    gateway = await open_with_list()
    told = await until(gateway, lambda told: told["suspect"] is not None)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    accepting = ("list", "accept", told["suspect"]["sha256"], "--by", "a person")
    assert await asyncio.to_thread(main, accepting) == 0
    in_force = await until(gateway, lambda now: now["version"] == told["suspect"]["sha256"])
    assert (in_force["accepted_by"], in_force["suspect"]) == ("a person", None)
    assert {gate["code"] for gate in in_force["overruled"]} >= {"list_missing"}
    _, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery")
    assert body["source"]["list"]["accepted_by"] == "a person"


async def test_what_changed_between_two_versions_is_told(
    open_with_list: OpenWithList, agency: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = await open_with_list()
    whole = (await ready(gateway))["list"]
    await gateway.close()
    agency.set_faults(parse_faults("csl=list-without-sdn"))
    again = await open_with_list()
    told = await until(again, lambda told: told["suspect"] is not None)
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    assert await asyncio.to_thread(main, ("list", "accept", told["suspect"]["sha256"])) == 0
    await until(again, lambda now: now["version"] == told["suspect"]["sha256"])
    status, changes = await get(again, f"/v1/lists/changes?since={whole['version']}")
    assert status == 200
    assert (changes["added"], changes["removed"], changes["changed"]) == (0, whole["rows_per_list"]["SDN"], 0)
    assert {each["list"] for each in changes["changes"]} == {"SDN"}
    status, lists = await get(again, "/v1/lists")
    assert [each["version"] for each in lists["history"]] == [told["suspect"]["sha256"], whole["version"]]
    assert {row["code"]: row["rows"] for row in lists["lists"]}["SDN"] == 0


async def test_readiness_waits_for_the_first_attempt(open_with_list: OpenWithList, agency: Sandbox) -> None:
    agency.set_faults(parse_faults("csl=latency:500ms"))
    gateway: Gateway = await open_with_list()
    assert (await ready(gateway))["list"]["version"] is not None
