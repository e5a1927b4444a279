"""What all tests share: managers of clients, and answers for clients that reach no server."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
from hypothesis import settings

from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeouts
from tools.testing import aioresponses

# How long one example takes says something of the machine, and of what else it does.
settings.register_profile("shared machine", deadline=None)
settings.load_profile("shared machine")


@pytest.fixture(autouse=True)
def _no_list_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A list is fetched, and built by a process of its own: tests that are about it say that they want one."""
    monkeypatch.setenv("GATEWAY_SANCTIONS_SOURCE", "api")
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path_factory.getbasetemp() / "data"))


@pytest.fixture
async def open_manager() -> AsyncIterator[Callable[..., HTTPClientManager]]:
    """Opens managers by their numbers: those of PoolLimits and PoolTimeouts, and options of the manager itself."""
    async with contextlib.AsyncExitStack() as stack:

        def open_one(**numbers: object) -> HTTPClientManager:
            limits = {n: v for n, v in numbers.items() if n in PoolLimits.__slots__}
            timeouts = {n: v for n, v in numbers.items() if n in PoolTimeouts.__slots__}
            options = {n: v for n, v in numbers.items() if n not in limits and n not in timeouts}
            manager = HTTPClientManager(
                limits=PoolLimits(**limits),  # type: ignore[arg-type]  # by name, from the test
                timeouts=PoolTimeouts(**timeouts),  # type: ignore[arg-type]  # likewise
                **options,  # type: ignore[arg-type]  # likewise
            )
            stack.push_async_callback(manager.aclose, 0.0)
            return manager

        yield open_one


@pytest.fixture
def mocked() -> Iterator[aioresponses]:
    """Answers the requests of every `aiohttp.ClientSession`; knows nothing of pools, time-outs and TLS."""
    with aioresponses() as mock:
        yield mock


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--pictures`: the tests of the page keep their screenshots in docs/images."""
    parser.addoption("--pictures", action="store_true", help="keep screenshots of the page in docs/images")
