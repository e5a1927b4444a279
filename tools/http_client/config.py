"""The numbers of both pools: limits, time-outs, and the statistics that a pool reports. They mean the same on both."""

from dataclasses import dataclass, field

__all__ = [
    "CLOSE_REASONS",
    "Counters",
    "HeldConnection",
    "HostStats",
    "ManagerStats",
    "PoolLimits",
    "PoolStats",
    "PoolTimeouts",
]

#: Why a connection was closed: it idled too long; too many were idle; another host needed its place; it grew too old;
#: the peer closed it or asked us to; it broke or was given up while in use; the pool was shut down.
CLOSE_REASONS = ("idle_timeout", "max_idle", "room", "max_age", "remote", "error", "shutdown")


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How much a pool may hold.

    Raises ValueError on a number that makes no sense.
    """

    #: Open sockets, idle ones included; never exceeded.
    max_connections: int = 100
    #: Idle connections kept; those beyond linger for a second, so that the next burst finds them. With 0 none is kept
    #: and none lingers. More than `max_connections` means no bound of its own.
    max_keepalive: int = 20
    #: Seconds; a connection that was idle for longer is never used again and is closed.
    keepalive_expiry_s: float = 30.0
    #: Seconds, jittered down by up to a tenth; a connection is not given back to the pool after this.
    max_age_s: float = 1800.0
    #: Bytes of one decompressed answer; `body_limit()` overrides it for a block of code.
    max_body_bytes: int = 64 * 1024 * 1024
    #: Seconds; a connection in use for longer is counted, shown in the statistics with its host, and logged once.
    hold_warning_s: float = 120.0

    def __post_init__(self) -> None:
        if self.max_connections < 1:
            raise ValueError(f"max_connections is {self.max_connections}, must be at least 1")
        if self.max_keepalive < 0:
            raise ValueError(f"max_keepalive is {self.max_keepalive}, must be at least 0")
        for name in ("keepalive_expiry_s", "max_age_s", "max_body_bytes", "hold_warning_s"):
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


@dataclass(slots=True)
class Counters:
    """The counts that only grow, since the pool was made."""

    created: int = 0
    reused: int = 0
    acquire_timeouts: int = 0
    acquire_wait_s: float = 0.0
    closed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CLOSE_REASONS, 0))


@dataclass(slots=True)
class HostStats:
    """One `host:port`: connections in use and idle, requests waiting."""

    in_use: int = 0
    idle: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class HeldConnection:
    """A connection that has been in use for longer than the threshold."""

    host: str
    held_s: float


@dataclass(frozen=True, slots=True)
class PoolStats:
    """A snapshot of one pool.

    `in_use + idle` is the number of open sockets (those being opened or closed count as in use) and never exceeds
    `limit`; `created - sum(closed)` is the number of those that are established. `idle` may exceed `max_idle` for a
    second after a burst. Seconds throughout.
    """

    limit: int
    max_idle: int
    in_use: int
    idle: int
    waiting: int
    created: int
    reused: int
    closed: dict[str, int]
    acquire_timeouts: int
    acquire_wait_seconds: float
    oldest_hold_seconds: float
    held_over_threshold_total: int
    held_over_threshold: tuple[HeldConnection, ...]
    per_host: dict[str, HostStats]


@dataclass(frozen=True, slots=True)
class ManagerStats:
    """Both pools; None where a client was never opened."""

    async_: PoolStats | None
    sync: PoolStats | None
