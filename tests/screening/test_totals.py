"""The agency's own count beside the list held: when it is asked for, how it is read, and where the two differ."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.screening.test_keeper import in_force, keeper, manifest
from tools.errors import ProviderGarbled
from tools.screening.store import ListStore
from tools.screening.totals import AgencyTotals, compared_totals, is_due, read_totals

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SDN, NEW = "Specially Designated Nationals (SDN) - Treasury Department", "New List (NL) - State Department"


def answer(total: int, *facets: tuple[Any, Any]) -> dict[str, Any]:
    return {"total": total, "sources": [{"value": value, "count": count} for value, count in facets], "results": []}


def test_it_is_due_once_a_day_and_an_hour_after_an_error() -> None:
    assert is_due(None, NOON)
    good = AgencyTotals(asked_at=NOON, counted_at=NOON, total=7)
    assert not is_due(good, NOON + 24 * HOUR - timedelta(seconds=1))
    assert is_due(good, NOON + 24 * HOUR)
    failed = AgencyTotals(asked_at=NOON, error="no answer")
    assert not is_due(failed, NOON + HOUR - timedelta(seconds=1))
    assert is_due(failed, NOON + HOUR)


def test_a_clock_that_was_set_back_does_not_put_it_off_for_ever() -> None:
    ahead = AgencyTotals(asked_at=NOON + 365 * 24 * HOUR, counted_at=NOON)
    assert is_due(ahead, NOON)
    assert not is_due(AgencyTotals(asked_at=NOON + timedelta(minutes=4)), NOON)


def test_without_a_list_in_force_there_is_nothing_to_compare() -> None:
    it = keeper()
    assert not it.totals_are_due(NOON)
    it.hold(in_force(), manifest(), None)
    assert it.totals_are_due(NOON)
    it.counted(AgencyTotals(asked_at=NOON, counted_at=NOON, total=8))
    assert not it.totals_are_due(NOON)
    check = it.state(NOON).totals
    assert check is not None
    assert [(each.list, each.agency, each.held) for each in check.differences] == [(None, 8, 7)]
    it.counted(AgencyTotals(asked_at=NOON, counted_at=NOON, total=7))
    check = it.state(NOON).totals
    assert check is not None
    assert check.differences == ()


def test_counts_are_read_by_list_known_or_not() -> None:
    totals = read_totals(answer(9, (SDN, 6), (NEW, 3)), NOON)
    assert (totals.total, totals.per_list, totals.is_by_list) == (9, {"SDN": 6, NEW: 3}, True)
    assert not read_totals(answer(10, (SDN, 6), (NEW, 3)), NOON).is_by_list
    assert read_totals({"total": 9, "results": []}, NOON).per_list == {}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        answer(-1),
        answer(True),
        answer(5, (SDN, 6)),
        answer(5, (SDN, "5")),
        answer(5, (None, 5)),
        {"total": 5, "sources": "SDN"},
    ],
)
def test_an_answer_of_another_shape_counts_nothing(body: object) -> None:
    with pytest.raises(ProviderGarbled):
        read_totals(body, NOON)


@pytest.mark.parametrize(("held", "differ"), [(100, False), (98, False), (102, False), (97, True), (103, True)])
def test_two_per_cent_of_the_agencys_count_are_no_difference(held: int, differ: bool) -> None:
    totals = AgencyTotals(asked_at=NOON, counted_at=NOON, total=100, per_list={"SDN": 100}, is_by_list=True)
    check = compared_totals(totals, held, {"SDN": held})
    assert [each.list for each in check.differences] == ([None, "SDN"] if differ else [])


def test_a_list_that_one_of_them_lacks_differs_however_small_it_is() -> None:
    totals = AgencyTotals(asked_at=NOON, counted_at=NOON, total=1007, per_list={"SDN": 1000, "FSE": 7}, is_by_list=True)
    check = compared_totals(totals, 1005, {"SDN": 1000, "PLC": 5})
    assert [(each.list, each.agency, each.held) for each in check.differences] == [("FSE", 7, 0), ("PLC", 0, 5)]
    assert (check.agency, check.held) == (1007, 1005)


def test_a_list_that_the_search_does_not_name_is_not_taken_for_empty() -> None:
    totals = AgencyTotals(asked_at=NOON, counted_at=NOON, total=1007, per_list={"SDN": 1000}, is_by_list=False)
    assert compared_totals(totals, 1007, {"SDN": 1000, "FSE": 7}).differences == ()


def test_without_a_count_nothing_is_compared() -> None:
    check = compared_totals(AgencyTotals(asked_at=NOON, error="no answer"), 7, {"SDN": 7})
    assert (check.agency, check.differences, check.error) == (None, (), "no answer")


def test_a_count_outlives_a_restart_and_damage_is_no_count(tmp_path: Path) -> None:
    store = ListStore(tmp_path)
    assert store.totals() is None
    totals = AgencyTotals(asked_at=NOON, counted_at=NOON, total=9, per_list={"SDN": 9}, is_by_list=True)
    store.note_totals(totals)
    assert store.totals() == totals
    for damaged in (b"", b"[]", b"{}", orjson.dumps({**asdict(totals), "asked_at": "soon"})):
        (tmp_path / "totals.json").write_bytes(damaged)
        assert store.totals() is None
