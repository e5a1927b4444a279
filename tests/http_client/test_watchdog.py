"""Alarms of the sync pool's clock."""

import logging
import threading
import time

import pytest

from tools.http_client.watchdog import Watchdog


@pytest.fixture
def watchdog() -> Watchdog:
    return Watchdog()


def test_alarms_ring_in_the_order_of_their_times(watchdog: Watchdog) -> None:
    rung: list[str] = []
    done = threading.Event()
    now = time.monotonic()
    watchdog.call_at(now + 0.10, done.set)
    watchdog.call_at(now + 0.05, lambda: rung.append("second"))
    watchdog.call_at(now - 1.00, lambda: rung.append("first"))
    assert done.wait(5)
    assert rung == ["first", "second"]
    assert time.monotonic() - now >= 0.1
    watchdog.close()


def test_a_cancelled_alarm_does_not_ring(watchdog: Watchdog) -> None:
    rung: list[str] = []
    done = threading.Event()
    now = time.monotonic()
    watchdog.call_at(now + 0.05, lambda: rung.append("cancelled")).cancel()
    watchdog.call_at(now + 0.06, done.set)
    assert done.wait(5)
    assert rung == []
    watchdog.close()


def test_an_alarm_that_fails_does_not_stop_the_others(watchdog: Watchdog, caplog: pytest.LogCaptureFixture) -> None:
    done = threading.Event()

    def fail() -> None:
        raise ValueError("broken")

    watchdog.call_at(0, fail)
    watchdog.call_at(0.1, done.set)
    assert done.wait(5)
    watchdog.close()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def clocks() -> set[threading.Thread]:
    """The threads of all watchdogs; clients of other tests may have left some."""
    return {each for each in threading.enumerate() if each.name == "pool-watchdog"}


def test_a_closed_watchdog_ends_its_thread_and_rings_no_more(watchdog: Watchdog) -> None:
    rung: list[str] = []
    before = clocks()
    watchdog.call_at(time.monotonic() + 60, lambda: rung.append("late"))
    (thread,) = clocks() - before
    watchdog.close()
    thread.join(5)
    assert not thread.is_alive()
    watchdog.call_at(0, lambda: rung.append("after the end"))
    assert rung == []


def test_without_an_alarm_there_is_no_thread() -> None:
    before = clocks()
    watchdog = Watchdog()
    assert clocks() <= before
    watchdog.close()
