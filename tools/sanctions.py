"""Denied parties: one name against the U.S. Consolidated Screening List.

Two ways: the list that is held here (`sanctions_held`), and `/v1/search` at data.trade.gov, the interface of the
International Trade Administration to thirteen lists of the Treasury, the Bureau of Industry and Security and the State
Department. `clear` says exactly that no listed name scored at or above the threshold, on the lists that `coverage`
names, in that version or when it was asked. A hit is not an adjudication.
"""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from tools.agency import AgencyTool
from tools.errors import InvalidQuery, NotScreened
from tools.exchange import Plan, Reading
from tools.sanctions_held import HeldLists, held_data, matched
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_result import Coverage, SanctionsResult, Way, compared, result_of
from tools.sanctions_search import required_key, searched
from tools.screening.algorithms import ALGORITHMS
from tools.screening.totals import AgencyTotals, ask_for_totals

__all__ = ["Coverage", "SanctionsQuery", "SanctionsResult", "SanctionsTool", "plan"]

_UPSTREAM = "csl"
#: So many names of one question are compared without a thread of their own.
_FEW_NAMES = 3


class SanctionsTool(AgencyTool):
    """Screens one name against the Consolidated Screening List.

    By `source`, unless a question says otherwise: by the list that `lists` hold, or by the agency's search, which needs
    its `subscription_key`.
    """

    name: ClassVar[str] = "sanctions"
    description: ClassVar[str] = (
        "Denied parties: one name against the thirteen lists of the U.S. Consolidated Screening List, with an outcome, "
        "scored hits and what each list asks for."
    )
    upstream: ClassVar[str | None] = _UPSTREAM
    source_name: ClassVar[str] = "ITA Consolidated Screening List"
    default_base_url: ClassVar[str] = "https://data.trade.gov/consolidated_screening_list/v1"
    default_rate: ClassVar[str] = "100/60s,3/2s"
    query_model: ClassVar[type[BaseModel]] = SanctionsQuery
    screens: ClassVar[bool] = True

    def __init__(
        self,
        *,
        subscription_key: str | None = None,
        lists: HeldLists | None = None,
        source: Literal["list", "api"] = "api",
        **kwargs: Any,
    ) -> None:
        super().__init__(secrets={"subscription_key": subscription_key}, **kwargs)
        self._subscription_key = subscription_key
        self._lists, self._source = lists, source

    @property
    def missing(self) -> tuple[str, ...]:
        """The list held here needs no key."""
        return () if self._source == "list" else super().missing

    def require_key(self) -> None:
        """Raise NotConfigured when the agency's search cannot be asked for want of a key."""
        required_key(self._subscription_key)

    async def agency_totals(self) -> AgencyTotals:
        """Ask the agency how many entries it has, in all and by list. Raises ToolError."""
        return await self.ask_live_async(ask_for_totals(self.base_url, required_key(self._subscription_key)))

    def takes_long_here(self, query: SanctionsQuery) -> bool:
        """Whether it does: OFAC's way takes tens of milliseconds, and each of several names its own time."""
        is_slow = query.algorithm != ALGORITHMS[0] or len(query.names) > _FEW_NAMES
        return is_slow and (query.via or self._source) == "list"

    def plan(self, query: SanctionsQuery) -> Plan[SanctionsResult]:
        """See the module's `plan`."""
        return plan(query, self.base_url, self._subscription_key, self._lists, self._source)


def plan(
    query: SanctionsQuery,
    base_url: str,
    subscription_key: str | None,
    lists: HeldLists | None = None,
    source: Literal["list", "api"] = "api",
) -> Plan[SanctionsResult]:
    """Screen by the way that is asked for, else by `source`.

    Raises NotScreened when the list is to be asked and none is held that may clear anybody, InvalidQuery when an
    algorithm is chosen for the agency's search, which has its own, ScriptNotCovered when a part of the name is not read
    and the rest is no hit; and what `searched` raises.
    """
    via: Way = query.via or source
    if via == "api":
        if query.algorithm != ALGORITHMS[0]:
            raise InvalidQuery("algorithm: is the list's; the agency's search has its own", parameter="algorithm")
        found = yield from searched(query, base_url, subscription_key)
        return Reading(result_of(query, found, via), version=None, via=via)
    if lists is None:
        raise NotScreened("no list is held here", upstream=_UPSTREAM)
    version = lists.in_force()
    found, comparison = matched(query, version.list), None
    if via == "both":
        found, comparison = compared(query, found, (yield from searched(query, base_url, subscription_key)))
    result = result_of(query, found, via, comparison)
    return Reading(result, version.list.version, held=held_data(version), via=via)
