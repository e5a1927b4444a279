"""Holds the list in force for a process: asks the agency, has new files built by a process of their own, swaps."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from tools.errors import ToolError
from tools.http_client import AsyncClient
from tools.screening.build import Built, build_here, command
from tools.screening.build_process import BuildFailed, run_build
from tools.screening.fetched import Fetched, without_secrets
from tools.screening.held_list import HeldList
from tools.screening.keeper import Keeper, ListState
from tools.screening.manifest import Attempt, InForce, Manifest
from tools.screening.store import ListStore
from tools.screening.totals import AgencyTotals
from tools.transports.list_download import download_list

__all__ = ["ListHolder", "none_pinned"]

log = logging.getLogger(__name__)

#: A file like the sandbox's is read and indexed before a process would have started.
_SMALL_BYTES = 256 * 1024

#: A download of 17 MB and no slow machine take as long.
_DOWNLOAD_S = 300.0


def _now() -> datetime:
    return datetime.now(UTC)


async def none_pinned() -> Collection[str]:
    """No version is wanted by anybody."""
    return ()


class ListHolder:
    """`held` is the list in force, opened; None while there is none. Whoever screens takes it once, and names its
    version: it is replaced, never changed.

    Of several processes one calls `mend`, `ask` and `take_accepted`; the others `follow`, and nobody else puts a
    version in force meanwhile. What blocks runs in threads. `pinned` are the versions that somebody still wants; None:
    that cannot be told now.
    """

    def __init__(
        self,
        store: ListStore,
        keeper: Keeper,
        url: str,
        *,
        min_rows: int,
        now: Callable[[], datetime] = _now,
        pinned: Callable[[], Awaitable[Collection[str] | None]] = none_pinned,
    ) -> None:
        self._store, self._keeper, self._url, self._min_rows = store, keeper, url, min_rows
        self._now, self._started_at, self._pinned = now, now(), pinned
        self._cannot_be_taken: set[str] = set()
        self._damaged: InForce | None = None
        self.held: HeldList | None = None

    def state(self) -> ListState:
        """What there is to tell of the list."""
        return self._keeper.state(self._now())

    @property
    def first_attempt_ended(self) -> bool:
        """Whether the agency has been asked since this process started, with whatever outcome."""
        return self._keeper.first_attempt_ended

    def wait_s(self) -> float:
        """Seconds until the next `ask`."""
        return self._keeper.wait_s(monotonic())

    async def restore(self) -> None:
        """Take from the disk what was in force before. What cannot be opened waits for `mend`. Raises OSError."""
        told, held = await asyncio.to_thread(self._store.in_force), None
        if told is not None:
            try:
                held = await asyncio.to_thread(self._open, told.sha256)
            except (OSError, ValueError) as exc:
                log.warning("list %s: its index is to be built anew: %s", told.sha256, exc)
                self._damaged = told
        suspect = await asyncio.to_thread(self._store.current_suspect)
        self.held = held
        self._keeper.hold(None if held is None else told, None if held is None else held.manifest, suspect)
        self._keeper.counted(await asyncio.to_thread(self._store.totals))

    async def mend(self) -> None:
        """Build anew what `restore` could not open, if it can be: then it is in force again. Raises OSError."""
        damaged, self._damaged = self._damaged, None
        if damaged is None or self.held is not None:
            return
        try:
            await self._build(damaged.sha256)
        except (BuildFailed, ValueError) as exc:
            log.warning("list %s cannot be used: %s", damaged.sha256, exc)
            return
        await self.restore()
        self._damaged = None  # once is enough

    async def follow(self) -> None:
        """Take over what another process has put in force or kept aside, and how its last question ended.

        Raises OSError, ValueError when what is in force cannot be opened; what was held before serves on.
        """
        attempt = await asyncio.to_thread(self._store.last_attempt)
        if attempt is not None:
            self._keeper.heard(attempt, self._started_at)
        self._keeper.counted(await asyncio.to_thread(self._store.totals))
        told = await asyncio.to_thread(self._store.in_force)
        if told is None:
            # A version that is made anew is away for a moment; nothing that was in force ceases to be.
            return
        held = self.held
        if held is None or held.version != told.sha256:
            held = await asyncio.to_thread(self._open, told.sha256)
        suspect = await asyncio.to_thread(self._store.current_suspect)
        # Both at once: what is told of the list is told of the version that screens.
        self.held = held
        self._keeper.hold(told, held.manifest, suspect)

    async def take_accepted(self) -> bool:
        """Put the suspect in force, if a person has accepted it since. Returns whether it is now.

        It is tried once. Raises OSError.
        """
        suspect = await asyncio.to_thread(self._store.current_suspect)
        if suspect is None or suspect.sha256 in self._cannot_be_taken:
            return False
        if await asyncio.to_thread(self._store.acceptance, suspect.sha256) is None:
            return False
        kept = suspect.manifest
        try:
            built = await self._build(suspect.sha256)
            if built.outcome == "version":
                await self._put_in_force(_in_force(kept, kept.fetched))
                # Whether it still is the current one, only the agency knows.
                self._keeper.ask_soon()
                return True
            log.error("list %s was accepted, but there is no entry in it", suspect.sha256)
        except (BuildFailed, OSError, ValueError) as exc:
            self._failed(f"the accepted list could not be built: {exc}")
        self._cannot_be_taken.add(suspect.sha256)
        return False

    async def ask(self, client: AsyncClient) -> None:
        """Ask the agency once; what comes of it is in `state` and `held`. Raises OSError when the disk fails."""
        asked_at = self._now()
        self._keeper.asking(asked_at)
        path = await asyncio.to_thread(self._store.new_incoming)
        try:
            conditions = self._keeper.conditions(without_secrets(self._url))
            fetched = await download_list(client, self._url, path, conditions, within_s=_DOWNLOAD_S)
            await self._take(fetched)
        except ToolError as exc:
            self._failed(str(exc), exc.retry_after_s)
        except (BuildFailed, ValueError) as exc:
            self._failed(f"the list could not be built: {exc}")
        except OSError as exc:
            self._failed(f"the disk failed: {exc.strerror or exc}")
        # Of what was neither believed nor kept aside nothing is left.
        await asyncio.to_thread(path.unlink, missing_ok=True)
        now = self._now()
        attempt = Attempt(asked_at, now, self._keeper.state(now).last_error)
        await asyncio.to_thread(self._store.note_attempt, attempt)

    async def check_totals(self, count: Callable[[], Awaitable[AgencyTotals]]) -> None:
        """Ask the agency how many entries it has, by `count`, if it is time to. Raises OSError when the disk fails."""
        asked_at = self._now()
        if not self._keeper.totals_are_due(asked_at):
            return
        before = await asyncio.to_thread(self._store.totals)
        try:
            totals = replace(await count(), asked_at=asked_at)
        except ToolError as exc:
            log.warning("the agency's own count of the list is not known: %s", exc)
            totals = replace(before or AgencyTotals(asked_at=asked_at), asked_at=asked_at, error=str(exc))
        await asyncio.to_thread(self._store.note_totals, totals)
        self._keeper.counted(totals)
        check = self.state().totals
        if check is not None and totals.error is None:
            for each in check.differences:
                name = each.list or "all lists"
                log.warning("of %s the agency has %d entries, the list held here %d", name, each.agency, each.held)

    async def _take(self, fetched: Fetched | None) -> None:
        now = self._now()
        state = self._keeper.state(now)
        told = state.in_force
        if fetched is None:
            if told is not None:
                await self._confirm(replace(told, confirmed_at=now))
            return
        if told is not None and fetched.broke is None and fetched.sha256 == told.sha256:
            await asyncio.to_thread(fetched.path.unlink)
            await self._confirm(_in_force(fetched, now))
            return
        accepted = await asyncio.to_thread(self._store.acceptance, fetched.sha256)
        if state.suspect is not None and fetched.sha256 == state.suspect.sha256 and accepted is None:
            await asyncio.to_thread(fetched.path.unlink)
            self._keeper.suspected(state.suspect, monotonic())
            return
        built = await self._build(fetched)
        if built.outcome == "version":
            await self._put_in_force(_in_force(fetched, fetched.fetched))
            return
        suspect = await asyncio.to_thread(self._store.current_suspect)
        if suspect is not None:
            log.error("list %s is suspect: %s", suspect.sha256, "; ".join(gate.words for gate in suspect.gates))
            self._keeper.suspected(suspect, monotonic())

    async def _confirm(self, told: InForce) -> None:
        await asyncio.to_thread(self._store.confirm, told)
        manifest = await asyncio.to_thread(self._store.manifest, told.sha256)
        self._keeper.confirmed(told, manifest, monotonic())

    async def _put_in_force(self, told: InForce) -> None:
        # Opened first: what cannot be opened is not put in force.
        held = await asyncio.to_thread(self._open, told.sha256)
        await asyncio.to_thread(self._store.put_in_force, told, await self._pinned())
        self.held = held
        self._keeper.confirmed(told, held.manifest, monotonic())
        log.info("list %s is in force, %d entries", told.sha256, held.manifest.figures.rows)
        if held.manifest.overruled:
            overruled = ", ".join(gate.code for gate in held.manifest.overruled)
            by = held.manifest.accepted.by if held.manifest.accepted is not None else "nobody"
            log.warning("list %s is in force though it failed %s: overruled by %s", told.sha256, overruled, by)

    def _open(self, sha256: str) -> HeldList:
        return HeldList.open(self._store.version_folder(sha256))

    def _failed(self, words: str, retry_after_s: float | None = None) -> None:
        log.warning("no new list: %s", words)
        self._keeper.failed(words, monotonic(), retry_after_s)

    async def _build(self, what: Fetched | str) -> Built:
        if isinstance(what, Fetched) and what.path.stat().st_size <= _SMALL_BYTES:
            return await asyncio.to_thread(build_here, self._store, what, min_rows=self._min_rows)
        return await run_build(command(self._store, what, min_rows=self._min_rows))


def _in_force(file: Fetched | Manifest, confirmed_at: datetime) -> InForce:
    return InForce(
        sha256=file.sha256,
        url=file.url,
        etag=file.etag,
        last_modified=file.last_modified,
        confirmed_at=confirmed_at,
    )
