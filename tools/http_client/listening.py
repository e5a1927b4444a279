"""What a pool tells at once, to whoever keeps figures of it: how long things took, and why there is no connection."""

from typing import Literal, get_args

__all__ = ["CONNECT_FAILURES", "ConnectFailure", "PoolListener"]

#: Where connecting ended: time ran out; no such name; TCP; the certificate or what else TLS wants; a proxy, or unknown.
ConnectFailure = Literal["timeout", "dns", "tcp", "tls", "other"]
CONNECT_FAILURES: tuple[ConnectFailure, ...] = get_args(ConnectFailure)


class PoolListener:
    """Hears nothing. Subclasses override what they want to be told; called from threads, too, and must not wait."""

    def connected(self, took_s: float) -> None:
        """A connection was made: name, TCP and TLS in `took_s`."""

    def not_connected(self, why: ConnectFailure) -> None:
        """A connection came to nothing. Not told of one that its caller no longer wants."""

    def given_back(self, used_s: float) -> None:
        """A request is over that had its open connection for `used_s`."""

    def closed(self, lived_s: float) -> None:
        """A connection that had been made was closed."""
