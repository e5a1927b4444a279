"""The processes that match rows for this one, so that its event loop stays free: a few, kept while they are used."""

import asyncio
import contextlib
import os
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import structlog

from service.batches.frames import Request, answer_in, read_frame_async, request_frame
from service.batches.rows import Row, RowResult, ScreeningOptions
from tools.screening.build import environment

__all__ = ["MatchingFailed", "MatchingPool", "processors"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Slow ways to compare take a tenth of a second for a row, on a busy machine more.
_CHUNK_WITHIN_S = 300.0
#: Unused for so long, the processes end and give their memory back.
_UNUSED_S = 60.0


class MatchingFailed(Exception):
    """The rows were not computed; the message says why. Asked once more, they may be."""


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class MatchingPool:
    """Up to `processes` at once, each started when it is first needed. Belongs to one event loop."""

    def __init__(self, processes: int, *, chunk_within_s: float = _CHUNK_WITHIN_S, unused_s: float = _UNUSED_S) -> None:
        self.processes = processes
        self._chunk_within_s, self._unused_s = chunk_within_s, unused_s
        self._free = processes
        self._urgent: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()
        self._idle: list[_Process] = []
        self._tasks: set[asyncio.Task[list[RowResult]]] = set()
        self._ending: set[asyncio.Task[None]] = set()
        self._unused: asyncio.TimerHandle | None = None
        self._closed = False

    async def screen(
        self,
        rows: Sequence[Row],
        folder: Path,
        options: ScreeningOptions,
        *,
        urgent: bool,
        tell_version: bool = False,
    ) -> list[RowResult]:
        """One result for each of `rows`, by the version of the list in `folder`. Those that are `urgent` go first.

        `tell_version`: each says which version it was compared with.

        Raises MatchingFailed when the process died, hung, or cannot open the list. Whoever leaves while the rows are
        being matched leaves them to be finished: a process costs more than they do.
        """
        await self._slot(urgent)
        task = asyncio.create_task(self._screen(Request(tuple(rows), str(folder), options, tell_version)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """End the processes. Who waits for rows is cancelled."""
        self._closed = True
        for waiting in (*self._urgent, *self._others):
            waiting.cancel()
        for task in self._tasks:
            task.cancel()
        if self._unused is not None:
            self._unused.cancel()
        await asyncio.gather(*self._tasks, *self._ending, return_exceptions=True)
        await self._end_idle()

    # -- turns --

    async def _slot(self, urgent: bool) -> None:
        if self._closed:
            raise MatchingFailed("the service is stopping")
        if self._free:
            self._free -= 1
            return
        queue = self._urgent if urgent else self._others
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back()
            elif turn in queue:
                queue.remove(turn)
            raise

    def _give_back(self) -> None:
        for queue in (self._urgent, self._others):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._free += 1

    # -- work --

    async def _screen(self, asked: Request) -> list[RowResult]:
        process: _Process | None = None
        try:
            if self._unused is not None:
                self._unused.cancel()
                self._unused = None
            process = self._idle.pop() if self._idle else await _Process.start()
            async with asyncio.timeout(self._chunk_within_s):
                results, failed, fault = await process.ask(request_frame(asked))
            self._idle.append(process)
            process = None
        except TimeoutError as exc:
            raise MatchingFailed(f"the rows took longer than {self._chunk_within_s:g} s") from exc
        except ValueError as exc:
            raise MatchingFailed("the process that matches answered with what is no answer") from exc
        except (asyncio.IncompleteReadError, OSError) as exc:
            ended = "could not be started" if process is None else f"ended with {await process.end()}"
            raise MatchingFailed(f"the process that matches {ended}") from exc
        finally:
            if process is not None:
                await process.end()
            self._give_back()
            self._look_after_idle()
        for number, words in failed:
            log.error("a row could not be screened", row=number, error=words)
        if fault is not None:
            raise MatchingFailed(fault)
        if len(results) != len(asked.rows):
            raise MatchingFailed(f"{len(results)} results came for {len(asked.rows)} rows")
        return results

    def _look_after_idle(self) -> None:
        if self._idle and self._free == self.processes and not self._closed:
            self._unused = asyncio.get_running_loop().call_later(self._unused_s, self._end_unused)

    def _end_unused(self) -> None:
        self._unused = None
        ending = asyncio.create_task(self._end_idle())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    async def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        for process in idle:
            await process.end()


class _Process:
    """One of them. Asked one thing at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls) -> "_Process":
        """Raises OSError."""
        pipe = asyncio.subprocess.PIPE
        return cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "service.batches.matching_process"),
                stdin=pipe,
                stdout=pipe,
                env=environment(),
                # A terminal's Ctrl-C is this process's to act on.
                start_new_session=True,
            )
        )

    async def ask(self, request: bytes) -> tuple[list[RowResult], list[tuple[int, str]], str | None]:
        """Raises asyncio.IncompleteReadError, OSError when it ends before it has answered."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - both are pipes
        assert stdout is not None  # noqa: S101 - likewise
        stdin.write(request)
        await stdin.drain()
        return answer_in(await read_frame_async(stdout))

    async def end(self) -> int:
        """End it, whatever it is doing; how it ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        return await self._process.wait()
