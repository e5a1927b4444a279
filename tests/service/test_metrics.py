"""What /metrics tells: under bounded labels, of one process and of several that share a directory."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.config import Config
from service.figures import servers_of
from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.hts import HTSTool
from tools.rulings import RulingsTool

DASHBOARD = Path(__file__).parents[2] / "deploy/grafana-dashboard.json"
LINE = "/v1/hts/8507.60.00.20"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Every sample of an exposition, by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def samples(gateway: Gateway) -> Samples:
    async with gateway.get("/metrics") as response:
        assert response.status == 200
        return read(await response.text())


def value(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def ask(gateway: Gateway, path: str = LINE, method: str = "GET") -> int:
    async with gateway.request(method, path) as response:
        return response.status


async def test_an_attempt_is_told_with_its_agency_its_time_and_what_was_wrong(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway()
    assert await ask(gateway) == 200
    found = await samples(gateway)
    took = {"server": "hts", "error_type": ""}
    asked = len(upstream.asked)
    assert value(found, "http_client_request_duration_seconds_count", **took) == asked
    assert value(found, "http_client_request_duration_seconds_sum", **took) > 0
    assert value(found, "http_client_pool_acquire_duration_seconds_count", server="hts") == asked
    assert value(found, "http_client_requests_total", server="hts") == asked
    assert value(found, "http_client_active_requests", server="hts") == 0
    assert value(found, "http_client_connections_created_total", pool="async") == 1
    assert value(found, "http_client_connections_reused_total", pool="async") == asked - 1
    assert value(found, "http_client_open_connections", pool="async", state="idle", server="hts") == 1
    assert value(found, "http_client_pool_limit", pool="sync") == 100
    answered = {"method": "GET", "route": "/v1/hts/{code}", "status": "200"}
    assert value(found, "http_server_request_duration_seconds_count", **answered) == 1
    build = [dict(labels) for name, labels in found if name == "compliance_gateway_build_info"]
    assert build[0].keys() == {"version", "python", "aiohttp", "urllib3"}


async def test_to_look_again_counts_nothing_twice(gateway: Gateway) -> None:
    await ask(gateway)

    def totals(found: Samples) -> Samples:
        return {key: value for key, value in found.items() if key[0].startswith(("http_client", "cache"))}

    first = totals(await samples(gateway))
    assert totals(await samples(gateway)) == first


async def test_what_callers_make_up_makes_no_series(gateway: Gateway) -> None:
    before = {key for key in await samples(gateway) if not key[0].startswith(("python", "process"))}
    for number in range(20):
        await ask(gateway, f"/made/up/{number}")
        await ask(gateway, f"/v1/hts/{number}{number}", method="PROPFIND")
        await ask(gateway, f"/v1/rulings/x{number}y?z={number}")
    added = {key for key in await samples(gateway) if not key[0].startswith(("python", "process"))} - before
    assert {dict(labels)["route"] for _, labels in added} == {"none", "/v1/rulings/{number}", "/metrics"}
    assert {dict(labels)["method"] for _, labels in added} == {"GET", "other"}


def test_a_host_is_told_by_its_agencies_names() -> None:
    hts, cross = HTSTool(base_url="http://one.test:81/hts"), RulingsTool(base_url="https://two.test/api")
    assert servers_of([hts, cross]) == {"one.test:81": "hts", "two.test:443": "cross"}
    both = [HTSTool(base_url="http://one.test:81/hts"), RulingsTool(base_url="http://one.test:81/cross")]
    assert servers_of(both) == {"one.test:81": "hts+cross"}


async def test_every_figure_of_the_dashboard_is_told(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(breaker=True, retry=True, cache=True)
    await ask(gateway)
    async with gateway.get("/metrics") as response:
        families = {each.name: each for each in text_string_to_metric_families(await response.text())}
    told = {f"{name}{suffix}" for name in families for suffix in ("", "_total", "_count", "_sum", "_bucket")}
    dashboard = orjson.loads(DASHBOARD.read_bytes())
    expressions = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    shown = {name for each in expressions for name in re.findall(r"\b((?:http|cache|process)_\w+)\{", each)}
    assert len(shown) > 20
    assert shown <= told
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


async def test_health_tells_how_fast_each_agency_answered_lately(gateway: Gateway) -> None:
    async def latency(name: str) -> dict[str, Any]:
        async with gateway.get("/health") as response:
            told: dict[str, Any] = (await response.json())["upstreams"][name]["latency"]
            return told

    assert await latency("hts") == {"window_s": 300.0, "samples": 0, "p50_ms": None, "p95_ms": None}
    await ask(gateway)
    told = await latency("hts")
    assert told["samples"] > 0
    assert 0 < told["p50_ms"] <= told["p95_ms"]
    assert (await latency("csl"))["samples"] == 0


@pytest.fixture
async def workers(tmp_path: Path, upstream: HTSUpstream) -> AsyncIterator[list[tuple[asyncio.subprocess.Process, str]]]:
    """Two services that share a directory of figures."""
    settings = {
        "GATEWAY_PORT": "0",
        "GATEWAY_LOG_FORMAT": "json",
        "GATEWAY_HTS_URL": upstream.url,
        "GATEWAY_CACHE": "off",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
        "PATH": "/usr/bin:/bin",
    }
    started = []
    for _ in range(2):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service", "serve", env=settings, stderr=asyncio.subprocess.PIPE
        )
        assert process.stderr is not None
        async for line in process.stderr:
            if b'"listening"' in line:
                started.append((process, f"http://127.0.0.1:{orjson.loads(line)['port']}"))
                break
    assert len(started) == 2
    yield started
    for process, _ in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_whichever_of_several_processes_is_asked_tells_the_sum(
    workers: list[tuple[asyncio.subprocess.Process, str]], upstream: HTSUpstream
) -> None:
    (first, one), (second, two) = workers
    async with aiohttp.ClientSession() as caller:

        async def told(url: str) -> Samples:
            async with caller.get(f"{url}/metrics") as response:
                return read(await response.text())

        for url, times in ((one, 3), (two, 2)):
            for _ in range(times):
                async with caller.get(url + LINE) as response:
                    assert response.status == 200
        answered = {"method": "GET", "route": "/v1/hts/{code}", "status": "200"}
        attempts = {"server": "hts", "error_type": ""}
        async with asyncio.timeout(20):
            # The other process brings its figures up to date once a second.
            while value(await told(one), "http_client_connections_created_total", pool="async") != 2:
                await asyncio.sleep(0.05)
        for url in (one, two):
            found = await told(url)
            assert value(found, "http_server_request_duration_seconds_count", **answered) == 5
            assert value(found, "http_client_request_duration_seconds_count", **attempts) == len(upstream.asked)
            assert value(found, "http_client_requests_total", server="hts") == len(upstream.asked)
            assert value(found, "http_client_pool_limit", pool="async") == 200
            assert value(found, "http_client_circuit_state", server="hts", state="closed") == 2
        first.send_signal(signal.SIGTERM)
        assert await first.wait() == 0
        found = await told(two)
        assert value(found, "http_server_request_duration_seconds_count", **answered) == 5
        assert value(found, "http_client_pool_limit", pool="async") == 100
    second.kill()
    await second.wait()


def test_nothing_but_prometheus_client_s_own_name_switches_it() -> None:
    assert not any("MULTIPROC" in name.upper() for name in Config.model_fields)
