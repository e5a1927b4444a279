"""The sockets that all workers accept on, opened before there are any."""

import asyncio
import socket

import structlog

from service import VERSION
from service.config import Config
from service.port import BACKLOG, port_taken

__all__ = ["open_listeners"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def open_listeners(config: Config) -> list[socket.socket]:
    """Bound and listening, one for each address of the host in the settings. Raises PortTaken."""
    try:
        listeners = asyncio.run(_open(config.host, config.port))
    except OSError as exc:
        raise port_taken(config, exc) from exc
    port: int = listeners[0].getsockname()[1]
    about = {"sandbox": config.sandbox, "version": VERSION, "workers": config.workers}
    log.info("listening", host=config.host, port=port, **about)
    return listeners


async def _open(host: str, port: int) -> list[socket.socket]:
    """As an event loop does it, so that a host means the same for one process and for several."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    listeners = [socket.socket(fileno=socket.dup(each.fileno())) for each in server.sockets]
    server.close()
    for listener in listeners:
        listener.listen(BACKLOG)
    return listeners
