"""The list, handed by the gateways to the workers: files in the database, and which of them is in force.

Gateways ask the agency, workers never do. Each file is there once, whichever gateway was first; of what two gateways
say of the one in force, the later word counts.
"""

import asyncio
import logging
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime

from service.batches.ledger import LedgerUnavailable
from service.batches.postgres_link import PostgresLink
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

__all__ = ["SharedLists"]

log = logging.getLogger(__name__)

#: How often a gateway looks whether there is something new to hand over.
_LOOK_EVERY_S = 2.0
#: A file is six times smaller, in a third of a second.
_LEVEL = 1
#: Neither in force nor of a job that has not ended, and older than this: it goes.
_KEPT = "1 hour"


class SharedLists:
    """The lists in the database of `link`."""

    def __init__(self, link: PostgresLink) -> None:
        self._link = link
        self._offered: tuple[str, datetime] | None = None

    # -- the gateways' side --

    @asynccontextmanager
    async def offering(self, store: ListStore) -> AsyncIterator[None]:
        """While the body runs, hand over what is in force in `store`, as soon as it is."""
        task = asyncio.create_task(self._keep_offering(store))
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep_offering(self, store: ListStore) -> None:
        while True:
            try:
                await self.offer(store)
            except (LedgerUnavailable, OSError, ValueError) as exc:
                log.warning("the list cannot be handed to the workers now: %s", exc)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def offer(self, store: ListStore) -> None:
        """Hand over what is in force in `store`, unless that has been done. Raises LedgerUnavailable, OSError."""
        told = await asyncio.to_thread(store.in_force)
        if told is None or self._offered == (told.sha256, told.confirmed_at):
            return
        await self._put(store, told.sha256)
        async with self._link.transaction() as connection:
            await connection.execute(
                "INSERT INTO list_in_force (told, confirmed_at) VALUES (%s, %s) ON CONFLICT (single) DO UPDATE"
                " SET told = excluded.told, confirmed_at = excluded.confirmed_at"
                " WHERE list_in_force.confirmed_at < excluded.confirmed_at",
                (told.told(), told.confirmed_at),
            )
            await connection.execute(
                "DELETE FROM lists WHERE sha256 <> %s AND added_at < now() - %s::interval AND NOT EXISTS ("
                " SELECT FROM jobs WHERE list_version = sha256 AND status IN ('receiving', 'queued', 'running'))",
                (told.sha256, _KEPT),
            )
        self._offered = told.sha256, told.confirmed_at

    async def _put(self, store: ListStore, sha256: str) -> None:
        async with self._link.transaction() as connection:
            found = await connection.execute("SELECT FROM lists WHERE sha256 = %s", (sha256,))
            if found.rowcount:
                return
        manifest, packed = await asyncio.to_thread(_read, store, sha256)
        async with self._link.transaction() as connection:
            await connection.execute(
                "INSERT INTO lists (sha256, manifest, file) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
                (sha256, manifest, packed),
            )
        log.info("list %s is handed to the workers, %d bytes packed", sha256, len(packed))

    # -- the workers' side --

    async def in_force(self) -> InForce | None:
        """Which version is in force, by the last word of any gateway. Raises LedgerUnavailable."""
        async with self._link.transaction() as connection:
            row = await (await connection.execute("SELECT told FROM list_in_force")).fetchone()
        return None if row is None else InForce.of(row[0], "the database")

    async def file(self, sha256: str) -> tuple[bytes, bytes] | None:
        """A version's manifest, as JSON, and its file. Raises LedgerUnavailable."""
        async with self._link.transaction() as connection:
            found = await connection.execute("SELECT manifest, file FROM lists WHERE sha256 = %s", (sha256,))
            row = await found.fetchone()
        if row is None:
            return None
        return row[0], await asyncio.to_thread(zlib.decompress, row[1])


def _read(store: ListStore, sha256: str) -> tuple[bytes, bytes]:
    manifest = store.manifest(sha256)
    content = (store.version_folder(sha256) / manifest.file_name).read_bytes()
    return manifest.told(), zlib.compress(content, _LEVEL)
