"""One host that hangs leaves connections for the others."""

import asyncio
from collections.abc import Callable

from tests.http_client.peer import Peer, hang
from tools.http_client import HTTPClientManager
from tools.http_client.shares import HostShares


def test_a_host_alone_may_hold_everything() -> None:
    shares = HostShares[str](10)
    shares.ask("a", 0)
    for held in range(10):
        assert shares.left("a", 0, 0) == 10 - held
        shares.take("a")
    assert shares.left("a", 0, 0) == 0


def test_beside_others_four_fifths_those_that_are_connecting_included() -> None:
    shares = HostShares[str](10)
    shares.ask("b", 0)
    for _ in range(6):
        shares.take("a")
    assert (shares.left("a", 1, 1), shares.left("a", 2, 1), shares.left("a", 3, 1)) == (3, 0, -1)
    assert shares.left("b", 0, 1) == 10
    shares.give_back("a")
    assert shares.left("a", 2, 1) > 0


def test_others_are_expected_for_a_minute() -> None:
    shares = HostShares[str](10)
    shares.ask("b", 0)
    for _ in range(8):
        shares.take("a")
    assert (shares.left("a", 0, 59), shares.left("a", 0, 61)) == (0, 2)


def test_hosts_that_are_expected_no_more_are_forgotten() -> None:
    shares = HostShares[int](10)
    for host in range(1000):
        shares.ask(host, host)
    assert len(shares._asked_at) < 200


def test_a_small_pool_is_not_shared_out() -> None:
    shares = HostShares[str](1)
    shares.ask("b", 0)
    assert shares.left("a", 0, 0) == 1


async def test_while_one_host_hangs_another_is_answered_at_once(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    manager = open_manager(max_connections=10, max_keepalive=10, acquire_s=30)
    async with Peer().serving() as other, Peer(hang).serving() as hanging:
        async with manager.async_client.get(other.url()) as response:
            assert response.status == 200
        stuck = [asyncio.create_task(manager.async_client.get(hanging.url())) for _ in range(30)]
        async with asyncio.timeout(10):
            while len(hanging.asked) < 8:
                await asyncio.sleep(0.01)
            for _ in range(5):
                async with manager.async_client.get(other.url()) as response:
                    assert response.status == 200
        stats = manager.stats().async_
        assert stats is not None
        assert (stats.in_use, stats.waiting, len(hanging.asked)) == (8, 22, 8)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)
        stats = manager.stats().async_
        assert stats is not None
        assert (stats.in_use, stats.waiting) == (0, 0)
