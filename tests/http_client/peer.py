"""An HTTP/1.1 server on loopback that counts its sockets and answers as the test says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

__all__ = ["Answer", "Census", "Incoming", "Peer", "answer", "deaf", "hang", "ok", "stall"]


@dataclass(frozen=True)
class Incoming:
    """A request whose head has been read. Header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    reader: asyncio.StreamReader

    async def read_body(self) -> bytes:
        """The body, by its declared length."""
        return await self.reader.readexactly(int(self.headers.get("content-length", "0")))


#: Writes the answer to one request; the connection is kept open after True.
Answer = Callable[[Incoming, asyncio.StreamWriter], Awaitable[bool]]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Answer:
    """An answer of fixed content. `Content_Length` in `headers` overrides the true one; empty, it is left out."""
    fields = {"Content_Length": str(len(body))} | headers
    head = f"HTTP/1.1 {status} X\r\n" + "".join(
        f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items() if value
    )

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await incoming.read_body()
        writer.write(head.encode() + b"\r\n" + (b"" if incoming.method == "HEAD" else body))
        await writer.drain()
        return bool(fields["Content_Length"]) and fields.get("Connection") != "close"

    return write


ok = answer()


async def hang(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Never answers."""
    await incoming.reader.read()
    return False


async def deaf(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Reads the head and not a byte more."""
    await asyncio.Event().wait()
    return False


async def stall(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Sends the head of an answer and half of its body, and never the rest."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no")
    await incoming.reader.read()
    return False


class Census:
    """Open sockets over several peers: now, and at the most crowded moment."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0

    def came(self) -> None:
        self.open += 1
        self.most = max(self.most, self.open)

    def went(self) -> None:
        self.open -= 1


class Peer:
    """Serves on `url`. A socket counts until this side has seen its end, so never for too short."""

    def __init__(self, reply: Answer = ok, *, census: Census | None = None, idle_s: float | None = None) -> None:
        self.reply = reply
        self.idle_s = idle_s
        self.asked: list[Incoming] = []
        self.accepted = 0
        #: Which connection (by order of arrival) each request came on.
        self.connection_of: list[int] = []
        self.census = census or Census()
        self.scheme = "http"
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def host(self) -> str:
        """`host:port`, as the pool names it."""
        return f"127.0.0.1:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"{self.scheme}://{self.host}{path}"

    @property
    def open(self) -> int:
        """Open sockets of this peer."""
        return len(self._tasks)

    @asynccontextmanager
    async def serving(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Peer"]:
        self.scheme = "http" if tls is None else "https"
        self._server = await asyncio.start_server(
            self._accept, "127.0.0.1", 0, ssl=tls, backlog=512, ssl_shutdown_timeout=None if tls is None else 0.1
        )
        try:
            yield self
        finally:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, self.accepted = self.accepted, self.accepted + 1
        self.census.came()
        keep = True
        try:
            while keep:
                incoming = await asyncio.wait_for(_read_head(reader), self.idle_s)
                self.asked.append(incoming)
                self.connection_of.append(connection)
                keep = await self.reply(incoming, writer)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # the client is gone, or has idled for longer than this peer likes
        finally:
            self.census.went()
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _read_head(reader: asyncio.StreamReader) -> Incoming:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request, *lines = head.strip().split("\r\n")
    method, target, _ = request.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Incoming(method, target, headers, reader)
