"""The ways on which a request reaches its answer: direct, over TLS, through proxies, traced, redirected, sent again.

Each is a `Scene` around the one request that a test is about, so that the same test runs on all of them.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.http_client.callers import AsyncCaller, Caller, SyncCaller, Trust
from tests.http_client.peer import Answer, Incoming, Peer, hang, ok
from tests.torture.async_callers import awaiting_trace

__all__ = ["WAYS", "Scene", "setting", "tunnel"]

WAYS = ("plain", "tls", "http-proxy", "connect-proxy", "trace", "stream", "redirect", "resend")

Authority = tuple[ssl.SSLContext, Trust]


async def _nothing() -> None:
    """No step between."""


class Scene:
    """A caller, the peer whose answer a test is about, and how the one reaches the other.

    `reply` is that answer. On two ways it is the second: a redirect comes before it, or a connection that dies.
    `between` runs before that happens.
    """

    def __init__(self, way: str, caller: Caller, peer: Peer, entrance: Peer, tls: Trust) -> None:
        self.way = way
        self.caller = caller
        self.peer = peer
        self.reply: Answer = ok
        self.between: Callable[[], Awaitable[None]] = _nothing
        self.url = peer.url("/")
        self._entrance = entrance
        self._tls = tls
        self._there = "/there"
        self._is_primed = False
        self._options: dict[str, Any] = {}
        _ = caller.manager.async_client if caller.mode == "async" else caller.manager.sync_client
        if way in ("tls", "connect-proxy"):
            self._options |= {"ssl": tls.context} if caller.mode == "async" else {"verify": tls.file}
        if way == "http-proxy":
            self.url = "http://agency.example/"
        if entrance is not peer or way == "http-proxy":
            self._go_through(entrance.url())

    @property
    def comes_second(self) -> bool:
        """Whether another connection, or another request on it, comes before the one that a test is about."""
        return self.way in ("redirect", "resend")

    def _go_through(self, proxy: str) -> None:
        is_async = self.caller.mode == "async"
        self._options |= {"proxy": proxy} if is_async else {"proxies": {"http": proxy, "https": proxy}}

    # -- the peer's side --

    async def answer(self, incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        """Answer as the way has it, and at its end by `reply`."""
        if self.way == "redirect" and not incoming.target.endswith("/there"):
            await self.between()
            writer.write(f"HTTP/1.1 302 Found\r\nLocation: {self._there}\r\nContent-Length: 5\r\n\r\nthere".encode())
            return True
        if self._is_primed:
            self._is_primed = False
            await self.between()
            return False
        return await self.reply(incoming, writer)

    # -- the caller's side --

    async def prepare(self) -> None:
        """Have a connection that dies under the request, where the way wants one."""
        if self.way == "resend":
            assert (await self.caller.ask(self.url)).body == b"ok"
            self._is_primed = True

    async def read(self) -> bytes:
        """Send the request, and read its answer."""
        if isinstance(self.caller, SyncCaller):
            return await self.caller.in_thread(self._read_here)
        async with self.begin() as answer:
            if self.way == "stream":
                return b"".join([piece async for piece in answer.content.iter_any()])
            return bytes(await answer.read())

    def begin(self) -> Any:
        """aiohttp's context of the request."""
        assert isinstance(self.caller, AsyncCaller)
        return self.caller.manager.async_client.get(self.url, **self._options)

    def begin_here(self) -> Any:
        """requests' streamed answer, in this thread."""
        assert isinstance(self.caller, SyncCaller)
        return self.caller.manager.sync_client.get(self.url, stream=True, **self._options)

    def _read_here(self) -> bytes:
        if self.way == "stream":
            return b"".join(self.begin_here().iter_content(4))
        assert isinstance(self.caller, SyncCaller)
        return bytes(self.caller.manager.sync_client.get(self.url, **self._options).content)

    def lead_nowhere(self) -> None:
        """Have the connection fail from now on."""
        if self.way == "tls":
            self._options.clear()  # nothing is left that its certificate could be trusted by
        elif self.way == "http-proxy":
            self._go_through(f"http://127.0.0.1:{_refusing_port()}")
        elif self.way == "connect-proxy":
            self._entrance.reply = _refuse
        elif self.way == "redirect":
            self._there = f"http://127.0.0.1:{_refusing_port()}/"
        elif self.way == "resend":
            self.between = self._stop_listening
        else:
            self.url = f"http://127.0.0.1:{_refusing_port()}/"

    async def _stop_listening(self) -> None:
        assert self.peer._server is not None
        self.peer._server.close()

    def lead_into_silence(self, stack: AsyncExitStack) -> None:
        """Have the connection never come about, on the ways that take more than TCP."""
        if self.way == "connect-proxy":
            self._entrance.reply = hang
        else:
            deaf = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            self.url = f"https://127.0.0.1:{deaf.getsockname()[1]}/"


def _refusing_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port: int = gone.getsockname()[1]
    return port


async def _refuse(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy")
    return True


async def tunnel(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Be a proxy that a CONNECT comes to: carry bytes both ways until either end ends."""
    host, _, port = incoming.target.rpartition(":")
    inner_reader, inner_writer = await asyncio.open_connection(host, int(port))

    async def carry(reader: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
        while piece := await reader.read(64 * 1024):
            to.write(piece)
            await to.drain()

    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    ways = [
        asyncio.ensure_future(carry(incoming.reader, inner_writer)),
        asyncio.ensure_future(carry(inner_reader, writer)),
    ]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        inner_writer.transport.abort()
    return False


@asynccontextmanager
async def setting(way: str, caller: Caller, authority: Authority) -> AsyncIterator[Scene]:
    """A scene on this way, whose peer answers `ok` until a test has it answer otherwise."""
    server, tls = authority
    is_secure = way in ("tls", "connect-proxy")
    async with Peer().serving(server if is_secure else None) as peer, Peer(tunnel).serving() as proxy:
        scene = Scene(way, caller, peer, proxy if way == "connect-proxy" else peer, tls)
        peer.reply = scene.answer
        if way == "trace":
            assert isinstance(caller, AsyncCaller)
            caller.manager.async_client.trace_configs.append(awaiting_trace())
        yield scene
