"""A connection that somebody keeps too long: counted, shown with its host, logged once."""

import asyncio
import logging

import pytest

from tests.http_client.callers import settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Peer, stall
from tools.http_client.config import PoolLimits


async def test_a_connection_that_is_held_too_long_is_counted_shown_and_logged_once(
    open_caller: OpenCaller, caplog: pytest.LogCaptureFixture
) -> None:
    caller = open_caller(hold_warning_s=0.5, keepalive_expiry_s=0.1)
    async with Peer(stall).serving() as busy, Peer().serving() as other:
        let_go = await caller.hold(busy.url())
        await caller.ask(other.url())  # not held, though it idles
        assert caller.stats().held_over_threshold == ()
        assert await settled(lambda: caller.stats().held_over_threshold_total == 1)
        (held,) = caller.stats().held_over_threshold
        assert held.host == busy.host
        assert held.held_s >= 0.5
        assert caller.stats().oldest_hold_seconds >= 0.5
        await caller.ask(other.url())
        assert not await settled(lambda: caller.stats().held_over_threshold_total > 1, within_s=0.5)
        assert [record.levelno for record in caplog.records] == [logging.WARNING]
        assert busy.host in caplog.text
        let_go()
        assert await settled(lambda: caller.stats().held_over_threshold == ())
        stats = caller.stats()
        assert (stats.held_over_threshold_total, stats.oldest_hold_seconds, stats.in_use) == (1, 0.0, 0)


async def test_a_connection_that_is_used_again_and_again_is_not_held(open_caller: OpenCaller) -> None:
    caller = open_caller(hold_warning_s=0.5)
    async with Peer().serving() as peer:
        for _ in range(16):  # 0.8 s in all
            await caller.ask(peer.url())
            await asyncio.sleep(0.05)
        assert not await settled(lambda: caller.stats().held_over_threshold_total > 0, within_s=0.2)


def test_the_threshold_is_two_minutes_unless_said_otherwise() -> None:
    assert PoolLimits().hold_warning_s == 120.0
