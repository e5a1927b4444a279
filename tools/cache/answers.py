"""The answers of agencies that are kept: found by their question, in this process first, then in the shared store."""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from tools.cache.kept import Kept, decode, encode
from tools.cache.memory import MemoryStore
from tools.cache.shared import SharedStore
from tools.exchange import Part
from tools.policy.freshness import NOT_FOUND, Freshness, Use

__all__ = ["AnswerCache"]

T = TypeVar("T")


class AnswerCache:
    """Thread-safe, and for any event loop. `clock` tells seconds since 1970."""

    def __init__(
        self, memory: MemoryStore, shared: SharedStore | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.memory, self.shared = memory, shared
        self._clock = clock

    @staticmethod
    def key_of(scope: str, part: Part[Any]) -> str:
        """The name of a question to the agency at `scope` (its address): a hash, since questions name parties."""
        return hashlib.sha256("\x1f".join((scope, *part.key)).encode()).hexdigest()

    def use_of(self, kept: Kept[Any] | None, part: Part[Any]) -> Use:
        """What `kept` is good for now."""
        if kept is None:
            return "expired"
        return _freshness(kept, part).use_of(self._clock() - kept.retrieved_at.timestamp())

    def find(self, key: str, part: Part[T]) -> Kept[T] | None:
        """What is kept, for a thread."""
        kept = self._in_memory(key, part)
        if self.shared is None or self.use_of(kept, part) == "fresh":
            return kept
        return self._better(key, kept, self.shared.get(key), part)

    async def find_async(self, key: str, part: Part[T]) -> Kept[T] | None:
        """What is kept, for the event loop."""
        kept = self._in_memory(key, part)
        if self.shared is None or self.use_of(kept, part) == "fresh":
            return kept
        return self._better(key, kept, await self.shared.get_async(key), part)

    def keep(self, key: str, kept: Kept[T], part: Part[T]) -> tuple[bytes, float] | None:
        """Keep a whole answer in this process; returns what the shared store is to keep, and for how many seconds."""
        if kept.not_found is None and not part.is_whole(kept.value):  # type: ignore[arg-type]  # a value is there
            return None
        content = encode(kept)
        self.memory.put(key, content)
        return (content, _freshness(kept, part).on_error_s) if self.shared is not None else None

    def _in_memory(self, key: str, part: Part[T]) -> Kept[T] | None:
        content = self.memory.get(key)
        return None if content is None else decode(content, _adapter(part.kind))

    def _better(self, key: str, kept: Kept[T] | None, content: bytes | None, part: Part[T]) -> Kept[T] | None:
        """The younger one of what this process keeps and what another left in the shared store."""
        theirs = None if content is None else decode(content, _adapter(part.kind))
        # One from the future, by a clock that is wrong, is younger than ours and worth nothing.
        if content is None or theirs is None or self.use_of(theirs, part) == "expired":
            return kept
        if kept is not None and kept.retrieved_at >= theirs.retrieved_at:
            return kept
        self.memory.put(key, content)
        return theirs

    def age_s(self, at: datetime) -> float:
        """Seconds since `at`."""
        return self._clock() - at.astimezone(UTC).timestamp()


def _freshness(kept: Kept[Any], part: Part[Any]) -> Freshness:
    return part.freshness if kept.not_found is None else NOT_FOUND


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Kept[Any]]:
    return TypeAdapter(Kept[kind])
