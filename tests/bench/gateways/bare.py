"""The least that a gateway on aiohttp does: forward one request over one pooled session, parse the JSON, answer some.

`python -m tests.bench.gateways.bare --port N --upstream URL`. On uvloop and orjson. Screens, and searches rulings.
"""

import argparse
import asyncio
from typing import Any

import aiohttp
import orjson
import uvloop
from aiohttp import web

__all__ = ["serve"]


async def serve(port: int, upstream: str) -> None:
    """Serve until ended."""

    async def ask(agency: str, parameters: dict[str, str]) -> Any:
        async with session.get(f"{upstream}/{agency}/search", params=parameters) as response:
            return orjson.loads(await response.read())

    async def screen(request: web.Request) -> web.Response:
        name = request.query.get("name", "")
        page = await ask("csl", {"name": name})
        hits = [{"name": each["name"], "source": each["source"], "score": each["score"]} for each in page["results"]]
        return answer({"query": name, "total": page["total"], "hits": hits})

    async def search_rulings(request: web.Request) -> web.Response:
        term = request.query.get("q", "")
        page = await ask("cross", {"term": term})
        rulings = [{"number": each["rulingNumber"], "subject": each["subject"]} for each in page["rulings"]]
        return answer({"query": term, "total": page["totalHits"], "rulings": rulings})

    def answer(body: dict[str, Any]) -> web.Response:
        return web.Response(body=orjson.dumps(body), content_type="application/json")

    app = web.Application()
    app.router.add_get("/v1/sanctions", screen)
    app.router.add_get("/v1/rulings", search_rulings)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100)) as session:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, backlog=2048).start()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.upstream))
