"""One question, asked over either client: the same answers, the same errors, and never a slot that stays behind."""

import asyncio
import gzip
import ssl
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
import trustme
from aioresponses import aioresponses as AioResponses  # noqa: N812 - a class, whatever its name

from tests.http_client.peer import Answer, Incoming, Peer, answer, deaf, hang, stall
from tests.http_client.test_timeouts import black_hole, resolve_to
from tests.probe import ONCE, Asking, Probe
from tools.call import recording
from tools.errors import (
    DeadlineExceeded,
    PoolClosed,
    PoolTimeout,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    ToolError,
)
from tools.exchange import Exchange, Request
from tools.http_client import HTTPClientManager
from tools.policy.agency_policies import AgencyPolicies

OpenAsking = Callable[..., Asking]


@pytest.fixture(params=["async", "sync"])
def open_asking(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> OpenAsking:
    """Opens a probe over a pool of the numbers given; the test runs once for each client."""
    return lambda **numbers: Asking(request.param, open_manager(**numbers))


async def test_an_answer_says_where_it_comes_from(open_asking: OpenAsking) -> None:
    asking = open_asking()
    async with Peer(answer(body=b"whole")).serving() as peer:
        answered = await asking.ask(peer.url("/base/"), path="/lines", times=2)
        assert answered.result == b"wholewhole"
        source = answered.source
        assert (source.name, source.url, source.version) == ("The probed agency", peer.url("/base"), "1")
        assert (source.attempts, source.served_from, source.sandbox) == (2, "live", False)
        assert source.elapsed_ms > 0
        assert source.retrieved_at.tzinfo is not None
        assert [incoming.target for incoming in peer.asked] == ["/base/lines?q=a+b"] * 2
        assert peer.asked[0].headers["x-api-key"] == "secret"


async def test_a_body_is_sent_as_json(open_asking: OpenAsking) -> None:
    asking = open_asking()
    got: list[bytes] = []

    async def read(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        got.append(await incoming.read_body())
        return await answer()(Incoming("POST", "/", {}, incoming.reader), writer)

    async with Peer(read).serving() as peer:
        await asking.ask(peer.url(), body={"name": "Zoë"})
        assert orjson.loads(got[0]) == {"name": "Zoë"}
        assert peer.asked[0].headers["content-type"] == "application/json"


async def test_what_a_call_used_is_recorded_also_when_it_fails(open_asking: OpenAsking) -> None:
    asking = open_asking()
    async with Peer(answer(500)).serving() as peer:
        with recording() as usage, pytest.raises(ProviderFailed):
            await asking.ask(peer.url())
        assert usage.attempts == 1
        assert usage.upstream_s > 0


async def cut(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """Half an answer, and the connection is gone."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    return False


async def cut_chunk(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf")
    await writer.drain()
    return False


async def cut_head(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Half: yes\r\n")
    await writer.drain()
    return False


async def gone(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """No answer, and the connection is gone."""
    return False


async def reset(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.transport.abort()
    return False


async def babble(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"220 mail.agency.test ESMTP ready\r\n\r\n")
    await writer.drain()
    return False


async def two_lengths(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!")
    await writer.drain()
    return True


async def endless_head(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        writer.write(b"X-%d: %b\r\n" % (number, b"x" * 10_000))
    await writer.drain()
    return False


WRONG: list[tuple[str, Answer, type[ToolError]]] = [
    ("cut", cut, ProviderUnreachable),
    ("cut-chunk", cut_chunk, ProviderUnreachable),
    ("cut-head", cut_head, ProviderUnreachable),
    ("gone", gone, ProviderUnreachable),
    ("reset", reset, ProviderUnreachable),
    ("babble", babble, ProviderGarbled),
    ("two-lengths", two_lengths, ProviderGarbled),
    ("endless-head", endless_head, ProviderGarbled),
    ("no-gzip", answer(body=b"no gzip", Content_Encoding="gzip"), ProviderGarbled),
    ("loop", answer(302, b"", Location="/again"), ProviderRejected),
    ("nowhere", answer(302, b"", Location="gopher:x"), ProviderRejected),
    ("not-modified", answer(304, b""), ProviderGarbled),
    ("no-content", answer(204, b""), ProviderGarbled),
    ("forbidden", answer(403), ProviderRejected),
    ("failed", answer(502), ProviderFailed),
]


@pytest.mark.parametrize(("reply", "error"), [each[1:] for each in WRONG], ids=[each[0] for each in WRONG])
async def test_what_goes_wrong_is_the_same_error_in_both_modes(
    open_asking: OpenAsking, reply: Answer, error: type[ToolError]
) -> None:
    asking = open_asking(max_connections=2)
    async with Peer(reply).serving() as peer:
        for _ in range(3):
            with pytest.raises(error) as caught:
                await asking.ask(peer.url())
            assert type(caught.value) is error
            assert caught.value.upstream == "probe"
            assert "secret" not in str(caught.value)
        assert (asking.stats().in_use, asking.stats().waiting) == (0, 0)


async def test_a_body_over_the_bound_of_its_request(open_asking: OpenAsking) -> None:
    asking = open_asking()
    async with Peer(answer(body=b"x" * 1000)).serving() as peer:
        with pytest.raises(ProviderTooLarge) as caught:
            await asking.ask(peer.url(), max_bytes=999)
        assert (caught.value.upstream, asking.stats().in_use) == ("probe", 0)
        assert (await asking.ask(peer.url(), max_bytes=1000)).result == b"x" * 1000


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.99])
async def test_a_cut_in_compressed_json_does_not_pass(open_asking: OpenAsking, kept: float) -> None:
    whole = gzip.compress(orjson.dumps([{"row": number} for number in range(1000)]))
    asking = open_asking()
    async with Peer(answer(body=whole[: int(len(whole) * kept)], Content_Encoding="gzip")).serving() as peer:
        with pytest.raises(ProviderGarbled):  # neither library notices the cut itself
            await asking.ask(peer.url(), as_json=True)


async def test_nobody_listens(open_asking: OpenAsking) -> None:
    asking = open_asking()
    peer = Peer()
    async with peer.serving():
        url = peer.url()
    with pytest.raises(ProviderUnreachable) as caught:
        await asking.ask(url)
    assert caught.value.__cause__ is not None


async def test_a_name_that_nobody_has(open_asking: OpenAsking) -> None:
    with pytest.raises(ProviderUnreachable):
        await open_asking().ask("http://agency.invalid")


async def test_a_certificate_that_nobody_vouches_for(open_asking: OpenAsking) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    async with Peer().serving(server) as peer:
        with pytest.raises(ProviderUnreachable):
            await open_asking().ask(peer.url())


async def test_a_client_that_is_closed(open_asking: OpenAsking) -> None:
    asking = open_asking()
    async with Peer().serving() as peer:
        await asking.ask(peer.url())
        await asking.manager.aclose(0)
        with pytest.raises(PoolClosed):
            await asking.ask(peer.url())


# -- time --


async def drip(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    """A byte now and then: never silent for long, and never done."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        writer.write(b".")
        await asyncio.sleep(0.05)


async def drip_head(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while True:
        writer.write(b".")
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("reply", [hang, stall, drip, drip_head], ids=["silent", "stalls", "drips", "drips-head"])
async def test_an_agency_that_takes_too_long_is_a_provider_timeout_at_the_deadline(
    open_asking: OpenAsking, reply: Answer
) -> None:
    asking = open_asking()
    async with Peer(reply).serving() as peer:
        started = time.monotonic()
        with pytest.raises(ProviderTimeout) as caught:
            await asking.ask(peer.url(), deadline_s=0.3)
        assert 0.29 <= time.monotonic() - started < 1.5
        assert (caught.value.upstream, caught.value.code) == ("probe", "provider_timeout")
        assert asking.stats().in_use == 0


async def test_silence_beyond_the_read_timeout_is_a_provider_timeout_before_the_deadline(
    open_asking: OpenAsking,
) -> None:
    asking = open_asking(read_s=0.2)
    async with Peer(hang).serving() as peer:
        started = time.monotonic()
        with pytest.raises(ProviderTimeout):
            await asking.ask(peer.url(), deadline_s=20)
        assert time.monotonic() - started < 5


async def test_a_deadline_while_connecting_is_a_provider_timeout(open_asking: OpenAsking) -> None:
    asking = open_asking()
    with black_hole("127.0.0.1") as port, pytest.raises(ProviderTimeout):
        await asking.ask(f"http://127.0.0.1:{port}", deadline_s=0.3)
    assert asking.stats().in_use == 0


async def test_a_deadline_while_a_name_is_looked_up_is_a_provider_timeout(
    open_asking: OpenAsking, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = open_asking()
    resolve_to(["127.0.0.1"], monkeypatch, after_s=1.0)
    with pytest.raises(ProviderTimeout):
        await asking.ask("http://agency.test", deadline_s=0.3)
    assert asking.stats().in_use == 0


async def test_a_deadline_while_a_body_is_sent_is_a_provider_timeout(open_asking: OpenAsking) -> None:
    asking = open_asking()
    async with Peer(deaf).serving() as peer:
        with pytest.raises(ProviderTimeout):
            await asking.ask(peer.url(), deadline_s=0.3, body={"x": "x" * 500_000})
        assert asking.stats().in_use == 0


async def test_a_deadline_in_our_own_queue_is_ours(open_asking: OpenAsking) -> None:
    asking = open_asking(max_connections=1, acquire_s=10)
    async with Peer(hang).serving() as peer:
        holding = asyncio.ensure_future(asking.ask(peer.url(), deadline_s=1.0))
        while not peer.asked:
            await asyncio.sleep(0.01)
        with pytest.raises(DeadlineExceeded):
            await asking.ask(peer.url(), deadline_s=0.2)
        with pytest.raises(ProviderTimeout):
            await holding
        assert (asking.stats().in_use, asking.stats().waiting) == (0, 0)


async def test_a_deadline_soon_after_the_queue_is_ours(open_asking: OpenAsking) -> None:
    asking = open_asking(max_connections=1, acquire_s=10)
    async with Peer(hang).serving() as peer:
        holding = asyncio.ensure_future(asking.ask(peer.url(), deadline_s=1.0))
        while not peer.asked:
            await asyncio.sleep(0.01)
        with pytest.raises(DeadlineExceeded):  # most of the time went by before the agency was asked
            await asking.ask(peer.url(), deadline_s=1.4)
        with pytest.raises(ProviderTimeout):
            await holding
        assert len(peer.asked) == 2


async def test_a_full_pool_is_a_pool_timeout_before_the_deadline(open_asking: OpenAsking) -> None:
    asking = open_asking(max_connections=1, acquire_s=0.2)
    async with Peer(hang).serving() as peer:
        holding = asyncio.ensure_future(asking.ask(peer.url(), deadline_s=1.0))
        while not peer.asked:
            await asyncio.sleep(0.01)
        with pytest.raises(PoolTimeout) as caught:
            await asking.ask(peer.url(), deadline_s=5)
        assert (caught.value.code, caught.value.upstream) == ("pool_timeout", "probe")
        await asyncio.gather(holding, return_exceptions=True)


async def test_the_deadline_is_for_all_requests_of_a_call_together(open_asking: OpenAsking) -> None:
    async def slowly(incoming: Incoming, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(0.15)
        return await answer()(incoming, writer)

    asking = open_asking()
    async with Peer(slowly).serving() as peer:
        with pytest.raises((ProviderTimeout, DeadlineExceeded)):
            await asking.ask(peer.url(), deadline_s=0.4, times=10)
        assert len(peer.asked) <= 3
        assert asking.stats().in_use == 0


async def test_a_call_that_is_cancelled_gives_its_connection_back(open_manager: Callable[..., Any]) -> None:
    asking = Asking("async", open_manager(max_connections=1))
    async with Peer(hang).serving() as peer:
        call = asyncio.ensure_future(asking.ask(peer.url()))
        while not peer.asked:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert asking.stats().in_use == 0


async def test_the_generator_is_closed_when_a_request_fails(open_asking: OpenAsking) -> None:
    closed: list[bool] = []

    class Watched(Probe):
        def _ask(self, query: Any) -> Exchange[str]:
            try:
                yield Request("GET", self.base_url, "probe")
            finally:
                closed.append(True)
            return ""

    asking = open_asking()
    async with Peer(gone).serving() as peer:
        clients: dict[str, Any] = {"client": asking.manager.sync_client, "async_client": asking.manager.async_client}
        tool = Watched(base_url=peer.url(), policies=AgencyPolicies(retry=ONCE), **clients)
        with pytest.raises(ProviderUnreachable):
            await (tool.run_async() if asking.mode == "async" else asyncio.to_thread(tool.run))
        assert closed == [True]


async def test_the_async_half_over_a_mocked_client(
    mocked: AioResponses, open_manager: Callable[..., HTTPClientManager]
) -> None:
    mocked.get("http://agency.test/lines?q=a+b", body=b"x" * 200_000)
    answered = await Asking("async", open_manager()).ask("http://agency.test", path="/lines")
    assert answered.result == b"x" * 200_000
