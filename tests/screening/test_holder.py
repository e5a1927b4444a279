"""The list held by a process: from the sandbox's file over a process that builds it to a swap, whatever comes."""

import asyncio
import json
import os
import select
import sys
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.sandbox import Sandbox, parse_faults
from tools.errors import ProviderFailed, ToolError
from tools.http_client import AsyncClient, HTTPClientManager
from tools.screening.build import command, environment
from tools.screening.gates import DEFAULT_MIN_ROWS
from tools.screening.holder import ListHolder
from tools.screening.keeper import Keeper, Rhythm
from tools.screening.manifest import InForce
from tools.screening.store import ListStore
from tools.screening.totals import AgencyTotals

pytest.importorskip("tools.screening.match")

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


@dataclass(slots=True)
class Day:
    """A clock that is set by hand."""

    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass(slots=True)
class House:
    """A process with its list, and the agency that it asks."""

    sandbox: Sandbox
    client: AsyncClient
    root: Path
    day: Day
    url: str = ""

    def holder(self, min_rows: int = 1) -> ListHolder:
        keeper = Keeper(Rhythm(), lambda: 0.5)
        url = self.url or self.sandbox.list_url
        return ListHolder(ListStore(self.root), keeper, url, min_rows=min_rows, now=self.day)

    async def holding(self) -> ListHolder:
        holder = self.holder()
        await holder.ask(self.client)
        assert holder.held is not None
        return holder


@pytest.fixture
async def house(open_manager: Callable[..., HTTPClientManager], tmp_path: Path) -> AsyncIterator[House]:
    sandbox = Sandbox()
    await sandbox.start()
    # What the sandbox's answers say of when they came is the true time: the clock goes on from there.
    yield House(sandbox, open_manager().async_client, tmp_path / "lists", Day(datetime.now(UTC) + timedelta(minutes=1)))
    await sandbox.close()


async def test_the_first_question_brings_the_list(house: House) -> None:
    holder = house.holder()
    await holder.restore()
    assert (holder.held, holder.wait_s()) == (None, 0.0)
    await holder.ask(house.client)
    assert holder.held is not None
    assert len(holder.held) == holder.held.manifest.figures.rows == 207
    assert holder.held.manifest.is_sample_data
    assert {holder.held.entry(at).list for at in range(207)} == set(holder.held.manifest.figures.rows_per_list)
    state = holder.state()
    assert (state.version, state.not_screened_because) == (holder.held.version, None)
    assert holder.wait_s() > 3000


async def test_versions_that_are_pinned_are_told_to_the_store(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def pinned() -> set[str]:
        return {"a" * 64}

    told: list[object] = []
    put_in_force = ListStore.put_in_force

    def listening(store: ListStore, given: InForce, pinned: Collection[str] | None = ()) -> None:
        told.append(pinned)
        put_in_force(store, given, pinned)

    monkeypatch.setattr(ListStore, "put_in_force", listening)
    keeper = Keeper(Rhythm(), lambda: 0.5)
    store, url = ListStore(house.root), house.sandbox.list_url
    await ListHolder(store, keeper, url, min_rows=1, now=house.day, pinned=pinned).ask(house.client)
    assert told == [{"a" * 64}]


async def test_an_entry_that_is_not_there_is_an_error(house: House) -> None:
    held = (await house.holding()).held
    assert held is not None
    for at in (-1, 207):
        with pytest.raises(IndexError):
            held.entry(at)


async def test_json_is_as_good(house: House) -> None:
    csv = (await house.holding()).held
    house.url = house.sandbox.list_url.replace(".csv", ".json")
    house.root = house.root.with_name("json")
    json = (await house.holding()).held
    assert csv is not None
    assert json is not None
    assert [csv.entry(at).name for at in range(207)] == [json.entry(at).name for at in range(207)]


async def test_a_304_confirms_what_is_held_and_changes_nothing(house: House) -> None:
    holder = await house.holding()
    held = holder.held
    house.day.now += timedelta(hours=20)
    assert holder.state().age_s is not None
    await holder.ask(house.client)
    assert holder.held is held
    assert holder.state().age_s == 0.0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("list-cut", "parse_errors"),
        ("list-without-sdn", "list_gone"),
        ("list-empty", "unreadable"),
        ("list-old-layout", "columns"),
        ("list-html", "unreadable"),
    ],
)
async def test_a_broken_file_is_refused_and_the_last_good_one_serves_on(house: House, fault: str, code: str) -> None:
    holder = await house.holding()
    held = holder.held
    house.sandbox.set_faults(parse_faults(f"csl={fault}"))
    house.day.now += timedelta(hours=1)
    for _ in range(2):
        await holder.ask(house.client)
        assert holder.held is held
        state = holder.state()
        assert state.suspect is not None
        assert code in [gate.code for gate in state.suspect.gates]
        assert state.age_s is not None
        assert state.age_s > 3000
        assert holder.wait_s() < 150
    house.day.now += timedelta(hours=24)
    assert str(holder.state().not_screened_because).endswith(")")
    house.sandbox.set_faults(())
    await holder.ask(house.client)
    assert holder.state().suspect is None
    assert holder.state().not_screened_because is None


async def test_a_transfer_that_breaks_off_is_a_suspect_of_which_nothing_is_in_force(house: House) -> None:
    holder = house.holder()
    house.sandbox.set_faults(parse_faults("csl=truncate"))
    await holder.ask(house.client)
    assert holder.held is None
    suspect = holder.state().suspect
    assert suspect is not None
    assert suspect.gates[0].code == "incomplete"
    assert "broke off" in suspect.gates[0].words


@pytest.mark.parametrize("fault", ["status:503", "reset", "429:retry-after=600"])
async def test_without_an_answer_the_list_serves_on_and_the_error_is_told(house: House, fault: str) -> None:
    holder = await house.holding()
    house.sandbox.set_faults(parse_faults(f"csl={fault}"))
    await holder.ask(house.client)
    state = holder.state()
    assert state.last_error is not None
    assert state.not_screened_because is None
    assert holder.wait_s() == pytest.approx(600 if "429" in fault else 60, abs=5)
    assert list((house.root / "incoming").iterdir()) == []


async def test_too_few_rows_are_not_believed(house: House) -> None:
    holder = house.holder(min_rows=DEFAULT_MIN_ROWS)
    await holder.ask(house.client)
    assert holder.held is None
    assert holder.state().not_screened_because == (
        "no list is in force; the file that came since is suspect (too_few_rows)"
    )


async def test_a_restart_without_an_agency_serves_the_last_good_list_with_its_true_age(house: House) -> None:
    version = (await house.holding()).state().version
    await house.sandbox.close()
    house.url = "http://127.0.0.1:9/"
    house.day.now += timedelta(hours=5)
    holder = house.holder()
    await holder.restore()
    assert holder.held is not None
    assert holder.held.version == version
    await holder.ask(house.client)
    state = holder.state()
    assert state.age_s == pytest.approx(5 * 3600, abs=120)
    assert state.last_error is not None
    assert state.not_screened_because is None


@pytest.mark.parametrize("damage", ["everything is gone", "made by other code"])
async def test_a_damaged_index_is_built_anew_at_the_start(house: House, damage: str) -> None:
    version = (await house.holding()).state().version
    for file in await asyncio.to_thread(lambda: list(house.root.glob("versions/*/index/*"))):
        if damage == "everything is gone":
            file.unlink()
        elif file.name == "algorithm.txt":
            file.write_text("gateway-0")
    holder = house.holder()
    await holder.restore()
    assert (holder.held, holder.state().version) == (None, None)
    await holder.mend()
    assert holder.held is not None
    assert holder.state().version == version


async def test_what_cannot_be_mended_is_tried_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.holding()
    for file in await asyncio.to_thread(lambda: list(house.root.glob("versions/*/index/*"))):
        file.unlink()
    holder, built = house.holder(), list[object]()

    async def build_nothing(_: ListHolder, what: object) -> None:
        built.append(what)

    monkeypatch.setattr(ListHolder, "_build", build_nothing)
    await holder.restore()
    for _ in range(2):
        await holder.mend()
    assert (holder.held, len(built)) == (None, 1)


async def test_a_person_puts_a_suspect_in_force(house: House, caplog: pytest.LogCaptureFixture) -> None:
    holder = await house.holding()
    house.sandbox.set_faults(parse_faults("csl=list-without-sdn"))
    await holder.ask(house.client)
    suspect = holder.state().suspect
    assert suspect is not None
    assert not await holder.take_accepted()
    ListStore(house.root).accept(suspect.sha256, by="Ada", at=house.day.now)
    assert await holder.take_accepted()
    assert holder.held is not None
    assert holder.held.version == suspect.sha256
    assert holder.held.manifest.overruled == suspect.gates
    assert "overruled by Ada" in caplog.text
    assert holder.state().suspect is None
    assert holder.wait_s() == 0.0
    assert not await holder.take_accepted()


async def test_an_empty_file_that_a_person_accepts_is_tried_once(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    holder = await house.holding()
    version = holder.state().version
    house.sandbox.set_faults(parse_faults("csl=list-empty"))
    await holder.ask(house.client)
    suspect = holder.state().suspect
    assert suspect is not None
    ListStore(house.root).accept(suspect.sha256, by="Ada", at=house.day.now)
    for _ in range(2):
        assert not await holder.take_accepted()
    assert caplog.text.count("no entry in it") == 1
    assert holder.state().version == version


async def test_other_processes_follow(house: House) -> None:
    first = await house.holding()
    house.day.now += timedelta(minutes=1)
    second = house.holder()
    await second.restore()
    await second.follow()
    assert second.held is not None
    assert not second.first_attempt_ended
    house.sandbox.set_faults(parse_faults("csl=list-without-sdn"))
    await first.ask(house.client)
    await second.follow()
    assert second.first_attempt_ended
    suspect = second.state().suspect
    assert suspect is not None
    ListStore(house.root).accept(suspect.sha256, by="Ada", at=house.day.now)
    assert await first.take_accepted()
    before = second.held
    await second.follow()
    assert second.held.version == suspect.sha256
    # What was taken before the swap still answers.
    assert before.entry(206).name


async def test_while_another_process_is_followed_what_is_told_is_of_the_version_that_screens(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await house.holding()
    second = house.holder()
    await second.restore()
    house.sandbox.set_faults(parse_faults("csl=list-without-sdn"))
    await first.ask(house.client)
    suspect = first.state().suspect
    assert suspect is not None
    ListStore(house.root).accept(suspect.sha256, by="Ada", at=house.day.now)
    assert await first.take_accepted()
    look, told = ListStore.current_suspect, list[bool]()

    def look_and_compare(store: ListStore) -> object:
        assert second.held is not None
        told.append(second.state().version == second.held.version)
        return look(store)

    monkeypatch.setattr(ListStore, "current_suspect", look_and_compare)
    await second.follow()
    assert told == [True]
    assert second.state().version == suspect.sha256


async def test_the_agency_is_asked_for_its_count_once_a_day_and_others_follow(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[datetime] = []
    answers: list[AgencyTotals | ToolError] = [
        AgencyTotals(asked_at=NOON, counted_at=NOON, total=300),
        ProviderFailed("csl answered HTTP 500", status=500),
        AgencyTotals(asked_at=NOON, counted_at=NOON, total=207),
    ]

    async def count() -> AgencyTotals:
        asked.append(house.day.now)
        answer = answers[len(asked) - 1]
        if isinstance(answer, ToolError):
            raise answer
        return answer

    holder = house.holder()
    await holder.check_totals(count)
    assert asked == []
    await holder.ask(house.client)
    start = house.day.now
    for hours in (0, 1, 23.9, 24, 24.5, 25, 26):
        house.day.now = start + timedelta(hours=hours)
        await holder.check_totals(count)
    assert [(at - start).total_seconds() / 3600 for at in asked] == [0, 24, 25]
    assert caplog.text.count("of all lists the agency has 300 entries, the list held here 207") == 1
    check = holder.state().totals
    assert check is not None
    assert (check.agency, check.differences, check.error) == (207, (), None)
    other = house.holder()
    await other.follow()
    assert other.state().totals == check
    await other.check_totals(count)
    assert len(asked) == 3


async def test_an_error_does_not_make_a_difference_vanish(house: House) -> None:
    holder = await house.holding()

    async def count() -> AgencyTotals:
        return AgencyTotals(asked_at=NOON, counted_at=NOON, total=300)

    async def fail() -> AgencyTotals:
        raise ProviderFailed("csl answered HTTP 500", status=500)

    await holder.check_totals(count)
    house.day.now += timedelta(days=1)
    await holder.check_totals(fail)
    check = holder.state().totals
    assert check is not None
    assert (check.agency, len(check.differences), check.error) == (300, 1, "csl answered HTTP 500")
    assert check.counted_at == NOON


async def test_a_build_that_dies_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.screening.holder._SMALL_BYTES", 0)
    monkeypatch.setattr("tools.screening.holder.command", lambda *_, **__: ["sh", "-c", "echo no space >&2; exit 3"])
    holder = house.holder()
    await holder.ask(house.client)
    assert holder.state().last_error == "the list could not be built: the process ended with 3: no space"
    assert list((house.root / "incoming").iterdir()) == []


async def test_a_build_is_ended_with_who_waits_for_it(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started = tmp_path / "started"
    script = f"echo $$ > {started}.part; mv {started}.part {started}; exec sleep 60"
    monkeypatch.setattr("tools.screening.holder._SMALL_BYTES", 0)
    monkeypatch.setattr("tools.screening.holder.command", lambda *_, **__: ["sh", "-c", script])
    task = asyncio.create_task(house.holder().ask(house.client))
    while not await asyncio.to_thread(started.exists):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)


async def test_a_build_ends_with_the_process_that_waits_for_it_however_that_ends(tmp_path: Path) -> None:
    fifo = tmp_path / "list.csv"
    os.mkfifo(fifo)
    given = {"path": str(fifo), "sha256": "0" * 64, "url": "", "fetched": "2026-11-25T12:00:00+00:00"}
    line = command(ListStore(tmp_path), "0" * 64, min_rows=1)[:-1]
    waits = (
        "import asyncio, sys; from tools.screening.build_process import run_build; asyncio.run(run_build(sys.argv[1:]))"
    )
    arguments = ("-c", waits, *line, f"--fetched={json.dumps(given)}")
    parent = await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment())
    # The build has begun once it reads the list; that it has ended once nobody does any more.
    writing = await asyncio.to_thread(os.open, fifo, os.O_WRONLY)
    parent.kill()
    await parent.wait()
    assert await asyncio.to_thread(_has_no_reader, writing)
    os.close(writing)


def _has_no_reader(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)
    return poll.poll(20_000) == [(descriptor, select.POLLERR)]


async def test_a_list_that_is_damaged_on_the_disk_is_fetched_anew(house: House) -> None:
    version = (await house.holding()).state().version
    (file,) = await asyncio.to_thread(lambda: list(house.root.glob("versions/*/list.csv")))
    file.write_bytes(file.read_bytes()[:-100])
    holder = house.holder()
    await holder.restore()
    assert (holder.held, holder.state().version) == (None, None)
    await holder.ask(house.client)
    assert holder.state().version == version
