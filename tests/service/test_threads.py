"""The threads for tools that have only a sync half."""

import asyncio
import contextvars
import threading

import pytest

from service.threads import ToolThreads
from tools.call import current_call
from tools.errors import DeadlineExceeded, PoolTimeout


async def settle(threads: ToolThreads) -> None:
    """Until the event loop has heard of every thread that ended."""
    async with asyncio.timeout(5):
        while threads.stats().in_use:
            await asyncio.sleep(0.005)


async def test_work_runs_off_the_event_loop_and_its_result_comes_back() -> None:
    threads = ToolThreads(acquire_s=1)
    assert await threads.run(threading.current_thread, deadline_s=5) is not threading.current_thread()
    await settle(threads)


async def test_an_error_of_the_work_reaches_the_caller() -> None:
    threads = ToolThreads(acquire_s=1)
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0, deadline_s=5)
    await settle(threads)


async def test_a_time_out_of_the_work_stays_what_it_is() -> None:
    def work() -> None:
        raise TimeoutError("the tool's own")

    with pytest.raises(TimeoutError, match="the tool's own"):
        await ToolThreads(acquire_s=1).run(work, deadline_s=5)


async def test_the_work_sees_the_context_and_the_deadline_of_its_caller() -> None:
    marker: contextvars.ContextVar[str] = contextvars.ContextVar("marker")
    marker.set("mine")

    def work() -> tuple[str, float]:
        call = current_call()
        assert call is not None
        return marker.get(), call.remaining_s()

    seen, remaining_s = await ToolThreads(acquire_s=1).run(work, deadline_s=5)
    assert seen == "mine"
    assert 0 < remaining_s <= 5


async def test_no_more_threads_than_the_limit_and_then_a_pool_timeout_that_says_so() -> None:
    threads, go = ToolThreads(acquire_s=0.05, limit=2), threading.Event()
    busy = [asyncio.create_task(threads.run(go.wait, deadline_s=30)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(PoolTimeout, match="limit 2, in use 2, waiting"):
        await threads.run(go.wait, deadline_s=30)
    go.set()
    assert await asyncio.gather(*busy) == [True, True]
    await settle(threads)
    assert threads.stats().waiting == 0


async def test_more_callers_than_may_wait_are_refused_at_once() -> None:
    threads, go = ToolThreads(acquire_s=30, limit=1, max_waiting=1), threading.Event()
    served = [asyncio.create_task(threads.run(go.wait, deadline_s=30)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(PoolTimeout, match="within 0 s"):
        await threads.run(go.wait, deadline_s=30)
    go.set()
    await asyncio.gather(*served)


async def test_work_that_does_not_come_back_costs_its_caller_the_deadline_and_keeps_its_thread() -> None:
    threads, go = ToolThreads(acquire_s=1, limit=2), threading.Event()
    with pytest.raises(DeadlineExceeded, match="its thread still runs"):
        await threads.run(go.wait, deadline_s=0.05)
    stats = threads.stats()
    assert (stats.in_use, stats.overdue) == (1, 1)
    go.set()
    await settle(threads)
    assert threads.stats().overdue == 0


async def test_a_caller_that_leaves_leaves_its_thread_counted_until_it_ends() -> None:
    threads, go = ToolThreads(acquire_s=1, limit=1), threading.Event()
    caller = asyncio.create_task(threads.run(go.wait, deadline_s=30))
    while not threads.stats().in_use:
        await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert threads.stats().in_use == 1
    go.set()
    await settle(threads)
