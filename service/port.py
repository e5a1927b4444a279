"""Where the service listens, and that it cannot."""

from service.config import Config

__all__ = ["BACKLOG", "PortTaken", "host_to_call", "port_taken"]

#: Connections that the kernel holds for us until they are accepted.
BACKLOG = 1024


class PortTaken(Exception):
    """The address cannot be listened on. The message is one line."""


def port_taken(config: Config, exc: OSError) -> PortTaken:
    """That the address in the settings cannot be listened on, for the reason `exc`."""
    return PortTaken(f"cannot listen on {config.host}:{config.port}: {exc.strerror or exc}")


def host_to_call(listening_on: str) -> str:
    """Under which host, as URLs write it, a service that listens there is called from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening_on, listening_on)  # noqa: S104 - read, not bound
    return f"[{host}]" if ":" in host else host
