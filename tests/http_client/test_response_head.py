"""A head that is read in few steps says what http.client would have made of it."""

import http.client
import io
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.http_client.response_head import MAX_FIELDS, HeadGate, RefusedHead, mended
from tools.http_client.sync_answer import WholeHead


class Wire:
    """A socket from which `content` comes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def read(kind: type[http.client.HTTPResponse], content: bytes, method: str = "GET") -> dict[str, Any]:
    """What a response of this kind says of itself, and its body."""
    wire: Any = Wire(content)
    answer: Any = kind(wire, method=method)
    answer.begin()
    said = {name: getattr(answer, name) for name in ("status", "version", "reason", "chunked", "length", "will_close")}
    return said | {"headers": answer.getheaders(), "defects": answer.msg.defects, "body": answer.read()}


HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nok",
    b"HTTP/1.1 200\r\nContent-Length:2\r\n\r\nok",
    b"HTTP/1.1 200 Fine thing \nX: y\nContent-Length: 2\n\nok",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    b"HTTP/1.1 200 OK\r\n\r\nto the end",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.9 204 No Content\r\nContent-Length: 2\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nX-Latin: caf\xe9 \r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
]


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_head_is_read_as_http_client_reads_it(head: bytes, method: str) -> None:
    ours, theirs = read(WholeHead, head, method), read(http.client.HTTPResponse, head, method)
    assert [type(each) for each in ours.pop("defects")] == [type(each) for each in theirs.pop("defects")]
    assert ours == theirs


@given(st.lists(st.tuples(st.from_regex(r"[!-9;-~]{1,6}", fullmatch=True), st.text(st.characters(max_codepoint=255)))))
def test_any_headers_are_read_as_http_client_reads_them_or_refused(headers: list[tuple[str, str]]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    head = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"
    try:
        ours = read(WholeHead, head)
    except RefusedHead:
        assert any(not name.isalnum() for name, _ in headers) or re.search(rb"\0|\n[^ \t\r\n]", lines)
        return
    theirs = read(http.client.HTTPResponse, head)
    assert (ours["headers"], ours["body"]) == (theirs["headers"], theirs["body"])


def test_other_interim_heads_are_skipped_too() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    said = read(WholeHead, early + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
    assert (said["status"], said["headers"], said["body"]) == (200, [("Content-Length", "1")], b"x")


@pytest.mark.parametrize(
    ("head", "error"),
    [
        (b"", http.client.RemoteDisconnected),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", http.client.IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nX: y", http.client.IncompleteRead),
        (b"HTTP/1.1 103 Early\r\nX: y", http.client.IncompleteRead),
        (b"SMTP 200 OK\r\n\r\n", http.client.BadStatusLine),
        (b"HTTP/2 200 OK\r\n\r\n", http.client.UnknownProtocol),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 34_000 + b"\r\n\r\n", RefusedHead),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", RefusedHead),
        (b"HTTP/1.1 200 OK\r\nX : spaced\r\n\r\n", RefusedHead),
        (b"HTTP/1.1 200 OK\r\nX\xf8: y\r\n\r\n", RefusedHead),
        (b"HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n", RefusedHead),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * (MAX_FIELDS + 1) + b"\r\n", RefusedHead),
    ],
)
def test_a_head_that_is_none_is_an_error(head: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(WholeHead, head)


def head(*fields: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\n" + b"".join(b"%b\r\n" % each for each in fields) + b"\r\n"


@pytest.mark.parametrize(
    ("came", "read"),
    [
        (head(b"Content-Length: 2"), head(b"Content-Length: 2")),
        (head(b"Content-Length: 2", b"X: y", b"content-length:2"), head(b"Content-Length: 2", b"X: y")),
        (head(b"Content-Length: 2, 2"), head(b"Content-Length: 2")),
        (head(b"Content-Length: " + b"0" * 400 + b"2"), head(b"Content-Length: 2")),
        (head(b"Content-Length: 0", b"Content-Length: 00"), head(b"Content-Length: 0")),
        (head(b"Transfer-Encoding: Chunked", b"Content-Length: x"), head(b"Transfer-Encoding: Chunked")),
        (head(b"Location: /a%2fb?q=%c3#x"), head(b"Location: /a%2fb?q=%c3#x")),
        (head(b"location:  /s\xf8k \xc3\xb8\\|x "), head(b"Location: /s%F8k%20%C3%B8%5C%7Cx")),
        (head(b"X-Location: \xf8", b"X: Location: \xf8"), head(b"X-Location: \xf8", b"X: Location: \xf8")),
    ],
)
def test_odd_lengths_and_locations_are_mended_and_nothing_else(came: bytes, read: bytes) -> None:
    assert mended(came) == read


@pytest.mark.parametrize("length", [b"-2", b"+2", b"", b"2.0", b"0x2", b"2_0", b"two", b"\xb2", b"9" * 20, b"9" * 5000])
def test_a_length_that_is_none_is_refused(length: bytes) -> None:
    with pytest.raises(RefusedHead, match="not a length"):
        mended(head(b"Content-Length: " + length))


@pytest.mark.parametrize("fields", [(b"Content-Length: 2", b"Content-Length: 3"), (b"Content-Length: 2, 3",)])
def test_two_different_lengths_are_refused(fields: tuple[bytes, ...]) -> None:
    with pytest.raises(RefusedHead, match="two different lengths"):
        mended(head(*fields))


EARLY = b"HTTP/1.1 103 Early Hints\r\nContent-Length: 1, 1\r\n\r\n"


@pytest.mark.parametrize(
    "came", [head(b"X: y") + b"body\n\n", EARLY + head(b"X: y") + b"\r\n\r\n", b"HTTP/1.1 200 OK\nX: y\n\nbody"]
)
@pytest.mark.parametrize("piece", [1, 2, 5, 1000])
def test_an_answer_in_pieces_comes_through_the_gate_whole(came: bytes, piece: int) -> None:
    gate = HeadGate()
    passed = b"".join(gate.take(came[start : start + piece]) for start in range(0, len(came), piece))
    assert passed == came.replace(b"1, 1", b"1")
    assert gate.is_open


@pytest.mark.parametrize("came", [b"220 mail ready\r\n", b"HTML", b"\x16\x03", b"H2"])
def test_what_is_no_answer_is_not_held(came: bytes) -> None:
    assert HeadGate().take(came) == came


def test_a_head_is_held_until_it_is_whole() -> None:
    gate = HeadGate()
    assert (gate.take(b"HTTP/1.1 200 OK\r\nX: y\r\n"), gate.held) == (b"", b"HTTP/1.1 200 OK\r\nX: y\r\n")
    assert gate.take(b"\r\nbody") == head(b"X: y") + b"body"
    assert gate.take(b"HTTP/") == b"HTTP/"


@pytest.mark.parametrize(
    ("came", "said"),
    [
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 34_000, "a header of more than 32 kB"),
        (b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 10_000 + b"\r\n") * 7, "more than 64 kB of headers"),
        (b"HTTP/1.1 200 OK\r\n" + b"X:y\r\n" * (MAX_FIELDS + 1), "more than 1000 headers"),
    ],
)
@pytest.mark.parametrize("piece", [1000, 10**6])
def test_a_head_that_grows_too_large_is_refused_before_its_end(came: bytes, said: str, piece: int) -> None:
    gate = HeadGate()

    def take_all() -> None:
        for start in range(0, len(came), piece):
            assert gate.take(came[start : start + piece]) == b""

    with pytest.raises(RefusedHead, match=said):
        take_all()
