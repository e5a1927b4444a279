"""The answers of agencies that are kept: found by their question, in this process and in the shared store."""

import hashlib
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from tools.cache.kept import Kept, decode, encode
from tools.cache.memory import MemoryStore
from tools.cache.shared import SharedStore
from tools.exchange import Basis, Part
from tools.policy.freshness import CLOCK_SKEW_S, NOT_FOUND, Freshness, Use

__all__ = ["LARGE_BYTES", "AnswerCache"]

T = TypeVar("T")

#: What is larger is decoded, and read, in a thread.
LARGE_BYTES = 256 * 1024


class AnswerCache:
    """Thread-safe, and for any event loop. `clock` tells seconds since 1970."""

    def __init__(
        self, memory: MemoryStore, shared: SharedStore | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self.memory, self.shared = memory, shared
        self._clock = clock

    @staticmethod
    def key_of(scope: str, part: Part[Any]) -> str:
        """The name of a question to the agency that `scope` names: a hash, since questions name parties."""
        return hashlib.sha256("\x1f".join((scope, *part.key)).encode()).hexdigest()

    def use_of(self, kept: Kept[Any] | None, part: Part[Any]) -> Use:
        """What `kept` is good for now."""
        if kept is None:
            return "expired"
        return _freshness(kept, part).use_of(self._clock() - kept.retrieved_at.timestamp())

    def content_of(self, key: str) -> bytes | None:
        """What is kept in this process, for `read`: how large it is says in which thread to."""
        return self.memory.get(key)

    def read(self, content: bytes, part: Part[T]) -> Kept[T] | None:
        """The answer to `part` in what `content_of` gave."""
        return decode(content, _adapter(part.kind))

    def add(self, basis: Basis, key: str, content: bytes, kept: Kept[Any], part: Part[Any]) -> None:
        """Let `basis` rest on this one, too."""
        basis.contents[key] = content
        retrieved_at = kept.retrieved_at.timestamp()
        basis.believed_from = max(basis.believed_from, retrieved_at - CLOCK_SKEW_S)
        basis.fresh_until = min(basis.fresh_until, retrieved_at + _freshness(kept, part).fresh_s)

    def still_holds(self, basis: Basis) -> bool:
        """Whether all of it is kept as it was, and fresh. Counts as use."""
        if not basis.believed_from <= self._clock() < basis.fresh_until:
            return False
        return all(self.memory.get(key) is content for key, content in basis.contents.items())

    def find(self, key: str, part: Part[T]) -> Kept[T] | None:
        """What is kept in this process, read."""
        content = self.content_of(key)
        return None if content is None else self.read(content, part)

    def take_in(self, key: str, content: bytes | None, part: Part[T]) -> Kept[T] | None:
        """Keep in this process what another one left in the shared store, if it is younger; returns it when fresh."""
        theirs = None if content is None else decode(content, _adapter(part.kind))
        use = self.use_of(theirs, part)
        # One from the future, by a clock that is wrong, is younger than ours and worth nothing.
        if content is None or theirs is None or use == "expired":
            return None
        kept = self.find(key, part)
        if kept is None or kept.retrieved_at < theirs.retrieved_at:
            self.memory.put(key, content)
        return theirs if use == "fresh" else None

    def keep(self, key: str, kept: Kept[T], part: Part[T]) -> tuple[bytes, float] | None:
        """Keep a whole answer in this process; returns what the shared store is to keep, and for how many seconds."""
        if kept.value is not None and not part.is_whole(kept.value):
            return None
        content = encode(kept)
        self.memory.put(key, content)
        return (content, _freshness(kept, part).on_error_s) if self.shared is not None else None

    def has(self, key: str) -> bool:
        """Whether anything is kept in this process. Does not count as use."""
        return self.memory.size_of(key) > 0


def _freshness(kept: Kept[Any], part: Part[Any]) -> Freshness:
    return part.freshness if kept.not_found is None else NOT_FOUND


@lru_cache(maxsize=64)
def _adapter(kind: Any) -> TypeAdapter[Kept[Any]]:
    return TypeAdapter(Kept[kind])
