"""Several processes on one port: one dies, all stop, their supervisor dies, none can start."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import pytest

from service.config import ConfigError
from service.workers.figures import shared_figures
from tests.service.hts_upstream import HTSUpstream
from tests.workers.gateway import Gateway, ended_how, figures_of, is_alive, running

LINE = "/v1/hts/8507.60.00.20"
REQUESTS = "http_server_request_duration_seconds_count"


@pytest.fixture
async def upstream() -> AsyncIterator[HTSUpstream]:
    agency = HTSUpstream()
    await agency.server.start_server()
    yield agency
    agency.gate.set()
    await agency.server.close()


async def statuses(session: aiohttp.ClientSession, until: asyncio.Event) -> list[object]:
    """What one connection is answered, request after request. POSTs: of a GET that broke, aiohttp asks again."""
    answers: list[object] = []
    while not until.is_set():
        try:
            async with session.post("/v1/tools/hts", json={"code": "8507.60.00.20"}) as response:
                answers.append(response.status)
                await response.read()
        except aiohttp.ClientError as exc:
            answers.append(exc)
            return answers
    return answers


async def readiness(gateway: Gateway, until: asyncio.Event) -> list[object]:
    """What is answered on connections of their own, one after the other."""
    answers: list[object] = []
    while not until.is_set():
        async with aiohttp.ClientSession(gateway.url) as caller:
            try:
                async with caller.get("/health/ready") as response:
                    answers.append(response.status)
            except aiohttp.ClientError as exc:
                answers.append(exc)
    return answers


async def test_a_killed_worker_is_replaced_and_takes_no_request_of_the_others_along(tmp_path: Path) -> None:
    async with running(tmp_path, "--sandbox") as gateway:
        first, second = await gateway.serving(2)
        figures = figures_of(second)
        staying, leaving = await gateway.connections_to(second, 4), await gateway.connections_to(first, 2)
        done = asyncio.Event()
        load = [asyncio.create_task(statuses(session, done)) for session in staying]
        doomed = [asyncio.create_task(statuses(session, done)) for session in leaving]
        asking_anew = asyncio.create_task(readiness(gateway, done))
        counted = [await gateway.total(REQUESTS)]
        os.kill(first, signal.SIGKILL)
        counted += [await gateway.total(REQUESTS) for _ in range(5)]
        pids = await gateway.serving(3)
        assert pids[2] not in (first, second)
        counted += [await gateway.total(REQUESTS) for _ in range(5)]
        done.set()
        answers = [each for told in await asyncio.gather(*load) for each in told]
        assert ended_how(answers).keys() == {"200"}
        assert len(answers) > 20
        assert all(isinstance(told[-1], aiohttp.ClientError) for told in await asyncio.gather(*doomed))
        anew = ended_how(await asking_anew)
        # A connection that the killed one had accepted already is lost, and no other.
        assert anew.keys() <= {"200", "ServerDisconnectedError", "ClientOSError"}
        assert anew.total() - anew["200"] <= 1
        assert counted == sorted(counted)
        assert not is_alive(first)
        assert await gateway.total("http_client_pool_limit") == 2 * 2 * 50
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0
        assert not figures.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("send", [os.kill, os.killpg], ids=["to_the_supervisor", "to_all_as_a_terminal_does"])
async def test_a_stop_finishes_what_is_in_flight_in_every_worker_and_exits_0(
    tmp_path: Path, upstream: HTSUpstream, number: signal.Signals, send: Callable[[int, int], None]
) -> None:
    async with running(tmp_path, hts_url=upstream.url, cache="off", hts_rate="0") as gateway:
        pids = await gateway.serving(2)
        callers = [session for pid in pids for session in await gateway.connections_to(pid)]
        upstream.gate.clear()
        asking = [asyncio.create_task(caller.get(LINE)) for caller in callers]
        async with asyncio.timeout(20):
            while len(upstream.asked) < 2:
                await asyncio.sleep(0.01)
            send(gateway.process.pid, number)
            while len(gateway.lines("draining")) < 2:
                await asyncio.sleep(0.01)
            async with aiohttp.ClientSession(gateway.url) as newcomer:
                assert (await newcomer.get("/health/ready")).status == 503
                late = asyncio.create_task(newcomer.get(LINE))
                while len(upstream.asked) < 3:
                    await asyncio.sleep(0.01)
                upstream.gate.set()
                assert [(await each).status for each in (*asking, late)] == [200, 200, 200]
        assert await gateway.end() == 0
        assert not any(map(is_alive, pids))
        assert len(gateway.lines("stopped")) == 2
        assert "Traceback" not in gateway.said


@pytest.mark.parametrize("together", [False, True], ids=["while they drain", "together"])
async def test_a_second_signal_stops_all_at_once(tmp_path: Path, upstream: HTSUpstream, *, together: bool) -> None:
    async with running(tmp_path, hts_url=upstream.url) as gateway:
        await gateway.serving(2)
        upstream.gate.clear()
        async with aiohttp.ClientSession(gateway.url) as caller:
            asking = asyncio.create_task(caller.get(LINE))
            async with asyncio.timeout(20):
                while not upstream.asked:
                    await asyncio.sleep(0.01)
            gateway.process.send_signal(signal.SIGTERM)
            if not together:
                async with asyncio.timeout(20):
                    while len(gateway.lines("draining")) < 2:
                        await asyncio.sleep(0.01)
            gateway.process.send_signal(signal.SIGINT if together else signal.SIGTERM)
            assert await gateway.end() == 0
            with pytest.raises(aiohttp.ClientError):
                await asking


async def test_workers_whose_supervisor_was_killed_finish_what_is_in_flight_and_end(
    tmp_path: Path, upstream: HTSUpstream
) -> None:
    # Nobody is left to remove a directory that the supervisor made.
    (tmp_path / "figures").mkdir()
    async with running(tmp_path, figures=str(tmp_path / "figures"), hts_url=upstream.url) as gateway:
        pids = await gateway.serving(2)
        upstream.gate.clear()
        async with aiohttp.ClientSession(gateway.url) as caller:
            asking = asyncio.create_task(caller.get(LINE))
            async with asyncio.timeout(20):
                while not upstream.asked:
                    await asyncio.sleep(0.01)
                gateway.process.kill()
                while len(gateway.lines("draining")) < 2:
                    await asyncio.sleep(0.01)
                upstream.gate.set()
                assert (await asking).status == 200
                while any(map(is_alive, pids)):
                    await asyncio.sleep(0.02)


async def test_a_worker_that_is_stopped_by_itself_finishes_its_work_and_is_replaced(
    tmp_path: Path, upstream: HTSUpstream
) -> None:
    async with running(tmp_path, hts_url=upstream.url) as gateway:
        first, second = await gateway.serving(2)
        upstream.gate.clear()
        [caller] = await gateway.connections_to(first)
        asking = asyncio.create_task(caller.get(LINE))
        async with asyncio.timeout(20):
            while not upstream.asked:
                await asyncio.sleep(0.01)
        os.kill(first, signal.SIGTERM)
        async with asyncio.timeout(20):
            while not gateway.lines("draining"):
                await asyncio.sleep(0.01)
        upstream.gate.set()
        assert (await asking).status == 200
        assert len(await gateway.serving(3)) == 3
        assert is_alive(second)


async def test_each_worker_says_who_it_is_and_has_its_share(tmp_path: Path) -> None:
    pool = {"pool_max_connections": 7, "pool_max_keepalive": 1}
    async with running(tmp_path, figures=None, hts_rate="5/5s", csl_rate="1/2s", **pool) as gateway:
        pids = await gateway.serving(2)
        for pid in pids:
            [caller] = await gateway.connections_to(pid)
            async with caller.get("/health") as response:
                health = await response.json()
            assert (health["pid"], health["workers"]) == (pid, 2)
            assert health["event_loop"] == ("uvloop" if sys.implementation.name == "cpython" else "asyncio")
            assert (health["pools"]["async"]["limit"], health["pools"]["async"]["max_idle"]) == (3, 1)
            assert health["upstreams"]["hts"]["quota"]["rates"] == [{"requests": 2, "period_s": 5.0}]
            assert health["upstreams"]["csl"]["quota"]["rates"] == [{"requests": 1, "period_s": 4.0}]


async def test_one_worker_shows_the_demo(tmp_path: Path) -> None:
    async with running(tmp_path, "--sandbox", "--demo") as gateway:
        await gateway.serving(2)
        async with asyncio.timeout(30):
            while "Serving on" not in gateway.said:
                await asyncio.sleep(0.05)
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0
        assert gateway.said.count("Serving on") == 1


async def test_the_demo_waits_for_the_list_in_whichever_worker_answers(tmp_path: Path) -> None:
    async with running(tmp_path, "--sandbox", "--demo", sanctions_source="list") as gateway:
        async with asyncio.timeout(30):
            while "Serving on" not in gateway.said:
                await asyncio.sleep(0.05)
        assert "Name equals a UVL entry" in gateway.said
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0


async def test_all_that_is_logged_has_one_form(tmp_path: Path) -> None:
    async with running(tmp_path) as gateway:
        first, _ = await gateway.serving(2)
        os.kill(first, signal.SIGKILL)
        await gateway.serving(3)
        gateway.process.send_signal(signal.SIGTERM)
        assert await gateway.end() == 0
        assert all(line.startswith("{") for line in gateway.said.splitlines())


async def test_a_port_that_is_taken_ends_the_start_with_one_line_and_exit_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with running(tmp_path, port=port) as gateway:
            assert await gateway.end() == 1
            assert gateway.said.startswith(f"compliance-gateway: cannot listen on 127.0.0.1:{port}: ")
            assert gateway.said.count("\n") == 1


async def test_sandbox_data_that_cannot_be_used_end_the_start_with_one_line_and_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "data" / "hts").mkdir(parents=True)
    (tmp_path / "data" / "hts" / "chapter_01.json").write_text("not json")
    async with running(tmp_path, "--sandbox", "--sandbox-data", str(tmp_path / "data")) as gateway:
        assert await gateway.end() == 2
        assert (gateway.said.startswith("compliance-gateway: "), gateway.said.count("\n")) == (True, 1)


@pytest.mark.parametrize("given", ["0", "65", "two"])
async def test_a_number_of_workers_that_cannot_be_is_told_with_what_is_allowed(tmp_path: Path, given: str) -> None:
    async with running(tmp_path, "--workers", given) as gateway:
        assert await gateway.end() == 2
        said = f"compliance-gateway: --workers is '{given}', allowed: a whole number from 1 up to 64\n"
        assert gateway.said == said


async def test_a_directory_of_figures_that_is_none_ends_the_start_with_one_line_and_exit_code_2(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, figures="no/such/directory") as gateway:
        assert await gateway.end() == 2
        assert gateway.said.startswith("compliance-gateway: PROMETHEUS_MULTIPROC_DIR is 'no/such/directory', allowed: ")
        assert gateway.said.count("\n") == 1


def test_without_a_place_for_figures_one_line_says_what_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    monkeypatch.setattr("service.workers.figures._IN_MEMORY", "/nowhere")
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    said = "PROMETHEUS_MULTIPROC_DIR is not set, and no temporary directory"
    with pytest.raises(ConfigError, match=said), shared_figures():
        pass
