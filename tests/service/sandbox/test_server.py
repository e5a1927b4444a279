"""The server: a real one, on loopback, that ends at once."""

import asyncio
import socket
import time

import aiohttp
import pytest
from yarl import URL

from service.sandbox import Sandbox
from tests.service.sandbox.conftest import Agency


async def test_it_listens_on_loopback_on_a_port_that_the_system_chose(sandbox: Sandbox) -> None:
    url = URL(sandbox.url("hts"))
    assert (url.scheme, url.host, url.path) == ("http", "127.0.0.1", "/hts/reststop")
    assert url.port


async def test_a_sandbox_that_is_not_running_has_no_address() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url("hts")
    await sandbox.close()
    await sandbox.start()
    await sandbox.close()
    await sandbox.close()
    with pytest.raises(RuntimeError, match="not running"):
        _ = sandbox.url("hts")


async def test_a_port_that_is_taken_is_an_os_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        await Sandbox(port=taken.getsockname()[1]).start()


async def test_it_listens_where_it_is_told_to() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    sandbox = Sandbox(port=port)
    await sandbox.start()
    assert URL(sandbox.url("hts")).port == port
    await sandbox.close()


async def test_closing_does_not_wait_for_connections_that_are_kept_alive(agency: Agency, sandbox: Sandbox) -> None:
    release = await asyncio.gather(*(agency.json("/currentRelease") for _ in range(20)))
    assert len(release) == 20
    began = time.monotonic()
    await sandbox.close()
    # The bar is a time; it is far below aiohttp's own 60 s for a shutdown and 75 s for keep-alive.
    assert time.monotonic() - began < 5
    with pytest.raises(aiohttp.ClientConnectionError):
        await agency.json("/currentRelease")


async def test_connections_are_kept_alive_between_requests(sandbox: Sandbox) -> None:
    opened: list[object] = []
    tracing = aiohttp.TraceConfig()

    async def note(*told: object) -> None:
        opened.append(told)

    tracing.on_connection_create_end.append(note)
    async with aiohttp.ClientSession(trace_configs=[tracing]) as session:
        for _ in range(5):
            await Agency(sandbox.url("hts"), session).json("/currentRelease")
    assert len(opened) == 1


async def test_300_requests_at_once_are_all_answered(agency: Agency) -> None:
    answers = await asyncio.gather(*(agency.export("8507", "8508") for _ in range(300)))
    assert {len(rows) for rows in answers} == {16}


async def test_other_paths_belong_to_no_agency(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(URL(sandbox.url("hts")).origin()) as response:
        assert response.status == 404
