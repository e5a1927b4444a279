"""Which of a file's columns is read as what."""

import pytest

from service.batches.columns import columns_of, parse_mapping
from service.batches.file_faults import FileFault
from tools.errors import InvalidQuery


@pytest.mark.parametrize(
    ("header", "used"),
    [
        (["Company Name", "REF"], {"name": "Company Name", "ref": "REF"}),
        (["companyName", "customer_id"], {"name": "companyName", "ref": "customer_id"}),
        (["company", "name"], {"name": "name"}),
        (["Firma", "Kd.-Nr.", "Land", "Geburtsdatum"], {
            "name": "Firma", "ref": "Kd.-Nr.", "country": "Land", "dob": "Geburtsdatum"}),
        (["full name", "first name", "Tax ID"], {"name": "full name", "ids": "Tax ID"}),
    ],
)  # fmt: skip
def test_well_known_names_are_known_however_they_are_written(header: list[str], used: dict[str, str]) -> None:
    columns, places = columns_of(header, {})
    assert columns.used == used
    assert {ours: header[at] for ours, at in places.items()} == used
    assert set(columns.ignored) == set(header) - set(used.values())


def test_an_explanation_in_a_heading_is_looked_past_unless_it_leaves_a_choice() -> None:
    header = ["Name (legal)", "Date of birth (YYYY-MM-DD)", "Country [ISO]"]
    assert columns_of(header, {})[1] == {"name": 0, "dob": 1, "country": 2}
    assert columns_of(["Company", "Name (contact)"], {})[1] == {"name": 0}
    assert columns_of(["Name", "Country (birth)", "Country (home)"], {})[0].ignored == (
        "Country (birth)",
        "Country (home)",
    )
    for several, code in (
        (["Name (first)", "Name (last)"], "no_name_column"),
        (["Name (last)", "First name"], "split_name"),
    ):
        with pytest.raises(FileFault) as raised:
            columns_of(several, {})
        assert raised.value.code == code


def test_an_id_is_read_as_neither_a_reference_nor_an_identifier_unless_it_is_said() -> None:
    assert columns_of(["id", "name"], {})[0].ignored == ("id",)
    assert columns_of(["id", "name"], {"ref": "ID"})[0].used == {"ref": "id", "name": "name"}


def test_a_mapping_counts_for_more_than_names() -> None:
    columns, _ = columns_of(["name", "Legal", "type"], {"name": "legal", "type": ""})
    assert columns.used == {"name": "Legal"}
    assert columns.ignored == ("name", "type")


def test_a_mapped_column_must_be_there() -> None:
    with pytest.raises(FileFault, match=r"'Firm'.*'name', 'ref'") as raised:
        columns_of(["name", "ref"], {"name": "Firm"})
    assert raised.value.code == "no_such_column"


def test_a_mapping_is_written_in_one_text_or_in_several() -> None:
    assert parse_mapping(["name=Company, legal,ref=Kd-Nr", "ids = Tax=ID", "type="]) == {
        "name": "Company, legal",
        "ref": "Kd-Nr",
        "ids": "Tax=ID",
        "type": "",
    }


@pytest.mark.parametrize("text", ["", "name", "firm=Company", "name=", "name=a,name=b", "name=a,ref=a", "Name=x"])
def test_a_mapping_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidQuery) as raised:
        parse_mapping([text])
    assert raised.value.parameter == "map"
