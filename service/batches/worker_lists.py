"""The versions of the list that a worker screens by: taken from the database, indexed here, kept in a folder."""

import asyncio
import fcntl
import logging
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from service.batches.shared_lists import SharedLists
from service.batches.versions import ListVersion, too_old
from tools.errors import NotScreened
from tools.screening.build import command
from tools.screening.build_process import BuildFailed, run_build
from tools.screening.held_list import HeldList
from tools.screening.manifest import InForce, Manifest
from tools.screening.store import ListStore

__all__ = ["WorkerLists"]

log = logging.getLogger(__name__)

#: So long a word of the gateways is taken as it was; a list may clear for a day after it was confirmed.
_ASK_EVERY_S = 2.0
#: A gateway that has just put a version in force hands it over within seconds.
_COMES_WITHIN_S = 30.0
#: The gateways have judged it: whatever its size, it is the one.
_ANY_SIZE = 1


class _NotYet(Exception):
    """No gateway has handed the version over."""


class WorkerLists:
    """The versions below `root`, from `shared`; one of `Versions`. Several workers may have the same folder."""

    def __init__(
        self,
        root: Path,
        shared: SharedLists,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        ask_every_s: float = _ASK_EVERY_S,
        comes_within_s: float = _COMES_WITHIN_S,
    ) -> None:
        self._store, self._shared, self._now = ListStore(root), shared, now
        self._ask_every_s, self._comes_within_s = ask_every_s, comes_within_s
        self._in_force: InForce | None = None
        self._asked_at = -ask_every_s
        #: Since when a version has been waited for in vain; 0: none has. Waited for once, not for each chunk.
        self._missed_since = 0.0
        self._lock = asyncio.Lock()
        self._usable: set[str] = set()

    async def newest(self) -> ListVersion:
        """The one in force, by the last word of any gateway.

        Raises NotScreened, with the reason, when there is none that may clear anybody; LedgerUnavailable; and
        BuildFailed, OSError, ValueError when it cannot be made usable here.
        """
        told = await self._last_word()
        if told is None:
            raise NotScreened("no list is in force", upstream="csl")
        try:
            return await self._version(told)
        except _NotYet as exc:
            raise NotScreened(str(exc), upstream="csl") from exc

    async def pinned(self, sha256: str, as_of: datetime) -> ListVersion:
        """The version that a job is pinned to, which was the current one `as_of`; later, if it still is.

        One that no gateway has handed over yet is waited for. Raises what `newest` raises.
        """
        while True:
            told = await self._last_word()
            if told is not None and told.sha256 == sha256:
                told = replace(told, confirmed_at=max(as_of, told.confirmed_at))
            else:
                told = InForce(sha256=sha256, url="", etag=None, last_modified=None, confirmed_at=as_of)
            try:
                return await self._version(told)
            except _NotYet as exc:
                self._missed_since = self._missed_since or monotonic()
                if monotonic() - self._missed_since > self._comes_within_s:
                    raise NotScreened(str(exc), upstream="csl") from exc
            await asyncio.sleep(self._ask_every_s)

    async def _last_word(self) -> InForce | None:
        if monotonic() - self._asked_at >= self._ask_every_s:
            self._in_force, self._asked_at = await self._shared.in_force(), monotonic()
        return self._in_force

    async def _version(self, told: InForce) -> ListVersion:
        version = ListVersion(self._store.version_folder(told.sha256), told.sha256, told.confirmed_at)
        # What is too old need not be had.
        why_not = too_old(version, self._now())
        if why_not is not None:
            raise NotScreened(why_not, upstream="csl")
        async with self._lock:
            if told.sha256 in self._usable and not await asyncio.to_thread(self._is_here, told.sha256):
                self._usable.discard(told.sha256)  # another worker has swept it
            if told.sha256 not in self._usable:
                async with self._alone():
                    await self._make_usable(told)
        self._missed_since = 0.0
        return version

    async def _make_usable(self, told: InForce) -> None:
        """Make sure that the version can be opened here. Raises _NotYet when no gateway has handed it over."""
        if not await asyncio.to_thread(self._opens, told.sha256):
            await self._take(told.sha256)
        if self._in_force is not None and told.sha256 == self._in_force.sha256:
            # The third but last before it goes.
            await asyncio.to_thread(self._store.put_in_force, told)
        self._usable.add(told.sha256)

    def _is_here(self, sha256: str) -> bool:
        return (self._store.version_folder(sha256) / "manifest.json").exists()

    def _opens(self, sha256: str) -> bool:
        try:
            HeldList.open(self._store.version_folder(sha256))
        except (OSError, ValueError):
            return False
        return True

    async def _take(self, sha256: str) -> None:
        kept = await self._shared.file(sha256)
        if kept is None:
            raise _NotYet(f"list {sha256} has not been handed over by any gateway")
        await asyncio.to_thread(self._write, sha256, *kept)
        built = await run_build(command(self._store, sha256, min_rows=_ANY_SIZE))
        log.info("list %s can be used here, %d entries", sha256, built.rows)
        if not await asyncio.to_thread(self._opens, sha256):
            raise BuildFailed(f"list {sha256} was built, and cannot be opened")

    def _write(self, sha256: str, manifest: bytes, content: bytes) -> None:
        folder = self._store.new_incoming()
        folder.mkdir()
        try:
            (folder / "manifest.json").write_bytes(manifest)
            (folder / Manifest.read(folder).file_name).write_bytes(content)
            self._store.take_version(folder, sha256)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        """While the body runs, no other worker with this folder changes it."""
        file = await asyncio.to_thread(_locked, self._store.root / "worker.lock")
        try:
            yield
        finally:
            file.close()


def _locked(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("ab")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file
