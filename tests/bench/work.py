"""How much work one request is, counted and not timed, so that no other load of the machine changes the figures.

`python -m tests.bench.work` prints the figures beside those in `work.json` and ends with 1 when one is more than its
tolerance above; `--write` stores them. The service runs alone on the main thread's event loop (asyncio's, whose steps
can be seen); caller and agency are in another thread.
"""

import argparse
import asyncio
import os
import platform
import sys
import threading
import tracemalloc
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count, repeat
from pathlib import Path
from typing import Any

import orjson
from aiohttp import web

from service.app import create_app
from service.config import Config
from service.logs import set_up_logging
from tests.bench.upstream import Agency, Counts

__all__ = ["main", "worse"]

_STORED = Path(__file__).with_suffix(".json")
_WARM, _REQUESTS = 50, 200
#: By how much a figure may be above the stored one, as a share. How a stream of bytes comes in pieces, and what memory
#: held before, is not the same each time.
TOLERANCE = {"calls": 0.1, "callbacks": 0.15, "upstream_requests": 0.0, "upstream_connections": 0.0, "peak_bytes": 0.2}

Figures = dict[str, float]


class _OtherThread:
    """An event loop in another thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    async def run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(what, self.loop))

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@contextmanager
def _counted_calls() -> Iterator[Figures]:
    """Calls of functions on this thread, of Python's and of C's, and steps of its event loop."""
    found: Figures = {"calls": 0, "callbacks": 0}
    step = asyncio.Handle._run

    def note(frame: Any, event: str, _: object) -> None:
        if event in ("call", "c_call"):
            found["calls"] += 1
            found["callbacks"] += event == "call" and frame.f_code is step.__code__

    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(None)


async def _ask(port: int, targets: Iterator[str], times: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(times):
        writer.write(f"GET {next(targets)} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise SystemExit(f"not a good answer: {head[:60]!r}")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]))
    writer.close()
    await writer.wait_closed()


async def _served(counts: Counts) -> int:
    server = await asyncio.get_running_loop().create_server(lambda: Agency(counts), "127.0.0.1", 0)
    port: int = server.sockets[0].getsockname()[1]
    return port


@asynccontextmanager
async def _gateway(agency_port: int) -> AsyncIterator[int]:
    config = Config(
        csl_url=f"http://127.0.0.1:{agency_port}",
        csl_subscription_key="bench",
        csl_rate="100000/1s",
        sanctions_source="api",
    )
    runner = web.AppRunner(create_app(config), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _measure() -> dict[str, Figures]:
    other, counts = _OtherThread(), Counts()
    names = (f"/v1/sanctions?name=Party+Number+{number}" for number in count(1000))
    scenes: dict[str, Iterator[str]] = {
        "nothing kept": names,
        "kept answer": repeat("/v1/sanctions?name=Party+Number+1"),
    }
    found: dict[str, Figures] = {}
    try:
        async with _gateway(await other.run(_served(counts))) as port:
            for scene, targets in scenes.items():
                await other.run(_ask(port, targets, _WARM))
                requests, connections = counts.requests, counts.connections
                with _counted_calls() as of_all:
                    await other.run(_ask(port, targets, _REQUESTS))
                figures = {name: round(figure / _REQUESTS, 1) for name, figure in of_all.items()}
                figures["upstream_requests"] = (counts.requests - requests) / _REQUESTS
                figures["upstream_connections"] = (counts.connections - connections) / _REQUESTS
                tracemalloc.start()
                await other.run(_ask(port, targets, 5))
                tracemalloc.reset_peak()
                before, _ = tracemalloc.get_traced_memory()
                await other.run(_ask(port, targets, 1))
                figures["peak_bytes"] = tracemalloc.get_traced_memory()[1] - before
                tracemalloc.stop()
                found[scene] = figures
    finally:
        other.stop()
    return found


def worse(found: dict[str, Figures], stored: dict[str, Figures]) -> list[str]:
    """What is more than its tolerance above what is stored, in words."""
    return [
        f"{scene}, {name}: {figure:g}, stored {stored[scene][name]:g}, tolerance {TOLERANCE[name]:.0%}"
        for scene, figures in found.items()
        for name, figure in figures.items()
        if figure > stored[scene][name] * (1 + TOLERANCE[name])
    ]


def main() -> int:
    """Print, compare or store; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="store the figures")
    options = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("GATEWAY_")]:
        del os.environ[name]
    set_up_logging("warning", "json")
    python, found = ".".join(platform.python_version_tuple()[:2]), asyncio.run(_measure())
    if options.write:
        body = {"python": python, "per_request": found}
        _STORED.write_bytes(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        return 0
    stored = orjson.loads(_STORED.read_bytes())
    lines = [f"{'work of one request':22} {'':22} {'now':>9} {'stored':>9}"]
    for scene, figures in found.items():
        for name, figure in figures.items():
            lines.append(f"{scene:22} {name:22} {figure:9g} {stored['per_request'][scene][name]:9g}")
    if stored["python"] != python:
        lines.append(f"stored on Python {stored['python']}, this is {python}: not compared")
        too_much = []
    else:
        too_much = worse(found, stored["per_request"])
    sys.stdout.write("\n".join([*lines, *(f"MORE WORK: {each}" for each in too_much), ""]))
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
