"""A real Redis of the test's own, and a store asked from a coroutine or from a thread."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.cache.fake_redis import ask_redis
from tools.cache import SharedStats, SharedStore

REDIS = shutil.which("redis-server")


@pytest.fixture(scope="session")
def _redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    if REDIS is None:
        pytest.skip("there is no redis-server on this machine")
    home = tmp_path_factory.mktemp("redis")
    path = home / "redis.sock"
    command = [REDIS, "--port", "0", "--unixsocket", path.name, "--save", "", "--appendonly", "no", "--dir", str(home)]
    with subprocess.Popen(command, cwd=home, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            # It says so when it listens.
            assert any("ready to accept connections" in line.lower() for line in process.stdout)
            yield path
        finally:
            process.terminate()
            process.communicate(timeout=10)


@pytest.fixture
def redis_server(_redis_socket: Path) -> str:
    """The URL of an empty Redis."""
    url = f"unix://{_redis_socket}"
    assert ask_redis(url, "FLUSHALL") == b"+OK\r\n"
    return url


class Asked:
    """A store, asked in the mode of the test."""

    def __init__(self, store: SharedStore, *, is_async: bool) -> None:
        self.store, self._is_async = store, is_async

    async def get(self, key: str) -> bytes | None:
        if self._is_async:
            return await self.store.get_async(key)
        return await asyncio.to_thread(self.store.get, key)

    async def put(self, key: str, content: bytes, ttl_s: float = 60.0) -> None:
        if self._is_async:
            await self.store.put_async(key, content, ttl_s)
        else:
            await asyncio.to_thread(self.store.put, key, content, ttl_s)

    @property
    def stats(self) -> SharedStats:
        return self.store.stats()


OpenStore = Callable[..., Asked]


@pytest.fixture(params=["async", "sync"])
async def open_store(request: pytest.FixtureRequest) -> AsyncIterator[OpenStore]:
    """Opens stores that are closed with the test, which runs once for each mode.

    Patient where a test is not about time: a machine under load is no slow Redis.
    """
    async with AsyncExitStack() as stack:

        def open_one(url: str, **options: Any) -> Asked:
            options.setdefault("version", "1")
            options.setdefault("timeout_s", 5.0)
            store = SharedStore(url, **options)
            stack.push_async_callback(store.aclose)
            return Asked(store, is_async=request.param == "async")

        yield open_one
