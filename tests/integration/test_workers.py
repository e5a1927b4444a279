"""Several processes behind one port: one that is killed, a stop, an end of the supervisor, starts that fail."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.config import Config
from tools.policy.quota import Rate, divided, parse_rates

START_S, END_S = 60.0, 60.0


class Supervisor:
    """`python -m service serve` with two workers; it logs to a file."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self._log = process, log

    def lines(self, event: str) -> list[dict[str, Any]]:
        lines = [orjson.loads(line) for line in self._log.read_bytes().splitlines() if line.startswith(b"{")]
        return [line for line in lines if line["event"] == event]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.lines('listening')[0]['port']}"

    def workers(self) -> set[int]:
        return set(map(int, Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()))

    async def served_by(self, number: int) -> None:
        """Wait until so many workers have come up, replacements included."""
        await until(lambda: len(self.lines("serving")) >= number)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(START_S):
        while not holds():
            await asyncio.sleep(0.02)


Start = Callable[..., Awaitable[Supervisor]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts one with the settings, on sample data."""
    started: list[Supervisor] = []

    async def start_one(**settings: str) -> Supervisor:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        given = {"GATEWAY_WORKERS": "2", "GATEWAY_SANDBOX": "1", "GATEWAY_PORT": "0", "GATEWAY_LOG_FORMAT": "json"}
        log = tmp_path / f"log-{len(started)}"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "service", "serve", env=clean | given | settings, stderr=file, stdout=file
            )
        started.append(Supervisor(process, log))
        return started[-1]

    yield start_one
    for each in started:
        if each.process.returncode is None:
            each.process.kill()
            await each.process.wait()


async def served(session: aiohttp.ClientSession) -> float:
    async with session.get("/metrics") as response:
        lines = (await response.text()).splitlines()
    name = 'http_server_request_duration_seconds_count{method="GET",route="/v1/sanctions",status="200"}'
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


async def test_a_killed_worker_is_replaced_and_nobody_else_notices(start: Start) -> None:
    supervisor = await start()
    await supervisor.served_by(2)
    # A connection for each request, so that any worker may get any of them.
    connector = aiohttp.TCPConnector(force_close=True)
    async with aiohttp.ClientSession(supervisor.url, connector=connector) as session:
        pids = set()
        for number in range(20):
            async with session.get(f"/v1/sanctions?name=Quiet+Harbor+{number}") as response:
                assert response.status == 200
            async with session.get("/health") as response:
                body = await response.json()
            pids.add(body["pid"])
            assert (body["workers"], body["pools"]["async"]["limit"]) == (2, 50)
        assert pids <= supervisor.workers()
        assert await served(session) == 20
        # The one that answers next is left alone.
        victim = min(supervisor.workers())
        os.kill(victim, signal.SIGKILL)
        for _ in range(20):
            async with session.get("/health/ready") as response:
                assert response.status == 200
        await supervisor.served_by(3)
        assert victim not in supervisor.workers()
        assert len(supervisor.workers()) == 2
        assert [await served(session) for _ in range(6)] == [20] * 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_lets_requests_in_flight_end_and_leaves_nobody(start: Start, number: signal.Signals) -> None:
    supervisor = await start(GATEWAY_SANDBOX_FAULTS="csl=latency:1s", GATEWAY_CACHE="off")
    await supervisor.served_by(2)
    workers = supervisor.workers()

    async def ask(name: int) -> int:
        path = f"/v1/sanctions?name=Quiet+Harbor+{name}"
        async with aiohttp.ClientSession(supervisor.url) as session, session.get(path) as response:
            await response.read()
            return response.status

    asked = [asyncio.create_task(ask(name)) for name in range(12)]
    # Both are at work by then: the line of a request comes at its end, so that there is none to wait for.
    await asyncio.sleep(0.5)
    supervisor.process.send_signal(number)
    assert await asyncio.gather(*asked) == [200] * 12
    async with asyncio.timeout(END_S):
        assert await supervisor.process.wait() == 0
    assert len(supervisor.lines("stopped")) == 2
    assert not any(_lives(pid) for pid in workers)


async def test_workers_end_when_their_supervisor_is_killed(start: Start) -> None:
    supervisor = await start()
    await supervisor.served_by(2)
    workers = supervisor.workers()
    supervisor.process.kill()
    await supervisor.process.wait()
    await until(lambda: len(supervisor.lines("stopped")) == 2)
    await until(lambda: not any(_lives(pid) for pid in workers))


def _lives(pid: int) -> bool:
    """Whether it runs; one that nobody waits for stays in the list."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_start_that_fails_is_told_in_one_line_and_not_tried_again(start: Start, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    supervisor = await start(GATEWAY_SANDBOX_DATA=str(tmp_path / "empty"))
    async with asyncio.timeout(END_S):
        assert await supervisor.process.wait() == 2
    said = [line for line in supervisor._log.read_text().splitlines() if not line.startswith("{")]
    assert len(said) == 1
    assert said[0].startswith("compliance-gateway: sandbox data: ")


async def test_a_port_that_is_taken_is_told_as_by_one_process(start: Start) -> None:
    first = await start()
    await first.served_by(2)
    second = await start(GATEWAY_PORT=first.url.rpartition(":")[2])
    async with asyncio.timeout(END_S):
        assert await second.process.wait() == 1
    assert "cannot listen on 127.0.0.1:" in second._log.read_text()


@pytest.mark.parametrize(("workers", "connections", "keepalive"), [(1, 100, 20), (2, 50, 10), (3, 33, 6), (64, 1, 1)])
def test_connections_are_divided_and_each_has_one_at_least(workers: int, connections: int, keepalive: int) -> None:
    limits = Config(workers=workers).pool_limits
    assert (limits.max_connections, limits.max_keepalive) == (connections, keepalive)


def test_who_keeps_no_idle_connection_keeps_none_in_any_process() -> None:
    assert Config(workers=2, pool_max_keepalive=0).pool_limits.max_keepalive == 0


@pytest.mark.parametrize(
    ("rates", "by", "each"),
    [
        ("100/60s,3/2s", 1, (Rate(100, 60), Rate(3, 2))),
        ("100/60s,3/2s", 2, (Rate(50, 60), Rate(1, 2))),
        ("3/2s", 6, (Rate(1, 4),)),
        ("0", 4, ()),
    ],
)
def test_rates_are_divided_and_never_below_one_request(rates: str, by: int, each: tuple[Rate, ...]) -> None:
    assert divided(parse_rates(rates), by) == each
