"""The async pool on uvloop, on which the service runs: what reaches below aiohttp does the same there as on asyncio."""

import asyncio
import io
import socket
import ssl

import aiohttp
import pytest

from tests.http_client.callers import Trust, settled
from tests.http_client.loops import calling, on_both_loops
from tests.http_client.peer import Incoming, deaf, hang, ok, stall
from tools.errors import PoolTimeout


@on_both_loops
async def test_one_connection_serves_one_call_after_the_other() -> None:
    async with calling() as (caller, peer):
        for _ in range(50):
            assert (await caller.ask(peer.url())).body == b"ok"
        stats = caller.stats()
        assert (stats.created, stats.reused, peer.accepted) == (1, 49, 1)


@pytest.mark.parametrize("over_tls", [False, True], ids=["plain", "tls"])
@on_both_loops
async def test_the_limit_holds_and_what_idles_too_much_is_closed(
    authority: tuple[ssl.SSLContext, Trust], *, over_tls: bool
) -> None:
    server, trust = authority if over_tls else (None, None)

    async with calling(tls=server, max_connections=6, max_keepalive=2, acquire_s=30) as (caller, peer):
        replies = await asyncio.gather(*(caller.ask(peer.url(), tls=trust) for _ in range(60)))
        assert {reply.status for reply in replies} == {200}
        assert peer.census.most <= 6
        assert await settled(lambda: (caller.stats().in_use, caller.stats().idle) == (0, 2))
        stats = caller.stats()
        assert (stats.waiting, stats.closed["max_idle"]) == (0, stats.created - 2)
        assert await settled(lambda: peer.open == 2)


@on_both_loops
async def test_what_idles_for_too_long_is_closed() -> None:
    async with calling(keepalive_expiry_s=0.2) as (caller, peer):
        await caller.ask(peer.url())
        assert (caller.stats().idle, peer.open) == (1, 1)
        assert await settled(lambda: caller.stats().closed["idle_timeout"] == 1)
        assert await settled(lambda: peer.open == 0)


@on_both_loops
async def test_a_connection_that_the_peer_closes_while_it_idles_is_used_no_more() -> None:
    async with calling() as (caller, peer):
        peer.idle_s = 0.05
        await caller.ask(peer.url())
        assert await settled(lambda: caller.stats().closed["remote"] == 1)
        assert (await caller.ask(peer.url(), "POST", data=b"x")).status == 200
        assert peer.accepted == 2


@on_both_loops
async def test_a_queue_has_its_own_time_out() -> None:
    async with calling(stall, max_connections=1, acquire_s=0.1) as (caller, peer):
        let_go = await caller.hold(peer.url())
        with pytest.raises(PoolTimeout):
            await caller.ask(peer.url())
        let_go()
        assert (caller.stats().in_use, caller.stats().waiting) == (0, 0)


@on_both_loops
async def test_silence_is_bounded_and_each_piece_begins_it_anew() -> None:
    async def drip(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n")
        for piece in b"12345678":
            await asyncio.sleep(0.1)
            writer.write(bytes([piece]))
        return True

    async with calling(drip, read_s=0.5) as (caller, peer):
        assert (await caller.ask(peer.url())).body == b"12345678"
        assert (await caller.ask(peer.url())).body == b"12345678"  # over the same connection, with its timer
        peer.reply = hang
        loop = asyncio.get_running_loop()
        started = loop.time()
        with pytest.raises(aiohttp.SocketTimeoutError):
            await caller.ask(peer.url())
        assert loop.time() - started >= 0.49
        assert caller.stats().in_use == 0


@on_both_loops
async def test_a_shorter_bound_on_silence_counts_at_once() -> None:
    async with calling(read_s=60) as (caller, peer):
        await caller.ask(peer.url())
        peer.reply = hang
        with pytest.raises(aiohttp.SocketTimeoutError):
            await caller.ask(peer.url(), timeout=aiohttp.ClientTimeout(sock_read=0.1))
        assert peer.accepted == 1


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="Linux has it")
@on_both_loops
async def test_a_peer_that_takes_nothing_is_given_up() -> None:
    async with calling(deaf, write_s=0.5, read_s=60) as (caller, peer):
        with pytest.raises((aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
            await caller.ask(peer.url(), "POST", data=io.BytesIO(b"x" * 50_000_000))
        assert caller.stats().in_use == 0


@on_both_loops
async def test_an_upload_that_is_cancelled_frees_its_socket() -> None:
    async with calling(deaf, max_connections=1, write_s=60) as (caller, peer):
        upload = asyncio.ensure_future(caller.ask(peer.url(), "POST", data=io.BytesIO(b"x" * 50_000_000)))
        assert await settled(lambda: len(peer.asked) == 1)
        await asyncio.sleep(0.1)  # for what the kernel does not take any more to pile up
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        peer.reply = ok
        assert (await caller.ask(peer.url())).status == 200
        assert (caller.stats().in_use, caller.stats().closed["error"]) == (0, 1)
