"""Parts that a plan asks at once: over the event loop they are, and each mode tells the same."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from tests.http_client.peer import Answer, Incoming, Peer, answer, hang
from tests.probe import ONCE
from tools.agency import AgencyTool
from tools.errors import DeadlineExceeded, ProviderFailed, ProviderTimeout
from tools.exchange import Answer as Told
from tools.exchange import Exchange, Part, Plan, Reading, Request, ask_all
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.freshness import Freshness

PATHS = ("/first", "/second", "/third")
OpenManager = Callable[..., HTTPClientManager]


class Nothing(BaseModel):
    """No question to choose."""


class Three(AgencyTool):
    """Asks for three things at once."""

    name = "three"
    upstream = "three"
    source_name = "Three"
    default_base_url = "http://three.test"
    default_rate = "0"
    query_model: ClassVar[type[BaseModel]] = Nothing

    def plan(self, _: Nothing) -> Plan[tuple[bytes, ...]]:
        """All three, in order."""
        return Reading((yield from ask_all(self.part(path) for path in PATHS)), version=None)

    def part(self, path: str) -> Part[bytes]:
        """One of them."""

        def exchange() -> Exchange[bytes]:
            response = yield Request("GET", self.base_url + path, "three")
            response.require_ok()
            return response.body

        return Part((path,), bytes, Freshness(60, 60, 60), exchange)


def three(manager: HTTPClientManager, peer: Peer, deadline_s: float = 10.0) -> Three:
    return Three(
        base_url=peer.url(),
        deadline_s=deadline_s,
        policies=AgencyPolicies(retry=ONCE, breaker=None),
        client=manager.sync_client,
        async_client=manager.async_client,
    )


def by_path(replies: dict[str, Answer]) -> Answer:
    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        return await replies[incoming.target](incoming, writer)

    return reply


def echo(before: Callable[[str], Any]) -> Answer:
    """Answers with the path that was asked, after `before(path)`."""

    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await before(incoming.target)
        return await answer(body=incoming.target.encode())(incoming, writer)

    return reply


async def test_over_the_event_loop_none_waits_for_another_and_the_order_is_the_plan_s(
    open_manager: OpenManager,
) -> None:
    arrived: list[str] = []
    there = {path: asyncio.Event() for path in PATHS}

    async def the_last_first(path: str) -> None:
        arrived.append(path)
        there[path].set()
        for each in PATHS[PATHS.index(path) + 1 :]:
            await there[each].wait()
        await asyncio.sleep(0.02 * (len(PATHS) - PATHS.index(path)))

    async with Peer(echo(the_last_first)).serving() as peer:
        told: Told[Any] = await three(open_manager(), peer).run_async()
    assert sorted(arrived) == sorted(PATHS)
    assert told.result == tuple(path.encode() for path in PATHS)
    assert told.source.sha256 == tuple(hashlib.sha256(path.encode()).hexdigest() for path in PATHS)
    assert (told.source.attempts, len(told.source.tries)) == (3, 3)


async def test_in_a_thread_the_same_is_told(open_manager: OpenManager) -> None:
    async def at_once(_: str) -> None:
        pass

    async with Peer(echo(at_once)).serving() as peer:
        tool = three(open_manager(), peer)
        told: Told[Any] = await asyncio.to_thread(tool.run)
        again: Told[Any] = await tool.run_async()
    assert told.result == again.result
    assert told.source.sha256 == again.source.sha256
    assert told.source.attempts == again.source.attempts == 3


async def test_the_first_that_fails_ends_the_others_and_no_connection_stays(open_manager: OpenManager) -> None:
    manager = open_manager()
    replies = {"/first": hang, "/second": answer(503), "/third": hang}
    async with Peer(by_path(replies)).serving() as peer:
        with pytest.raises(ProviderFailed):
            await three(manager, peer).run_async()
    pool = manager.stats().async_
    assert pool is not None
    assert (pool.in_use, pool.waiting) == (0, 0)


async def test_the_deadline_is_the_agency_s_fault_when_it_cuts_one_of_them(open_manager: OpenManager) -> None:
    replies = {"/first": answer(), "/second": hang, "/third": answer()}
    async with Peer(by_path(replies)).serving() as peer:
        with pytest.raises(ProviderTimeout):
            await three(open_manager(), peer, deadline_s=0.3).run_async()


async def test_the_deadline_is_ours_when_most_of_it_went_by_in_the_queue(open_manager: OpenManager) -> None:
    async with Peer(hang).serving() as peer:
        manager = open_manager(max_connections=1)
        blocking = asyncio.create_task(three(manager, peer, deadline_s=5).run_async())
        while manager.stats().async_ is None or not manager.stats().async_.in_use:  # type: ignore[union-attr]
            await asyncio.sleep(0.01)
        with pytest.raises(DeadlineExceeded):
            await three(manager, peer, deadline_s=0.3).run_async()
        blocking.cancel()
        await asyncio.gather(blocking, return_exceptions=True)
