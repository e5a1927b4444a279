"""The tariff over REST: what is answered, and what every kind of bad input and bad agency gets."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream


async def problem(gateway: Gateway, path: str) -> tuple[int, dict[str, Any]]:
    async with gateway.get(path) as response:
        assert response.content_type == "application/problem+json"
        body = await response.json()
        assert response.status == body["status"]
        assert response.headers["X-Request-ID"] == body["request_id"]
        return response.status, body


async def test_a_line_comes_in_the_envelope_with_its_source(gateway: Gateway, upstream: HTSUpstream) -> None:
    async with gateway.get("/v1/hts/8507.60.00.20", headers={"X-Request-ID": "mine-1"}) as response:
        body = await response.json()
    assert (response.status, response.content_type) == (200, "application/json")
    assert body.keys() == {"tool", "query", "result", "source", "request_id"}
    assert (body["tool"], body["query"], body["request_id"]) == ("hts", {"code": "8507600020"}, "mine-1")
    line = body["result"]["line"]
    assert (line["code"], line["units"]) == ("8507.60.00.20", ["No.", "kg"])
    assert (line["rates"]["general"]["text"], line["rates"]["general"]["inherited_from"]) == ("3.4%", "8507.60.00")
    source = body["source"]
    assert source["url"] == upstream.url
    assert (source["version"], source["served_from"], source["sandbox"]) == ("2026HTSRev17", "live", False)
    assert source["attempts"] == len(upstream.asked)
    assert source["retrieved_at"].endswith("Z")
    assert len(source["retrieved_at"]) == len("2026-11-23T12:00:00.000Z")
    assert 0 <= source["age_s"] < 5
    assert source["elapsed_ms"] > 0


async def test_a_search_gives_lines_and_says_how_many(gateway: Gateway) -> None:
    async with gateway.get("/v1/hts", params={"q": "batteries", "limit": "2"}) as response:
        body = await response.json()
    assert body["query"] == {"keyword": "batteries", "limit": 2}
    assert len(body["result"]["lines"]) == 2
    assert (body["result"]["total"], body["result"]["truncated"]) == (3, True)


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/hts/abc", "code"),
        ("/v1/hts/12345", "code"),
        ("/v1/hts/8507.60.00.20.99", "code"),
        ("/v1/hts/8507?depth=1", "depth"),
        ("/v1/hts", "q"),
        ("/v1/hts?q=", "q"),
        ("/v1/hts?q=%20", "q"),
        ("/v1/hts?q=" + "x" * 10_000, "q"),
        ("/v1/hts?q=a&q=b", "q"),
        ("/v1/hts?q=%ff", "q"),
        ("/v1/hts?q=a&colour=red", "colour"),
        ("/v1/hts?keyword=a", "keyword"),
        ("/v1/hts?q=a&limit=0", "limit"),
        ("/v1/hts?q=a&limit=many", "limit"),
        ("/v1/tools?x=1", "x"),
        ("/health?x=1", "x"),
        ("/health/ready?x=1", "x"),
    ],
)
async def test_bad_input_is_a_400_that_names_the_parameter_and_nothing_is_sent(
    gateway: Gateway, upstream: HTSUpstream, path: str, parameter: str
) -> None:
    status, body = await problem(gateway, path)
    assert (status, body["code"], body["parameter"]) == (400, "invalid_query", parameter)
    assert body["detail"].startswith(f"{parameter}: ")
    assert upstream.asked == []


async def test_a_code_that_the_agency_does_not_have_is_not_found(gateway: Gateway) -> None:
    status, body = await problem(gateway, "/v1/hts/8507.90.00.99")
    assert (status, body["code"], body["upstream"]) == (404, "not_found", "hts")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(web.Response(text="<html>down for maintenance</html>", content_type="text/html"), id="html"),
        pytest.param(web.Response(body=b'[{"htsno": "85', content_type="application/json"), id="cut"),
        pytest.param(web.Response(body=b'{"rows": []}', content_type="application/json"), id="wrong-top"),
        pytest.param(web.Response(body=b'"2026HTSRev17"', content_type="application/json"), id="bare-string"),
        pytest.param(web.Response(body=b"", content_type="application/json"), id="empty"),
    ],
)
async def test_rows_that_cannot_be_read_are_garbled(
    gateway: Gateway, upstream: HTSUpstream, answer: web.Response
) -> None:
    async def instead(request: web.Request) -> web.StreamResponse:
        if request.match_info["what"] == "currentRelease":
            return web.json_response({"name": "2026HTSRev17", "title": "t", "description": "d"})
        return web.Response(body=answer.body, content_type=answer.content_type)

    upstream.instead = instead
    for path in ("/v1/hts/8507.60.00.20", "/v1/hts?q=batteries"):
        status, body = await problem(gateway, path)
        assert (status, body["code"], body["upstream"], body["retryable"]) == (502, "provider_garbled", "hts", True)


@pytest.mark.parametrize(
    ("agency_status", "status", "code"),
    [
        (500, 502, "provider_failed"),
        (503, 502, "provider_failed"),
        (403, 502, "provider_rejected"),
        (400, 502, "provider_rejected"),
        (429, 503, "rate_limited"),
    ],
)
async def test_a_refusal_or_failure_of_the_agency_is_told_as_its_own(
    gateway: Gateway, upstream: HTSUpstream, agency_status: int, status: int, code: str
) -> None:
    async def instead(request: web.Request) -> web.StreamResponse:
        return web.Response(status=agency_status, headers={"Retry-After": "7"})

    upstream.instead = instead
    got, body = await problem(gateway, "/v1/hts/8507")
    assert (got, body["code"]) == (status, code)
    assert body["retry_after_s"] == (7 if agency_status == 429 else None)
    assert body.get("upstream_status") == (None if agency_status == 429 else agency_status)


async def test_an_agency_that_is_down_is_unreachable(gateway: Gateway, upstream: HTSUpstream) -> None:
    await upstream.server.close()
    status, body = await problem(gateway, "/v1/hts/8507")
    assert (status, body["code"]) == (502, "provider_unreachable")


async def test_a_silent_agency_is_a_time_out_at_the_deadline(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    gateway = await open_gateway(deadline_s=0.5)
    status, body = await problem(gateway, "/v1/hts/8507")
    assert (status, body["code"]) == (504, "provider_timeout")


async def test_no_failure_keeps_a_slot_of_the_pool(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    async def instead(request: web.Request) -> web.StreamResponse:
        kind = len(upstream.asked) % 4
        if kind == 0:
            assert request.transport is not None
            request.transport.abort()
        if kind == 1:
            await asyncio.sleep(30)
        return web.Response(status=500 if kind == 2 else 200, text="<html>")

    upstream.instead = instead
    gateway = await open_gateway(deadline_s=1.0, pool_max_connections=5)
    statuses = await asyncio.gather(*(status_of(gateway, "/v1/hts/8507") for _ in range(40)))
    assert set(statuses) <= {502, 504}
    async with gateway.get("/health") as response:
        pool = (await response.json())["pools"]["async"]
    assert (pool["in_use"], pool["waiting"]) == (0, 0)


async def status_of(gateway: Gateway, path: str) -> int:
    async with gateway.get(path) as response:
        await response.read()
        return response.status


@pytest.mark.parametrize(
    ("code", "fileable", "children"),
    [
        ("8507.60.00", False, ["8507.60.00.10", "8507.60.00.20"]),
        ("6109.10.00", False, None),
        ("8507.60.00.20", True, []),
        ("8471.30.01", True, []),  # which the schedule prints with ten digits
    ],
)
async def test_only_ten_digits_are_fileable_and_eight_name_those_under_them(
    open_gateway: OpenGateway, code: str, fileable: bool, children: list[str] | None
) -> None:
    gateway = await open_gateway(sandbox=True, hts_url=None)
    async with gateway.get(f"/v1/hts/{code}") as response:
        line = (await response.json())["result"]["line"]
    assert line["fileable"] is fileable
    assert (line["fileable_reason"] is None) is fileable
    assert line["reported_with"] is None
    assert children is None or [each["code"] for each in line["children"]] == children
    assert children is not None or all(each["fileable"] for each in line["children"])


async def test_a_provision_of_chapter_99_is_reported_with_a_line_of_the_goods(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(sandbox=True, hts_url=None)
    async with gateway.get("/v1/hts/9903.88.15") as response:
        line = (await response.json())["result"]["line"]
    assert (line["fileable"], line["children"]) == (False, [])
    assert line["reported_with"] == "the 10-digit number of the goods in chapters 1 to 97"


async def test_what_the_sample_data_lacks_is_not_said_of_the_agency(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(sandbox=True, hts_url=None)
    for path, says in (
        ("/v1/hts/9701", "the sample data has no 9701; it has nothing under 9701"),
        ("/v1/rulings/N999999", "the sample data has no ruling N999999"),
    ):
        status, body = await problem(gateway, path)
        assert (status, body["title"], body["detail"]) == (404, "The sample data has no such record", says)
        assert body["sandbox"] is True
