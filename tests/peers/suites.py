"""Which suites there are, and how each is run."""

from dataclasses import dataclass, field

__all__ = ["SUITES", "Suite"]


@dataclass(frozen=True, slots=True)
class Suite:
    """A part of a peer's tests, and the plugin that puts ours in place of the peer's."""

    name: str
    #: Whose source package it comes from.
    peer: str
    #: Files and folders below that package.
    paths: tuple[str, ...]
    #: Module of tests/peers/plugins.
    ours: str
    #: Plugins of pytest that the suite needs; none is found by itself.
    plugins: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    #: Tests that are run with neither.
    left_out: tuple[str, ...] = ()


_REQUESTS = ("tests/test_requests.py", "tests/test_lowlevel.py", "tests/test_adapters.py", "tests/test_hooks.py")
_HTTPBIN = ("pytest_httpbin.plugin", "pytest_mock")
_AIOHTTP_FUNCTIONAL = (
    "tests/test_client_functional.py",
    "tests/test_client_middleware.py",
    "tests/test_client_middleware_digest_auth.py",
    "tests/test_client_ws_functional.py",
    "tests/test_proxy_functional.py",
    "tests/test_web_functional.py",
    "tests/test_web_sendfile_functional.py",
    "tests/test_client_fingerprint.py",
    "tests/test_test_utils.py",
)
_AIOHTTP_UNITS = (
    "tests/test_client_session.py",
    "tests/test_client_request.py",
    "tests/test_client_response.py",
    "tests/test_client_connection.py",
    "tests/test_connector.py",
)

SUITES = (
    Suite("requests", "requests", _REQUESTS, "peers_requests", _HTTPBIN),
    Suite("requests-env", "requests", _REQUESTS, "peers_requests", _HTTPBIN, environment={"PEERS_TRUST_ENV": "1"}),
    Suite("aiohttp", "aiohttp", _AIOHTTP_FUNCTIONAL, "peers_aiohttp", ("pytest_mock",)),
    Suite(
        "aiohttp-uvloop",
        "aiohttp",
        _AIOHTTP_FUNCTIONAL,
        "peers_aiohttp",
        ("pytest_mock",),
        ("--aiohttp-loop=uvloop",),
    ),
    Suite(
        "aiohttp-units",
        "aiohttp",
        _AIOHTTP_UNITS,
        "peers_aiohttp",
        ("pytest_mock",),
        ("--peers-served=test_connector.py",),
    ),
    Suite(
        "urllib3",
        "urllib3",
        (
            "test/with_dummyserver",
            "test/test_connectionpool.py",
            "test/test_poolmanager.py",
            "test/test_proxymanager.py",
        ),
        "peers_urllib3",
        ("peers_connect_proxy",),
        ("-W", "ignore:unclosed <StreamWriter:ResourceWarning", "-W", "ignore:unclosed transport:ResourceWarning"),
        environment={"CI": "true"},  # its time-outs are longer then
        # Its thread outlives it, and ends with an error in whichever test comes next: a TLS stream that is cut is one.
        left_out=("test/with_dummyserver/test_socketlevel.py::TestSocketClosing::test_socket_shutdown_stops_recv",),
    ),
    Suite(
        "aiohttp-retry",
        "aiohttp-retry",
        ("tests",),
        "peers_aiohttp",
        ("pytest_asyncio.plugin", "pytest_aiohttp.plugin", "peers_retry_app"),
        ("-o", "asyncio_mode=auto"),
    ),
)
