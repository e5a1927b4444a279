"""When two identifiers are the same, which of an entry's are compared, and what is said of those that are not."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.screening.lists import entry
from tools.sanctions_entries import EntryId, ListEntry
from tools.sanctions_identifiers import identifier_keys, identifier_warnings, listed_keys, same_identifier


@pytest.mark.parametrize(
    ("asked", "listed", "same"),
    [
        ("9187629", "IMO 9187629", True),
        ("IMO9187629", "IMO 9187629", True),
        ("9187629", "IMO No. 9187629", True),
        ("A-123 456", "a123456", True),
        ("836238033", "836238034", False),
        ("12", "12", False),
        ("Male", "Female", False),
        ("Iran", "Iran", False),
        ("Material Support", "Material Support", False),
        ("AB 1234567", "1234567", False),
        ("HRA 26136", "HRB 26136 (Germany)", False),
        ("hrb26136", "HRB 26136 (Germany)", True),
        ("12E4567", "12E4567", True),
    ],
)
def test_identifiers_are_the_same_but_for_punctuation(asked: str, listed: str, *, same: bool) -> None:
    assert same_identifier(asked, listed) is same
    assert same_identifier(listed, asked) is same


@pytest.mark.parametrize(
    "asked",
    [
        "Passport 836230001",
        "Passport No. 836230001",
        "PASSPORT NUMBER: 836230001",
        "passport #836230001 (Iran)",
        "Passport 836230001 Iran",
        "836230001, Passport No.",
        "Passport836230001",
        "Passport No. 836230001 issued 28 Feb 1996",
        "Reisepass-Nr. 836230001",
        "Pasaporte n.º 836230001",
        "Паспорт 836230001",
        "护照 836230001",
        "D-U-N-S Number 836230001",
        "Tax ID No. 836230001",
        "'836230001",
        '="836230001"',
        "836230001.0",
        "836230001,00",
        "8.36230001E+08",
        "\uff18\uff13\uff16\uff12\uff13\uff10\uff10\uff10\uff11",
        "٨٣٦٢٣٠٠٠١",
        "8362\u200b30001",
    ],
)
def test_words_around_a_number_and_how_a_spreadsheet_writes_it_do_not_count(asked: str) -> None:
    assert same_identifier(asked, "836230001")
    assert not same_identifier(asked, "836230002")


def test_letters_that_look_like_latin_ones_are_compared_as_these() -> None:
    assert same_identifier("\u0410\u0412\u04211234567", "ABC1234567")
    assert same_identifier("\u0410\u0412\u04211234567", "\u0410\u0412\u04211234567")


@pytest.mark.parametrize(
    ("asked", "listed", "kind"),
    [
        ("EP-MNX", "EP-MNX", "Aircraft Tail Number"),
        ("epmnx", "EP-MNX", None),
        ("tail number EP-MNX", "EP-MNX", None),
        ("MELIIRTH", "MELIIRTH", "SWIFT/BIC"),
        ("MELIIRTHXXX", "MELIIRTH", "SWIFT/BIC"),
        ("SWIFT: meliirth", "MELIIRTHXXX", "SWIFT/BIC"),
    ],
)
def test_an_identifier_of_letters_alone_is_compared_where_such_ones_are_usual(
    asked: str, listed: str, kind: str | None
) -> None:
    assert same_identifier(asked, listed, kind)
    assert not same_identifier(f"{asked}A", listed, kind)


def test_a_branch_is_not_the_head_office() -> None:
    assert not same_identifier("MELIIRTH123", "MELIIRTH", "SWIFT/BIC")


def with_ids(*ids: tuple[str | None, str]) -> ListEntry:
    return replace(entry("A", None), ids=tuple(EntryId(kind, number, None, None, None) for kind, number in ids))


def test_features_among_the_identifiers_identify_no_one() -> None:
    ids = with_ids(("Gender", "Male"), ("Website", "www.acme2000.ir"), ("Aircraft Model", "IL76-TD"))
    assert listed_keys(ids) == frozenset()


@pytest.mark.parametrize(
    "listed",
    [
        with_ids(("Tax ID No.", "80-0890696")),
        with_ids(("US", "80-0890696, Tax ID No.")),
        with_ids(("80-0890696", "Tax ID No.")),
        replace(entry("A", None), remarks="DOB 10 Dec 1948; alt. Tax ID No. 80-0890696 (United States) issued 1996."),
    ],
)
def test_an_identifier_is_found_wherever_a_list_writes_it(listed: ListEntry) -> None:
    assert "800890696" in listed_keys(listed)


def test_tail_numbers_and_call_signs_are_identifiers() -> None:
    assert "epmnx" in listed_keys(entry("EP-MNX", "Aircraft"))
    assert "t3xm2" in listed_keys(entry("OCEAN BREEZE 3", "Vessel", call_sign="T3XM2"))
    remarks = "Aircraft Model IL76-TD; Previous Aircraft Tail Number YI-NAE; SWIFT/BIC BEGNIRTH (all offices)."
    assert listed_keys(entry("A", "Entity", remarks=remarks)) == {"yinae", "begnirth"}


def test_phones_and_dates_of_the_remarks_are_none() -> None:
    remarks = "DOB 10 Dec 1948; Telephone No. 009613679153; Chinese Commercial Code 1728 4320; Linked To: ACME 2000."
    assert listed_keys(entry("A", "Entity", remarks=remarks)) == frozenset()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8.3623E+08", "id_in_scientific_notation"),
        ("8,3623e+08", "id_in_scientific_notation"),
        ("Passport No. 8.3623E+08", "id_in_scientific_notation"),
        ("Passport: 8.3623E+08 (Russia)", "id_in_scientific_notation"),
        ("8.3623 E+08", "id_in_scientific_notation"),
        ("8.3623x10^8", "id_in_scientific_notation"),
        ("8.3623D+08", "id_in_scientific_notation"),
        ("#########", "id_not_read"),
        ("Passport", "id_too_short"),
        ("8.36230001E+08", "id_in_scientific_notation"),
        ("8E+08", "id_in_scientific_notation"),
        ("x", "id_too_short"),
        ("A12", "id_too_short"),
        ("--12--", "id_too_short"),
        ("9" * 201, "id_not_read"),
        ("الف ١٢٣٤٥٦", "id_not_read"),
    ],
)
def test_what_is_not_compared_as_it_was_meant_is_a_warning(text: str, code: str) -> None:
    (warning,) = identifier_warnings("ids", text)
    assert (warning.code, warning.field) == (code, "ids")
    assert text.startswith(warning.value)


@pytest.mark.parametrize("text", ["836230001", "Passport 836230001", "EP-MNX", "n/a", "-", "", "none", "A1 234"])
def test_an_identifier_that_is_compared_and_a_blank_are_none(text: str) -> None:
    assert list(identifier_warnings("ids", text)) == []


def test_a_number_whose_digits_are_lost_equals_none() -> None:
    assert identifier_keys("8.3623E+08") == ()


@given(st.text(max_size=40))
def test_an_identifier_with_digits_equals_itself_and_any_text_is_read(text: str) -> None:
    keys = identifier_keys(text)
    assert all(key.isascii() and len(key) >= 4 for key in keys)
    assert same_identifier(text, text) or not any(sum(map(str.isdigit, key)) > 1 for key in keys)
