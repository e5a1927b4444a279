"""Scripted faults: how they are written, and what a client sees of them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from service.sandbox import Fault, Sandbox, parse_faults

OpenSandbox = Callable[..., Awaitable[Sandbox]]


@pytest.fixture
async def open_sandbox() -> AsyncIterator[OpenSandbox]:
    running: list[Sandbox] = []

    async def open_one(script: str, **more: Any) -> Sandbox:
        running.append(Sandbox(faults=parse_faults(script), **more))
        await running[-1].start()
        return running[-1]

    yield open_one
    for sandbox in running:
        await sandbox.close()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("csl=status:503", Fault("csl", "status", status=503)),
        ("hts=latency:200ms", Fault("hts", "latency", latency_s=0.2)),
        ("hts=latency:1.5s@0.25", Fault("hts", "latency", 0.25, latency_s=1.5)),
        ("fda=reset@0.1", Fault("fda", "reset", 0.1)),
        ("cross=429", Fault("cross", "429", status=429)),
        ("cross=429:retry-after=2@1", Fault("cross", "429", status=429, retry_after="2")),
        ("csl=hang", Fault("csl", "hang")),
        ("csl=html", Fault("csl", "html")),
        ("csl=truncate", Fault("csl", "truncate")),
        ("csl=cut-gzip", Fault("csl", "cut-gzip")),
        ("hts=bom@0.5", Fault("hts", "bom", 0.5)),
        ("fda=rows:100", Fault("fda", "rows", most=100)),
        (f"csl=429:retry-after={'9' * 400}", Fault("csl", "429", status=429, retry_after="9" * 400)),
        ("csl=list-cut", Fault("csl", "list-cut")),
        ("csl=list-without-sdn@0.5", Fault("csl", "list-without-sdn", 0.5)),
        ("csl=list-extra-column", Fault("csl", "list-extra-column")),
        ("csl=redirect", Fault("csl", "redirect")),
        ("hts=without:general@0.5", Fault("hts", "without", 0.5, field="general")),
        ("csl=renamed:alt_names", Fault("csl", "renamed", field="alt_names")),
    ],
)
def test_a_fault_is_written_in_one_word(text: str, fault: Fault) -> None:
    assert parse_faults(text) == (fault,)
    assert parse_faults(f" {text} , {text},") == (fault, fault)


@pytest.mark.parametrize(
    "text",
    [
        "csl",
        "csl=",
        "irs=reset",
        "csl=explode",
        "hts=list-cut",
        "csl=list-cut:half",
        "csl=status",
        "csl=status:99",
        "csl=status:abc",
        "csl=latency",
        "csl=latency:200",
        "csl=reset:now",
        "csl=reset@0",
        "csl=reset@1.1",
        "csl=reset@.",
        "csl=429:later",
        "csl=rows:100",
        "fda=rows",
        "fda=rows:12345",
        "hts=bom:2",
        "csl=429:retry-after=",
        "csl=429:retry-after=soon",
        "csl=redirect:there",
        "csl=without",
        "csl=without:a b",
        "csl=list-extra-column:x",
    ],
)
def test_anything_else_is_refused_with_the_grammar(text: str) -> None:
    with pytest.raises(ValueError, match="AGENCY=KIND"):
        parse_faults(text)


def url(sandbox: Sandbox) -> str:
    return f"{sandbox.url('hts')}/currentRelease"


async def test_a_status_comes_with_its_wait_and_with_the_mark_of_sample_data(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    sandbox = await open_sandbox("hts=429:retry-after=2,csl=status:503")
    async with session.get(url(sandbox)) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "2")
        assert "x-sample-data" in response.headers
    async with session.get(f"{sandbox.url('csl')}/search") as response:
        assert response.status == 503
    async with session.get(f"{sandbox.url('cross')}/stat/lastupdate") as response:
        assert response.status == 200


async def test_html_comes_with_200(open_sandbox: OpenSandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(url(await open_sandbox("hts=html"))) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        assert "<html>" in await response.text()


async def test_a_redirect_leads_to_a_page_for_people(open_sandbox: OpenSandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(url(await open_sandbox("hts=redirect"))) as response:
        assert [each.status for each in response.history] == [302]
        assert (response.status, response.content_type, response.url.path) == (200, "text/html", "/portal")


async def test_a_key_is_left_out_called_otherwise_or_added_in_every_object(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    async def keys(fault: str) -> list[set[str]]:
        sandbox = await open_sandbox(fault)
        async with session.get(f"{sandbox.url('hts')}/search?keyword=8507.60.00") as response:
            return [set(row) for row in await response.json()]

    whole = await keys("hts=latency:1ms")
    assert await keys("hts=without:general") == [row - {"general"} for row in whole]
    assert await keys("hts=renamed:general") == [row - {"general"} | {"general_new"} for row in whole]
    assert await keys("hts=extra:port") == [row | {"port"} for row in whole]
    assert all("general" in row for row in whole)


async def test_a_letter_in_an_old_coding_loses_a_key_like_any_other(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    sandbox = await open_sandbox("cross=without:url")
    for number in ("N305619", "968227", "N326780"):
        async with session.get(f"{sandbox.url('cross')}/ruling/{number}") as response:
            body = await response.json(encoding="utf-8")
        assert "url" not in body
        assert "text" in body


async def test_a_reset_and_a_cut_answer_are_no_answers(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    with pytest.raises(aiohttp.ClientConnectionError):
        await session.get(url(await open_sandbox("hts=reset")))
    async with session.get(url(await open_sandbox("hts=truncate"))) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_latency_comes_before_the_good_answer(open_sandbox: OpenSandbox, session: aiohttp.ClientSession) -> None:
    sandbox = await open_sandbox("hts=latency:150ms")
    began = time.monotonic()
    async with session.get(url(sandbox)) as response:
        assert response.status == 200
    assert time.monotonic() - began >= 0.15


async def test_a_hanging_agency_does_not_keep_the_sandbox_from_closing(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    sandbox = await open_sandbox("hts=hang")
    asking = asyncio.create_task(session.get(url(sandbox)).__aenter__())
    await asyncio.sleep(0.05)
    assert not asking.done()
    await sandbox.close()
    with pytest.raises(aiohttp.ClientConnectionError):
        await asking


async def test_a_probability_is_kept_by_throws_of_the_dice(
    open_sandbox: OpenSandbox, session: aiohttp.ClientSession
) -> None:
    sandbox = await open_sandbox("hts=status:503@0.3", dice=random.Random(7))
    expected = random.Random(7)
    for _ in range(40):
        async with session.get(url(sandbox)) as response:
            assert (response.status == 503) == (expected.random() < 0.3)
