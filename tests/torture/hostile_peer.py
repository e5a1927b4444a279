"""The hostile peer, a process of its own: three plain places, three with TLS, one proxy; one census of their sockets.

It writes where it listens as a line of JSON, and after each line that it reads what it has seen. It ends when what it
reads ends. `python -m tests.torture.hostile_peer CERTIFICATE SEED`
"""

import asyncio
import json
import logging
import random
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from tests.torture.hostile_answers import ANSWERS, ANSWERS_UNREAD, BUSY_ANSWER, Conversation, Remembered
from tests.torture.plans import READ_S, number_of

#: Of so many that connect, the peer is busy for so many in a row: it answers at once, and closes.
_BUSY_EVERY, _BUSY_FOR = 200, 10
#: The state of a socket in TCP_INFO whose both ends are open.
_ESTABLISHED = 1
#: What the proxy does with a CONNECT, and how often.
_TUNNELS = {"open": 88, "slow": 4, "refuse": 3, "reset": 2, "cut": 2, "stall": 1}

Serve = Callable[[Conversation], Awaitable[None]]


class Census:
    """The sockets that callers have open: now, and at the most crowded moment.

    A socket counts when TCP says that neither end has closed it. Of those that are looked at one after the other and
    all found open, all were open when the first was looked at.
    """

    def __init__(self) -> None:
        self._sockets: set[socket.socket] = set()
        self.most = 0
        self.accepted = 0

    def came(self, sock: socket.socket) -> None:
        self._sockets.add(sock)
        self.accepted += 1
        if len(self._sockets) > self.most:
            self.most = max(self.most, self.open)

    def went(self, sock: socket.socket) -> None:
        self._sockets.discard(sock)

    @property
    def open(self) -> int:
        """Open sockets now."""
        return sum(map(_is_open, self._sockets))


def _is_open(sock: socket.socket) -> bool:
    try:
        return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED
    except OSError:
        return False  # closed by us


class Door:
    """One listening socket. Who connects is counted at once, before a handshake and before anything is read."""

    def __init__(self, census: Census | None, serve: Serve, remembered: Remembered, tls: ssl.SSLContext | None) -> None:
        self._census = census
        self._serve = serve
        self._remembered = remembered
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._listening.setblocking(False)
        self._tasks: set[asyncio.Task[None]] = set()
        self.port: int = self._listening.getsockname()[1]
        asyncio.get_running_loop().add_reader(self._listening, self._accept)

    def _accept(self) -> None:
        with suppress(BlockingIOError):
            while True:
                sock, _ = self._listening.accept()
                sock.setblocking(False)
                if self._census is not None:
                    self._census.came(sock)
                task = asyncio.ensure_future(self._welcome(sock))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _welcome(self, sock: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=1024 * 1024)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, sock, ssl=self._tls, ssl_shutdown_timeout=None if self._tls is None else 0.1
            )
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
                await self._serve(Conversation(reader, writer, sock, self._remembered))
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        except OSError:
            sock.close()  # the handshake failed
        finally:
            if self._census is not None:
                self._census.went(sock)


async def answer_all(of: Conversation) -> None:
    """Answer one request after the other, each as its path says; whatever connects to a busy peer, at once."""
    of.remembered.welcomed += 1
    if of.remembered.welcomed % _BUSY_EVERY < _BUSY_FOR:
        await of.write(BUSY_ANSWER)
        return
    try:
        while await _read_head(of):
            if of.unasked_crosses:
                return  # the caller takes those bytes for its answer; what came now would be one too many
            if not await ANSWERS[of.kind](of):
                return
    finally:
        # A caller that takes those bytes for its answer may be gone before its request is read.
        _note_after_unasked(of, of.unread_bytes().partition(b"\r\n")[0])


def _note_after_unasked(of: Conversation, request_line: bytes) -> None:
    """Take down a request that came over a connection on which the peer had spoken unasked."""
    if of.unasked_at is not None and request_line.endswith(b" HTTP/1.1"):
        _, number = number_of(request_line.decode("latin-1").split(" ")[1])
        after_s = asyncio.get_running_loop().time() - of.unasked_at
        of.remembered.after_unasked.setdefault(number, (after_s, of.unasked_crosses))


async def _read_head(of: Conversation) -> bool:
    """Read the head of a request, and its body unless it is answered before. Returns False for a CONNECT."""
    head = await of.reader.readuntil(b"\r\n\r\n")
    _note_after_unasked(of, head.partition(b"\r\n")[0])
    request, *lines = head.decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    of.method, target, _ = request.split(" ")
    if of.method == "CONNECT":
        of.number = int(target.rpartition(":")[2])
        return False
    of.kind, of.number = number_of(target)
    of.asked += 1
    of.unread = None if "transfer-encoding" in headers else int(headers.get("content-length", "0"))
    if of.kind not in ANSWERS_UNREAD:
        if "expect" in headers:
            await of.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await of.read_upload()
    return True


async def pass_on(of: Conversation) -> None:
    """Be a proxy: answer what goes to plain places like these themselves, and open tunnels to the others."""
    await answer_all(of)
    if of.method != "CONNECT":
        return
    how = of.remembered.dice.choices(list(_TUNNELS), list(_TUNNELS.values()))[0]
    if how == "reset":
        of.reset()
    elif how == "cut":
        of.writer.write(b"HTTP/1.1 200 Conn")
    elif how == "stall":
        await of.until_gone(2 * READ_S)
    elif how == "refuse":
        of.writer.write(BUSY_ANSWER)
    else:
        if how == "slow":
            await asyncio.sleep(0.05)
        await _tunnel(of)


async def _tunnel(of: Conversation) -> None:
    """Carry bytes both ways, until either end ends; the other end then ends as hard."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", of.number)
    of.writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    ways = [
        asyncio.ensure_future(_carry(of.reader, inner_writer)),
        asyncio.ensure_future(_carry(inner_reader, of.writer)),
    ]
    try:
        _, others = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in others:
            way.cancel()
        ended = await asyncio.gather(*ways, return_exceptions=True)
        if any(isinstance(each, OSError) for each in ended):
            of.reset()
    finally:
        inner_writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(64 * 1024):
        writer.write(piece)
        await writer.drain()


async def _main(certificate: str, seed: int) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    census, remembered = Census(), Remembered(random.Random(seed))
    plain = [Door(census, answer_all, remembered, None) for _ in range(3)]
    secure = [Door(census, answer_all, remembered, tls) for _ in range(3)]
    # Behind the proxy: the proxy alone connects there, and is counted itself.
    behind = [Door(None, answer_all, remembered, tls) for _ in range(3)]
    proxy = Door(census, pass_on, remembered, None)
    doors = {"plain": plain, "tls": secure, "behind": behind, "proxy": [proxy]}
    _say({name: [door.port for door in each] for name, each in doors.items()})
    asked = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    while await asked.readline():
        _say(
            {
                "open": census.open,
                "most": census.most,
                "accepted": census.accepted,
                "unasked": remembered.unasked,
                "after_unasked": remembered.after_unasked,
            }
        )


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # callers that go away are the point of it
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
