"""Parsed answers in this process: the ones used last, within a number and a size. No age is judged here."""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from tools.cache.kept import Kept

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
        #: Oldest use first, each with its size.
        self._kept: OrderedDict[str, tuple[Kept[Any], int]] = OrderedDict()
        self._bytes = self._hits = self._misses = self._evicted = 0

    def get(self, key: str) -> Kept[Any] | None:
        """What is kept under `key`, which thereby is the last to make room."""
        with self._lock:
            if (found := self._kept.get(key)) is None:
                self._misses += 1
                return None
            self._hits += 1
            self._kept.move_to_end(key)
            return found[0]

    def put(self, key: str, kept: Kept[Any], size_bytes: int) -> None:
        """Keeps `kept` in place of what was under `key`; not if it alone is too large, but the old one goes anyway."""
        with self._lock:
            self._remove(key)
            if size_bytes > self.max_bytes:
                return
            self._kept[key] = kept, size_bytes
            self._bytes += size_bytes
            while len(self._kept) > self.max_entries or self._bytes > self.max_bytes:
                self._remove(next(iter(self._kept)))
                self._evicted += 1

    def drop(self, key: str) -> None:
        """Nothing is kept under `key` any more."""
        with self._lock:
            self._remove(key)

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
            self._bytes -= removed[1]
