"""Answers that are ready to be sent: what they say anew, and when they are not sent any more."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from service.rendered import RenderedAnswers
from tests.service.conftest import OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.cache import AnswerCache, Kept, MemoryStore
from tools.exchange import Answer, Basis, Exchange, Part, Source
from tools.policy.freshness import Freshness

LINE = "/v1/hts/8507.60.00.20"
NOW = 1_750_000_000.0


class Clock:
    """Seconds since 1970, moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Callable[[], float]) -> AnswerCache:
    """One answer is kept, under `key`."""
    cache = AnswerCache(MemoryStore(100, 10**6), clock=clock)
    cache.memory.put("key", b"what the agency said")
    return cache


def an_answer(kept: AnswerCache, result: str = "told", *, fresh_until: float = NOW + 60) -> Answer[str]:
    source = Source(
        name="An agency",
        url=None,
        version=None,
        retrieved_at=datetime.fromtimestamp(NOW, UTC),
        served_from="cache",
        stale_because=None,
        sandbox=False,
        attempts=0,
        tries=(),
        sha256=("ab",),
        elapsed_ms=7.0,
    )
    content = kept.memory.get("key")
    assert content is not None
    return Answer(result, source, Basis({"key": content}, fresh_until=fresh_until))


def nothing_is_asked() -> Exchange[str]:
    yield from ()
    return "told"


def told(rendered: RenderedAnswers, target: str = "/asked") -> Any:
    found = rendered.find(target, "r-1", time.monotonic())
    return None if found is None else orjson.loads(found)


def test_it_is_the_answer_with_this_request_s_own_figures(kept: AnswerCache) -> None:
    rendered = RenderedAnswers(kept, 10, 10**6)
    rendered.keep("/asked", "hts", {"code": "1"}, an_answer(kept))
    body = told(rendered)
    assert (body["tool"], body["query"], body["result"], body["request_id"]) == ("hts", {"code": "1"}, "told", "r-1")
    assert (body["source"]["served_from"], body["source"]["sha256"]) == ("cache", ["ab"])
    assert body["source"]["age_s"] > 0
    assert body["source"]["elapsed_ms"] < 7


def test_it_is_not_sent_once_what_it_rests_on_is_no_more_as_good_as_new(kept: AnswerCache, clock: Clock) -> None:
    rendered = RenderedAnswers(kept, 10, 10**6)
    rendered.keep("/asked", "hts", {}, an_answer(kept, fresh_until=NOW + 60))
    clock.now += 59
    assert told(rendered) is not None
    clock.now += 1
    assert told(rendered) is None


def test_it_is_not_sent_by_a_clock_that_was_set_back_behind_the_agency_s_answer(
    kept: AnswerCache, clock: Clock
) -> None:
    part = Part(("q",), str, Freshness(fresh_s=60, revalidate_s=60, on_error_s=60), nothing_is_asked)
    said = Kept("told", None, datetime.fromtimestamp(NOW, UTC), "ab", is_sample_data=False)
    answer, content = an_answer(kept), kept.memory.get("key")
    assert content is not None
    answer.basis = Basis()
    kept.add(answer.basis, "key", content, said, part)
    rendered = RenderedAnswers(kept, 10, 10**6)
    rendered.keep("/asked", "hts", {}, answer)
    for set_to in (NOW, NOW - 59):
        clock.now = set_to
        assert kept.use_of(said, part) == "fresh"
        assert told(rendered) is not None
    clock.now = NOW - 61
    assert kept.use_of(said, part) == "expired"
    assert told(rendered) is None


@pytest.mark.parametrize("becomes", [b"what the agency says now", b"what the agency said", None])
def test_it_is_not_sent_once_what_it_rests_on_was_replaced_or_dropped(kept: AnswerCache, becomes: bytes | None) -> None:
    rendered = RenderedAnswers(kept, 10, 10**6)
    rendered.keep("/asked", "hts", {}, an_answer(kept))
    if becomes is None:
        kept.memory.put("key", b"x" * 10**7)  # too large to be kept, and the old one goes
    else:
        kept.memory.put("key", bytes(bytearray(becomes)))
    assert told(rendered) is None


def test_what_does_not_rest_on_kept_answers_alone_is_not_kept(kept: AnswerCache) -> None:
    rendered = RenderedAnswers(kept, 10, 10**6)
    answer = an_answer(kept)
    answer.basis = None
    rendered.keep("/asked", "hts", {}, answer)
    assert told(rendered) is None


@pytest.mark.parametrize(("entries", "size"), [(2, 10**6), (10, 5_000)])
def test_the_one_used_longest_ago_makes_room(kept: AnswerCache, entries: int, size: int) -> None:
    rendered = RenderedAnswers(kept, entries, size)
    for target in ("/1", "/2"):
        rendered.keep(target, "hts", {}, an_answer(kept, target))
    assert told(rendered, "/1")["result"] == "/1"
    rendered.keep("/3", "hts", {}, an_answer(kept, "/3"))
    assert [told(rendered, target) is None for target in ("/1", "/2", "/3")] == [False, True, False]


async def test_the_third_time_the_answer_is_the_same_and_the_agency_was_asked_once(
    open_gateway: OpenGateway, upstream: HTSUpstream
) -> None:
    gateway = await open_gateway(cache=True)
    bodies = []
    for number in range(4):
        async with gateway.get(LINE, headers={"X-Request-ID": f"r-{number}"}) as response:
            bodies.append(await response.json())
        if not number:
            asked = len(upstream.asked)
    assert len(upstream.asked) == asked
    assert [body["request_id"] for body in bodies] == ["r-0", "r-1", "r-2", "r-3"]
    assert [body["source"]["served_from"] for body in bodies] == ["live", "cache", "cache", "cache"]
    assert [body["source"]["attempts"] for body in bodies[1:]] == [0, 0, 0]
    ages = [body["source"].pop("age_s") for body in bodies]
    assert ages == sorted(ages)
    for body in bodies:
        for own in ("elapsed_ms", "served_from", "attempts", "tries"):
            del body["source"][own]
        del body["request_id"]
    assert bodies[0] == bodies[1] == bodies[2] == bodies[3]


async def test_whoever_forbids_kept_answers_gets_none_and_the_others_get_the_new_one(open_gateway: OpenGateway) -> None:
    gateway = await open_gateway(cache=True)

    async def retrieved_at(**headers: str) -> str:
        async with gateway.get(LINE, headers=headers) as response:
            at: str = (await response.json())["source"]["retrieved_at"]
            return at

    first = [await retrieved_at() for _ in range(3)]
    assert len(set(first)) == 1
    anew = await retrieved_at(**{"Cache-Control": "no-cache"})
    assert anew > first[0]
    assert [await retrieved_at() for _ in range(3)] == [anew] * 3
