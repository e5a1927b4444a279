"""The service as a process: its start, its exit codes, its graceful stop."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.service.hts_upstream import HTSUpstream

Run = Callable[..., Awaitable["Process"]]


class Process:
    """`python -m service` with what it said on standard error."""

    def __init__(self, inner: asyncio.subprocess.Process) -> None:
        self.inner = inner
        self.lines: list[bytes] = []
        self.url = ""

    async def listening(self) -> None:
        """Wait for the line that names the port."""
        assert self.inner.stderr is not None
        async for line in self.inner.stderr:
            self.lines.append(line)
            if b'"listening"' in line:
                self.url = f"http://127.0.0.1:{orjson.loads(line)['port']}"
                return
        raise AssertionError(f"did not start: {b''.join(self.lines).decode()}")

    async def end(self) -> tuple[int, str, str]:
        """Its exit code, and all that it said: standard output and error."""
        async with asyncio.timeout(30):
            out, err = await self.inner.communicate()
        assert self.inner.returncode is not None
        return self.inner.returncode, out.decode(), b"".join([*self.lines, err]).decode()


@pytest.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    """Starts a service with settings of its own and no others; it asks the agency's search unless told otherwise."""
    always = {"GATEWAY_PORT": "0", "GATEWAY_LOG_FORMAT": "json", "GATEWAY_SANCTIONS_SOURCE": "api"}
    always["GATEWAY_DATA_DIR"] = str(tmp_path)
    started: list[Process] = []

    async def start(*options: str, command: str = "serve", **settings: Any) -> Process:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        ours = {f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
        inner = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "service",
            command,
            *options,
            env=clean | always | ours,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        started.append(Process(inner))
        return started[-1]

    yield start
    for process in started:
        if process.inner.returncode is None:
            process.inner.kill()
            await process.end()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
async def upstream() -> AsyncIterator[HTSUpstream]:
    agency = HTSUpstream()
    await agency.server.start_server()
    yield agency
    agency.gate.set()
    await agency.server.close()


async def test_a_wrong_setting_ends_the_start_with_one_line_and_exit_code_2(run: Run) -> None:
    code, out, err = await (await run(port=70000)).end()
    assert (code, out) == (2, "")
    assert err == "compliance-gateway: GATEWAY_PORT is '70000', allowed: a whole number from 0 up to 65535\n"


async def test_sandbox_data_that_cannot_be_used_ends_the_start_with_one_line_and_exit_code_2(
    run: Run, tmp_path: Any
) -> None:
    (tmp_path / "hts").mkdir()
    (tmp_path / "hts" / "chapter_01.json").write_text("not json")
    code, _, err = await (await run("--sandbox", "--sandbox-data", str(tmp_path))).end()
    assert code == 2
    assert err.startswith("compliance-gateway: ")
    assert err.count("\n") == 1


async def test_a_port_that_is_taken_ends_the_start_with_one_line_and_exit_code_1(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, out, err = await (await run("--sandbox", port=port)).end()
    assert (code, out) == (1, "")
    assert err.startswith(f"compliance-gateway: cannot listen on 127.0.0.1:{port}: ")
    assert err.count("\n") == 1


async def test_a_misspelt_setting_is_warned_of_once(run: Run) -> None:
    process = await run("--sandbox", prot=1)
    await process.listening()
    process.inner.send_signal(signal.SIGTERM)
    code, _, err = await process.end()
    assert code == 0
    assert err.count("GATEWAY_PROT") == 1


async def test_the_demo_prints_one_snapshot_and_says_that_it_is_sample_data(run: Run) -> None:
    process = await run("--sandbox", "--demo", sanctions_source="list")
    assert process.inner.stdout is not None
    async with asyncio.timeout(20):
        table = await process.inner.stdout.readuntil(b"Serving on")
    for said in (b"8507.60.00.20", b"Atlas Sanatgaran", b"REVIEW", b"withhold-release orders"):
        assert said in table
    assert b"sample data" in table.lower()
    process.inner.send_signal(signal.SIGTERM)
    assert (await process.end())[0] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_turns_readiness_off_finishes_what_is_in_flight_and_exits_0(
    run: Run, upstream: HTSUpstream, number: signal.Signals
) -> None:
    upstream.gate.clear()
    process = await run(hts_url=upstream.url)
    await process.listening()
    async with aiohttp.ClientSession(process.url) as caller:
        asking = asyncio.create_task(caller.get("/v1/hts/8507.60.00.20"))
        async with asyncio.timeout(10):
            while not upstream.asked:
                await asyncio.sleep(0.01)
        process.inner.send_signal(number)
        async with asyncio.timeout(10):
            while (await caller.get("/health/ready")).status != 503:
                await asyncio.sleep(0.01)
        upstream.gate.set()
        answer = await asking
        assert answer.status == 200
        assert (await answer.json())["result"]["line"]["code"] == "8507.60.00.20"
    code, _, err = await process.end()
    assert code == 0
    assert "Traceback" not in err
    assert '"stopped"' in err


async def test_a_stop_waits_no_longer_than_its_bound(run: Run, upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    process = await run(hts_url=upstream.url, shutdown_s=0.2)
    await process.listening()
    async with aiohttp.ClientSession(process.url) as caller:
        asking = asyncio.create_task(caller.get("/v1/hts/8507.60.00.20"))
        async with asyncio.timeout(10):
            while not upstream.asked:
                await asyncio.sleep(0.01)
        process.inner.send_signal(signal.SIGTERM)
        code, _, err = await process.end()
        assert code == 0
        assert "requests are cut off" in err
        with pytest.raises(aiohttp.ClientError):
            await asking


async def test_a_second_signal_stops_at_once(run: Run, upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    process = await run(hts_url=upstream.url)
    await process.listening()
    async with aiohttp.ClientSession(process.url) as caller:
        asking = asyncio.create_task(caller.get("/v1/hts/8507.60.00.20"))
        async with asyncio.timeout(10):
            while not upstream.asked:
                await asyncio.sleep(0.01)
        process.inner.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            while (await caller.get("/health/ready")).status != 503:
                await asyncio.sleep(0.01)
        process.inner.send_signal(signal.SIGTERM)
        assert (await process.end())[0] == 0
        with pytest.raises(aiohttp.ClientError):
            await asking


async def test_a_gateway_of_its_own_asks_a_sandbox_that_runs_alone_and_says_that_it_is_sample_data(run: Run) -> None:
    sandbox = await run("--port", str(free_port()), command="sandbox", csl_subscription_key="not-its-business")
    assert sandbox.inner.stdout is not None
    async with asyncio.timeout(20):
        said = (await sandbox.inner.stdout.readuntil(b"GATEWAY_FDA_AUTHORIZATION_KEY=")).decode()
        said += (await sandbox.inner.stdout.readline()).decode()
    settings = dict(line.split("=", 1) for line in said.splitlines() if line.startswith("GATEWAY_"))
    gateway = await run(**{name.removeprefix("GATEWAY_").lower(): value for name, value in settings.items()})
    await gateway.listening()
    paths = ("hts/8507", "sanctions?name=Bank+Melli", "refusals?country=DE", "rulings?q=battery", "rulings/N305619")
    async with aiohttp.ClientSession() as session:
        for path in paths:
            async with session.get(f"{gateway.url}/v1/{path}") as response:
                body = await response.json()
            assert (response.status, body["source"]["sandbox"]) == (200, True)
        async with session.get(f"{gateway.url}/health") as response:
            assert all(each["configured"] for each in (await response.json())["upstreams"].values())
    for process in (gateway, sandbox):
        process.inner.send_signal(signal.SIGTERM)
        assert (await process.end())[0] == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--fault", "csl=explode"), "'csl=explode' is no fault: AGENCY=KIND"),
        (("--sandbox-data", "no/such/folder"), "no/such/folder has none of the folders hts, csl, fda, cross"),
    ],
)
async def test_a_sandbox_that_cannot_start_says_why_in_one_line(run: Run, options: tuple[str, str], says: str) -> None:
    code, _, err = await (await run("--port", "0", *options, command="sandbox")).end()
    assert (code, err.count("\n")) == (2, 1)
    assert says in err


async def test_scripted_faults_reach_the_callers_of_a_service_with_a_sandbox(run: Run) -> None:
    gateway = await run("--sandbox", "--fault", "csl=status:503", "--fault", "cross=html")
    await gateway.listening()
    async with aiohttp.ClientSession() as session:
        for path, code in (("sanctions?name=Acme", "provider_failed"), ("rulings?q=x", "provider_garbled")):
            async with session.get(f"{gateway.url}/v1/{path}") as response:
                assert (response.status, (await response.json())["code"]) == (502, code)
        async with session.get(f"{gateway.url}/v1/hts/8507") as response:
            assert response.status == 200
