"""The policies of one agency, as one process keeps to them: shared by threads and the event loop."""

from dataclasses import dataclass, field

from tools.policy.breaker import Breaker
from tools.policy.quota import Quota
from tools.policy.retry import RetryBudget, RetryPolicy
from tools.policy.shared_quota import SharedQuota
from tools.policy.traffic import Traffic

__all__ = ["AgencyPolicies"]


@dataclass(frozen=True, slots=True)
class AgencyPolicies:
    """How one agency is asked, and what came of it. No `breaker`: it never opens; a `quota` without rates: no bound.

    A `shared` quota is asked besides, by the async half alone: its place is reached over the event loop.
    """

    retry: RetryPolicy = field(default_factory=RetryPolicy)
    budget: RetryBudget = field(default_factory=RetryBudget)
    breaker: Breaker | None = field(default_factory=Breaker)
    quota: Quota = field(default_factory=lambda: Quota(()))
    traffic: Traffic = field(default_factory=Traffic)
    shared: SharedQuota | None = None
