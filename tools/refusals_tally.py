"""Counts refusals as they stream by, and keeps the newest of them: bounded, however many come."""

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from tools.payload import Fields
from tools.refusals_charges import charge_of
from tools.refusals_rows import Refusal, charge_ids, read_refusal, refused_on

__all__ = ["ChargeCount", "FirmCount", "MonthCount", "Tally"]

#: Firms that are named with their counts; the rest is counted only.
_FIRMS_NAMED = 100


@dataclass(frozen=True, slots=True)
class ChargeCount:
    """How many refusals cite a charge. One refusal may cite several."""

    id: str
    code: str | None
    section: str | None
    meaning: str | None
    count: int


@dataclass(frozen=True, slots=True)
class MonthCount:
    """Refusals in one month, `YYYY-MM`."""

    month: str
    count: int


@dataclass(frozen=True, slots=True)
class FirmCount:
    """Refusals of one firm; `fei` is its FDA Establishment Identifier."""

    firm: str | None
    fei: str | None
    count: int


class Tally:
    """Takes rows one after the other. Holds at most `keep` of them, and a counter for each charge, month and firm."""

    def __init__(self, keep: int) -> None:
        self.counted = 0
        self._keep = keep
        self._newest: list[tuple[date, int, Fields]] = []
        self._charges = Counter[str]()
        self._months = Counter[str]()
        self._firms = Counter[str]()
        self._named: dict[str, tuple[str | None, str | None]] = {}

    def add(self, rows: Iterable[Fields]) -> None:
        """Count `rows`. One without a date is of no month, and the oldest; one without firm and FEI is of no firm."""
        for row in rows:
            day, (firm, fei) = refused_on(row), row.nullable_texts("FirmName", "FEINumber")
            for charge_id in dict.fromkeys(charge_ids(row)):
                self._charges[charge_id] += 1
            if day is not None:
                self._months[day.isoformat()[:7]] += 1
            key = fei or firm
            if key is not None:
                self._firms[key] += 1
                self._named.setdefault(key, (firm, fei))
            self._keep_newest(day or date.min, row)
            self.counted += 1

    def _keep_newest(self, day: date, row: Fields) -> None:
        # Of two of the same day the one that came first is kept: its place counts backwards.
        place = (day, -self.counted, row)
        if len(self._newest) < self._keep:
            heapq.heappush(self._newest, place)
        elif place[:2] > self._newest[0][:2]:
            heapq.heapreplace(self._newest, place)

    def newest(self) -> tuple[Refusal, ...]:
        """Return the newest refusals, newest first."""
        ordered = sorted(self._newest, key=lambda kept: kept[:2], reverse=True)
        return tuple(read_refusal(row) for _, _, row in ordered)

    def by_charge(self) -> tuple[ChargeCount, ...]:
        """Counts by charge, the most cited first."""
        charges = ((charge_of(charge_id), count) for charge_id, count in self._charges.most_common())
        return tuple(ChargeCount(each.id, each.code, each.section, each.meaning, count) for each, count in charges)

    def by_month(self) -> tuple[MonthCount, ...]:
        """Counts by month, newest first; a month without refusals is not named."""
        return tuple(MonthCount(month, count) for month, count in sorted(self._months.items(), reverse=True))

    def by_firm(self) -> tuple[FirmCount, ...]:
        """Counts by firm, the most refused first, a hundred of them at most."""
        return tuple(FirmCount(*self._named[key], count) for key, count in self._firms.most_common(_FIRMS_NAMED))

    @property
    def firms(self) -> int:
        """How many firms there are."""
        return len(self._firms)
