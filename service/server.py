"""Serves the application on its port, from start to the end of a graceful stop."""

import asyncio
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence

import structlog
from aiohttp import web

from service import VERSION
from service.config import Config
from service.keys import CONFIG, LIFE

__all__ = ["PortTaken", "host_to_call", "open_listeners", "serve", "stay_up"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Seconds that responses already made get to leave, once no handler is at work any more.
LAST_BYTES_S = 1.0
_BACKLOG = 1024


class PortTaken(Exception):
    """The address cannot be listened on. The message is one line."""


async def serve(
    app: web.Application,
    when_up: Callable[[str], Awaitable[None]] | None = None,
    *,
    listeners: Sequence[socket.socket] = (),
) -> None:
    """Serve until SIGTERM or SIGINT, then stop gracefully. `when_up` is called with the service's own URL.

    It listens where the settings say, or on `listeners`, which other processes may do, too.

    A stop: readiness turns 503; requests in flight, and those that still arrive meanwhile, are finished, for
    `shutdown_s` at most; then the port is closed and the pools drained. A second signal stops at once.

    Raises PortTaken, and what the application's start raises.
    """
    config = app[CONFIG]
    asked_to_stop, at_once = _listen_for_signals()
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=LAST_BYTES_S)
    await runner.setup()
    try:
        if listeners:
            port = await _join(runner, listeners)
        else:
            port = await _open_port(runner, config)
        if when_up is not None:
            await when_up(f"http://{host_to_call(config.host)}:{port}")
        await asked_to_stop.wait()
        await _drain(app, config.shutdown_s, at_once)
    finally:
        await runner.cleanup()
    log.info("stopped")


async def stay_up() -> None:
    """Return on SIGTERM or SIGINT."""
    asked_to_stop, _ = _listen_for_signals()
    await asked_to_stop.wait()


def _listen_for_signals() -> tuple[asyncio.Event, asyncio.Event]:
    first, second = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)

    def at_once() -> None:
        first.set()
        second.set()

    # A supervisor's word for it.
    loop.add_signal_handler(signal.SIGQUIT, at_once)
    return first, second


async def _open_port(runner: web.AppRunner, config: Config) -> int:
    site = web.TCPSite(runner, config.host, config.port, backlog=_BACKLOG)
    try:
        await site.start()
    except OSError as exc:
        raise PortTaken(f"cannot listen on {config.host}:{config.port}: {exc.strerror or exc}") from exc
    port: int = runner.addresses[0][1]
    log.info("listening", host=config.host, port=port, sandbox=config.sandbox, version=VERSION)
    return port


async def _join(runner: web.AppRunner, listeners: Sequence[socket.socket]) -> int:
    for each in listeners:
        await web.SockSite(runner, each, backlog=_BACKLOG).start()
    log.info("serving")
    port: int = listeners[0].getsockname()[1]
    return port


def open_listeners(config: Config) -> list[socket.socket]:
    """Sockets for several processes to listen on, one for each address of the host. Raises PortTaken."""
    port, opened = config.port, list[socket.socket]()
    try:
        for family, kind, *_, address in socket.getaddrinfo(
            config.host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        ):
            listener = socket.socket(family, kind)
            opened.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            listener.bind((address[0], port, *address[2:]))
            port = listener.getsockname()[1]  # 0 is any, and then the same for all
            listener.listen(_BACKLOG)
    except OSError as exc:
        for each in opened:
            each.close()
        raise PortTaken(f"cannot listen on {config.host}:{config.port}: {exc.strerror or exc}") from exc
    return opened


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


def host_to_call(listening_on: str) -> str:
    """Under which host, as URLs write it, a service that listens there is called from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening_on, listening_on)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host
