"""What a pool reports of itself: one shape for the async and the sync pool."""

from dataclasses import dataclass, field

__all__ = ["CLOSE_REASONS", "Counters", "HeldConnection", "HostStats", "ManagerStats", "PoolStats"]

#: Why a connection was closed: it idled too long; more idle ones than are kept; to stay within the limit; the peer
#: closed it or asked us to; it broke or was given up in use; the pool was shut down.
CLOSE_REASONS = ("idle_timeout", "max_idle", "room", "remote", "error", "shutdown")


@dataclass(slots=True)
class Counters:
    """What only ever grows, since the pool was made."""

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

    `in_use + idle` is the number of open sockets (those being opened count as in use) and never exceeds `limit`;
    `created - sum(closed)` is the number of those that are established. Seconds throughout. `exact` is False when the
    client library has changed inside and the pool runs on public names only: idle connections are then neither
    counted nor bounded.
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
    exact: bool = True


@dataclass(frozen=True, slots=True)
class ManagerStats:
    """Both pools; None where a client was never opened."""

    async_: PoolStats | None
    sync: PoolStats | None
