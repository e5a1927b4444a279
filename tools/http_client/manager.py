"""Who owns the clients: `HTTPClientManager`, and the one that a process has by default."""

import asyncio
import re
import threading
import weakref
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

import aiohttp
import requests
import urllib3.util
from urllib3._version import __version__ as urllib3_version

from tools.http_client.async_pool import PooledConnector
from tools.http_client.async_session import open_async_session
from tools.http_client.config import ManagerStats, PoolLimits, PoolTimeouts
from tools.http_client.events import PoolListener
from tools.http_client.sync_adapter import PooledAdapter
from tools.http_client.sync_session import PooledSession

__all__ = [
    "HTTPClientManager",
    "UnsupportedLibrary",
    "get_async_client",
    "get_sync_client",
    "refuse_unsupported",
    "shutdown_http_clients",
]

#: Several agencies refuse anonymous clients; deployments put a contact of their own here.
DEFAULT_USER_AGENT = "ComplianceGateway/0.1 (+https://github.com/compliance-gateway/compliance-gateway)"
#: Seconds that requests in flight get before a close ends them.
DRAIN_S = 10.0

#: The ranges whose private names the pools were tested with, as pyproject.toml pins them: from, and below.
_SUPPORTED = {"aiohttp": ((3, 14, 4), (3, 16)), "urllib3": ((2, 5), (3,))}


class UnsupportedLibrary(RuntimeError):
    """The pools cannot run on what is installed. The message says what to do."""


def refuse_unsupported(installed: dict[str, str] | None = None) -> None:
    """Raise UnsupportedLibrary when the pools cannot run on aiohttp or urllib3 as installed, or as replaced by others.

    `installed` gives versions by name, for tests.
    """
    for name, (lowest, beyond) in _SUPPORTED.items():
        found = (installed or {}).get(name) or {"aiohttp": aiohttp.__version__, "urllib3": urllib3_version}[name]
        numbers = tuple(int(part) for part in re.findall(r"\d+", re.match(r"[\d.]*", found)[0])[:3])  # type: ignore[index]  # it matches "" too
        if name == "urllib3" and len(numbers) == 3 and numbers[2] >= 900:
            raise UnsupportedLibrary(
                f"urllib3 {found} is urllib3-future, which does not keep urllib3's connection interface; "
                "uninstall urllib3-future (niquests brings it) and install urllib3 again"
            )
        if not lowest <= numbers < beyond:
            wanted = f">={'.'.join(map(str, lowest))},<{'.'.join(map(str, beyond))}"
            raise UnsupportedLibrary(f"the pools need {name}{wanted}, installed is {found}: install '{name}{wanted}'")
    if getattr(urllib3.util, "IS_PYOPENSSL", False):
        raise UnsupportedLibrary(
            "urllib3.contrib.pyopenssl has replaced Python's ssl in urllib3, whose sockets the pool cannot bound; "
            "remove the call of inject_into_urllib3()"
        )


@dataclass(frozen=True, slots=True)
class _AsyncClient:
    """A session and its pool, which a closed session no longer knows."""

    session: aiohttp.ClientSession
    pool: PooledConnector


class HTTPClientManager:
    """One `requests.Session` and one `aiohttp.ClientSession` (per event loop), opened on first use.

    An ordinary object, closed with `await manager.aclose()`. The class methods and the functions of this module work on
    one process-wide default instead, which an application may set (`make_default`).

    Raises UnsupportedLibrary when the pools cannot run on aiohttp or urllib3 as installed.
    """

    _default: ClassVar["HTTPClientManager | None"] = None
    _default_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(
        self,
        *,
        limits: PoolLimits | None = None,
        timeouts: PoolTimeouts | None = None,
        user_agent: str = DEFAULT_USER_AGENT,
        trust_env: bool = False,
    ) -> None:
        refuse_unsupported()
        self.limits = limits or PoolLimits()
        self.timeouts = timeouts or PoolTimeouts()
        self._user_agent = user_agent
        self._trust_env = trust_env
        self._lock = threading.Lock()
        self._sync: PooledSession | None = None
        self._sync_adapter: PooledAdapter | None = None
        self._async: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _AsyncClient] = weakref.WeakKeyDictionary()
        self._closed = False

    # -- the clients --

    @property
    def sync_client(self) -> requests.Session:
        """The pooled session for threads; the same each time."""
        with self._lock:
            if self._sync is None:
                self._sync_adapter = PooledAdapter(self.limits, self.timeouts)
                self._sync = PooledSession(self._sync_adapter, user_agent=self._user_agent, trust_env=self._trust_env)
            return self._sync

    @property
    def async_client(self) -> aiohttp.ClientSession:
        """The pooled session of the running event loop; the same each time. Raises RuntimeError without a loop."""
        loop = asyncio.get_running_loop()
        opened = self._async.get(loop)
        if opened is None:
            pool = PooledConnector(self.limits, self.timeouts)
            session = open_async_session(
                pool, self.limits, self.timeouts, user_agent=self._user_agent, trust_env=self._trust_env
            )
            opened = self._async[loop] = _AsyncClient(session, pool)
        return opened.session

    # -- statistics --

    def stats(self) -> ManagerStats:
        """Return both pools; the async one is that of the running loop, or else of any loop that has one."""
        shown = self._async_to_show()
        return ManagerStats(
            async_=shown.pool.stats() if shown is not None else None,
            sync=self._sync_adapter.pool.stats() if self._sync_adapter is not None else None,
        )

    def describe(self) -> dict[str, Any]:
        """Return what `get_client_stats` returns, for this manager."""
        shown = self._async_to_show()
        stats = self.stats()
        return {
            "sync_client_initialized": self._sync is not None,
            "async_client_initialized": shown is not None,
            "sync_client_closed": self._sync is None or self._closed,
            "async_client_closed": shown is None or shown.session.closed,
            "pools": {
                "async": None if stats.async_ is None else asdict(stats.async_),
                "sync": None if stats.sync is None else asdict(stats.sync),
            },
        }

    def _async_to_show(self) -> _AsyncClient | None:
        try:
            return self._async.get(asyncio.get_running_loop())
        except RuntimeError:
            return next(iter(self._async.values()), None)

    def tell(self, *, async_: PoolListener, sync: PoolListener) -> None:
        """Report the events of the pools that are open to these from now on."""
        for opened in self._async.values():
            opened.pool.listener = async_
        if self._sync_adapter is not None:
            self._sync_adapter.pool.listener = sync

    # -- closing --

    async def aclose(self, drain_s: float = DRAIN_S) -> None:
        """Take no more requests, wait up to `drain_s` for those in flight, close both clients. Idempotent.

        The clients stay what they are: using them afterwards is an error.
        """
        await asyncio.gather(self.close_async(drain_s), asyncio.to_thread(self.close_sync, drain_s))

    def close_sync(self, drain_s: float = DRAIN_S) -> None:
        """Drain and close the sync client. Blocks up to `drain_s`."""
        adapter, session = self._sync_adapter, self._sync
        if adapter is not None and session is not None and not self._closed:
            self._closed = True
            adapter.pool.drain(drain_s)
            session.close()

    async def close_async(self, drain_s: float = DRAIN_S) -> None:
        """Drain and close the async client of the running loop, and those of loops that have ended."""
        here = asyncio.get_running_loop()
        for loop, opened in list(self._async.items()):
            if opened.session.closed or (loop is not here and not loop.is_closed()):
                continue  # another running loop's client is closed in that loop
            if loop is here:
                await opened.pool.drain(drain_s)
            await opened.session.close()

    # -- the process-wide default --

    def make_default(self) -> None:
        """Be what `get_sync_client()` and `get_async_client()` use in this process, until `release_default`."""
        with self._default_lock:
            HTTPClientManager._default = self

    def release_default(self) -> None:
        """Stop being the default, if this one is it."""
        with self._default_lock:
            if HTTPClientManager._default is self:
                HTTPClientManager._default = None

    @classmethod
    def default(cls) -> "HTTPClientManager":
        """The process-wide manager; made with default numbers when there is none."""
        with cls._default_lock:
            if HTTPClientManager._default is None:
                HTTPClientManager._default = HTTPClientManager()
            return HTTPClientManager._default

    @classmethod
    def get_sync_client(cls) -> requests.Session:
        """The process-wide sync client."""
        return cls.default().sync_client

    @classmethod
    def get_async_client(cls) -> aiohttp.ClientSession:
        """The process-wide async client of the running event loop."""
        return cls.default().async_client

    @classmethod
    def get_client_stats(cls) -> dict[str, Any]:
        """Whether each process-wide client is initialized and closed, and under `pools` the figures of each pool."""
        manager = HTTPClientManager._default
        return (manager or HTTPClientManager()).describe()

    @classmethod
    def close_sync_client(cls) -> None:
        """Drain and close the process-wide sync client; the next `get_sync_client()` opens a new one."""
        manager = HTTPClientManager._default
        if manager is not None:
            manager.close_sync()
            manager.forget_sync()

    @classmethod
    async def close_async_client(cls) -> None:
        """Drain and close the process-wide async client; the next `get_async_client()` opens a new one."""
        manager = HTTPClientManager._default
        if manager is not None:
            await manager.close_async()
            manager.forget_async()

    def forget_sync(self) -> None:
        """Let the next use of `sync_client` open a new one; the old one must be closed."""
        with self._lock:
            self._sync, self._sync_adapter, self._closed = None, None, False

    def forget_async(self) -> None:
        """Let the next use of `async_client` open a new one; closed ones are forgotten."""
        for loop, opened in list(self._async.items()):
            if opened.session.closed:
                del self._async[loop]


def get_sync_client() -> requests.Session:
    """The process-wide pooled `requests.Session`: the same instance each time."""
    return HTTPClientManager.get_sync_client()


def get_async_client() -> aiohttp.ClientSession:
    """The process-wide pooled `aiohttp.ClientSession` of the running event loop: the same instance each time."""
    return HTTPClientManager.get_async_client()


async def shutdown_http_clients() -> None:
    """Drain and close the process-wide clients. Idempotent; the next `get_*` opens new ones."""
    manager = HTTPClientManager._default  # noqa: SLF001 - this module is the other half of the class
    if manager is not None:
        manager.release_default()
        await manager.aclose()
