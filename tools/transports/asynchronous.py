"""Drives an exchange over an `aiohttp.ClientSession`."""

import time
from typing import TypeVar

import aiohttp
import orjson

from tools.call import Call
from tools.errors import PoolClosed
from tools.exchange import Exchange, Reading, Request, Response
from tools.http_client.body import body_limit
from tools.http_client.redirects import MAX_REDIRECTS

__all__ = ["drive_async"]

T = TypeVar("T")


async def drive_async(client: aiohttp.ClientSession, exchange: Exchange[T], call: Call) -> tuple[Reading[T], Response]:
    """Run `exchange` to its end. Returns its reading and the first answer that it rests on.

    Raises what the exchange, the client library and the pool raise. The caller bounds it in time.
    """
    first: Response | None = None
    try:
        request = next(exchange)
        while True:
            response = await _send(client, request, call)
            call.met_sample_data |= response.is_sample_data
            first = first or response
            request = exchange.send(response)
    except StopIteration as done:
        if first is None:
            raise TypeError("an exchange must send at least one request") from None
        return done.value, first
    finally:
        exchange.close()


async def _send(client: aiohttp.ClientSession, request: Request, call: Call) -> Response:
    if client.closed:
        raise PoolClosed("the client is closed")
    headers, body = dict(request.headers), None
    if request.json is not None:
        headers["Content-Type"], body = "application/json", orjson.dumps(request.json)
    call.usage.attempts += 1
    started = time.monotonic()
    try:
        with body_limit(request.max_bytes):
            async with client.request(
                request.method,
                request.url,
                params=request.params,
                headers=headers,
                data=body,
                max_redirects=MAX_REDIRECTS + 1,  # aiohttp counts the request that gives up, too
            ) as answer:
                content = await answer.read()
    finally:
        call.usage.upstream_s += time.monotonic() - started
    return Response(
        status=answer.status,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=content,
        upstream=request.upstream,
    )
