"""Where the answers of one call come from: noted part by part, told in its source."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from tools.cache import Kept
from tools.call import Call, Try
from tools.exchange import Part

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
    sha256: list[str] = field(default_factory=list)
    met_sample_data: bool = False
    #: What the call's account showed before; several tools may share one.
    _began_at: float = field(default_factory=time.monotonic)
    _attempts_before: int = field(init=False)
    _tries_before: int = field(init=False)

    def __post_init__(self) -> None:
        self._attempts_before, self._tries_before = self.call.usage.attempts, len(self.call.usage.tries)

    def note(self, part: Part[Any], kept: Kept[Any], served_from: ServedFrom, stale_because: str | None = None) -> None:
        """One more part."""
        self.met_sample_data |= kept.is_sample_data
        if part.is_version and (served_from != "stale" or stale_because == BEING_FETCHED):
            return
        self.retrieved_at = min(self.retrieved_at, kept.retrieved_at) if self.sha256 else kept.retrieved_at
        self.served_from = max(self.served_from, served_from, key=_FRESHEST_FIRST.index)
        self.stale_because = self.stale_because or stale_because
        self.sha256.append(kept.sha256)

    def age_s(self) -> float:
        """Seconds since the oldest part was answered."""
        return (datetime.now(UTC) - self.retrieved_at).total_seconds()

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
