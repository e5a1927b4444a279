"""Feels the pulse of a gateway's event loop from a process of its own: `/health` every 20 ms, on one connection.

A loop that stands still answers late. `python -m tests.integration.faults.pulse URL SECONDS` prints the latencies in
milliseconds as JSON. Nothing beyond the standard library, so that it is light.
"""

import asyncio
import http.client
import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

__all__ = ["feeling_pulse"]

_EVERY_S = 0.02
_ROOT = Path(__file__).parents[3]


def _feel(url: str, seconds: float) -> list[float]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    latencies, until = [], time.monotonic() + seconds
    while (started := time.monotonic()) < until:
        connection.request("GET", "/health")
        connection.getresponse().read()
        took_s = time.monotonic() - started
        latencies.append(round(took_s * 1000, 3))
        time.sleep(max(0.0, _EVERY_S - took_s))
    return latencies


@asynccontextmanager
async def feeling_pulse(url: str, seconds: float) -> AsyncIterator[list[float]]:
    """Feels it for `seconds`; the list is filled with the latencies (milliseconds) when the body has ended."""
    latencies: list[float] = []
    command = (sys.executable, "-m", "tests.integration.faults.pulse", url, str(seconds))
    inner = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=_ROOT)
    try:
        yield latencies
        async with asyncio.timeout(seconds + 30):
            printed, _ = await inner.communicate()
        latencies += json.loads(printed)
    finally:
        if inner.returncode is None:
            inner.kill()
            await inner.wait()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_feel(sys.argv[1], float(sys.argv[2]))))
