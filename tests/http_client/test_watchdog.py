"""The clock of the sync pool: when it looks, and when its thread ends."""

import gc
import logging
import math
import queue
import threading
import time
from collections.abc import Iterator

import pytest

from tests.http_client.callers import settled
from tools.http_client.watchdog import Watchdog


class Pool:
    """Has wishes for times, under a lock as the sync pool has. Counts the looks, and says which wishes are due."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.wishes: list[float] = []
        self.looks: queue.SimpleQueue[int] = queue.SimpleQueue()
        self.due: queue.SimpleQueue[tuple[float, float]] = queue.SimpleQueue()  # the wish, and when it was seen
        self.failures = 0
        self.looked = threading.Semaphore(0)
        self.watchdog = Watchdog(self.look)
        self._count = 0

    def look(self) -> float:
        try:
            return self._look()
        finally:
            self.looked.release()

    def _look(self) -> float:
        self._count += 1
        self.looks.put(self._count)
        if self.failures:
            self.failures -= 1
            raise ValueError("broken")
        with self.lock:
            now = time.monotonic()
            for wish in sorted(each for each in self.wishes if each <= now):
                self.wishes.remove(wish)
                self.due.put((wish, now))
            return min(self.wishes, default=math.inf)

    def wish(self, at: float) -> None:
        with self.lock:
            self.wishes.append(at)
            self.watchdog.look_by(at)

    def start(self) -> threading.Thread:
        """Start the thread, which looks once and then waits."""
        with self.lock:
            self.watchdog.look_by(math.inf)
        assert self.looks.get(timeout=5) == 1
        assert self.looked.acquire(timeout=5)
        thread = self.watchdog._thread
        assert thread is not None
        return thread


def thread_of(watchdog: Watchdog) -> threading.Thread:
    assert watchdog._thread is not None
    return watchdog._thread


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.watchdog.close()


def test_it_looks_in_the_order_of_the_times_and_not_before_them(pool: Pool) -> None:
    now = time.monotonic()
    wishes = [now + 0.15, now - 1, now + 0.05, now + 0.1]
    for at in wishes:
        pool.wish(at)
    seen = [pool.due.get(timeout=5) for _ in wishes]
    assert [at for at, _ in seen] == sorted(wishes)
    assert all(at <= seen_at for at, seen_at in seen)


def test_an_earlier_wish_wakes_it(pool: Pool) -> None:
    pool.wish(time.monotonic() + 3600)
    assert pool.looks.get(timeout=5) == 1
    early = time.monotonic() + 0.01
    pool.wish(early)
    assert pool.due.get(timeout=5)[0] == early


async def test_a_later_wish_does_not_wake_it(pool: Pool) -> None:
    at = time.monotonic() + 3600
    pool.wishes.append(at)
    pool.start()
    assert await settled(lambda: pool.watchdog._looks_at == at)
    for later_s in range(100):
        pool.wish(at + later_s)
    assert pool.watchdog._wakes.empty()
    assert pool.looks.empty()


def test_it_is_woken_from_another_thread(pool: Pool) -> None:
    pool.start()
    waking = threading.Thread(target=pool.watchdog.wake)
    waking.start()
    waking.join(5)
    assert pool.looks.get(timeout=5) == 2


def test_waking_waits_for_nothing_while_it_looks(pool: Pool) -> None:
    pool.start()
    with pool.lock:  # a look waits for this
        pool.watchdog.wake()
        assert pool.looks.get(timeout=5) == 2
        waking = threading.Thread(target=pool.watchdog.wake, daemon=True)
        waking.start()
        waking.join(5)
        assert not waking.is_alive()
    assert pool.looks.get(timeout=5) == 3  # what came while it looked is a reason to look again


def test_a_wish_that_comes_while_it_looks_is_not_lost(pool: Pool) -> None:
    pool.start()
    at = time.monotonic() + 0.01
    with pool.lock:
        pool.watchdog.wake()
        assert pool.looks.get(timeout=5) == 2
        pool.wishes.append(at)
        pool.watchdog.look_by(at)
    assert pool.due.get(timeout=5)[0] == at


def test_a_look_that_fails_is_logged_and_does_not_end_the_clock(pool: Pool, caplog: pytest.LogCaptureFixture) -> None:
    pool.failures = 1
    pool.start()
    pool.wish(0)
    assert pool.due.get(timeout=5)[0] == 0
    assert [(record.levelno, record.exc_info is not None) for record in caplog.records] == [(logging.ERROR, True)]


def test_after_a_look_that_fails_it_looks_again_by_itself(pool: Pool) -> None:
    pool.failures = 1
    pool.start()
    assert pool.looks.get(timeout=10) == 2


def test_without_a_wish_there_is_no_thread(pool: Pool) -> None:
    pool.watchdog.wake()
    assert pool.watchdog._thread is None
    assert pool.looks.empty()


def test_closing_ends_the_thread_and_it_looks_no_more(pool: Pool) -> None:
    pool.wish(time.monotonic() + 3600)
    thread = thread_of(pool.watchdog)
    pool.watchdog.close()
    thread.join(5)
    assert not thread.is_alive()
    looks = pool.looks.qsize()
    pool.wish(0)
    assert (pool.looks.qsize(), pool.due.qsize(), thread_of(pool.watchdog) is thread) == (looks, 0, True)


def test_one_that_is_closed_starts_no_thread(pool: Pool) -> None:
    pool.watchdog.close()
    pool.wish(0)
    assert pool.watchdog._thread is None


def test_a_pool_that_is_dropped_ends_its_thread() -> None:
    pool = Pool()
    thread = pool.start()
    del pool
    gc.collect()
    thread.join(5)
    assert not thread.is_alive()


def test_a_pool_that_is_dropped_while_it_looks_ends_its_thread() -> None:
    pool = Pool()
    thread, lock, looks, watchdog = pool.start(), pool.lock, pool.looks, pool.watchdog
    with lock:
        watchdog.wake()
        assert looks.get(timeout=5) == 2
        del pool
    thread.join(5)
    assert not thread.is_alive()
