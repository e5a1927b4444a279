"""What the agency sees of retries, breakers and quotas: requests counted at its socket, over either client."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.http_client.peer import Answer, Incoming, Peer, answer, hang
from tests.probe import Asking
from tools.errors import CircuitOpen, ProviderFailed, ProviderTimeout, ProviderUnreachable, RateLimited, ToolError
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.breaker import Breaker, BreakerRules
from tools.policy.quota import Quota, parse_rates
from tools.policy.retry import RetryBudget, RetryPolicy

#: No wait but what the agency asks for.
AT_ONCE = RetryPolicy(dice=lambda _least, _most: 0.0)

OpenAsking = Callable[..., Asking]


@pytest.fixture(params=["async", "sync"])
def open_asking(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> OpenAsking:
    """Opens a probe with the policies given, over a pool of the numbers given; once for each client."""

    def open_one(policies: AgencyPolicies, **numbers: Any) -> Asking:
        return Asking(request.param, open_manager(**numbers), policies)

    return open_one


def policies(**more: Any) -> AgencyPolicies:
    return AgencyPolicies(**{"retry": AT_ONCE, "breaker": None} | more)


def in_turn(*replies: Answer) -> Answer:
    """The replies one after the other, the last one for good."""
    waiting = list(replies)

    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        return await (waiting.pop(0) if len(waiting) > 1 else waiting[0])(incoming, writer)

    return reply


async def reset(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Ends the connection without a word."""
    await incoming.read_body()
    writer.transport.abort()
    return False


async def cut(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Half of an answer."""
    await incoming.read_body()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    await writer.drain()
    return False


def timed(reply: Answer, arrivals: list[float]) -> Answer:
    async def note(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        arrivals.append(time.monotonic())
        return await reply(incoming, writer)

    return note


@pytest.mark.parametrize("fault", [reset, cut, answer(503), answer(500), answer(429)])
async def test_what_may_pass_is_tried_three_times_and_the_attempts_are_told(
    open_asking: OpenAsking, fault: Answer
) -> None:
    asking = open_asking(policies())
    async with Peer(in_turn(fault, fault, answer(body=b"good"))).serving() as peer:
        answered = await asking.ask(peer.url("/base"))
        assert (answered.result, answered.source.attempts, len(peer.asked)) == (b"good", 3, 3)
        outcomes = [each.outcome for each in answered.source.tries]
        assert outcomes[2] == "ok"
        assert outcomes[0] == outcomes[1] != "ok"
        assert {each.request for each in answered.source.tries} == {"GET /base/"}
    async with Peer(fault).serving() as peer:
        with pytest.raises((ProviderFailed, ProviderUnreachable, RateLimited)):
            await asking.ask(peer.url())
        assert len(peer.asked) == 3
        assert asking.stats().in_use == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 501])
async def test_what_will_not_pass_is_asked_once(open_asking: OpenAsking, status: int) -> None:
    async with Peer(answer(status)).serving() as peer:
        with pytest.raises(ToolError, match=str(status)):
            await open_asking(policies()).ask(peer.url())
        assert len(peer.asked) == 1


async def test_a_post_is_sent_once_unless_it_only_reads(open_asking: OpenAsking) -> None:
    asking = open_asking(policies())
    async with Peer(answer(503)).serving() as peer:
        for only_reads, sent in ((False, 1), (True, 3)):
            peer.asked.clear()
            with pytest.raises(ProviderFailed):
                await asking.ask(peer.url(), body={"a": "b"}, only_reads=only_reads)
            assert len(peer.asked) == sent


async def test_the_body_is_sent_whole_each_time(open_asking: OpenAsking) -> None:
    bodies: list[bytes] = []

    async def read(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        bodies.append(await incoming.read_body())
        writer.write(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n")
        return True

    async with Peer(read).serving() as peer:
        with pytest.raises(ProviderFailed):
            await open_asking(policies()).ask(peer.url(), body={"a": "b"}, only_reads=True)
    assert bodies == [b'{"a":"b"}'] * 3


async def test_retry_after_is_waited_for(open_asking: OpenAsking) -> None:
    arrivals: list[float] = []
    async with Peer(timed(in_turn(answer(503, Retry_After="1"), answer()), arrivals)).serving() as peer:
        await open_asking(policies()).ask(peer.url())
    assert 1.0 <= arrivals[1] - arrivals[0] < 3.0


async def test_a_wait_that_the_deadline_cannot_afford_is_not_begun(open_asking: OpenAsking) -> None:
    async with Peer(answer(503, Retry_After="5")).serving() as peer:
        started = time.monotonic()
        with pytest.raises(ProviderFailed):
            await open_asking(policies()).ask(peer.url(), deadline_s=3)
        assert time.monotonic() - started < 2.0
        assert len(peer.asked) == 1


async def test_a_discarded_answer_has_given_its_slot_back_before_the_wait(open_asking: OpenAsking) -> None:
    large = answer(503, b"x" * 5_000_000, Retry_After="1")
    asking = open_asking(policies(), max_connections=1, max_keepalive=1, acquire_s=0.5)
    async with Peer(in_turn(large, answer(body=b"good"))).serving() as peer:
        first = asyncio.create_task(asking.ask(peer.url()))
        async with asyncio.timeout(10):
            while not peer.asked or asking.stats().in_use:
                await asyncio.sleep(0.01)
        assert not first.done()
        assert (await asking.ask(peer.url())).result == b"good"
        assert (await first).result == b"good"


async def test_the_budget_bounds_what_retries_add(open_asking: OpenAsking) -> None:
    asking = open_asking(policies(budget=RetryBudget(share=0.2, at_least=4)))
    async with Peer(answer(503)).serving() as peer:
        for _ in range(15):
            with pytest.raises(ProviderFailed):
                await asking.ask(peer.url())
        assert len(peer.asked) == 19


async def test_a_connection_that_went_stale_is_replaced_at_once_and_that_is_an_attempt(
    open_asking: OpenAsking,
) -> None:
    questions: tuple[dict[str, Any], ...] = ({}, {"body": {"a": "b"}, "only_reads": True})
    for question in questions:
        asking = open_asking(policies(retry=RetryPolicy(dice=lambda _, most: most)))
        async with Peer(in_turn(answer(), reset, answer(body=b"good"))).serving() as peer:
            await asking.ask(peer.url())
            answered = await asking.ask(peer.url(), **question)
            assert answered.result == b"good"
            assert [each.outcome for each in answered.source.tries] == ["provider_unreachable", "ok"]
            assert (answered.source.attempts, len(peer.asked)) == (2, 3)


async def test_a_fresh_connection_that_breaks_is_not_sent_again_behind_the_policy_s_back(
    open_asking: OpenAsking,
) -> None:
    async with Peer(reset).serving() as peer:
        with pytest.raises(ProviderUnreachable):
            await open_asking(policies(retry=RetryPolicy(attempts=1))).ask(peer.url())
        assert len(peer.asked) == 1


async def test_five_failures_in_a_row_open_the_circuit_and_nothing_is_sent_any_more(open_asking: OpenAsking) -> None:
    asking = open_asking(policies(breaker=Breaker()))
    async with Peer(answer(503)).serving() as peer:
        for _ in range(2):
            with pytest.raises((ProviderFailed, CircuitOpen)):
                await asking.ask(peer.url())
        assert len(peer.asked) == 5
        with pytest.raises(CircuitOpen) as caught:
            await asking.ask(peer.url())
        assert caught.value.retry_after_s is not None
        assert 0 < caught.value.retry_after_s <= 10
        assert (caught.value.upstream, len(peer.asked)) == ("probe", 5)


async def test_of_fifty_callers_one_probes_and_its_success_closes_the_circuit(open_asking: OpenAsking) -> None:
    breaker = Breaker(BreakerRules(in_a_row=1, recovery_s=0.2))
    asking = open_asking(policies(breaker=breaker, retry=RetryPolicy(attempts=1)))
    gate = asyncio.Event()

    async def slow(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        return await answer(body=b"good")(incoming, writer)

    async with Peer(in_turn(answer(503), slow)).serving() as peer:
        with pytest.raises(ProviderFailed):
            await asking.ask(peer.url())
        await asyncio.sleep(0.25)
        callers = [asyncio.create_task(asking.ask(peer.url())) for _ in range(50)]
        async with asyncio.timeout(20):
            while sum(each.done() for each in callers) < 49:
                await asyncio.sleep(0.01)
        assert len(peer.asked) == 2
        gate.set()
        told = await asyncio.gather(*callers, return_exceptions=True)
        assert sum(isinstance(each, CircuitOpen) for each in told) == 49
        assert breaker.stats(time.monotonic()).state == "closed"
        assert (await asking.ask(peer.url())).result == b"good"


async def test_a_hanging_agency_opens_the_circuit_too(open_asking: OpenAsking) -> None:
    breaker = Breaker()
    asking = open_asking(policies(breaker=breaker))
    async with Peer(hang).serving() as peer:
        callers = [asyncio.create_task(asking.ask(peer.url(), deadline_s=0.4)) for _ in range(6)]
        told = await asyncio.gather(*callers, return_exceptions=True)
        assert {type(each).code for each in told if isinstance(each, ProviderTimeout)} == {"provider_timeout"}
        assert breaker.stats(time.monotonic()).state == "open"


async def test_a_quota_spaces_requests_and_refuses_at_once_what_cannot_go_in_time(open_asking: OpenAsking) -> None:
    arrivals: list[float] = []
    asking = open_asking(policies(quota=Quota(parse_rates("2/0.5s"))))
    async with Peer(timed(answer(), arrivals)).serving() as peer:
        await asyncio.gather(*(asking.ask(peer.url()) for _ in range(5)))
        assert all(later - earlier >= 0.5 for earlier, later in zip(arrivals, arrivals[2:], strict=False))
        started = time.monotonic()
        told = await asyncio.gather(*(asking.ask(peer.url(), deadline_s=0.3) for _ in range(4)), return_exceptions=True)
        refused = [each for each in told if isinstance(each, RateLimited)]
        assert refused
        assert time.monotonic() - started < 2
        assert all(each.retry_after_s for each in refused)


async def test_whoever_waited_for_a_connection_is_not_sent_when_the_circuit_has_opened_meanwhile(
    open_asking: OpenAsking,
) -> None:
    gate = asyncio.Event()

    async def fail(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        return await answer(503)(incoming, writer)

    breaker = Breaker(BreakerRules(in_a_row=1))
    once = RetryPolicy(attempts=1)
    asking = open_asking(policies(breaker=breaker, retry=once), max_connections=1, acquire_s=10)
    async with Peer(fail).serving() as peer:
        callers = [asyncio.create_task(asking.ask(peer.url())) for _ in range(4)]
        async with asyncio.timeout(10):
            while not peer.asked or asking.stats().waiting < 3:
                await asyncio.sleep(0.01)
        gate.set()
        told = await asyncio.gather(*callers, return_exceptions=True)
        assert sorted(type(each).__name__ for each in told) == ["CircuitOpen"] * 3 + ["ProviderFailed"]
        assert len(peer.asked) == 1
        assert (asking.stats().in_use, asking.stats().waiting) == (0, 0)
