"""The application that aiohttp-retry's tests ask for as `tests.app`: its source package does not have it.

Written from what those tests expect of it.
"""

import sys
from types import ModuleType

from aiohttp import BasicAuth, web

_OK = "Ok!"


class App:
    """Counts the requests that reach its handlers."""

    def __init__(self) -> None:
        self.counter = 0
        self._app = web.Application()
        self._app.router.add_get("/ping", self._ping)
        self._app.router.add_get("/internal_error", self._internal_error)
        self._app.router.add_get("/not_found_error", self._not_found)
        self._app.router.add_get("/sometimes_error", self._sometimes_error)
        self._app.router.add_get("/sometimes_json", self._sometimes_json)
        self._app.router.add_get("/check_headers", self._check_headers)
        self._app.router.add_get("/with_auth", self._with_auth)
        for method in ("options", "head", "post", "put", "patch", "delete"):
            self._app.router.add_route(method, f"/{method}_handler", self._ping)

    def web_app(self) -> web.Application:
        """The application; some of the tests hand over this method itself."""
        return self._app

    async def _ping(self, request: web.Request) -> web.Response:
        self.counter += 1
        return web.Response(text=_OK)

    async def _internal_error(self, request: web.Request) -> web.Response:
        self.counter += 1
        raise web.HTTPInternalServerError

    async def _not_found(self, request: web.Request) -> web.Response:
        self.counter += 1
        raise web.HTTPNotFound

    async def _sometimes_error(self, request: web.Request) -> web.Response:
        self.counter += 1
        if self.counter < 3:
            raise web.HTTPInternalServerError
        return web.Response(text=_OK)

    async def _sometimes_json(self, request: web.Request) -> web.Response:
        self.counter += 1
        return web.Response(text=_OK) if self.counter < 3 else web.json_response({"status": _OK})

    async def _check_headers(self, request: web.Request) -> web.Response:
        self.counter += 1
        if request.headers.get("correct_headers") != "True":
            raise web.HTTPNotAcceptable
        return web.Response(text=_OK)

    async def _with_auth(self, request: web.Request) -> web.Response:
        self.counter += 1
        if request.headers.get("Authorization") != BasicAuth("username", "password").encode():
            raise web.HTTPForbidden
        return web.Response(text=_OK)


def _stand_in() -> None:
    package, module = ModuleType("tests"), ModuleType("tests.app")
    vars(package).update(__path__=[], app=module)
    vars(module).update(App=App)
    sys.modules.update({"tests": package, "tests.app": module})


_stand_in()
