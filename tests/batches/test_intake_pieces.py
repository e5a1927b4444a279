"""However a file is cut into pieces, and whatever is in it, the rows and the fault are the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.batches.intake import FileFormat
from tests.batches.reading import pieces_of, read

CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=5)
CSV_PARTS = st.sampled_from(
    [
        *(b"name", b"ref", b"Acme", b",", b";", b"\t", b'"', b'""', b"\n", b"\r", b"\r\n", b" ", b"\0"),
        *("é".encode(), b"\xe9", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe", b"a\0", b"sep=;", b'","', b'"\n'),
    ]
)
JSON_PARTS = st.sampled_from(
    [
        *(b'{"name": "Acme"}', b'{"name":', b'"', b"\\", b"{", b"}", b"[", b"]", b",", b"\n", b" ", b"1", b"null"),
        *("é".encode(), b"\xc3", b'{"ref": [{}, "]"]}', b'\\"', b"\r\n", b'{"name": "a", "ids": ["x\\\\"]},'),
    ]
)


def same_in_pieces(data: bytes, sizes: list[int], format: FileFormat | None) -> None:  # noqa: A002 - as there
    whole, cut = read(data, format), read(pieces_of(data, sizes), format)
    assert cut.rows == whole.rows
    assert [row.number for row in whole.rows] == list(range(1, len(whole.rows) + 1))
    assert (whole.fault and (whole.fault.code, whole.fault.row, str(whole.fault))) == (
        cut.fault and (cut.fault.code, cut.fault.row, str(cut.fault))
    )


@settings(max_examples=400)
@given(st.lists(CSV_PARTS, max_size=40), CUTS)
def test_csv(parts: list[bytes], sizes: list[int]) -> None:
    same_in_pieces(b"name,ref\n" + b"".join(parts), sizes, None)
    same_in_pieces(b"".join(parts), sizes, "csv")


@given(st.lists(JSON_PARTS, max_size=30), CUTS)
def test_json(parts: list[bytes], sizes: list[int]) -> None:
    for prefix in (b"", b"[", b'[{"name": "Beta"},'):
        same_in_pieces(prefix + b"".join(parts), sizes, "json")
    same_in_pieces(b"".join(parts), sizes, "ndjson")


@given(st.binary(max_size=200), CUTS)
def test_anything(data: bytes, sizes: list[int]) -> None:
    same_in_pieces(data, sizes, None)


def test_what_follows_a_mark_is_read_the_same_however_little_of_it_comes_first() -> None:
    same_in_pieces(b"\xef\xbb\xbf\n\0name\n", [4], "csv")
