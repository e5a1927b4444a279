"""Where the answers of one call come from: noted part by part, told in its source."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tools.cache import Kept
from tools.call import Call, Try
from tools.errors import NotFound, ToolError
from tools.exchange import Basis, Part
from tools.policy.freshness import NOT_FOUND

__all__ = ["BEING_FETCHED", "Provenance", "ServedFrom"]

ServedFrom = Literal["live", "cache", "stale"]

#: Why an old answer is given that is not very old.
BEING_FETCHED = "a new answer is being fetched"

_FRESHEST_FIRST: tuple[ServedFrom, ...] = ("live", "cache", "stale")


@dataclass(slots=True)
class Provenance:
    """Of all parts of `call` together: the oldest time, and the least fresh way in which one of them was had."""

    call: Call
    retrieved_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    served_from: ServedFrom = "live"
    stale_because: str | None = None
    #: By the parts' keys, in the order in which they were asked for; None: not there yet.
    _hashes: dict[tuple[str, ...], str | None] = field(default_factory=dict)
    met_sample_data: bool = False
    #: The kept answers among them.
    basis: Basis = field(default_factory=Basis)
    #: The error that the plan raised itself, from its parts.
    concluded: ToolError | None = None
    #: What the call's account showed before; several tools may share one.
    _began_at: float = field(default_factory=time.monotonic)
    _attempts_before: int = field(init=False)
    _tries_before: int = field(init=False)
    _noted: int = 0

    def __post_init__(self) -> None:
        self._attempts_before, self._tries_before = self.call.usage.attempts, len(self.call.usage.tries)

    def expect(self, parts: Iterable[Part[Any]]) -> None:
        """Parts that are asked at once are told in this order, whichever comes first."""
        for part in parts:
            self._hashes.setdefault(part.key)

    def note(self, part: Part[Any], kept: Kept[Any], served_from: ServedFrom, stale_because: str | None = None) -> None:
        """One more part."""
        self._noted += 1
        self.met_sample_data |= kept.is_sample_data
        if part.is_version and (served_from != "stale" or stale_because == BEING_FETCHED):
            return
        is_first = not any(self._hashes.values())
        self.retrieved_at = kept.retrieved_at if is_first else min(self.retrieved_at, kept.retrieved_at)
        if served_from != "live":
            self.served_from = max(self.served_from, served_from, key=_FRESHEST_FIRST.index)
        self.stale_because = self.stale_because or stale_because
        self._hashes[part.key] = kept.sha256

    def has_to_be_asked_anew(self, error: ToolError) -> bool:
        """Whether `error` was concluded from kept answers that do not bear it.

        That there is no such record, old answers don't. That they are not whole or contradict each other, none do: an
        error is never kept.
        """
        if error is not self.concluded or self.served_from == "live":
            return False
        age_s = (datetime.now(UTC) - self.retrieved_at).total_seconds()
        return not isinstance(error, NotFound) or age_s >= NOT_FOUND.fresh_s

    def begin_anew(self) -> None:
        """Forget the parts, not what they cost."""
        self.served_from, self.stale_because, self.concluded = "live", None, None
        self._hashes.clear()
        self.basis, self._noted = Basis(), 0

    @property
    def has_parts(self) -> bool:
        """Whether the agency's answers came in at all."""
        return self._noted > 0

    @property
    def kept_as_new(self) -> Basis | None:
        """The kept answers on which all of it rests; None when something else came in."""
        return self.basis if self.served_from == "cache" and len(self.basis.contents) == self._noted else None

    @property
    def sha256(self) -> tuple[str, ...]:
        """The hashes of the parts' answers."""
        return tuple(filter(None, self._hashes.values()))

    @property
    def attempts(self) -> int:
        """HTTP requests sent so far."""
        return self.call.usage.attempts - self._attempts_before

    @property
    def tries(self) -> tuple[Try, ...]:
        """The same, one by one, as far as they have ended."""
        return tuple(self.call.usage.tries[self._tries_before :])

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the beginning."""
        return round((time.monotonic() - self._began_at) * 1000, 1)
