"""The gates: what a file must pass before it is believed."""

from dataclasses import replace
from typing import Any

import pytest

from tools.sanctions_lists import LISTS
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.gates import LARGE_LISTS, Figures, failed_gates, never_in_force, unknown_columns


def figures(**more: Any) -> Figures:
    per_list = dict.fromkeys(LISTS, 100)
    good = {"format": "csv", "columns": KNOWN_COLUMNS, "rows": 1300, "rows_per_list": per_list, "bytes": 5000}
    return Figures(**{**good, "declared_bytes": 5000, **more})


def codes(found: Figures, in_force: Figures | None = None, min_rows: int = 1) -> list[str]:
    return [gate.code for gate in failed_gates(found, in_force, min_rows=min_rows)]


def per_list(**changed: int) -> dict[str, int]:
    return {code: changed.get(code, 100) for code in LISTS if changed.get(code, 100)}


def test_a_good_file_passes_with_and_without_one_in_force() -> None:
    assert codes(figures()) == []
    assert codes(figures(), figures()) == []


def test_the_minimum_is_15000_rows_unless_set() -> None:
    assert [gate.code for gate in failed_gates(figures(), None)] == ["too_few_rows"]
    assert [gate.code for gate in failed_gates(figures(rows=15_000), None)] == []


@pytest.mark.parametrize(
    ("found", "code"),
    [
        ({"declared_bytes": 5001}, "incomplete"),
        ({"broke": "the connection failed"}, "incomplete"),
        ({"ends_whole": False}, "incomplete"),
        ({"declared_total": 1301}, "incomplete"),
        ({"columns": KNOWN_COLUMNS[1:]}, "columns"),
        ({"columns": tuple(c for c in KNOWN_COLUMNS if c not in ("_id", "ids"))}, "columns"),
        ({"parse_errors": 2, "first_errors": ("row 3 has 2 cells and the header 29",)}, "parse_errors"),
        ({"unreadable": "row 700 cannot be read"}, "parse_errors"),
        *(({"rows_per_list": per_list(**{code: 0})}, "list_missing") for code in LARGE_LISTS),
        ({"duplicates": 14}, "duplicates"),
        ({"rows": 0, "unreadable": "the file is empty"}, "unreadable"),
        ({"rows": 0}, "no_rows"),
    ],
)
def test_each_gate_has_its_code(found: dict[str, Any], code: str) -> None:
    assert codes(figures(**found)) == [code]


def test_a_small_list_that_the_file_never_had_is_no_failure_and_is_reported() -> None:
    small = [code for code in LISTS if code not in LARGE_LISTS]
    assert sorted(small) == ["CMIC", "DPL", "FSE", "ISN", "MBS", "MEU", "PLC"]
    found = figures(rows_per_list=per_list(**dict.fromkeys(small, 0)))
    assert codes(found) == codes(found, found) == []
    assert sorted(found.missing_lists) == sorted(small)
    assert codes(found, figures()) == ["list_gone"] * 7


@pytest.mark.parametrize("written", ["csv", "json"])
def test_a_column_that_is_not_known_is_reported_and_no_failure(written: str) -> None:
    found = figures(format=written, columns=(*KNOWN_COLUMNS, "id", "risk", ""))
    assert codes(found) == []
    assert [column for column in unknown_columns(found) if column != "id"] == ["(blank)", "risk"]


@pytest.mark.parametrize(
    ("unreadable", "rows", "believed"),
    [(1, 999, True), (1, 998, False), (20, 25_000, True), (21, 25_000, False), (20, 19_980, True), (20, 19_979, False)],
)
def test_up_to_20_rows_and_1_in_1000_may_be_unreadable(unreadable: int, rows: int, believed: bool) -> None:
    found = figures(rows=rows, parse_errors=unreadable)
    assert codes(found) == ([] if believed else ["parse_errors"])


def test_a_part_that_was_cut_out_is_no_unreadable_row() -> None:
    before = figures(rows=20_000, rows_per_list=per_list(SDN=18_800))
    seam = figures(rows=18_800, rows_per_list=per_list(SDN=17_600), parse_errors=1)
    assert codes(seam, before) == ["list_shrunk"]
    assert codes(replace(seam, parse_errors=0), before) == []
    few = figures(rows=19_990, rows_per_list=per_list(SDN=18_800, EL=90), parse_errors=1)
    assert codes(few, before) == []


def test_a_row_that_is_left_of_many_counts_for_all_of_them() -> None:
    found = figures(rows=3000, parse_errors=1, first_errors=("row 7 is blank",), carried_per_list={"EL": 3})
    assert codes(found) == []
    (gate,) = failed_gates(replace(found, carried_per_list={"EL": 3, "SDN": 1}), None, min_rows=1)
    words = "1 place could not be read (4 entries of the version before are missing there): row 7 is blank"
    assert (gate.code, gate.words) == ("parse_errors", words)


def test_a_list_whose_only_entry_is_carried_over_is_not_gone() -> None:
    before = figures(rows_per_list=per_list(PLC=1))
    found = figures(rows_per_list=per_list(PLC=0), carried_per_list={"PLC": 1}, parse_errors=1)
    assert codes(found, before) == []
    assert codes(figures(rows_per_list=per_list(PLC=0)), found) == ["list_gone"]
    assert found.missing_lists == ()


def test_in_json_a_key_that_names_are_compared_with_must_not_go() -> None:
    before = figures(format="json", columns=("id", "source", "name", "alt_names", "remarks"))
    assert codes(figures(format="json", columns=("id", "source", "name")), before) == ["columns"]
    assert codes(figures(format="json", columns=("id", "source", "name", "alt_names")), before) == []


def test_a_few_duplicates_are_the_importers_slip() -> None:
    assert codes(figures(duplicates=13)) == []
    assert codes(figures(rows=13, duplicates=5)) == []


def test_keys_of_json_differ_by_list_but_three_are_due() -> None:
    assert codes(figures(format="json", columns=("id", "source", "name", "country"))) == []
    assert codes(figures(format="json", columns=("source", "name"))) == ["columns"]


def test_a_list_of_50_rows_may_lose_a_tenth_and_no_more() -> None:
    assert codes(figures(rows_per_list=per_list(EL=90)), figures()) == []
    assert codes(figures(rows_per_list=per_list(EL=89)), figures()) == ["list_shrunk"]
    small = figures(rows_per_list=per_list(EL=49))
    assert codes(figures(rows_per_list=per_list(EL=1)), small) == []


def test_a_list_that_the_version_in_force_has_must_not_go() -> None:
    assert codes(figures(rows_per_list=per_list(SDN=0)), figures()) == ["list_missing", "list_gone"]
    assert codes(figures(rows_per_list=per_list(PLC=0)), figures()) == ["list_gone"]
    unknown = figures(rows_per_unknown_list={"New List (NL)": 3})
    assert codes(figures(), unknown) == ["list_gone"]


def test_a_list_that_is_not_known_is_no_failure() -> None:
    assert codes(figures(rows_per_unknown_list={"New List (NL)": 3}), figures()) == []


def test_nobody_can_put_a_file_without_entries_in_force() -> None:
    assert never_in_force(figures(rows=0))
    assert not never_in_force(figures(unreadable="row 3 cannot be read"))


def test_words_name_what_was_found() -> None:
    (gone,) = failed_gates(figures(rows_per_list=per_list(EL=50)), figures(), min_rows=1)
    assert gone.words == "EL went from 100 to 50 entries (50% fewer)"
    (cut,) = failed_gates(replace(figures(), bytes=2500), None, min_rows=1)
    assert cut.words == "2500 bytes came, 5000 were declared"
