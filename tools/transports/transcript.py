"""What became of one part: its requests one after the other, and in the end what may be kept of the answers. No I/O."""

import hashlib
from contextlib import suppress
from datetime import UTC, datetime
from typing import Generic, TypeVar

from tools.cache import Kept
from tools.errors import NotFound
from tools.exchange import Part, Request, Response

__all__ = ["Transcript"]

T = TypeVar("T")


class Transcript(Generic[T]):
    """Drives the exchange of `part`: `next_request` until it returns None; then `answer` is there."""

    def __init__(self, part: Part[T]) -> None:
        self._exchange = part.exchange()
        self._first_at: datetime | None = None
        self._digest = hashlib.sha256()
        self._met_sample_data = False
        self._kept: Kept[T] | None = None

    def next_request(self, answered: Response | None = None) -> Request | None:
        """What to send next, after `answered` came. Raises what the exchange raises, but NotFound."""
        try:
            if answered is None:
                return next(self._exchange)
            self._first_at = self._first_at or answered.received_at
            self._digest.update(answered.body)
            self._met_sample_data |= answered.is_sample_data
            return self._exchange.send(answered)
        except StopIteration as done:
            self._kept = self._keep(done.value, None)
        except NotFound as exc:
            self._kept = self._keep(None, str(exc))
        return None

    @property
    def answer(self) -> Kept[T]:
        """What the exchange came to."""
        if self._kept is None or self._first_at is None:
            raise TypeError("an exchange must send at least one request, and come to its end")
        return self._kept

    def close(self) -> None:
        """Let the exchange go. One that a thread still reads for, though nobody waits any more, ends by itself."""
        with suppress(ValueError):
            self._exchange.close()

    def _keep(self, value: T | None, not_found: str | None) -> Kept[T]:
        return Kept(
            value=value,
            not_found=not_found,
            retrieved_at=self._first_at or datetime.now(UTC),
            sha256=self._digest.hexdigest(),
            is_sample_data=self._met_sample_data,
        )
