"""An agency that is as fast as Python can be: a page of the screening list, 2 KB, to every request.

Run by itself (`python -m tests.bench.upstream`), it prints the port that it listens on.
"""

import asyncio

import orjson

from tests.csl_answers import page, sdn

BODY = orjson.dumps(page(sdn("BENCH TRADING COMPANY", score=80), sdn("OTHER TRADING COMPANY", 8, score=80)))
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


class Agency(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self._head.endswith(b"\r\n\r\n"):
            self._head = b""
            self._transport.write(ANSWER)


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Agency, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - for the bench that started it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
