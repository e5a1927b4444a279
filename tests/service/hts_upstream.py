"""A tariff agency on loopback whose answers the test decides; without a word from it, two good rows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

RELEASE = {"name": "2026HTSRev17", "title": "Revision 17 (2026)", "description": "2026 HTS Revision 17"}


def row(number: str, indent: int, description: str, general: str = "", **more: Any) -> dict[str, Any]:
    """A row of the agency's export."""
    return {
        "htsno": number,
        "indent": str(indent),
        "description": description,
        "superior": None,
        "units": [],
        "general": general,
        "special": "",
        "other": "",
        "footnotes": [],
        "quotaQuantity": None,
        "additionalDuties": None,
        "addiitionalDuties": None,
    } | more


HEADING = [
    row("8507", 0, "Electric storage batteries"),
    row("8507.60.00", 1, "Lithium-ion batteries", "3.4%", other="40%"),
    row("8507.60.00.20", 2, "Other", units=["No.", "kg"]),
]
ROWS = [*HEADING, row("8508", 0, "Vacuum cleaners")]


def found(line: dict[str, Any]) -> dict[str, Any]:
    """A row of the agency's search: the same, and more."""
    return line | {"statisticalSuffix": "", "effectivePeriod": None, "status": "current"}


class HTSUpstream:
    """Answers `/reststop/...` and remembers what it was asked. `instead` answers in place of the good rows."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.instead: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        app = web.Application()
        app.router.add_get("/reststop/{what}", self._answer)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        """The base URL for `GATEWAY_HTS_URL`."""
        return str(self.server.make_url("/reststop"))

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        await self.gate.wait()
        if self.instead is not None:
            return await self.instead(request)
        return good_answer(request)


def good_answer(request: web.Request) -> web.Response:
    """What the agency says on a good day."""
    answers: dict[str, object] = {
        "currentRelease": RELEASE,
        "exportList": ROWS if request.query.get("from") == "8507" else [],
        "search": [found(line) for line in HEADING],
    }
    return web.Response(body=orjson.dumps(answers[request.match_info["what"]]), content_type="application/json")
