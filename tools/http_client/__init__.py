"""The pooled clients: one `aiohttp.ClientSession` and one `requests.Session` for the whole process.

Only this package and `tools.transports` know the client libraries.
"""

import aiohttp
import requests

from tools.errors import PoolTimeout
from tools.http_client.body import body_limit
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connections import UnsupportedLibrary
from tools.http_client.listening import CONNECT_FAILURES, ConnectFailure, PoolListener
from tools.http_client.manager import HTTPClientManager, get_async_client, get_sync_client, shutdown_http_clients
from tools.http_client.stats import ManagerStats, PoolStats

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
