"""What both transports need to know to ask one agency, and what they decide alike about kept answers."""

from dataclasses import dataclass, replace
from typing import TypeVar

from tools.cache import AnswerCache, Kept
from tools.call import Call
from tools.errors import (
    CircuitOpen,
    DeadlineExceeded,
    NotFound,
    PoolTimeout,
    ProviderError,
    RateLimited,
)
from tools.policy.agency_policies import AgencyPolicies
from tools.transports.flights import AsyncFlights, SyncFlights

__all__ = ["STALE_WILL_DO", "AnswerStore", "Asking", "leaving_time_to_tell", "shared_store_left_s", "value_of"]

T = TypeVar("T")

#: In place of these an answer may be given that is older than it should be: nothing is wrong with the question.
STALE_WILL_DO = (ProviderError, RateLimited, CircuitOpen, PoolTimeout, DeadlineExceeded)
#: Of the time that is left, so much is kept to give the old answer in when no new one comes.
_TO_TELL_S = 0.25
#: A call with many parts looks in the shared store for each; a slow one is not to cost it more than this in all.
SHARED_STORE_S = 0.05


@dataclass(frozen=True, slots=True)
class AnswerStore:
    """Kept answers, and the questions that are being asked right now."""

    answers: AnswerCache
    in_tasks: AsyncFlights
    in_threads: SyncFlights


@dataclass(frozen=True, slots=True)
class Asking:
    """One agency: its short name, its address, and how it is asked.

    `deadline_s` bounds what is asked without anybody waiting. Without a `store` every question goes to the agency.
    """

    upstream: str
    base_url: str
    policies: AgencyPolicies
    deadline_s: float
    store: AnswerStore | None = None

    @property
    def scope(self) -> str:
        """Whose answers are kept: those of another address are other answers, and so are another agency's there."""
        return f"{self.upstream} {self.base_url}"


def shared_store_left_s(call: Call) -> float:
    """Seconds that `call` may still spend on looking for answers outside of this process."""
    return SHARED_STORE_S - call.usage.shared_store_s


def value_of(kept: Kept[T], upstream: str) -> T:
    """The value that was kept. Raises NotFound when the agency has none."""
    if kept.not_found is not None:
        raise NotFound(kept.not_found, upstream=upstream)
    if kept.value is None:
        raise TypeError("an exchange returned nothing")
    return kept.value


def leaving_time_to_tell(call: Call) -> Call:
    """`call` with a deadline a little earlier, so that an old answer can still be given when no new one comes."""
    return replace(call, deadline_at=call.deadline_at - min(_TO_TELL_S, max(0.0, call.remaining_s()) / 4))
