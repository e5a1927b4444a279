"""Changes: steps from version to version add up to what a comparison of the first with the last would tell."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.screening.list_files import as_csv, as_json, row
from tools.screening.changes import Change, Changes, compare
from tools.screening.unreadable import VersionFile

#: A version: by the entries' numbers, what they say.
VERSION = st.dictionaries(
    st.integers(1, 4),
    st.fixed_dictionaries({"remarks": st.sampled_from(["", "a", "b"]), "type": st.sampled_from(["", "x"])}),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("versions")


def told(changes: Changes) -> dict[tuple[str, ...], tuple[str, dict[str, object], dict[str, object]]]:
    return {key: (each.kind, dict(each.before), dict(each.after)) for key, each in changes.entries.items()}


@given(versions=st.lists(VERSION, min_size=3, max_size=3))
def test_two_steps_are_as_one(folder: Path, versions: list[dict[int, dict[str, str]]]) -> None:
    files = []
    for number, version in enumerate(versions):
        path = folder / f"{number}.csv"
        path.write_bytes(as_csv(row("SDN", at, **cells) for at, cells in version.items()))
        files.append((str(number), path))
    steps = compare(VersionFile(*files[0]), VersionFile(*files[1])).then(
        compare(VersionFile(*files[1]), VersionFile(*files[2]))
    )
    at_once = compare(VersionFile(*files[0]), VersionFile(*files[2]))
    assert told(steps) == told(at_once)
    assert (steps.since, steps.until) == (at_once.since, at_once.until)


@given(versions=st.lists(VERSION, min_size=2, max_size=2))
def test_steps_outlive_the_disk(folder: Path, versions: list[dict[int, dict[str, str]]]) -> None:
    files = []
    for number, version in enumerate(versions):
        path = folder / f"{number}.csv"
        path.write_bytes(as_csv(row("SDN", at, **cells) for at, cells in version.items()))
        files.append((str(number), path))
    step = compare(VersionFile(*files[0]), VersionFile(*files[1]))
    (folder / "step.json").write_bytes(step.told())
    assert Changes.read(folder / "step.json") == step


def test_entries_that_share_a_key_are_told_apart_by_their_order(folder: Path) -> None:
    old, new = folder / "old", folder / "new"
    twice = [row("DTC", 1, name="A", remarks="first"), row("DTC", 2, name="A", remarks="second")]
    old.write_bytes(as_csv(twice))
    new.write_bytes(as_csv([twice[0], {**twice[1], "remarks": "other"}]))
    (change,) = compare(VersionFile("1", old), VersionFile("2", new)).entries.values()
    assert change == Change("changed", "DTC", "A", {"remarks": "second"}, {"remarks": "other"})


def test_entries_of_one_number_are_told_apart_by_their_names_in_any_order(folder: Path) -> None:
    old, new = folder / "old", folder / "new"
    twins = [row("SDN", 7, name="A", remarks="first"), row("SDN", 7, name="B", remarks="second")]
    old.write_bytes(as_csv(twins))
    new.write_bytes(as_csv([{**twins[1], "remarks": "other"}, twins[0]]))
    (change,) = compare(VersionFile("1", old), VersionFile("2", new)).entries.values()
    assert change == Change("changed", "SDN", "B", {"remarks": "second"}, {"remarks": "other"})
    new.write_bytes(as_csv(twins[1:]))
    (change,) = compare(VersionFile("1", old), VersionFile("2", new)).entries.values()
    assert (change.kind, change.name) == ("removed", "A")


def test_columns_that_come_in_another_order_are_no_change(folder: Path) -> None:
    old, new = folder / "old", folder / "new"
    given_row = row("SDN", 1, remarks="one", type="Entity")
    old.write_bytes(as_csv([given_row]))
    new.write_bytes(as_csv([given_row], list(given_row)[::-1]))
    assert not compare(VersionFile("1", old), VersionFile("2", new)).entries


def test_values_of_json_are_compared_whole(folder: Path) -> None:
    old, new = folder / "old", folder / "new"
    old.write_bytes(as_json([row("SDN", 1)], programs=["CUBA"]))
    new.write_bytes(as_json([row("SDN", 1)], programs=["CUBA", "IRAN"]))
    (change,) = compare(VersionFile("1", old), VersionFile("2", new)).entries.values()
    assert (change.before, change.after) == ({"programs": ["CUBA"]}, {"programs": ["CUBA", "IRAN"]})


def test_what_cannot_be_read_is_passed_over(folder: Path) -> None:
    old, new = folder / "old", folder / "new"
    content = as_csv([row("SDN", 1), row("SDN", 2)])
    old.write_bytes(content)
    new.write_bytes(content[:-20])
    (change,) = compare(VersionFile("1", old), VersionFile("2", new)).entries.values()
    assert (change.kind, change.name) == ("removed", "PARTY 2 OF SDN")


def test_damaged_steps_are_an_error(folder: Path) -> None:
    (folder / "damaged.json").write_text('{"since": "1", "entries": [{}]}')
    with pytest.raises(ValueError, match="damaged"):
        Changes.read(folder / "damaged.json")
