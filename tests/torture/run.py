"""One variant in one process: the callers here, the hostile peer in a child, and the figures as a line of JSON.

`python -m tests.torture.run MODE OVER REQUESTS SEED LIMIT`; `make torture` starts it for each variant.
"""

import asyncio
import contextlib
import faulthandler
import gc
import itertools
import os
import random
import signal
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from tests.torture import async_callers, sync_callers
from tests.torture.figures import Figures, Variant
from tests.torture.outcomes import Outcomes
from tests.torture.peer_process import HostilePeer, Seen
from tests.torture.plans import MAX_BODY_BYTES, READ_S, Plan, draw
from tools.http_client import HTTPClientManager, PoolLimits, PoolStats, PoolTimeouts

__all__ = ["run"]

#: Seconds that a request may wait for a connection; in a short run it shows sooner that one hangs.
_ACQUIRE_S, _SHORT_ACQUIRE_S, _SHORT_REQUESTS = 30.0, 8.0, 2_000
#: The pools have let go of everything long before.
_SETTLE_S = 10.0
_MAX_IDLE = 8
_LOOK_EVERY_S = 0.005
#: A request that comes so long after unasked bytes was sent when they had come.
_CROSSING_S = 1.0


class _Run:
    """What both modes share: the requests, the pool, its figures."""

    def __init__(self, variant: Variant, peer: HostilePeer) -> None:
        self.variant = variant
        self.peer = peer
        self.place = peer.place(variant.over)
        self.outcomes = Outcomes()
        self.figures = Figures(variant)
        acquire_s = _ACQUIRE_S if variant.requests > _SHORT_REQUESTS else _SHORT_ACQUIRE_S
        #: A request may wait for a connection, once more when it is sent elsewhere or again, and then for its answer.
        self.guard_s = 2 * acquire_s + 10.0
        self.manager = HTTPClientManager(
            limits=PoolLimits(max_connections=variant.limit, max_keepalive=_MAX_IDLE, max_body_bytes=MAX_BODY_BYTES),
            timeouts=PoolTimeouts(connect_s=3.0, read_s=READ_S, write_s=3.0, acquire_s=acquire_s),
        )
        self._memory_bytes: list[int] = []
        self._objects: list[int] = []

    def halves(self) -> Iterator[Iterator[Plan]]:
        """The requests, in two halves. Memory and what is left over are looked at after each."""
        dice = random.Random(self.variant.seed)
        plans = (draw(number, dice, self.variant.mode) for number in range(1, self.variant.requests + 1))
        yield itertools.islice(plans, self.variant.requests // 2)
        yield plans

    def stats(self) -> PoolStats:
        found = self.manager.stats()
        stats = found.async_ if self.variant.mode == "async" else found.sync
        assert stats is not None
        return stats

    def look(self) -> None:
        """See how many connections the pool counts."""
        stats = self.stats()
        self.figures.most_counted = max(self.figures.most_counted, stats.in_use + stats.idle)

    def left_over(self) -> list[str]:
        """What the pool holds or counts wrongly though no request is left."""
        stats, left = self.stats(), []
        established = stats.created - sum(stats.closed.values())
        if stats.in_use or stats.waiting:
            left.append(f"{stats.in_use} in use, {stats.waiting} waiting, {stats.per_host}")
        if stats.idle > _MAX_IDLE:
            left.append(f"{stats.idle} idle, {_MAX_IDLE} are kept")
        if established != stats.in_use + stats.idle:
            left.append(f"{established} made and not closed, but {stats.in_use} in use and {stats.idle} idle")
        there = self.peer.seen().open
        if there > stats.idle:  # fewer are no fault: a thread sees that an idle one is gone when it wants it
            left.append(f"{there} sockets at the peer, but {stats.idle} idle")
        return left

    def take_memory(self) -> None:
        gc.collect()
        self._objects.append(len(gc.get_objects()))
        self.figures.objects_grew = self._objects[-1] - self._objects[0]
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self._memory_bytes.append(pages * os.sysconf("SC_PAGE_SIZE"))
        self.figures.memory_grew_bytes = self._memory_bytes[-1] - self._memory_bytes[0]

    def conclude(self, seen: Seen) -> None:
        """Take over what the peer has seen."""
        outcomes, figures = self.outcomes, self.figures
        for number, line in outcomes.unasked.items():
            # One that the peer never read was about to be sent when those bytes came.
            after_s, crosses = seen.after_unasked.get(str(number), (0.0, True))
            if crosses and after_s < _CROSSING_S:
                figures.crossed += 1
            else:
                outcomes.note("wrong", f"{line}: an answer to nothing, there for {after_s:.3f} s")
        for number, line in outcomes.failed_though_well_behaved.items():
            after_s, crosses = seen.after_unasked.get(str(number), (0.0, True))
            if not crosses:
                outcomes.note("strange", f"{line}, {after_s:.3f} s after bytes that came with the answer before")
        figures.unasked = seen.unasked
        figures.most_sockets, figures.opened = seen.most, seen.accepted
        figures.counts, figures.errors = dict(outcomes.counts), dict(outcomes.errors.most_common())
        figures.wrong, figures.strange, figures.hung = outcomes.wrong, outcomes.strange, outcomes.hung
        if seen.open and not outcomes.hung:
            figures.leaked.append(f"{seen.open} sockets at the peer after closing")


def is_aiohttps_own(context: dict[str, Any]) -> bool:
    """Whether a loop reports what aiohttp leaves behind: the task of a request that asks whether to send its body, on a
    connection that ends in that moment. The request itself fails as it should.
    """
    task, exc = context.get("future"), context.get("exception")
    coroutine = task.get_coro() if isinstance(task, asyncio.Task) else None
    return isinstance(exc, aiohttp.ClientConnectionResetError) and "write_bytes" in getattr(coroutine, "__name__", "")


async def _run_async(of: _Run) -> None:
    def report(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if is_aiohttps_own(context):
            of.outcomes.errors["(aiohttp's writer, retrieved by none)"] += 1
            return
        of.outcomes.note("strange", f"the loop: {context['message']}: {context.get('exception')!r}")

    asyncio.get_running_loop().set_exception_handler(report)
    session = of.manager.async_client
    if of.variant.over == "trace":
        session.trace_configs.append(async_callers.awaiting_trace())
    tls = ssl.create_default_context(cafile=of.peer.authority_file)

    async def look() -> None:
        while True:
            of.look()
            await asyncio.sleep(_LOOK_EVERY_S)

    looking = asyncio.ensure_future(look())
    for plans in of.halves():
        await async_callers.ask_all(session, plans, of.place, tls, of.outcomes, of.guard_s)
        give_up_at = time.monotonic() + _SETTLE_S
        while (left := of.left_over()) and time.monotonic() < give_up_at:
            await asyncio.sleep(0.1)
        of.figures.leaked += left
        of.take_memory()
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking
    await of.manager.aclose(1.0)


def _run_sync(of: _Run) -> None:
    threading.excepthook = lambda args: of.outcomes.note("strange", f"a thread: {args.exc_value!r}")
    sys.unraisablehook = lambda what: of.outcomes.note("strange", f"unraisable: {what.exc_value!r} in {what.object!r}")
    session = of.manager.sync_client
    session.verify = of.peer.authority_file
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            of.look()

    looking = threading.Thread(target=look, name="looking", daemon=True)
    looking.start()
    for plans in of.halves():
        with sync_callers.Collector(of.variant.seed, always=of.variant.over == "plain"):
            all_ended = sync_callers.ask_all(session, plans, of.place, of.outcomes, of.guard_s)
        if not all_ended:
            return
        gc.collect()
        give_up_at = time.monotonic() + _SETTLE_S
        while (left := of.left_over()) and time.monotonic() < give_up_at:
            time.sleep(0.1)
        of.figures.leaked += left
        of.take_memory()
    ended.set()
    looking.join()
    of.manager.close_sync(1.0)


def run(variant: Variant) -> Figures:
    """Run one variant, here."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, HostilePeer.running(Path(folder), variant.seed) as peer:
        of = _Run(variant, peer)
        if variant.mode == "async":
            with asyncio.Runner(loop_factory=uvloop.new_event_loop if variant.over == "uvloop" else None) as runner:
                runner.run(_run_async(of))
        else:
            _run_sync(of)
        give_up_at = time.monotonic() + 1.0
        while (seen := peer.seen()).open and time.monotonic() < give_up_at:
            time.sleep(0.05)
        of.conclude(seen)
    of.figures.took_s = time.monotonic() - started
    return of.figures


def _main(mode: str, over: str, *numbers: str) -> None:
    faulthandler.register(signal.SIGUSR1)  # what waits too long for this process asks where it is
    requests, seed, limit = map(int, numbers)
    figures = run(Variant(mode, over, requests, seed, limit))
    sys.stdout.write(figures.as_json() + "\n")
    sys.stdout.flush()
    os._exit(0)  # threads that hang would keep the process


if __name__ == "__main__":
    _main(*sys.argv[1:])
