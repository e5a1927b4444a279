"""Keeps the list current for as long as the service runs, and hands out the version in force.

Of several processes with the same folder one fetches, the one that has the lock; the others follow what it puts there.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from time import monotonic

import structlog

from service.lists.telling import about
from service.lock_file import LockFile
from tools.errors import NotScreened
from tools.http_client import AsyncClient
from tools.sanctions_held import ListInForce
from tools.screening.holder import ListHolder, none_pinned
from tools.screening.keeper import Keeper, ListState, Rhythm
from tools.screening.store import ListStore
from tools.screening.totals import AgencyTotals

__all__ = ["ListKeeping"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: How often to look whether a person has accepted a file, or another process has put one in force.
_LOOK_EVERY_S = 2.0


class ListKeeping:
    """The list below `root`, from `url`; a file with fewer than `min_rows` entries is not believed.

    It is one of `tools.sanctions_held.HeldLists`. Belongs to one event loop, but for `in_force` and `state`. `pinned`
    are the versions that jobs still want; None: that cannot be told now, and all stay.
    """

    def __init__(
        self,
        root: Path,
        url: str,
        *,
        min_rows: int,
        rhythm: Rhythm = Rhythm(),  # noqa: B008 - a value
        pinned: Callable[[], Awaitable[Collection[str] | None]] = none_pinned,
    ) -> None:
        self.store = ListStore(root)
        self._keeper = Keeper(rhythm, random.random)
        self._holder = ListHolder(self.store, self._keeper, url, min_rows=min_rows, pinned=pinned)
        self._lock = LockFile(root / "keeper.lock")
        self._first_attempt = asyncio.Event()

    def in_force(self) -> ListInForce:
        """The version in force. Raises NotScreened, with the reason, when there is none that may clear anybody."""
        state, held = self.state(), self._holder.held
        if state.not_screened_because is not None or held is None:
            raise NotScreened(state.not_screened_because or "no list is in force", passes=True, upstream="csl")
        return ListInForce(held, about(state))

    def state(self) -> ListState:
        """Everything there is to tell."""
        return self._holder.state()

    @property
    def is_settled(self) -> bool:
        """Whether a list is in force, or the first attempt to have one has ended."""
        return self._first_attempt.is_set() or self.state().not_screened_because is None

    async def settled(self) -> None:
        """Return when it is."""
        if not self.is_settled:
            await self._first_attempt.wait()

    @asynccontextmanager
    async def keeping_current(
        self, client: AsyncClient, count: Callable[[], Awaitable[AgencyTotals]] | None = None
    ) -> AsyncIterator[None]:
        """While the body runs, hold what the disk has, and what the agency sends.

        `count` asks the agency how many entries it has, which is compared with the list once a day; None: it cannot.
        """
        await self.restore()
        # What matches takes a while to import, and is wanted when the first list has been fetched and built.
        preparing = asyncio.create_task(asyncio.to_thread(import_module, "tools.screening.match"))
        task = asyncio.create_task(self._keep(client, count))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
            await preparing
            self._lock.release()

    async def restore(self) -> None:
        """Take what the disk has."""
        try:
            await self._holder.restore()
        except OSError as exc:
            self._cannot_use(exc)

    async def renew(self, client: AsyncClient, within_s: float) -> None:
        """Ask the agency once, unless another process does."""
        try:
            async with asyncio.timeout(within_s):
                if await self._lock.take():
                    await self._holder.mend()
                    await self._holder.take_accepted()
                    await self._holder.ask(client)
        except TimeoutError:
            self._keeper.failed(f"no list was had within {within_s:g} s", monotonic())
        except OSError as exc:
            self._cannot_use(exc)
        finally:
            self._lock.release()

    async def _keep(self, client: AsyncClient, count: Callable[[], Awaitable[AgencyTotals]] | None) -> None:
        while True:
            try:
                is_ours = await self._look(client)
                if is_ours and count is not None:
                    self._note_first_attempt()
                    await self._holder.check_totals(count)
            except OSError as exc:
                self._cannot_use(exc)
            except Exception as exc:  # our own fault must not end the keeping of the list
                log.exception("keeping the list failed")
                self._keeper.failed(f"our own fault: {type(exc).__name__}", monotonic())
            self._note_first_attempt()
            await asyncio.sleep(min(max(self._holder.wait_s(), 0.1), _LOOK_EVERY_S))

    def _note_first_attempt(self) -> None:
        if self._holder.first_attempt_ended or self.state().in_force is not None:
            self._first_attempt.set()

    async def _look(self, client: AsyncClient) -> bool:
        """Ask, or follow the process that does. Returns whether this one is to ask."""
        if not await self._lock.take():
            await self._follow()
            return False
        await self._holder.mend()
        if await self._holder.take_accepted():
            self._keeper.ask_soon()
        if self._holder.wait_s() <= 0:
            await self._holder.ask(client)
        return True

    async def _follow(self) -> None:
        try:
            await self._holder.follow()
        except (FileNotFoundError, ValueError) as exc:
            # Whoever fetches mends it, or puts another one there.
            log.warning("the list in force cannot be opened now", error=str(exc))

    def _cannot_use(self, exc: OSError) -> None:
        words = f"the folder {self.store.root} cannot be used: {exc.strerror or exc}"
        log.warning("the list cannot be kept", error=words)
        self._keeper.failed(words, monotonic())
        self._first_attempt.set()
