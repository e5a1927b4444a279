"""What an agency does to a request on a bad day, on the wire. Each takes the body that would have been right."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping

from tests.http_client.peer import Incoming, answer, hang

__all__ = ["MISDEEDS", "ON_REUSED_CONNECTIONS", "TLS_MISDEEDS", "Misdeed", "good"]

#: Answers in place of the good body; the connection is kept after True.
Misdeed = Callable[[Incoming, asyncio.StreamWriter, bytes], Awaitable[bool]]

#: Longer than any call may take: whoever waits for a connection that is gone must give it up by himself.
_GONE_S = 30.0
_PAGE = b"<!DOCTYPE html><html><body>Maintenance. Please try again later.</body></html>"


async def good(incoming: Incoming, writer: asyncio.StreamWriter, body: bytes) -> bool:
    """The right answer."""
    return await answer(200, body, Content_Type="application/json")(incoming, writer)


def _fixed(status: int, body: bytes = b"", **headers: str) -> Misdeed:
    reply = answer(status, body, **headers)

    async def misdeed(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
        return await reply(incoming, writer)

    return misdeed


async def _late(incoming: Incoming, writer: asyncio.StreamWriter, body: bytes) -> bool:
    await asyncio.sleep(0.25)
    return await good(incoming, writer, body)


async def _hang(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
    return await hang(incoming, writer)


async def _gone(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
    """Half-open: neither reads nor closes, and does not even notice that the other side did."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can
    try:
        await asyncio.sleep(_GONE_S)
    finally:
        writer.transport.abort()
    return False


async def _close(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
    """An idle connection is closed just when the request is on its way."""
    return False


async def _reset(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
    _abort(writer)
    return False


async def _reset_within(incoming: Incoming, writer: asyncio.StreamWriter, body: bytes) -> bool:
    _send_half(writer, body)
    await asyncio.sleep(0.02)  # so that the beginning is read before the reset discards it
    _abort(writer)
    return False


async def _truncate(incoming: Incoming, writer: asyncio.StreamWriter, body: bytes) -> bool:
    await incoming.read_body()
    _send_half(writer, body)
    await writer.drain()
    return False


async def _trickle(incoming: Incoming, writer: asyncio.StreamWriter, body: bytes) -> bool:
    """Slow-loris: always another byte, never the last one."""
    await incoming.read_body()
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    while not writer.is_closing():
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)
    return False


def _send_half(writer: asyncio.StreamWriter, body: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body[: len(body) // 2])


def _abort(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:  # else the other side has left meanwhile
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _lead_away(incoming: Incoming, writer: asyncio.StreamWriter, _: bytes) -> bool:
    """To a host whose name does not resolve; 307 keeps the method. `//` keeps the scheme."""
    return await answer(307, b"", Location="//agency.invalid/elsewhere")(incoming, writer)


#: By name, as scripts and tables say it.
MISDEEDS: Mapping[str, Misdeed] = {
    **{f"status-{status}": _fixed(status, b'{"message": "no"}') for status in (500, 502, 503, 504)},
    "status-429": _fixed(429, b"", Retry_After="1"),
    "latency": _late,
    "reset-before-headers": _reset,
    "reset-within-body": _reset_within,
    "truncated-body": _truncate,
    "html": _fixed(200, _PAGE, Content_Type="text/html"),
    "empty-object": _fixed(200, b"{}", Content_Type="application/json"),
    "gzip-garbage": _fixed(200, b"\x1f\x8bgarbage" * 9, Content_Encoding="gzip", Content_Type="application/json"),
    "slow-loris": _trickle,
    "never-answers": _hang,
    "half-open": _gone,
    "closed-on-reuse": _close,
    "leads-to-no-host": _lead_away,
}
#: Done only to a request that is not the first on its connection.
ON_REUSED_CONNECTIONS = frozenset({"closed-on-reuse", "half-open"})
#: Done at the handshake, by an agency that speaks TLS.
TLS_MISDEEDS = frozenset({"untrusted-certificate", "certificate-of-another-host"})
