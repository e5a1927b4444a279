"""The pooled clients: one `aiohttp.ClientSession` and one `requests.Session` for the whole process.

Only this package and `tools.transports` know the client libraries.
"""

import aiohttp
import requests

from tools.errors import PoolTimeout
from tools.http_client.config import ManagerStats, PoolLimits, PoolStats, PoolTimeouts
from tools.http_client.events import CONNECT_FAILURES, ConnectFailure, PoolListener
from tools.http_client.manager import (
    HTTPClientManager,
    UnsupportedLibrary,
    get_async_client,
    get_sync_client,
    shutdown_http_clients,
)
from tools.http_client.redirects_and_bounds import body_limit

__all__ = [
    "CONNECT_FAILURES",
    "AsyncClient",
    "ConnectFailure",
    "HTTPClientManager",
    "ManagerStats",
    "PoolLimits",
    "PoolListener",
    "PoolStats",
    "PoolTimeout",
    "PoolTimeouts",
    "SyncClient",
    "UnsupportedLibrary",
    "body_limit",
    "get_async_client",
    "get_sync_client",
    "shutdown_http_clients",
]

#: The types of the clients, for code that is not to import the libraries itself.
AsyncClient = aiohttp.ClientSession
SyncClient = requests.Session
