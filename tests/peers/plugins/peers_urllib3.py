"""Puts host pools over one sync pool in the place of urllib3's own.

The only module that knows what the host pools are made of. A host pool that a test makes by hand has a pool of its
own, which ends with it; those of one manager share one, which ends when the manager is cleared.
"""

import functools
import inspect
import threading
import weakref
from typing import Any

import urllib3
import urllib3.connectionpool
from urllib3.poolmanager import PoolManager

from tools.http_client import PoolLimits, PoolTimeouts
from tools.http_client.sync_connection import host_pool_classes, label_of
from tools.http_client.sync_pool import SyncPool

_stock_init = PoolManager.__init__
_stock_clear = PoolManager.clear
_taking = threading.local()
_parameters = inspect.signature(urllib3.HTTPConnectionPool.__init__)


class _Lending:
    """Lets a test use a connection that it makes itself: the pool is asked for a slot all the same."""

    shared: SyncPool

    def _get_conn(self, timeout: float | None = None) -> Any:
        _taking.is_under_way = True
        try:
            return super()._get_conn(timeout)  # type: ignore[misc]  # of the host pool that stands behind it
        finally:
            _taking.is_under_way = False

    def _new_conn(self) -> Any:
        if getattr(_taking, "is_under_way", False):
            return super()._new_conn()  # type: ignore[misc]  # likewise
        idle = self.shared.take(self)
        while idle is not None:
            idle = self.shared.take(self, instead_of=idle)
        connection = super()._new_conn()  # type: ignore[misc]  # likewise
        self.shared.hold(connection, self)
        return connection


def _classes(limit: int) -> dict[str, Any]:
    timeouts = PoolTimeouts()
    pool = SyncPool(PoolLimits(max_connections=limit), timeouts, label_of)
    made = host_pool_classes(pool, timeouts.write_s)
    return {scheme: type(each.__name__, (_Lending, each), {}) for scheme, each in made.items()}


_plain, _secure = (_classes(1)[scheme] for scheme in ("http", "https"))


def _taking_over(pool: Any, scheme: str, *args: Any, **kwargs: Any) -> None:
    """Give a host pool a pool of its own; urllib3's `block` is the only limit that it knows."""
    asked = _parameters.bind_partial(pool, *args, **{k: v for k, v in kwargs.items() if k in _parameters.parameters})
    limit = asked.arguments.get("maxsize", 1) if asked.arguments.get("block") else PoolLimits().max_connections
    ours = _classes(max(1, limit))[scheme]
    for name in ("shared", "ConnectionCls"):
        setattr(pool, name, getattr(ours, name))
    weakref.finalize(pool, ours.shared.close)


class HTTPConnectionPool(_plain):  # type: ignore[misc,valid-type]  # a class that is made at run time
    """Our host pool, made as urllib3 makes its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _taking_over(self, "http", *args, **kwargs)
        super().__init__(*args, **kwargs)

    def close(self) -> None:
        """Close the pool behind it too."""
        super().close()
        self.shared.close()


class HTTPSConnectionPool(_secure):  # type: ignore[misc,valid-type]  # likewise
    """The same over TLS."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        _taking_over(self, "https", *args, **kwargs)
        super().__init__(*args, **kwargs)

    def close(self) -> None:
        """Close the pool behind it too."""
        super().close()
        self.shared.close()


@functools.wraps(_stock_init)
def _init(self: PoolManager, *args: Any, **kwargs: Any) -> None:
    _stock_init(self, *args, **kwargs)
    _open_shared(self)


def _open_shared(manager: PoolManager) -> None:
    classes = _classes(PoolLimits().max_connections)
    manager.pool_classes_by_scheme = classes
    vars(manager)["peers_close_shared"] = weakref.finalize(manager, classes["http"].shared.close)


@functools.wraps(_stock_clear)
def _clear(self: PoolManager) -> None:
    _stock_clear(self)
    vars(self)["peers_close_shared"]()
    _open_shared(self)  # a manager that was cleared may go on


def _put_ours_in_place() -> None:
    for module in (urllib3, urllib3.connectionpool):
        vars(module).update(HTTPConnectionPool=HTTPConnectionPool, HTTPSConnectionPool=HTTPSConnectionPool)
    PoolManager.__init__ = _init  # type: ignore[method-assign]
    PoolManager.clear = _clear  # type: ignore[method-assign]


_put_ours_in_place()
