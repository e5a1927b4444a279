"""How much of an answer is read: never more than the bound, whatever the headers say."""

import gzip
import resource
import zlib
from typing import Any

import pytest

from tests.http_client.callers import Caller, SyncCaller
from tests.http_client.conftest import OpenCaller
from tests.http_client.peer import Answer, Incoming, Peer, answer
from tools.errors import ProviderTooLarge
from tools.http_client import body_limit

BOUND = 100_000
MIB = 1024 * 1024


def endless(head: str) -> Answer:
    """A body that does not end while somebody reads."""

    async def write(incoming: Incoming, writer: Any) -> bool:
        writer.write(head.encode())
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n" if "chunked" in head else b"x" * 0x10000)
            await writer.drain()

    return write


UNDECLARED = endless("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
CHUNKED = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
DECLARED = endless("HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n")
BOMB = answer(body=gzip.compress(bytes(200 * MIB)), Content_Encoding="gzip")
DEFLATED_BOMB = answer(body=zlib.compress(bytes(200 * MIB)), Content_Encoding="deflate")


@pytest.mark.parametrize(
    "reply",
    [UNDECLARED, CHUNKED, DECLARED, BOMB, DEFLATED_BOMB],
    ids=["undeclared", "chunked", "declared", "gzip", "deflate"],
)
async def test_a_body_over_the_bound_is_stopped(open_caller: OpenCaller, reply: Answer) -> None:
    caller = open_caller(max_body_bytes=BOUND)
    async with Peer(reply).serving() as peer:
        with pytest.raises(ProviderTooLarge, match=f"the bound is {BOUND}|the bound of {BOUND} bytes") as caught:
            await caller.ask(peer.url())
        assert caught.value.code == "provider_too_large"
        stats = caller.stats()
        assert (stats.in_use, stats.idle) == (0, 0)  # what is left of the body is not for the next request


async def test_a_bomb_takes_no_memory_to_speak_of(open_caller: OpenCaller) -> None:
    caller = open_caller(max_body_bytes=4 * MIB)
    async with Peer(BOMB).serving() as peer:
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(3):
            with pytest.raises(ProviderTooLarge):
                await caller.ask(peer.url())
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
        assert grown_kib < 60 * 1024  # 200 MiB inflated, three times


@pytest.mark.parametrize(("size", "fits"), [(BOUND, True), (BOUND + 1, False)])
@pytest.mark.parametrize("declared", [True, False])
async def test_the_bound_is_exact(open_caller: OpenCaller, size: int, *, declared: bool, fits: bool) -> None:
    caller = open_caller(max_body_bytes=BOUND)
    async with Peer(answer(body=b"x" * size, Content_Length=str(size) if declared else "")).serving() as peer:
        if fits:
            assert len((await caller.ask(peer.url())).body) == size
        else:
            with pytest.raises(ProviderTooLarge):
                await caller.ask(peer.url())


async def test_a_request_may_have_a_bound_of_its_own(open_caller: OpenCaller) -> None:
    caller = open_caller(max_body_bytes=BOUND)
    async with Peer(answer(body=b"x" * 2 * BOUND)).serving() as peer:
        with body_limit(2 * BOUND):
            assert len((await caller.ask(peer.url())).body) == 2 * BOUND
        with body_limit(10), pytest.raises(ProviderTooLarge, match="10"):
            await caller.ask(peer.url())
        with body_limit(None), pytest.raises(ProviderTooLarge):
            await caller.ask(peer.url())


async def test_a_head_may_declare_what_it_likes(open_caller: OpenCaller) -> None:
    caller = open_caller(max_body_bytes=10)
    async with Peer(answer(body=b"x" * 1000)).serving() as peer:
        reply = await caller.ask(peer.url(), "HEAD")
        assert (reply.body, reply.headers["content-length"]) == (b"", "1000")


async def read_in_pieces(caller: Caller, url: str) -> None:
    if isinstance(caller, SyncCaller):
        await caller.in_thread(lambda: list(caller.manager.sync_client.get(url, stream=True).iter_content(1000)))
    else:
        async with caller.manager.async_client.get(url) as reply:
            await reply.text()


async def test_the_bound_holds_for_the_other_ways_of_reading(open_caller: OpenCaller) -> None:
    caller = open_caller(max_body_bytes=BOUND)
    async with Peer(UNDECLARED).serving() as peer:
        with pytest.raises(ProviderTooLarge):
            await read_in_pieces(caller, peer.url())
        assert caller.stats().in_use == 0


async def test_a_compressed_body_comes_inflated(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(answer(body=gzip.compress(b"plain"), Content_Encoding="gzip")).serving() as peer:
        assert (await caller.ask(peer.url())).body == b"plain"


async def test_a_body_that_ends_early_is_an_error(open_caller: OpenCaller) -> None:
    caller = open_caller()
    async with Peer(answer(body=b"half", Content_Length="8", Connection="close")).serving() as peer:
        with pytest.raises(Exception, match=r"(?i)incomplete|not completed|payload"):
            await caller.ask(peer.url())
        assert caller.stats().in_use == 0
