"""How the peer answers: each kind of `plans` is a function of its own, found by its name."""

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.torture.plans import BUSY, MAX_BODY_BYTES, READ_S, UNASKED, on_the_wire

__all__ = ["ANSWERS", "ANSWERS_UNREAD", "BUSY_ANSWER", "Conversation", "Remembered"]

_STALL_S = READ_S + 1.0
#: Kinds that are answered before the body of the request is read.
ANSWERS_UNREAD = frozenset({"early", "early-close", "stale", "reset-head"})
BUSY_ANSWER = f"HTTP/1.1 503 Busy\r\nX-Id: {BUSY}\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbusy".encode()
_UNASKED_ANSWER = f"HTTP/1.1 200 OK\r\nX-Id: {UNASKED}\r\nContent-Length: 7\r\n\r\nunasked".encode()
_NO_LINGER = struct.pack("ii", 1, 0)


@dataclass
class Remembered:
    """What the peer knows beyond one connection."""

    dice: random.Random
    #: Connections that were welcomed.
    welcomed: int = 0
    #: Requests of the kind `stale` that were dropped once.
    dropped: set[int] = field(default_factory=set)
    #: Answers to nothing that were sent by themselves.
    unasked: int = 0
    #: Requests that came over a connection after unasked bytes: seconds after, and whether these came by themselves.
    after_unasked: dict[int, tuple[float, bool]] = field(default_factory=dict)


@dataclass
class Conversation:
    """One connection, and the request on it that is answered now."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sock: socket.socket
    remembered: Remembered
    #: Requests on this connection, this one included.
    asked: int = 0
    #: When an answer to nothing was sent on it; `unasked_crosses`: not together with an answer.
    unasked_at: float | None = None
    unasked_crosses: bool = False
    method: str = "GET"
    kind: str = "plain"
    number: int = 0
    #: Bytes of the request's body that have not been read; None for chunks.
    unread: int | None = 0

    def unread_bytes(self) -> bytes:
        """What has come and was not read, even when the connection broke since."""
        return bytes(self.reader._buffer)  # type: ignore[attr-defined]  # no public name says that

    def has_more(self) -> bool:
        """Whether bytes of the caller, or its end, wait in the kernel."""
        with suppress(BlockingIOError):
            self.sock.recv(1, socket.MSG_PEEK)
            return True
        return False

    async def read_upload(self) -> None:
        """Read the rest of the request's body."""
        if self.unread is None:
            while size := int(await self.reader.readline(), 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readline()
        else:
            await self.reader.readexactly(self.unread)
        self.unread = 0

    def head(self, *lines: str, status: str = "200 OK", version: str = "1.1") -> bytes:
        """The head of an answer to this request."""
        return "\r\n".join((f"HTTP/{version} {status}", f"X-Id: {self.number}", *lines, "", "")).encode()

    @property
    def body(self) -> bytes:
        """The body of the whole answer, as it is sent."""
        return on_the_wire(self.number, self.kind)

    def whole(self, *lines: str) -> bytes:
        """The whole answer with a declared length."""
        body = self.body
        return self.head(*lines, f"Content-Length: {len(body)}") + (b"" if self.method == "HEAD" else body)

    def chunks(self) -> bytes:
        """The body in chunks of random sizes, without the last one."""
        dice, rest, pieces = self.remembered.dice, self.body, []
        while rest:
            size = dice.randint(1, 4_000)
            pieces.append(b"%x\r\n%s\r\n" % (len(rest[:size]), rest[:size]))
            rest = rest[size:]
        return b"".join(pieces)

    async def write(self, *pieces: bytes, between_s: float = 0.002) -> None:
        """Send pieces, each by itself."""
        for piece in pieces:
            if self.writer.is_closing():
                raise ConnectionResetError("the caller is gone")
            self.writer.write(piece)
            await self.writer.drain()
            if piece is not pieces[-1]:
                await asyncio.sleep(between_s)

    async def until_gone(self, at_most_s: float) -> None:
        """Wait until the caller closes its end."""
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(at_most_s):
                await self.reader.read()

    def reset(self) -> bool:
        """End the connection by a reset."""
        with suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self.writer.transport.abort()
        return False

    def somewhere(self, wire: bytes, beyond: int = 0) -> int:
        """A place in what is sent, not before `beyond` and not at the end."""
        return self.remembered.dice.randint(min(beyond, len(wire) - 1), len(wire) - 1)


#: Answers one request; the connection is kept after True.
Answer = Callable[[Conversation], Awaitable[bool]]
ANSWERS: dict[str, Answer] = {}


def answers(*kinds: str) -> Callable[[Answer], Answer]:
    """Have a function answer requests of these kinds."""

    def register(answer: Answer) -> Answer:
        ANSWERS.update(dict.fromkeys(kinds, answer))
        return answer

    return register


# -- well-behaved --


@answers("plain", "gzip", "large", "huge")
async def _plain(of: Conversation) -> bool:
    await of.write(of.whole(*(["Content-Encoding: gzip"] if of.kind == "gzip" else [])))
    return True


@answers("chunked", "trailers")
async def _chunked(of: Conversation) -> bool:
    trailers = b"X-One: 1\r\nX-Two: 2\r\n" if of.kind == "trailers" else b""
    wire = of.head("Transfer-Encoding: chunked") + of.chunks() + b"0\r\n" + trailers + b"\r\n"
    at = of.somewhere(wire, 0 if of.kind == "chunked" else len(wire) - 30)
    await of.write(wire[:at], wire[at:])
    return True


@answers("interim")
async def _interim(of: Conversation) -> bool:
    await of.write(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", of.whole())
    return True


@answers("long-head")
async def _long_head(of: Conversation) -> bool:
    await of.write(of.whole(*(f"X-Long-{at}: {'h' * 1500}" for at in range(5))))
    return True


@answers("close")
async def _close(of: Conversation) -> bool:
    await of.write(of.whole("Connection: close"))
    return False


@answers("http10")
async def _http10(of: Conversation) -> bool:
    await of.write(of.head(version="1.0") + of.body)
    return False


@answers("no-content", "not-modified")
async def _no_body(of: Conversation) -> bool:
    status, lines = ("204 No Content", []) if of.kind == "no-content" else ("304 Not Modified", ["Content-Length: 55"])
    await of.write(of.head(*lines, status=status))
    return True


@answers("redirect", "redirect-close")
async def _redirect(of: Conversation) -> bool:
    keep = of.kind == "redirect"
    body = b"" if of.method == "HEAD" else b"r" * of.remembered.dice.choice((0, 50, 20_000))
    lines = [f"Location: /plain/{of.number}", f"Content-Length: {len(body)}", *([] if keep else ["Connection: close"])]
    await of.write(of.head(*lines, status="302 Found") + body)
    return keep


@answers("trickle")
async def _trickle(of: Conversation) -> bool:
    wire = of.whole()
    step = max(1, len(wire) // 15)
    await of.write(*(wire[at : at + step] for at in range(0, len(wire), step)), between_s=0.004)
    return True


@answers("slow-head")
async def _slow_head(of: Conversation) -> bool:
    wire = of.whole()
    await of.write(*(wire[at : at + 7] for at in range(0, 42, 7)), wire[42:])
    return True


@answers("early", "early-close")
async def _early(of: Conversation) -> bool:
    if of.kind == "early-close":
        await of.write(of.whole("Connection: close"))
        return False
    await of.write(of.whole())
    await of.read_upload()
    return True


# -- whole, but the connection is not what it seems --


@answers("idle-close", "idle-reset")
async def _end_while_idle(of: Conversation) -> bool:
    await of.write(of.whole())
    with suppress(TimeoutError):
        async with asyncio.timeout(of.remembered.dice.choice((0, 0.001, 0.01, 0.05))):
            await of.reader.read(1)  # a caller that is faster finds the connection dying under it
    return of.reset() if of.kind == "idle-reset" else False


@answers("stale")
async def _stale(of: Conversation) -> bool:
    if of.asked > 1 and of.number not in of.remembered.dropped:
        of.remembered.dropped.add(of.number)
        return of.reset() if of.number % 2 else False
    await of.read_upload()
    await of.write(of.whole())
    return True


@answers("extra-now")
async def _extra_now(of: Conversation) -> bool:
    await of.write(of.whole() + _UNASKED_ANSWER)
    of.unasked_at = asyncio.get_running_loop().time()
    return True


@answers("extra-later")
async def _extra_later(of: Conversation) -> bool:
    await of.write(of.whole())
    await asyncio.sleep(of.remembered.dice.uniform(0, 0.01))
    if of.unread_bytes() or of.has_more():
        return True  # the next request is here, and would be answered by them
    of.unasked_at = asyncio.get_running_loop().time()
    of.unasked_crosses = True
    of.remembered.unasked += 1
    await of.write(_UNASKED_ANSWER)
    return True


# -- odd --


@answers("bad-trailer")
async def _bad_trailer(of: Conversation) -> bool:
    await of.write(of.head("Transfer-Encoding: chunked") + of.chunks() + b"0\r\n", b"no trailer\x00\r\n\r\n")
    await of.until_gone(_STALL_S)
    return False


@answers("bad-chunk-end")
async def _bad_chunk_end(of: Conversation) -> bool:
    body = of.body
    await of.write(of.head("Transfer-Encoding: chunked") + b"%x\r\n%s" % (len(body), body), b"XX0\r\n\r\n")
    await of.until_gone(_STALL_S)
    return False


# -- never whole --


@answers("no-head", "reset-head")
async def _no_head(of: Conversation) -> bool:
    return of.reset() if of.kind == "reset-head" else False


@answers("half-head")
async def _half_head(of: Conversation) -> bool:
    head = of.head("Content-Length: 5")
    await of.write(head[: of.somewhere(head[:-2], 1)])
    return False


@answers("not-http")
async def _not_http(of: Conversation) -> bool:
    await of.write(b"HTTP/9.z hello\r\nno header\r\n\r\n" if of.number % 2 else b"220 mail.example ESMTP\r\n\r\n")
    return bool(of.number % 3)


@answers("endless-head")
async def _endless_head(of: Conversation) -> bool:
    await of.write(b"HTTP/1.1 200 OK\r\n")
    for at in range(5_000):
        await of.write(b"X-Endless-%d: %s\r\n" % (at, b"e" * 500))
    return False


@answers("stalled-head")
async def _stalled_head(of: Conversation) -> bool:
    await of.until_gone(_STALL_S)
    await of.write(of.whole())  # late
    return False


@answers("stalled-body", "stalled-chunk")
async def _stalled(of: Conversation) -> bool:
    if of.kind == "stalled-body":
        wire, start = of.whole(), len(of.head())
    else:
        wire, start = of.head("Transfer-Encoding: chunked") + of.chunks(), len(of.head()) + 40
    await of.write(wire[: of.somewhere(wire, start)])
    await of.until_gone(_STALL_S)
    return False


@answers("cut-length", "reset-length", "cut-chunk", "reset-chunk", "no-last-chunk")
async def _cut(of: Conversation) -> bool:
    if of.kind.endswith("length"):
        wire = of.whole()
        wire = wire[: of.somewhere(wire, len(of.head()) + 25)]
    else:
        wire = of.head("Transfer-Encoding: chunked") + of.chunks()
        if of.kind != "no-last-chunk":
            wire = wire[: of.somewhere(wire, len(of.head()) + 40)]
    await of.write(wire)
    if of.number % 2:
        await asyncio.sleep(0.003)  # so that the head is read before the end comes
    return of.reset() if of.kind.startswith("reset") else False


@answers("bad-chunk-size")
async def _bad_chunk_size(of: Conversation) -> bool:
    await of.write(of.head("Transfer-Encoding: chunked") + of.chunks(), b"zz\r\nok\r\n0\r\n\r\n")
    await of.until_gone(_STALL_S)
    return False


@answers("reset-http10")
async def _reset_http10(of: Conversation) -> bool:
    await of.write(of.head(version="1.0") + of.body[:-1])
    await asyncio.sleep(0.003)
    return of.reset()


@answers("bad-gzip")
async def _bad_gzip(of: Conversation) -> bool:
    body = b"no gzip " + of.body
    await of.write(of.head("Content-Encoding: gzip", f"Content-Length: {len(body)}") + body)
    return True


@answers("endless", "endless-chunks")
async def _endless(of: Conversation) -> bool:
    piece = b"%d." % of.number * 6_000
    if of.kind == "endless":
        await of.write(of.head("Connection: close"))
    else:
        await of.write(of.head("Transfer-Encoding: chunked"))
        piece = b"%x\r\n%s\r\n" % (len(piece), piece)
    for _ in range(8 * MAX_BODY_BYTES // len(piece)):
        await of.write(piece)
    return of.reset()


@answers("too-large")
async def _too_large(of: Conversation) -> bool:
    await of.write(of.head("Content-Length: 1000000000000") + of.body)
    await of.until_gone(_STALL_S)
    return False
