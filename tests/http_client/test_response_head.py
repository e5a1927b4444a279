"""A head that is read in few steps says what http.client would have made of it."""

import http.client
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.http_client.sync_connection import WholeHead


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
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end",
    b"HTTP/1.1 200 OK\r\n\r\nto the end",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.9 204 No Content\r\nContent-Length: 2\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Empty:\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX-Folded: one\r\n two\r\nX-Latin: caf\xe9 \r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 1\r\n\r\nx",
    b"HTTP/1.1 200 OK\r\nX : spaced\r\nContent-Length: 1\r\n\r\nx",
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
def test_any_headers_are_read_as_http_client_reads_them(headers: list[tuple[str, str]]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
    head = b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"
    ours, theirs = read(WholeHead, head), read(http.client.HTTPResponse, head)
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
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", http.client.LineTooLong),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 101 + b"\r\n", http.client.HTTPException),
    ],
)
def test_a_head_that_is_none_is_an_error(head: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(WholeHead, head)
