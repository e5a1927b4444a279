"""Kept answers."""

from functools import partial

from prometheus_client import CollectorRegistry

from service.figures.kinds import Total, gauge
from tools.cache import MemoryStats, SharedStats
from tools.transports import AnswerStore

__all__ = ["CacheFigures"]


class CacheFigures:
    """The memory of the process, and Redis where `is_shared`."""

    def __init__(self, registry: CollectorRegistry, *, is_shared: bool) -> None:
        live, total = partial(gauge, registry=registry), partial(Total, registry=registry)
        self._entries = live("cache_entries", "Answers kept", ())
        self._bytes = live("cache_bytes", "The same in bytes", ())
        self._lookups = total("cache_lookups", "Answers looked for", ("store", "found"))
        self._evicted = total("cache_evicted", "Answers that gave way to others", ())
        if is_shared:  # or a 0 would say that it does not answer
            self._reachable = live("cache_shared_reachable", "Processes that the shared store answers", ())
            self._failures = total("cache_shared_failures", "Operations that failed or were skipped", ("how",))

    def update(self, store: AnswerStore) -> None:
        """Take over what the stores counted."""
        self._of_memory(store.answers.memory.stats())
        if store.answers.shared is not None:
            self._of_shared(store.answers.shared.stats())

    def _of_memory(self, memory: MemoryStats) -> None:
        self._entries.set(memory.entries)
        self._bytes.set(memory.bytes)
        self._evicted.bring_to(memory.evicted)
        self._lookups.bring_to(memory.hits, "memory", "yes")
        self._lookups.bring_to(memory.misses, "memory", "no")

    def _of_shared(self, shared: SharedStats) -> None:
        self._lookups.bring_to(shared.hits, "shared", "yes")
        self._lookups.bring_to(shared.misses, "shared", "no")
        self._reachable.set(shared.reachable)
        self._failures.bring_to(shared.errors, "failed")
        self._failures.bring_to(shared.skipped, "skipped")
