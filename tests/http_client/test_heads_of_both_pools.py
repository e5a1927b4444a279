"""What the head of an answer may be, over the wire: read alike by both clients, or refused alike and in words."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.http_client.peer import Answer, Incoming, Peer, answer
from tools.errors import ProviderGarbled, ProviderRejected, ProviderTooLarge, ToolError
from tools.http_client import HTTPClientManager
from tools.transports import translating

Read = Callable[[str], Awaitable[bytes]]


@pytest.fixture(params=["async", "sync"])
def read(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> Read:
    """Reads what is at a URL; the test runs once for each client."""
    manager = open_manager(read_s=5.0)

    async def in_loop(url: str) -> bytes:
        with translating("agency"):
            async with manager.async_client.get(url) as response:
                return await response.read()

    def in_thread(url: str) -> bytes:
        with translating("agency"):
            return bytes(manager.sync_client.get(url).content)

    return in_loop if request.param == "async" else lambda url: asyncio.to_thread(in_thread, url)


def raw(*fields: bytes, body: bytes = b"ok", status: bytes = b"200 OK") -> Answer:
    """An answer of these header lines."""

    async def write(_: Incoming, writer: asyncio.StreamWriter) -> bool:
        lines = b"".join(b"%b\r\n" % each for each in fields)
        writer.write(b"HTTP/1.1 %b\r\n%b\r\n%b" % (status, lines, body))
        await writer.drain()
        return True

    return write


LENGTH = b"Content-Length: 2"
CHUNKED = b"Transfer-Encoding: chunked"
BODY_IN_CHUNKS = b"2\r\nok\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        raw(LENGTH, LENGTH),
        raw(LENGTH, b"content-length: 02"),
        raw(b"Content-Length: 2, 2"),
        raw(b"Content-Length: " + b"0" * 5000 + b"2"),
        raw(LENGTH, CHUNKED, body=BODY_IN_CHUNKS),
        raw(LENGTH, b"Transfer-Encoding: identity"),
        raw(CHUNKED, b"Content-Length: " + b"9" * 400, body=BODY_IN_CHUNKS),
        raw(CHUNKED, body=b"02;a=b\r\nok\r\n000\r\n\r\n"),
        raw(b"X: " + b"y" * 16 * 1024, LENGTH),
        raw(b"X: " + b"y" * 32 * 1024, LENGTH),
        raw(*[b"X-Name: " + b"y" * 31_000] * 2, LENGTH),
        raw(*[b"X-%d: y" % number for number in range(106)], LENGTH),
        raw(*[b"X: y"] * 999, LENGTH),
        raw(LENGTH, status=b"200 " + b"O" * 16 * 1024),
        raw(b"X: s\xf8k \xc3\xb8", LENGTH),
        raw(b"X: one", b" two", LENGTH),
        raw(b"X: a\x01b", b"Y:", LENGTH),
    ],
)
async def test_an_odd_head_is_read(read: Read, reply: Answer) -> None:
    async with Peer(reply).serving() as peer:
        assert await read(peer.url()) == b"ok"
        assert await read(peer.url()) == b"ok"
        assert peer.accepted == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (raw(LENGTH, b"Content-Length: 3"), "two different lengths of one body"),
        (raw(b"Content-Length: 2, 3"), "two different lengths of one body"),
        (raw(b"Content-Length: -2"), "a Content-Length that is not a length"),
        (raw(b"Content-Length:"), "a Content-Length that is not a length"),
        (raw(b"Content-Length: \xb2"), "a Content-Length that is not a length"),
        (raw(b"Content-Length: " + b"9" * 400), "a Content-Length that is not a length"),
        (raw(b"Content-Length: " + b"9" * 5000), "a Content-Length that is not a length"),
        (raw(b"X: " + b"y" * 34_000, LENGTH), "a header of more than 32 kB"),
        (raw(b"X: " + b"y" * 70_000, LENGTH), "a header of more than 32 kB"),
        (raw(LENGTH, status=b"200 " + b"O" * 34_000), "a header of more than 32 kB"),
        (raw(*[b"X-Name: " + b"y" * 31_000] * 3, LENGTH), "more than 64 kB of headers"),
        (raw(*[b"X: y"] * 1000, LENGTH), "more than 1000 headers"),
    ],
)
async def test_a_head_that_is_too_much_or_says_two_things_is_refused_in_words(
    read: Read, reply: Answer, said: str
) -> None:
    async with Peer(reply).serving() as peer:
        with pytest.raises(ProviderGarbled, match=f"^agency sent {said}$"):
            await read(peer.url())


@pytest.mark.parametrize("length", [b"f" * 17, b"f" * 400, b"-2", b"+2", b"0x2", b"0_2", b"", b"two", b"\xb2"])
async def test_a_chunk_without_a_length_is_garbled(read: Read, length: bytes) -> None:
    async with Peer(raw(CHUNKED, body=length + b"\r\nok\r\n0\r\n\r\n")).serving() as peer:
        with pytest.raises(ProviderGarbled):
            await read(peer.url())


async def test_a_length_over_two_lines_is_garbled(read: Read) -> None:
    async with Peer(raw(b"Content-Length: 2", b" 2")).serving() as peer:
        with pytest.raises(ProviderGarbled):
            await read(peer.url())


@pytest.mark.parametrize("line", [b"no colon", b"X : y", b"X\xf8: y", b"X: a\0b", b": y"])
async def test_a_header_that_is_none_is_garbled(read: Read, line: bytes) -> None:
    async with Peer(raw(line, LENGTH)).serving() as peer:
        with pytest.raises(ProviderGarbled):
            await read(peer.url())


async def test_a_body_that_is_cut_inside_the_length_of_a_chunk_is_not_whole(read: Read) -> None:
    async def cut(_: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0")  # of "0002"
        return False

    async with Peer(cut).serving() as peer:
        with pytest.raises(ToolError):
            await read(peer.url())


async def test_a_length_beyond_the_bound_is_too_large(read: Read) -> None:
    async with Peer(raw(b"Content-Length: " + b"9" * 19)).serving() as peer:
        with pytest.raises(ProviderTooLarge):
            await read(peer.url())


def to(location: bytes, seen: list[str]) -> Answer:
    """Redirects there, and answers there; what was asked for stands in `seen`."""

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        seen.append(incoming.target)
        reply = raw(b"Location: " + location, LENGTH, status=b"302 Found") if incoming.target == "/" else answer()
        return await reply(incoming, writer)

    return write


@pytest.mark.parametrize(
    ("location", "asked"),
    [
        (b"/r/s\xf8k", "/r/s%F8k"),
        ("/r/søk".encode(), "/r/s%C3%B8k"),
        (b"/wiki/A_%26_B?q=a%2Fb%26c", "/wiki/A_%26_B?q=a%2Fb%26c"),
        (b"/low/%2f%c3%b8?q=%2f", "/low/%2f%c3%b8?q=%2f"),
        (b"/%41%7E~?%41=%7e", "/%41%7E~?%41=%7e"),
        (b"/a b?c d", "/a%20b?c%20d"),
        (b"/half%?%zz", "/half%?%zz"),
        (b"/a[1]?b[]=c+d&e=%2B", "/a[1]?b[]=c+d&e=%2B"),
        (b"/x?", "/x"),
        (b"there?x=1#part", "/there?x=1"),
        (b"?only=query", "/?only=query"),
        (b"/a//b/;c=1?d=/../e", "/a//b/;c=1?d=/../e"),
    ],
)
async def test_a_redirect_is_followed_as_it_was_given(read: Read, location: bytes, asked: str) -> None:
    seen: list[str] = []
    async with Peer(to(location, seen)).serving() as peer:
        assert await read(peer.url()) == b"ok"
        assert seen == ["/", asked]


async def test_a_whole_url_is_followed_as_it_was_given(read: Read) -> None:
    seen: list[str] = []
    async with Peer(ok_at("/%2fx?%c3")).serving() as there:
        async with Peer(to(there.url("/%2fx?%c3").encode(), seen)).serving() as peer:
            assert await read(peer.url()) == b"ok"
        assert [incoming.target for incoming in there.asked] == ["/%2fx?%c3"]


def ok_at(target: str) -> Answer:
    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        return await answer(200 if incoming.target == target else 404)(incoming, writer)

    return write


@pytest.mark.parametrize(
    "location",
    [
        b"http://[oops/",
        b"http://127.0.0.1:99999/",
        b"http://127.0.0.1:abc/",
        b"http://s\xf8k.example/",
        "http://søk.example/".encode(),
        b"http://%41.example/",
        b"http://",
        b"ftp://127.0.0.1/",
        b"mailto:someone@agency.example",
        b"http://.example/",
        b"http://" + b"a" * 70 + b".example/",
    ],
)
async def test_a_redirect_to_what_is_no_url_of_ours_is_rejected(read: Read, location: bytes) -> None:
    async with Peer(raw(b"Location: " + location, LENGTH, status=b"302 Found")).serving() as peer:
        with pytest.raises(ProviderRejected):
            await read(peer.url())
