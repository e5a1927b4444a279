"""The sandbox: one server on loopback, each agency's interface under a path of its own."""

import asyncio
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from aiohttp import web

from service.sandbox import hts

__all__ = ["Sandbox"]

#: The handlers answer at once; who has not read an answer by then gets the end of the connection.
_SHUTDOWN_S = 0.5


class Sandbox:
    """Speaks the agencies' wire formats, with sample data or with the agencies' own export files.

    `data_dir` has one folder for each agency: `hts/`. With `port` 0 the system chooses one. A sandbox is started once.
    """

    def __init__(self, data_dir: Path | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._data: Traversable = data_dir if data_dir is not None else files("service.sandbox") / "sample_data"
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Read the data and listen. Raises SandboxDataError (one line), and OSError when the port is taken."""
        agencies = await asyncio.to_thread(self._read_data)
        app = web.Application()
        for path, agency in agencies.items():
            app.add_subapp(path, agency)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        try:
            await runner.setup()
            await web.TCPSite(runner, self._host, self._port).start()
        except BaseException:
            await runner.cleanup()
            raise
        self._runner = runner

    async def close(self) -> None:
        """Stop listening and drop every connection. Nothing to do when it is not running."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def hts_url(self) -> str:
        """The base URL of the tariff agency."""
        return self._url(hts.PATH)

    def _read_data(self) -> dict[str, web.Application]:
        return {hts.PATH: hts.make_app(self._data / "hts")}

    def _url(self, path: str) -> str:
        if self._runner is None:
            raise RuntimeError("the sandbox is not running")
        host, port = self._runner.addresses[0][:2]
        return f"http://{host}:{port}{path}"
