"""The SQLite file that jobs are kept in: opened at first use, by one thread that writes and one that reads.

Several processes may have it open at once; those that write wait for each other.
"""

import asyncio
import os
import secrets
import sqlite3
import time
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from service.batches.ledger import LedgerUnavailable
from service.batches.sqlite_schema import ensure_tables

__all__ = ["Damaged", "SqliteLink"]

T = TypeVar("T")

#: So long a transaction waits for those of other processes, which take milliseconds.
_BUSY_S = 10.0
#: What the log of changes shrinks to when nobody needs it.
_LOG_BYTES = 64 * 2**20
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened",
    sqlite3.SQLITE_READONLY: "it cannot be written",
    sqlite3.SQLITE_PERM: "it may not be opened",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_CORRUPT: "it is damaged",
    sqlite3.SQLITE_NOTADB: "it is damaged, or no database",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
    sqlite3.SQLITE_PROTOCOL: "others have kept it busy for too long",
    sqlite3.SQLITE_BUSY: "others have kept it busy for too long",
}


class Damaged(Exception):
    """What is read does not fit together. Told as LedgerUnavailable."""


class SqliteLink:
    """The file at `path`, which need not be there yet: while nothing has been written there is none."""

    def __init__(self, path: Path, *, busy_s: float = _BUSY_S) -> None:
        self.path = path
        self._writer, self._reader = _Worker(path, busy_s, "ledger-write"), _Worker(path, busy_s, "ledger-read")

    async def write(self, change: Callable[[sqlite3.Connection], T], *, lasting: bool = False) -> T:
        """What `change` returns, in a transaction of its own that writes. Raises LedgerUnavailable.

        Once it has returned it outlives a kill; when it is `lasting`, the loss of power too, with all before it.
        """
        return await self._writer.run(lambda connection: _written(connection, change, lasting=lasting))

    async def read(self, ask: Callable[[sqlite3.Connection], T]) -> T:
        """What `ask` returns, of one state of the file. Raises LedgerUnavailable."""
        return await self._reader.run(lambda connection: _read(connection, ask), reads_only=True)

    async def give_back(self, pages: int) -> None:
        """Make the file smaller by what is free in it, up to so many pages of 4 KiB. Raises LedgerUnavailable."""
        # Executed as one statement it gives back one page.
        await self._writer.run(lambda connection: connection.executescript(f"PRAGMA incremental_vacuum({pages})"))

    async def aclose(self) -> None:
        """End what is under way, and close it."""
        await self._reader.aclose()
        await self._writer.aclose()


class _Worker:
    """A thread and its connection."""

    def __init__(self, path: Path, busy_s: float, name: str) -> None:
        self._path, self._busy_s = path, busy_s
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T], *, reads_only: bool = False) -> T:
        if self._closed:
            raise LedgerUnavailable(f"the jobs in {self._path} are closed: the service is stopping")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work, reads_only)

    def _run(self, work: Callable[[sqlite3.Connection], T], reads_only: bool) -> T:
        try:
            if self._connection is None:
                if reads_only and not self._path.exists():
                    return work(_nothing())
                self._connection = _open(self._path, self._busy_s)
            return work(self._connection)
        except (sqlite3.DatabaseError, zlib.error, Damaged, OSError) as exc:
            words = _why(exc)
            if words is None:
                raise  # our own fault
            self._close()  # who comes next opens what is there then
            raise LedgerUnavailable(f"the jobs in {self._path} cannot be reached: {words}") from exc

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def aclose(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown()


def _why(exc: Exception) -> str | None:
    if isinstance(exc, sqlite3.DatabaseError):
        return _WORDS.get(getattr(exc, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF)
    return exc.strerror or str(exc) if isinstance(exc, OSError) else "it is damaged"


def _open(path: Path, busy_s: float) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _create(path)
    connection = sqlite3.connect(path, timeout=busy_s, isolation_level=None)
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] == 0:
            # While the first one changes these, others are turned away without waiting.
            _until_free(lambda: connection.execute("PRAGMA auto_vacuum = INCREMENTAL"), busy_s)
            _until_free(lambda: connection.execute("PRAGMA journal_mode = WAL"), busy_s)
        connection.execute("PRAGMA synchronous = NORMAL")
        # A damaged page is noticed more often.
        connection.execute("PRAGMA cell_size_check = ON")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        ensure_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _create(path: Path) -> None:
    """An empty file. To open `path` itself and close it again would let go of every lock that this process has on it:
    the next other process to leave would take itself for the last one, and remove the log that is written to."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # Whom a company deals with is nobody else's business.
    os.close(os.open(beside, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with suppress(FileExistsError):
            path.hardlink_to(beside)
    finally:
        beside.unlink()


def _until_free(work: Callable[[], object], within_s: float) -> None:
    until = time.monotonic() + within_s
    while True:
        try:
            work()
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def _nothing() -> sqlite3.Connection:
    """What is read of a file that is not there yet."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    ensure_tables(connection)
    return connection


def _written(connection: sqlite3.Connection, change: Callable[[sqlite3.Connection], T], *, lasting: bool) -> T:
    if lasting:
        connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        came = change(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    finally:
        if lasting and not connection.in_transaction:
            connection.execute("PRAGMA synchronous = NORMAL")
    return came


def _read(connection: sqlite3.Connection, ask: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return ask(connection)
    finally:
        connection.execute("COMMIT")
