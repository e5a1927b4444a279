"""Two gateways with one database, and a worker beside them: the job that one was sent, the other tells."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from service.app import create_app
from service.batches.rows import Row, ScreeningOptions
from service.config import Config
from service.keys import LEDGER, LISTS
from tests.batches.beyond.conftest import ended
from tests.batches.beyond.made_jobs import NEW_JOB
from tests.batches.beyond.test_worker import StartWorker, start_worker

Gateway = TestClient[web.Request, web.Application]
__all__ = ["start_worker"]  # a fixture


@pytest.fixture
async def gateways(database_url: str, tmp_path: Path) -> AsyncIterator[list[Gateway]]:
    """Two, with sample data, each with a folder of its own."""
    async with AsyncExitStack() as stack:
        opened = []
        for name in ("one", "other"):
            config = Config(
                sandbox=True,
                database_url=database_url,
                sanctions_source="list",
                data_dir=tmp_path / name,
                log_level="error",
            )
            opened.append(await stack.enter_async_context(TestClient(TestServer(create_app(config)))))
        for gateway in opened:
            lists = gateway.app[LISTS]
            assert lists is not None
            await asyncio.wait_for(lists.settled(), 30)
        yield opened


async def waiting(gateway: Gateway) -> str | None:
    """The figure, as Prometheus is told it."""
    text = await (await gateway.get("/metrics")).text()
    lines = [line for line in text.splitlines() if line.startswith("compliance_gateway_job_chunks_waiting ")]
    return lines[0].split()[1] if lines else None


async def test_what_one_gateway_was_sent_a_worker_screens_and_the_other_tells(
    gateways: list[Gateway], database_url: str, start_worker: StartWorker
) -> None:
    one, other = gateways
    job = replace(NEW_JOB, list_choice="newest", list_version=None, list_as_of=None, options=ScreeningOptions())
    ledger = one.app[LEDGER]
    await ledger.add_job(job)
    await ledger.add_rows(job.id, 0, [Row(number, name=f"Nobody {number}") for number in range(1, 1201)])
    await ledger.rows_are_in(job.id, "f" * 64)
    # The gateways compute nothing, and say how much waits.
    async with asyncio.timeout(20):
        while [await waiting(each) for each in gateways] != ["3.0", "3.0"]:
            await asyncio.sleep(0.1)
    await start_worker(database_url, "--sandbox")
    done = await ended(other.app[LEDGER], job.id)
    assert (done.status, done.counts.screened) == ("done", 1200)
    assert len(await other.app[LEDGER].results(job.id, 1, 2000)) == 1200
    health = await (await one.get("/health")).text()
    assert database_url not in health


async def test_a_gateway_starts_and_answers_without_its_database(tmp_path: Path) -> None:
    config = Config(sandbox=True, database_url="postgresql://me:hunter2@127.0.0.1:9/x", data_dir=tmp_path)
    async with TestClient(TestServer(create_app(config))) as gateway:
        assert (await gateway.get("/health/ready")).status == 200
        answer = await gateway.get("/v1/sanctions", params={"name": "Nobody"})
        assert answer.status == 200
        async with asyncio.timeout(20):
            while await waiting(gateway) != "NaN":
                await asyncio.sleep(0.1)
        for path in ("/health", "/health/ready", "/metrics"):
            assert "hunter2" not in await (await gateway.get(path)).text()


async def test_a_file_is_sent_to_one_gateway_and_its_results_are_had_from_the_other(
    gateways: list[Gateway], database_url: str, start_worker: StartWorker
) -> None:
    one, other = gateways
    await start_worker(database_url, "--sandbox")
    file = "ref,name\n" + "".join(f"A-{number},Nobody {number}\n" for number in range(1, 601)) + "A-601,\n"
    sent = await one.post("/v1/jobs", data=file, headers={"Content-Type": "text/csv"})
    assert sent.status == 202
    url = (await sent.json())["url"]
    path = url[url.index("/v1/jobs/") :]
    async with asyncio.timeout(60):
        while (job := await (await other.get(path)).json())["status"] not in ("done", "failed"):
            await asyncio.sleep(0.1)
    assert (job["status"], job["rows"], job["screened"], job["invalid"]) == ("done", 601, 600, 1)
    lines = (await (await other.get(f"{path}/results")).text()).splitlines()
    told = [row for row in map(orjson.loads, lines) if "row" in row]
    assert [(row["row"], row["ref"]) for row in told] == [(number, f"A-{number}") for number in range(1, 602)]
