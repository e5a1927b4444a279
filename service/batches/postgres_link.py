"""The connections of one process to PostgreSQL: few, checked before use, made anew after the database was away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import AsyncConnectionPool, PoolClosed

from service.batches.ledger import LedgerUnavailable
from service.batches.postgres_schema import ensure_tables

__all__ = ["PostgresLink", "check_database_url"]

log = logging.getLogger(__name__)

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

#: Unless the URL says otherwise: a network that swallows everything is noticed within half a minute.
_UNLESS_GIVEN = {
    "application_name": "compliance-gateway",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_RECONNECT_S = 5.0
#: Of each session. Who hangs, or whose network does, loses his locks after ten seconds: others wait for them.
_SESSION = {
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": "10s",
    "statement_timeout": "60s",
    "lock_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
#: What keeps the database from answering, and may pass.
_AWAY = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    PoolClosed,
)


def check_database_url(url: str) -> None:
    """Raises ValueError when `url` is none of PostgreSQL's."""
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("not postgresql://...")
    try:
        ports = str(conninfo_to_dict(url).get("port") or "5432").split(",")
    except psycopg.ProgrammingError:
        raise ValueError("not a URL of PostgreSQL") from None  # its words may hold the password
    if not all(port.isdecimal() for port in ports):
        raise ValueError("not a port")


class PostgresLink:
    """Up to `most` connections to the database at `url`, in whose `schema` all is; the tables are made when missing.

    Waits up to `wait_s` for a connection. Belongs to one event loop. `pool` is for Procrastinate.
    """

    def __init__(self, url: str, schema: str, *, most: int = 4, wait_s: float = 5.0) -> None:
        self._schema = schema
        given, session = conninfo_to_dict(url), {"search_path": schema, **_SESSION}
        self.pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            make_conninfo(url, **{name: value for name, value in _UNLESS_GIVEN.items() if name not in given}),
            kwargs={"options": " ".join(f"-c {name}={value}" for name, value in session.items())},
            min_size=1,
            max_size=most,
            timeout=wait_s,
            # Longer, and it would wait for as long as the database has been away, before it looks again. Whoever asks
            # after that makes it look at once.
            reconnect_timeout=_RECONNECT_S,
            open=False,
            check=AsyncConnectionPool.check_connection,
            name="ledger",
        )
        self._is_open = self._has_tables = False
        self._lock = asyncio.Lock()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """A connection, whose work is one transaction. Raises LedgerUnavailable."""
        try:
            if not self._has_tables:
                await self.prepare()
            async with self.pool.connection() as connection:
                yield connection
        except _AWAY as exc:
            raise LedgerUnavailable(f"the database cannot be reached: {_words(exc)}") from exc

    async def prepare(self) -> None:
        """Connect, and make the tables when they are missing. Raises LedgerUnavailable."""
        async with self._lock:
            if self._has_tables:
                return
            try:
                if not self._is_open:
                    await self.pool.open(wait=False)
                    self._is_open = True
                async with self.pool.connection() as connection:
                    await ensure_tables(connection, self._schema)
            except psycopg.Error as exc:
                raise LedgerUnavailable(f"the database cannot be used: {_words(exc)}") from exc
            self._has_tables = True

    async def aclose(self) -> None:
        """Close all connections."""
        if self._is_open:
            await self.pool.close()


def _words(exc: Exception) -> str:
    return str(exc).strip().partition("\n")[0] or type(exc).__name__
