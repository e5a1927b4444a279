"""The table of lists: whole, dated, and each row with its basis."""

import pytest

from tools.sanctions_lists import LISTS, NOT_COVERED, POLICY_VERSION, UNKNOWN_LIST, VERIFY, ScreeningList, list_named

ACTIONS = {
    "CAP": "banking",
    "CMIC": "securities",
    "DPL": "stop_export",
    "DTC": "stop_itar",
    "EL": "licence",
    "FSE": "stop_no_block",
    "ISN": "read_notice",
    "MBS": "read_entry",
    "MEU": "licence",
    "PLC": "reject",
    "SDN": "stop_block",
    "SSI": "restricted",
    "UVL": "due_diligence",
}


def test_there_are_thirteen_lists_each_with_its_action() -> None:
    assert {code: row.action.code for code, row in LISTS.items()} == ACTIONS
    assert list(LISTS) == sorted(LISTS)


@pytest.mark.parametrize("row", LISTS.values(), ids=list(LISTS))
def test_each_row_has_words_a_basis_and_the_date_of_the_table_and_sends_people_to_the_source(
    row: ScreeningList,
) -> None:
    action = row.action
    assert all((action.meaning, action.legal_basis, action.direction, action.about_imports, action.ownership))
    assert (action.then, action.policy_version) == (VERIFY, POLICY_VERSION)


def test_an_agency_s_string_names_its_list_by_its_code() -> None:
    for code, row in LISTS.items():
        assert list_named(row.name) is row
        assert f"({code})" in row.name or code in row.name


def test_a_string_that_nobody_knows_has_the_gravest_action() -> None:
    row = list_named("Some New List (SNL) - Some Department")
    assert (row.code, row.action) == (None, UNKNOWN_LIST)
    assert UNKNOWN_LIST.code == LISTS["SDN"].action.code


def test_lists_that_are_not_covered_are_named() -> None:
    assert {"UFLPA", "EU", "UN", "UK"} <= {each.split()[0] for each in NOT_COVERED}
    assert any("MIEU" in each and "15 CFR 744.22" in each for each in NOT_COVERED)
