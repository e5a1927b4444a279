"""An HTTP server that counts its established sockets as the kernel does. Run as a script; prints its two ports."""

import asyncio
import json
import threading
import time
from pathlib import Path

_ESTABLISHED = "01"


class Counts:
    """How many sockets were established at once, and how many requests came."""

    def __init__(self) -> None:
        self.port = 0
        self.most = 0
        self.asked = 0

    def look(self) -> None:
        """Count the sockets that are established now."""
        ending = f":{self.port:04X}"
        rows = (line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:])
        self.most = max(self.most, sum(row[1].endswith(ending) and row[3] == _ESTABLISHED for row in rows))

    def keep_looking(self) -> None:
        """Count again and again, for what is over before this server hears of it."""
        while True:
            self.look()
            time.sleep(0.0005)


async def serve() -> None:
    """Serve until this process is ended."""
    counts = Counts()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.look()
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                counts.asked += 1
                if head.split(b" ")[1] == b"/hold":
                    await reader.read()
                    break
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client is gone
        writer.close()

    async def tell_counts(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(json.dumps({"most": counts.most, "asked": counts.asked}).encode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=512)
    control = await asyncio.start_server(tell_counts, "127.0.0.1", 0)
    counts.port = server.sockets[0].getsockname()[1]
    threading.Thread(target=counts.keep_looking, daemon=True).start()
    print(counts.port, control.sockets[0].getsockname()[1], flush=True)  # noqa: T201 - how a test finds it
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
