"""A bound on writing, which aiohttp has none of."""

import socket

from aiohttp.client_proto import ResponseHandler

__all__ = ["set_write_timeout"]


def set_write_timeout(protocol: ResponseHandler, write_s: float) -> None:
    """Let the kernel end a connection whose peer takes no byte for `write_s` seconds (TCP_USER_TIMEOUT, Linux).

    Set once connected, so that it bounds writing and not connecting. Elsewhere aiohttp has no such bound.
    """
    sock = protocol.transport.get_extra_info("socket") if protocol.transport is not None else None
    if sock is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(write_s * 1000))
