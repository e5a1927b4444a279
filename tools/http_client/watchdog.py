"""The clock of the sync pool: one daemon thread that looks at the pool when something is due.

requests cannot bound a whole call, nor close a connection that idles while nothing is asked for. The thread holds no
lock of its own: `wake` may be called by a finalizer, in the middle of anything.
"""

import logging
import math
import queue
import threading
import time
import weakref
from collections.abc import Callable

__all__ = ["Watchdog"]

log = logging.getLogger(__name__)


class Watchdog:
    """Calls `look`, a bound method that returns when it is to be called next, at the latest; infinity for when woken.

    The method's object is not kept alive by it. Times are those of `time.monotonic()`.
    """

    def __init__(self, look: Callable[[], float]) -> None:
        self._look = weakref.WeakMethod(look)
        self._wakes: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._looks_at = math.inf
        self._thread: threading.Thread | None = None
        self._closed = False
        weakref.finalize(look.__self__, self._wakes.put, None).atexit = False  # type: ignore[attr-defined]  # bound: it has

    def look_by(self, at: float) -> None:
        """Look at the time `at`, or before. Starts the thread: not for finalizers. Call with the pool's lock held."""
        if self._thread is None:
            if self._closed:
                return
            thread = threading.Thread(target=self._run, name="pool-watchdog", daemon=True)
            try:
                thread.start()
            except RuntimeError:  # no more threads; the next wish tries again. No log: the pool's lock is held
                return
            self._thread = thread
        if at < self._looks_at:
            self.wake()

    def wake(self) -> None:
        """Look now. Never waits."""
        self._wakes.put(None)

    def close(self) -> None:
        """Stop the thread."""
        self._closed = True
        self.wake()

    def _run(self) -> None:
        while not self._closed:
            # From here on, until it is known when to look next, every wish is a reason to look again.
            self._looks_at = math.inf
            due_at = self._look_once()
            if due_at is None:
                return
            self._looks_at = due_at
            try:
                self._wakes.get(timeout=None if due_at == math.inf else max(0.0, due_at - time.monotonic()))
                while True:  # one look serves all
                    self._wakes.get_nowait()
            except queue.Empty:
                continue

    def _look_once(self) -> float | None:
        """Look, and return when to look again; None when the pool is gone."""
        look = self._look()
        if look is None:
            return None
        try:
            return look()
        except Exception:  # one fault must not end the clock
            log.exception("the look at the pool failed")
            return time.monotonic() + 1.0
