"""When the list is asked for, and what is told of it: clocks are numbers here."""

from datetime import UTC, datetime, timedelta

import pytest

from tools.screening.gates import FailedGate, Figures
from tools.screening.keeper import Keeper, Rhythm
from tools.screening.manifest import Attempt, InForce, Manifest, Suspect

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def manifest(sha256: str = "a" * 64) -> Manifest:
    return Manifest(
        sha256=sha256,
        url="http://list",
        published=NOON - HOUR,
        fetched=NOON,
        etag='"1"',
        last_modified=None,
        figures=Figures(format="csv", rows=7),
    )


def in_force(confirmed_at: datetime = NOON, etag: str | None = '"1"', last_modified: str | None = None) -> InForce:
    return InForce(
        sha256="a" * 64, url="http://list", etag=etag, last_modified=last_modified, confirmed_at=confirmed_at
    )


def suspect() -> Suspect:
    gates = (FailedGate("list_gone", "SDN is gone"), FailedGate("list_gone", "EL is gone"))
    return Suspect(sha256="b" * 64, gates=gates, since=NOON, manifest=manifest("b" * 64))


def keeper(throw: float = 0.5) -> Keeper:
    return Keeper(Rhythm(), lambda: throw)


def test_it_asks_at_once_and_then_every_hour() -> None:
    it = keeper()
    assert it.wait_s(100.0) == 0.0
    assert not it.first_attempt_ended
    it.confirmed(in_force(), manifest(), 100.0)
    assert it.first_attempt_ended
    assert it.wait_s(100.0) == 3600.0
    assert it.wait_s(3700.0) == it.wait_s(9999.0) == 0.0


@pytest.mark.parametrize(("throw", "wait_s"), [(0.0, 3240.0), (1.0, 3960.0)])
def test_the_hour_is_a_tenth_longer_or_shorter_by_chance(throw: float, wait_s: float) -> None:
    it = keeper(throw)
    it.confirmed(in_force(), manifest(), 0.0)
    assert it.wait_s(0.0) == pytest.approx(wait_s)


def test_after_failures_it_asks_sooner_and_ever_later() -> None:
    it = keeper()
    waits = []
    for _ in range(8):
        it.failed("no answer", 0.0)
        waits.append(it.wait_s(0.0))
    assert waits == [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3600.0, 3600.0]
    it.confirmed(in_force(), manifest(), 0.0)
    it.suspected(suspect(), 0.0)
    assert it.wait_s(0.0) == 60.0


def test_the_agency_may_ask_for_more_patience_but_not_for_more_than_an_hour() -> None:
    it = keeper()
    it.failed("429", 0.0, retry_after_s=300.0)
    assert it.wait_s(0.0) == 300.0
    it.failed("429", 0.0, retry_after_s=1.0)
    assert it.wait_s(0.0) == 120.0
    it.failed("429", 0.0, retry_after_s=999_999.0)
    assert it.wait_s(0.0) == 3600.0


def test_a_person_need_not_wait() -> None:
    it = keeper()
    it.failed("no answer", 0.0)
    it.ask_soon()
    assert it.wait_s(0.0) == 0.0


def test_the_question_is_conditional_once_there_is_a_list() -> None:
    it = keeper()
    assert it.conditions("http://list") == {}
    it.hold(in_force(), manifest(), None)
    assert it.conditions("http://list") == {"If-None-Match": '"1"'}
    assert it.conditions("http://another") == {}
    it.hold(in_force(last_modified="Wed, 25 Nov 2026 10:15:00 GMT"), manifest(), None)
    assert set(it.conditions("http://list")) == {"If-None-Match", "If-Modified-Since"}
    it.hold(in_force(etag=None), manifest(), None)
    assert it.conditions("http://list") == {}


def test_without_a_list_nobody_is_screened() -> None:
    it = keeper()
    assert not it.is_fresh(NOON)
    assert it.state(NOON).not_screened_because == "no list is in force"
    it.failed("csl did not answer in time", 0.0)
    state = it.state(NOON)
    assert state.not_screened_because == "no list is in force; csl did not answer in time"
    assert (state.version, state.age_s, state.last_error) == (None, None, "csl did not answer in time")


def test_a_list_of_the_disk_has_its_true_age() -> None:
    it = keeper()
    it.hold(in_force(NOON - 5 * HOUR), manifest(), None)
    state = it.state(NOON)
    assert (state.version, state.age_s, state.not_screened_because) == ("a" * 64, 5 * 3600.0, None)
    assert it.wait_s(0.0) == 0.0


def test_past_a_day_since_it_was_confirmed_nobody_is_screened() -> None:
    it = keeper()
    it.confirmed(in_force(), manifest(), 0.0)
    assert it.is_fresh(NOON + 24 * HOUR)
    late = NOON + 24 * HOUR + timedelta(seconds=1)
    assert not it.is_fresh(late)
    assert it.state(late).not_screened_because == "the list was last confirmed 24 h ago, 24 h are allowed"
    it.confirmed(in_force(late), manifest(), 0.0)
    assert it.is_fresh(late)


def test_a_suspect_confirms_nothing_and_is_told() -> None:
    it = keeper()
    it.confirmed(in_force(), manifest(), 0.0)
    it.asking(NOON + HOUR)
    it.suspected(suspect(), 0.0)
    state = it.state(NOON + HOUR)
    assert state.suspect == suspect()
    assert (state.version, state.age_s, state.asked_at) == ("a" * 64, 3600.0, NOON + HOUR)
    assert state.not_screened_because is None
    assert str(it.state(NOON + 30 * HOUR).not_screened_because).endswith(
        "the file that came since is suspect (list_gone)"
    )
    it.confirmed(in_force(NOON + 2 * HOUR), manifest(), 0.0)
    assert it.state(NOON + 2 * HOUR).suspect is None


def test_a_clock_that_was_set_back_makes_no_list_fresh() -> None:
    it = keeper()
    it.confirmed(in_force(NOON), manifest(), 0.0)
    assert it.is_fresh(NOON - timedelta(minutes=4))
    assert not it.is_fresh(NOON - HOUR)
    assert it.state(NOON - HOUR).age_s == 0.0


def test_what_another_process_heard_counts_as_an_attempt_if_it_ended_since_the_start() -> None:
    it = keeper()
    it.heard(Attempt(NOON - HOUR, NOON - HOUR, "csl did not answer in time"), started_at=NOON)
    assert not it.first_attempt_ended
    assert it.state(NOON).last_error == "csl did not answer in time"
    it.heard(Attempt(NOON, NOON, None), started_at=NOON)
    assert it.first_attempt_ended
    assert it.state(NOON).last_error is None
