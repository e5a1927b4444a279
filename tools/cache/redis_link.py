"""Connections to one Redis: where a URL leads to, and GET and SET over as many connections as ask at once.

redis-py's asyncio connections are used without its clients and pools, so that the caller's one bound covers connecting,
authentication and reply, and so that a connection left in the middle of an exchange is ended, never given to another.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from typing import Any, Protocol
from urllib.parse import urlsplit

from redis.asyncio.connection import Connection, SSLConnection, parse_url
from redis.exceptions import InvalidResponse, RedisError

from tools.cache.reply import NotAsked, Reply

__all__ = ["Link", "read_url"]

#: To Redis, from each event loop; who comes when all are in use waits for one.
_CONNECTIONS = 32

_URL_GRAMMAR = (
    "redis://[[user]:password@]host[:port][/db], the same with rediss://, or unix://[[user]:password@]/path[?db=db]; "
    "signs in names and passwords percent-encoded; no options but db, username, password, client_name and ssl_*"
)
_URL_OPTIONS = {"host", "port", "path", "db", "username", "password", "client_name"}
# Every message of a handshake is a round trip within the bound: RESP 2 and no driver name need none.
_OPTIONS = {"socket_timeout": None, "socket_connect_timeout": None, "protocol": 2, "driver_info": None}


class _Connection(Protocol):
    """What is used of redis-py's connections, which are only partly annotated."""

    _writer: asyncio.StreamWriter | None

    async def connect(self) -> None: ...
    async def can_read(self) -> bool: ...
    async def send_command(self, *words: str | bytes | int) -> None: ...
    async def read_response(self) -> object: ...
    async def disconnect(self, nowait: bool = ...) -> None: ...


class Link:
    """The connections of one event loop. One that an exchange did not end well on is not used again."""

    def __init__(self, open_one: Callable[[], _Connection], wait_s: float) -> None:
        self._open, self._wait_s = open_one, wait_s
        self._free = asyncio.Semaphore(_CONNECTIONS)
        self._idle: list[_Connection] = []
        self._is_closed = False

    async def ask(self, *words: str | bytes | int) -> Reply:
        """The reply to a GET or SET. Raises what redis-py raises, and NotAsked when too many ask at once."""
        try:
            async with asyncio.timeout(self._wait_s):
                await self._free.acquire()
        except TimeoutError:
            raise NotAsked from None
        try:
            return await self._exchange(words)
        finally:
            self._free.release()

    async def aclose(self) -> None:
        """Ends the idle ones at once, those in use when their exchange is over."""
        self._is_closed = True
        while self._idle:
            with contextlib.suppress(RedisError):
                await self._idle.pop().disconnect()

    async def _exchange(self, words: tuple[str | bytes | int, ...]) -> Reply:
        connection = self._idle.pop() if self._idle else self._open()
        writer = _writer_of(connection)
        try:
            if writer is not None and await connection.can_read():
                # While it was idle Redis ended it, or sent what nobody asked for.
                await _abort(connection, writer)
            await connection.connect()
            writer = _writer_of(connection)
            await connection.send_command(*words)
            reply = _reply_to(words[0], await connection.read_response())
        except BaseException:
            await _abort(connection, writer)
            raise
        if self._is_closed:
            await _abort(connection, writer)
        else:
            self._idle.append(connection)
        return reply


def _reply_to(command: str | bytes | int, reply: object) -> Reply:
    if (command == "SET" and reply != b"OK") or not (reply is None or isinstance(reply, bytes)):
        raise InvalidResponse
    return Reply(reply)


def _writer_of(connection: _Connection) -> asyncio.StreamWriter | None:
    return connection._writer  # noqa: SLF001 - it has no public name; that it leads to the transport has its test


async def _abort(connection: _Connection, writer: asyncio.StreamWriter | None) -> None:
    """Ends it without a wait, and without what is still to be written: for a deaf peer that would be kept for ever.

    redis-py itself only closes its writer, and forgets it, when a command fails: hence the second argument.
    """
    if writer is not None:
        writer.transport.abort()
    await connection.disconnect(nowait=True)


def read_url(url: str) -> tuple[Callable[[], _Connection], str]:
    """What makes a connection, not yet connected, and where it leads to, for people.

    Raises ValueError, whose message holds nothing of the URL. Reads the files that a rediss:// URL names.
    """
    try:
        kind, options = _read_parts(url)
        sample = kind(**options)
        if isinstance(sample, SSLConnection):
            sample.ssl_context.get()  # reads files, for which there is no time later
    except (TypeError, ValueError, OSError, RedisError):
        raise ValueError(f"not the URL of a Redis: {_URL_GRAMMAR}") from None

    def open_one() -> _Connection:
        connection: _Connection = kind(**options)
        if isinstance(connection, SSLConnection):
            connection.ssl_context = sample.ssl_context
        return connection

    return open_one, ":".join(str(value) for name, value in sample.repr_pieces() if name in {"host", "port", "path"})


def _read_parts(url: str) -> tuple[Callable[..., Any], dict[str, Any]]:
    """As redis-py reads them, but for what it would leave out. Raises ValueError."""
    options: dict[str, Any] = {**parse_url(url)}
    kind = options.pop("connection_class", Connection)
    parts = urlsplit(url)
    if parts.scheme == "unix":
        has_place = bool(parts.path) and parts.hostname is None
    else:
        has_place = parts.hostname is not None and re.fullmatch(r"/?[0-9]*", parts.path) is not None
    is_known = all(name in _URL_OPTIONS or name.startswith("ssl_") for name in options)
    if parts.fragment or not has_place or not is_known:
        raise ValueError
    return kind, options | _OPTIONS
