"""The bound on silence takes a timer of ours where aiohttp has the names for it, and its own where it has not."""

from collections.abc import Callable

import aiohttp
import pytest
from aiohttp.client_proto import ResponseHandler

from tests.http_client.callers import AsyncCaller
from tests.http_client.peer import Peer, hang
from tools.http_client import HTTPClientManager
from tools.http_client.read_timeout import handler_class


def test_aiohttp_has_the_names() -> None:
    assert issubclass(handler_class(), ResponseHandler)
    assert handler_class() is not ResponseHandler
    assert set(vars(handler_class())) >= {"_reschedule_timeout", "_drop_timeout"}


async def test_without_them_silence_is_bounded_all_the_same(
    open_manager: Callable[..., HTTPClientManager], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tools.http_client.read_timeout._NAMES", ("gone",))
    assert handler_class() is ResponseHandler
    caller = AsyncCaller(open_manager(read_s=0.1))
    async with Peer(hang).serving() as peer:
        with pytest.raises(aiohttp.SocketTimeoutError):
            await caller.ask(peer.url())
        assert caller.stats().in_use == 0
