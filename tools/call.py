"""What one call of a tool may still spend, and what it has spent: its deadline, attempts, time at the agency.

The call travels by a context variable, so that the pools, which sit below libraries that know nothing of deadlines,
can see it. Times are seconds of the monotonic clock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from tools.errors import DeadlineExceeded, ProviderTimeout, ToolError

__all__ = ["Call", "Try", "Usage", "calling", "current_call", "recording", "resuming", "wanting"]


@dataclass(slots=True)
class Try:
    """One HTTP request that was sent (method and path), and what it came to: `ok`, or what was wrong."""

    request: str
    outcome: str


@dataclass(slots=True)
class Usage:
    """HTTP requests sent, and seconds spent on them from the first wait for a connection to the last byte.

    `tries` are those of agencies, one by one, as far as they have ended. `shared_store_s` was spent on looking for kept
    answers outside of this process.
    """

    attempts: int = 0
    upstream_s: float = 0.0
    shared_store_s: float = 0.0
    tries: list[Try] = field(default_factory=list)

    def add(self, other: "Usage") -> None:
        """Count what `other` counted, too."""
        self.attempts += other.attempts
        self.upstream_s += other.upstream_s
        self.shared_store_s += other.shared_store_s
        self.tries += other.tries


@dataclass(slots=True)
class Call:
    """One call: from when (`started_at`) until when at most (`deadline_at`), and what it used so far.

    `is_impatient`: its caller gave it less time than the tool takes by itself. `wants_live`: nothing that was kept will
    do. `resends`: what sends its requests sends them again itself, so that no pool does; pools leave word in
    `reused_connection` whether the last one went over a connection that had been used before. After a wait in their
    queue pools ask `check_again`, which raises CircuitOpen when the request is not to be sent any more; they call
    `connected` when they have a connection for it, so that it goes out now.

    Pools add the time for which it waited in their queue to `queued_s`, and set `cut_on_wire` when they had to give a
    connection up because the deadline struck.
    """

    started_at: float
    deadline_at: float
    usage: Usage
    queued_s: float = 0.0
    cut_on_wire: bool = False
    is_impatient: bool = False
    wants_live: bool = False
    resends: bool = False
    reused_connection: bool = False
    check_again: Callable[[], None] | None = None
    connected: Callable[[], None] | None = None

    @property
    def mostly_queued(self) -> bool:
        """Whether more than half of its time went by in a pool's queue."""
        return self.queued_s * 2 > self.deadline_at - self.started_at

    def out_of_time(self, upstream: str | None) -> ToolError:
        """The error for the deadline: the agency's, if it cut a connection that was not mostly waited for."""
        allowed_s = self.deadline_at - self.started_at
        if self.cut_on_wire and not self.mostly_queued:
            return ProviderTimeout(
                f"the call's {allowed_s:g} s ran out while {upstream or 'the upstream'} answered", upstream=upstream
            )
        return DeadlineExceeded(f"the call's {allowed_s:g} s ran out in our own queue or work", upstream=upstream)

    def copy(self) -> "Call":
        """The same call once more, with the same account. (`dataclasses.replace` asks for each field five times.)"""
        return Call(
            self.started_at,
            self.deadline_at,
            self.usage,
            self.queued_s,
            self.cut_on_wire,
            self.is_impatient,
            self.wants_live,
            self.resends,
            self.reused_connection,
            self.check_again,
            self.connected,
        )

    @contextmanager
    def in_strands(self, number: int) -> Iterator[tuple["Call", ...]]:
        """The call as so many that run side by side and share its deadline and its account, while the body runs.

        What they tell of the pools' doing becomes the call's at the end; they waited at the same time.
        """
        strands = tuple(self.copy() for _ in range(number))
        try:
            yield strands
        finally:
            self.queued_s = max((each.queued_s for each in strands), default=self.queued_s)
            self.cut_on_wire |= any(each.cut_on_wire for each in strands)

    def remaining_s(self, now: float | None = None) -> float:
        """Seconds to the deadline, negative once it has passed."""
        return self.deadline_at - (time.monotonic() if now is None else now)

    def is_over(self, now: float | None = None) -> bool:
        """Whether the deadline has struck; a millisecond early counts, timers do not fire to the microsecond."""
        return self.remaining_s(now) <= 0.001


_current: ContextVar[Call | None] = ContextVar("tools_current_call", default=None)
_wanted_s: ContextVar[float | None] = ContextVar("tools_wanted_deadline", default=None)
_wanted_live: ContextVar[bool] = ContextVar("tools_wanted_live", default=False)
_recorder: ContextVar[Usage | None] = ContextVar("tools_usage_recorder", default=None)


def current_call() -> Call | None:
    """The call that this code runs for; None outside of a tool."""
    return _current.get()


class calling:  # noqa: N801 - used like a function, as contextlib's are
    """Run the body as one call that may take `deadline_s` seconds, or what is left of the call around it.

    Of the outermost call, what a caller is `wanting` takes the place of `deadline_s`.
    """

    # Classes, these four: each request passes them all, and a generator for each costs several times as much.
    __slots__ = ("_deadline_s", "_token")

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s

    def __enter__(self) -> Call:
        started_at, deadline_s = time.monotonic(), self._deadline_s
        wanted_s, outer = _wanted_s.get(), _current.get()
        if outer is not None:
            deadline_at = min(started_at + deadline_s, outer.deadline_at)
        else:
            deadline_at = started_at + (deadline_s if wanted_s is None else wanted_s)
        call = Call(
            started_at,
            deadline_at,
            usage=_recorder.get() or Usage(),
            is_impatient=outer.is_impatient if outer is not None else deadline_at < started_at + deadline_s,
            wants_live=_wanted_live.get(),
        )
        self._token = _current.set(call)
        return call

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


class resuming:  # noqa: N801 - likewise
    """Run the body for `call`."""

    __slots__ = ("_call", "_token")

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> None:
        self._token = _current.set(self._call)

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)


class wanting:  # noqa: N801 - likewise
    """Calls inside the body may take `deadline_s` seconds, whatever their tools' own deadline. None changes nothing.

    `live`: no kept answer will do.
    """

    __slots__ = ("_deadline_s", "_live", "_tokens")

    def __init__(self, deadline_s: float | None = None, *, live: bool = False) -> None:
        self._deadline_s, self._live = deadline_s, live

    def __enter__(self) -> None:
        self._tokens = _wanted_s.set(self._deadline_s), _wanted_live.set(self._live)

    def __exit__(self, *_: object) -> None:
        _wanted_s.reset(self._tokens[0])
        _wanted_live.reset(self._tokens[1])


class recording:  # noqa: N801 - likewise
    """Collect what the calls inside the body use, whether they succeed or not. An outer record has it too, then."""

    __slots__ = ("_token", "_usage")

    def __enter__(self) -> Usage:
        self._usage = Usage()
        self._token = _recorder.set(self._usage)
        return self._usage

    def __exit__(self, *_: object) -> None:
        _recorder.reset(self._token)
        outer = _recorder.get()
        if outer is not None:
            outer.add(self._usage)
