"""Answers that were given before, ready to be sent: for speed alone, above the kept answers of the agencies.

One is sent only while every kept answer that it was made of is still there as it was, and as good as new. Its age, the
time it took, where it was served from and the request id are told anew each time.
"""

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.envelope import SourceBlock, ToolAnswer, as_json, source_block
from tools.cache import AnswerCache
from tools.exchange import Answer, Basis

__all__ = ["RenderedAnswers"]

#: What one takes beside its result.
_OVERHEAD_BYTES = 2048


@dataclass(slots=True)
class _Rendered:
    tool: str
    query: Mapping[str, Any]
    result: bytes
    source: SourceBlock
    retrieved_at: float
    basis: Basis


class RenderedAnswers:
    """At most `max_entries` of `max_bytes` in all, those used last. Belongs to one event loop."""

    def __init__(self, kept: AnswerCache, max_entries: int, max_bytes: int) -> None:
        self._kept = kept
        self._max_entries, self._max_bytes = max_entries, max_bytes
        #: By what stood in the request's first line; oldest use first.
        self._rendered: OrderedDict[str, _Rendered] = OrderedDict()
        self._bytes = 0

    def find(self, target: str, request_id: str, started: float) -> bytes | None:
        """The answer to the request for `target`, begun at `started` (`time.monotonic`); None: it has to be made."""
        found = self._rendered.get(target)
        if found is None:
            return None
        if not self._kept.still_holds(found.basis):
            self._forget(target)
            return None
        self._rendered.move_to_end(target)
        found.source.age_s = round(max(0.0, time.time() - found.retrieved_at), 3)
        found.source.elapsed_ms = round((time.monotonic() - started) * 1000, 1)
        return as_json(ToolAnswer(found.tool, found.query, orjson.Fragment(found.result), found.source, request_id))

    def keep(self, target: str, tool: str, query: Mapping[str, Any], answer: Answer[Any]) -> None:
        """Keep `answer` ready, if it rests on kept answers alone: what is asked a second time may be asked a third."""
        if answer.basis is None:
            return
        self._forget(target)
        # A copy, since orjson's own bytes are a part of a larger piece.
        result = bytes(memoryview(as_json(answer.result)))
        source, retrieved_at = answer.source, answer.source.retrieved_at
        rendered = _Rendered(
            tool, query, result, source_block(source, retrieved_at), retrieved_at.timestamp(), answer.basis
        )
        self._rendered[target] = rendered
        self._bytes += _size_of(target, rendered)
        while len(self._rendered) > self._max_entries or self._bytes > self._max_bytes:
            self._forget(next(iter(self._rendered)))

    def _forget(self, target: str) -> None:
        forgotten = self._rendered.pop(target, None)
        if forgotten is not None:
            self._bytes -= _size_of(target, forgotten)


def _size_of(target: str, rendered: _Rendered) -> int:
    return len(target) + len(rendered.result) + _OVERHEAD_BYTES
