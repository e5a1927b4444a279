"""A tool that uses the shared clients as its author knows the libraries: the same error in both modes."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.http_client.peer import Answer, Peer, answer, hang, stall
from tools.base import ComplianceTool
from tools.errors import (
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.http_client import HTTPClientManager

Ask = Callable[[str], Any]


class Fetched(ComplianceTool):
    """What is at a URL, which must be JSON with a good status."""

    name = "fetched"
    upstream = "agency"

    def _run_impl(self, url: str) -> Any:
        response = self.client.get(url, params={"key": "secret"})
        response.raise_for_status()
        return response.json()

    async def _run_impl_async(self, url: str) -> Any:
        async with self.async_client.get(url, params={"key": "secret"}) as response:
            response.raise_for_status()
            return await response.json()


@pytest.fixture(params=["async", "sync"])
def ask(request: pytest.FixtureRequest, open_manager: Callable[..., HTTPClientManager]) -> Ask:
    """Runs the tool in one mode; the test runs once for each."""
    manager = open_manager(read_s=0.3, connect_s=0.5)

    async def in_mode(url: str) -> Any:
        if request.param == "async":
            return await Fetched(async_client=manager.async_client).run_async(url=url)
        return await asyncio.to_thread(Fetched(client=manager.sync_client).run, url=url)

    return in_mode


JSON = {"Content_Type": "application/json"}


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, ProviderRejected),
        (404, ProviderRejected),
        (418, ProviderRejected),
        (429, RateLimited),
        (500, ProviderFailed),
        (503, ProviderFailed),
    ],
)
async def test_what_raise_for_status_raises_is_an_error_of_the_agency(
    ask: Ask, status: int, error: type[ToolError]
) -> None:
    async with Peer(answer(status, b'{"rate": 1}', Retry_After="7", **JSON)).serving() as peer:
        with pytest.raises(error, match=f"^agency answered HTTP {status}$") as caught:
            await ask(peer.url())
    assert type(caught.value) is error
    assert getattr(caught.value, "status", status) == status
    assert caught.value.upstream == "agency"
    assert caught.value.__cause__ is not None
    assert caught.value.retry_after_s == (7.0 if status == 429 else None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{oops", "application/json"),
        (b"", "application/json"),
        (b" \n", "application/json"),
        (b"<html>Sorry</html>", "text/html"),
        (b"<html>Sorry</html>", "application/json; charset=utf-8"),
        (b'{"a": "\xf8"}', "application/json"),
        (b'\xef\xbb\xbf{"a": "\xf8"}', "application/json"),
        (b'{"a": 1', "application/json; charset=latin-1"),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
async def test_a_body_that_is_not_json_is_garbled(ask: Ask, body: bytes, kind: str) -> None:
    async with Peer(answer(200, body, Content_Type=kind)).serving() as peer:
        with pytest.raises(
            ProviderGarbled, match=r"^agency sent (something that is not JSON|text with bytes)"
        ) as caught:
            await ask(peer.url())
    assert caught.value.__cause__ is not None
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "application/json; charset=odd", "text/plain"]
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "marked"])
async def test_json_is_read_whatever_it_is_called_and_after_a_mark(ask: Ask, mark: bytes, kind: str) -> None:
    async with Peer(answer(200, mark + '{"a": "ø"}'.encode(), Content_Type=kind)).serving() as peer:
        assert await ask(peer.url()) == {"a": "ø"}


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:1/", ProviderUnreachable),
        ("rates", ProviderRejected),
        ("ftp://127.0.0.1/", ProviderRejected),
        ("http://", ProviderRejected),
        ("http://127.0.0.1:99999/", ProviderRejected),
        (f"http://{'a' * 70}.example/", ProviderRejected),
        ("http://.example/", ProviderRejected),
    ],
)
async def test_a_url_that_leads_nowhere(ask: Ask, url: str, error: type[ToolError]) -> None:
    with pytest.raises(error) as caught:
        await ask(url)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (hang, ProviderTimeout),
        (stall, ProviderTimeout),
        (answer(body=b"no", Content_Encoding="gzip"), ProviderGarbled),
        (answer(302, b"", Location="/again"), ProviderRejected),
        (answer(302, b"", Location="mailto:someone@agency.example"), ProviderRejected),
    ],
)
async def test_an_answer_that_does_not_come(ask: Ask, reply: Answer, error: type[ToolError]) -> None:
    async with Peer(reply).serving() as peer:
        with pytest.raises(error) as caught:
            await ask(peer.url())
    assert type(caught.value) is error
