"""What /metrics tells: under bounded labels, of one process and of several that share a directory."""

import asyncio
import re
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from service.config import Config
from service.figures import servers_of
from tests.http_client.peer import Peer
from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.base import ComplianceTool
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
    assert value(found, "http_client_pool_acquire_duration_seconds_count", pool="async", server="hts") == asked
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


async def test_a_wait_that_came_to_nothing_is_told_and_is_no_time_of_the_agency(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    upstream.gate.clear()
    gateway = await open_gateway(pool_max_connections=1, pool_acquire_timeout_s=0.2)
    first = asyncio.create_task(ask(gateway))
    async with asyncio.timeout(10):
        while not upstream.asked:
            await asyncio.sleep(0.01)
    assert await ask(gateway) == 503
    async with gateway.get(LINE, headers={"X-Request-Timeout": "0.1"}) as response:
        assert (await response.json())["code"] == "deadline_exceeded"
    found = await samples(gateway)
    waited = {"pool": "async", "server": "hts"}
    assert value(found, "http_client_pool_acquire_timeouts_total", pool="async") == 1
    assert value(found, "http_client_pool_acquire_duration_seconds_count", **waited) == 2
    assert value(found, "http_client_pool_acquire_duration_seconds_sum", **waited) > 0.25
    assert value(found, "http_client_request_duration_seconds_count", server="hts", error_type="") == 0
    upstream.gate.set()
    assert await first == 200


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


async def test_what_an_agency_makes_up_makes_no_series(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    gateway = await open_gateway(breaker=True)
    statuses = iter(range(700, 730))

    async def strange(_: web.Request) -> web.StreamResponse:
        return web.Response(status=next(statuses))

    upstream.instead = strange
    for _ in range(4):  # fewer than open the breaker
        await ask(gateway)
    found = await samples(gateway)
    wrong = {dict(labels)["error_type"] for name, labels in found if name == "http_client_request_duration_seconds_sum"}
    assert wrong == {"", "other_status"}
    reasons = {dict(labels)["reason"] for name, labels in found if name.startswith("http_client_bad_calls_total")}
    assert reasons == {"HTTP other"}
    assert value(found, "http_client_bad_calls_total", server="hts", reason="HTTP other") == 4
    assert value(found, "http_client_last_bad_call_timestamp_seconds", server="hts", reason="HTTP other") > 0


class AnyHost(ComplianceTool):
    """Asks whatever host it is told to."""

    name = "any-host"

    async def _run_impl_async(self, **kwargs: Any) -> Any:
        async with self.async_client.get(kwargs["url"]) as answer:
            return await answer.text()


async def test_a_host_that_is_no_agency_s_is_other(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(AnyHost)
    async with Peer().serving() as one, Peer().serving() as two:
        for peer in (one, two):
            async with gateway.post("/v1/tools/any-host", json={"url": peer.url()}) as response:
                assert response.status == 200
        found = await samples(gateway)
    servers = {dict(labels).get("server") for _, labels in found} - {None}
    assert servers == {"hts", "csl", "fda", "cross", "other"}
    assert value(found, "http_client_open_connections", pool="async", state="idle", server="other") == 2


async def test_connections_are_told_with_their_times_and_what_there_is_none_for(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(cross_url="http://127.0.0.1:1")
    await ask(gateway)
    assert await ask(gateway, "/v1/rulings?q=battery") == 502
    found = await samples(gateway)
    assert value(found, "http_client_connect_duration_seconds_count", pool="async") == 1
    assert value(found, "http_client_connection_usage_seconds_count", pool="async") == 2
    assert value(found, "http_client_connection_duration_seconds_count", pool="async") == 0
    assert value(found, "http_client_connect_failures_total", pool="async", kind="tcp") == 1
    assert value(found, "http_client_connect_failures_total", pool="sync", kind="tcp") == 0


async def test_a_shared_store_that_there_is_not_is_not_told_as_one_that_does_not_answer(
    open_gateway: OpenGateway,
) -> None:
    with_memory = {name for name, _ in await samples(await open_gateway(cache=True))}
    with_none = {name for name, _ in await samples(await open_gateway(cache=False))}
    assert {name for name in with_memory if name.startswith("cache_shared")} == set()
    assert with_memory - with_none == {"cache_entries", "cache_bytes", "cache_evicted_total", "cache_lookups_total"}


async def test_the_answer_is_not_written_on_the_event_loop(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    where: list[threading.Thread] = []

    def generate(registry: CollectorRegistry) -> bytes:
        where.append(threading.current_thread())
        return generate_latest(registry)

    monkeypatch.setattr("service.metrics.generate_latest", generate)
    await samples(gateway)
    assert len(where) == 1
    assert where[0] is not threading.main_thread()


async def test_no_series_tells_when_another_began(gateway: Gateway) -> None:
    await ask(gateway)
    assert not [name for name, _ in await samples(gateway) if name.endswith("_seconds_created")]


async def test_every_figure_of_the_dashboard_but_those_of_a_list_is_told(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway(breaker=True, retry=True, cache=True)

    async def once_bad(request: web.Request) -> web.StreamResponse:
        upstream.instead = None
        return web.Response(status=503)

    upstream.instead = once_bad
    assert await ask(gateway) == 200
    told = await samples(gateway)
    dashboard = orjson.loads(DASHBOARD.read_bytes())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    shown = [each for panel in panels for target in panel["targets"] for each in figures_in(target["expr"])]
    assert len({name for name, _ in shown}) > 25
    # This gateway holds no list: those figures are for test_held_list.
    for name, labels in ((each, has) for each, has in shown if "_list_" not in each):
        assert any(name == each and labels <= dict(has).keys() | {"instance"} for each, has in told), (name, labels)
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    assert variables == {"datasource", "instance"}
    assert {panel["datasource"]["uid"] for panel in panels} == {"${datasource}"}


def figures_in(expression: str) -> list[tuple[str, set[str]]]:
    """Each metric of an expression, with the labels that its selector and the sum around it need."""
    found = []
    for match in re.finditer(r"(?:sum by \(([^)]*)\) \((?:rate\()?)?\b([a-z_]+)\{([^}]*)\}", expression):
        by, name, selector = match.groups()
        labels = {label.strip() for label in (by or "").split(",")} | set(re.findall(r"(\w+)=", selector))
        found.append((name, labels - {""}))
    assert len(found) == expression.count("{")
    return found


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
        "GATEWAY_HTS_RATE": "0",
        "GATEWAY_CACHE": "off",
        "GATEWAY_RETRY": "off",
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


async def told(url: str) -> Samples:
    async with aiohttp.ClientSession() as caller, caller.get(f"{url}/metrics") as response:
        assert response.status == 200
        return read(await response.text())


async def asked(url: str, times: int = 1, expecting: int = 200) -> None:
    async with aiohttp.ClientSession() as caller:
        for _ in range(times):
            async with caller.get(url + LINE) as response:
                assert response.status == expecting


async def told_when(url: str, is_true: Callable[[Samples], bool]) -> Samples:
    """The figures, once they are such: other processes bring theirs up to date once a second."""
    async with asyncio.timeout(20):
        while not is_true(found := await told(url)):
            await asyncio.sleep(0.05)
    return found


ANSWERED = {"method": "GET", "route": "/v1/hts/{code}", "status": "200"}


async def test_whichever_of_several_processes_is_asked_tells_the_sum(
    workers: list[tuple[asyncio.subprocess.Process, str]], upstream: HTSUpstream
) -> None:
    (_, one), (_, two) = workers
    await asked(one, 3)
    await asked(two, 2)
    seen = []
    for url in (one, two):
        found = await told_when(url, lambda it: value(it, "http_client_connections_created_total", pool="async") == 2)
        found = await told_when(
            url, lambda it: value(it, "http_client_requests_total", server="hts") == len(upstream.asked)
        )
        assert value(found, "http_server_request_duration_seconds_count", **ANSWERED) == 5
        attempts = {"server": "hts", "error_type": ""}
        assert value(found, "http_client_request_duration_seconds_count", **attempts) == len(upstream.asked)
        assert value(found, "http_client_connect_duration_seconds_count", pool="async") == 2
        assert value(found, "http_client_pool_limit", pool="async") == 200
        assert value(found, "http_client_circuit_state", server="hts", state="closed") == 2
        assert value(found, "process_cpu_seconds_total") > 0.1
        assert value(found, "process_resident_memory_bytes") > 60e6  # two interpreters
        seen.append(found.keys())
        [build] = [number for (name, _), number in found.items() if name == "compliance_gateway_build_info"]
        assert build == 1
    assert {name for name, _ in seen[0]} == {name for name, _ in seen[1]}


async def test_of_several_processes_the_latest_bad_attempt_is_told(
    workers: list[tuple[asyncio.subprocess.Process, str]], upstream: HTSUpstream
) -> None:
    (_, one), (_, two) = workers

    async def bad(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    upstream.instead = bad
    await asked(one, expecting=502)
    await asyncio.sleep(0.1)  # more than these times are rounded to
    between = time.time()
    await asked(two, expecting=502)
    reason = {"server": "hts", "reason": "HTTP 503"}
    # The one that is asked has looked last, and its own was the earlier one. The other tells one figure after another.
    found = await told_when(
        one, lambda it: value(it, "http_client_last_bad_call_timestamp_seconds", **reason) >= between
    )
    assert value(found, "http_client_bad_calls_total", **reason) == 2


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGKILL])
async def test_of_a_process_that_ended_counters_stay_and_gauges_go(
    workers: list[tuple[asyncio.subprocess.Process, str]], by: signal.Signals
) -> None:
    (first, one), (_, two) = workers
    await asked(one, 3)
    await told_when(two, lambda it: value(it, "http_client_pool_limit", pool="async") == 200)
    await told_when(two, lambda it: value(it, "http_client_connections_created_total", pool="async") == 1)
    first.send_signal(by)
    assert await first.wait() in (0, -by)
    found = await told(two)
    assert value(found, "http_server_request_duration_seconds_count", **ANSWERED) == 3
    assert value(found, "http_client_connections_created_total", pool="async") == 1
    assert value(found, "http_client_pool_limit", pool="async") == 100
    assert value(found, "http_client_circuit_state", server="hts", state="closed") == 1
    if by is signal.SIGTERM:  # it had the time to tell what its end closed
        assert value(found, "http_client_connections_closed_total", pool="async", reason="shutdown") == 1


@pytest.mark.parametrize("directory", ["", "no/such/directory"])
async def test_a_directory_that_is_none_ends_the_start_with_one_line_and_exit_code_2(directory: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "service", "serve", "--sandbox"),
        env={"GATEWAY_PORT": "0", "PROMETHEUS_MULTIPROC_DIR": directory, "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    says = f"PROMETHEUS_MULTIPROC_DIR is {directory!r}, allowed: an existing directory that can be written to"
    assert (process.returncode, out, err.decode()) == (2, b"", f"compliance-gateway: {says}\n")


def test_nothing_but_prometheus_client_s_own_name_switches_it() -> None:
    assert not any("MULTIPROC" in name.upper() for name in Config.model_fields)
