"""Bytes in Redis, shared between instances. A Redis that is dead or slow is as good as one that holds nothing.

Calls from threads run on an event loop of the store's own: redis-py's blocking client bounds each read but not their
sum, and nothing bounds its name resolution.
"""

import asyncio
import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import CancelledError as FutureCancelled
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from tools.cache.reply import NotAsked, Reply
from tools.policy.breaker import Breaker, BreakerRules, Pass

__all__ = ["SharedStats", "SharedStore"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_LARGEST_BYTES = 8 * 2**20
_CLOSE_S = 1.0


@dataclass(frozen=True, slots=True)
class SharedStats:
    """What came of the operations so far. `reachable` is false from a failure until an operation succeeds again.

    `hits` and `misses` count what Redis answered, `errors` what it did not or not in time. `skipped` were not tried:
    during a pause, for want of a free connection, for a value too large or already out of date, or after the end.
    """

    reachable: bool
    hits: int
    misses: int
    errors: int
    skipped: int


class SharedStore:
    """A Redis at `url`, for any number of threads and event loops. Raises ValueError for a malformed URL.

    No operation takes longer than `timeout_s` or raises because of Redis. After a failure none is tried for `pause_s`
    seconds of `clock`, then one at a time until one succeeds. Keys of another `version` of the software are not seen.
    Nothing connects before the first operation, so a process may fork until then.
    """

    def __init__(
        self,
        url: str,
        *,
        version: str,
        timeout_s: float = 0.05,
        pause_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        # Imported here: redis-py takes its time, and memory, which who has no Redis need not spend.
        from tools.cache.redis_link import Link, read_url

        open_one, self._place = read_url(url)
        # Half of the time for a free connection leaves half of it to Redis.
        self._make_link: Callable[[], Link] = partial(Link, open_one, timeout_s / 2)
        self._prefix = f"compliance-gateway:{version}:"
        self._timeout_s, self._pause_s, self._clock = timeout_s, pause_s, clock
        # The first failure opens it, whatever succeeded before.
        self._breaker = Breaker(BreakerRules(window_s=0.0, in_a_row=1, slow_call_s=math.inf, recovery_s=pause_s))
        self._lock = threading.Lock()
        #: By process and loop. Those that came by a fork are kept: to close them ends the parent's watch on its own.
        self._links: dict[tuple[int, asyncio.AbstractEventLoop], Link] = {}
        self._thread: _LoopThread | None = None
        self._is_closed = False
        self._pauses = self._hits = self._misses = self._errors = self._skipped = 0

    async def get_async(self, key: str, within_s: float = math.inf) -> bytes | None:
        """What was put under `key`, or None: also when Redis does not say, or not `within_s`."""
        return self._found(await self._ask_async("GET", self._name(key), within_s=within_s))

    def get(self, key: str, within_s: float = math.inf) -> bytes | None:
        """`get_async` for a thread without an event loop."""
        return self._found(self._ask("GET", self._name(key), within_s=within_s))

    async def put_async(self, key: str, content: bytes, ttl_s: float) -> None:
        """Keeps `content`, of 8 MiB at most, under `key` for `ttl_s` seconds, if Redis takes it."""
        if self._is_worth_writing(content, ttl_s):
            await self._ask_async("SET", self._name(key), content, "PX", math.ceil(ttl_s * 1000))

    def put(self, key: str, content: bytes, ttl_s: float) -> None:
        """`put_async` for a thread without an event loop."""
        if self._is_worth_writing(content, ttl_s):
            self._ask("SET", self._name(key), content, "PX", math.ceil(ttl_s * 1000))

    async def aclose(self) -> None:
        """Ends all connections, of every event loop that still runs, and the thread. What comes later is skipped."""
        with self._lock:
            self._is_closed = True
            here = [key for key in self._links if key[0] == os.getpid()]
            links = [(key[1], self._links.pop(key)) for key in here]
            thread = None
            if self._thread is not None and self._thread.process == os.getpid():
                thread, self._thread = self._thread, None
        for loop, link in links:
            with contextlib.suppress(TimeoutError, RuntimeError):  # RuntimeError: that loop has ended just now
                async with asyncio.timeout(_CLOSE_S):
                    if loop is asyncio.get_running_loop():
                        await link.aclose()
                    elif loop.is_running():
                        await asyncio.wrap_future(_submit(link.aclose(), loop))
        if thread is not None:
            await asyncio.to_thread(thread.stop)

    def stats(self) -> SharedStats:
        """How it stands."""
        with self._lock:
            return SharedStats(
                reachable=self._breaker.stats(self._clock()).state == "closed",
                hits=self._hits,
                misses=self._misses,
                errors=self._errors,
                skipped=self._skipped,
            )

    async def _ask_async(self, *words: str | bytes | int, within_s: float = math.inf) -> Reply | None:
        if (admitted := self._admit()) is None:
            return None
        with self._settling(admitted):
            async with asyncio.timeout(min(self._timeout_s, within_s)):
                return await self._ask_from_this_loop(*words)
        return None

    def _ask(self, *words: str | bytes | int, within_s: float = math.inf) -> Reply | None:
        if (admitted := self._admit()) is None:
            return None
        with self._settling(admitted):
            future = _submit(self._ask_from_this_loop(*words), self._own_loop())
            try:
                return future.result(min(self._timeout_s, within_s))
            except FutureCancelled:
                raise NotAsked from None  # the store was closed meanwhile
            finally:
                future.cancel()
        return None

    async def _ask_from_this_loop(self, *words: str | bytes | int) -> Reply:
        here = os.getpid(), asyncio.get_running_loop()
        with self._lock:
            if self._is_closed:
                raise NotAsked
            if (link := self._links.get(here)) is None:
                for key in [key for key in self._links if key[0] == here[0] and key[1].is_closed()]:
                    del self._links[key]
                link = self._links[here] = self._make_link()
        return await link.ask(*words)

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._is_closed:
                raise NotAsked
            if self._thread is None or self._thread.process != os.getpid():
                self._thread = _LoopThread()
            return self._thread.loop

    def _admit(self) -> Pass | None:
        admitted = None if self._is_closed else self._breaker.admit(self._clock())
        if isinstance(admitted, Pass):
            return admitted
        self._note_skipped()
        return None

    @contextlib.contextmanager
    def _settling(self, admitted: Pass) -> Iterator[None]:
        """Counts what comes of one operation, and lets nothing out but what is the caller's, as a cancellation."""
        try:
            yield
        except NotAsked:
            self._breaker.release(admitted)
            self._note_skipped()
        except Exception as exc:  # noqa: BLE001 - a parser reads what a stranger sends; no cache is worth an outage
            self._note_failure(admitted, _reason(exc))
        except BaseException:
            self._breaker.release(admitted)
            raise
        else:
            self._breaker.settle(admitted, self._clock(), took_s=0.0, failure=None)

    def _note_failure(self, admitted: Pass, reason: str) -> None:
        now = self._clock()
        with self._lock:
            self._errors += 1
            self._breaker.settle(admitted, now, took_s=0.0, failure=reason)
            pauses = self._breaker.stats(now).opened
            is_first = pauses > self._pauses
            self._pauses = pauses
        if is_first:
            log.warning("Redis at %s failed (%s), is not asked for %g s", self._place, reason, self._pause_s)

    def _note_skipped(self) -> None:
        with self._lock:
            self._skipped += 1

    def _name(self, key: str) -> bytes:
        return (self._prefix + key).encode(errors="surrogatepass")

    def _is_worth_writing(self, content: bytes, ttl_s: float) -> bool:
        if len(content) <= _LARGEST_BYTES and 0 < ttl_s < math.inf:
            return True
        self._note_skipped()
        return False

    def _found(self, reply: Reply | None) -> bytes | None:
        if reply is None:
            return None
        with self._lock:
            self._hits += reply.content is not None
            self._misses += reply.content is None
        return reply.content


class _LoopThread:
    """An event loop that runs in a thread, which does not keep the process from ending."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._runner = asyncio.Runner()
        self.loop = self._runner.get_loop()
        self._stopped = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="shared-store", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancels what runs; waits a moment for the end, longer than which only a name resolution takes."""
        self.loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._stopped.wait())


def _submit(coroutine: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> Future[T]:
    """Runs `coroutine` on the loop of another thread. Raises RuntimeError when that loop is closed."""
    try:
        return asyncio.run_coroutine_threadsafe(coroutine, loop)
    except RuntimeError:
        coroutine.close()
        raise


def _reason(exc: BaseException) -> str:
    """Its class and that of its cause. No message: a server may repeat in it what it was sent, passwords too."""
    cause = exc.__cause__ or exc.__context__
    return type(exc).__name__ if cause is None else f"{type(exc).__name__} after {type(cause).__name__}"
