"""Drives an exchange over a `requests.Session`."""

import time
from typing import TypeVar

import orjson
import requests

from tools.call import Call
from tools.errors import DeadlineExceeded
from tools.exchange import Exchange, Reading, Request, Response
from tools.http_client.body import body_limit

__all__ = ["drive_sync"]

T = TypeVar("T")


def drive_sync(client: requests.Session, exchange: Exchange[T], call: Call) -> tuple[Reading[T], Response]:
    """Run `exchange` to its end. Returns its reading and the first answer that it rests on.

    Raises what the exchange, the client library and the pool raise; DeadlineExceeded between two requests.
    """
    first: Response | None = None
    try:
        request = next(exchange)
        while True:
            if call.is_over():
                raise DeadlineExceeded("the call's time ran out between two requests")
            response = _send(client, request, call)
            call.met_sample_data |= response.is_sample_data
            first = first or response
            request = exchange.send(response)
    except StopIteration as done:
        if first is None:
            raise TypeError("an exchange must send at least one request") from None
        return done.value, first
    finally:
        exchange.close()


def _send(client: requests.Session, request: Request, call: Call) -> Response:
    headers, body = dict(request.headers), None
    if request.json is not None:
        headers["Content-Type"], body = "application/json", orjson.dumps(request.json)
    call.usage.attempts += 1
    started = time.monotonic()
    try:
        with body_limit(request.max_bytes):
            answer = client.request(request.method, request.url, params=request.params, headers=headers, data=body)
    finally:
        call.usage.upstream_s += time.monotonic() - started
    if call.is_over():
        # The pool ends a connection at the deadline; to a reader that may look like the end of the answer.
        raise call.out_of_time(request.upstream)
    return Response(
        status=answer.status_code,
        headers={name.lower(): value for name, value in answer.headers.items()},
        body=answer.content,
        upstream=request.upstream,
    )
