"""A packed body is whole only when its packing is: what was cut, damaged or added to is an error on every way."""

import asyncio
import contextlib
import gzip
import random
import zlib
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.http_client.peer import Answer, Incoming, Peer, answer
from tools.errors import ProviderGarbled, ProviderTimeout, ProviderUnreachable
from tools.http_client import HTTPClientManager
from tools.http_client.content_coding import Unpacker, UnreadableBody, unpacker_of
from tools.transports import translating

#: Rows as of a list, which pack badly, so that there is much to cut.
PLAIN = "".join(f"{number},{random.Random(number).random()},ROW {number}\n" for number in range(3000)).encode()


def deflated(plain: bytes, wbits: int, end: int = zlib.Z_FINISH) -> bytes:
    packer = zlib.compressobj(wbits=wbits)
    return packer.compress(plain) + packer.flush(end)


PACKED = {
    "gzip": ("gzip", gzip.compress(PLAIN)),
    "x-gzip": ("X-GZip", gzip.compress(PLAIN)),
    "members": ("gzip", gzip.compress(PLAIN[:50_000]) + gzip.compress(b"") + gzip.compress(PLAIN[50_000:])),
    "zlib": ("deflate", zlib.compress(PLAIN)),
    "raw": ("deflate", deflated(PLAIN, -15)),
    "twice": ("gzip, gzip", gzip.compress(gzip.compress(PLAIN))),
    "both": ("deflate, x-gzip", gzip.compress(zlib.compress(PLAIN))),
}
#: The end of these is missing, and a library that reads on finds nothing wrong.
SYNC_FLUSHED = {
    "gzip": ("gzip", deflated(PLAIN, 31, zlib.Z_SYNC_FLUSH)),
    "full": ("gzip", deflated(PLAIN, 31, zlib.Z_FULL_FLUSH)),
    "zlib": ("deflate", deflated(PLAIN, 15, zlib.Z_SYNC_FLUSH)),
    "raw": ("deflate", deflated(PLAIN, -15, zlib.Z_SYNC_FLUSH)),
    "inner": ("gzip, gzip", gzip.compress(deflated(PLAIN, 31, zlib.Z_SYNC_FLUSH))),
    "outer": ("gzip, gzip", deflated(gzip.compress(PLAIN), 31, zlib.Z_SYNC_FLUSH)),
}
WHOLE = gzip.compress(PLAIN)
DAMAGED = {
    "no trailer": ("gzip", WHOLE[:-8]),
    "no length": ("gzip", WHOLE[:-4]),
    "wrong sum": ("gzip", WHOLE[:-8] + b"\0\0\0\0" + WHOLE[-4:]),
    "wrong length": ("gzip", WHOLE[:-4] + b"\0\0\0\0"),
    "wrong zlib sum": ("deflate", zlib.compress(PLAIN)[:-4] + b"\0\0\0\0"),
    "garbage behind": ("gzip", WHOLE + b"garbage"),
    "zeros behind": ("gzip", WHOLE + bytes(100)),
    "half a head behind": ("gzip", WHOLE + WHOLE[:5]),
    "a byte behind": ("gzip", WHOLE + WHOLE[:1]),
    "garbage behind zlib": ("deflate", zlib.compress(PLAIN) + b"x"),
    "a second zlib": ("deflate", zlib.compress(PLAIN) * 2),
    "garbage behind raw": ("deflate", deflated(PLAIN, -15) + b"x"),
    "not packed": ("gzip", PLAIN),
    "one byte": ("deflate", b"x"),
    "brotli": ("br", b"\x0b\x02\x80hello\x03"),
    "zstandard": ("zstd", b"\x28\xb5\x2f\xfd\x04\x00\x29\x00\x00hello"),
    "unheard of": ("gzip, sdch", WHOLE),
    "often": ("gzip, gzip, gzip, gzip, gzip", WHOLE),
}


def unpacked(coding: str, packed: bytes, piece: int, at_most: int = -1) -> bytes:
    """What `packed` gives when it comes in such pieces and is taken in such ones."""
    unpacker = unpacker_of([coding])
    assert unpacker is not None
    given: list[bytes] = []
    for start in range(0, len(packed), piece):
        given.append(unpacker.decompress(packed[start : start + piece], at_most))
        while unpacker.has_unconsumed_tail:
            given.append(unpacker.decompress(b"", at_most))
    unpacker.flush()
    assert at_most < 1 or max(map(len, given), default=0) <= at_most
    return b"".join(given)


@pytest.mark.parametrize("name", PACKED)
@pytest.mark.parametrize(("piece", "at_most"), [(1, -1), (7, 100), (4096, 10), (10**6, 5000), (10**6, -1)])
def test_a_whole_body_is_unpacked_in_pieces_of_any_size(name: str, piece: int, at_most: int) -> None:
    assert unpacked(*PACKED[name], piece, at_most) == PLAIN


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw"])
def test_a_body_that_is_cut_at_any_byte_is_not_whole(coding: str) -> None:
    plain = PLAIN[:2000]
    packed = {"gzip": gzip.compress(plain), "deflate": zlib.compress(plain), "raw": deflated(plain, -15)}[coding]
    for end in range(1, len(packed)):
        with pytest.raises(UnreadableBody):
            unpacked(coding.replace("raw", "deflate"), packed[:end], 64)


@given(plain=st.binary(max_size=300), flips=st.lists(st.tuples(st.integers(0, 10**4), st.integers(1, 255)), min_size=1))
def test_a_gzip_that_is_damaged_anywhere_gives_what_was_packed_or_an_error(
    plain: bytes, flips: list[tuple[int, int]]
) -> None:
    packed = bytearray(gzip.compress(plain, mtime=0))
    for place, flip in flips:
        packed[place % len(packed)] ^= flip
    with contextlib.suppress(UnreadableBody):
        assert unpacked("gzip", bytes(packed), 50) == plain


def test_a_body_without_a_byte_is_whole() -> None:
    assert unpacked("gzip", b"", 1) == b""


@pytest.mark.parametrize("header", ["", "identity", "Identity", " , ", "UTF-8", "none"])
def test_what_names_no_packing_is_not_unpacked(header: str) -> None:
    assert unpacker_of([header]) is None


def test_several_headers_are_one_list() -> None:
    unpacker = unpacker_of(["deflate", "gzip"])
    assert isinstance(unpacker, Unpacker)
    assert unpacker.decompress(gzip.compress(zlib.compress(b"plain"))) == b"plain"
    assert unpacker.flush() == b""


# -- over the wire --

Read = Callable[[str], Awaitable[bytes]]


@pytest.fixture(params=["async", "async-stream", "async-chunks", "sync", "sync-stream"])
def read(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> Read:
    """Reads the body at a URL, on each way on which a body can be read."""
    manager, way = open_manager(), request.param

    async def in_loop(url: str) -> bytes:
        with translating("agency"):
            async with manager.async_client.get(url) as response:
                if way == "async":
                    return await response.read()
                pieces = response.content.iter_any() if way == "async-stream" else response.content.iter_chunked(999)
                return b"".join([piece async for piece in pieces])

    def in_thread(url: str) -> bytes:
        with translating("agency"):
            if way == "sync":
                return bytes(manager.sync_client.get(url).content)
            return b"".join(manager.sync_client.get(url, stream=True).iter_content(999))

    async def read_one(url: str) -> bytes:
        return await (in_loop(url) if way.startswith("async") else asyncio.to_thread(in_thread, url))

    return read_one


def chunked(coding: str, body: bytes) -> Answer:
    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"HTTP/1.1 200 X\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for start in range(0, len(body), 5000):
            piece = body[start : start + 5000]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True

    return write


FRAMINGS: dict[str, Callable[[str, bytes], Answer]] = {
    "length": lambda coding, body: answer(body=body, Content_Encoding=coding),
    "chunked": chunked,
    "until-close": lambda coding, body: answer(body=body, Content_Encoding=coding, Content_Length=""),
}
framed = pytest.mark.parametrize("framing", FRAMINGS)


@framed
@pytest.mark.parametrize("name", PACKED)
async def test_a_whole_body_is_read(read: Read, framing: str, name: str) -> None:
    async with Peer(FRAMINGS[framing](*PACKED[name])).serving() as peer:
        assert await read(peer.url()) == PLAIN
        assert await read(peer.url()) == PLAIN
        assert peer.asked[0].headers["accept-encoding"] == "gzip, deflate"


@framed
@pytest.mark.parametrize("name", SYNC_FLUSHED)
async def test_a_body_without_its_end_is_not_whole(read: Read, framing: str, name: str) -> None:
    async with Peer(FRAMINGS[framing](*SYNC_FLUSHED[name])).serving() as peer:
        with pytest.raises(ProviderGarbled, match="does not decompress: it was cut"):
            await read(peer.url())


@framed
@pytest.mark.parametrize("name", DAMAGED)
async def test_a_body_that_is_damaged_or_packed_otherwise_is_not_whole(read: Read, framing: str, name: str) -> None:
    async with Peer(FRAMINGS[framing](*DAMAGED[name])).serving() as peer:
        with pytest.raises(ProviderGarbled, match="agency sent a body that does not decompress: "):
            await read(peer.url())


@framed
@pytest.mark.parametrize("name", ["gzip", "zlib", "raw", "twice"])
async def test_a_body_that_is_cut_at_any_kilobyte_is_not_whole(read: Read, framing: str, name: str) -> None:
    coding, packed = PACKED[name]
    taken_as_whole = []
    async with Peer().serving() as peer:
        for end in (*range(1000, len(packed), 1000), len(packed) - 1):
            peer.reply = FRAMINGS[framing](coding, packed[:end])
            with contextlib.suppress(ProviderGarbled):
                taken_as_whole.append((end, len(await read(peer.url()))))
    assert taken_as_whole == []


@framed
async def test_after_a_body_that_is_cut_inside_its_packing_the_next_is_read(read: Read, framing: str) -> None:
    async with Peer(FRAMINGS[framing]("gzip", WHOLE[:-8])).serving() as peer:
        with pytest.raises(ProviderGarbled):
            await read(peer.url())
        peer.reply = FRAMINGS[framing]("gzip", WHOLE)
        assert await read(peer.url()) == PLAIN


async def test_a_caller_that_wants_it_packed_gets_it_packed(open_manager: Callable[..., HTTPClientManager]) -> None:
    client = open_manager().async_client
    async with (
        Peer(answer(body=WHOLE[:-8], Content_Encoding="gzip")).serving() as peer,
        client.get(peer.url(), auto_decompress=False) as response,
    ):
        assert await response.read() == WHOLE[:-8]


@pytest.mark.parametrize("status", [200, 204, 304])
async def test_no_body_is_none_however_it_is_said_to_be_packed(read: Read, status: int) -> None:
    empty = answer(status, b"", Content_Encoding="gzip", Content_Length="0" if status == 200 else "")
    async with Peer(empty).serving() as peer:
        assert await read(peer.url()) == b""


@pytest.mark.parametrize(("stays", "error"), [(True, ProviderTimeout), (False, ProviderUnreachable)])
@pytest.mark.parametrize("kept", [0.0, 0.5])
async def test_a_packed_body_that_does_not_come_to_its_end_ends_as_a_plain_one_does(
    open_manager: Callable[..., HTTPClientManager], stays: bool, error: type[Exception], kept: float
) -> None:
    manager = open_manager(read_s=0.2)

    async def half(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        head = f"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\nContent-Length: {len(WHOLE)}\r\n\r\n"
        writer.write(head.encode() + WHOLE[: int(len(WHOLE) * kept)])
        await writer.drain()
        if stays:
            await incoming.reader.read()
        return False

    def in_thread(url: str) -> bytes:
        with translating("agency"):
            return bytes(manager.sync_client.get(url).content)

    async with Peer(half).serving() as peer:
        with pytest.raises(error), translating("agency"):
            async with manager.async_client.get(peer.url()) as response:
                await response.read()
        with pytest.raises(error):
            await asyncio.to_thread(in_thread, peer.url())
