"""aiohttp's bound on silence, at one timer for a connection instead of one for each piece that comes.

A piece only moves the time at which the connection has been silent for too long. The timer, when it rings too early,
is set anew. With an aiohttp that has other names inside, its own timers remain, and nothing else changes.
"""

import asyncio
from time import monotonic

from aiohttp.client_proto import ResponseHandler

__all__ = ["handler_class"]

_NAMES = ("read_timeout", "_reschedule_timeout", "_drop_timeout", "_on_read_timeout")


def handler_class() -> type[ResponseHandler]:
    """What aiohttp is to make its connections of."""
    return PatientHandler if all(hasattr(ResponseHandler, name) for name in _NAMES) else ResponseHandler


class PatientHandler(ResponseHandler):
    """A connection of aiohttp; its times are those of the monotonic clock, which is the loop's."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._silent_until: float | None = None  # None: nothing is awaited
        self._silence_timer: asyncio.TimerHandle | None = None
        self._rings_at = 0.0

    def _reschedule_timeout(self) -> None:
        timeout_s = self.read_timeout
        if not timeout_s:
            self._silent_until = None
            return
        self._silent_until = until = monotonic() + timeout_s
        if self._silence_timer is None or until < self._rings_at:
            self._set_silence_timer(until)

    def _drop_timeout(self) -> None:
        self._silent_until = None

    def _set_silence_timer(self, at: float) -> None:
        self._cancel_silence_timer()
        self._silence_timer = self._loop.call_at(at, self._ring)
        self._rings_at = at

    def _cancel_silence_timer(self) -> None:
        if self._silence_timer is not None:
            self._silence_timer.cancel()
            self._silence_timer = None

    def _ring(self) -> None:
        self._silence_timer = None
        until = self._silent_until
        if until is None:
            return
        if until > monotonic():
            self._set_silence_timer(until)
            return
        self._silent_until = None
        self._on_read_timeout()

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is gone, and nothing more is awaited of it."""
        super().connection_lost(exc)
        self._cancel_silence_timer()
