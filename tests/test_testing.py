"""What we ship for tests of others: mocked answers over our async client, on the aiohttp that it needs."""

import asyncio
import runpy
import sys
from collections.abc import Callable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aioresponses import core

from tests.http_client.peer import Peer, answer
from tools import testing
from tools.http_client import HTTPClientManager
from tools.testing import CallbackResult, aioresponses

URL = "http://agency.test/lines"
OpenManager = Callable[..., HTTPClientManager]


class LabeledResponse(aiohttp.ClientResponse):
    """A response class of a user's own."""


def shimmed() -> tuple[object, object]:
    """The two places that the shim changes, as they are now."""
    return aiohttp.ClientResponse.__init__, core.stream_reader_factory  # type: ignore[attr-defined]  # from a module without `__all__`


def slots(manager: HTTPClientManager) -> tuple[int, int]:
    """Those of the async pool: in use, and connections ever made."""
    stats = manager.stats().async_
    assert stats is not None
    return stats.in_use, stats.created


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Any:
    before = shimmed(), aiohttp.ClientSession._request
    yield
    assert (shimmed(), aiohttp.ClientSession._request) == before


@pytest.fixture
async def client(open_manager: OpenManager) -> aiohttp.ClientSession:
    return open_manager().async_client


async def test_a_mocked_answer_takes_no_slot_of_the_pool(open_manager: OpenManager) -> None:
    manager = open_manager()
    with aioresponses() as mocked:
        mocked.get(URL, payload={"lines": [1, 2]})
        async with manager.async_client.get(URL) as response:
            assert slots(manager) == (0, 0)
            assert await response.json() == {"lines": [1, 2]}
        mocked.assert_called_once()  # type: ignore[no-untyped-call]  # as aioresponses has it


@pytest.mark.parametrize("size_bytes", [0, 1, 64 * 1024, 128 * 1024 + 1, 1_000_000])
async def test_a_body_of_any_size_is_read_as_a_whole(client: aiohttp.ClientSession, size_bytes: int) -> None:
    with aioresponses() as mocked:
        mocked.get(URL, body=b"x" * size_bytes, repeat=True)
        async with client.get(URL) as response:
            assert await response.read() == b"x" * size_bytes
        async with client.get(URL) as response:
            assert await response.text() == "x" * size_bytes


@pytest.mark.parametrize("how", ["iter_chunked", "iter_any", "readexactly", "iter_chunks"])
async def test_a_large_body_is_streamed(client: aiohttp.ClientSession, how: str) -> None:
    body = bytes(range(256)) * 2_000
    with aioresponses() as mocked:
        mocked.get(URL, body=body)
        async with client.get(URL) as response:
            content = response.content
            if how == "iter_chunked":
                pieces = [piece async for piece in content.iter_chunked(10_000)]
                assert max(map(len, pieces)) <= 10_000
            elif how == "iter_any":
                pieces = [piece async for piece in content.iter_any()]
            elif how == "iter_chunks":
                pieces = [piece async for piece, _ in content.iter_chunks()]
            else:
                pieces = [await content.readexactly(100_000), await content.read()]
            assert b"".join(pieces) == body
            assert content.at_eof()


async def test_a_mocked_error_status_is_raised_as_a_real_one(client: aiohttp.ClientSession) -> None:
    with aioresponses() as mocked:
        mocked.get(URL, status=503, body="busy", headers={"Retry-After": "7"}, repeat=True)
        async with client.get(URL) as response:
            assert (response.status, response.reason, response.ok) == (503, "Service Unavailable", False)
            assert await response.text() == "busy"
        with pytest.raises(aiohttp.ClientResponseError) as caught:
            await client.get(URL, raise_for_status=True)
    assert caught.value.status == 503
    assert caught.value.headers is not None
    assert caught.value.headers["Retry-After"] == "7"


async def test_a_mocked_redirect_is_followed(client: aiohttp.ClientSession) -> None:
    with aioresponses() as mocked:
        mocked.get(URL, status=302, headers={"Location": "/elsewhere"})
        mocked.get("http://agency.test/elsewhere", body="here")
        async with client.get(URL) as response:
            assert await response.text() == "here"
            assert [each.status for each in response.history] == [302]


async def test_a_mocked_exception_is_raised(client: aiohttp.ClientSession) -> None:
    with aioresponses() as mocked:
        mocked.get(URL, exception=aiohttp.ServerDisconnectedError())
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await client.get(URL)
        with pytest.raises(aiohttp.ClientConnectionError, match="Connection refused"):
            await client.get(URL)  # it was mocked once


async def test_response_classes_of_the_user_are_answered_with(client: aiohttp.ClientSession) -> None:
    with aioresponses() as mocked:
        mocked.get(URL, response_class=LabeledResponse, body=b"x" * 200_000)
        mocked.post(URL, callback=lambda url, **_: CallbackResult(response_class=LabeledResponse, body="called"))
        async with client.get(URL) as response:
            assert isinstance(response, LabeledResponse)
            assert len(await response.read()) == 200_000
        async with client.post(URL, data=b"question") as response:
            assert isinstance(response, LabeledResponse)
            assert await response.text() == "called"


async def test_the_response_class_of_our_session_bounds_a_mocked_body(open_manager: OpenManager) -> None:
    client = open_manager(max_body_bytes=100_000).async_client
    bounded = client._response_class
    with aioresponses() as mocked:
        mocked.get(URL, response_class=bounded, body=b"x" * 100_000)
        mocked.get(URL, response_class=bounded, body=b"x" * 100_001)
        async with client.get(URL) as response:
            assert len(await response.read()) == 100_000
        async with client.get(URL) as response:
            with pytest.raises(aiohttp.ClientPayloadError):
                await response.read()


async def test_what_is_passed_through_reaches_the_server_over_the_pool(open_manager: OpenManager) -> None:
    manager = open_manager()
    async with Peer(answer(body=b"y" * 200_000)).serving() as peer:
        with aioresponses(passthrough=[peer.url()]) as mocked:
            mocked.get(URL, body="mocked")
            async with manager.async_client.get(peer.url("/real")) as response:
                assert await response.read() == b"y" * 200_000
                assert response._output_size > 0  # of the real writer
            async with manager.async_client.get(URL) as response:
                assert await response.text() == "mocked"
        with aioresponses(passthrough_unmatched=True), aioresponses(passthrough_unmatched=True) as inner:
            inner.get(URL, body="mocked too")
            async with manager.async_client.get(peer.url("/unmatched")) as response:
                assert await response.read() == b"y" * 200_000
            async with manager.async_client.get(URL) as response:
                assert await response.text() == "mocked too"
        assert [each.target for each in peer.asked] == ["/real", "/unmatched"]
        assert slots(manager) == (0, 1)


async def test_an_inner_mock_that_ends_leaves_the_outer_one_at_work(client: aiohttp.ClientSession) -> None:
    with aioresponses() as outer:
        outer.get(URL, body=b"x" * 200_000)
        with aioresponses() as inner:
            inner.get(URL, body="inner")
            async with client.get(URL) as response:
                assert await response.text() == "inner"
        async with client.get(URL) as response:
            assert len(await response.read()) == 200_000


async def test_the_shim_stays_until_the_last_mock_has_stopped() -> None:
    first, second = aioresponses(), aioresponses()
    before = shimmed()
    first.start()
    second.start()
    during = shimmed()
    assert during[0] is not before[0]
    assert during[1] is not before[1]
    second.stop()
    assert shimmed() == during
    first.stop()
    first.stop()  # as test cases do that stop in `tearDown` too
    assert shimmed() == before
    with aioresponses():
        assert shimmed() != before


async def test_it_decorates_functions_and_coroutines_again_and_again(client: aiohttp.ClientSession) -> None:
    @aioresponses()
    async def positional(mocked: aioresponses) -> bytes:
        mocked.get(URL, body=b"x" * 200_000)
        async with client.get(URL) as response:
            return await response.read()

    @aioresponses(param="mocked")
    def by_name(*, mocked: aioresponses) -> bool:
        mocked.get(URL)
        return shimmed() != before

    before = shimmed()
    for _ in range(2):
        assert len(await positional()) == 200_000  # type: ignore[call-arg]  # the decorator hands it over
        assert by_name()  # type: ignore[call-arg]  # likewise
        assert shimmed() == before


async def test_a_test_that_fails_leaves_nothing_behind() -> None:
    before = shimmed()
    with pytest.raises(ZeroDivisionError), aioresponses():
        raise ZeroDivisionError
    assert shimmed() == before


async def test_callers_at_once_are_answered_each(client: aiohttp.ClientSession) -> None:
    with aioresponses() as mocked:
        for number in range(50):
            mocked.get(f"{URL}?n={number}", payload=number)

        async def ask(number: int) -> Any:
            async with client.get(URL, params={"n": number}) as response:
                return await response.json()

        assert await asyncio.gather(*map(ask, range(50))) == list(range(50))


async def test_a_release_that_gives_the_writer_and_the_parser_keeps_its_own(
    client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the two changes that are proposed to aioresponses do: a writer for the response, a parser for its body."""
    old_factory: Any = core.stream_reader_factory  # type: ignore[attr-defined]  # from a module without `__all__`
    parser = testing._NoParser()

    def factory(*args: Any) -> aiohttp.StreamReader:
        reader: Any = old_factory(*args)
        reader._protocol._parser = parser
        return reader  # type: ignore[no-any-return]  # built above

    class Written(aiohttp.ClientResponse):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs | {"stream_writer": SimpleNamespace(output_size=7)})

    with monkeypatch.context() as patched, ExitStack() as active:
        patched.setattr(core, "stream_reader_factory", factory)
        mocked = active.enter_context(aioresponses())
        mocked.get(URL, body=b"x" * 200_000, response_class=Written)
        async with client.get(URL) as response:
            assert response._output_size == 7
            content: Any = response.content
            assert content._protocol._parser is parser
            assert len(await response.read()) == 200_000
            assert content._protocol.exception() is None  # pausing and resuming went well


async def test_a_release_without_the_factory_of_bodies_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.delattr(core, "stream_reader_factory")
        with aioresponses():
            assert not hasattr(core, "stream_reader_factory")
        assert not hasattr(core, "stream_reader_factory")


def test_without_aioresponses_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aioresponses", None)
    with pytest.raises(ImportError, match=r"pip install 'compliance-gateway\[testing\]'") as caught:
        runpy.run_path(testing.__file__)
    assert caught.value.name == "aioresponses"


def test_an_aioresponses_that_is_broken_says_so_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aioresponses.core", None)
    monkeypatch.delitem(sys.modules, "aioresponses")
    with pytest.raises(ImportError) as caught:
        runpy.run_path(testing.__file__)
    assert caught.value.name == "aioresponses.core"
