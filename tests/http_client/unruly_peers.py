"""Servers that do what none should: answer before they are asked, reset, tunnel, and one that counts its sockets."""

import asyncio
import json
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.http_client.peer import Incoming

__all__ = ["CountingPeer", "EarlyPeer", "answering_early", "counting_peer", "reset", "resetting", "tunnel"]


async def reset(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """A reset in place of an answer."""
    resetting(writer.get_extra_info("socket"))
    writer.transport.abort()
    return False


def resetting(connection: socket.socket) -> socket.socket:
    """`connection`, which sends a reset when it is closed."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return connection


# -- a proxy --


async def tunnel(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """The answer of a proxy to CONNECT, and then whatever either side says, until one of them ends."""
    assert incoming.method == "CONNECT"
    host, _, port = incoming.target.rpartition(":")
    reader_there, writer_there = await asyncio.open_connection(host, int(port))
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    ways = [_pass_on(incoming.reader, writer_there), _pass_on(reader_there, writer)]
    try:
        await asyncio.gather(*ways)
    finally:
        writer_there.close()
    return False


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
        writer.close()


# -- a server that is too busy to read --


@dataclass
class EarlyPeer:
    """Answers 503 to a connection, not to a request."""

    url: str = ""
    accepted: int = 0


@asynccontextmanager
async def answering_early() -> AsyncIterator[EarlyPeer]:
    """A busy proxy: every connection gets its 503 when it is accepted, and is then at its end."""
    peer = EarlyPeer()
    tasks: set[asyncio.Task[None]] = set()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):
                writer.write(b"HTTP/1.1 503 Busy\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy")
                writer.write_eof()
                while await reader.read(65536):  # what is left unread would be answered by a reset
                    pass
        finally:
            writer.close()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer.accepted += 1
        task = asyncio.ensure_future(refuse(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    peer.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield peer
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


# -- a server that counts as the kernel does --


@dataclass(frozen=True)
class CountingPeer:
    """A server in a process of its own. It keeps requests for `/hold` waiting and answers all others."""

    port: int
    control_port: int

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def counts(self) -> tuple[int, int]:
        """The most sockets that were established at once, and how many requests came."""
        with socket.create_connection(("127.0.0.1", self.control_port)) as connection, connection.makefile() as said:
            counts = json.load(said)
        return counts["most"], counts["asked"]


@contextmanager
def counting_peer() -> Iterator[CountingPeer]:
    """A server that counts its sockets whenever one comes, in a process that no test keeps waiting."""
    script = Path(__file__).with_name("counting_server.py")
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield CountingPeer(*map(int, process.stdout.readline().split()))
        finally:
            process.kill()
