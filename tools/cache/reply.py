"""What comes of asking a Redis, and that it was not asked. Knows nothing of the library that asks."""

from dataclasses import dataclass

__all__ = ["NotAsked", "Reply"]


@dataclass(frozen=True, slots=True)
class Reply:
    """None: Redis answered that there is nothing."""

    content: bytes | None


class NotAsked(Exception):
    """Redis was not asked, which says nothing about it."""
