"""From a file that came to a version or a suspect on disk, and what changed in between."""

import hashlib
import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.screening.list_files import Row, as_csv, as_json, row, rows
from tools.sanctions_entries import ListEntry
from tools.screening.build import Built, build, build_again, build_suspect, command, environment
from tools.screening.changes import changes_since
from tools.screening.fetched import Fetched
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
UNKNOWN = "New List (NL) - State Department"


def name_index(entries: Iterable[ListEntry], folder: Path) -> None:
    """Stands for the index: the entries' names."""
    (folder / "names.txt").write_text("\n".join(entry.name for entry in entries))


def no_index(entries: Iterable[ListEntry], folder: Path) -> None:
    raise AssertionError("nothing was to be indexed")


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path / "lists")


def arrived(store: ListStore, content: bytes) -> Fetched:
    """`content` as it came over the network."""
    path = store.new_incoming()
    path.write_bytes(content)
    return Fetched(path=path, sha256=hashlib.sha256(content).hexdigest(), url="http://list", fetched=NOON)


def now_in_force(sha256: str, at: datetime) -> InForce:
    return InForce(sha256=sha256, url="http://list", etag='"1"', last_modified=None, confirmed_at=at)


Come = Callable[..., Built]


@pytest.fixture
def come(store: ListStore) -> Come:
    """A file comes; a version that is made of it is put in force."""

    def come(content: bytes, at: datetime = NOON, declared_bytes: int | None = None, broke: str | None = None) -> Built:
        fetched = replace(arrived(store, content), fetched=at, declared_bytes=declared_bytes, broke=broke)
        built = build(store, fetched, name_index, min_rows=10)
        if built.outcome == "version":
            store.put_in_force(now_in_force(built.sha256, at))
        assert list((store.root / "incoming").iterdir()) == []
        return built

    return come


def without(given: list[Row], code: str) -> list[Row]:
    return [each for each in given if f"({code})" not in each["source"]]


def in_force(store: ListStore) -> InForce:
    told = store.in_force()
    assert told is not None
    return told


def test_a_good_file_becomes_a_version_with_its_manifest_and_index(store: ListStore, come: Come) -> None:
    built = come(as_csv(rows()))
    assert (built.outcome, built.rows, built.gates) == ("version", len(rows()), ())
    folder = store.version_folder(built.sha256)
    assert (folder / "list.csv").read_bytes() == as_csv(rows())
    assert len((folder / "index" / "names.txt").read_text().splitlines()) == len(rows())
    manifest = store.manifest(in_force(store).sha256)
    assert manifest.fetched == NOON
    assert manifest.figures.rows_per_list["SDN"] == 60
    assert Built.read(built.told()) == built


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (as_csv(rows())[: len(as_csv(rows())) // 2], {"parse_errors", "list_shrunk"}),
        (as_csv(without(rows(), "SDN")), {"list_missing", "list_gone"}),
        (b"", {"unreadable"}),
        (as_csv(rows(), [c for c in rows()[0] if c not in ("_id", "ids")]), {"columns"}),
        (b"<!DOCTYPE html><html></html>", {"unreadable"}),
    ],
    ids=["cut", "without SDN", "empty", "old layout", "HTML"],
)
def test_a_broken_file_is_kept_aside_with_its_reasons_and_the_last_good_one_stays(
    store: ListStore, come: Come, content: bytes, codes: set[str]
) -> None:
    good = come(as_csv(rows()))
    later = NOON + timedelta(hours=1)
    built = come(content, later)
    assert built.outcome == "suspect"
    assert codes <= {gate.code for gate in built.gates}
    assert in_force(store).sha256 == good.sha256
    suspect = store.current_suspect()
    assert suspect is not None
    assert (suspect.sha256, suspect.gates, suspect.since) == (built.sha256, built.gates, later)
    # It came again: it has been known since then.
    come(content, later + timedelta(hours=1))
    again = store.current_suspect()
    assert again is not None
    assert again.since == later
    store.confirm(now_in_force(good.sha256, later + timedelta(hours=2)))
    assert store.current_suspect() is None


def test_a_transfer_that_broke_off_is_a_suspect(store: ListStore, come: Come) -> None:
    content = as_csv(rows())
    built = come(content, declared_bytes=2 * len(content), broke="the connection failed")
    assert [gate.code for gate in built.gates] == ["incomplete"]
    assert store.in_force() is None


def test_a_person_overrules_the_gates_of_a_suspect(
    store: ListStore, come: Come, caplog: pytest.LogCaptureFixture
) -> None:
    come(as_csv(rows()))
    suspect = come(as_csv(without(rows(), "PLC")), NOON + timedelta(hours=1))
    store.accept(suspect.sha256, by="Ada", at=NOON + timedelta(hours=2))
    assert f"{suspect.sha256}: its gates are overruled by Ada" in caplog.text
    built = build_suspect(store, suspect.sha256, name_index, min_rows=10)
    assert (built.outcome, built.gates) == ("version", suspect.gates)
    manifest = store.manifest(built.sha256)
    store.put_in_force(now_in_force(built.sha256, manifest.fetched))
    assert manifest.overruled == suspect.gates
    assert manifest.accepted is not None
    assert manifest.accepted.by == "Ada"
    assert store.current_suspect() is None


def test_a_file_that_was_accepted_beforehand_is_let_in_when_it_comes(store: ListStore, come: Come) -> None:
    content = as_csv([*rows(), row("SDN", 9999, name="")])
    suspect = come(content)
    assert [gate.code for gate in suspect.gates] == ["parse_errors"]
    store.accept(suspect.sha256, by="Ada", at=NOON)
    assert come(content).outcome == "version"
    assert store.manifest(suspect.sha256).figures.rows == len(rows())


def test_nobody_can_accept_a_file_without_entries(store: ListStore, come: Come) -> None:
    empty = come(b"")
    store.accept(empty.sha256, by="Ada", at=NOON)
    assert come(b"").outcome == "suspect"


def test_only_a_hash_can_be_accepted(store: ListStore) -> None:
    for name in ("../../etc", "A" * 64, "abc"):
        with pytest.raises(ValueError, match="no SHA-256"):
            store.accept(name, by="Ada", at=NOON)


def test_a_list_that_is_not_known_is_let_in_and_told(store: ListStore, come: Come) -> None:
    built = come(as_csv([*rows(), {**row("SDN", 1), "source": UNKNOWN}]))
    assert built.outcome == "version"
    assert store.manifest(built.sha256).figures.rows_per_unknown_list == {UNKNOWN: 1}


def test_changes_are_told_by_entry_and_field_over_several_versions(store: ListStore, come: Come) -> None:
    given = rows()
    first = come(as_csv(given))
    second = come(as_csv([*given[:-2], {**given[-2], "remarks": "one"}, row("EL", 5000)]))
    third = come(as_csv([*given[:-2], {**given[-2], "remarks": "two", "type": ""}, row("EL", 5000, title="x")]))
    changes = changes_since(store, second.sha256)
    assert changes is not None
    assert [(each.kind, each.before, each.after) for each in changes.entries.values()] == [
        ("changed", {"remarks": "one", "type": "Entity"}, {"remarks": "two"}),
        ("changed", {}, {"title": "x"}),
    ]
    changes = changes_since(store, first.sha256)
    assert changes is not None
    assert changes.until == third.sha256
    assert [each.name for each in changes.of_kind("removed")] == [given[-1]["name"]]
    assert [(each.list, each.after["title"]) for each in changes.of_kind("added")] == [("EL", "x")]
    (changed,) = changes.of_kind("changed")
    assert (changed.before, changed.after) == ({"type": "Entity"}, {"remarks": "two"})


def test_what_comes_back_to_what_it_was_has_not_changed(store: ListStore, come: Come) -> None:
    given = rows()
    first = come(as_csv(given))
    second = come(as_csv([*given[:-2], {**given[-2], "remarks": "one"}, row("EL", 5000)]))
    assert come(as_csv(given)).sha256 == first.sha256
    assert [each.sha256 for each in store.history()] == [first.sha256, second.sha256, first.sha256]
    changes = changes_since(store, second.sha256)
    assert changes is not None
    assert len(changes.entries) == 3
    now = changes_since(store, first.sha256)
    assert now is not None
    assert not now.entries
    assert changes_since(store, "f" * 64) is None


def test_an_id_that_is_new_with_every_import_is_no_change(store: ListStore, come: Come) -> None:
    given = rows()
    first = come(as_csv(given))
    renewed = [{**each, "_id": f"{each['_id']}9"} if "(MEU)" in each["source"] else each for each in given]
    assert come(as_csv(renewed)).sha256 != first.sha256
    changes = changes_since(store, first.sha256)
    assert changes is not None
    assert not changes.entries


def test_of_two_formats_whole_entries_are_compared(store: ListStore, come: Come) -> None:
    first = come(as_csv(rows()))
    come(as_json(rows()[:-1], remarks="new"))
    changes = changes_since(store, first.sha256)
    assert changes is not None
    assert not changes.fields_compared
    assert [each.kind for each in changes.entries.values()] == ["removed"]


def test_old_versions_go_and_what_changed_stays(store: ListStore, come: Come) -> None:
    built = [come(as_csv([*rows(), row("EL", 5000 + at)])) for at in range(5)]
    much_later = datetime.now(UTC) + timedelta(days=1)
    come(as_csv([*rows(), row("EL", 6000)]), much_later)
    kept = {folder.name for folder in (store.root / "versions").iterdir()}
    assert kept == {built[3].sha256, built[4].sha256, in_force(store).sha256}
    changes = changes_since(store, built[0].sha256)
    assert changes is not None
    assert {each.kind for each in changes.entries.values()} == {"added", "removed"}


@pytest.mark.parametrize("told", [True, False])
def test_versions_that_are_pinned_stay_and_all_do_when_nobody_knows_which_are(
    store: ListStore, come: Come, told: bool
) -> None:
    built = [come(as_csv([*rows(), row("EL", 5000 + at)])).sha256 for at in range(5)]
    much_later = now_in_force(built[-1], datetime.now(UTC) + timedelta(days=1))
    store.put_in_force(much_later, {built[0]} if told else None)
    kept = {folder.name for folder in (store.root / "versions").iterdir()}
    assert kept == ({built[0], *built[2:]} if told else set(built))


def test_a_damaged_index_is_made_anew(store: ListStore, come: Come) -> None:
    built = come(as_csv(rows()))
    names = store.version_folder(built.sha256) / "index" / "names.txt"
    names.write_text("damaged")
    assert build_again(store, built.sha256, name_index).rows == len(rows())
    assert names.read_text().startswith("PARTY")
    assert in_force(store).sha256 == built.sha256


def test_a_damaged_list_is_not_indexed_but_made_anew_when_it_comes_again(store: ListStore, come: Come) -> None:
    built = come(as_csv(rows()))
    file = store.version_folder(built.sha256) / "list.csv"
    file.write_bytes(as_csv(rows()[:-1]))
    with pytest.raises(ValueError, match="its file is damaged"):
        build_again(store, built.sha256, no_index)
    come(as_csv(rows()))
    assert file.read_bytes() == as_csv(rows())


@pytest.mark.parametrize("damage", [b"", b"<html>", None])
def test_a_damaged_list_in_force_keeps_no_good_one_out(store: ListStore, come: Come, damage: bytes | None) -> None:
    first = come(as_csv(rows()))
    file = store.version_folder(first.sha256) / "list.csv"
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    second = come(as_csv(rows(sdn=61)))
    assert in_force(store).sha256 == second.sha256
    assert changes_since(store, first.sha256) is None


def test_nothing_is_left_of_an_index_that_failed(store: ListStore) -> None:
    fetched = arrived(store, as_csv(rows()))
    with pytest.raises(AssertionError):
        build(store, fetched, no_index, min_rows=10)
    assert not (store.root / "versions").exists()
    assert list((store.root / "incoming").iterdir()) == [fetched.path]


def test_a_manifest_of_an_older_or_a_newer_program_is_read(store: ListStore, come: Come) -> None:
    built = come(as_csv(rows()))
    path = store.version_folder(built.sha256) / "manifest.json"
    manifest = store.manifest(built.sha256)
    written = json.loads(path.read_bytes())
    del written["unreadable"], written["carried"]
    path.write_text(json.dumps({**written, "mood": "good", "figures": {**written["figures"], "mood": "good"}}))
    assert store.manifest(built.sha256) == manifest
    # What the program before this one does not know would keep it from reading the file.
    assert "carried_per_list" not in written["figures"]


@pytest.mark.parametrize("name", ["in_force.json", "versions"])
def test_what_is_damaged_is_not_in_force(store: ListStore, come: Come, name: str) -> None:
    built = come(as_csv(rows()))
    path = store.root / name if name != "versions" else store.version_folder(built.sha256) / "manifest.json"
    path.write_text("{")
    assert store.in_force() is None
    path.write_text("{}")
    assert store.in_force() is None


@pytest.mark.parametrize(
    "content", ["", "{", "{}", "[]", '{"stints": [{}], "accepted": [{}]}', '{"stints": 1, "accepted": 1}']
)
@pytest.mark.parametrize("name", ["history.json", "accepted.json"])
def test_what_was_written_down_and_is_damaged_keeps_no_good_list_out(
    store: ListStore, come: Come, name: str, content: str
) -> None:
    first = come(as_csv(rows()))
    store.accept(first.sha256, by="Ada", at=NOON)
    (store.root / name).write_text(content)
    second = come(as_csv(rows(sdn=61)))
    assert (second.outcome, in_force(store).sha256) == ("version", second.sha256)
    broken = come(as_csv(rows())[:-40])
    assert broken.outcome == "suspect"
    store.accept(broken.sha256, by="Ada", at=NOON)
    assert store.acceptance(broken.sha256) is not None
    assert store.history()[-1].sha256 == second.sha256


def test_a_damaged_step_is_a_change_that_nobody_knows(store: ListStore, come: Come) -> None:
    first = come(as_csv(rows()))
    come(as_csv(rows(sdn=61)))
    (step,) = (store.root / "changes").iterdir()
    for content in ("", "{", "{}", '{"entries": [1]}'):
        step.write_text(content)
        assert changes_since(store, first.sha256) is None


def test_a_build_runs_our_code_wherever_it_is_started(store: ListStore, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "tools").mkdir(parents=True)
    for file in ("tools/__init__.py", "csv.py"):
        (elsewhere / file).write_text("raise RuntimeError('not ours')")
    line = command(store, arrived(store, b"<html>"), min_rows=10)
    ended = subprocess.run(line, capture_output=True, timeout=60, check=True, cwd=elsewhere, env=environment())
    assert Built.read(ended.stdout).outcome == "suspect"


def test_a_build_is_a_process_that_prints_one_line(store: ListStore) -> None:
    fetched = replace(arrived(store, b"<html>"), published=NOON, etag='"1"', declared_bytes=6)
    ended = subprocess.run(
        command(store, fetched, min_rows=10), capture_output=True, timeout=60, check=True, env=environment()
    )
    built = Built.read(ended.stdout)
    assert json.loads(ended.stdout)["outcome"] == built.outcome == "suspect"
    suspect = store.current_suspect()
    assert suspect is not None
    assert (suspect.manifest.published, suspect.manifest.etag) == (NOON, '"1"')
