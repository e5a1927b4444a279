"""How long a call may take, by whose word, and what a caller who leaves stops."""

import asyncio
import contextlib
import threading
from typing import Any

import aiohttp
import pytest

from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.base import ComplianceTool
from tools.call import current_call

LINE = "/v1/hts/8507.60.00.20"


class Allowed(ComplianceTool):
    """Tells how long it may take."""

    name = "allowed"

    async def _run_impl_async(self) -> Any:
        call = current_call()
        assert call is not None
        return round(call.deadline_at - call.started_at, 3)


class AllowedInAThread(ComplianceTool):
    """The same, in a thread."""

    name = "allowed_in_a_thread"

    def _run_impl(self) -> Any:
        call = current_call()
        assert call is not None
        return round(call.remaining_s(), 3)


class Patient(ComplianceTool):
    """Waits in a thread until it is let go."""

    name = "patient"
    go = threading.Event()

    def _run_impl(self) -> Any:
        return self.go.wait(20)


@pytest.mark.parametrize(("said", "allowed_s"), [(None, 20), ("5", 5), ("0.25", 0.25), ("59.5", 59.5), ("600", 60)])
async def test_a_caller_says_how_long_a_call_may_take_up_to_a_bound(
    open_gateway: OpenGateway, said: str | None, allowed_s: float
) -> None:
    gateway = await open_gateway(Allowed, AllowedInAThread)
    headers = {} if said is None else {"X-Request-Timeout": said}
    async with gateway.post("/v1/tools/allowed", headers=headers) as response:
        assert (await response.json())["result"] == allowed_s
    async with gateway.post("/v1/tools/allowed_in_a_thread", headers=headers) as response:
        assert 0 < (await response.json())["result"] <= allowed_s


@pytest.mark.parametrize("said", ["", "soon", "0", "-1", "nan", "inf", "1e999"])
async def test_a_time_that_cannot_be_is_a_400_that_names_the_header(gateway: Gateway, said: str) -> None:
    async with gateway.get(LINE, headers={"X-Request-Timeout": said}) as response:
        body = await response.json()
    assert (response.status, body["code"], body["parameter"]) == (400, "invalid_query", "X-Request-Timeout")


async def test_a_silent_agency_is_waited_for_as_long_as_the_caller_said(
    gateway: Gateway, upstream: HTSUpstream
) -> None:
    upstream.gate.clear()
    async with gateway.get(LINE, headers={"X-Request-Timeout": "0.3"}) as response:
        body = await response.json()
    assert (response.status, body["code"]) == (504, "provider_timeout")


async def health(gateway: Gateway) -> Any:
    async with gateway.get("/health") as response:
        return await response.json()


async def settled(gateway: Gateway, *path: str, value: int) -> None:
    """Wait until the figure at `path` of /health is `value`."""
    async with asyncio.timeout(10):
        while True:
            figure = await health(gateway)
            for key in path:
                figure = figure[key]
            if figure == value:
                return
            await asyncio.sleep(0.01)


async def leave(gateway: Gateway, method: str, path: str) -> None:
    """Ask and go away before the answer."""
    with contextlib.suppress(asyncio.TimeoutError):
        async with gateway.request(method, path, timeout=aiohttp.ClientTimeout(total=0.2)):
            raise AssertionError("it was answered")


async def test_a_caller_who_leaves_ends_the_work_at_the_agency(
    gateway: Gateway, upstream: HTSUpstream, capsys: pytest.CaptureFixture[str]
) -> None:
    upstream.gate.clear()
    await asyncio.gather(*(leave(gateway, "GET", LINE) for _ in range(5)))
    await settled(gateway, "pools", "async", "in_use", value=0)
    assert len(upstream.asked) == 5
    upstream.gate.set()
    assert capsys.readouterr().out.count("status=499") == 5
    async with gateway.get(LINE) as response:
        assert response.status == 200


async def test_a_thread_works_on_for_a_caller_who_has_left_and_is_counted(open_gateway: OpenGateway) -> None:
    Patient.go.clear()
    gateway = await open_gateway(Patient)
    await leave(gateway, "POST", "/v1/tools/patient")
    await settled(gateway, "threads", "overdue", value=1)
    Patient.go.set()
    await settled(gateway, "threads", "overdue", value=0)
    assert (await health(gateway))["threads"]["in_use"] == 0
