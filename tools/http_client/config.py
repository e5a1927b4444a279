"""The numbers of the pools. They mean the same on the async and on the sync client."""

from dataclasses import dataclass

__all__ = ["PoolLimits", "PoolTimeouts"]


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much a pool may hold.

    Raises ValueError on a number that makes no sense.
    """

    #: Open sockets, idle ones included; never exceeded.
    max_connections: int = 100
    #: Idle connections kept; the oldest is closed first. More than `max_connections` means no bound of its own.
    max_keepalive: int = 20
    #: Seconds; a connection that was idle for longer is never used again and is closed.
    keepalive_expiry_s: float = 30.0
    #: Bytes of one decompressed answer; `body_limit()` overrides it for a block of code.
    max_body_bytes: int = 64 * 1024 * 1024
    #: Seconds; a connection in use for longer is counted, shown in the stats with its host, and logged once.
    hold_warning_s: float = 120.0

    def __post_init__(self) -> None:
        if self.max_connections < 1:
            raise ValueError(f"max_connections is {self.max_connections}, must be at least 1")
        if self.max_keepalive < 0:
            raise ValueError(f"max_keepalive is {self.max_keepalive}, must be at least 0")
        for name in ("keepalive_expiry_s", "max_body_bytes", "hold_warning_s"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must be more than 0")


@dataclass(frozen=True, slots=True)
class PoolTimeouts:
    """How long each step may take, in seconds.

    Raises ValueError on a number that is not positive.
    """

    #: Name resolution, TCP over all addresses and TLS, as one bound.
    connect_s: float = 30.0
    #: No byte came for this long; not a bound on the whole transfer.
    read_s: float = 60.0
    #: The peer took no byte for this long; not a bound on the whole transfer.
    write_s: float = 30.0
    #: Waiting for a free connection; its own error, `PoolTimeout`.
    acquire_s: float = 5.0

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must be more than 0")
