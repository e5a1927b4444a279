"""Retries, breakers, quotas and kept answers as callers of the service meet them."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from service.app import create_app
from service.config import Config, ConfigError
from service.keys import REGISTRY, STORE
from service.watch import watching
from tests import csl_answers
from tests.http_client.peer import Answer, Peer, answer
from tests.service.conftest import Gateway, OpenGateway
from tests.service.fail_closed_cases import KEY
from tests.service.hts_upstream import RELEASE, HTSUpstream, good_answer
from tests.test_retries import in_turn
from tools.policy.quota import Rate

LINE = "/v1/hts/8507.60.00.20"


async def get(gateway: Gateway, path: str, **headers: str) -> tuple[int, dict[str, Any]]:
    async with gateway.get(path, headers=headers) as response:
        return response.status, await response.json()


def served(body: dict[str, Any]) -> tuple[str, int]:
    return body["source"]["served_from"], body["source"]["attempts"]


def move_clock(gateway: Gateway, ahead_s: float) -> None:
    """Let everything that is kept be older by that much."""
    assert gateway.app is not None
    store = gateway.app[STORE]
    assert store is not None
    store.answers._clock = lambda: time.time() + ahead_s


def paths(upstream: HTSUpstream) -> list[str]:
    return [request.path.rpartition("/")[2] for request in upstream.asked]


async def test_a_question_that_was_answered_is_not_asked_again(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway(cache=True)
    _, first = await get(gateway, LINE)
    _, second = await get(gateway, LINE)
    assert (served(first), served(second)) == (("live", 2), ("cache", 0))
    assert second["result"] == first["result"]
    assert second["source"]["retrieved_at"] == first["source"]["retrieved_at"]
    assert second["request_id"] != first["request_id"]
    # Another line of the same heading needs nothing new.
    assert served((await get(gateway, "/v1/hts/8507.60.00"))[1]) == ("cache", 0)
    assert paths(upstream) == ["currentRelease", "exportList"]


async def test_no_cache_forces_a_live_answer(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    gateway = await open_gateway(cache=True)
    await get(gateway, LINE)
    _, body = await get(gateway, LINE, **{"Cache-Control": "no-cache"})
    assert served(body) == ("live", 2)
    assert len(upstream.asked) == 4


async def test_two_hundred_equal_questions_at_once_are_one(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    gateway = await open_gateway(cache=True)
    asking = [asyncio.create_task(get(gateway, LINE)) for _ in range(200)]
    async with asyncio.timeout(10):
        while not upstream.asked:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    upstream.gate.set()
    answers = await asyncio.gather(*asking)
    assert {status for status, _ in answers} == {200}
    assert len({str(body["result"]) for _, body in answers}) == 1
    assert sorted(paths(upstream)) == ["currentRelease", "exportList"]


async def test_a_new_release_drops_what_was_kept_of_the_old_one_and_no_question_waits_for_it(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway(cache=True)
    assert gateway.app is not None
    tools = gateway.app[REGISTRY].tools.values()
    async with watching(tools, interval_s=0.02):
        await asyncio.sleep(0.1)
        assert upstream.asked == []  # nobody has asked for anything yet
    assert (await get(gateway, LINE))[1]["source"]["version"] == RELEASE["name"]

    async def newer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("currentRelease"):
            return web.json_response(RELEASE | {"name": "2026HTSRev18"})
        return good_answer(request)

    upstream.instead = newer
    async with watching(tools, interval_s=0.02):
        async with asyncio.timeout(10):
            while paths(upstream).count("currentRelease") < 2:
                await asyncio.sleep(0.01)
    before = len(upstream.asked)
    _, body = await get(gateway, LINE)
    assert (body["source"]["version"], served(body)) == ("2026HTSRev18", ("live", 1))
    assert paths(upstream)[before:] == ["exportList"]


async def test_that_there_is_none_is_believed_for_five_minutes(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway(cache=True)
    assert gateway.app is not None
    for _ in range(2):
        assert (await get(gateway, "/v1/hts/8507.99"))[0] == 404
    assert len(upstream.asked) == 2
    store = gateway.app[STORE]
    assert store is not None
    # As if these rows had been kept for ten minutes.
    for key, content in list(store.answers.memory._kept.items()):
        kept = orjson.loads(content)
        older = datetime.fromisoformat(kept["retrieved_at"]) - timedelta(minutes=10)
        store.answers.memory.put(key, orjson.dumps(kept | {"retrieved_at": older.isoformat()}))
    assert (await get(gateway, "/v1/hts/8507.99"))[0] == 404
    assert len(upstream.asked) == 4


async def test_a_screening_is_given_stale_for_four_hours_and_then_nobody_is_screened(
    open_gateway: OpenGateway,
) -> None:
    clear = answer(200, orjson.dumps(csl_answers.page()), Content_Type="application/json")
    async with Peer(in_turn(clear, answer(503))).serving() as peer:
        gateway = await open_gateway(cache=True, csl_url=f"http://127.0.0.1:{peer.port}", csl_subscription_key=KEY)
        path = "/v1/sanctions?name=Acme+Trading"
        assert served((await get(gateway, path))[1]) == ("live", 1)
        move_clock(gateway, 3.9 * 3600)
        status, body = await get(gateway, path)
        assert (status, body["result"]["outcome"], served(body)[0]) == (200, "clear", "stale")
        assert body["source"]["age_s"] < 60  # the age is told by the real clock
        assert body["source"]["stale_because"] == "provider_failed"
        move_clock(gateway, 4.1 * 3600)
        status, body = await get(gateway, path)
        assert (status, body["code"], body["outcome"]) == (502, "provider_failed", "not_screened")


async def test_another_threshold_is_weighed_anew_from_what_was_kept(open_gateway: OpenGateway) -> None:
    page = csl_answers.page(csl_answers.sdn("ACME TRADE", score=80))
    async with Peer(answer(200, orjson.dumps(page), Content_Type="application/json")).serving() as peer:
        gateway = await open_gateway(cache=True, csl_url=f"http://127.0.0.1:{peer.port}", csl_subscription_key=KEY)
        outcomes = []
        for threshold in ("0.5", "1", "0.5"):
            _, body = await get(gateway, f"/v1/sanctions?name=Acme+Trading&threshold={threshold}")
            outcomes.append(body["result"]["outcome"])
        assert (outcomes, len(peer.asked)) == (["potential_match", "clear", "potential_match"], 1)


async def test_an_answer_that_contradicts_itself_is_not_the_answer_for_an_hour(open_gateway: OpenGateway) -> None:
    def page(counted: int) -> Answer:
        body = csl_answers.page() | {"sources": [{"count": counted, "value": csl_answers.EL}]}
        return answer(200, orjson.dumps(body), Content_Type="application/json")

    async with Peer(in_turn(page(counted=5), page(counted=0))).serving() as peer:
        gateway = await open_gateway(cache=True, csl_url=f"http://127.0.0.1:{peer.port}", csl_subscription_key=KEY)
        status, body = await get(gateway, "/v1/sanctions?name=Acme+Trading")
        assert (status, body["code"], body["outcome"]) == (502, "provider_garbled", "not_screened")
        status, body = await get(gateway, "/v1/sanctions?name=Acme+Trading")
        assert (status, body["result"]["outcome"], served(body)) == (200, "clear", ("live", 1))


async def test_an_open_circuit_is_told_with_when_to_come_back_and_shown(open_gateway: OpenGateway) -> None:
    async with Peer(answer(503)).serving() as peer:
        gateway = await open_gateway(retry=True, breaker=True, hts_url=f"http://127.0.0.1:{peer.port}")
        codes = [(await get(gateway, LINE))[1]["code"] for _ in range(6)]
        assert codes[0] == "provider_failed"
        assert codes[-1] == "circuit_open"
        assert len(peer.asked) == 5
        async with gateway.get(LINE) as response:
            body = await response.json()
        assert (response.status, body["retryable"], body["upstream"]) == (503, True, "hts")
        assert 0 < int(response.headers["Retry-After"]) <= 10
        _, health = await get(gateway, "/health")
        breaker = health["upstreams"]["hts"]["breaker"]
        assert (breaker["state"], breaker["opened"]) == ("open", 1)
        assert {each["reason"] for each in breaker["reasons"]} == {"HTTP 503"}
        async with gateway.get("/metrics") as response:
            families = {each.name: each for each in text_string_to_metric_families(await response.text())}
        states = {
            (sample.labels["server"], sample.labels["state"]): sample.value
            for sample in families["http_client_circuit_state"].samples
        }
        assert (states["hts", "open"], states["hts", "closed"], states["csl", "closed"]) == (1, 0, 1)
        bad = {sample.labels["reason"]: sample.value for sample in families["http_client_bad_calls"].samples}
        assert bad == {"HTTP 503": 5}
        [last] = families["http_client_last_bad_call_timestamp_seconds"].samples
        assert last.labels == {"server": "hts", "reason": "HTTP 503"}
        assert last.value == pytest.approx(time.time(), abs=60)
        requests = families["http_server_request_duration_seconds"].samples
        assert any(each.labels["status"] == "503" and each.labels["route"] == "/v1/hts/{code}" for each in requests)


async def test_a_quota_that_is_used_up_is_told_at_once(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    gateway = await open_gateway(hts_rate="2/60s")
    assert (await get(gateway, LINE))[0] == 200
    status, body = await get(gateway, LINE)
    assert (status, body["code"], body["upstream"]) == (503, "rate_limited", "hts")
    assert 20 < body["retry_after_s"] <= 61
    assert len(upstream.asked) == 2


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GATEWAY_CSL_RATE", "fast", r"0 \(no bound\), or requests per seconds as in 100/60s"),
        ("GATEWAY_HTS_RATE", "0/1s", "0 "),
        ("GATEWAY_BREAKER", "maybe", "1, 0, true, false, on, off"),
        ("GATEWAY_CACHE_URL", "http://x", "redis://HOST"),
    ],
)
def test_a_wrong_setting_stops_the_start_with_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=rf"^{name} is '{value}', allowed: {says}"):
        Config()


@pytest.mark.parametrize(("sandbox", "rates"), [(True, 0), (False, 1)])
async def test_quotas_are_on_unless_it_is_the_sandbox(aiohttp_client: Any, *, sandbox: bool, rates: int) -> None:
    client = await aiohttp_client(create_app(Config(sandbox=sandbox)))
    _, health = await get(client, "/health")
    quota = {name: len(each["quota"]["rates"]) for name, each in health["upstreams"].items()}
    assert quota == {"hts": rates, "csl": 2 * rates, "fda": 0, "cross": rates}
    explicit = await aiohttp_client(create_app(Config(sandbox=sandbox, hts_rate="7/2s")))
    assert explicit.app[REGISTRY].tools["hts"].policies.quota.rates == (Rate(7, 2.0),)


async def test_switched_off_each_policy_is_gone(open_gateway: OpenGateway, upstream: HTSUpstream) -> None:
    gateway = await open_gateway()
    _, health = await get(gateway, "/health")
    assert (health["cache"], health["upstreams"]["hts"]["breaker"]) == (None, None)
    for _ in range(2):
        assert served((await get(gateway, LINE))[1]) == ("live", 2)


async def test_a_caller_who_leaves_ends_the_request_to_the_agency_unless_others_wait_for_it(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    async def in_use() -> int:
        _, body = await get(gateway, "/health")
        return int(body["pools"]["async"]["in_use"])

    async def until(condition: Callable[[int], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition(await in_use()):
                await asyncio.sleep(0.01)

    upstream.gate.clear()
    gateway = await open_gateway(cache=True)
    leaving, staying = (asyncio.create_task(get(gateway, LINE)) for _ in range(2))
    await until(lambda held: held == 1 and len(upstream.asked) == 1)
    leaving.cancel()
    await asyncio.sleep(0.1)
    assert await in_use() == 1
    upstream.gate.set()
    assert (await staying)[0] == 200
    assert paths(upstream) == ["currentRelease", "exportList"]
    upstream.gate.clear()
    leaving = asyncio.create_task(get(gateway, LINE, **{"Cache-Control": "no-cache"}))
    await until(lambda held: held == 1)
    leaving.cancel()
    await until(lambda held: held == 0)
