"""Damaged files are refused, merely odd ones are put in force and reported: from the bytes that came to the version."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.screening.list_files import Row, as_csv, as_json, row, rows
from tools.sanctions_entries import ListEntry
from tools.sanctions_lists import list_named
from tools.screening.build import Built, build, build_again
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.changes import changes_since
from tools.screening.fetched import Fetched
from tools.screening.gates import LARGE_LISTS, unknown_columns
from tools.screening.manifest import InForce, Manifest
from tools.screening.store import ListStore

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
#: So many entries that two rows may be unreadable.
ROWS = rows(sdn=2400)
FILE = as_csv(ROWS)
LINES = FILE.splitlines(keepends=True)


def name_index(entries: Iterable[ListEntry], folder: Path) -> None:
    """Stand for the index: the entries' names and aliases."""
    (folder / "names.txt").write_text("\n".join(name for each in entries for name in (each.name, *each.alt_names)))


@pytest.fixture
def store(tmp_path: Path) -> ListStore:
    return ListStore(tmp_path / "lists")


Come = Callable[[bytes], Built]


@pytest.fixture
def come(store: ListStore) -> Come:
    """A file comes; a version that is made of it is put in force."""
    day = NOON

    def come(content: bytes) -> Built:
        nonlocal day
        day += timedelta(hours=1)
        path = store.new_incoming()
        path.write_bytes(content)
        fetched = Fetched(path=path, sha256=hashlib.sha256(content).hexdigest(), url="http://list", fetched=day)
        built = build(store, fetched, name_index, min_rows=1000)
        if built.outcome == "version":
            now = InForce(sha256=built.sha256, url="http://list", etag=None, last_modified=None, confirmed_at=day)
            store.put_in_force(now)
        return built

    return come


def version(store: ListStore) -> Manifest:
    now = store.in_force()
    assert now is not None
    return store.manifest(now.sha256)


def names(store: ListStore) -> list[str]:
    folder = store.version_folder(version(store).sha256)
    return (folder / "index" / "names.txt").read_text().split("\n")


def without(code: str, given: list[Row] = ROWS) -> list[Row]:
    return [each for each in given if f"({code})" not in each["source"]]


def with_lines(changed: dict[int, bytes], content: bytes = FILE) -> bytes:
    """The file with other lines in the place of some."""
    lines = content.splitlines(keepends=True)
    return b"".join(changed.get(number, line) for number, line in enumerate(lines))


DAMAGED = {
    "empty": b"",
    "cut in the middle": FILE[: len(FILE) // 2],
    "cut in the last row": FILE[:-20],
    "cut behind a cell": FILE[: FILE.rindex(b'"","",') + 3],
    "half the rows are gone": b"".join(LINES[: len(LINES) // 2]),
    "every other row is gone": b"".join((LINES[0], *LINES[1::2])),
    "a part is cut out": FILE[:60_000] + FILE[90_000:],
    "a large list is missing": as_csv(without("UVL")),
    "a small list is gone": as_csv(without("PLC")),
    "a needed column is missing": as_csv(ROWS, [column for column in KNOWN_COLUMNS if column != "alt_names"]),
    "no name column": as_csv(ROWS, [column for column in KNOWN_COLUMNS if column != "name"]),
    "a page for people": b"<!DOCTYPE html><html><body>Please try again later.</body></html>",
    "a page at its end": FILE + b"<html><body>502 Bad Gateway</body></html>",
    "binary": bytes(range(256)) * 4000,
    "a block of zeros": FILE[:60_000] + bytes(4096) + FILE[64_096:],
    "a block of noise": FILE[:60_000] + b"\xfe\xed" * 20_000 + FILE[100_000:],
    "many unreadable rows": with_lines(dict.fromkeys(range(100, 103), b'"?"\n')),
    "a header twice": LINES[0] + FILE,
    "the file twice": FILE + FILE,
    "its rows twice": FILE + b"".join(LINES[1:]),
    "a column twice": FILE.replace(b'"ids"', b'"name"', 1),
    "UTF-16": FILE.decode().encode("utf-16"),
    "Latin-1": as_csv([{**each, "name": f"CAFÉ {each['name']}"} for each in ROWS]).decode().encode("latin-1"),
    "JSON in Latin-1": as_json([{**each, "name": f"CAFÉ {each['name']}"} for each in ROWS]).decode().encode("latin-1"),
    "JSON that is cut": as_json(ROWS)[:-30],
    "JSON with fewer than it says": as_json(ROWS, total=len(ROWS) + 1),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_and_the_last_good_one_stays(store: ListStore, come: Come, damage: str) -> None:
    good = come(FILE)
    assert good.outcome == "version"
    built = come(DAMAGED[damage])
    assert (built.outcome, bool(built.gates)) == ("suspect", True)
    assert version(store).sha256 == good.sha256


#: What only a comparison with the version before can show.
NEEDS_A_VERSION_BEFORE = {
    "half the rows are gone",
    "every other row is gone",
    "a part is cut out",
    "a small list is gone",
}


@pytest.mark.parametrize("damage", sorted(DAMAGED.keys() - NEEDS_A_VERSION_BEFORE))
def test_a_damaged_file_is_refused_as_the_first_one_too(store: ListStore, come: Come, damage: str) -> None:
    assert come(DAMAGED[damage]).outcome == "suspect"
    assert store.in_force() is None


UNKNOWN_COLUMN = as_csv([{**each, "risk": "high"} for each in ROWS], (*KNOWN_COLUMNS, "risk"))
ODD = {
    "without FSE": (as_csv(without("FSE")), len(ROWS) - 2),
    "without the seven small ones": (
        as_csv([each for each in ROWS if list_named(each["source"]).code in LARGE_LISTS]),
        2410,
    ),
    "an unknown column": (UNKNOWN_COLUMN, len(ROWS)),
    "an unknown column in front": (
        as_csv([{**each, "risk": "high"} for each in ROWS], ("risk", *KNOWN_COLUMNS)),
        len(ROWS),
    ),
    "a column without a name": (
        b"".join(line.rstrip(b"\n") + b",\n" for line in LINES),
        len(ROWS),
    ),
    "an unknown key": (as_json(ROWS, risk="high"), len(ROWS)),
    "two unreadable rows": (with_lines({100: b'"?"\n', 101: b'"1","2"3"\n'}), len(ROWS) - 2),
    "an unreadable last row": (FILE + b'"?"\n', len(ROWS)),
    "a Ctrl-Z": (FILE + b"\x1a", len(ROWS)),
    "lines of commas": (FILE + b"," * 28 + b"\n" + b"," * 28, len(ROWS)),
    "a byte order mark": (b"\xef\xbb\xbf" + FILE, len(ROWS)),
    "DOS lines": (FILE.replace(b"\n", b"\r\n"), len(ROWS)),
    "far dates": (
        as_csv([{**each, "start_date": "3033-01-17", "end_date": "9999-99-99"} for each in ROWS]),
        len(ROWS),
    ),
    "one number for all": (as_csv([{**each, "entity_number": "7"} for each in ROWS]), len(ROWS)),
}


@pytest.mark.parametrize("oddity", ODD)
def test_a_merely_odd_file_is_put_in_force(store: ListStore, come: Come, oddity: str) -> None:
    content, entries = ODD[oddity]
    built = come(content)
    assert (built.outcome, built.gates, built.rows) == ("version", (), entries)
    assert version(store).sha256 == built.sha256


@pytest.mark.parametrize("oddity", sorted(ODD.keys() - {"without FSE", "without the seven small ones"}))
def test_a_merely_odd_file_follows_a_good_one_and_loses_no_entry(store: ListStore, come: Come, oddity: str) -> None:
    come(FILE)
    built = come(ODD[oddity][0])
    assert (built.outcome, built.gates, built.rows) == ("version", (), len(ROWS))
    assert sorted(names(store)) == sorted(each["name"] for each in ROWS)


def test_what_is_odd_is_reported(store: ListStore, come: Come) -> None:
    come(as_csv([{**each, "risk": "high"} for each in without("FSE")], (*KNOWN_COLUMNS, "risk")) + b'"?"\n')
    manifest = version(store)
    assert manifest.figures.missing_lists == ("FSE",)
    assert unknown_columns(manifest.figures) == ("risk",)
    assert [(each.number, each.reason, each.raw) for each in manifest.unreadable] == [
        (len(ROWS) - 1, f"row {len(ROWS) - 1} has 1 cells and the header 30", '"?"\n')
    ]


def test_a_column_that_comes_or_goes_is_no_change_of_every_entry(store: ListStore, come: Come) -> None:
    first = come(FILE)
    come(UNKNOWN_COLUMN)
    come(as_csv([{**ROWS[0], "remarks": "new"}, *ROWS[1:]]))
    changes = changes_since(store, first.sha256)
    assert changes is not None
    assert [(each.kind, each.after) for each in changes.entries.values()] == [("changed", {"remarks": "new"})]


# -- entries that stay in force for rows that cannot be read --


def line_of(name: str) -> int:
    """The line of the entry called `name`."""
    (number,) = (number for number, line in enumerate(LINES) if f'"{name}"'.encode() in line)
    return number


@pytest.mark.parametrize(
    "broken",
    [
        '"700","Specially Designated Nationals (SDN) - Treasury Department"\n',
        '"Specially Designated Nationals (SDN) - Treasury Department","PARTY 700 OF SDN"\n',
        '"700","Specially Designated Nationals (SDN) - Treasury Department","PARTY "700" OF SDN"\n',
        "<damaged>\n",
        "\ufffd\n",
    ],
    ids=["by its number", "by its name", "by both", "by its place", "by its place among bytes"],
)
def test_an_entry_whose_row_cannot_be_read_stays_in_force(store: ListStore, come: Come, broken: str) -> None:
    first = come(FILE)
    number = line_of("PARTY 700 OF SDN")
    content = with_lines({number: broken.encode("latin-1", "replace").replace(b"?", b"\xff")})
    for _ in range(2):
        built = come(content)
        assert (built.outcome, built.rows) == ("version", len(ROWS))
        assert "PARTY 700 OF SDN" in names(store)
        (carried,) = version(store).carried
        assert (carried.row, carried.version, carried.list) == (number, first.sha256, "SDN")
        # And it does so for as long as the row stays so, whatever becomes of the others.
        content = with_lines({number + 5: with_remark(LINES[number + 5])}, content)
    changes = changes_since(store, first.sha256)
    assert changes is not None
    assert [each.kind for each in changes.entries.values()] == ["changed"]
    come(FILE)
    assert version(store).carried == ()
    assert len(names(store)) == len(ROWS)


def with_remark(line: bytes) -> bytes:
    return line.replace(b'"","","","","",', b'"","","","","new",', 1)


def test_two_rows_in_a_run_stand_for_the_two_entries_that_were_there(store: ListStore, come: Come) -> None:
    come(FILE)
    number = line_of("PARTY 700 OF SDN")
    come(with_lines({number: b"<damaged>\n", number + 1: b"<damaged>\n"}))
    assert {"PARTY 700 OF SDN", "PARTY 701 OF SDN"} <= set(names(store))
    assert len(version(store).carried) == 2


def test_a_row_that_is_left_of_two_stands_for_both_and_one_of_three_is_damage(store: ListStore, come: Come) -> None:
    come(FILE)
    number = line_of("PARTY 700 OF SDN")
    seam = LINES[number][:30] + b'"\n'
    assert come(with_lines({number: seam, number + 1: b""})).outcome == "version"
    assert {"PARTY 700 OF SDN", "PARTY 701 OF SDN"} <= set(names(store))
    assert come(with_lines({number: seam, number + 1: b"", number + 2: b""})).outcome == "suspect"
    suspect = store.current_suspect()
    assert suspect is not None
    assert "(3 entries of the version before are missing there)" in suspect.gates[0].words


@pytest.mark.parametrize("number", [1, 5, len(LINES) - 1])
def test_the_entries_beside_a_row_may_be_new(store: ListStore, come: Come, number: int) -> None:
    come(FILE)
    new = as_csv([row("EL", 9001), row("EL", 9002)]).splitlines(keepends=True)[1:]
    # Only one of the neighbors is known, or there is but one.
    content = with_lines({number: b"<damaged>\n" + new[1]})
    built = come(content)
    assert (built.outcome, len(version(store).carried)) == ("version", 1)
    assert LINES[number].split(b'"')[11].decode() in names(store)


def test_an_entry_that_was_taken_off_the_list_is_not_carried_over(store: ListStore, come: Come) -> None:
    come(FILE)
    number = line_of("PARTY 700 OF SDN")
    come(with_lines({line_of("PARTY 30 OF SDN"): b"", number: b'"700","x"\n'}))
    assert [each.raw["name"] for each in version(store).carried] == ["PARTY 700 OF SDN"]
    assert "PARTY 30 OF SDN" not in names(store)


def test_a_row_without_a_name_stands_for_the_entry_of_its_number(store: ListStore, come: Come) -> None:
    come(FILE)
    given = [{**each, "name": ""} if each["name"] == "PARTY 700 OF SDN" else each for each in ROWS]
    come(as_csv(given))
    assert "PARTY 700 OF SDN" in names(store)


def test_the_number_of_an_entry_alone_says_nothing(store: ListStore, come: Come) -> None:
    # Three lists have an entry of this number, and one of them two.
    twins = [row("CAP", 700), row("MEU", 700), row("SDN", 700, name="ANOTHER 700")]
    come(as_csv([*twins, *ROWS]))
    given = as_csv([*twins, *({**each, "name": ""} if each["name"] == "PARTY 700 OF SDN" else each for each in ROWS)])
    built = come(given)
    assert built.rows == len(ROWS) + 3
    assert [each.raw["name"] for each in version(store).carried] == ["PARTY 700 OF SDN"]


def test_carried_entries_outlive_a_new_index_and_another_format(store: ListStore, come: Come) -> None:
    come(FILE)
    given = as_json(ROWS)
    name = b'"PARTY 700 OF SDN"'
    come(given.replace(name, b"null"))
    (carried,) = version(store).carried
    assert (carried.format, carried.entry.name) == ("csv", "PARTY 700 OF SDN")
    built = build_again(store, version(store).sha256, name_index)
    assert built.rows == len(names(store)) == len(ROWS)
    assert version(store).carried == (carried,)
    come(given.replace(name, b"null ", 1))
    assert version(store).carried[0].version == carried.version


def test_without_a_version_before_nothing_is_carried_over(store: ListStore, come: Come) -> None:
    come(with_lines({line_of("PARTY 700 OF SDN"): b'"700"\n'}))
    assert version(store).carried == ()
    assert len(version(store).unreadable) == 1


def test_the_rows_of_a_suspect_that_cannot_be_read_are_kept_raw(store: ListStore, come: Come) -> None:
    come(DAMAGED["many unreadable rows"])
    suspect = store.current_suspect()
    assert suspect is not None
    assert [each.raw for each in suspect.manifest.unreadable] == ['"?"\n'] * 3
