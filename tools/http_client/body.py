"""How large an answer may be. The bound is on decompressed bytes, whatever the headers declare."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["body_limit", "current_body_limit"]

_override: ContextVar[int | None] = ContextVar("tools_body_limit", default=None)


@contextmanager
def body_limit(max_bytes: int | None) -> Iterator[None]:
    """Bound the answers of requests made inside the block to `max_bytes` instead of the client's own bound.

    None keeps the client's own. Works for both clients.
    """
    token = _override.set(max_bytes)
    try:
        yield
    finally:
        _override.reset(token)


def current_body_limit(default: int) -> int:
    """The bound in force here, in bytes."""
    override = _override.get()
    return default if override is None else override
