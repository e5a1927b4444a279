"""By what a chunk is screened, and what is told when it cannot be."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import orjson
import pytest

from service.batches.ledger import Chunk, ListChoice, NewJob
from service.batches.matching_pool import MatchingPool
from service.batches.rows import Row, RowResult, ScreeningOptions
from service.batches.screening import ListAway, RowScreening
from service.batches.versions import HeldVersions, ListVersion, too_old
from tools.errors import CircuitOpen, NotScreened, ProviderRejected, RateLimited, ToolError
from tools.sanctions import SanctionsTool
from tools.sanctions_query import SanctionsQuery

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
VERSION = ListVersion(Path("versions") / ("a" * 64), "a" * 64, NOON)
ROWS = (Row(1, name="Quiet Harbor"), Row(2, name="Loud Harbor"))


class Held:
    """Versions: `why_not` says why none may clear anybody."""

    def __init__(self, why_not: str | None = None) -> None:
        self.why_not = why_not
        self.asked: list[str] = []

    async def newest(self) -> ListVersion:
        return self._told("newest")

    async def pinned(self, sha256: str, as_of: datetime) -> ListVersion:
        return self._told(f"pinned {sha256[:3]} {as_of:%H}")

    def _told(self, how: str) -> ListVersion:
        self.asked.append(how)
        if self.why_not is not None:
            raise NotScreened(self.why_not)
        return VERSION


class Pool(MatchingPool):
    """Notes what it is asked."""

    def __init__(self) -> None:
        super().__init__(1)
        self.asked: list[tuple[Path, bool, bool]] = []

    async def screen(
        self,
        rows: Sequence[Row],
        folder: Path,
        options: ScreeningOptions,
        *,
        urgent: bool,
        tell_version: bool = False,
    ) -> list[RowResult]:
        self.asked.append((folder, urgent, tell_version))
        return [RowResult(row.number, "screened", "clear", b"{}") for row in rows]


class Agency(SanctionsTool):
    """Fails as it is told, one question after the other."""

    def __init__(self, *fails: Exception) -> None:
        super().__init__(subscription_key="k")
        self.fails = list(fails)
        self.asked: list[str] = []

    async def run_query_async(self, query: Any, *, watch: Any = None) -> Any:
        assert isinstance(query, SanctionsQuery)
        self.asked.append(query.name)
        raise self.fails.pop(0)


def chunk(choice: ListChoice = "pinned", via: Literal["list", "api"] = "list", rows: tuple[Row, ...] = ROWS) -> Chunk:
    """Of a job that came at noon."""
    pinned = choice == "pinned"
    job = NewJob(
        id="1",
        created_at=NOON,
        options=ScreeningOptions(via=via),
        list_choice=choice,
        list_version="a" * 64 if pinned else None,
        list_as_of=NOON if pinned else None,
        idempotency_key=None,
    )
    return Chunk(job, 0, rows, 0)


def screening(held: Held, agency: Agency | None = None, pauses: list[float] | None = None) -> tuple[RowScreening, Pool]:
    """One with stand-ins; what it pauses is noted."""

    async def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)

    pool = Pool()
    return RowScreening(pool, held, agency or Agency(), pause=pause), pool


async def test_a_pinned_job_is_screened_by_its_version_and_others_by_the_newest() -> None:
    held = Held()
    rows, pool = screening(held)
    await rows.chunk(chunk("pinned"))
    await rows.chunk(chunk("newest"))
    assert held.asked == ["pinned aaa 12", "newest"]
    # Whose rows may come from several versions, each row says its own.
    assert pool.asked == [(VERSION.folder, False, False), (VERSION.folder, False, True)]


async def test_a_pinned_version_that_may_clear_nobody_screens_nobody() -> None:
    rows, pool = screening(Held("the list is too old"))
    results = await rows.chunk(chunk("pinned"))
    told = [orjson.loads(each.line) for each in results]
    assert [(each["row"], each["status"], each["code"]) for each in told] == [
        (1, "not_screened", "not_screened"),
        (2, "not_screened", "not_screened"),
    ]
    assert told[0]["detail"] == "the list is too old"
    assert pool.asked == []


async def test_a_job_that_follows_the_newest_waits_while_there_is_none() -> None:
    rows, pool = screening(Held("no list is in force"))
    with pytest.raises(ListAway, match="no list is in force"):
        await rows.chunk(chunk("newest"))
    assert pool.asked == []


async def test_without_a_list_nothing_can_be_held() -> None:
    with pytest.raises(NotScreened):
        await HeldVersions(None).newest()
    with pytest.raises(NotScreened):
        await HeldVersions(None).pinned("a" * 64, NOON)


def test_a_version_may_clear_for_a_day_after_it_was_last_the_current_one() -> None:
    assert too_old(VERSION, NOON + timedelta(hours=24)) is None
    assert "25 h ago" in str(too_old(VERSION, NOON + timedelta(hours=25)))


async def test_a_row_whose_question_fails_for_good_is_not_screened_and_says_why() -> None:
    agency, pauses = Agency(ProviderRejected("the agency answered 403", status=403)), list[float]()
    rows, _ = screening(Held(), agency, pauses)
    (result,) = await rows.chunk(chunk(via="api", rows=ROWS[:1]))
    told = orjson.loads(result.line)
    assert (told["status"], told["code"], told["detail"]) == (
        "not_screened",
        "provider_rejected",
        "the agency answered 403",
    )
    assert pauses == []


async def test_what_may_pass_is_asked_for_again_after_the_time_that_it_names() -> None:
    waits: list[ToolError] = [RateLimited("wait", retry_after_s=3.0), CircuitOpen("wait", retry_after_s=99.0)]
    agency, pauses = Agency(*waits, ValueError("ours")), list[float]()
    rows, _ = screening(Held(), agency, pauses)
    (result,) = await rows.chunk(chunk(via="api", rows=ROWS[:1]))
    assert orjson.loads(result.line)["code"] == "internal_error"
    assert pauses == [3.0, 30.0]
    assert len(agency.asked) == 3


async def test_a_row_is_not_asked_for_without_end() -> None:
    agency, pauses = Agency(*[RateLimited("wait", retry_after_s=1.0) for _ in range(99)]), list[float]()
    rows, _ = screening(Held(), agency, pauses)
    (result,) = await rows.chunk(chunk(via="api", rows=ROWS[:1]))
    assert orjson.loads(result.line)["code"] == "rate_limited"
    assert len(agency.asked) == 8


async def test_an_invalid_row_is_not_asked_for() -> None:
    agency = Agency()
    rows, _ = screening(Held(), agency)
    (result,) = await rows.chunk(chunk(via="api", rows=(Row(1, fault="name: is missing"),)))
    assert (result.status, agency.asked) == ("invalid", [])
