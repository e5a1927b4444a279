"""The deadline of whoever has a connection ends it, with one alarm for a connection and the alarms rung by hand."""

import threading
import time
from collections.abc import Callable

import pytest

from tools.call import Call, Usage
from tools.http_client.deadline_alarms import DeadlineAlarms
from tools.http_client.holds import HoldLedger
from tools.http_client.watchdog import Alarm, Watchdog


class Connection:
    """Remembers whether it was shut."""

    def __init__(self) -> None:
        self.is_shut = False

    def shut(self) -> None:
        self.is_shut = True


class ByHand(Watchdog):
    """Rings nothing by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.set: list[Alarm] = []

    def call_at(self, at: float, function: Callable[[], None]) -> Alarm:
        self.set.append(Alarm(at, function))
        return self.set[-1]


class Setup:
    def __init__(self) -> None:
        self.watchdog = ByHand()
        self.holds: HoldLedger[Connection] = HoldLedger(120)
        self.alarms = DeadlineAlarms(threading.Lock(), self.holds, self.watchdog)
        self.connection = Connection()

    def use(self, *, in_s: float) -> None:
        """Have the connection taken for a call whose deadline is so far away."""
        now = time.monotonic()
        self.holds.give_back(self.connection)
        self.holds.take(self.connection, "a:1", now, Call(now, now + in_s, Usage()))
        self.alarms.watch(self.connection, now + in_s)


@pytest.fixture
def setup() -> Setup:
    return Setup()


def test_the_deadline_of_the_call_that_has_it_shuts_a_connection(setup: Setup) -> None:
    setup.use(in_s=-0.001)
    setup.watchdog.set[0].ring()
    assert setup.connection.is_shut


def test_one_alarm_serves_many_calls_and_is_set_anew_for_the_one_that_has_it(setup: Setup) -> None:
    for _ in range(100):
        setup.use(in_s=50)
    assert len(setup.watchdog.set) == 1
    setup.watchdog.set[0].ring()
    assert not setup.connection.is_shut
    assert len(setup.watchdog.set) == 2
    hold = setup.holds.get(setup.connection)
    assert hold is not None
    assert hold.call is not None
    assert setup.watchdog.set[1].at == hold.call.deadline_at


def test_an_earlier_deadline_sets_an_earlier_alarm(setup: Setup) -> None:
    setup.use(in_s=50)
    setup.use(in_s=10)
    first, second = setup.watchdog.set
    assert first.cancelled
    assert second.at < first.at


def test_a_connection_that_idles_is_left_alone(setup: Setup) -> None:
    setup.use(in_s=-0.001)
    setup.holds.give_back(setup.connection)
    setup.watchdog.set[0].ring()
    assert not setup.connection.is_shut
    assert len(setup.watchdog.set) == 1


def test_nothing_is_kept_of_a_connection_that_is_closed(setup: Setup) -> None:
    setup.use(in_s=50)
    setup.alarms.forget(setup.connection)
    assert setup.watchdog.set[0].cancelled
    setup.use(in_s=50)
    assert len(setup.watchdog.set) == 2
