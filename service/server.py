"""Serves the application on its port, from start to the end of a graceful stop."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web

from service import VERSION
from service.config import Config
from service.keys import CONFIG, LIFE
from service.port import BACKLOG, host_to_call, port_taken
from service.stop import Stop, stop_by_signals

__all__ = ["LAST_BYTES_S", "serve"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Seconds that responses already made get to leave, once no handler is at work any more.
LAST_BYTES_S = 1.0


async def serve(
    app: web.Application,
    when_up: Callable[[str], Awaitable[None]] | None = None,
    *,
    stop: Stop | None = None,
    listeners: Sequence[socket.socket] = (),
) -> None:
    """Serve until `stop` is asked (default: by SIGTERM or SIGINT), then stop gracefully.

    On `listeners`, which are bound already, or on the address in the settings. `when_up` is called with the service's
    own URL. A stop: readiness turns 503; requests in flight, and those that still arrive meanwhile, are finished, for
    `shutdown_s` at most; then the port is closed and the pools drained. A second signal stops at once.

    Raises PortTaken, and what the application's start raises.
    """
    config = app[CONFIG]
    stop = stop or stop_by_signals()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_BYTES_S)
    await runner.setup()
    try:
        port = await (_join(runner, listeners) if listeners else _open_port(runner, config))
        if when_up is not None:
            await when_up(f"http://{host_to_call(config.host)}:{port}")
        await stop.asked.wait()
        await _drain(app, config.shutdown_s, stop.at_once)
    finally:
        await runner.cleanup()
    log.info("stopped")


async def _open_port(runner: web.AppRunner, config: Config) -> int:
    try:
        await web.TCPSite(runner, config.host, config.port, backlog=BACKLOG).start()
    except OSError as exc:
        raise port_taken(config, exc) from exc
    port: int = runner.addresses[0][1]
    log.info("listening", host=config.host, port=port, sandbox=config.sandbox, version=VERSION)
    return port


async def _join(runner: web.AppRunner, listeners: Sequence[socket.socket]) -> int:
    for each in listeners:
        await web.SockSite(runner, each, backlog=BACKLOG).start()
    log.info("serving")
    port: int = runner.addresses[0][1]
    return port


async def _drain(app: web.Application, at_most_s: float, at_once: asyncio.Event) -> None:
    life = app[LIFE]
    life.phase = "draining"
    log.info("draining", in_flight=life.in_flight, at_most_s=at_most_s)
    waits = {asyncio.ensure_future(life.calm()), asyncio.ensure_future(at_once.wait())}
    _, unfinished = await asyncio.wait(waits, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
    for wait in unfinished:
        wait.cancel()
    if life.in_flight:
        log.warning("requests are cut off", in_flight=life.in_flight)
