"""The consolidated file: its layouts, its cells, and what is an error in it."""

from pathlib import Path

import pytest

from tests.screening.list_files import as_csv, as_json, row, rows
from tools.errors import ProviderGarbled
from tools.sanctions_entries import Address, EntryId, ListEntry
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.consolidated import ListFile, entry_of, key_of, record_at

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "csl"


def written(folder: Path, content: bytes) -> ListFile:
    path = folder / "list"
    path.write_bytes(content)
    return ListFile(path)


def entries(file: ListFile) -> list[ListEntry]:
    return [entry_of(record, file.layout) for record in file.records()]


def one(folder: Path, **cells: str) -> ListEntry:
    return entries(written(folder, as_csv([row("SDN", 1, **cells)])))[0]


def test_columns_are_found_by_their_names_in_any_order(tmp_path: Path) -> None:
    given = [row("SDN", 7, remarks="a remark")]
    assert entries(written(tmp_path, as_csv(given))) == entries(written(tmp_path, as_csv(given, KNOWN_COLUMNS[::-1])))


def test_the_old_layout_has_the_number_of_treasury_as_its_id(tmp_path: Path) -> None:
    columns = [column for column in KNOWN_COLUMNS if column != "_id"]
    file = written(tmp_path, as_csv([row("SDN", 7, entity_number="7", ids="CO, 1978, Tax ID No.")], columns))
    assert len(file.columns) == 28
    (entry,) = entries(file)
    assert entry.id == "7"
    assert entry.ids == (EntryId("Tax ID No.", "1978", "CO", None, None),)


def test_a_cell_of_several_values_is_a_list(tmp_path: Path) -> None:
    entry = one(tmp_path, alt_names="ONE; TWO ; ", programs="CUBA", dates_of_birth="1955; 1960 to 1961")
    assert entry.alt_names == ("ONE", "TWO")
    assert entry.programs == ("CUBA",)
    assert entry.dates_of_birth == ("1955", "1960 to 1961")


HERON = "FIRST HERON TRADING"


@pytest.mark.parametrize(
    ("cell", "aliases"),
    [
        (f"{HERON};SECOND EGRET SHIPPING", (HERON, "SECOND EGRET SHIPPING")),
        (f"{HERON} ;SECOND;;THIRD;", (HERON, "SECOND", "THIRD")),
        (f"{HERON}\uff1b 第二", (HERON, "第二")),
        ("JONES &amp; SONS;L&#039;ÉTOILE;A&#xE9;B", ("JONES &amp; SONS", "L&#039;ÉTOILE", "A&#xE9;B")),
        ("R&D;A&B CO;AT&T; OTHER", ("R&D", "A&B CO", "AT&T", "OTHER")),
        ("ONE;and any successor thereof;TWO", ("ONE; and any successor thereof", "TWO")),
        ("ONE; TWO", ("ONE", "TWO")),
    ],
)
def test_aliases_are_separated_with_and_without_a_blank(tmp_path: Path, cell: str, aliases: tuple[str, ...]) -> None:
    assert one(tmp_path, alt_names=cell).alt_names == aliases


def test_an_alias_of_the_json_file_is_separated_only_where_no_list_was_joined(tmp_path: Path) -> None:
    given = [f"{HERON};SECOND", "THIRD; LTD", "FOURTH; and any successor"]
    (entry,) = entries(written(tmp_path, as_json([row("SDN", 1)], alt_names=given)))
    assert entry.alt_names == (HERON, "SECOND", "THIRD; LTD", "FOURTH; and any successor")


@pytest.mark.parametrize("column", ["programs", "citizenships", "nationalities", "dates_of_birth", "places_of_birth"])
def test_other_lists_are_separated_without_a_blank_too(tmp_path: Path, column: str) -> None:
    assert getattr(one(tmp_path, **{column: "IR;KP"}), column) == ("IR", "KP")


def test_addresses_and_identifiers_are_separated_without_a_blank_where_the_next_one_begins(tmp_path: Path) -> None:
    entry = one(tmp_path, addresses="A St;2, Moscow, RU;B St, Minsk, BY", ids="Passport, A1;2, IR;Tax ID No., B2, RU")
    assert [(each.address, each.country) for each in entry.addresses] == [
        ("A St;2, Moscow", "RU"),
        ("B St, Minsk", "BY"),
    ]
    assert [(each.type, each.number, each.country) for each in entry.ids] == [
        ("Passport", "A1;2", "IR"),
        ("Tax ID No.", "B2", "RU"),
    ]


def test_what_the_importer_adds_to_a_name_is_no_alias(tmp_path: Path) -> None:
    entry = one(tmp_path, alt_names="ONE; and any successor, sub-unit, or subsidiary thereof; TWO")
    assert entry.alt_names == ("ONE; and any successor, sub-unit, or subsidiary thereof", "TWO")


def test_an_address_keeps_its_parts_as_one_text_and_its_country(tmp_path: Path) -> None:
    entry = one(tmp_path, addresses="80 SW 8th Street, Miami, FL, 33130, US; Havana; CU; Main Street, ZZ")
    assert [(each.address, each.country) for each in entry.addresses] == [
        ("80 SW 8th Street, Miami, FL, 33130", "US"),
        ("Havana", None),
        (None, "CU"),
        ("Main Street, ZZ", None),
    ]
    assert isinstance(entry.addresses[0], Address)


@pytest.mark.parametrize(
    ("cell", "identifier"),
    [
        ("Passport, 836238033, KP", EntryId("Passport", "836238033", "KP", None, None)),
        ("Passport, A1, IR, 2010-01-02, 2020-01-01", EntryId("Passport", "A1", "IR", "2010-01-02", "2020-01-01")),
        ("Listing Date (CMIC), 2021-06-03", EntryId("Listing Date (CMIC)", "2021-06-03", None, None, None)),
        ("Target, Bank, N.V., CH", EntryId("Target", "Bank, N.V.", "CH", None, None)),
        ("Gender", EntryId("Gender", None, None, None, None)),
    ],
)
def test_an_identifier_is_kind_number_country_and_dates(tmp_path: Path, cell: str, identifier: EntryId) -> None:
    assert one(tmp_path, ids=cell).ids == (identifier,)


def test_a_blank_and_a_quoted_cell_are_read_as_such(tmp_path: Path) -> None:
    entry = one(tmp_path, name=' THE "BEST",\nCOMPANY ', remarks="")
    assert entry.name == 'THE "BEST", COMPANY'
    assert entry.remarks is None


@pytest.mark.parametrize("content", [as_csv(rows()), b"\xef\xbb\xbf" + as_csv(rows()), as_json(rows(), remarks="é")])
def test_every_record_is_found_again_by_its_bytes(tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, content)
    records = list(file.records())
    assert len(records) == len(rows())
    for at, record in enumerate(records):
        again = record_at(content[record.offset : record.offset + record.length], at, file.layout)
        assert entry_of(again, file.layout) == entry_of(record, file.layout)


def test_the_json_file_tells_how_many_it_has(tmp_path: Path) -> None:
    file = written(tmp_path, as_json(rows(), total=99))
    assert len(entries(file)) == len(rows())
    assert file.declared_total == 99
    assert file.columns == ("id", "source", "name")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  \n",
        b"<!DOCTYPE html><html></html>",
        b"Please try again later.\n",
        b"\x00\xff\xfe",
        b"a,b\n1,2\n",
        b"name,source,name\n",
    ],
)
def test_what_is_no_such_file_is_an_error_at_once(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        written(tmp_path, content)


def test_a_row_of_another_width_is_broken_and_the_next_one_is_not(tmp_path: Path) -> None:
    file = written(tmp_path, b"source,name\nA,B,C\nA,B\nA\n")
    first, second, third = file.records()
    assert first.broken is not None
    assert third.broken is not None
    assert entry_of(second, file.layout).name == "B"
    with pytest.raises(ProviderGarbled, match="row 1 has 3 cells and the header 2"):
        entry_of(first, file.layout)


def test_a_row_without_a_name_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProviderGarbled, match="'name' is blank"):
        one(tmp_path, name=" ")


@pytest.mark.parametrize("content", [as_csv(rows()), as_json(rows())])
def test_a_file_that_was_cut_cannot_be_read_to_its_end(tmp_path: Path, content: bytes) -> None:
    file = written(tmp_path, content[: len(content) // 2])
    with pytest.raises(ProviderGarbled):
        entries(file)


@pytest.mark.parametrize(
    "content", [b'{"total": 1}', b'{"results": {}}', b'{"results": []} {}', b'[{"name": "A"}]', b'{"results": [1 2]}']
)
def test_json_of_another_shape_is_an_error(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ProviderGarbled):
        entries(written(tmp_path, content))


def test_a_result_that_is_no_object_is_broken(tmp_path: Path) -> None:
    (record,) = written(tmp_path, b'{"results": [7]}').records()
    assert record.broken == "result 1 is not an object"


@pytest.mark.parametrize(
    ("content", "whole"),
    [(b"source,name\nA,B\n", True), (b"source,name\nA,B", False), (b'source,name\n"A","B"', True)],
)
def test_a_last_cell_without_quotes_needs_an_end_of_line(tmp_path: Path, content: bytes, whole: bool) -> None:
    file = written(tmp_path, content)
    assert len(entries(file)) == 1
    assert file.ends_whole is whole


@pytest.mark.parametrize(
    "tail",
    [
        b"\x1a",
        b"\x1a\n",
        b"\x1a\x1a\r\n",
        b",,,,\n",
        b",,,,",
        b" , ,\t,\n\n\x1a",
        b'"","",""\n',
        b",,,\n" * 3,
        b";;;\n",
        b"   \n",
    ],
)
@pytest.mark.parametrize("content", [as_csv(rows()), as_csv(rows()).rstrip(b"\n"), as_json(rows())])
def test_a_tail_that_says_nothing_is_nothing(tmp_path: Path, content: bytes, tail: bytes) -> None:
    if content.startswith(b"{"):
        tail = tail.translate(None, b',;"')
    elif not content.endswith(b"\n") and not tail.startswith(b"\x1a"):
        tail = b"\n" + tail
    file = written(tmp_path, content + tail)
    assert len(entries(file)) == len(rows())
    assert file.ends_whole
    assert file.declared_total in (None, len(rows()))
    for at, record in enumerate(file.records()):
        again = record_at((content + tail)[record.offset : record.offset + record.length], at, file.layout)
        assert entry_of(again, file.layout).name == rows()[at]["name"]


def test_a_ctrl_z_ends_an_unquoted_cell_and_does_not_hide_what_follows_it(tmp_path: Path) -> None:
    file = written(tmp_path, b"source,name\nA,B\x1a")
    assert [entry.name for entry in entries(file)] == ["B"]
    assert file.ends_whole
    names = broken_of(written(tmp_path, b"source,name\nA,B\n\x1a\nA,C\n"))
    assert names == [None, "row 2 is blank", None]


def broken_of(file: ListFile) -> list[str | None]:
    return [record.broken for record in file.records()]


def test_blank_rows_between_others_stand_where_an_entry_was(tmp_path: Path) -> None:
    file = written(tmp_path, b"source,name\nA,B\n,\n,\n\nA,C\n,\n,\n")
    assert broken_of(file) == [None, "row 2 is blank", "row 3 is blank", None]


@pytest.mark.parametrize(
    ("row", "broken"),
    [
        (b'"A","B" C\n', ["row 2 cannot be read: ',' expected after '\"'"]),
        (b'"A","B\n', ["row 2 cannot be read: ',' expected after '\"'"]),
        (b'"A","B\xff"\n', ["row 2 is not UTF-8"]),
        (b'"A","B\0"\n', ["row 2 holds a zero byte"]),
        (b'"A"\n', ["row 2 has 1 cells and the header 2"]),
    ],
)
def test_a_row_that_cannot_be_read_costs_no_other(tmp_path: Path, row: bytes, broken: list[str]) -> None:
    content = b'"source","name"\n"A","first"\n' + row + b'"A","next"\n"A","last"\n'
    file = written(tmp_path, content)
    records = list(file.records())
    good = [entry_of(record, file.layout).name for record in records if record.broken is None]
    assert good == ["first", "next", "last"]
    assert [record.broken for record in records if record.broken][: len(broken)] == broken
    assert content[records[1].offset : records[1].offset + records[1].length] in row
    assert file.ends_whole


@pytest.mark.parametrize("form", ["csv", "json"])
def test_bytes_of_another_encoding_throughout_are_no_damage_of_rows(tmp_path: Path, form: str) -> None:
    def file_of(*names: bytes) -> ListFile:
        if form == "csv":
            return written(tmp_path, b"source,name\n" + b"".join(b"A,%b\n" % name for name in names))
        results = b",".join(b'{"source": "A", "name": "%b"}' % name for name in names)
        return written(tmp_path, b'{"results": [' + results + b"]}")

    bad, good, plain = b"CAF\xc9", b"CAF\xc3\x89", b"CAFE"
    assert len([each for each in broken_of(file_of(bad, bad, plain)) if each]) == 2
    assert len([each for each in broken_of(file_of(bad, bad, bad, good)) if each]) == 3
    with pytest.raises(ProviderGarbled, match="the file is not UTF-8: 3 places"):
        broken_of(file_of(bad, bad, bad, plain))


def test_with_many_stray_quotes_it_is_no_list(tmp_path: Path) -> None:
    file = written(tmp_path, b'"source","name"\n' + b'"A","B"C"\n' * 101)
    with pytest.raises(ProviderGarbled, match="row 101 cannot be read"):
        list(file.records())


def test_a_header_that_comes_again_is_a_second_file(tmp_path: Path) -> None:
    file = written(tmp_path, as_csv(rows()) * 2)
    with pytest.raises(ProviderGarbled, match="the header once more"):
        list(file.records())


def test_a_broken_row_of_many_bytes_may_hide_many_rows(tmp_path: Path) -> None:
    file = written(tmp_path, b"source,name\nA,B\n" + b"x" * 40_000 + b"\nA,C\n")
    with pytest.raises(ProviderGarbled, match="40001 bytes are damaged"):
        list(file.records())


def test_columns_without_a_name_are_no_second_of_their_name(tmp_path: Path) -> None:
    assert entries(written(tmp_path, b"source,name,,\nA,B,,\n"))[0].name == "B"
    with pytest.raises(ProviderGarbled, match="a column twice"):
        written(tmp_path, b"source,name,id,id\nA,B,,\n")


@pytest.mark.parametrize(
    ("result", "broken"),
    [
        (b"7", "result 2 is not an object"),
        (b'{"source": "A", "name": "B\xff"}', "result 2 is not UTF-8"),
        (b'{"source": "A", "name": "B\\ud800"}', "result 2 holds half of a letter"),
    ],
)
def test_a_result_that_cannot_be_read_costs_no_other(tmp_path: Path, result: bytes, broken: str) -> None:
    good = [b'{"source": "A", "name": "\xc3\x89%d"}' % at for at in (1, 2)]
    content = b'{"results": [' + b", ".join((good[0], result, good[1])) + b"]}"
    file = written(tmp_path, content)
    records = list(file.records())
    assert [record.broken for record in records] == [None, broken, None]
    assert [content[record.offset :][: record.length] for record in records] == [good[0], result, good[1]]
    assert entry_of(record_at(good[1], 2, file.layout), file.layout).name == "É2"


def test_a_block_of_zeros_is_damage_and_no_name(tmp_path: Path) -> None:
    file = written(tmp_path, as_csv(rows()).replace(rows()[1]["name"].encode(), b"\0" * 64))
    with pytest.raises(ProviderGarbled, match="zero byte"):
        entries(file)


def test_an_entry_is_known_again_by_its_id_except_where_ids_are_new_with_every_import() -> None:
    sdn, again = row("SDN", 1), row("SDN", 1, name="RENAMED")
    assert key_of(sdn) == key_of(again) != key_of(row("SDN", 2))
    for code in ("DTC", "MEU"):
        first = row(code, 1, name="A  PARTY", federal_register_notice="85 FR 1")
        assert key_of(first) == key_of(row(code, 2, name="A Party", federal_register_notice="85 FR 1"))
        assert key_of(first) != key_of(row(code, 1, name="A PARTY", federal_register_notice="85 FR 2"))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not here")
@pytest.mark.parametrize(("name", "columns"), [("2019", 28), ("2025", 29), ("2026-08", 29)])
def test_real_rows_are_read(name: str, columns: int) -> None:
    file = ListFile(SAMPLES / f"consolidated_{name}_excerpt.csv")
    assert len(file.columns) == columns
    assert len(entries(file)) > 7
