"""Answers in this process: the ones used last, within a number and a size. No age is judged here.

They are kept as bytes: a hundred thousand objects that live on would make every run of Python's garbage collector a
stall of the event loop.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

__all__ = ["MemoryStats", "MemoryStore"]


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """How full a store is. `evicted` counts entries that had to make room, not those dropped or replaced."""

    entries: int
    bytes: int
    max_entries: int
    max_bytes: int
    hits: int
    misses: int
    evicted: int


class MemoryStore:
    """At most `max_entries` answers of `max_bytes` in all; the least recently used makes room. Thread-safe."""

    def __init__(self, max_entries: int, max_bytes: int) -> None:
        self.max_entries, self.max_bytes = max_entries, max_bytes
        self._lock = threading.Lock()
        #: Oldest use first.
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = self._hits = self._misses = self._evicted = 0

    def get(self, key: str) -> bytes | None:
        """What is kept under `key`, which thereby is the last to make room."""
        with self._lock:
            if (found := self._kept.get(key)) is None:
                self._misses += 1
                return None
            self._hits += 1
            self._kept.move_to_end(key)
            return found

    def size_of(self, key: str) -> int:
        """Bytes under `key`; 0: nothing. Does not count as use."""
        with self._lock:
            return len(self._kept.get(key, b""))

    def put(self, key: str, content: bytes) -> None:
        """Keeps `content` in place of what was under `key`; not if it is too large, but the old one goes anyway."""
        with self._lock:
            self._remove(key)
            if len(content) > self.max_bytes:
                return
            self._kept[key] = content
            self._bytes += len(content)
            while len(self._kept) > self.max_entries or self._bytes > self.max_bytes:
                self._remove(next(iter(self._kept)))
                self._evicted += 1

    def stats(self) -> MemoryStats:
        """How it stands."""
        with self._lock:
            return MemoryStats(
                entries=len(self._kept),
                bytes=self._bytes,
                max_entries=self.max_entries,
                max_bytes=self.max_bytes,
                hits=self._hits,
                misses=self._misses,
                evicted=self._evicted,
            )

    def _remove(self, key: str) -> None:
        if (removed := self._kept.pop(key, None)) is not None:
            self._bytes -= len(removed)
