"""Who flies together, who takes over, and what a flight leaves behind. No sockets."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tools.call import Call, Usage, current_call
from tools.errors import DeadlineExceeded, ProviderFailed, ProviderTimeout
from tools.transports.flights import AsyncFlights, SyncFlights


def a_call(allowed_s: float = 10.0, **state: bool) -> Call:
    now = time.monotonic()
    return Call(now, now + allowed_s, Usage(), **state)  # type: ignore[arg-type]  # states are truth values


def gated(gate: asyncio.Event, asked: list[Call]) -> Callable[[Call], Awaitable[str]]:
    async def fetch(call: Call) -> str:
        asked.append(call)
        await gate.wait()
        return "told"

    return fetch


async def test_a_refresh_is_an_answer_for_whoever_comes_meanwhile() -> None:
    flights, gate, asked = AsyncFlights(), asyncio.Event(), list[Call]()
    flights.refresh("key", 5, gated(gate, asked))
    flights.refresh("key", 5, gated(gate, asked))
    waiting = asyncio.create_task(flights.join("key", a_call(), gated(gate, asked)))
    await asyncio.sleep(0)
    gate.set()
    assert (await waiting, len(asked)) == ("told", 1)


async def test_a_refresh_goes_on_when_who_joined_it_leaves() -> None:
    flights, gate, asked = AsyncFlights(), asyncio.Event(), list[Call]()
    flights.refresh("key", 5, gated(gate, asked))
    waiting = asyncio.create_task(flights.join("key", a_call(), gated(gate, asked)))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    other = asyncio.create_task(flights.join("key", a_call(), gated(gate, asked)))
    await asyncio.sleep(0)
    gate.set()
    assert (await other, len(asked)) == ("told", 1)


async def test_a_flight_has_the_time_of_its_most_patient_waiter_and_the_patience_too() -> None:
    flights, gate, asked = AsyncFlights(), asyncio.Event(), list[Call]()
    first, second = a_call(1, is_impatient=True), a_call(9)
    tasks = [asyncio.create_task(flights.join("key", call, gated(gate, asked))) for call in (first, second)]
    await asyncio.sleep(0.01)
    assert (asked[0].deadline_at, asked[0].is_impatient) == (second.deadline_at, False)
    assert first.deadline_at < second.deadline_at
    gate.set()
    await asyncio.gather(*tasks)


async def test_what_is_fetched_runs_for_the_flight_and_counts_for_the_first() -> None:
    flights = AsyncFlights()
    seen: list[Call | None] = []

    async def fetch(call: Call) -> None:
        seen.append(current_call())
        call.usage.attempts += 1

    call = a_call()
    await flights.join("key", call, fetch)
    assert seen[0] is not None
    assert (seen[0] is call, seen[0].usage is call.usage, call.usage.attempts) == (False, True, 1)


async def test_nothing_flies_after_the_end() -> None:
    flights, gate = AsyncFlights(), asyncio.Event()
    flights.refresh("key", 5, gated(gate, []))
    await asyncio.sleep(0)
    await flights.aclose()
    assert flights._flights == {}


async def test_what_had_not_begun_at_the_end_leaves_nothing_either() -> None:
    flights = AsyncFlights()

    async def chore() -> None:
        await asyncio.sleep(3600)

    flights.refresh("key", 5, gated(asyncio.Event(), []))
    flights.in_background(chore())  # a coroutine that is never run would be a warning
    await flights.aclose()
    await asyncio.sleep(0)
    assert (flights._flights, flights._chores) == ({}, set())


async def test_a_failed_refresh_is_nobody_s() -> None:
    flights = AsyncFlights()

    async def fail(_: Call) -> None:
        raise ProviderFailed("no", status=503)

    flights.refresh("key", 5, fail)
    await asyncio.sleep(0.01)
    assert flights._flights == {}


def test_in_threads_one_fetches_for_all() -> None:
    flights, gate, asked = SyncFlights(), threading.Event(), list[Call]()

    def fetch(call: Call) -> str:
        asked.append(call)
        gate.wait(5)
        return "told"

    with ThreadPoolExecutor(8) as threads:
        told = [threads.submit(flights.join, "key", a_call(), fetch) for _ in range(8)]
        while not asked:
            time.sleep(0.001)
        time.sleep(0.05)
        gate.set()
        assert {each.result(5) for each in told} == {"told"}
    assert len(asked) == 1


def test_in_threads_whoever_has_no_more_time_is_told_so_and_others_take_over_from_it() -> None:
    flights, started = SyncFlights(), threading.Event()

    def out_of_time(call: Call) -> str:
        started.set()
        time.sleep(max(0.0, call.remaining_s()))
        raise ProviderTimeout("late")

    with ThreadPoolExecutor(3) as threads:
        pilot = threads.submit(flights.join, "key", a_call(0.3), out_of_time)
        assert started.wait(5)
        hurried = threads.submit(flights.join, "key", a_call(0.1), lambda _: "never asked")
        patient = threads.submit(flights.join, "key", a_call(5), lambda _: "taken over")
        assert patient.result(5) == "taken over"
        for each in (pilot, hurried):
            with pytest.raises((ProviderTimeout, DeadlineExceeded)):
                each.result(5)


def test_in_threads_an_interrupt_is_of_the_thread_that_it_strikes_alone() -> None:
    flights, started, gate = SyncFlights(), threading.Event(), threading.Event()

    def interrupted(_: Call) -> str:
        started.set()
        gate.wait(5)
        raise KeyboardInterrupt

    with ThreadPoolExecutor(2) as threads:
        pilot = threads.submit(flights.join, "key", a_call(), interrupted)
        assert started.wait(5)
        other = threads.submit(flights.join, "key", a_call(), lambda _: "taken over")
        time.sleep(0.05)
        gate.set()
        assert other.result(5) == "taken over"
        with pytest.raises(KeyboardInterrupt):
            pilot.result(5)
    assert flights._flights == {}


def test_in_threads_a_refresh_is_made_once_and_fails_in_silence() -> None:
    flights, asked, done = SyncFlights(), list[Call](), threading.Event()

    def fail(call: Call) -> None:
        asked.append(call)
        done.wait(5)
        raise ProviderFailed("no", status=503)

    flights.refresh("key", 5, fail)
    while not asked:
        time.sleep(0.001)
    flights.refresh("key", 5, fail)
    done.set()
    while flights._flights:
        time.sleep(0.001)
    assert len(asked) == 1
