"""The sandbox: one server on loopback, each agency's interface under a path of its own."""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from aiohttp import web

from service.sandbox import cross, csl, fda, hts
from service.sandbox.export_files import SandboxDataError
from service.sandbox.faults import AGENCIES, MAINTENANCE_PAGE, PORTAL, Fault, faulty, parse_faults
from tools.exchange import Response

__all__ = ["KEYS", "Sandbox"]

#: The handlers answer at once; who has not read an answer by then gets the end of the connection.
_SHUTDOWN_S = 0.5


@dataclass(frozen=True, slots=True)
class _Agency:
    """Where an agency's application stands (`prefix`), where its interface begins (`path`), and how it is made."""

    prefix: str
    path: str
    make_app: Callable[[Traversable], web.Application]


_AGENCIES: Mapping[str, _Agency] = {
    "hts": _Agency(hts.PATH, hts.PATH, hts.make_app),
    "csl": _Agency(csl.PREFIX, csl.PATH, csl.make_app),
    "fda": _Agency(fda.PATH, fda.PATH, fda.make_app),
    "cross": _Agency(cross.PATH, cross.PATH, cross.make_app),
}

#: The keys that the sandbox takes, by the names of the tools' arguments.
KEYS = {
    "subscription_key": csl.SUBSCRIPTION_KEY,
    "authorization_user": fda.AUTHORIZATION_USER,
    "authorization_key": fda.AUTHORIZATION_KEY,
}


class Sandbox:
    """Speaks the agencies' wire formats, with sample data or with the agencies' own export files.

    `data_dir` has a folder for each agency, `hts`, `csl`, `fda` and `cross`; one that is not there keeps its sample
    data. `faults` are done to requests, by throws of `dice`; `PUT /faults` sets others while it runs. With `port` 0 the
    system chooses one. Every answer carries the header that marks sample data. A sandbox is started once.
    """

    def __init__(
        self,
        data_dir: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        faults: Iterable[Fault] = (),
        dice: random.Random | None = None,
    ) -> None:
        self._data = data_dir
        self._host, self._port = host, port
        self._faults = tuple(faults)
        self._dice = dice or random.Random()  # noqa: S311 - no secret hangs on a scripted fault
        self._runner: web.AppRunner | None = None

    def check_data(self) -> None:
        """Read the data and keep none of it. Raises SandboxDataError (one line)."""
        self._read_data()

    async def start(self) -> None:
        """Read the data and listen. Raises SandboxDataError (one line), and OSError when the port is taken."""
        agencies = await asyncio.to_thread(self._read_data)
        app = web.Application()
        app.on_response_prepare.append(_mark)
        app.router.add_put("/faults", self._take_faults)
        app.router.add_get(PORTAL, _portal)
        for name, agency in agencies.items():
            agency.middlewares.insert(0, faulty(partial(self._faults_of, name), self._dice))
            app.add_subapp(_AGENCIES[name].prefix, agency)
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

    def url(self, agency: str) -> str:
        """The base URL of an agency: `hts`, `csl`, `fda` or `cross`."""
        if self._runner is None:
            raise RuntimeError("the sandbox is not running")
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{_AGENCIES[agency].path}"

    @property
    def list_url(self) -> str:
        """Where the file of all lists is, as CSV."""
        return f"{self.url('csl').removesuffix(csl.PATH)}{csl.BULK_PATH}/consolidated.csv"

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Do `faults` to requests from now on, in the place of those of before."""
        self._faults = tuple(faults)

    async def _take_faults(self, request: web.Request) -> web.Response:
        """Faults for one who is outside of this process: the body has them as `parse_faults` reads them."""
        try:
            self.set_faults(parse_faults(await request.text()))
        except ValueError as exc:
            return web.Response(status=400, text=f"{exc}\n")
        return web.Response(status=204)

    def _faults_of(self, agency: str) -> list[Fault]:
        return [fault for fault in self._faults if fault.agency == agency]

    def _read_data(self) -> dict[str, web.Application]:
        return {name: agency.make_app(self._folder(name)) for name, agency in _AGENCIES.items()}

    def _folder(self, agency: str) -> Traversable:
        built_in = files("service.sandbox") / "sample_data" / agency
        if self._data is None:
            return built_in
        if not any((self._data / each).is_dir() for each in AGENCIES):
            raise SandboxDataError(f"sandbox data: {self._data} has none of the folders {', '.join(AGENCIES)}")
        return self._data / agency if (self._data / agency).is_dir() else built_in


async def _portal(_: web.Request) -> web.Response:
    return web.Response(text=MAINTENANCE_PAGE, content_type="text/html")


async def _mark(_: web.Request, response: web.StreamResponse) -> None:
    response.headers[Response.SAMPLE_DATA_HEADER] = "compliance-gateway"
