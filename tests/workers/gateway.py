"""A service of several processes: its supervisor, its workers, what they log."""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Gateway", "ended_how", "figures_of", "is_alive", "running"]

_ROOT = Path(__file__).parents[2]
_STOP_S = 15.0


class Gateway:
    """`serve` with workers, listening on `url`. It logs to a file, since nobody would drain a pipe."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log
        self.url = ""
        self.callers: list[aiohttp.ClientSession] = []

    @property
    def said(self) -> str:
        """All that it printed and logged."""
        return self._log.read_text()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What it logged under that name."""
        found = [orjson.loads(line) for line in self.said.splitlines() if line.startswith("{")]
        return [line for line in found if line["event"] == event]

    async def serving(self, workers: int) -> list[int]:
        """The pids of all that have ever served, once there are so many. Raises AssertionError when it ends."""
        async with asyncio.timeout(60):
            while len(lines := self.lines("serving")) < workers:
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.02)
        self.url = f"http://127.0.0.1:{self.lines('listening')[0]['port']}"
        return [line["pid"] for line in lines]

    async def connections_to(self, pid: int, at_least: int = 1) -> list[aiohttp.ClientSession]:
        """Sessions of one kept connection each, which that worker has accepted. They are closed in the end."""
        found: list[aiohttp.ClientSession] = []
        async with asyncio.timeout(60):
            while len(found) < at_least:
                session = aiohttp.ClientSession(self.url, connector=aiohttp.TCPConnector(limit=1))
                self.callers.append(session)
                async with session.get("/health") as response:
                    if (await response.json())["pid"] == pid:
                        found.append(session)
        return found

    async def total(self, name: str) -> float:
        """The sum over all series of one figure, asked of whichever worker answers."""
        async with aiohttp.ClientSession(self.url) as caller, caller.get("/metrics") as response:
            assert response.status == 200
            text = await response.text()
        families = text_string_to_metric_families(text)
        return sum(sample.value for family in families for sample in family.samples if sample.name == name)

    async def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def running(
    folder: Path, *options: str, figures: str | None = None, **settings: object
) -> AsyncIterator[Gateway]:
    """Runs one of two workers with settings of its own and no others; its log is in `folder`. Ends what is left."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "PROMETHEUS_"))}
    ours = {"GATEWAY_PORT": "0", "GATEWAY_LOG_FORMAT": "json", "GATEWAY_WORKERS": "2"}
    ours |= {"GATEWAY_SANCTIONS_SOURCE": "api", "GATEWAY_DATA_DIR": str(folder / "data")}
    ours |= {f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    if figures is not None:
        ours["PROMETHEUS_MULTIPROC_DIR"] = figures
    log = folder / "gateway.log"
    command = (sys.executable, "-m", "service", "serve", *options)
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            *command, env=clean | ours, cwd=_ROOT, stdout=sink, stderr=sink, start_new_session=True
        )
    gateway = Gateway(process, log)
    try:
        yield gateway
    finally:
        for caller in gateway.callers:
            await caller.close()
        pids = [line["pid"] for line in gateway.lines("serving")]
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        _end(pid for pid in pids if is_alive(pid))


def figures_of(pid: int) -> Path:
    """The directory in which that worker keeps its figures."""
    found = re.search(r"/\S*/compliance-gateway-[^/\s]+", Path(f"/proc/{pid}/maps").read_text())
    assert found is not None
    return Path(found[0])


def is_alive(pid: int) -> bool:
    """Whether a worker of ours still runs, which nobody but its supervisor would reap."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _end(pids: Iterable[int]) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def ended_how(answers: Iterable[object]) -> Counter[str]:
    """What came of requests: how often each status, or each error."""
    return Counter(type(each).__name__ if isinstance(each, BaseException) else str(each) for each in answers)
