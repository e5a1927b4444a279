"""Where the process is in its life, and how many requests it is working on."""

import asyncio
import time
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

    def began(self) -> None:
        """One request more."""
        self.in_flight += 1
        if self.in_flight == 1:
            self._calm.clear()

    def ended(self) -> None:
        """One less."""
        self.in_flight -= 1
        if not self.in_flight:
            self._calm.set()

    async def calm(self) -> None:
        """Return as soon as no request is in flight."""
        await self._calm.wait()
