"""CSV as it comes from other programs: their encodings, delimiters and headers, and what goes wrong in them."""

import tracemalloc
from collections.abc import Iterator

import pytest

from service.batches.intake import RowReader
from service.batches.rows import Row
from tests.batches.reading import pieces_of, read

TOO_LONG = "the row is over 256 KiB"
BADLY_QUOTED = "the row has a quote that is not closed, or does not close its cell"

#: The file of the issue: a mark, semicolons, quoted line breaks, three bad rows, a cell of 1 MB.
HOSTILE = (
    "\ufeffName;Kd-Nr;Land;Notiz\r\n"
    "Müller & Söhne;A-1;DE;\r\n"
    '"Quiet\r\nMeadow; Bakery";A-2;US;"says ""hello"""\r\n'
    "zu wenig;A-3\r\n"
    "Harbour Lights;A-4;GB;" + "x" * 1_000_000 + "\r\n"
    '"nie geschlossen;A-5;DE;\r\n'
    "Bank Melli Iran;A-6;IR;\r\n"
    "\r\n"
    "NUL\0;A-7;DE;\r\n"
    "Letzte Zeile;A-8;FR;ohne Ende"
)


def test_the_hostile_file_costs_only_its_bad_rows() -> None:
    found = read(HOSTILE.encode())
    assert found.fault is None
    assert [row.number for row in found.rows] == list(range(1, 9))
    assert found.names == ["Müller & Söhne", "Quiet Meadow; Bakery", "Bank Melli Iran", "Letzte Zeile"]
    assert {row.number: row.fault for row in found.rows if row.fault} == {
        3: "the row has 2 cells, the header has 4",
        4: TOO_LONG,
        5: BADLY_QUOTED,
        7: "name: holds a NUL character",
    }
    assert [row.ref for row in found.rows] == ["A-1", "A-2", None, None, None, "A-6", "A-7", "A-8"]
    assert found.reader is not None
    assert found.reader.columns is not None
    assert found.reader.columns.used == {"name": "Name", "ref": "Kd-Nr", "country": "Land"}
    assert found.reader.columns.ignored == ("Notiz",)
    assert (found.reader.format, found.reader.encoding, found.reader.delimiter) == ("csv", "utf-8", ";")


@pytest.mark.parametrize("sizes", [(1,), (3, 1, 7), (65_536,), (1_000, 1)])
def test_how_the_hostile_file_is_cut_makes_no_difference(sizes: tuple[int, ...]) -> None:
    data = HOSTILE.replace("x" * 1_000_000, "x" * 300_000).encode()
    assert read(pieces_of(data, sizes)).rows == read(data).rows


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found_out(encoding: str) -> None:
    mark = "\ufeff" if encoding == "utf-16-le" else ""
    data = (mark + "Firma;Ort\nÄpfel & Müller;Köln\n").encode(encoding)
    assert read(data).names == ["Äpfel & Müller"]
    assert read(pieces_of(data, (1,))).names == ["Äpfel & Müller"]


def test_a_broken_byte_in_utf_8_is_a_row_that_cannot_be_read_and_never_another_letter() -> None:
    found = read("name,ref\nplain,1\nMüller,2\n".encode() + "Möller,3\n".encode("cp1252") + "Österle,4\n".encode())
    assert found.names == ["plain", "Müller", "Österle"]
    assert (found.rows[2].fault, found.rows[2].ref) == (
        "the row holds bytes that are no text in utf-8, and its encoding looks like windows-1252",
        "3",
    )


def test_nor_is_utf_8_read_as_windows_1252() -> None:
    found = read(b"name,ref\nplain,1\n" + "Möller,2\n".encode("cp1252") + "Müller,3\n".encode())
    assert found.names == ["plain", "Möller"]
    assert found.rows[2].fault == "the row is in utf-8, and the rows around it are in windows-1252"


def test_what_the_sender_says_of_the_encoding_is_believed() -> None:
    assert read("name\nŁódź\n".encode("cp1250"), charset="windows-1250").names == ["Łódź"]
    assert read("name\nÃ¼\n".encode("cp1252"), charset="iso-8859-1").names == ["Ã¼"]
    refused = read(b"name\nx\n", charset="utf-7").fault
    assert refused is not None
    assert refused.code == "unknown_encoding"


def test_half_a_character_of_utf_16_is_told() -> None:
    data = "name\nAcme\nBeta".encode("utf-16") + b"\x41"
    assert [bool(row.fault) for row in read(data).rows] == [False, True]
    lone = "name\n".encode("utf-16") + b"\x00\xd8" + "\nAcme\n".encode("utf-16-le")
    assert [bool(row.fault) for row in read(lone).rows] == [True, False]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter: str) -> None:
    header = delimiter.join(['"Notes, old; new"', "Company Name", "Reference"])
    row = delimiter.join(["a", f'"Acme{delimiter} Inc"', "7"])
    found = read(f"{header}\n{row}\n".encode())
    assert [(each.name, each.ref) for each in found.rows] == [(f"Acme{delimiter} Inc".replace("\t", ""), "7")]


@pytest.mark.parametrize(
    ("header", "row", "delimiter", "name"),
    [
        ("Name, legal, trading, or any;Land;Nr", "Sberbank;RU;A-1", ";", "Sberbank"),
        ("Name, legal, trading, or any;Land;Nr", "Meyer, Sohn, Co, KG;DE;A-1", ";", "Meyer, Sohn, Co, KG"),
        ("Name, legal, trading, or any;Land;Nr", '"Meyer; Sohn";DE;A-1', ";", "Meyer; Sohn"),
        ("Firma (Name, Zusatz, Ort);Straße, Nr;Kd-Nr", "Acme;Weg 1;A-1", ";", "Acme"),
        ("Company, or person\tCity, state, zip, or any\tRef", "Acme\tAustin, TX\tA-1", "\t", "Acme"),
        ("Company, or person|City, state, zip, or any|Ref", "Acme|Austin, TX|A-1", "|", "Acme"),
        ("Ref;Remarks, if any, or none, or both;Name", "A-1;a, b;Acme", ";", "Acme"),
        ("name, ref, country", "Acme, A-1, DE", ",", "Acme"),
        ("name,ref;old,country|code", "Acme,A-1,DE", ",", "Acme"),
        ("name,note a;b;c,ref", "Acme,x,A-1", ",", "Acme"),
        ("name;note,x;ref,y", "Acme;1;A-1", ";", "Acme"),
    ],
)
def test_a_heading_may_have_other_delimiters_in_it(header: str, row: str, delimiter: str, name: str) -> None:
    for data in (f"{header}\n{row}\n", f"{header}\n{row}\nzu wenig\n", f"{header}\n{row}"):
        found = read(data.encode())
        assert found.fault is None
        assert found.reader is not None
        assert (found.reader.delimiter, found.names[:1]) == (delimiter, [name])


def test_a_header_alone_is_divided_where_its_commas_are_prose() -> None:
    found = read(b"Name, legal, trading, or any;Land;Nr\n")
    assert found.reader is not None
    assert found.reader.delimiter == ";"
    assert found.reader.columns is not None
    assert found.reader.columns.used == {"name": "Name, legal, trading, or any", "country": "Land"}


def test_a_first_row_that_cannot_be_read_leaves_the_choice_to_the_header() -> None:
    found = read(b'Name, legal, trading, or any;Land;Nr\n"Acme;DE;1\nBeta;DE;2\n')
    assert found.told == [(BADLY_QUOTED, None), (None, "Beta")]


def test_a_file_of_one_column_may_have_commas_in_it() -> None:
    assert read(b'company\nAcme, Inc.\n"Beta; Ltd"\n').names == ["Acme, Inc.", "Beta; Ltd"]


def test_a_first_line_may_state_the_delimiter() -> None:
    assert read(b"sep=|\r\nname|ref, old;new\r\nAcme|1\r\n").names == ["Acme"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_they_do_anywhere_and_blank_ones_are_no_rows(end: str) -> None:
    found = read(end.join(["name,ref", "", "Acme,1", "   ", '"Beta",2', "", ""]).encode())
    assert [(row.number, row.name) for row in found.rows] == [(1, "Acme"), (2, "Beta")]


def test_a_quote_that_is_not_closed_swallows_no_other_row() -> None:
    found = read(b'name,ref\n"Acme,1\nBeta,2\n"Gamma, Inc",3\nDelta,4\n"Omega,5\nSigma,6\n')
    assert found.told == [
        (BADLY_QUOTED, None),
        (None, "Beta"),
        (None, "Gamma, Inc"),
        (None, "Delta"),
        (BADLY_QUOTED, None),
        (None, "Sigma"),
    ]


def test_nor_does_one_beyond_which_no_other_quote_comes() -> None:
    lines = [b"Quiet Meadow Bakery,%d" % at for at in range(120_000)]
    found = read(b'name,ref\n"Acme,0\n' + b"\n".join(lines), max_rows=200_000)
    assert [row.fault for row in found.rows[:2]] == [BADLY_QUOTED, None]
    assert len(found.names) == 120_000


def test_quotes_made_to_be_read_over_and_over_are_a_fault_of_the_file() -> None:
    found = read(pieces_of(b"name,ref\n" + b'x","y\n' * 300_000, (65_536,)))
    assert found.fault is not None
    assert found.fault.code == "unclosed_quotes"
    assert found.fault.row == len(found.rows)


def test_a_quote_within_a_cell_is_a_letter_like_others() -> None:
    assert read(b'name,ref\n12" Records,1\nThe "Best" Ltd , 2\n "Acme, Inc" , 3\n').names == [
        '12" Records',
        'The "Best" Ltd',
        "Acme, Inc",
    ]


def rows_of_a_long_line(before: bytes, after: bytes) -> tuple[list[Row], int]:
    """The rows of a file with 50 MB on one line, and the most memory that reading it took."""

    def pieces() -> Iterator[bytes]:
        yield b"name,ref\nAcme,1\n" + before
        piece = b"x" * 65_536
        for _ in range(50_000_000 // len(piece)):
            yield piece
        yield after + b"\nBeta,3\n"

    reader, rows = RowReader(None, {}, 10_000), list[Row]()
    tracemalloc.start()
    try:
        for piece in pieces():
            rows += reader.feed(piece)
        rows += reader.end()
        return rows, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(("before", "after"), [(b"", b",2"), (b'"', b'",2'), (b'"', b"")])
def test_50_mb_on_one_line_are_one_bad_row_and_little_memory(before: bytes, after: bytes) -> None:
    rows, peak_bytes = rows_of_a_long_line(before, after)
    assert [(row.name, row.fault) for row in rows] == [("Acme", None), (None, TOO_LONG), ("Beta", None)]
    assert peak_bytes < 16 * 1024 * 1024


def test_50_mb_of_a_header_are_a_fault_of_the_file() -> None:
    found = read(pieces_of(b"x" * 50_000_000 + b"\nAcme\n", (1_000_000,)))
    assert found.fault is not None
    assert (found.fault.code, found.rows) == ("header_unreadable", [])


def test_a_cell_of_1_mb_on_many_lines_is_one_bad_row() -> None:
    cell = b"a line of some text, as notes have\n" * 30_000
    assert len(cell) > 1_000_000
    found = read(pieces_of(b'name,notes\nAcme,"' + cell + b'"\nBeta,x\n', (65_536,)))
    assert found.told == [(TOO_LONG, None), (None, "Beta")]


def test_more_cells_than_the_header_has_are_told_unless_they_are_empty() -> None:
    found = read(b"name;ref\nAcme;1;;\nBeta;2;x\n")
    assert found.told == [(None, "Acme"), ("the row has 3 cells, the header has 2", None)]


def test_cells_are_read_as_what_they_are() -> None:
    found = read(b'name,ref,type,country,dob,ids\nAcme, A-1 ,entity,US,1970,"DE123; 77, 88|99"\n,A-2,,,,\nBeta,,,,,\n')
    assert found.rows == [
        Row(number=1, name="Acme", ref="A-1", type="entity", country="US", dob="1970", ids=("DE123", "77", "88", "99")),
        Row(number=2, ref="A-2", fault="name: is missing"),
        Row(number=3, name="Beta"),
    ]


def test_more_rows_than_are_taken_end_the_file_and_those_before_stand() -> None:
    found = read(b"name\n" + b"Acme\n" * 11, max_rows=10)
    assert len(found.rows) == 10
    assert found.fault is not None
    assert (found.fault.code, found.fault.row) == ("too_many_rows", 10)
    assert read(b"name\n" + b"Acme\n" * 10, max_rows=10).fault is None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty_file"),
        (b" \r\n\r\n", "empty_file"),
        (b"ref;id\n1;2\n", "no_name_column"),
        (b"Acme;DE\nBeta;FR\n", "no_name_column"),
        (b"name,name\na,b\n", "ambiguous_columns"),
        (b"Name,Vorname\nMustermann,Max\n", "split_name"),
        (b"PK\x03\x04 and so on", "not_text"),
        ("name\nAcme\n".encode("utf-16-le"), "unknown_encoding"),
        ("name\nAcme\n".encode("utf-32"), "unknown_encoding"),
        (b'"name,ref\n', "header_unreadable"),
        (b"name" + b",x" * 1000 + b"\nAcme\n", "header_unreadable"),
    ],
)
def test_what_is_wrong_with_the_whole_file_is_told_before_any_row(data: bytes, code: str) -> None:
    found = read(data)
    assert found.fault is not None
    assert (found.fault.code, found.fault.row, found.rows) == (code, 0, [])
    again = read(pieces_of(data, (1,))).fault
    assert again is not None
    assert again.code == code
