"""What the sync pool needs of a connection."""

from collections.abc import Hashable
from typing import Protocol

__all__ = ["PooledConnection"]


class PooledConnection(Hashable, Protocol):
    """A connection that a pool may hand out again and again."""

    label: str
    uses: int
    #: When it was made; None: not yet, or it is counted as closed.
    made_at: float | None

    @property
    def is_closed(self) -> bool:
        """Whether it has no socket."""

    def close_socket(self) -> None:
        """Close it without telling the pool."""

    def say_goodbye(self) -> None:
        """Close it, and return when the peer has closed its end too (or does not hurry)."""

    def shut(self) -> None:
        """End what is in flight on it, from another thread."""
