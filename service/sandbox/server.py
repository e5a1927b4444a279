"""The sandbox's own server: a port on loopback that all simulated agencies share, each under its path."""

from pathlib import Path

from aiohttp import web

from service.sandbox.agency import Agency
from service.sandbox.hts import HTSAgency

__all__ = ["Sandbox"]

#: Seconds that answers under way get when the sandbox closes: nobody is to wait for sample data.
_LAST_ANSWERS_S = 0.1


class Sandbox:
    """The simulated agencies. `data_dir` holds the agencies' own files (`hts/chapter_*.json`); None: the built-in set.

    Raises SandboxDataError when the data cannot be used.
    """

    def __init__(self, data_dir: Path | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._host, self._port = host, port
        self._hts = HTSAgency(data_dir)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        app = web.Application()
        agencies: tuple[Agency, ...] = (self._hts,)
        for agency in agencies:
            agency.add_routes(app.router)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_LAST_ANSWERS_S)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, backlog=1024).start()
        except OSError:
            await self.close()
            raise

    async def close(self) -> None:
        """Stop listening and drop all connections. Idempotent."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    @property
    def hts_url(self) -> str:
        """The base URL of the tariff agency's interface. Raises RuntimeError before `start`."""
        return self._url(self._hts)

    def _url(self, agency: Agency) -> str:
        if self._runner is None:
            raise RuntimeError("the sandbox has not started")
        port = self._runner.addresses[0][1]
        return f"http://{self._host}:{port}{agency.base_path}"
