"""Rows that are JSON objects, on lines or in one array, and what goes wrong in them."""

import tracemalloc
from collections.abc import Iterator

import pytest

from service.batches.intake import RowReader
from service.batches.rows import Row
from tests.batches.reading import pieces_of, read


def test_members_are_read_as_what_they_are() -> None:
    found = read(
        b'{"name": "Acme", "ref": 123456789012345678901234567890, "ids": [1, "b "], "dob": 1970, "more": {"a": [1]}}\n'
        b'{"Company Name": "Beta", "ref": 12.50, "ids": "x;y", "type": null}\n'
    )
    assert found.rows == [
        Row(number=1, name="Acme", ref="123456789012345678901234567890", ids=("1", "b"), dob="1970"),
        Row(number=2, name="Beta", ref="12.50", ids=("x", "y")),
    ]
    assert found.reader is not None
    assert found.reader.columns is not None
    assert found.reader.columns.ignored == ("more",)


UNKNOWN = (
    "the row has characters beyond ASCII, and its encoding looks like windows-1252, which is not certain: "
    "send the file as UTF-8, or say its charset"
)


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        ("836230001", ("836230001",)),
        ("8.3623E+08", ("8.3623E+08",)),
        ('["A-1", 2, null, " "]', ("A-1", "2")),
        ("true", ("true",)),
        ('{"a": 1}', ("1",)),
        ('"A\\u0000-1"', ("A -1",)),
        ('"\\ud800A-1"', ("A-1",)),
        ("null", ()),
    ],
)
def test_no_identifier_of_whatever_kind_costs_its_row(value: str, ids: tuple[str, ...]) -> None:
    (row,) = read(f'{{"name": "Acme", "ids": {value}}}'.encode()).rows
    assert (row.fault, row.name, row.ids) == (None, "Acme", ids)


BAD = [
    (b'{"name": "Acme"', "the row is not JSON: Expecting ',' delimiter at character 16"),
    (b'["Acme"]', "the row is no JSON object"),
    (b'"Acme"', "the row is no JSON object"),
    (b'{"name": 5, "ref": "A"}', "name: must be a text"),
    (b'{"name": ["Acme"], "ref": "A"}', "name: must be a text"),
    (b'{"name": "Acme", "name": "Beta"}', "the member 'name' stands there more than once"),
    (b'{"name": "Acme", "x": NaN}', "the row is not JSON: NaN is no number"),
    (b'{"name": "Ac\xffme"}', UNKNOWN),
    (b'{"name": "Ac\\ud800me"}', "name: holds half a character (a lone surrogate)"),
    (b'{"name": "Ac\\u0000me"}', "name: holds a NUL character"),
    (b'{"name": "", "ref": "A"}', "name: is missing"),
    (b'{"name": null}', "name: is missing"),
    (
        b'{"name": "Acme"' + b"".join(b', "x%d": 1' % at for at in range(1000)) + b"}",
        "the row has more than 1,000 members",
    ),
    (b"[" * 100_000, "the row is nested too deeply"),
    (b'{"name": "' + b"x" * 300_000 + b'"}', "the row is over 256 KiB"),
]


@pytest.mark.parametrize(("line", "fault"), BAD, ids=[fault for _, fault in BAD])
def test_a_bad_line_is_one_bad_row(line: bytes, fault: str) -> None:
    found = read(b'{"name": "Before"}\n' + line + b'\r\n\n{"name": "After"}')
    assert [row.number for row in found.rows] == [1, 2, 3]
    assert found.told == [(None, "Before"), (fault, None), (None, "After")]
    assert found.fault is None
    for row in found.rows:
        assert "\0" not in f"{row.ref}{row.name}"
        f"{row.ref}{row.name}".encode()


@pytest.mark.parametrize(("line", "fault"), [each for each in BAD if each[0].count(b"[") < 9 and each[0][-1:] == b"}"])
def test_a_bad_element_is_one_bad_row(line: bytes, fault: str) -> None:
    found = read(b'[{"name": "Before"},\n' + line + b', {"name": "After"}]')
    assert found.told == [(None, "Before"), (fault, None), (None, "After")]
    assert found.fault is None


def test_an_object_that_lacks_a_name_is_one_bad_row() -> None:
    found = read(b'[{"ref": "A", "title": "x"}, {"name": "Beta"}, {"name": "Max", "surname": "M"}]')
    assert [(row.ref, bool(row.fault)) for row in found.rows] == [("A", True), (None, False), (None, True)]


def test_a_mapping_says_which_members_are_meant() -> None:
    found = read(b'{"firm": "Acme", "nr": 7, "ref": "x"}\n{"name": "Beta"}\n{"firm": "Gamma"}', mapping=
                 {"name": "firm", "ref": "nr"})  # fmt: skip
    assert [(row.name, row.ref, bool(row.fault)) for row in found.rows] == [
        ("Acme", "7", False),
        ("Beta", None, True),
        ("Gamma", None, False),
    ]


@pytest.mark.parametrize(
    "data", [b"[]", b" [ ] ", b'[{"name": "a"}]', b'[{"name": "a"},{"name": "b", "x": [1, {}]}]\n']
)
def test_a_whole_array_is_no_fault(data: bytes) -> None:
    found = read(data, "json")
    assert found.fault is None
    assert len(found.rows) == data.count(b"name")


@pytest.mark.parametrize(
    ("data", "rows", "code"),
    [
        (b'[{"name": "a"}, {"name": "b"}', 1, "broken_array"),
        (b'[{"name": "a"}, {"name": "b"},', 2, "broken_array"),
        (b'[{"name": "a"}, {"na', 1, "broken_array"),
        (b'[{"name": "a"} {"name": "b"}]', 0, "broken_array"),
        (b'[{"name": "a"},, {"name": "b"}]', 1, "broken_array"),
        (b'[{"name": "a"}, ]', 1, "broken_array"),
        (b'[{"name": "a"}] x', 1, "broken_array"),
        (b'[{"name": "a"}][{"name": "b"}]', 1, "broken_array"),
        (b'[{"name": "a"}, }]', 1, "broken_array"),
        (b'[{"name": "a}, {"name": "b"}]', 0, "broken_array"),
        (b"x", 0, "no_array"),
        (b"", 0, "empty_file"),
    ],
)
def test_a_broken_array_ends_in_a_fault_after_the_rows_that_were_whole(data: bytes, rows: int, code: str) -> None:
    for pieces in ([data], pieces_of(data, (1,))):
        found = read(pieces, "json")
        assert len(found.rows) == rows
        assert found.fault is not None
        assert (found.fault.code, found.fault.row) == (code, rows)


def test_objects_that_were_called_an_array_are_lines() -> None:
    assert read(b'{"name": "Acme"}\n{"name": "Beta"}\n', "json").names == ["Acme", "Beta"]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_json_may_have_a_mark_too(mark: str) -> None:
    assert read('{"name": "Müller"}\n'.encode(mark)).names == ["Müller"]
    assert read('[{"name": "Müller"}]'.encode(mark)).names == ["Müller"]


def test_50_mb_of_one_element_are_one_bad_row_and_little_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield b'[{"name": "Acme"}, {"name": "'
        for _ in range(50):
            yield b"x" * 1_000_000
        yield b'"}, {"name": "Beta"}]'

    reader, rows = RowReader("json", {}, 10), list[Row]()
    tracemalloc.start()
    try:
        for piece in pieces():
            rows += reader.feed(piece)
        rows += reader.end()
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [(row.name, row.fault) for row in rows] == [
        ("Acme", None),
        (None, "the row is over 256 KiB"),
        ("Beta", None),
    ]
    assert peak_bytes < 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("ref", "echoed"),
    [
        (b"true", "true"),
        (b'["a", 1]', '["a", "1"]'),
        (b'"' + b"r" * 2000 + b'"', "r" * 2000),
        (b'"a\\u0000b"', "a\N{REPLACEMENT CHARACTER}b"),
        (b'""', None),
    ],
)
def test_a_reference_of_whatever_kind_stops_no_name(ref: bytes, echoed: str | None) -> None:
    (row,) = read(b'{"name": "Acme", "ref": ' + ref + b"}\n", "ndjson").rows
    assert (row.name, row.ref, row.fault) == ("Acme", echoed, None)
