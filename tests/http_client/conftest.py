"""Both pools, opened by the test with the numbers that it needs."""

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from tests.http_client.callers import AsyncCaller, Caller, SyncCaller, Trust
from tools.http_client import HTTPClientManager

OpenCaller = Callable[..., Caller]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Enough for every question at once; the loop's own executor has few."""
    with ThreadPoolExecutor(320) as executor:
        yield executor


@pytest.fixture(params=["async", "sync"])
def open_caller(
    request: pytest.FixtureRequest, threads: ThreadPoolExecutor, open_manager: Callable[..., HTTPClientManager]
) -> OpenCaller:
    """Opens a caller over a pool of the numbers given; the test runs once for each client."""

    def open_one(**numbers: object) -> Caller:
        manager = open_manager(**numbers)
        return AsyncCaller(manager) if request.param == "async" else SyncCaller(manager, threads)

    return open_one


@pytest.fixture
def authority(tmp_path: Path) -> tuple[ssl.SSLContext, Trust]:
    """What a server on 127.0.0.1 speaks TLS with, and what a client trusts it by."""
    ca = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(server)
    client = ssl.create_default_context()
    ca.configure_trust(client)
    file = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(file))
    return server, Trust(client, str(file))
