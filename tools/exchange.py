"""What a tool wants sent and what came back. No I/O happens here.

A tool's core is an `Exchange`: a generator that yields a `Request`, is sent the `Response`, and returns a `Reading`.
Both transports drive the same generator, so that the sync and the async answer cannot drift apart.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import ClassVar, Generic, TypeAlias, TypeVar

import orjson

from tools.errors import ProviderFailed, ProviderGarbled, ProviderRejected, RateLimited

__all__ = ["Answer", "Exchange", "Reading", "Request", "Response", "Source"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request that a tool wants sent.

    `upstream` is the agency's short name (`hts`); `json`, when given, is sent as the body; `max_bytes` overrides the
    client's bound on the (decompressed) answer. Headers carry keys, so they are not shown.
    """

    method: str
    url: str
    upstream: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = None
    max_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A whole HTTP answer: the body is read, bounded and decompressed. Header names are in lower case."""

    #: What the sandbox marks its answers with; no agency has such a header.
    SAMPLE_DATA_HEADER: ClassVar[str] = "x-sample-data"

    status: int
    headers: Mapping[str, str]
    body: bytes
    upstream: str
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def is_sample_data(self) -> bool:
        """Whether a sandbox sent it, ours or one that runs elsewhere."""
        return self.SAMPLE_DATA_HEADER in self.headers

    def require_ok(self) -> None:
        """Return on 200; otherwise raise whose fault it is: RateLimited, ProviderRejected or ProviderFailed.

        Any other 2xx or 3xx is a ProviderGarbled: none of the agencies' interfaces has a use for it.
        """
        if self.status == 200:
            return
        said = f"{self.upstream} answered HTTP {self.status}"
        if self.status == 429:
            raise RateLimited(said, retry_after_s=self._retry_after_s(), upstream=self.upstream)
        if 400 <= self.status < 500:
            raise ProviderRejected(said, status=self.status, upstream=self.upstream)
        if self.status >= 500:
            raise ProviderFailed(said, status=self.status, upstream=self.upstream)
        raise ProviderGarbled(said, upstream=self.upstream)

    def json(self) -> object:
        """Decode the body. Raises ProviderGarbled when it is not JSON (HTML, cut, not UTF-8)."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as exc:
            # The beginning tells people what came instead; the body itself may be large and is not ours to repeat.
            start = self.body[:60].decode("utf-8", "replace")
            raise ProviderGarbled(
                f"{self.upstream} sent something that is not JSON ({len(self.body)} bytes): {start!r}",
                upstream=self.upstream,
            ) from exc

    def _retry_after_s(self) -> float | None:
        """Seconds or a date (RFC 9110, section 10.2.3); None when absent or unreadable."""
        said = self.headers.get("retry-after", "").strip()
        if said.isdecimal():
            return float(said)
        try:
            at = parsedate_to_datetime(said)
        except ValueError:
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return max(0.0, (at - self.received_at).total_seconds())


@dataclass(frozen=True, slots=True)
class Reading(Generic[T]):
    """What an exchange found out: the result, and the version of the data that it was read from (None: unknown)."""

    result: T
    version: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer comes from.

    `retrieved_at` is when the first of the agency's answers that it rests on arrived (aware UTC); `attempts` counts the
    HTTP requests that were sent for it, `elapsed_ms` is the whole call. `sandbox` says that the data is sample data.
    """

    name: str
    url: str | None
    version: str | None
    retrieved_at: datetime
    served_from: str
    sandbox: bool
    attempts: int
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """A tool's typed result with its source."""

    result: T
    source: Source


Exchange: TypeAlias = Generator[Request, Response, Reading[T]]
