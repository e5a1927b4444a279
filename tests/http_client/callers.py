"""One way to ask, for both clients: what a test says of a pool, it says of both."""

import asyncio
import contextvars
import functools
import ssl
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import aiohttp
import requests

from tools.http_client import HTTPClientManager, PoolStats

__all__ = ["AsyncCaller", "Caller", "Reply", "SyncCaller", "settled"]

T = TypeVar("T")


@dataclass(frozen=True)
class Reply:
    """A whole answer. Header names are in lower case."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Caller(ABC):
    """Asks over one of the two clients of a manager."""

    mode: ClassVar[str]
    connect_timeout: ClassVar[type[Exception]]
    read_timeout: ClassVar[type[Exception]]
    connection_error: ClassVar[type[Exception]]
    too_many_redirects: ClassVar[type[Exception]]

    def __init__(self, manager: HTTPClientManager) -> None:
        self.manager = manager

    @abstractmethod
    async def ask(self, url: str, method: str = "GET", *, tls: "Trust | None" = None, **options: Any) -> Reply:
        """Send a request and read its whole answer. `options` are those that both libraries share."""

    @abstractmethod
    def stats(self) -> PoolStats: ...

    @abstractmethod
    async def hold(self, url: str) -> Callable[[], None]:
        """Take an answer without reading it; the function returned lets it go properly."""

    @abstractmethod
    async def drop(self, url: str) -> None:
        """Begin a request and lose interest: cancelled here, a streamed answer dropped there."""

    @abstractmethod
    async def close(self, drain_s: float) -> None:
        """Close this client alone."""


@dataclass(frozen=True)
class Trust:
    """One authority, as either library wants it."""

    context: ssl.SSLContext
    file: str


class AsyncCaller(Caller):
    """Over the `aiohttp.ClientSession`."""

    mode = "async"
    connect_timeout = aiohttp.ConnectionTimeoutError
    read_timeout = aiohttp.SocketTimeoutError
    connection_error = aiohttp.ClientConnectionError
    too_many_redirects = aiohttp.TooManyRedirects

    async def ask(self, url: str, method: str = "GET", *, tls: Trust | None = None, **options: Any) -> Reply:
        if tls is not None:
            options["ssl"] = tls.context
        async with self.manager.async_client.request(method, url, **options) as answer:
            body = await answer.read()
            return Reply(answer.status, body, {name.lower(): value for name, value in answer.headers.items()})

    def stats(self) -> PoolStats:
        stats = self.manager.stats().async_
        assert stats is not None
        return stats

    async def hold(self, url: str) -> Callable[[], None]:
        answer = await self.manager.async_client.get(url)
        return answer.close

    async def drop(self, url: str) -> None:
        task = asyncio.ensure_future(self.ask(url))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def close(self, drain_s: float) -> None:
        await self.manager.close_async(drain_s)


class SyncCaller(Caller):
    """Over the `requests.Session`, each question in a thread."""

    mode = "sync"
    connect_timeout = requests.ConnectTimeout
    read_timeout = requests.ReadTimeout
    connection_error = requests.ConnectionError
    too_many_redirects = requests.TooManyRedirects

    def __init__(self, manager: HTTPClientManager, threads: ThreadPoolExecutor) -> None:
        super().__init__(manager)
        self._threads = threads

    async def in_thread(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run `function` in a thread, with the caller's context."""
        call = functools.partial(contextvars.copy_context().run, function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def ask(self, url: str, method: str = "GET", *, tls: Trust | None = None, **options: Any) -> Reply:
        if tls is not None:
            options["verify"] = tls.file
        answer = await self.in_thread(self.manager.sync_client.request, method, url, **options)
        return Reply(
            answer.status_code, answer.content, {name.lower(): value for name, value in answer.headers.items()}
        )

    def stats(self) -> PoolStats:
        stats = self.manager.stats().sync
        assert stats is not None
        return stats

    async def hold(self, url: str) -> Callable[[], None]:
        answer = await self.in_thread(self.manager.sync_client.get, url, stream=True)
        return answer.close

    async def drop(self, url: str) -> None:
        def begin() -> None:
            pieces: Iterator[bytes] = self.manager.sync_client.get(url, stream=True).iter_content(1)
            next(pieces)

        await self.in_thread(begin)

    async def close(self, drain_s: float) -> None:
        await self.in_thread(self.manager.close_sync, drain_s)


async def settled(condition: Callable[[], bool], within_s: float = 5.0) -> bool:
    """Whether `condition` came true in time. What the other end of a socket sees has no event of its own."""
    give_up_at = asyncio.get_running_loop().time() + within_s
    while not condition():
        if asyncio.get_running_loop().time() > give_up_at:
            return False
        await asyncio.sleep(0.005)
    return True
