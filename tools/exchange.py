"""What a tool wants sent and what came back. No I/O happens here.

A tool's core is a `Plan`: a generator that yields `Part`s, questions to the agency whose answers may be kept, one or
several that may be asked at once, is sent what each came to, and returns a `Reading`. A part's own core is an
`Exchange`: a generator that yields a `Request`, is sent the `Response`, and returns what it read. Both transports drive
the same generators, so that the sync and the async answer cannot drift apart.

Nobody changes what is defined here once it is made. It is not `frozen` all the same: that sets each member by a call of
its own, and every request makes all of these.
"""

import codecs
import math
import re
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar

import orjson

from tools.call import Try
from tools.errors import (
    LONGEST_RETRY_AFTER_S,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    RateLimited,
    ToolError,
)
from tools.policy.freshness import Freshness

__all__ = [
    "Answer",
    "Asked",
    "Basis",
    "Exchange",
    "Held",
    "Part",
    "Plan",
    "Reading",
    "Request",
    "Response",
    "Source",
    "Verdict",
    "Watch",
    "ask",
    "ask_all",
    "judge",
    "watched",
]

T = TypeVar("T")

#: What an answer came to: `ok`; `retryable`, a failure that may pass; `failed`, one that will not for now; `rejected`,
#: our own fault, which says nothing about how the agency does.
Verdict = Literal["ok", "retryable", "failed", "rejected"]

#: How JSON begins that tells something.
_DATA = (b"{", b"[")
#: Seconds in ASCII digits; some servers write a fraction.
_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?", re.ASCII)
_RETRYABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
#: RFC 9110, section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


def judge(response: "Response") -> Verdict:
    """What an answer came to, by its status, and by whether it is a page for people in place of data."""
    if response.status == 200:
        if response.body[:1] in _DATA:
            return "ok"
        start = response.body[:64].removeprefix(codecs.BOM_UTF8).lstrip()
        return "failed" if start[:1] in (b"<", b"") else "ok"
    if response.status in _RETRYABLE:
        return "retryable"
    return "rejected" if 400 <= response.status < 500 else "failed"


@dataclass(slots=True)
class Request:
    """One HTTP request that a tool wants sent.

    `upstream` is the agency's short name (`hts`); `json`, when given, is sent as the body; `max_bytes` overrides the
    client's bound on the (decompressed) answer. `only_reads`: a POST that changes nothing, so that it may be sent
    twice. `classify` judges the answer, failures that come with a good status included. Headers carry keys, so they are
    not shown.
    """

    method: str
    url: str
    upstream: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: object = None
    max_bytes: int | None = None
    only_reads: bool = False
    classify: Callable[["Response"], Verdict] = judge

    @property
    def may_be_repeated(self) -> bool:
        """Whether sending it twice does no more than sending it once."""
        return self.only_reads or self.method in _IDEMPOTENT


@dataclass(slots=True)
class Response:
    """A whole HTTP answer: the body is read, bounded, decompressed. Headers are found by their names in lower case.

    `redirected_to` is the host that sent it, where redirects led away from the URL that was asked; None: none did.
    """

    #: What the sandbox marks its answers with; no agency has such a header.
    SAMPLE_DATA_HEADER: ClassVar[str] = "x-sample-data"

    status: int
    headers: Mapping[str, str]
    body: bytes
    upstream: str
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    redirected_to: str | None = None
    _decoded: list[object] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def is_sample_data(self) -> bool:
        """Whether a sandbox sent it, ours or one that runs elsewhere."""
        return self.SAMPLE_DATA_HEADER in self.headers

    def require_ok(self) -> None:
        """Return on 200; otherwise raise `failure`.

        Any other 2xx or 3xx is a ProviderGarbled: none of the agencies' interfaces has a use for it.
        """
        if self.status != 200:
            raise self.failure(self.upstream)

    def failure(self, upstream: str | None) -> ToolError:
        """Return the error for its status, which says whose fault it is. `upstream` None: the agency has no name."""
        said = f"{upstream or 'the upstream'} answered HTTP {self.status}"
        if self.status == 429:
            return RateLimited(said, retry_after_s=self.retry_after_s, upstream=upstream)
        if 400 <= self.status < 500:
            return ProviderRejected(said, status=self.status, upstream=upstream)
        if self.status >= 500:
            return ProviderFailed(said, status=self.status, upstream=upstream)
        return ProviderGarbled(said, upstream=upstream)

    def json(self) -> object:
        """Return the decoded body, the same each time; a byte order mark of UTF-8 before it is left out.

        Raises ProviderGarbled when it is not JSON (HTML, cut, not UTF-8).
        """
        if self._decoded:
            return self._decoded[0]
        try:
            decoded = orjson.loads(self.body.removeprefix(codecs.BOM_UTF8))
        except orjson.JSONDecodeError as exc:
            # The beginning tells people what came instead; the body itself may be large and is not ours to repeat.
            start = self.body[:60].decode("utf-8", "replace")
            raise ProviderGarbled(
                f"{self.upstream} sent something that is not JSON ({len(self.body)} bytes): {start!r}",
                upstream=self.upstream,
            ) from exc
        self._decoded.append(decoded)
        return decoded

    @property
    def retry_after_s(self) -> float | None:
        """Return what `Retry-After` says, in seconds or as a date (RFC 9110, section 10.2.3), at most a day.

        None: it is absent or unreadable.
        """
        said = self.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(said):
            return min(float(said), LONGEST_RETRY_AFTER_S)
        try:
            at = parsedate_to_datetime(said)
            if at.tzinfo is None:
                at = at.replace(tzinfo=UTC)
            wait_s = (at - self.received_at).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):  # the library raises each of them on some input
            return None
        return min(max(0.0, wait_s), LONGEST_RETRY_AFTER_S)


Exchange: TypeAlias = Generator[Request, Response, T]


@dataclass(slots=True)
class Part(Generic[T]):
    """A question to the agency, and how long what it answers may be kept.

    `key` tells it from every other question to that agency; `kind` is the type of the value that `exchange` returns, a
    NotFound that it raises being an answer too. What is not `is_whole` is never kept. `is_version`: it only tells which
    version the other parts are of, so that its age is not theirs.
    """

    key: tuple[str, ...]
    kind: Any
    freshness: Freshness
    exchange: Callable[[], Exchange[T]]
    is_whole: Callable[[T], bool] = lambda _: True
    is_version: bool = False


def ask(part: Part[T]) -> Generator[Part[T], T, T]:
    """For a plan: the value of `part`."""
    return (yield part)


def ask_all(parts: Iterable[Part[T]]) -> Generator[tuple[Part[T], ...], tuple[T, ...], tuple[T, ...]]:
    """For a plan: the values of `parts`, in their order. None waits for another."""
    return (yield tuple(parts))


@dataclass(slots=True)
class Held:
    """Data that a plan read here, where it is held, in place of asking the agency.

    `url` is where it came from and `retrieved_at` when (aware UTC); `sha256` is the hash of it as it came, `about` what
    else is told of it, as JSON.
    """

    url: str
    retrieved_at: datetime
    sha256: str
    about: Mapping[str, Any]


@dataclass(slots=True)
class Reading(Generic[T]):
    """What a plan found out: the result, and the version of the data that it was read from (None: unknown).

    `held`: the data that it was read from here. `via`: by which of several ways, where there are several.
    """

    result: T
    version: str | None
    held: Held | None = None
    via: str | None = None


#: What a plan asks: one part, or several that may be asked at once.
Asked: TypeAlias = Part[Any] | tuple[Part[Any], ...]
Plan: TypeAlias = Generator[Asked, Any, Reading[T]]


@dataclass(slots=True)
class Source:
    """Where an answer comes from.

    `retrieved_at` is when the oldest of the agency's answers that it rests on arrived (aware UTC). `served_from` says
    how it was had now: `live`, `cache`, or `stale` (too old to be as good as new; `stale_because` says why it will do).
    `attempts` counts the HTTP requests that this call sent, `tries` tells them one by one; `elapsed_ms` is the whole
    call. `sha256` are the hashes of the agency's answers as they came, part by part. `sandbox`: it is sample data.
    `via` is the way that was taken, where there are several; `held` tells of the data that is held here, where it was
    taken from that.
    """

    name: str
    url: str | None
    version: str | None
    retrieved_at: datetime
    served_from: str
    stale_because: str | None
    sandbox: bool
    attempts: int
    tries: tuple[Try, ...]
    sha256: tuple[str, ...]
    elapsed_ms: float
    via: str | None = None
    held: Mapping[str, Any] | None = None


@dataclass(slots=True)
class Basis:
    """Kept answers that something was made of: what stood under which key, and when all of it is as good as new.

    From `believed_from`, before which an answer would be from the future, to `fresh_until`; in seconds since 1970.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    believed_from: float = -math.inf
    fresh_until: float = math.inf


@dataclass(slots=True)
class Answer(Generic[T]):
    """A tool's typed result with its source. `basis`: the kept answers that it was made of, if of nothing else."""

    result: T
    source: Source
    basis: Basis | None = field(default=None, repr=False, compare=False)


#: Is shown each request with the response that came to it, before the exchange reads that.
Watch: TypeAlias = Callable[[Request, Response], None]


def watched(plan: Plan[T], watch: Watch) -> Plan[T]:
    """Return `plan` as one that shows `watch` what its parts send and receive, and is otherwise the same."""
    try:
        asked = next(plan)
        while True:
            if isinstance(asked, Part):
                values = yield _watched_part(asked, watch)
            else:
                values = yield tuple(_watched_part(part, watch) for part in asked)
            asked = plan.send(values)
    except StopIteration as done:
        reading: Reading[T] = done.value
        return reading
    finally:
        plan.close()


def _watched_part(part: Part[T], watch: Watch) -> Part[T]:
    return replace(part, exchange=lambda: _watched_exchange(part.exchange(), watch))


def _watched_exchange(exchange: Exchange[T], watch: Watch) -> Exchange[T]:
    try:
        request = next(exchange)
        while True:
            response = yield request
            watch(request, response)
            request = exchange.send(response)
    except StopIteration as done:
        value: T = done.value
        return value
    finally:
        exchange.close()
