"""32 threads over the sync pool: they ask, read, drop answers unread, tie them into cycles, and run out of time."""

import gc
import random
import sys
import threading
import time
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

import requests
import urllib3

from tests.torture.outcomes import Outcomes, whole_or_why_not
from tests.torture.peer_process import Place
from tests.torture.plans import Plan
from tools.call import calling
from tools.errors import ToolError

__all__ = ["THREADS", "Collector", "ask_all"]

THREADS = 32
_COLLECT_EVERY_S = 0.1


class Collector:
    """Has the garbage collector run at any time: after every allocation (`always`), or at changing moments.

    Answers that are dropped in a cycle keep their slots until it comes; when all threads wait for those, nothing is
    allocated, and it would never come by itself.
    """

    def __init__(self, seed: int, *, always: bool) -> None:
        self._dice = random.Random(seed)
        self._always = always
        self._ended = threading.Event()
        self._before = gc.get_threshold()
        self._thread = threading.Thread(target=self._run, name="collector")

    def __enter__(self) -> None:
        if self._always:
            gc.set_threshold(1)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        gc.set_threshold(*self._before)

    def _run(self) -> None:
        while not self._ended.wait(_COLLECT_EVERY_S):
            if not self._always:
                gc.set_threshold(self._dice.choice((1, self._dice.randint(2, 97), 700)))
            gc.collect()


class _Caller:
    """One thread. `since` is when it began the request `plan`."""

    def __init__(
        self, session: requests.Session, place: Place, plans: Iterator[Plan], draws: threading.Lock, outcomes: Outcomes
    ) -> None:
        self._session = session
        self._place = place
        self._plans = plans
        self._draws = draws
        self._outcomes = outcomes
        self.plan: Plan | None = None
        self.since = 0.0
        self.thread = threading.Thread(target=self._work, name="caller", daemon=True)

    def _work(self) -> None:
        while True:
            with self._draws:
                plan = next(self._plans, None)
            if plan is None:
                return
            time.sleep(plan.pause_s)
            self.since = time.monotonic()
            self.plan = plan
            self._ask(plan)
            self.plan = None

    def _ask(self, plan: Plan) -> None:
        try:
            if plan.cut == "deadline":
                with calling(plan.cut_after_s):
                    self._send(plan)
            else:
                self._send(plan)
        except (requests.RequestException, ToolError) as exc:
            self._fail(plan, exc, is_expected=True)
        except urllib3.exceptions.HTTPError as exc:  # what reads `raw` sees urllib3's own
            self._fail(plan, exc, is_expected=plan.reading == "raw")
        except Exception as exc:  # noqa: BLE001 - which is what is looked for
            self._fail(plan, exc, is_expected=False)

    def _fail(self, plan: Plan, exc: Exception, *, is_expected: bool) -> None:
        if plan.cut == "deadline" and is_expected:
            self._outcomes.cut()
        else:
            self._outcomes.failed(plan, exc, is_expected=is_expected)

    def _send(self, plan: Plan) -> None:
        url, proxy = self._place(plan)
        options: dict[str, Any] = {} if proxy is None else {"proxies": {"http": proxy, "https": proxy}}
        if plan.body is not None:
            options["data"] = plan.body if plan.has_declared_length else _pieces(plan.body)
        whole = plan.reading == "content" and plan.cut in (None, "deadline")
        answer = self._session.request(plan.method, url, stream=not whole, **options)
        if plan.cut not in (None, "deadline"):
            self._outcomes.cut()
            _LOSE_INTEREST[plan.cut](answer)
            return
        body = _READ[plan.reading](answer)
        found = whole_or_why_not(plan, answer.status_code, answer.headers.get("X-Id"), body, is_whole=True)
        self._outcomes.answer(plan, found)


def _pieces(body: bytes) -> Iterator[bytes]:
    for at in range(0, len(body), 20_000):
        yield body[at : at + 20_000]


_READ: dict[str, Callable[[requests.Response], bytes]] = {
    "content": lambda answer: answer.content,
    "stream-content": lambda answer: answer.content,
    "pieces": lambda answer: b"".join(answer.iter_content(5_000)),
    "raw": lambda answer: bytes(answer.raw.read()),
}


class _Knot:
    """What holds itself, and with it what it is given: the collector alone frees it."""

    def __init__(self, *held: object) -> None:
        self.held = held
        self.itself = self


def _begin(answer: requests.Response) -> Iterator[bytes]:
    pieces: Iterator[bytes] = answer.iter_content(50)
    next(pieces, None)
    return pieces


_LOSE_INTEREST: dict[str, Callable[[requests.Response], object]] = {
    "drop": lambda answer: None,
    "drop-in-cycle": _Knot,
    "drop-midway": lambda answer: [_begin(answer)].clear(),
    "drop-midway-in-cycle": lambda answer: _Knot(answer, _begin(answer)),
    "close": lambda answer: answer.close(),
}


def ask_all(session: requests.Session, plans: Iterator[Plan], place: Place, outcomes: Outcomes, guard_s: float) -> bool:
    """Send all requests. Returns False when one took longer than `guard_s`: its thread can't be ended."""
    draws = threading.Lock()
    callers = [_Caller(session, place, plans, draws, outcomes) for _ in range(THREADS)]
    for caller in callers:
        caller.thread.start()
    while any(caller.thread.is_alive() for caller in callers):
        for caller in callers:
            caller.thread.join(0.05 / THREADS)
        now = time.monotonic()
        hung = [(caller, plan) for caller in callers if (plan := caller.plan) and now - caller.since > guard_s]
        stacks = _stacks() if hung else {}
        for caller, plan in sorted(hung, key=lambda each: each[0].since):
            outcomes.note("hung", f"{plan}: {_in_words(stacks.get(caller.thread.ident or 0))}")
        if hung:
            return False
    return True


def _stacks() -> dict[int, types.FrameType]:
    """Where each thread is. Not with the collector about: CPython has its list of threads locked meanwhile, and a
    finalizer that lets another thread run, which starts a third, would have all of them wait for that lock.
    """
    gc.disable()
    try:
        return sys._current_frames()
    finally:
        gc.enable()


def _in_words(frame: types.FrameType | None) -> str:
    """Where a thread is, innermost frame first."""
    frames = traceback.extract_stack(frame)
    return " < ".join(f"{each.name}:{each.lineno}" for each in reversed(frames))
