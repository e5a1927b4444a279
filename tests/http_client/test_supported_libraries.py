"""What the pools stand on inside aiohttp, urllib3, requests and http.client: the ranges, and each private name."""

import ast
import asyncio
import gc
import http.client
import inspect
import io
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import aiohttp
import pytest
import requests
import urllib3
from aiohttp import ClientRequest, ClientResponse, ClientTimeout
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool
from yarl import URL

import tools.http_client
from tests.http_client.peer import Peer
from tools.http_client import HTTPClientManager, PoolLimits, PoolTimeouts, UnsupportedLibrary
from tools.http_client.async_answer import _UnpackedBody, bounded_response
from tools.http_client.async_pool import PooledConnector
from tools.http_client.async_session import PooledProtocol
from tools.http_client.manager import _SUPPORTED, refuse_unsupported
from tools.http_client.sync_answer import StrictBody, WholeHead
from tools.http_client.sync_connection import host_pool_classes, label_of
from tools.http_client.sync_pool import SyncPool

PROJECT = Path(tools.http_client.__file__).parents[2]


# -- the ranges --


def pinned() -> dict[str, SpecifierSet]:
    """The ranges of pyproject.toml."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    return {found.name: found.specifier for found in map(Requirement, project["dependencies"])}


def text(numbers: tuple[int, ...]) -> str:
    return ".".join(map(str, numbers))


def test_the_ranges_are_those_that_are_installed_by() -> None:
    ranges = {name: f">={text(lowest)},<{text(beyond)}" for name, (lowest, beyond) in _SUPPORTED.items()}
    assert ranges.keys() == {"aiohttp", "urllib3"}
    assert {name: SpecifierSet(found) for name, found in ranges.items()} == {name: pinned()[name] for name in ranges}


VERSIONS = {
    "aiohttp": "3.13.9 3.14.3 3.14.4 3.14.4.post1 3.14.5rc0 3.14.5 3.14.10 "
    "3.15 3.15.0a1 3.15.0.dev3 3.15.99 3.16.0a1 3.16 3.16.0 4.0.0",
    "urllib3": "1.26.20 2.4.0 2.5 2.5.0 2.6.0rc1 2.6a1 2.6.12.dev1 2.10.0 2.99.899 3.0.0a1 3.0 3.0.1",
}


@pytest.mark.parametrize(
    ("name", "version"), [(name, each) for name, them in VERSIONS.items() for each in them.split()]
)
def test_a_version_is_refused_exactly_when_the_range_excludes_it(name: str, version: str) -> None:
    if pinned()[name].contains(Version(version), prereleases=True):
        refuse_unsupported({name: version})
        return
    with pytest.raises(UnsupportedLibrary) as caught:
        refuse_unsupported({name: version})
    lowest, beyond = _SUPPORTED[name]
    wanted = f"{name}>={text(lowest)},<{text(beyond)}"
    assert str(caught.value) == f"the pools need {wanted}, installed is {version}: install '{wanted}'"


@pytest.mark.parametrize("version", ["2.25.904", "2.0.900", "2.13.1000"])
def test_urllib3_future_is_refused_with_the_reason(version: str) -> None:
    with pytest.raises(UnsupportedLibrary, match=f"urllib3 {version} is urllib3-future.*uninstall urllib3-future"):
        refuse_unsupported({"urllib3": version})


def test_what_is_installed_is_supported() -> None:
    refuse_unsupported()


@pytest.mark.parametrize("name", ["aiohttp", "urllib3"])
def test_no_manager_opens_over_another_version(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    where = {"aiohttp": "aiohttp.__version__", "urllib3": "tools.http_client.manager.urllib3_version"}
    monkeypatch.setattr(where[name], "1.0.0")
    with pytest.raises(UnsupportedLibrary, match=f"the pools need {name}.*installed is 1.0.0"):
        HTTPClientManager()


def test_pyopenssl_in_the_place_of_ssl_is_refused_with_what_to_remove(monkeypatch: pytest.MonkeyPatch) -> None:
    assert urllib3.util.IS_PYOPENSSL is False
    monkeypatch.setattr(urllib3.util, "IS_PYOPENSSL", True)
    with pytest.raises(UnsupportedLibrary, match=r"remove the call of inject_into_urllib3\(\)"):
        HTTPClientManager()


# -- the names, each by itself: docs/pools.md says why each is used --


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("connect", ["self", "req", "traces", "timeout"]),
        ("_create_connection", ["self", "req", "traces", "timeout"]),
        ("_update_proxy_auth_header_and_build_proxy_req", ["self", "req"]),
        ("_release", ["self", "key", "protocol", "should_close"]),
        ("close", ["self", "abort_ssl"]),
    ],
)
def test_a_connector_of_aiohttp_has_the_method(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(aiohttp.TCPConnector, name)).parameters) == parameters


@pytest.mark.parametrize("name", ["_acquired", "_closed", "_conns", "_factory", "_loop"])
async def test_a_connector_of_aiohttp_has_the_attribute(name: str) -> None:
    async with aiohttp.TCPConnector() as plain:
        assert name in vars(plain)


@pytest.mark.parametrize(
    "name", ["_drop_timeout", "_on_read_timeout", "_reschedule_timeout", "abort", "is_connected", "set_exception"]
)
def test_a_connection_of_aiohttp_has_the_method(name: str) -> None:
    assert isinstance(vars(ResponseHandler)[name], FunctionType)


@pytest.mark.parametrize("name", ["_loop", "_payload", "read_timeout", "should_close", "transport"])
async def test_a_connection_of_aiohttp_has_the_attribute(name: str) -> None:
    assert hasattr(ResponseHandler(asyncio.get_running_loop()), name)


@pytest.mark.parametrize("name", ["_body", "_traces"])
async def test_a_response_of_aiohttp_has_the_attribute(name: str) -> None:
    async with Peer().serving() as peer, aiohttp.ClientSession() as stock, stock.get(peer.url()) as response:
        await response.read()
        assert hasattr(response, name)


async def test_what_is_connected_is_made_by_the_factory_of_the_connector() -> None:
    made: list[ResponseHandler] = []
    async with Peer().serving() as peer, aiohttp.TCPConnector() as plain:
        stock = plain._factory

        def make() -> ResponseHandler:
            made.append(stock())
            return made[-1]

        plain._factory = make  # type: ignore[assignment]  # a partial of ResponseHandler
        request = ClientRequest("GET", URL(peer.url()), loop=asyncio.get_running_loop(), headers={})
        assert await plain._create_connection(request, [], ClientTimeout(total=None)) is made[0]
        made[0].abort()


@pytest.mark.parametrize(("end", "should_close"), [("release", False), ("close", True)])
async def test_a_connection_is_given_back_to_its_connector_by_the_name(end: str, *, should_close: bool) -> None:
    given_back: list[tuple[object, object, bool]] = []

    class Connector(aiohttp.TCPConnector):
        def _release(self, key: Any, protocol: Any, *, should_close: bool = False) -> None:
            given_back.append((key, protocol, should_close))

    async with Connector() as connector:
        protocol = ResponseHandler(asyncio.get_running_loop())
        key: Any = object()
        getattr(Connection(connector, key, protocol, connector._loop), end)()
        assert given_back == [(key, protocol, should_close)]


@pytest.mark.parametrize("connections", ["_conns", "_acquired"])
async def test_a_connector_closes_what_stands_in(connections: str) -> None:
    protocol = ResponseHandler(asyncio.get_running_loop())
    closed: list[bool] = []
    protocol.close = lambda: closed.append(True)  # type: ignore[method-assign]
    protocol.connection_lost(None)  # so that nothing waits for its end
    connector: Any = aiohttp.TCPConnector()
    setattr(connector, connections, {protocol: 1} if connections == "_acquired" else {"idle": [(protocol, 0.0)]})
    await connector.close()
    assert (closed, connector._closed, getattr(connector, connections)) == ([True], True, {})


@pytest.mark.parametrize("name", ["_get_conn", "_put_conn", "_new_conn", "ConnectionCls"])
def test_a_host_pool_of_urllib3_has(name: str) -> None:
    assert name in vars(HTTPConnectionPool)


def test_a_host_pool_of_urllib3_that_is_closed_has_no_queue() -> None:
    pool = HTTPConnectionPool("agency.test")
    assert pool.pool is not None
    pool.close()
    assert pool.pool is None


@pytest.mark.parametrize("name", ["_dns_host", "_new_conn", "connect", "getresponse", "is_closed", "sock"])
def test_a_connection_of_urllib3_has(name: str) -> None:
    assert hasattr(HTTPConnection("agency.test"), name)


def test_a_connection_of_urllib3_dials_by_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dialed(Exception):
        pass

    def dial(self: object) -> None:
        raise Dialed

    monkeypatch.setattr(HTTPConnection, "_new_conn", dial)
    for kind in (HTTPConnection, HTTPSConnection):
        with pytest.raises(Dialed):
            kind("agency.test").connect()


def test_a_time_out_of_urllib3_is_bounded_by_the_name() -> None:
    timeout = urllib3.Timeout(connect=5, read=7)
    timeout._connect = 1
    assert (timeout.connect_timeout, timeout.read_timeout) == (1, 7)


def test_a_pool_manager_of_urllib3_lets_its_classes_be_chosen() -> None:
    manager = urllib3.PoolManager()
    chosen = type("Chosen", (HTTPConnectionPool,), {})
    manager.pool_classes_by_scheme = {"http": chosen}
    assert type(manager.connection_from_url("http://agency.test")) is chosen


@pytest.mark.parametrize("name", ["_check_close", "_read_status", "begin"])
def test_an_answer_of_http_client_has_the_method(name: str) -> None:
    assert isinstance(vars(http.client.HTTPResponse)[name], FunctionType)


@pytest.mark.parametrize("name", ["_method", "chunk_left", "chunked", "code", "fp", "length", "msg", "will_close"])
def test_an_answer_of_http_client_has_the_attribute(name: str) -> None:
    sock: Any = SimpleNamespace(makefile=lambda mode: io.BytesIO(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    stock = http.client.HTTPResponse(sock, method="GET")
    stock.begin()
    assert name in vars(stock)


def test_a_connection_of_http_client_makes_its_answers_of_the_class() -> None:
    assert http.client.HTTPConnection.response_class is http.client.HTTPResponse
    assert HTTPConnection.response_class is http.client.HTTPResponse


@pytest.mark.parametrize("name", ["_init_decoder", "_update_chunk_length"])
def test_an_answer_of_urllib3_has_the_method(name: str) -> None:
    assert isinstance(getattr(urllib3.HTTPResponse, name), FunctionType)


@pytest.mark.parametrize("name", ["_decoder", "_fp", "chunk_left"])
def test_an_answer_of_urllib3_has_the_attribute(name: str) -> None:
    assert name in vars(urllib3.HTTPResponse())


async def test_a_body_of_aiohttp_waits_for_more_by_the_name() -> None:
    class Waited(Exception):
        pass

    class Body(aiohttp.StreamReader):
        async def _wait(self, func_name: str) -> None:
            raise Waited

    body = Body(ResponseHandler(asyncio.get_running_loop()), 1)
    for read in (body.read, body.readany, body.readchunk, body.readline, body.iter_any().__anext__):
        with pytest.raises(Waited):
            await read()


@pytest.mark.parametrize("name", ["_content", "_content_consumed", "_next"])
def test_an_answer_of_requests_has(name: str) -> None:
    assert name in vars(requests.Response())


def test_a_request_of_requests_has_its_cookies_by_the_name() -> None:
    assert "_cookies" in vars(requests.PreparedRequest())


@pytest.mark.parametrize(
    "name",
    [
        "build_response",
        "cert_verify",
        "get_connection_with_tls_context",
        "init_poolmanager",
        "proxy_manager_for",
        "request_url",
    ],
)
def test_an_adapter_of_requests_has_the_method(name: str) -> None:
    assert isinstance(vars(HTTPAdapter)[name], FunctionType)


# -- that these are all of them --

#: Private names of the libraries that the pools read, call or replace.
KNOWN = {
    "PooledConnector": {"_acquired", "_conns", "_factory", "_release"},
    "PooledProtocol": {"_drop_timeout", "_reschedule_timeout"},
    "BoundedResponse": {"_body"},
    "_Pooled": {"_new_conn"},
    "_HostPool": {"_get_conn", "_put_conn"},
    "WholeHead": {"_check_close", "_close_conn", "_method", "_read_status"},
    "StrictBody": {"_decoder", "_init_decoder", "_update_chunk_length"},
    "_UnpackedBody": {"_wait"},
}
READ = {
    "async_pool.py": {"_closed", "_create_connection", "_loop", "_update_proxy_auth_header_and_build_proxy_req"},
    "async_answer.py": {"_loop", "_traces"},
    "async_session.py": {"_continue", "_loop", "_on_read_timeout", "_payload"},
    "sync_answer.py": {"_fp"},
    "sync_connection.py": {"_dns_host", "_original_response"},
    "sync_adapter.py": {"_connect", "_read"},
    "manager.py": set(),
}
MODULES = Path(tools.http_client.__file__).parent


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.endswith("__") and name != "_abc_impl"


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Python 3.11 fails to parse when the collector runs meanwhile and calls back, as Hypothesis has it do."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("module", sorted(path.name for path in MODULES.glob("*.py")))
def test_no_other_private_name_of_a_library_is_used(module: str) -> None:
    own: set[str] = set()
    used: set[str] = set()
    for node in ast.walk(ast.parse((MODULES / module).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            own.add(node.id)  # of a class, or of nothing that has attributes
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            is_set = isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name)
            (own if is_set and node.value.id in ("self", "HTTPClientManager") else used).add(node.attr)  # type: ignore[attr-defined]  # a name
    assert used - own == READ.get(module, set())


async def ours_and_theirs() -> list[tuple[str, set[str], set[str]]]:
    """Each class of ours that extends one of a library: the names that it adds or sets, and those of the library."""
    loop = asyncio.get_running_loop()
    limits, timeouts = PoolLimits(), PoolTimeouts()
    shared = SyncPool(limits, timeouts, label_of)
    host_pool = host_pool_classes(shared, 1.0)["http"]
    connection = host_pool.ConnectionCls
    async with aiohttp.TCPConnector() as stock:
        pairs: list[tuple[str, type, type, object]] = [
            ("PooledConnector", PooledConnector, aiohttp.TCPConnector, stock),
            ("PooledProtocol", PooledProtocol, ResponseHandler, ResponseHandler(loop)),
            ("BoundedResponse", bounded_response(1, stock), ClientResponse, None),
            ("_Pooled", connection, HTTPConnection, HTTPConnection("a")),
            ("_HostPool", host_pool, HTTPConnectionPool, HTTPConnectionPool("a")),
            ("WholeHead", WholeHead, http.client.HTTPResponse, None),
            ("StrictBody", StrictBody, urllib3.HTTPResponse, urllib3.HTTPResponse()),
            ("_UnpackedBody", _UnpackedBody, aiohttp.StreamReader, None),
        ]
        found = []
        for name, mine, base, stock_instance in pairs:
            added = [each for each in mine.__mro__ if each not in base.__mro__]
            own = {key for each in added for key in (*vars(each), *vars(each).get("__annotations__", {}))}
            own |= assigned(added)
            theirs = {key for each in base.__mro__ for key in vars(each)}
            theirs |= vars(stock_instance).keys() if stock_instance is not None else assigned(base.__mro__)
            found.append((name, {key for key in own if is_private(key)}, theirs))
        shared.close()
        return found


def assigned(classes: Any) -> set[str]:
    """The attributes of `self` that the sources of `classes` assign."""
    names = set()
    for each in classes:
        for node in ast.walk(source_of(each)):
            if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store):
                continue
            if isinstance(node.value, ast.Name) and node.value.id == "self":
                names.add(node.attr)
    return names


def source_of(found: type) -> ast.AST:
    with suppress(OSError, TypeError):
        return ast.parse(inspect.cleandoc("\n" + inspect.getsource(found)))
    return ast.Module([], [])


@pytest.mark.usefixtures("no_collector")
async def test_a_private_name_of_a_library_is_taken_only_to_replace_it() -> None:
    """A name of ours that a library has too, by chance, would break it: now, or with a release to come."""
    taken = {name: {each for each in own if each in theirs} for name, own, theirs in await ours_and_theirs()}
    assert taken == KNOWN
