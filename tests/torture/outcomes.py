"""What became of each request, and whether that may be."""

import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.torture.plans import BUSY, UNASKED, Plan

__all__ = ["Outcomes", "whole_or_why_not"]

_SHOWN = 12


def whole_or_why_not(plan: Plan, status: int, their_number: str | None, body: bytes, *, is_whole: bool) -> str:
    """`answered`, `busy`, `unasked`, or what is wrong with an answer. `is_whole`: the caller takes it for whole."""
    if status == 503 and their_number == BUSY:
        return "busy"
    if their_number == UNASKED:
        return "unasked"
    if their_number != str(plan.number):
        return f"an answer to {their_number!r}, status {status}"
    expected = plan.body_to_come
    if plan.kind.name.startswith("endless"):
        expected = b"%d." % plan.number * (len(body) // 2 + 1)
    if not expected.startswith(body):
        return "a body of another answer"
    if not is_whole:
        return "answered"
    if not plan.kind.is_whole:
        return "a cut answer taken for whole"
    return "answered" if len(body) == len(expected) else f"{len(body)} of {len(expected)} bytes taken for whole"


@dataclass
class Outcomes:
    """Of all requests of a run. Thread-safe."""

    counts: Counter[str] = field(default_factory=Counter)
    #: Errors by their class.
    errors: Counter[str] = field(default_factory=Counter)
    #: Requests that got an unasked answer, and well-behaved ones that failed, each with a line; whether the pool could
    #: know is for the peer to say.
    unasked: dict[int, str] = field(default_factory=dict)
    failed_though_well_behaved: dict[int, str] = field(default_factory=dict)
    #: What must not be, one line each.
    wrong: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    hung: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, plan: Plan, found: str) -> None:
        """Count an answer by what `whole_or_why_not` found."""
        if found not in ("answered", "busy", "unasked"):
            self.note("wrong", f"{plan}: {found}")
            return
        with self._lock:
            self.counts[found] += 1
            self.counts["to be answered"] += found == "answered"
            if found == "unasked":
                self.unasked[plan.number] = str(plan)

    def cut(self) -> None:
        """Count a request that its caller ended early."""
        with self._lock:
            self.counts["cut"] += 1

    def failed(self, plan: Plan, exc: BaseException, *, is_expected: bool) -> None:
        """Count a request that failed; with what no client of the library expects, that is a fault."""
        with self._lock:
            self.counts["failed"] += 1
            self.counts["to be answered"] += plan.kind.is_whole
            self.errors[type(exc).__name__] += 1
            if plan.kind.is_well_behaved:
                self.failed_though_well_behaved[plan.number] = f"{plan}: {exc!r}"
        if not is_expected:
            self.note("strange", f"{plan}: {exc!r}")

    def note(self, what: str, line: str) -> None:
        """Take down what must not be: `wrong`, `strange` or `hung`."""
        notes: list[str] = getattr(self, what)
        with self._lock:
            self.counts[what] += 1
            if len(notes) < _SHOWN:
                notes.append(line[:600])
