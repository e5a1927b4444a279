"""Which event loop the service runs on: uvloop where there is one, else asyncio's own."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["run"]

T = TypeVar("T")

try:
    import uvloop
except ImportError:  # Windows, PyPy
    uvloop = None  # type: ignore[assignment]  # there is none


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run `main` to its end on an event loop of its own."""
    return asyncio.run(main) if uvloop is None else uvloop.run(main)
