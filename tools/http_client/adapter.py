"""The sync pool as requests sees it: one adapter for one session."""

from collections.abc import Iterator
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError
from urllib3.poolmanager import ProxyManager

from tools.call import current_call
from tools.errors import DeadlineExceeded, PoolClosed, PoolTimeout, ProviderTimeout, ProviderTooLarge
from tools.http_client.body import current_body_limit
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.connections import StaleConnection, host_pool_classes
from tools.http_client.listening import PoolListener
from tools.http_client.stats import PoolStats
from tools.http_client.sync_pool import SyncPool

__all__ = ["PooledAdapter", "SyncBodyTooLarge", "SyncCallTimeout", "SyncPoolClosed", "SyncPoolTimeout"]

#: RFC 9110, section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_READ_BYTES = 64 * 1024
#: Host pools kept by urllib3. They hold nothing (the connections are in the SyncPool), so there may be many.
_HOST_POOLS = 10_000
#: Of so many origins the host pool is at hand.
_ORIGINS = 1_000


class SyncPoolTimeout(PoolTimeout, requests.exceptions.Timeout):
    """PoolTimeout that code written for requests recognises too."""

    code = PoolTimeout.code


class SyncPoolClosed(PoolClosed, requests.exceptions.RequestException):
    """PoolClosed that code written for requests recognises too."""

    code = PoolClosed.code


class SyncBodyTooLarge(ProviderTooLarge, requests.exceptions.RequestException):
    """ProviderTooLarge that code written for requests recognises too."""

    code = ProviderTooLarge.code


class SyncCallTimeout(ProviderTimeout, requests.exceptions.Timeout):
    """ProviderTimeout, raised when the call's deadline strikes during a request."""

    code = ProviderTimeout.code


class BoundedResponse(requests.Response):
    """A response that stops at `max_bytes`, and does not take what a closing `pool` has cut for the whole.

    However its body is read, `raw` apart.
    """

    max_bytes: int
    pool: SyncPool

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """Yield the body in pieces. Raises SyncBodyTooLarge at the bound, SyncPoolClosed."""
        size = 0
        for chunk in super().iter_content(chunk_size or _READ_BYTES, decode_unicode):
            size += len(chunk)
            if size > self.max_bytes:
                self.close()
                raise SyncBodyTooLarge(f"the answer is larger than the bound of {self.max_bytes} bytes")
            yield chunk
        self._refuse_if_cut()

    def read_at_once(self) -> None:
        """Read the whole body, of which at most `max_bytes` are declared, in one step. Raises as `content` does."""
        try:
            body = self.raw.read()
        except ProtocolError as exc:
            raise requests.exceptions.ChunkedEncodingError(exc) from exc
        except ReadTimeoutError as exc:
            raise requests.ConnectionError(exc) from exc
        except SSLError as exc:
            raise requests.exceptions.SSLError(exc) from exc
        self._refuse_if_cut()
        vars(self).update(_content=body, _content_consumed=True)

    def _refuse_if_cut(self) -> None:
        if self.pool.closed:
            raise SyncPoolClosed("the pool was shut down while the answer came")


class PooledAdapter(HTTPAdapter):
    """An HTTPAdapter over one `SyncPool`: true total limit, bounded idle connections, a bounded wait, bounded bodies.

    Thread-safe.
    """

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self._pool = SyncPool(limits, timeouts)
        self._by_origin: dict[str, Any] = {}
        self._host_pools = host_pool_classes(self._pool, timeouts.write_s)
        super().__init__(pool_connections=_HOST_POOLS, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make urllib3 use our host pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._host_pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Make urllib3 use our host pools behind a proxy too."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._host_pools
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send one request and, unless `stream`, read its bounded body.

        Raises SyncPoolTimeout, SyncPoolClosed, SyncBodyTooLarge, SyncCallTimeout, and what requests raises.
        """
        options = {"stream": stream, "verify": verify, "cert": cert, "proxies": proxies}
        try:
            try:
                return self._send_once(request, timeout, options)
            except requests.ConnectionError as exc:
                # Once more, like aiohttp: the peer closed an idle connection in the moment that we used it.
                call = current_call()
                leaves_it_to_the_caller = call is not None and call.resends
                if leaves_it_to_the_caller or not _was_stale(exc) or not _can_send_again(request):
                    raise
                return self._send_once(request, timeout, options)
        except PoolTimeout as exc:
            raise SyncPoolTimeout(
                host=exc.host, waited_s=exc.waited_s, limit=exc.limit, in_use=exc.in_use, waiting=exc.waiting
            ) from exc
        except PoolClosed as exc:
            raise SyncPoolClosed(str(exc)) from exc
        except requests.RequestException as exc:
            call = current_call()
            if call is not None and call.is_over():
                if call.mostly_queued:
                    raise DeadlineExceeded("the call's time ran out, most of it in the queue for a connection") from exc
                raise SyncCallTimeout("the call's time ran out while the agency answered") from exc
            raise

    def _send_once(self, request: requests.PreparedRequest, timeout: Any, options: dict[str, Any]) -> requests.Response:
        response = cast("BoundedResponse", super().send(request, timeout=self._bounded(timeout), **options))
        limit = current_body_limit(self._limits.max_body_bytes)
        headers = response.headers
        declared = headers.get("Content-Length", "")
        is_declared = declared.isdecimal()
        if is_declared and int(declared) > limit and request.method != "HEAD":
            response.close()
            raise SyncBodyTooLarge(f"the answer declares {declared} bytes, the bound is {limit}")
        if not options["stream"]:  # read here, so that a cut body is part of the attempt
            if is_declared and "Content-Encoding" not in headers and "Transfer-Encoding" not in headers:
                response.read_at_once()
            else:
                _ = response.content
        return response

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> BoundedResponse:
        """The bounded response to `req`."""
        response = BoundedResponse()
        response.status_code = resp.status
        response.headers = CaseInsensitiveDict(resp.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = resp
        response.reason = resp.reason
        response.url = str(req.url)
        if "Set-Cookie" in response.headers:
            extract_cookies_to_jar(response.cookies, req, resp)  # type: ignore[no-untyped-call]  # as types-requests has it
        response.request = req
        response.connection = self
        response.max_bytes = current_body_limit(self._limits.max_body_bytes)
        response.pool = self._pool
        return response

    # -- what requests works out anew for each request, kept by origin where nothing special is asked for --

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """urllib3's pool for the request's origin."""
        if verify is not True or cert is not None or proxies:
            return super().get_connection_with_tls_context(request, verify, proxies, cert)
        origin = _origin(str(request.url))
        found = self._by_origin.get(origin)
        if found is None or found.pool is None:  # never asked for, or thrown away by urllib3
            found = super().get_connection_with_tls_context(request, verify, proxies, cert)
            super().cert_verify(found, str(request.url), verify, cert)  # type: ignore[no-untyped-call]  # likewise
            if len(self._by_origin) >= _ORIGINS:
                self._by_origin.clear()
            self._by_origin[origin] = found
        return found

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Tell `conn` whom to trust, unless it has been told."""
        if verify is not True or cert is not None or self._by_origin.get(_origin(url)) is not conn:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]  # likewise

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """What the request line says."""
        url = str(request.url)
        target = url[len(_origin(url)) :]
        if proxies or "#" in url or not target.startswith("/"):
            return str(super().request_url(request, proxies))
        return target

    def _bounded(self, timeout: Any) -> Any:
        """Our time-outs where the caller gave none; connecting never takes longer than the call may."""
        connect_s, read_s = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        if timeout is None:
            connect_s, read_s = self._timeouts.connect_s, self._timeouts.read_s
        call = current_call()
        if call is not None:
            remaining_s = call.remaining_s()
            if remaining_s <= 0:
                raise DeadlineExceeded("the call's time ran out before the request was sent")
            connect_s = remaining_s if connect_s is None else min(connect_s, remaining_s)
        return connect_s, read_s

    @property
    def listener(self) -> PoolListener:
        """Who is told of connections."""
        return self._pool.listener

    @listener.setter
    def listener(self, listener: PoolListener) -> None:
        self._pool.listener = listener

    def stats(self) -> PoolStats:
        """The pool as it stands now."""
        return self._pool.stats()

    def drain(self, timeout_s: float) -> int:
        """Take no more requests, wait up to `timeout_s` for those in flight. Returns how many were left. Blocks."""
        return self._pool.drain(timeout_s)

    def close(self) -> None:
        """Close every connection, those in use too. Idempotent."""
        self._pool.close()
        super().close()


def _origin(url: str) -> str:
    """The part of a prepared URL that stands before its path."""
    return url[: url.find("/", url.find("://") + 3)]


def _was_stale(exc: BaseException) -> bool:
    """Whether a StaleConnection is at the bottom of what requests and urllib3 wrapped around it."""
    inner: object = exc
    while isinstance(inner, BaseException):
        if isinstance(inner, StaleConnection):
            return True
        inner = next((part for part in inner.args if isinstance(part, BaseException)), None)
    return False


def _can_send_again(request: requests.PreparedRequest) -> bool:
    return request.method in _IDEMPOTENT and (request.body is None or isinstance(request.body, (bytes, str)))
