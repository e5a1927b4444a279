"""An answer that declares its length is read in one step, within the same bound as any other."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.http_client.callers import AsyncCaller
from tests.http_client.peer import Incoming, Peer, answer
from tools.errors import ProviderTooLarge
from tools.http_client import HTTPClientManager, body_limit

Reply = Callable[[Incoming, asyncio.StreamWriter], Awaitable[bool]]

BOUND = 1000


def in_pieces(head: str, *pieces: bytes) -> Reply:
    """An answer whose body comes piece by piece, each by itself."""

    async def write(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode())
        for piece in pieces:
            await asyncio.sleep(0.01)
            writer.write(piece)
        return True

    return write


@pytest.fixture
def caller(open_manager: Callable[..., HTTPClientManager]) -> AsyncCaller:
    return AsyncCaller(open_manager(max_body_bytes=BOUND))


@pytest.mark.parametrize(
    ("reply", "body"),
    [
        (answer(body=b"at once"), b"at once"),
        (answer(body=b""), b""),
        (answer(204, b""), b""),
        (answer(body=b"x" * BOUND), b"x" * BOUND),
        (in_pieces("Content-Length: 4", b"on", b"e", b"!"), b"one!"),
        (in_pieces("Transfer-Encoding: chunked", b"2\r\non\r\n", b"1\r\ne\r\n0\r\n\r\n"), b"one"),
    ],
)
async def test_the_body_is_whole_and_its_connection_is_kept(caller: AsyncCaller, reply: Reply, body: bytes) -> None:
    async with Peer(reply).serving() as peer:
        for _ in range(2):
            assert (await caller.ask(peer.url())).body == body
        assert (caller.stats().created, caller.stats().idle) == (1, 1)


async def test_a_body_can_be_read_twice_and_not_after_it_was_let_go(caller: AsyncCaller) -> None:
    async with Peer(answer(body=b"ok")).serving() as peer:
        async with caller.manager.async_client.get(peer.url()) as response:
            assert [await response.read(), await response.text()] == [b"ok", "ok"]
        unread = await caller.manager.async_client.get(peer.url())
        unread.release()
        with pytest.raises(Exception, match="Connection closed"):
            await unread.read()


async def test_chunks_are_counted_whatever_length_is_declared_beside_them(caller: AsyncCaller) -> None:
    chunk = b"800\r\n" + b"x" * 0x800 + b"\r\n"
    head = "Content-Length: 2\r\nTransfer-Encoding: chunked"
    async with Peer(in_pieces(head, chunk, chunk, b"0\r\n\r\n")).serving() as peer:
        # aiohttp may refuse such an answer; what it must not do is to read it whole.
        with pytest.raises(Exception, match=r"bound|message|Transfer-Encoding"):
            await caller.ask(peer.url())
        assert caller.stats().in_use == 0


async def test_the_bound_is_the_one_in_force_when_the_answer_came(caller: AsyncCaller) -> None:
    async with Peer(answer(body=b"x" * 200)).serving() as peer:
        with body_limit(100), pytest.raises(ProviderTooLarge, match="declares 200 bytes, the bound is 100"):
            await caller.ask(peer.url())
        with body_limit(200):
            response = await caller.manager.async_client.get(peer.url())
        with body_limit(1):
            assert len(await response.read()) == 200


async def test_a_head_alone_may_declare_more(caller: AsyncCaller) -> None:
    async with Peer(answer(body=b"", Content_Length="1000000")).serving() as peer:
        assert (await caller.ask(peer.url(), "HEAD")).body == b""
