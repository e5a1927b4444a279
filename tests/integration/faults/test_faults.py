"""Every fault of the lab once, alone; and for a few seconds all of them at once."""

import asyncio
import random
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from tests.http_client.peer import Peer, deaf
from tests.integration.faults.authority import Authority
from tests.integration.faults.callers import CallerHabits, Tally, call, storm
from tests.integration.faults.conftest import SEED, Agencies, OpenGateway, StartGateway
from tests.integration.faults.gateway import leaked_slots
from tests.integration.faults.good_day import AGENCIES
from tests.integration.faults.misdeeds import MISDEEDS, TLS_MISDEEDS
from tests.integration.faults.questions import ask, questions_of
from tests.integration.faults.upstream import Agency
from tests.integration.faults.verdict import judge
from tests.integration.faults.weather import changing_weather

Gateway = TestClient[web.Request, web.Application]

#: What callers are told of each misdeed, whether or not the agency is asked again.
CODES = {
    **{f"status-{status}": "provider_failed" for status in (500, 502, 503, 504)},
    "status-429": "rate_limited",
    "latency": "live",
    "closed-on-reuse": "live",  # no byte came, so the request goes out once more on a new connection
    **dict.fromkeys(
        ("reset-before-headers", "reset-within-body", "truncated-body", "leads-to-no-host"), "provider_unreachable"
    ),
    **dict.fromkeys(("html", "empty-object", "gzip-garbage"), "provider_garbled"),
    **dict.fromkeys(("slow-loris", "never-answers", "half-open"), "provider_timeout"),
}
DEADLINE_S = 1.0


def test_each_misdeed_has_its_code() -> None:
    assert CODES.keys() == MISDEEDS.keys()


async def _asked(gateway: Gateway, agency: str, first: int = 0) -> tuple[str, str]:
    """Kind and code of the verdict on one question, which came back in time and left no slot taken."""
    question = next(questions_of(agency, first))
    tally = Tally()
    headers = {"X-Request-Timeout": str(DEADLINE_S)}
    verdict = await call(gateway.session, question, DEADLINE_S, tally, headers, base=str(gateway.make_url("")))
    assert tally.wrong == []
    assert tally.late_s < 1
    async with gateway.get("/health") as response:
        assert leaked_slots(await response.json()) == 0
    return verdict.kind, verdict.code


async def test_good_weather_is_answered_exactly(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway()
    dice = random.Random(SEED)
    tally = Tally()
    for _ in range(60):
        question = ask(dice, 1000)
        await call(gateway.session, question, DEADLINE_S, tally, {}, base=str(gateway.make_url("")))
    assert tally.wrong == []
    assert {kind for kind, _ in tally.outcomes} == {"right"}
    assert tally.asked.keys() == set(AGENCIES)


@pytest.mark.parametrize("misdeed", MISDEEDS)
async def test_a_misdeed_gets_its_problem_and_its_slot_comes_back(
    agencies: Agencies, open_gateway: OpenGateway, misdeed: str
) -> None:
    # The tariff's second request comes on a connection that is used already.
    gateway = await open_gateway()
    agencies["hts"].weather = {misdeed: 1.0}
    assert (await _asked(gateway, "hts"))[1] == CODES[misdeed]
    assert agencies["hts"].done[misdeed] >= 1
    agencies["hts"].weather = {}
    assert await _asked(gateway, "csl") == ("right", "live")


@pytest.mark.parametrize("misdeed", sorted(TLS_MISDEEDS))
async def test_a_certificate_that_proves_nothing_is_not_accepted(
    agencies: Agencies, open_gateway: OpenGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, misdeed: str
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=authority.file))
    async with Agency("cross", random.Random(SEED)).serving(authority) as cross:
        gateway = await open_gateway(cross_url=cross.peer.url("").rstrip("/"))
        cross.weather = {misdeed: 1.0}
        assert await _asked(gateway, "cross") == ("honest", "provider_unreachable")
        assert cross.arrivals == []
        cross.weather = {}
        gateway = await open_gateway(cross_url=cross.peer.url("").rstrip("/"))
        assert await _asked(gateway, "cross") == ("right", "live")


async def test_plain_text_where_tls_is_due_is_no_answer(open_gateway: OpenGateway) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway = await open_gateway(cross_url=f"https://127.0.0.1:{port}")
        assert await _asked(gateway, "cross") == ("honest", "provider_unreachable")


async def test_a_handshake_that_is_never_answered_ends_at_the_deadline(open_gateway: OpenGateway) -> None:
    async with Peer(deaf).serving() as peer:
        gateway = await open_gateway(cross_url=f"https://{peer.host}")
        assert await _asked(gateway, "cross") == ("honest", "provider_timeout")


async def test_a_host_without_an_address_cannot_be_reached(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(cross_url="http://agency.invalid/api")
    assert await _asked(gateway, "cross") == ("honest", "provider_unreachable")


@pytest.fixture
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full, so that the next ones are not even established."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        port = int(server.getsockname()[1])
        queued = [socket.socket() for _ in range(4)]
        for each in queued:
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", port))
        yield port
        for each in queued:
            each.close()


async def test_a_host_that_takes_no_connection_ends_at_the_deadline(
    open_gateway: OpenGateway, full_backlog: int
) -> None:
    gateway = await open_gateway(cross_url=f"http://127.0.0.1:{full_backlog}")
    assert await _asked(gateway, "cross") == ("honest", "provider_timeout")


async def test_in_a_storm_nobody_is_told_anything_wrong_nor_kept_waiting(
    agencies: Agencies, start_gateway: StartGateway
) -> None:
    habits = CallerHabits(different=100, deadline_s=2.0, think_s=0.2)
    gateway = await start_gateway(deadline_s=habits.deadline_s)
    async with changing_weather(agencies, random.Random(SEED), share=0.2, fair_s=1.5, outage_s=1.0):
        tally = await storm(gateway.url, 5.0, callers=40, seed=SEED, habits=habits)
    assert tally.wrong == []
    assert tally.late_s < 1, tally.latest
    assert await gateway.leaked_slots(within_s=5.0) == 0
    assert gateway.errors() == []
    kinds = {kind for kind, _ in tally.outcomes}
    assert kinds == {"right", "honest"}
    assert tally.left > 0
    assert sum(len(each.done) > 5 for each in agencies.values()) == len(agencies)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "why"),
    [
        (200, "application/json", b'{"result": {"outcome": "clear", "hits": [], "total": 0}}', "result"),
        (200, "application/json", b'{"result": {}, "source": {"served_from": "live"}}', "KeyError"),
        (500, "application/problem+json", b'{"code": "internal_error", "status": 500}', "its code is not honest"),
        (404, "application/problem+json", b'{"code": "not_found", "status": 404}', "its code is not honest"),
        (502, "text/html", b"<html>", "is not JSON"),
        (502, "application/json", b'{"code": "provider_failed", "status": 502}', "it is no problem+json"),
        (502, "application/problem+json", b'{"code": "provider_failed", "status": 502}', "its outcome is wrong"),
    ],
)
def test_the_judge_of_the_lab_is_strict(status: int, content_type: str, body: bytes, why: str) -> None:
    listed: Any = next(questions_of("csl"))
    verdict = judge(listed, status, content_type, body)
    assert verdict.kind == "wrong"
    assert why in verdict.why
