"""The agency's own count of entries beside the list that is held: counts in, where they disagree out.

The file has lost whole lists while the search had them, and the other way round. Neither is known to be right: a
disagreement changes no outcome, it is reported. Source of the count: `/v1/search` at data.trade.gov without a name,
whose `total` counts all entries, and whose `sources` count them by list.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from tools.errors import ProviderGarbled
from tools.exchange import Exchange, Part, Request
from tools.payload import Fields, tidy
from tools.policy.freshness import Freshness
from tools.sanctions_lists import list_named

__all__ = ["AgencyTotals", "Difference", "TotalsCheck", "ask_for_totals", "compared_totals", "is_due", "read_totals"]

_UPSTREAM = "csl"
#: Counts may differ by so many per cent of the agency's: both change within the day.
_PER_CENT = 2
_EVERY = timedelta(days=1)
#: The question is asked again after this when it had no answer.
_RETRY = timedelta(hours=1)
#: Clocks of two machines may differ by this.
_CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyTotals:
    """How many entries the agency says it has: in all, and by list code (or its string, of a list not known).

    `is_by_list`: the counts by list add up to the total, so that a list without one has no entry. `asked_at` is when
    the agency was last asked; `counted_at` when it last answered (None: never), and `error` why it did not since (UTC).
    """

    asked_at: datetime
    counted_at: datetime | None = None
    total: int = 0
    per_list: Mapping[str, int] = field(default_factory=dict)
    is_by_list: bool = False
    error: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "AgencyTotals":
        """Return what `asdict`, as JSON, made `given` of. Raises KeyError, TypeError, ValueError."""
        counted_at = given["counted_at"]
        times = {
            "asked_at": datetime.fromisoformat(given["asked_at"]).astimezone(UTC),
            "counted_at": None if counted_at is None else datetime.fromisoformat(counted_at).astimezone(UTC),
        }
        return cls(**{**given, **times})


@dataclass(frozen=True, slots=True)
class Difference:
    """Two counts that disagree; `list` is its code or the agency's string, None: of all lists."""

    list: str | None
    agency: int
    held: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalsCheck:
    """The agency's count beside the list in force: both totals, and every `difference` of more than 2 %.

    `agency` and `counted_at` are None while the agency has not answered; then `error` says why.
    """

    asked_at: datetime
    counted_at: datetime | None
    agency: int | None
    held: int
    differences: tuple[Difference, ...]
    error: str | None


def is_due(totals: AgencyTotals | None, now: datetime) -> bool:
    """Return whether the agency is to be asked: once a day, and an hour after a question without an answer."""
    if totals is None or totals.asked_at - now > _CLOCKS_DIFFER:
        return True
    return now - totals.asked_at >= (_EVERY if totals.error is None else _RETRY)


def ask_for_totals(base_url: str, subscription_key: str) -> Part[AgencyTotals]:
    """Return the question for them, of one request. Its answer is for once, and is not kept with other answers."""
    exchange = partial(_count, base_url, subscription_key)
    return Part(("totals",), AgencyTotals, Freshness(0.0, 0.0, 0.0), exchange, lambda _: False)


def _count(base_url: str, subscription_key: str) -> Exchange[AgencyTotals]:
    response = yield Request(
        "GET",
        f"{base_url}/search",
        _UPSTREAM,
        params={"size": "1", "offset": "0"},
        headers={"subscription-key": subscription_key},
    )
    response.require_ok()
    return read_totals(response.json(), response.received_at)


def read_totals(body: object, received_at: datetime) -> AgencyTotals:
    """Return what an answer of the search says of all entries. Raises ProviderGarbled."""
    page = Fields.of(body, _UPSTREAM, "the answer")
    total, per_list = page.count("total"), dict[str, int]()
    for facet in page.objects("sources"):
        name = tidy(facet.text("value"))
        code = list_named(name).code or name
        per_list[code] = per_list.get(code, 0) + facet.count("count")
    counted = sum(per_list.values())
    if counted > total:
        raise ProviderGarbled(f"csl: it has {total} entries, but counts {counted} by list", upstream=_UPSTREAM)
    return AgencyTotals(
        asked_at=received_at,
        counted_at=received_at,
        total=total,
        per_list=per_list,
        is_by_list=counted == total,
    )


def compared_totals(totals: AgencyTotals, held: int, held_per_list: Mapping[str, int]) -> TotalsCheck:
    """Compare the agency's count with the `held` entries, in all and by list."""
    differences = list[Difference]()
    if totals.counted_at is not None:
        pairs: list[tuple[str | None, int, int]] = [(None, totals.total, held)]
        # A search names the lists with the most entries; one that it leaves out has none only if nothing is left over.
        names = dict.fromkeys((*totals.per_list, *(held_per_list if totals.is_by_list else ())))
        pairs += [(name, totals.per_list.get(name, 0), held_per_list.get(name, 0)) for name in names]
        differences = [Difference(*pair) for pair in pairs if _differ(pair[1], pair[2])]
    return TotalsCheck(
        asked_at=totals.asked_at,
        counted_at=totals.counted_at,
        agency=None if totals.counted_at is None else totals.total,
        held=held,
        differences=tuple(differences),
        error=totals.error,
    )


def _differ(agency: int, held: int) -> bool:
    return abs(agency - held) * 100 > agency * _PER_CENT
