"""The predecessor's design: FastAPI before one httpx.AsyncClient with its limits, time-outs and HTTP/2.

`python -m tests.bench.gateways.predecessor --port N --upstream URL`, in an environment of `predecessor.txt` alone: it
imports nothing of the project's.
"""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx  # type: ignore[import-not-found, unused-ignore]  # of another environment
import uvicorn  # type: ignore[import-not-found, unused-ignore]  # likewise
from fastapi import FastAPI  # type: ignore[import-not-found, unused-ignore]  # likewise

__all__ = ["create_app"]


def create_app(upstream: str) -> Any:
    """The application, which asks `upstream`."""
    client: Any = None

    @asynccontextmanager
    async def life(_: Any) -> AsyncIterator[None]:
        nonlocal client
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=30.0)
        timeout = httpx.Timeout(connect=30.0, read=60.0, write=30.0, pool=5.0)
        async with httpx.AsyncClient(limits=limits, timeout=timeout, http2=True, follow_redirects=True) as client:
            yield

    async def screen(name: str = "") -> dict[str, Any]:
        response = await client.get(f"{upstream}/csl/search", params={"name": name})
        page = response.json()
        hits = [{"name": each["name"], "source": each["source"], "score": each["score"]} for each in page["results"]]
        return {"query": name, "total": page["total"], "hits": hits}

    app = FastAPI(lifespan=life)
    app.add_api_route("/v1/sanctions", screen)
    return app


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream", required=True)
    options = parser.parse_args()
    uvicorn.run(
        create_app(options.upstream),
        host="127.0.0.1",
        port=options.port,
        loop="uvloop",
        http="httptools",
        backlog=2048,
        log_level="warning",
        access_log=False,
    )
