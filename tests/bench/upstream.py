"""The four agencies, as fast as Python can be: one process that answers at once, after 20 ms, and over TLS, and counts.

Run by itself (`python -m tests.bench.upstream`), it prints its ports as one line of JSON: `plain`, `slow`, `counts`,
and with a certificate `tls`. The port `counts` tells what came.
"""

import argparse
import asyncio
import re
import ssl
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import cast

import orjson
import uvloop

from tests.bench.answers import CSL_PAGE, body_for

__all__ = ["ANSWER", "SLOW_S", "Agency", "Counts", "http_answer"]

#: How long the slow port takes.
SLOW_S = 0.020
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(slots=True)
class Counts:
    """Connections that were opened at a port, and requests that came."""

    connections: int = 0
    requests: int = 0


def http_answer(body: bytes) -> bytes:
    """200 with `body`, as it goes over the wire."""
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


ANSWER = http_answer(CSL_PAGE)


@lru_cache(maxsize=1024)
def _prepared(path: bytes) -> bytes:
    return http_answer(body_for(path))


class Agency(asyncio.Protocol):
    """One connection. Each request is answered after `takes_s` seconds."""

    def __init__(self, counts: Counts | None = None, takes_s: float = 0.0) -> None:
        self._counts, self._takes_s = counts or Counts(), takes_s
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        self._counts.connections += 1

    def data_received(self, data: bytes) -> None:
        if self._read:
            data = self._read + data
        end = data.find(b"\r\n\r\n")
        if end < 0 or (data.startswith(b"POST") and len(data) < end + 4 + _body_bytes(data, end)):
            self._read = data
            return
        self._read = b""
        self._counts.requests += 1
        target = data.split(b" ", 2)[1]
        # Of an export the range decides, of anything else the path alone.
        answer = _prepared(target if b"/exportList" in target else target.partition(b"?")[0])
        if self._takes_s:
            asyncio.get_running_loop().call_later(self._takes_s, self._write, answer)
        else:
            self._transport.write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _body_bytes(data: bytes, head_bytes: int) -> int:
    said = _LENGTH.search(data, 0, head_bytes)
    return int(said[1]) if said is not None else 0


class _Teller(asyncio.Protocol):
    """Tells the counts of all ports, to whatever is asked."""

    def __init__(self, counts: dict[str, Counts]) -> None:
        self._counts = counts

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        told = {name: asdict(counts) for name, counts in self._counts.items()}
        self._transport.write(http_answer(orjson.dumps(told)))
        self._transport.close()


async def serve(certificate: str | None) -> None:
    """Serve until ended. `certificate`: a file with a certificate and its key, for the TLS port."""
    loop = asyncio.get_running_loop()
    counts = {name: Counts() for name in ("plain", "slow", *(("tls",) if certificate else ()))}
    ports = {}
    for name, each in counts.items():
        context = None
        if name == "tls":
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(str(certificate))
        takes_s = SLOW_S if name == "slow" else 0.0
        server = await loop.create_server(
            lambda each=each, takes_s=takes_s: Agency(each, takes_s),
            "127.0.0.1",
            0,
            ssl=context,
            backlog=2048,
        )
        ports[name] = server.sockets[0].getsockname()[1]
    teller = await loop.create_server(lambda: _Teller(counts), "127.0.0.1", 0)
    ports["counts"] = teller.sockets[0].getsockname()[1]
    print(orjson.dumps(ports).decode(), flush=True)  # noqa: T201 - for the bench that started it
    await teller.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certificate")
    uvloop.run(serve(parser.parse_args().certificate))
