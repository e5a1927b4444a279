"""However a request ends, and on whichever way, its slot comes back: in a pool of one the next request is served."""

import asyncio
import gc
import itertools
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
import requests

from tests.http_client.callers import SyncCaller, settled
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, answer, hang, ok
from tests.http_client.ways import WAYS, Authority, Scene, setting
from tools.errors import PoolTimeout, ProviderTooLarge

FAILURES = (aiohttp.ClientError, requests.RequestException)
_LARGE = 500_000
#: A request that hangs fails its test alone; closing the pool then ends it.
_GUARD_S = 20.0


# -- what the peer does --


def writing(*pieces: bytes, then_hangs: bool = False) -> Answer:
    """An answer of these bytes, piece by piece, after which the connection ends, or nothing comes any more."""

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)  # so that each is read by itself
        if then_hangs:
            await incoming.reader.read()
        return False

    return write


_HEAD = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
cut_in_head = writing(_HEAD + b"Content-Le")
cut_in_body = writing(_HEAD + b"Content-Length: 100\r\n\r\nhello")
cut_in_chunk = writing(_CHUNKED, b"5\r\nwor")
garbled_chunk = writing(_CHUNKED, b"zz\r\nworld\r\n0\r\n\r\n", then_hangs=True)
unfinished = writing(_HEAD + b"Content-Length: 1000000\r\n\r\n" + b"x" * _LARGE, then_hangs=True)
silent_in_body = writing(_HEAD + b"Content-Length: 100\r\n\r\nhello", then_hangs=True)
silent_in_chunk = writing(_CHUNKED, then_hangs=True)
closing = answer(200, b"hello", Connection="close")
too_large = answer(200, b"x" * 2_000)


# -- what the caller does --

Do = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Exit:
    """One way for a request to end: what the caller does, how the peer answers, and the numbers of the pool."""

    do: Do
    reply: Answer = ok
    numbers: dict[str, Any] = field(default_factory=dict)
    modes: tuple[str, ...] = ("async", "sync")
    ways: tuple[str, ...] = WAYS


async def finish(scene: Scene) -> None:
    assert await scene.read() == b"ok"


async def finish_closing(scene: Scene) -> None:
    assert await scene.read() == b"hello"


async def fail(scene: Scene) -> None:
    with pytest.raises(FAILURES):
        await scene.read()


async def exceed(scene: Scene) -> None:
    with pytest.raises(ProviderTooLarge):
        await scene.read()


async def fail_to_connect(scene: Scene) -> None:
    scene.lead_nowhere()
    await fail(scene)


async def fail_in_silence(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        scene.lead_into_silence(stack)
        await fail(scene)


async def cancel_while_connecting(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        scene.lead_into_silence(stack)
        await cancel(scene, lambda: scene.caller.stats().in_use == 1)


async def cancel_in_head(scene: Scene) -> None:
    before = len(scene.peer.asked)
    await cancel(scene, lambda: len(scene.peer.asked) > before + scene.comes_second)


async def cancel(scene: Scene, when: Callable[[], bool]) -> None:
    task = asyncio.ensure_future(scene.read())
    assert await settled(when)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_in_body(scene: Scene) -> None:
    has_begun = asyncio.Event()

    async def read() -> None:
        async with scene.begin() as begun:
            await begun.content.readany()
            has_begun.set()
            await begun.read()

    task = asyncio.ensure_future(read())
    await has_begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def cancel_in_queue(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        rival = await be_queued(scene, stack)
        await cancel(scene, lambda: len(rival.asked) == 1 and scene.caller.stats().waiting == 1)


async def wait_in_vain(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        await be_queued(scene, stack)
        with pytest.raises(PoolTimeout):
            await scene.read()


async def be_queued(scene: Scene, stack: AsyncExitStack) -> Peer:
    """Have another take the only slot: now, or when the request wants its second one. Returns that other's peer."""
    rival = await stack.enter_async_context(Peer(hang).serving())

    async def take() -> None:
        rival_task = asyncio.ensure_future(scene.caller.ask(rival.url(), "POST", data=b"sent but once"))
        stack.push_async_callback(_give_up, scene, rival, rival_task)
        if scene.comes_second and scene.caller.stats().in_use:
            assert await settled(lambda: scene.caller.stats().waiting == 1)
        else:
            assert await settled(lambda: len(rival.asked) == 1)

    if scene.comes_second:
        scene.between = take
    else:
        await take()
    return rival


async def _give_up(scene: Scene, rival: Peer, task: "asyncio.Task[Any]") -> None:
    for serving in rival._tasks:
        serving.cancel()
    with suppress(*FAILURES):
        await task


async def leave_unread(scene: Scene) -> None:
    if scene.caller.mode == "async":
        async with scene.begin():
            pass
    else:
        await in_thread(scene, lambda: scene.begin_here() and None)


async def close_unread(scene: Scene) -> None:
    if scene.caller.mode == "async":
        begun = await scene.begin()
        begun.close()
    else:
        await in_thread(scene, lambda: scene.begin_here().close())


async def leave_midway(scene: Scene) -> None:
    if scene.caller.mode == "async":
        async with scene.begin() as begun:
            await begun.content.readany()
    else:

        def begin() -> None:
            pieces: Iterator[bytes] = scene.begin_here().iter_content(2)
            next(pieces)

        await in_thread(scene, begin)


class Knot:
    """Holds itself and what it is given: the collector alone frees it."""

    def __init__(self, *held: object) -> None:
        self.held = held
        self.itself = self


async def leave_in_cycle(scene: Scene) -> None:
    await in_thread(scene, lambda: Knot(scene.begin_here()))


async def leave_midway_in_cycle(scene: Scene) -> None:
    def begin() -> None:
        begun = scene.begin_here()
        pieces: Iterator[bytes] = begun.iter_content(2)
        next(pieces)
        Knot(begun, pieces)

    await in_thread(scene, begin)


async def leave_in_traceback(scene: Scene) -> None:
    def begin() -> None:
        begun = scene.begin_here()
        try:
            int("no number")
        except ValueError as exc:
            begun.kept = exc  # whose traceback has this frame, which has the answer

    await in_thread(scene, begin)


async def in_thread(scene: Scene, function: Callable[[], object]) -> None:
    """Run `function` in another thread, and the collector in a third."""
    assert isinstance(scene.caller, SyncCaller)
    await scene.caller.in_thread(lambda: function() and None)
    collector = threading.Thread(target=gc.collect)
    collector.start()
    await asyncio.to_thread(collector.join)


SILENT = {"read_s": 0.15}
DEAF = {"connect_s": 0.15}
SLOW_TO_CONNECT = ("tls", "connect-proxy")
EXITS = {
    "finished": Exit(finish),
    "finished by a peer that closes": Exit(finish_closing, closing),
    "failed to connect": Exit(fail_to_connect),
    "timed out while connecting": Exit(fail_in_silence, numbers=DEAF, ways=SLOW_TO_CONNECT),
    "cancelled while connecting": Exit(cancel_while_connecting, modes=("async",), ways=SLOW_TO_CONNECT),
    "timed out in the queue": Exit(wait_in_vain, numbers={"acquire_s": 0.15}),
    "cancelled in the queue": Exit(cancel_in_queue, modes=("async",)),
    "cut in its head": Exit(fail, cut_in_head),
    "timed out in its head": Exit(fail, hang, SILENT),
    "cancelled in its head": Exit(cancel_in_head, hang, modes=("async",)),
    "cut in its body": Exit(fail, cut_in_body),
    "cut in a chunk": Exit(fail, cut_in_chunk),
    "garbled in a chunk": Exit(fail, garbled_chunk, {"read_s": 1.0}),
    "timed out in its body": Exit(fail, silent_in_body, SILENT),
    "timed out in a chunk": Exit(fail, silent_in_chunk, SILENT),
    "too large": Exit(exceed, too_large, {"max_body_bytes": 1_000}),
    "cancelled in its body": Exit(cancel_in_body, unfinished, modes=("async",)),
    "left unread": Exit(leave_unread, unfinished),
    "left unread, though all of it came": Exit(leave_unread, answer(200, b"hello")),
    "left unread by a peer that closes": Exit(leave_unread, closing),
    "left midway": Exit(leave_midway, unfinished),
    "closed unread": Exit(close_unread, unfinished),
    "left unread in a cycle": Exit(leave_in_cycle, unfinished, modes=("sync",)),
    "left unread in a cycle, though all of it came": Exit(leave_in_cycle, answer(200, b"hello"), modes=("sync",)),
    "left unread in a cycle by a peer that closes": Exit(leave_in_cycle, closing, modes=("sync",)),
    "left unread in a traceback by a peer that closes": Exit(leave_in_traceback, closing, modes=("sync",)),
    "left midway in a cycle": Exit(leave_midway_in_cycle, unfinished, modes=("sync",)),
}
TABLE = [
    pytest.param(mode, way, name, id=f"{mode}-{way}-{name}")
    for name, way, mode in itertools.product(EXITS, WAYS, ("async", "sync"))
    if mode in EXITS[name].modes and way in EXITS[name].ways and (mode, way) != ("sync", "trace")
]


@pytest.mark.parametrize(("open_caller", "way", "ends"), TABLE, indirect=["open_caller"])
async def test_the_slot_of_a_request_comes_back(
    open_caller: OpenCaller, authority: Authority, way: str, ends: str
) -> None:
    case = EXITS[ends]
    numbers = {"max_connections": 1, "acquire_s": 5.0, "read_s": 5.0, "connect_s": 5.0} | case.numbers
    caller = open_caller(**numbers)
    async with setting(way, caller, authority) as scene, Peer().serving() as elsewhere:
        await scene.prepare()
        scene.reply = case.reply
        async with asyncio.timeout(_GUARD_S):
            await case.do(scene)
        assert await settled(lambda: (caller.stats().in_use, caller.stats().waiting) == (0, 0)), caller.stats()
        stats = caller.stats()
        assert stats.created - sum(stats.closed.values()) == stats.idle <= 1
        assert (await caller.ask(elsewhere.url())).body == b"ok"

    async with setting(way, caller, authority) as scene:
        assert await scene.read() == b"ok"
        assert (caller.stats().in_use, caller.stats().waiting) == (0, 0)
