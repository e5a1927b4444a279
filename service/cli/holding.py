"""The list held here, for one command: what the disk has, renewed where no service has done so lately."""

from service.batches.opening import make_ledger_here
from service.batches.versions import pinned_by
from service.config import Config
from service.lists import ListKeeping
from service.parts import make_clients, make_lists
from service.sandbox import Sandbox

__all__ = ["held_list", "within_s"]

#: Confirmed within this time, which is a little more than a service's own rhythm, it is taken as it is.
_LATELY_S = 75 * 60.0
#: The first list takes longer to come than an answer may; who sets a bound for that, means this, too.
_FIRST_WITHIN_S = 120.0


async def held_list(config: Config, sandbox: Sandbox | None) -> ListKeeping | None:
    """The list; None when the agency's search is asked. What is wrong with it, its `in_force` says. The versions that
    jobs here are pinned to stay, whatever comes."""
    jobs = make_ledger_here(config)
    lists = make_lists(config, sandbox, pinned=pinned_by(jobs))
    if lists is None:
        return None
    await lists.restore()
    age_s = lists.state().age_s
    if age_s is None or age_s > _LATELY_S:
        clients = make_clients(config)
        try:
            may_answer = lists.state().not_screened_because is None
            await lists.renew(clients.async_client, within_s(config, is_first=not may_answer))
        finally:
            await clients.aclose(drain_s=0.0)
            await jobs.aclose()
    return lists


def within_s(config: Config, *, is_first: bool) -> float:
    """Return how long the file may take to come, in seconds; `is_first`: there is none yet that would do."""
    if not is_first or "deadline_s" in config.model_fields_set:
        return config.deadline_s
    return max(config.deadline_s, _FIRST_WITHIN_S)
