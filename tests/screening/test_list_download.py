"""Fetching the file: to the disk, bounded, conditional, and what a transfer leaves that breaks off."""

import asyncio
import hashlib
import random
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from blockbuster import blockbuster_ctx

import tools
from tools.errors import (
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.http_client import HTTPClientManager
from tools.screening.fetched import Fetched
from tools.transports.list_download import download_list

CONTENT = b"0123456789abcdef" * 200_000
HEAD = {"ETag": '"1"', "Last-Modified": "Wed, 25 Nov 2026 10:15:00 GMT"}

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Download = Callable[..., Awaitable[Fetched | None]]


@pytest.fixture
async def download(open_manager: Callable[..., HTTPClientManager], tmp_path: Path) -> AsyncIterator[Download]:
    """Fetches what a server answers, over a pool of ours; nothing may block the loop meanwhile."""
    servers: list[TestServer] = []

    async def download(
        answer: Answer, conditions: dict[str, str] | None = None, within_s: float = 30.0, max_bytes: int = 10_000_000
    ) -> Fetched | None:
        app = web.Application()
        app.router.add_get("/list.csv", answer)
        servers.append(TestServer(app))
        await servers[-1].start_server()
        url = str(servers[-1].make_url("/list.csv")).replace("http://", "http://me:secret@") + "?key=secret"
        client = open_manager().async_client
        path = tmp_path / "came"
        with blockbuster_ctx(tools):
            try:
                return await download_list(client, url, path, conditions or {}, within_s=within_s, max_bytes=max_bytes)
            except ToolError:
                assert not await asyncio.to_thread(path.exists)
                raise

    yield download
    for server in servers:
        await server.close()


async def whole(_: web.Request) -> web.StreamResponse:
    return web.Response(body=CONTENT, headers=HEAD)


async def test_a_file_comes_with_its_hash_and_its_headers(download: Download, tmp_path: Path) -> None:
    fetched = await download(whole)
    assert fetched is not None
    assert (tmp_path / "came").read_bytes() == CONTENT
    assert fetched.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (fetched.etag, fetched.last_modified) == tuple(HEAD.values())
    assert fetched.published == datetime(2026, 11, 25, 10, 15, tzinfo=UTC)
    assert (fetched.declared_bytes, fetched.broke, fetched.is_sample_data) == (len(CONTENT), None, False)
    assert "secret" not in fetched.url


async def test_nothing_comes_when_it_is_still_the_same(download: Download, tmp_path: Path) -> None:
    asked: list[str | None] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers.get("If-None-Match"))
        assert request.method == "GET"
        return web.Response(status=304, headers=HEAD)

    assert await download(answer, {"If-None-Match": '"1"'}) is None
    assert asked == ['"1"']
    assert not (tmp_path / "came").exists()


async def test_a_304_that_nobody_asked_for_is_an_error(download: Download) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=304)

    with pytest.raises(ToolError):
        await download(answer)


async def test_a_transfer_that_breaks_off_leaves_what_came_and_says_so(download: Download, tmp_path: Path) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        cut = web.StreamResponse(headers=HEAD)
        cut.content_length = len(CONTENT)
        await cut.prepare(request)
        await cut.write(CONTENT[: len(CONTENT) // 2])
        assert request.transport is not None
        request.transport.close()
        return cut

    fetched = await download(answer)
    assert fetched is not None
    assert fetched.declared_bytes == len(CONTENT)
    assert fetched.broke is not None
    assert "no whole answer" in fetched.broke
    assert CONTENT.startswith((tmp_path / "came").read_bytes())


async def test_of_a_packed_body_the_declared_length_says_nothing(download: Download, tmp_path: Path) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        response = web.Response(body=CONTENT)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    fetched = await download(answer)
    assert fetched is not None
    assert fetched.declared_bytes is None
    assert (tmp_path / "came").read_bytes() == CONTENT


@pytest.mark.parametrize("is_declared", [True, False])
async def test_a_file_over_the_bound_is_refused_declared_or_not(download: Download, is_declared: bool) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if is_declared:
            return web.Response(body=CONTENT)
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        await response.prepare(request)
        await response.write(CONTENT)
        return response

    with pytest.raises(ProviderTooLarge):
        await download(answer, max_bytes=1_000_000)


@pytest.mark.parametrize(("status", "error"), [(404, ProviderRejected), (429, RateLimited)])
async def test_any_other_status_is_an_error(download: Download, status: int, error: type[ToolError]) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, headers={"Retry-After": "7"})

    with pytest.raises(error) as raised:
        await download(answer)
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after_s == 7.0


async def test_an_agency_that_does_not_answer_is_given_up(download: Download) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(ProviderTimeout):
        await download(answer, within_s=0.05)


async def test_an_agency_that_is_not_there_is_unreachable(
    open_manager: Callable[..., HTTPClientManager], tmp_path: Path, unused_tcp_port: int
) -> None:
    client = open_manager().async_client
    with pytest.raises(ProviderUnreachable):
        await download_list(client, f"http://127.0.0.1:{unused_tcp_port}/", tmp_path / "came", {}, within_s=5.0)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_packed_file_that_is_cut_anywhere_says_so(
    download: Download, tmp_path: Path, coding: str, is_chunked: bool
) -> None:
    rows = "".join(f"{number},{random.Random(number).random()}\n" for number in range(1500)).encode()
    packer = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
    so_far = packer.compress(rows) + packer.flush(zlib.Z_SYNC_FLUSH)
    packed = so_far + packer.flush()
    body = packed

    async def answer(_: web.Request) -> web.StreamResponse:
        response = web.Response(body=body, headers={"Content-Encoding": coding})
        if is_chunked:
            response.enable_chunked_encoding()
        return response

    fetched = await download(answer)
    assert fetched is not None
    assert (fetched.broke, (tmp_path / "came").read_bytes()) == (None, rows)
    for end in (*range(1000, len(packed), 1000), len(so_far), len(packed) - 1):
        (tmp_path / "came").unlink()
        body = packed[:end]
        fetched = await download(answer)
        assert fetched is not None
        assert (
            fetched.broke == "csl sent a body that does not decompress: it was cut: it ends before what was packed does"
        )


async def test_an_etag_that_no_request_can_repeat_is_none(download: Download) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x", headers={"ETag": '"\xf8"'})

    fetched = await download(answer)
    assert fetched is not None
    assert fetched.etag is None
