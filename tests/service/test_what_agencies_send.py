"""What an agency may send over the wire, as the service answers it: read, or an error that says what was wrong."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from service.keys import LISTS

Get = Callable[[str, str], Awaitable[tuple[int, Any]]]


@pytest.fixture
def get(aiohttp_client: AiohttpClient) -> Get:
    """Asks a gateway of its own, whose sandbox has these faults."""

    async def ask(faults: str, path: str) -> tuple[int, Any]:
        config = Config(sandbox=True, sandbox_faults=faults, retry=False, sanctions_source="api")
        client = await aiohttp_client(create_app(config))
        async with client.get(path) as response:
            return response.status, {"retry-after": response.headers.get("Retry-After")} | await response.json()

    return ask


QUESTIONS = {
    "hts": "/v1/hts/8507.60.00.20",
    "csl": "/v1/sanctions?name=Quiet+Harbor+Foods",
    "fda": "/v1/refusals?country=FR",
    "cross": "/v1/rulings?q=battery",
}


@pytest.mark.parametrize("agency", QUESTIONS)
async def test_a_byte_order_mark_is_nothing(get: Get, agency: str) -> None:
    status, body = await get(f"{agency}=bom", QUESTIONS[agency])
    _, plain = await get("", QUESTIONS[agency])
    assert (status, body["result"]) == (200, plain["result"])


@pytest.mark.parametrize("agency", QUESTIONS)
async def test_an_answer_that_is_cut_inside_its_packing_is_no_answer(get: Get, agency: str) -> None:
    status, body = await get(f"{agency}=cut-gzip", QUESTIONS[agency])
    assert (status, body["code"], body.get("outcome")) == (
        502,
        "provider_garbled",
        "not_screened" if agency == "csl" else None,
    )
    assert "does not decompress: it was cut" in body["detail"]


@pytest.mark.parametrize("agency", QUESTIONS)
@pytest.mark.parametrize("digits", [20, 400, 4000])
async def test_a_wait_of_any_length_is_bounded(get: Get, agency: str, digits: int) -> None:
    status, body = await get(f"{agency}=429:retry-after={'9' * digits}", QUESTIONS[agency])
    assert (status, body["code"], body["retry_after_s"], body["retry-after"]) == (503, "rate_limited", 86_400, "86400")


async def test_a_page_that_is_too_large_for_the_agency_is_asked_for_smaller(get: Get) -> None:
    status, body = await get("fda=rows:100", QUESTIONS["fda"])
    _, plain = await get("", QUESTIONS["fda"])
    assert (status, body["result"]) == (200, plain["result"])
    assert (body["source"]["attempts"], plain["source"]["attempts"]) == (3, 1)


@pytest.mark.parametrize("field", ["FirmName", "RefusalDate", "City"])
async def test_a_column_that_is_gone_from_few_rows_costs_that_column(get: Get, field: str) -> None:
    status, body = await get(f"fda=without:{field}", QUESTIONS["fda"])
    member = {"FirmName": "firm", "RefusalDate": "refused_on", "City": "city"}[field]
    assert status == 200
    assert [each[member] for each in body["result"]["refusals"]] == [None] * body["result"]["total"]
    assert all(field in each for each in body["result"]["limits"])


async def test_a_subject_that_is_gone_costs_the_subject(get: Get) -> None:
    status, body = await get("cross=without:subject", QUESTIONS["cross"])
    assert status == 200
    assert {each["subject"] for each in body["result"]["rulings"]} == {None}


async def test_names_that_are_gone_clear_nobody(get: Get) -> None:
    status, body = await get("csl=without:name", "/v1/sanctions?name=Atlas+Sanatgaran&threshold=0.99")
    assert status == 200 or (status, body["outcome"]) == (502, "not_screened")
    assert body.get("result", {}).get("outcome") != "clear"


async def test_a_list_that_is_cut_inside_its_packing_is_not_in_force(
    aiohttp_client: AiohttpClient, tmp_path: Path
) -> None:
    config = Config(sandbox=True, sandbox_faults="csl=cut-gzip", sanctions_source="list", data_dir=tmp_path)
    app = create_app(config)
    client = await aiohttp_client(app)
    lists = app[LISTS]
    assert lists is not None
    await lists.settled()
    async with client.get("/v1/sanctions?name=Quiet+Harbor+Foods") as response:
        body = await response.json()
    assert (response.status, body["outcome"]) == (503, "not_screened")
