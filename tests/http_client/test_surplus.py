"""When connections that are too many may idle for a moment."""

import asyncio
from collections.abc import Callable

from tests.http_client.callers import AsyncCaller, settled
from tests.http_client.peer import Peer
from tools.http_client import HTTPClientManager
from tools.http_client.surplus import REMEMBERED_S, STAYS_S, Surplus


def surplus(max_keepalive: int = 20) -> Surplus[str]:
    return Surplus(max_keepalive)


def learned(host: str = "a", at: float = 0.0) -> Surplus[str]:
    """One that closed a connection to `host`, and had to open it anew for the next burst."""
    learning = surplus()
    learning.note_closing(host, at)
    learning.note_opening(host, 20, at)
    return learning


def test_what_is_too_much_after_one_burst_is_closed_at_once() -> None:
    after_a_burst = surplus()
    after_a_burst.note_opening("a", 59, now=0)
    after_a_burst.note_use("a", 60, now=0)
    assert after_a_burst.may_close_at(now=0) == 0


def test_it_stays_where_it_had_to_be_opened_anew() -> None:
    assert learned(at=7).may_close_at(now=7.5) == 7 + STAYS_S


def test_it_stays_as_long_as_it_is_used() -> None:
    used = learned(at=0)
    used.note_use("a", 21, now=0.9)
    assert used.may_close_at(now=1.5) == 0.9 + STAYS_S


def test_it_is_not_used_while_no_more_are_in_use_than_are_kept_anyway() -> None:
    unused = learned(at=0)
    unused.note_use("a", 20, now=0.9)
    assert unused.may_close_at(now=1.0) == 1.0


def test_the_next_burst_has_it_stay_without_learning_that_again() -> None:
    remembering = learned(at=0)
    assert remembering.may_close_at(now=5) == 5
    remembering.note_use("a", 60, now=5)
    assert remembering.may_close_at(now=5) == 5 + STAYS_S


def test_what_was_forgotten_has_to_be_learned_again() -> None:
    forgetful = learned(at=0)
    assert forgetful.may_close_at(now=REMEMBERED_S) == REMEMBERED_S
    forgetful.note_use("a", 60, now=REMEMBERED_S)
    assert forgetful.may_close_at(now=REMEMBERED_S) == REMEMBERED_S


def test_a_closing_long_ago_was_not_wrong() -> None:
    slow = surplus()
    slow.note_closing("a", now=0)
    slow.note_opening("a", 60, now=STAYS_S)
    assert slow.may_close_at(now=STAYS_S) == STAYS_S


def test_a_connection_to_elsewhere_does_not_prove_it_wrong() -> None:
    elsewhere = surplus()
    elsewhere.note_closing("a", now=0)
    elsewhere.note_opening("b", 60, now=0)
    assert elsewhere.may_close_at(now=0) == 0


def test_a_closing_of_what_one_burst_does_not_need_was_not_wrong() -> None:
    few = surplus()
    few.note_closing("a", now=0)
    few.note_opening("a", 19, now=0)
    assert few.may_close_at(now=0) == 0


def test_who_wants_none_to_be_kept_keeps_none() -> None:
    none_kept = surplus(max_keepalive=0)
    none_kept.note_closing("a", now=0)
    none_kept.note_opening("a", 5, now=0)
    assert none_kept.may_close_at(now=0) == 0


def test_no_host_is_remembered_for_longer_than_it_tells_anything() -> None:
    many = surplus()
    for number in range(1000):
        many.note_closing(f"host {number}", now=float(number))
    assert len(many._closed_at) == 1


async def test_bursts_to_one_host_open_anew_once_and_the_surplus_goes_when_they_end(
    open_manager: Callable[..., HTTPClientManager],
) -> None:
    caller = AsyncCaller(open_manager(max_connections=20, max_keepalive=4))
    async with Peer().serving() as peer:
        for _ in range(5):
            await asyncio.gather(*(caller.ask(peer.url()) for _ in range(20)))
        stats = caller.stats()
        # 20 for the first burst, of which 16 were closed; those for the second, which stay.
        assert (stats.created, stats.closed["max_idle"]) == (36, 16)
        assert await settled(lambda: caller.stats().idle == 4)
        assert caller.stats().closed["max_idle"] == 32
