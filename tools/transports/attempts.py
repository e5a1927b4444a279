"""The attempts of one request: what each may do, and what follows from how it ended. Shared by both transports.

No I/O and no waiting in here: it asks the policies, in this order: circuit breaker, quota; the transports act. Times
are seconds of the monotonic clock.
"""

from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlsplit

from tools.call import Call, Try
from tools.errors import (
    CircuitOpen,
    DeadlineExceeded,
    PoolClosed,
    PoolTimeout,
    ProviderGarbled,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.exchange import Request, Response, Verdict
from tools.policy.agency_policies import AgencyPolicies
from tools.policy.breaker import Pass
from tools.policy.shared_quota import SharedQuota
from tools.policy.traffic import STALE

__all__ = ["MAY_PASS", "Attempts"]

#: What may be gone when the request is sent once more.
MAY_PASS = (ProviderUnreachable, ProviderTimeout)
#: What says something about the agency.
_ITS_FAULT = (*MAY_PASS, ProviderGarbled, ProviderTooLarge)
#: An agency that did not answer within so little time need not be out of order.
_HURRY_S = 0.5
_TO_ANSWER_S = 1.0
#: An agency may make up others; each would be a series of its own.
_STATUSES = frozenset(HTTPStatus)
#: What ended the attempt before it got to the agency.
_NEVER_SENT = (PoolTimeout, PoolClosed, DeadlineExceeded, CircuitOpen)


class Attempts:
    """One request of `call`, sent once or more often. Belongs to one thread or task."""

    def __init__(
        self, request: Request, call: Call, policies: AgencyPolicies, clock: Callable[[], float], pool: str = "async"
    ) -> None:
        self.request = request
        self._pool = pool
        self._clock = clock
        self.last: Response | ToolError | None = None
        #: How the last attempt ended that was sent.
        self.sent_last: Response | ToolError | None = None
        #: Whether the last attempt brought what was asked for.
        self.went_well = False
        self._call, self._policies = call, policies
        self._count = 0
        self._is_counted = self._is_spent = False
        self._pass: Pass | None = None
        self._turn_at = self._sent_at = 0.0
        self._verdict: Verdict = "failed"
        #: What was wrong with the last attempt, and with the one that this one follows (None: it is the first).
        self._wrong = ""
        self._follows: str | None = None
        self._queued_before_s = 0.0

    # -- one attempt --

    def admit(self, now: float) -> float:
        """Begin an attempt; returns the seconds to wait for its turn. Raises CircuitOpen, RateLimited."""
        self._pass, self._is_counted = None, False
        if self._policies.breaker is not None:
            admitted = self._policies.breaker.admit(now)
            if not isinstance(admitted, Pass):
                self._refund()
                raise self._circuit_open(admitted)
            self._pass = admitted
        self._turn_at, granted = self._policies.quota.take_turn(now, now + self.may_wait_s(now))
        if not granted:
            self._refund()
            self._release()
            raise self.refused(self._turn_at - now)
        return self._turn_at - now if self._turn_at > now else 0.0

    @property
    def shared_quota(self) -> SharedQuota | None:
        """Where a turn is to be had besides; who has none there calls `refused` and `leave_queue`."""
        return self._policies.shared

    def may_wait_s(self, now: float) -> float:
        """Longest wait for a turn: one just before the deadline is none, the agency is to have some time to answer."""
        call = self._call
        latest = call.deadline_at - min(_TO_ANSWER_S, (call.deadline_at - call.started_at) / 4)
        return max(0.0, latest - now)

    def refused(self, wait_s: float) -> RateLimited:
        """Why it is not made: its turn comes only in `wait_s`."""
        upstream = self.request.upstream
        self.last = RateLimited(
            f"our own bound on requests to {upstream} is used up for longer than this call may take",
            retry_after_s=round(wait_s, 3),
            upstream=upstream,
        )
        return self.last

    def still_to_wait_s(self, now: float) -> float:
        """Its turn has come: seconds to wait on, because those before it were late. Raises CircuitOpen."""
        self.check_again()
        self._turn_at = self._policies.quota.confirm(self._turn_at, now)
        return max(0.0, self._turn_at - now)

    def leave_queue(self) -> None:
        """The caller left before its turn came."""
        self._give_back()
        self._release()

    def check_again(self) -> None:
        """Its turn came, or a connection: whether it is still to be sent. Raises CircuitOpen."""
        if self._policies.breaker is not None and self._pass is not None:
            wait_s = self._policies.breaker.withdrawn(self._pass, self._clock())
            if wait_s is not None:
                raise self._circuit_open(wait_s)

    def _circuit_open(self, retry_after_s: float) -> CircuitOpen:
        upstream = self.request.upstream
        said = f"{upstream} failed too often and is left alone; nothing was sent"
        self.last = CircuitOpen(said, retry_after_s=round(retry_after_s, 3), upstream=upstream)
        return self.last

    def sent(self, now: float) -> None:
        """The request goes out now, as soon as there is a connection for it."""
        call = self._call
        self._count += 1
        call.usage.attempts += 1
        self._policies.traffic.began()
        self._follows = self._wrong if self._count > 1 else None
        self.went_well = False
        call.resends, call.reused_connection = True, False
        call.check_again, call.connected = self.check_again, self._connected
        self._sent_at, self._queued_before_s = now, call.queued_s

    def _connected(self) -> None:
        """There is a connection. Of redirects only the first counts."""
        if self._is_counted:
            return
        now, self._is_counted = self._clock(), True
        self._policies.quota.use(self._turn_at, now)
        if self._count == 1:
            self._policies.budget.note_request(now)

    def _refund(self) -> None:
        """A retry that is not made spends nothing of the budget."""
        if self._is_spent:
            self._is_spent = False
            self._policies.budget.give_back()

    def _give_back(self) -> None:
        """The request is not made: neither its turn is used nor, if it is a retry, the budget."""
        self._refund()
        self._policies.quota.give_back(self._turn_at)

    def answered(self, response: Response, now: float) -> None:
        """A whole answer came, good or bad."""
        self.last = self.sent_last = response
        verdict = self._verdict = self.request.classify(response)
        self.went_well = verdict == "ok"
        said = "ok" if self.went_well else _in_words(response)
        self._end(said, now)
        self._count_attempt(now, "" if self.went_well else _label(response), was_answered=True)
        # 408 and 425 may pass, and yet say nothing of how the agency does.
        is_ours = 400 <= response.status < 500 and response.status != 429
        self._settle(None if verdict in ("ok", "rejected") or is_ours else said, now)

    def broke(self, error: ToolError, now: float) -> None:
        """No whole answer came."""
        self.last = error
        if isinstance(error, _NEVER_SENT):
            self._call.usage.attempts -= 1
            self._policies.traffic.left(self._pool, self._queued_s(), error.code)
            self._give_back()
            self._release()
            return
        self.sent_last = error
        was_stale = isinstance(error, ProviderUnreachable) and error.was_stale
        self._end(error.code, now)
        self._count_attempt(now, STALE if was_stale else error.code)
        if was_stale:
            self._release()  # that the agency closes idle connections is no failure
        elif isinstance(error, ProviderTimeout) and self._call.is_over(now):
            self._cut(now)
        elif isinstance(error, _ITS_FAULT):
            self._settle(error.code, now)
        else:
            self._settle(None, now)

    def cut_short(self, now: float) -> None:
        """The attempt was cancelled: its time ran out, or nobody waits for it any more."""
        is_timeout = self._call.is_over(now) and not self._call.mostly_queued
        self._end("cut short", now)
        if self._is_counted or self._call.cut_on_wire:
            self._count_attempt(now, ProviderTimeout.code if is_timeout else "cut_short")
        else:
            # It has had no connection yet: the agency knows nothing of it.
            self._policies.traffic.left(self._pool, self._queued_s(), "cut_short")
        if not self._is_counted:
            self._give_back()
        if is_timeout:
            self._cut(now)
        else:
            self._release()

    # -- the next one --

    def wait_s(self, now: float) -> float | None:
        """Seconds to wait before the request is sent once more; None: what there is now is handed over."""
        if not self.request.may_be_repeated:
            return None
        retry_after_s = None
        if isinstance(self.last, Response):
            if self._verdict != "retryable":
                return None
            retry_after_s = self.last.retry_after_s
        elif not isinstance(self.last, MAY_PASS):
            return None
        wait_s = self._policies.retry.wait_s(self._count, retry_after_s, self._call.remaining_s(now))
        if wait_s is not None and isinstance(self.last, ProviderUnreachable) and self.last.was_stale:
            # An attempt, but at once, on another connection, and not of the budget: there is no outage to multiply.
            self._is_spent = False
            return 0.0
        self._is_spent = wait_s is not None and self._policies.budget.try_spend(now)
        return wait_s if self._is_spent else None

    def handed_over(self, refused: ToolError) -> Response:
        """What the last attempt that was sent came to, in place of why there is no other one. Raises it if an error."""
        if isinstance(self.sent_last, Response):
            return self.sent_last
        raise self.sent_last or refused

    # -- telling --

    def _end(self, outcome: str, now: float) -> None:
        self._call.usage.upstream_s += now - self._sent_at
        path = urlsplit(self.request.url).path
        self._call.usage.tries.append(Try(f"{self.request.method} {path}", outcome))

    def _count_attempt(self, now: float, wrong: str, *, was_answered: bool = False) -> None:
        self._wrong = wrong
        traffic, queued_s = self._policies.traffic, self._queued_s()
        if self._follows is not None:
            traffic.retried(self._follows)
        took_s = max(0.0, now - self._sent_at - queued_s)
        traffic.ended(now, self._pool, queued_s, took_s, wrong, was_answered=was_answered)

    def _queued_s(self) -> float:
        """How long it waited for a connection."""
        return self._call.queued_s - self._queued_before_s

    def _took_s(self, now: float) -> float:
        """How long the agency took; the wait for a connection of ours is not its doing."""
        return max(0.0, now - self._sent_at - self._queued_s())

    def _cut(self, now: float) -> None:
        """The deadline struck while the agency had the request.

        How much that proves is a matter of the time that it had: little, when the caller was in a hurry or most of the
        time had gone by before. (A probe that came to nothing was one all the same.)
        """
        took_s, is_probe = self._took_s(now), self._pass is not None and self._pass.is_probe
        had_most = took_s >= (self._call.deadline_at - self._call.started_at) / 2
        is_certain = had_most and not self._call.is_impatient
        if is_certain or is_probe or took_s >= _HURRY_S:
            self._settle("no answer within the deadline", now, is_certain=is_certain)
        else:
            self._release()

    def _settle(self, failure: str | None, now: float, *, is_certain: bool = True) -> None:
        if self._policies.breaker is not None and self._pass is not None:
            took_s = self._took_s(now)
            self._policies.breaker.settle(self._pass, now, took_s=took_s, failure=failure, is_certain=is_certain)
        self._pass = None

    def _release(self) -> None:
        if self._policies.breaker is not None and self._pass is not None:
            self._policies.breaker.release(self._pass)
        self._pass = None


def _label(response: Response) -> str:
    """What was wrong with an answer, in one of few words."""
    if response.status == 200:
        return "error_in_body"
    return str(response.status) if response.status in _STATUSES else "other_status"


def _in_words(response: Response) -> str:
    return f"HTTP {response.status}" if response.status != 200 else "HTTP 200 with an error"
