"""60 tasks over the async pool: they ask, read, lose interest, and are cancelled one by one or in crowds."""

import asyncio
import contextlib
import io
import ssl
import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp

from tests.torture.outcomes import Outcomes, whole_or_why_not
from tests.torture.peer_process import Place
from tests.torture.plans import MAX_BODY_BYTES, Plan
from tools.errors import ToolError

__all__ = ["TASKS", "ask_all", "awaiting_trace"]

TASKS = 60
_STORM_EVERY_S = 0.4


def awaiting_trace() -> aiohttp.TraceConfig:
    """A trace that listens to everything, and takes its time: what must be one step is not, then."""
    trace = aiohttp.TraceConfig()
    pauses = 0

    async def listen(*_: object) -> None:
        nonlocal pauses
        pauses += 1
        await asyncio.sleep(0.002 if pauses % 50 == 0 else 0)

    for name in dir(trace):
        signal = getattr(trace, name)
        if name.startswith("on_"):
            signal.append(listen)
    trace.freeze()
    return trace


class _Storm:
    """Cancels in one go, now and then, all tasks that wait for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def waits_for(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def blow(self) -> None:
        while True:
            await asyncio.sleep(_STORM_EVERY_S)
            for task in list(self._tasks):
                task.cancel()


class _Caller:
    """Sends requests, and judges what comes."""

    def __init__(self, session: aiohttp.ClientSession, place: Place, tls: ssl.SSLContext, outcomes: Outcomes) -> None:
        self._session = session
        self._place = place
        self._tls = tls
        self._outcomes = outcomes

    async def ask(self, plan: Plan) -> None:
        """Send one request and do with its answer what the plan says."""
        try:
            await self._ask(plan)
        except asyncio.CancelledError:
            self._outcomes.cut()
            raise
        except (aiohttp.ClientError, TimeoutError, ToolError) as exc:
            self._outcomes.failed(plan, exc, is_expected=True)
        except Exception as exc:  # noqa: BLE001 - which is what is looked for
            self._outcomes.failed(plan, exc, is_expected=False)

    async def _ask(self, plan: Plan) -> None:
        url, proxy = self._place(plan)
        options: dict[str, Any] = {"proxy": proxy} if proxy is not None else {}
        if url.startswith("https"):
            options["ssl"] = self._tls
        if plan.body is not None:
            options["data"] = io.BytesIO(plan.body) if plan.has_declared_length else _pieces(plan.body)
            options["expect100"] = plan.expects_continue
        async with self._session.request(plan.method, url, **options) as answer:
            if plan.cut == "leave":
                self._outcomes.cut()
                return
            if plan.cut == "leave-midway":
                body = await answer.content.read(100)
                is_whole = False
            elif plan.reading == "pieces":
                body, is_whole = await _in_pieces(answer)
            else:
                body, is_whole = await answer.read(), True
            self._outcomes.answer(
                plan, whole_or_why_not(plan, answer.status, answer.headers.get("X-Id"), body, is_whole=is_whole)
            )


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 20_000):
        yield body[at : at + 20_000]


async def _in_pieces(answer: aiohttp.ClientResponse) -> tuple[bytes, bool]:
    """The body, and whether that is all; who reads like this bounds it."""
    pieces, size = [], 0
    async for piece in answer.content.iter_chunked(8_192):
        pieces.append(piece)
        size += len(piece)
        if size > MAX_BODY_BYTES:
            return b"".join(pieces), False
    return b"".join(pieces), True


async def ask_all(
    session: aiohttp.ClientSession,
    plans: Iterator[Plan],
    place: Place,
    tls: ssl.SSLContext,
    outcomes: Outcomes,
    guard_s: float,
) -> None:
    """Send all requests. One that takes longer than `guard_s` has hung: it is taken down with its stack, and ended."""
    caller, storm = _Caller(session, place, tls, outcomes), _Storm()
    loop = asyncio.get_running_loop()

    async def work() -> None:
        for plan in plans:
            await asyncio.sleep(plan.pause_s)
            task = asyncio.ensure_future(caller.ask(plan))
            if plan.cut == "cancel":
                loop.call_later(plan.cut_after_s, task.cancel)
            elif plan.cut == "storm":
                storm.waits_for(task)
            _, hung = await asyncio.wait([task], timeout=guard_s)
            if hung:
                outcomes.note("hung", f"{plan}: {_stack_of(task)}")
                task.cancel()
                await asyncio.wait([task], timeout=guard_s)

    blowing = asyncio.ensure_future(storm.blow())
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(TASKS):
                group.create_task(work())
    finally:
        blowing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await blowing


def _stack_of(task: asyncio.Task[None]) -> str:
    """Where a task waits, innermost frame last."""
    frames = []
    waits: Any = task.get_coro()
    while waits is not None and hasattr(waits, "cr_frame"):
        if waits.cr_frame is not None:
            frames.append(
                traceback.FrameSummary(waits.cr_frame.f_code.co_filename, waits.cr_frame.f_lineno, waits.__qualname__)
            )
        waits = waits.cr_await
    return " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
