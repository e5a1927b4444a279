"""A gateway in a process of its own: how it stands, what memory it has, what errors it logged."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

__all__ = ["GatewayProcess", "leaked_slots", "running_gateway"]

_ROOT = Path(__file__).parents[3]
_START_S, _STOP_S = 30.0, 40.0


class GatewayProcess:
    """`python -m service serve`, listening on `url`. It logs to a file, since nobody here would drain a pipe."""

    def __init__(self, inner: asyncio.subprocess.Process, log: Path) -> None:
        self._inner = inner
        self._log = log
        self.url = ""

    async def listening(self) -> None:
        """Wait until it listens. Raises AssertionError with its log when it does not."""
        async with asyncio.timeout(_START_S):
            while not self.url:
                said = self._log.read_bytes()
                assert self._inner.returncode is None, said.decode()
                port = next((line["port"] for line in _lines(said) if line.get("event") == "listening"), None)
                self.url = "" if port is None else f"http://127.0.0.1:{port}"
                await asyncio.sleep(0.02)

    def run_on(self, processors: set[int]) -> None:
        """Leave the other processors to others: the threads that it starts later stay with it."""
        os.sched_setaffinity(self._inner.pid, processors)

    async def health(self) -> dict[str, Any]:
        """The body of `/health`."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/health") as response:
            body: dict[str, Any] = await response.json()
            return body

    async def leaked_slots(self, within_s: float) -> int:
        """Connections and threads still taken after `within_s` seconds at most without any caller."""
        async with asyncio.timeout(within_s + 5):
            for _ in range(int(within_s / 0.1)):
                if not leaked_slots(await self.health()):
                    break
                await asyncio.sleep(0.1)
            return leaked_slots(await self.health())

    def memory_bytes(self) -> tuple[int, int]:
        """Resident memory: now, and at its peak."""
        status = Path(f"/proc/{self._inner.pid}/status").read_text()
        sizes = dict(line.split(":", 1) for line in status.splitlines())
        return int(sizes["VmRSS"].split()[0]) * 1024, int(sizes["VmHWM"].split()[0]) * 1024

    def starved_s(self) -> float:
        """Seconds in which it could have run and had no processor: others' load on this machine, not its own fault."""
        return int(Path(f"/proc/{self._inner.pid}/schedstat").read_text().split()[1]) / 1e9

    def errors(self) -> list[str]:
        """What it logged as an error, and what it printed past its log."""
        said = self._log.read_bytes()
        lines = [line for line in _lines(said) if line.get("level") in ("error", "critical", None)]
        return [orjson.dumps(line).decode() for line in lines]

    async def stop(self) -> int:
        """End it gracefully; its exit code."""
        if self._inner.returncode is None:
            self._inner.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S):
                return await self._inner.wait()
        except TimeoutError:
            self._inner.kill()
            return await self._inner.wait()


def _lines(said: bytes) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for line in said.splitlines():
        try:
            lines.append(orjson.loads(line))
        except orjson.JSONDecodeError:
            lines.append({"printed": line.decode(errors="replace")})
    return lines


def leaked_slots(health: Mapping[str, Any]) -> int:
    """What is taken or waited for, in both pools and among the threads."""
    pools = [pool for pool in health["pools"].values() if pool is not None]
    threads = health["threads"]
    connections = sum(pool["in_use"] + pool["waiting"] + len(pool["held_over_threshold"]) for pool in pools)
    return int(connections + threads["in_use"] + threads["waiting"])


@asynccontextmanager
async def running_gateway(
    settings: Mapping[str, object], folder: Path, ca_file: Path | None = None
) -> AsyncIterator[GatewayProcess]:
    """Runs one with `settings`, which trusts the authority in `ca_file`; its log is in `folder`."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    ours = {"GATEWAY_PORT": "0", "GATEWAY_LOG_FORMAT": "json", "GATEWAY_SANCTIONS_SOURCE": "api"}
    ours |= {f"GATEWAY_{name.upper()}": str(value) for name, value in settings.items()}
    if ca_file is not None:
        ours["SSL_CERT_FILE"] = str(ca_file)
    log = folder / "gateway.log"
    command = (sys.executable, "-m", "service", "serve")
    with log.open("wb") as sink:
        inner = await asyncio.create_subprocess_exec(*command, env=clean | ours, cwd=_ROOT, stdout=sink, stderr=sink)
    gateway = GatewayProcess(inner, log)
    try:
        await gateway.listening()
        yield gateway
    finally:
        await gateway.stop()
