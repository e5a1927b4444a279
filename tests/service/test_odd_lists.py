"""What is odd about the list in force is seen in answers, by readiness, in the metrics and in `GET /v1/lists`."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from service.keys import LISTS
from tests.screening.list_files import Row, as_csv, rows
from tools.sanctions_lists import LISTS as SCREENING_LISTS

Gateway = TestClient[web.Request, web.Application]
OpenGateway = Callable[..., Awaitable[Gateway]]
ROWS = rows(sdn=1000)


def without(*codes: str) -> list[Row]:
    return [each for each in ROWS if not any(f"({code})" in each["source"] for code in codes)]


@dataclass
class Agency:
    """Serves any bytes as the list, and any count of entries as its search."""

    content: bytes = as_csv(ROWS)
    totals: dict[str, int] = field(default_factory=dict)
    status: int = 200
    asked: list[dict[str, str]] = field(default_factory=list)

    async def file(self, _: web.Request) -> web.Response:
        return web.Response(body=self.content, content_type="text/csv")

    async def search(self, request: web.Request) -> web.Response:
        self.asked.append({**request.query, "key": request.headers["subscription-key"]})
        facets = [{"value": SCREENING_LISTS[code].name, "count": count} for code, count in self.totals.items()]
        body = {"total": sum(self.totals.values()), "sources": facets, "results": []}
        return web.Response(status=self.status, body=orjson.dumps(body), content_type="application/json")


@pytest.fixture
def agency() -> Agency:
    return Agency()


@pytest.fixture
async def open_gateway(aiohttp_client: AiohttpClient, agency: Agency, tmp_path: Path) -> AsyncIterator[OpenGateway]:
    """Starts a gateway that holds the list of `agency`, and waits for the first attempt."""
    app = web.Application()
    app.router.add_get("/list.csv", agency.file)
    app.router.add_get("/search", agency.search)
    server = TestServer(app)
    await server.start_server()

    async def open_one(**settings: Any) -> Gateway:
        addresses = {"list_url": str(server.make_url("/list.csv")), "csl_url": str(server.make_url(""))}
        own = {**addresses, "data_dir": tmp_path, "list_min_rows": 1, "sanctions_source": "list"}
        gateway: Gateway = await aiohttp_client(create_app(Config(**own | settings)))
        assert gateway.app is not None
        lists = gateway.app[LISTS]
        assert lists is not None
        await lists.settled()
        return gateway

    yield open_one
    await server.close()


async def get(gateway: Gateway, path: str) -> tuple[int, Any]:
    async with gateway.get(path) as response:
        return response.status, await response.json()


async def ready(gateway: Gateway, holds: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
    """Return what readiness says, once it `holds`."""
    async with asyncio.timeout(30):
        while True:
            status, body = await get(gateway, "/health/ready")
            if status == 200 and holds(body):
                return dict(body)
            await asyncio.sleep(0.02)


async def metric(gateway: Gateway, name: str) -> float:
    async with gateway.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    (value,) = (line.split()[-1] for line in lines if line.startswith(f"compliance_gateway_list_{name} "))
    return float(value)


# -- a list that the file does not have --


async def test_a_list_that_the_file_lacks_is_not_covered_and_is_reported(
    open_gateway: OpenGateway, agency: Agency
) -> None:
    agency.content = as_csv(without("FSE", "PLC"))
    gateway = await open_gateway()
    status, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery")
    coverage = body["result"]["coverage"]
    assert (status, body["result"]["outcome"]) == (200, "clear")
    assert sorted({*SCREENING_LISTS} - {*coverage["lists"]}) == ["FSE", "PLC"]
    assert coverage["not_covered"][:2] == ["FSE (not in the file held)", "PLC (not in the file held)"]
    assert coverage["limits"] == ["the file held has no entry of FSE, PLC"]
    assert body["source"]["list"]["missing_lists"] == ["FSE", "PLC"]
    body = await ready(gateway)
    assert (body["status"], body["reasons"], body["list"]["missing_lists"]) == ("ready", [], ["FSE", "PLC"])
    _, lists = await get(gateway, "/v1/lists")
    assert {each["code"]: each["rows"] for each in lists["lists"]}["FSE"] == 0
    assert lists["held"]["missing_lists"] == ["FSE", "PLC"]


async def test_asked_only_with_lists_that_the_file_lacks_no_name_is_screened(
    open_gateway: OpenGateway, agency: Agency
) -> None:
    agency.content = as_csv(without("FSE", "PLC"))
    gateway = await open_gateway(csl_subscription_key="k")
    for via in ("list", "both"):
        status, body = await get(gateway, f"/v1/sanctions?name=Quiet+Meadow+Bakery&sources=FSE,PLC&via={via}")
        assert (status, body["code"], body["outcome"]) == (503, "not_screened", "not_screened")
        assert "the file held has no entry of FSE, PLC" in body["detail"]
    status, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery&sources=FSE,EL")
    assert (body["result"]["outcome"], body["result"]["coverage"]["lists"]) == ("clear", ["EL"])


async def test_rows_of_a_batch_and_of_a_job_say_which_list_the_file_lacks(
    open_gateway: OpenGateway, agency: Agency
) -> None:
    agency.content = as_csv(without("FSE"))
    gateway = await open_gateway()
    for sources, status, said in (
        ("", "screened", {"limits": ["the file held has no entry of FSE"], "outcome": "clear"}),
        ("?sources=FSE", "not_screened", {"detail": "the file held has no entry of FSE", "code": "not_screened"}),
    ):
        file: dict[str, Any] = {"data": b"name\nQuiet Meadow Bakery\n", "headers": {"Content-Type": "text/csv"}}
        async with gateway.post(f"/v1/sanctions/batch{sources}", **file) as response:
            line = orjson.loads((await response.text()).splitlines()[0])
        assert (line["status"], {key: line[key] for key in said}) == (status, said)
        async with gateway.post(f"/v1/sanctions/batch{sources or '?'}&format=csv", **file) as response:
            assert "the file held has no entry of FSE" in (await response.text()).splitlines()[1]
        async with gateway.post(f"/v1/jobs{sources}", **file) as response:
            job = (await response.json())["id"]
        async with asyncio.timeout(30):
            while (await get(gateway, f"/v1/jobs/{job}"))[1]["status"] != "done":
                await asyncio.sleep(0.02)
        async with gateway.get(f"/v1/jobs/{job}/results") as response:
            line = orjson.loads((await response.text()).splitlines()[0])
        assert (line["status"], {key: line[key] for key in said}) == (status, said)


# -- rows and columns that are odd --


async def test_unreadable_rows_and_unknown_columns_are_seen_everywhere(
    open_gateway: OpenGateway, agency: Agency
) -> None:
    gateway = await open_gateway()
    await gateway.close()
    given = [{**each, "risk": "high", "name": "" if each["_id"] == "700" else each["name"]} for each in ROWS]
    agency.content = as_csv(given, (*ROWS[0], "risk"))
    again = await open_gateway()
    body = await ready(again, lambda body: body["list"]["unreadable_rows"] == 1)
    assert body["status"] == "ready"
    assert (body["list"]["unknown_columns"], body["list"]["kept_from_before"]) == (["risk"], 1)
    assert (body["list"]["rows"], body["list"]["rows_per_list"]["SDN"]) == (len(ROWS), 1000)
    status, body = await get(again, "/v1/sanctions?name=Party+700+of+SDN")
    assert (status, body["result"]["outcome"], body["result"]["hits"][0]["name"]) == (200, "match", "PARTY 700 OF SDN")
    limit = "1 row of the file held could not be read; entries of the version before that stay in force there: 1"
    assert body["result"]["coverage"]["limits"] == [limit]
    block = body["source"]["list"]
    assert (block["unreadable_rows"], block["kept_from_before"], block["unknown_columns"]) == (1, 1, ["risk"])
    _, lists = await get(again, "/v1/lists")
    (unreadable,) = lists["unreadable"]
    assert unreadable["row"] == 724
    assert unreadable["reason"] == "row 724: 'name' is missing"
    assert unreadable["raw"].startswith('"700","Specially')
    assert unreadable["kept"] == ["PARTY 700 OF SDN"]
    assert await metric(again, "unreadable_rows") == await metric(again, "kept_from_before") == 1
    assert await metric(again, "unknown_columns") == 1
    _, changes = await get(again, f"/v1/lists/changes?since={lists['history'][-1]['version']}")
    assert changes["changes"] == []


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("name=Gloomy+Heron", 503),
        ("name=Heron+Gloomy+Ltd", 503),
        ("name=Any+Body&ids=X-4711", 503),
        ("name=Gloomy+Egret", 200),
    ],
)
async def test_a_name_that_stands_in_a_row_that_cannot_be_read_is_not_clear(
    open_gateway: OpenGateway, agency: Agency, asked: str, status: int
) -> None:
    agency.content += b'"9999","GLOOMY HERON","Passport, X-4711"\n'
    gateway = await open_gateway()
    answered, body = await get(gateway, f"/v1/sanctions?{asked}")
    assert answered == status
    if status == 200:
        assert body["result"]["outcome"] == "clear"
        assert body["result"]["coverage"]["limits"] == ["1 row of the file held could not be read"]
    else:
        assert (body["code"], body["outcome"]) == ("not_screened", "not_screened")
        assert "row 1025 of the list cannot be read, and holds all words" in body["detail"]
    status, body = await get(gateway, "/v1/sanctions?name=Party+700+of+SDN")
    assert (status, body["result"]["outcome"]) == (200, "match")


@pytest.mark.parametrize("tail", [b"", b"\x1a", b",,,,\n", b"," * 28])
async def test_aliases_without_a_blank_between_them_are_found_whatever_ends_the_file(
    open_gateway: OpenGateway, agency: Agency, tail: bytes
) -> None:
    aliases = {"alt_names": "FIRST HERON TRADING;SECOND EGRET SHIPPING"}
    agency.content = as_csv([{**ROWS[0], **aliases}, *ROWS[1:]]) + tail
    gateway = await open_gateway()
    for name in ("First+Heron+Trading", "Second+Egret+Shipping"):
        _, body = await get(gateway, f"/v1/sanctions?name={name}")
        assert [hit["name"] for hit in body["result"]["hits"]] == [ROWS[0]["name"]]
        assert body["result"]["outcome"] == "match"
        assert body["result"]["coverage"]["limits"] == []


async def test_far_dates_and_one_number_for_all_break_nothing(open_gateway: OpenGateway, agency: Agency) -> None:
    far = {"start_date": "3033-01-17", "end_date": "3033-01-17", "dates_of_birth": "3033-01-17; 9999-99-99; 0000"}
    agency.content = as_csv([{**each, **far, "entity_number": "7"} for each in ROWS])
    gateway = await open_gateway()
    status, body = await get(gateway, "/v1/sanctions?name=Party+700+of+SDN&dob=1960")
    hit = body["result"]["hits"][0]
    assert (status, hit["name"], hit["expired"]) == (200, "PARTY 700 OF SDN", False)
    assert (await ready(gateway))["list"]["rows"] == len(ROWS)


# -- readiness --


async def test_while_no_list_is_in_force_it_is_degraded_and_says_why(open_gateway: OpenGateway, agency: Agency) -> None:
    agency.content = as_csv(without("SDN"))
    gateway = await open_gateway()
    body = await ready(gateway)
    reason = "no list is in force; the file that came since is suspect (list_missing)"
    assert (body["status"], body["reasons"]) == ("degraded", [{"part": "sanctions", "reason": reason}])
    for require in ("sanctions", "hts,sanctions", " Sanctions "):
        status, body = await get(gateway, f"/health/ready?require={require}")
        assert (status, body["code"], body["detail"]) == (503, "not_ready", f"sanctions: {reason}")
        assert body["retryable"] is True
    assert (await get(gateway, "/health/ready?require=hts,jobs"))[0] == 200


async def test_with_a_list_every_part_that_is_configured_may_be_required(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway()
    assert (await get(gateway, "/health/ready?require=sanctions,hts,rulings,jobs"))[0] == 200
    status, body = await get(gateway, "/health/ready?require=refusals")
    assert (status, body["detail"]) == (503, "refusals: not configured: authorization_user, authorization_key")
    for wrong in ("", "everything", "sanctions,,", "sanctions;jobs"):
        status, body = await get(gateway, f"/health/ready?require={wrong}")
        assert (status, body["code"], body["parameter"]) == (400, "invalid_query", "require")


# -- the agency's own count --

COUNTS = dict.fromkeys(SCREENING_LISTS, 2) | {"SDN": 1000}


def has_totals(body: dict[str, Any]) -> bool:
    return body["list"]["totals"] is not None


async def test_the_agencys_count_agrees_with_the_list_held(open_gateway: OpenGateway, agency: Agency) -> None:
    agency.totals = dict(COUNTS)
    gateway = await open_gateway(csl_subscription_key="k")
    totals = (await ready(gateway, has_totals))["list"]["totals"]
    assert (totals["agency"], totals["held"], totals["agrees"], totals["differences"]) == (1024, 1024, True, [])
    assert agency.asked == [{"size": "1", "offset": "0", "key": "k"}]
    assert (await metric(gateway, "totals_differ"), await metric(gateway, "agency_rows")) == (0, 1024)


async def test_a_list_that_the_agency_counts_otherwise_is_seen_everywhere(
    open_gateway: OpenGateway, agency: Agency, caplog: pytest.LogCaptureFixture
) -> None:
    agency.content = as_csv(without("FSE"))
    agency.totals = {**COUNTS, "SDN": 1020, "EL": 3}
    gateway = await open_gateway(csl_subscription_key="k")
    totals = (await ready(gateway, has_totals))["list"]["totals"]
    assert (totals["agency"], totals["held"], totals["agrees"]) == (1045, 1022, False)
    assert totals["differences"] == [
        {"list": None, "agency": 1045, "held": 1022},
        {"list": "EL", "agency": 3, "held": 2},
        {"list": "FSE", "agency": 2, "held": 0},
    ]
    assert (await get(gateway, "/v1/lists"))[1]["held"]["totals"] == totals
    _, body = await get(gateway, "/v1/sanctions?name=Quiet+Meadow+Bakery")
    assert (body["source"]["list"]["totals"], body["result"]["outcome"]) == (totals, "clear")
    assert await metric(gateway, "totals_differ") == 1
    assert "of FSE the agency has 2 entries, the list held here 0" in caplog.text
    await gateway.close()
    # Another start within the day knows the count and does not ask for it.
    again = await open_gateway(csl_subscription_key="k")
    assert (await ready(again, has_totals))["list"]["totals"] == totals
    assert len(agency.asked) == 1


async def test_of_two_processes_with_one_folder_one_asks_for_the_count(
    open_gateway: OpenGateway, agency: Agency
) -> None:
    agency.totals = dict(COUNTS)
    first, second = await open_gateway(csl_subscription_key="k"), await open_gateway(csl_subscription_key="k")
    totals = [(await ready(each, has_totals))["list"]["totals"] for each in (first, second)]
    assert totals[0] == totals[1]
    assert len(agency.asked) == 1


async def test_a_count_that_cannot_be_had_is_no_agreement(open_gateway: OpenGateway, agency: Agency) -> None:
    agency.status = 403
    gateway = await open_gateway(csl_subscription_key="k3y-that-is-secret")
    body = await ready(gateway, has_totals)
    totals = body["list"]["totals"]
    assert (totals["agency"], totals["agrees"], totals["error"]) == (None, None, "csl answered HTTP 403")
    assert body["status"] == "ready"
    assert "k3y" not in orjson.dumps(body).decode()
    assert await metric(gateway, "agency_rows") == 0


async def test_without_a_key_the_agency_is_not_asked_for_its_count(open_gateway: OpenGateway, agency: Agency) -> None:
    gateway = await open_gateway()
    assert (await ready(gateway))["list"]["totals"] is None
    assert agency.asked == []
    assert await metric(gateway, "age_seconds") < math.inf
