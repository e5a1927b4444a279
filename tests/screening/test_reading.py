"""A file read through: its figures, and that no cut of it is taken for a whole with a half of a record in it."""

from pathlib import Path

import pytest

from tests.screening.list_files import as_csv, as_json, row, rows
from tools.screening.gates import failed_gates
from tools.screening.reading import entries_of, read_through


@pytest.mark.parametrize("content", [as_csv(rows()), as_json(rows())], ids=["csv", "json"])
def test_wherever_a_file_is_cut_no_half_record_is_believed(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)
    whole = read_through(path)
    assert whole.layout is not None
    assert failed_gates(whole.figures, None, min_rows=1) == ()
    names = [entry.name for entry in entries_of(path, whole.layout)]
    # Where the agency announces no length, what ends with a whole record can have been cut.
    for length in range(0, len(content), 41):
        path.write_bytes(content[:length])
        cut = read_through(path)
        if failed_gates(cut.figures, whole.figures, min_rows=1) == ():
            assert cut.layout is not None
            assert content[length - 1 : length] in (b"\n", b'"')
            assert [entry.name for entry in entries_of(path, cut.layout)] == names[: cut.figures.rows]
            assert cut.figures.rows > 0.9 * len(names)


def test_figures_count_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "list"
    given = [*rows(), row("EL", 777), row("EL", 777), row("SDN", 778, name=""), {**row("EL", 1), "source": "New (N)"}]
    path.write_bytes(as_csv(given))
    reading = read_through(path)
    figures = reading.figures
    assert figures.rows == len(given) - 1
    assert figures.rows_per_list["EL"] == 4
    assert figures.rows_per_unknown_list == {"New (N)": 1}
    assert figures.duplicates == 1
    assert figures.parse_errors == 1
    assert figures.first_errors == (f"row {len(rows()) + 3}: 'name' is missing",)
    assert len(reading.places) == 2 * figures.rows
    assert figures.bytes == path.stat().st_size


def test_two_entries_of_one_number_are_no_duplicates(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(as_csv([row("SDN", 7, name=name, entity_number="7") for name in ("A", "B", "B")]))
    assert read_through(path).figures.duplicates == 1


def test_entries_of_a_file_in_force_are_read_in_the_order_of_their_places(tmp_path: Path) -> None:
    path = tmp_path / "list"
    path.write_bytes(as_csv([row("EL", 1), row("EL", 2, name=""), row("EL", 3)]))
    reading = read_through(path)
    assert reading.layout is not None
    assert [entry.id for entry in entries_of(path, reading.layout, skip_broken=True)] == ["1", "3"]
    assert len(reading.places) == 4
