"""Puts the pooled session and its adapter in the place of requests' own.

The only module that knows what the sync session is made of. `PEERS_TRUST_ENV=1` lets the environment count.
"""

import os
from typing import Any

import requests
import requests.adapters
import requests.api
import requests.sessions
from urllib3.util.retry import Retry

from tools.http_client import PoolLimits, PoolTimeouts
from tools.http_client.sync_adapter import PooledAdapter
from tools.http_client.sync_session import PooledSession

_TRUST_ENV = os.environ.get("PEERS_TRUST_ENV") == "1"


class Adapter(PooledAdapter):
    """The pooled adapter, made as requests makes its own."""

    def __init__(
        self, pool_connections: int = 10, pool_maxsize: int = 10, max_retries: Any = 0, pool_block: bool = False
    ) -> None:
        super().__init__(PoolLimits(), PoolTimeouts())
        if max_retries:
            self.max_retries = Retry.from_int(max_retries)


class Session(PooledSession):
    """The pooled session, made as requests makes its own: each with a pool of its own."""

    def __init__(self) -> None:
        super().__init__(Adapter(), user_agent=requests.utils.default_user_agent(), trust_env=_TRUST_ENV)


def _session() -> Session:
    return Session()


def _put_ours_in_place() -> None:
    for module in (requests, requests.sessions):
        vars(module).update(Session=Session, session=_session)
    vars(requests.adapters).update(HTTPAdapter=Adapter)


_put_ours_in_place()
