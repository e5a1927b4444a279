"""A real HAProxy with our configuration, before an HTTP/2 server whose certificate is of a throw-away authority."""

import asyncio
import contextlib
import os
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import trustme
from hypercorn.asyncio import serve
from hypercorn.config import Config as Hypercorn

CONFIGURATION = Path(__file__).parents[2] / "deploy/egress/haproxy.cfg"
HOST = "agency.test"
AGENCIES = ("hts", "csl", "fda", "cross")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Agency:
    """Answers over HTTP/2 as the tariff agency and as FDA do, and remembers what came over which connection."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, Any]] = []
        self.takes_s = 0.0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """One request (ASGI)."""
        if scope["type"] != "http":
            return
        self.seen.append((scope["method"], scope["http_version"], scope["client"]))
        while (await receive()).get("more_body"):
            pass
        await asyncio.sleep(self.takes_s)
        await self.gate.wait()
        path: str = scope["path"]
        if path.endswith("/currentRelease"):
            body: object = {"name": "2026HTSRev17"}
        elif path.endswith("/import_refusals"):
            body = {"statuscode": 412, "message": "No results found."}
        else:
            body = []
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": orjson.dumps(body)})

    @property
    def versions(self) -> set[str]:
        return {version for _, version, _ in self.seen}

    @property
    def connections(self) -> int:
        """TCP connections that requests came over."""
        return len({client for _, _, client in self.seen})

    def count(self, method: str) -> int:
        return sum(each == method for each, _, _ in self.seen)


class Wire:
    """Passes bytes on to a port, and can be cut."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._open: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._passing, return_exceptions=True)

    def cut(self) -> None:
        """Every connection breaks, in the middle of whatever it carries."""
        for writer in self._open:
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        there, onward = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, onward}
        with contextlib.suppress(OSError):
            await asyncio.gather(_pipe(reader, onward), _pipe(there, writer))
        self._open -= {writer, onward}
        self._passing.discard(task)


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


@pytest.fixture
async def agency(tmp_path: Path) -> AsyncIterator[tuple[Agency, Wire]]:
    """The agency, and the wire to it."""
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    port = free_port()
    config = Hypercorn()
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile = config.keyfile = str(tmp_path / "server.pem")
    config.errorlog = config.accesslog = None
    ends, app = asyncio.Event(), Agency()
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=ends.wait))  # type: ignore[arg-type]  # it is ASGI
    wire = Wire(port)
    await wire.start()
    yield app, wire
    app.gate.set()
    await wire.close()
    ends.set()
    await serving


@pytest.fixture
async def open_egress(
    agency: tuple[Agency, Wire], tmp_path: Path
) -> AsyncIterator[Callable[..., Awaitable[dict[str, int]]]]:
    """Starts the proxy; the ports of the agencies. Every agency is the one there is."""
    if shutil.which("haproxy") is None:
        pytest.skip("there is no haproxy on this machine")
    started: list[asyncio.subprocess.Process] = []

    async def start(**settings: str) -> dict[str, int]:
        ports = {name: free_port() for name in AGENCIES}
        environment = {"PATH": os.environ["PATH"], "EGRESS_CA_FILE": str(tmp_path / "ca.pem")}
        for name, port in ports.items():
            environment |= {
                f"EGRESS_{name.upper()}_PORT": str(port),
                f"EGRESS_{name.upper()}_HOST": HOST,
                f"EGRESS_{name.upper()}_SERVER": f"127.0.0.1:{agency[1].port}",
            }
        process = await asyncio.create_subprocess_exec(
            "haproxy", "-db", "-f", str(CONFIGURATION), env=environment | settings, stdout=asyncio.subprocess.DEVNULL
        )
        started.append(process)
        async with asyncio.timeout(10):
            for port in ports.values():
                while not await _listens(port):
                    await asyncio.sleep(0.02)
        return ports

    yield start
    for process in started:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
