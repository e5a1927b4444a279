"""One bound on requests for several processes: whatever they do at once, the agency is not asked more often."""

import asyncio
from collections.abc import AsyncIterator, Callable

import psycopg
import pytest

from service.batches.postgres_link import PostgresLink
from service.batches.postgres_quota import PostgresQuota
from service.batches.postgres_schema import schema_name
from tests.batches.beyond.postgres import ThrowAwayPostgres
from tests.http_client.peer import Incoming, Peer, answer
from tests.probe import ONCE, Asking
from tools.errors import RateLimited
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.quota import parse_rates
from tools.policy.shared_quota import MARGIN_S, next_turn, still_counted

OpenQuota = Callable[[str], PostgresQuota]


@pytest.fixture
async def open_quota(database_url: str) -> AsyncIterator[OpenQuota]:
    """Opens the quota of one more process."""
    links: list[PostgresLink] = []

    def open_one(rate: str) -> PostgresQuota:
        links.append(PostgresLink(database_url, schema_name(sandbox=False), wait_s=20.0))
        return PostgresQuota(links[-1], "probe", parse_rates(rate))

    yield open_one
    for link in links:
        await link.aclose()


def test_a_turn_keeps_its_distance_by_every_rate() -> None:
    rates, turns, now = parse_rates("5/1s,20/30s"), list[float](), 100.0
    for _ in range(60):
        turns.append(next_turn(turns, rates, now))
    assert turns == sorted(turns)
    for rate in rates:
        for first, later in zip(turns, turns[rate.requests :], strict=False):
            assert later - first >= rate.period_s + MARGIN_S - 1e-9
    # What is forgotten makes no difference.
    for at in (120.0, 150.0, 1000.0):
        assert next_turn(still_counted(turns, rates, at), rates, at) == next_turn(turns, rates, at)


async def test_several_processes_at_once_get_turns_that_keep_to_the_rate(open_quota: OpenQuota) -> None:
    quotas = [open_quota("3/0.5s") for _ in range(6)]
    loop = asyncio.get_running_loop()

    async def take(quota: PostgresQuota) -> list[float]:
        turns = []
        for _ in range(5):
            wait_s, is_granted = await quota.take_turn(3600)
            assert is_granted
            turns.append(loop.time() + wait_s)
        return turns

    turns = sorted(at for each in await asyncio.gather(*map(take, quotas)) for at in each)
    assert len(turns) == 30
    assert all(later - first >= 0.5 for first, later in zip(turns, turns[3:], strict=False))


async def test_an_agency_that_several_clients_ask_at_once_is_not_asked_more_often(
    open_quota: OpenQuota, open_manager: Callable[..., HTTPClientManager]
) -> None:
    came: list[float] = []

    async def reply(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        came.append(asyncio.get_running_loop().time())
        return await answer()(incoming, writer)

    policies = [AgencyPolicies(retry=ONCE, breaker=None, shared=open_quota("4/0.6s")) for _ in range(5)]
    async with Peer(reply).serving() as peer:
        asking = [Asking("async", open_manager(), each) for each in policies]
        await asyncio.gather(*(each.ask(peer.url(), deadline_s=60.0) for each in asking for _ in range(4)))
    assert len(came) == 20
    assert all(later - first >= 0.6 for first, later in zip(came, came[4:], strict=False))


async def test_a_call_that_cannot_have_its_turn_in_time_is_refused_at_once_and_takes_none(
    open_quota: OpenQuota, open_manager: Callable[..., HTTPClientManager]
) -> None:
    quota = open_quota("1/60s")
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE, shared=quota))
    async with Peer().serving() as peer:
        await asking.ask(peer.url())
        for _ in range(2):
            with pytest.raises(RateLimited, match="used up") as raised:
                await asking.ask(peer.url(), deadline_s=5.0)
            assert raised.value.retry_after_s is not None
            assert 50 < raised.value.retry_after_s < 61
        assert len(peer.asked) == 1


async def test_without_the_database_nobody_is_asked(open_manager: Callable[..., HTTPClientManager]) -> None:
    link = PostgresLink("postgresql://nobody@127.0.0.1:9/none", "s", wait_s=0.3)
    quota = PostgresQuota(link, "probe", parse_rates("10/1s"))
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE, shared=quota))
    async with Peer().serving() as peer:
        with pytest.raises(RateLimited, match="is shared, and the database cannot be"):
            await asking.ask(peer.url(), deadline_s=2.0)
        assert peer.asked == []
    await link.aclose()


async def test_a_database_that_comes_back_in_time_is_waited_for(
    own_postgres: ThrowAwayPostgres, open_manager: Callable[..., HTTPClientManager]
) -> None:
    link = PostgresLink(own_postgres.url(), schema_name(sandbox=False), wait_s=1.0)
    asking = Asking(
        "async", open_manager(), AgencyPolicies(retry=ONCE, shared=PostgresQuota(link, "probe", parse_rates("10/1s")))
    )
    async with Peer().serving() as peer:
        own_postgres.kill()
        asked = asyncio.create_task(asking.ask(peer.url()))
        await asyncio.sleep(0.5)
        assert not peer.asked
        own_postgres.start()
        await asked
        assert len(peer.asked) == 1
    await link.aclose()


async def test_who_may_go_alone_waits_once_for_a_database_that_is_away(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    link = PostgresLink("postgresql://nobody@127.0.0.1:9/none", "s", wait_s=0.3)
    quota = PostgresQuota(link, "probe", parse_rates("10/1s"), or_alone=True)
    asking = Asking("async", open_manager(), AgencyPolicies(retry=ONCE, shared=quota))
    loop = asyncio.get_running_loop()
    async with Peer().serving() as peer:
        await asking.ask(peer.url())
        began = loop.time()
        for _ in range(5):
            await asking.ask(peer.url())
        assert loop.time() - began < 0.3
    await link.aclose()


async def test_turns_that_no_longer_count_are_forgotten(open_quota: OpenQuota, database_url: str) -> None:
    quota = open_quota("100/0.05s")
    for _ in range(30):
        await quota.take_turn(1.0)
        await asyncio.sleep(0.02)
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT cardinality(turns) FROM compliance_gateway.quota_turns").fetchone()
    assert row is not None
    assert row[0] < 30
