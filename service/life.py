"""Where the process is in its life, and how many requests it is working on."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

__all__ = ["Life", "Phase"]

Phase = Literal["starting", "ready", "draining", "stopped"]


class Life:
    """The phase, and the requests in flight. Belongs to one event loop."""

    def __init__(self) -> None:
        self.phase: Phase = "starting"
        self.in_flight = 0
        self._born = time.monotonic()
        self._calm = asyncio.Event()
        self._calm.set()

    @property
    def uptime_s(self) -> float:
        """Seconds since the application was made."""
        return time.monotonic() - self._born

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the body as a request in flight."""
        self.in_flight += 1
        self._calm.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if not self.in_flight:
                self._calm.set()

    async def calm(self) -> None:
        """Return as soon as no request is in flight."""
        await self._calm.wait()
