"""Answers that are kept: given for as long as they may be, asked for once, and never in place of the truth."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.driving import first_part
from tests.http_client.peer import Answer, Incoming, Peer, answer, hang
from tests.probe import ONCE, Asking, Probe, store_of
from tests.test_retries import in_turn
from tools.call import wanting
from tools.errors import DeadlineExceeded, NotFound, ProviderFailed, ProviderGarbled, ProviderTimeout, ToolError
from tools.exchange import Answer as ToolAnswer
from tools.exchange import Part, Plan
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies


class Clock:
    """The time of day, which a test moves on."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["async", "sync"])
def asking(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager], clock: Clock) -> Asking:
    """A probe that keeps what it is told for 100 s as good as new, 100 s more while it asks anew, 100 s on error."""
    policies = AgencyPolicies(retry=ONCE, breaker=None)
    return Asking(request.param, open_manager(), policies, store_of(clock))


def counted() -> Answer:
    """A body that tells how often the agency was asked."""
    asked = 0

    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        nonlocal asked
        asked += 1
        return await answer(body=str(asked).encode())(incoming, writer)

    return reply


def told(answered: ToolAnswer[bytes]) -> tuple[bytes, str, int]:
    return answered.result, answered.source.served_from, answered.source.attempts


async def test_an_answer_is_given_again_with_its_own_time_and_this_call_s_own_figures(asking: Asking) -> None:
    async with Peer(counted()).serving() as peer:
        first = await asking.ask(peer.url())
        second = await asking.ask(peer.url())
        assert (told(first), told(second)) == ((b"1", "live", 1), (b"1", "cache", 0))
        assert second.source.retrieved_at == first.source.retrieved_at
        assert second.source.sha256 == first.source.sha256
        assert second.source.tries == ()
        assert told(await asking.ask(peer.url(), times=2)) == (b"23", "live", 2)


async def test_answers_of_one_address_are_not_those_of_another(asking: Asking) -> None:
    async with Peer(answer(body=b"one")).serving() as one, Peer(answer(body=b"other")).serving() as other:
        assert (await asking.ask(one.url())).result == b"one"
        assert (await asking.ask(other.url())).result == b"other"


async def test_an_old_answer_is_given_while_a_new_one_is_fetched(asking: Asking, clock: Clock) -> None:
    async with Peer(counted()).serving() as peer:
        await asking.ask(peer.url())
        clock.ahead_s = 150
        old = await asking.ask(peer.url())
        assert told(old) == (b"1", "stale", 0)
        assert old.source.stale_because == "a new answer is being fetched"
        async with asyncio.timeout(10):
            while len(peer.asked) < 2 or asking.stats().in_use:
                await asyncio.sleep(0.01)
        clock.ahead_s = 0
        async with asyncio.timeout(10):
            while (await asking.ask(peer.url())).result != b"2":
                await asyncio.sleep(0.01)
        assert len(peer.asked) == 2


@pytest.mark.parametrize("fault", [answer(503), hang], ids=["503", "hang"])
async def test_an_older_one_is_given_only_when_no_new_one_can_be_had_and_says_why(
    asking: Asking, clock: Clock, fault: Answer
) -> None:
    async with Peer(in_turn(answer(body=b"good"), fault)).serving() as peer:
        await asking.ask(peer.url())
        clock.ahead_s = 250
        old = await asking.ask(peer.url(), deadline_s=1)
        assert (old.result, old.source.served_from) == (b"good", "stale")
        assert old.source.stale_because in ("provider_failed", "provider_timeout", "no new answer came in time")
        assert len(peer.asked) == 2


async def test_beyond_its_bound_an_old_answer_is_nothing_any_more(asking: Asking, clock: Clock) -> None:
    async with Peer(in_turn(answer(body=b"good"), answer(503))).serving() as peer:
        await asking.ask(peer.url())
        clock.ahead_s = 350
        with pytest.raises(ProviderFailed):
            await asking.ask(peer.url())


async def test_an_error_is_never_kept(asking: Asking) -> None:
    async with Peer(in_turn(answer(503), answer(body=b"good"))).serving() as peer:
        with pytest.raises(ProviderFailed):
            await asking.ask(peer.url())
        assert told(await asking.ask(peer.url())) == (b"good", "live", 1)


class Reader(Probe):
    """Concludes from the text that comes whether it is whole, and whether there is such a record."""

    def plan(self, query: Any) -> Plan[bytes]:
        reading = yield from super().plan(query)
        if b"garbled" in reading.result:
            raise ProviderGarbled("that is no whole answer", upstream="probe")
        if b"none" in reading.result:
            raise NotFound("there is none", upstream="probe")
        return reading


async def test_an_error_concluded_from_a_kept_answer_is_asked_about_anew(asking: Asking, clock: Clock) -> None:
    asking.tool = Reader
    async with Peer(in_turn(answer(body=b"garbled"), answer(body=b"good"), answer(503))).serving() as peer:
        with pytest.raises(ProviderGarbled):
            await asking.ask(peer.url())
        assert len(peer.asked) == 1
        began_at = datetime.now(UTC)
        good = await asking.ask(peer.url())
        assert told(good) == (b"good", "live", 1)
        assert good.source.retrieved_at >= began_at
        assert good.source.sha256 == (hashlib.sha256(b"good").hexdigest(),)
        assert told(await asking.ask(peer.url()))[1] == "cache"


async def test_a_kept_answer_that_there_is_none_is_not_believed_when_it_is_old(asking: Asking, clock: Clock) -> None:
    asking.tool = Reader
    async with Peer(in_turn(answer(body=b"none"), answer(503))).serving() as peer:
        for _ in range(2):
            with pytest.raises(NotFound):
                await asking.ask(peer.url())
        assert len(peer.asked) == 1
        assert asking.store is not None
        for key, content in list(asking.store.answers.memory._kept.items()):  # as if it had come ten minutes ago
            kept = orjson.loads(content)
            older = datetime.fromisoformat(kept["retrieved_at"]) - timedelta(minutes=10)
            asking.store.answers.memory.put(key, orjson.dumps(kept | {"retrieved_at": older.isoformat()}))
        clock.ahead_s = -550
        with pytest.raises(ProviderFailed):
            await asking.ask(peer.url())


async def test_answers_of_one_agency_are_not_those_of_another_at_the_same_address(asking: Asking) -> None:
    class Other(Probe):
        upstream = "other"

    async with Peer(counted()).serving() as peer:
        await asking.ask(peer.url())
        asking.tool = Other
        assert told(await asking.ask(peer.url())) == (b"2", "live", 1)


async def test_to_refresh_what_is_watched_is_no_use_of_it(asking: Asking) -> None:
    class Watched(Probe):
        @property
        def watched(self) -> Part[Any]:
            return first_part(self.plan(self.Question()))

    async with Peer(counted()).serving() as peer:
        watched = Watched(
            base_url=peer.url(),
            policies=asking.policies,
            store=asking.store,
            async_client=asking.manager.async_client,
        )
        await watched.refresh_watched()
        assert peer.asked == []  # nobody has asked for it yet
        await watched.run_async()
        assert asking.store is not None
        before = asking.store.answers.memory.stats()
        await watched.refresh_watched()
        after = asking.store.answers.memory.stats()
        assert (len(peer.asked), after.hits, after.misses) == (2, before.hits, before.misses)


async def test_a_caller_who_wants_it_live_gets_it_live_or_an_error(asking: Asking) -> None:
    async with Peer(in_turn(answer(body=b"old"), answer(body=b"new"), answer(503))).serving() as peer:
        await asking.ask(peer.url())
        with wanting(live=True):
            assert told(await asking.ask(peer.url())) == (b"new", "live", 1)
        assert told(await asking.ask(peer.url())) == (b"new", "cache", 0)
        with wanting(live=True), pytest.raises(ProviderFailed):
            await asking.ask(peer.url())


def gated(gate: asyncio.Event, body: bytes = b"good") -> Answer:
    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        return await answer(body=body)(incoming, writer)

    return reply


async def test_equal_questions_at_the_same_time_are_one_request(asking: Asking) -> None:
    gate = asyncio.Event()
    callers = 200 if asking.mode == "async" else 20
    async with Peer(gated(gate)).serving() as peer:
        asked = [asyncio.create_task(asking.ask(peer.url())) for _ in range(callers)]
        async with asyncio.timeout(10):
            while not peer.asked:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        gate.set()
        answers = await asyncio.gather(*asked)
        assert {each.result for each in answers} == {b"good"}
        assert (len(peer.asked), sum(each.source.attempts for each in answers)) == (1, 1)


async def test_one_failure_is_told_to_all_who_waited_for_it(asking: Asking) -> None:
    gate = asyncio.Event()

    async def fail(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        return await answer(503)(incoming, writer)

    async with Peer(fail).serving() as peer:
        asked = [asyncio.create_task(asking.ask(peer.url())) for _ in range(5)]
        async with asyncio.timeout(10):
            while not peer.asked:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        gate.set()
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(each, ProviderFailed) for each in answers)
        assert len(peer.asked) == 1


async def test_each_waiter_keeps_its_own_deadline_and_the_flight_goes_on_for_the_others(asking: Asking) -> None:
    gate = asyncio.Event()
    async with Peer(gated(gate)).serving() as peer:
        patient = asyncio.create_task(asking.ask(peer.url(), deadline_s=10))
        async with asyncio.timeout(10):
            while not peer.asked:
                await asyncio.sleep(0.01)
        with pytest.raises((ProviderTimeout, DeadlineExceeded)):
            await asking.ask(peer.url(), deadline_s=0.3)
        gate.set()
        assert (await patient).result == b"good"
        assert len(peer.asked) == 1


async def test_whoever_waits_longer_than_the_first_gets_the_answer(asking: Asking) -> None:
    gate = asyncio.Event()
    async with Peer(gated(gate)).serving() as peer:
        hurried = asyncio.create_task(asking.ask(peer.url(), deadline_s=0.5))
        async with asyncio.timeout(10):
            while not peer.asked:
                await asyncio.sleep(0.01)
        patient = asyncio.create_task(asking.ask(peer.url(), deadline_s=10))
        await asyncio.sleep(0.05)
        with pytest.raises(ToolError):
            await hurried
        gate.set()
        assert (await patient).result == b"good"


async def test_the_flight_ends_with_its_last_waiter_and_gives_its_connection_back(
    open_manager: Callable[..., HTTPClientManager], clock: Clock
) -> None:
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE), store_of(clock))
    async with Peer(hang).serving() as peer:
        callers = [asyncio.create_task(asking.ask(peer.url())) for _ in range(3)]
        async with asyncio.timeout(10):
            while not peer.asked:
                await asyncio.sleep(0.01)
        for caller in callers[:2]:
            caller.cancel()
        await asyncio.sleep(0.05)
        assert asking.stats().in_use == 1
        callers[2].cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert (asking.stats().in_use, asking.stats().waiting) == (0, 0)


async def test_a_store_that_is_bounded_forgets_the_least_used(
    open_manager: Callable[..., HTTPClientManager], clock: Clock
) -> None:
    store = store_of(clock)
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE), store)
    async with Peer(counted()).serving() as peer:
        for at in range(150):
            await asking.ask(peer.url(), path=f"/{at}")
        stats: Any = store.answers.memory.stats()
        assert (stats.entries, stats.evicted) == (100, 50)
        assert told(await asking.ask(peer.url(), path="/149"))[1] == "cache"
        assert told(await asking.ask(peer.url(), path="/0"))[1] == "live"


async def test_an_old_answer_is_looked_at_again_before_it_is_given(
    open_manager: Callable[..., HTTPClientManager], clock: Clock
) -> None:
    """What was just young enough when the question came may be too old when the agency has failed at last."""
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE, breaker=None), store_of(clock))
    gate = asyncio.Event()

    async def fail_late(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await gate.wait()
        return await answer(503)(incoming, writer)

    async with Peer(in_turn(answer(body=b"good"), fail_late)).serving() as peer:
        await asking.ask(peer.url())
        clock.ahead_s = 298
        late = asyncio.create_task(asking.ask(peer.url()))
        async with asyncio.timeout(10):
            while len(peer.asked) < 2:
                await asyncio.sleep(0.01)
        clock.ahead_s = 301
        gate.set()
        with pytest.raises(ProviderFailed):
            await late
