"""The sync pool as requests sees it: one adapter, whose responses are bounded.

What requests works out for each request is kept by origin, where nothing special is asked for
(`python -m tests.bench.sync_half` shows what that saves).
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError
from urllib3.poolmanager import ProxyManager
from urllib3.util import Timeout

from tools.call import Call, current_call
from tools.errors import DeadlineExceeded, PoolClosed, PoolTimeout, ProviderTimeout, ProviderTooLarge
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.content_coding import UnreadableBody
from tools.http_client.redirects_and_bounds import current_body_limit
from tools.http_client.sync_connection import StaleConnection, host_pool_classes, label_of, request_target
from tools.http_client.sync_pool import SyncPool

__all__ = ["PooledAdapter", "SyncBodyTooLarge", "SyncCallTimeout", "SyncPoolClosed", "SyncPoolTimeout"]

#: RFC 9110, section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_READ_BYTES = 64 * 1024
#: Host pools kept by urllib3. They hold nothing (the connections are in the SyncPool), so there may be many.
_HOST_POOLS = 10_000
_ORIGIN = re.compile(r"[^:/?#]+://[^/?#]*")
#: Of so many origins the host pool is at hand.
_ORIGINS = 1_000

# Our errors, as code written for requests recognizes them too.


class SyncPoolTimeout(PoolTimeout, requests.exceptions.Timeout):
    code = PoolTimeout.code


class SyncPoolClosed(PoolClosed, requests.exceptions.RequestException):
    code = PoolClosed.code


class SyncBodyTooLarge(ProviderTooLarge, requests.exceptions.RequestException):
    code = ProviderTooLarge.code


class SyncCallTimeout(ProviderTimeout, requests.exceptions.Timeout):
    code = ProviderTimeout.code


class BoundedResponse(requests.Response):
    """A response that stops at `max_bytes`, and takes neither what a closing `pool` has cut nor what ends before its
    packing does for the whole.

    However its body is read, `raw` apart.
    """

    max_bytes: int
    pool: SyncPool
    call: Call | None

    def iter_content(self, chunk_size: int | None = 1, decode_unicode: bool = False) -> Iterator[Any]:
        """Yield the body in pieces. Raises SyncBodyTooLarge at the bound, SyncPoolClosed, ContentDecodingError."""
        size, is_at_hand = 0, vars(self)["_content_consumed"]
        for chunk in super().iter_content(chunk_size or _READ_BYTES, decode_unicode):
            size += len(chunk)
            if size > self.max_bytes:
                self.close()
                raise SyncBodyTooLarge(f"the answer is larger than the bound of {self.max_bytes} bytes")
            yield chunk
        if not is_at_hand:
            self._refuse_if_cut()
            if (unpacker := getattr(self.raw, "unpacker", None)) is not None:
                try:  # urllib3 asks it only where it cannot know that nothing more comes
                    unpacker.flush()
                except UnreadableBody as exc:
                    raise requests.exceptions.ContentDecodingError(exc) from exc

    def json(self, **options: Any) -> Any:
        """Return the decoded body, in UTF-8 unless it or its headers say otherwise. Raises JSONDecodeError.

        requests guesses, reads text without a charset as Latin-1, and puts signs of its own for odd bytes.
        """
        body, encoding = self.content or b"", self.encoding or "utf-8"
        if body.startswith(codecs.BOM_UTF8):
            encoding = "utf-8-sig"
        elif encoding == "ISO-8859-1" and "charset" not in self.headers.get("Content-Type", "").lower():
            encoding = "utf-8"
        try:
            codecs.lookup(encoding)
        except LookupError:
            encoding = "utf-8"
        try:
            return json.loads(body.decode(encoding), **options)
        except json.JSONDecodeError as exc:
            raise requests.exceptions.JSONDecodeError(exc.msg, exc.doc, exc.pos) from exc
        except (ValueError, RecursionError) as exc:  # odd bytes, a number without end, or lists in lists
            raise requests.exceptions.JSONDecodeError(str(exc), "", 0) from exc

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
        if self.call is not None and self.call.cut_on_wire:
            raise SyncCallTimeout("the call's time ran out while the answer came")


class PooledAdapter(HTTPAdapter):
    """An HTTPAdapter over one `SyncPool`: true total limit, bounded idle connections, a bounded wait, bounded bodies.

    Thread-safe.
    """

    def __init__(self, limits: PoolLimits, timeouts: PoolTimeouts) -> None:
        self._limits = limits
        self._timeouts = timeouts
        self.pool = SyncPool(limits, timeouts, label_of)
        self._by_origin: dict[str, Any] = {}
        self._stock = HTTPAdapter(pool_connections=1)
        self._host_pools = host_pool_classes(self.pool, timeouts.write_s)
        super().__init__(pool_connections=_HOST_POOLS, pool_maxsize=1, max_retries=0)

    def __getstate__(self) -> NoReturn:
        """Raise TypeError: neither connections nor locks can be pickled or copied."""
        raise TypeError("a pooled adapter cannot be pickled or copied: open another HTTPClientManager instead")

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make urllib3 use our host pools."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._host_pools

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> ProxyManager:
        """Make urllib3 use our host pools behind a proxy too. Raises InvalidSchema on a SOCKS proxy."""
        if proxy.lower().startswith("socks"):
            raise requests.exceptions.InvalidSchema(
                "SOCKS proxies are not supported: the pool speaks to HTTP proxies only"
            )
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
        call = current_call()
        try:
            try:
                return self._send_once(request, timeout, options)
            except requests.ConnectionError as exc:
                # Once more, like aiohttp: the peer closed an idle connection in the moment that we used it.
                leaves_it_to_the_caller = call is not None and call.resends
                if leaves_it_to_the_caller or not _was_stale(exc) or not _can_send_again(request):
                    raise
            return self._send_once(request, timeout, options)
        except PoolTimeout as exc:
            facts = {"limit": exc.limit, "in_use": exc.in_use, "waiting": exc.waiting}
            raise SyncPoolTimeout(host=exc.host, waited_s=exc.waited_s, **facts) from exc
        except PoolClosed as exc:
            raise SyncPoolClosed(str(exc)) from exc
        except requests.RequestException as exc:
            if call is None or not call.is_over():
                raise
            if call.mostly_queued:
                raise DeadlineExceeded("the call's time ran out, most of it in the queue for a connection") from exc
            raise SyncCallTimeout("the call's time ran out while the agency answered") from exc

    def _send_once(self, request: requests.PreparedRequest, timeout: Any, options: dict[str, Any]) -> requests.Response:
        before = request_target.set(None)
        try:
            response = super().send(request, timeout=self._bounded(timeout), **options)
        finally:
            request_target.reset(before)
        if not isinstance(response, BoundedResponse):  # of a tool that stands in for the network
            return response
        limit = response.max_bytes
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
        """Return the bounded response to `req`."""
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
        response.pool, response.call = self.pool, current_call()
        return response

    # -- what requests works out for each request, kept by origin where nothing special is asked for --

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return urllib3's pool for the request's origin."""
        if self.pool.closed:
            raise PoolClosed("the pool is shut down")
        if HTTPConnectionPool.ConnectionCls is not HTTPConnection:
            # VCR.py has put its own in their place, to record or to play: urllib3's own pools know what to do with it.
            return self._stock.get_connection_with_tls_context(request, verify, proxies, cert)
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
        """Set whom `conn` trusts, unless that is set."""
        if verify is not True or cert is not None or self._by_origin.get(_origin(url)) is not conn:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]  # likewise

    def request_url(self, request: requests.PreparedRequest, proxies: Any) -> str:
        """Return what the request line says, also where urllib3 would write it otherwise."""
        url = str(request.url)
        target = url[len(_origin(url)) :]
        if proxies or "#" in url or not target.startswith("/"):
            target = str(super().request_url(request, proxies))
        request_target.set(target)
        return target

    def _bounded(self, timeout: Any) -> Any:
        """Return our time-outs where the caller gave none; connecting never takes longer than the call may."""
        connect_s: Any = self._timeouts.connect_s
        read_s: Any = self._timeouts.read_s
        if isinstance(timeout, Timeout):
            if timeout.connect_timeout is None or isinstance(timeout.connect_timeout, int | float):
                connect_s = timeout.connect_timeout
        elif isinstance(timeout, tuple) and len(timeout) == 2:
            connect_s, read_s = timeout
        elif isinstance(timeout, int | float) and timeout > 0:
            connect_s = read_s = timeout
        elif timeout is not None:
            return timeout  # which requests refuses
        call = current_call()
        if call is not None:
            remaining_s = call.remaining_s()
            if remaining_s <= 0:
                raise DeadlineExceeded("the call's time ran out before the request was sent")
            connect_s = remaining_s if connect_s is None else min(connect_s, remaining_s)
        if not isinstance(timeout, Timeout):
            return connect_s, read_s
        bounded = timeout.clone()
        bounded._connect = connect_s  # noqa: SLF001 - there is no other way to keep its total
        if bounded.total is None and not isinstance(bounded._read, int | float | None):  # noqa: SLF001 - likewise
            bounded._read = read_s  # noqa: SLF001 - it was left out
        return bounded

    def close(self) -> None:
        """Close every connection, those in use too. Idempotent: a session closes it for each of its prefixes."""
        if not self.pool.closed:
            self.pool.close()
            self._stock.close()
            super().close()


def _origin(url: str) -> str:
    """Return the scheme and authority of a URL. The target of a redirect may have no path behind them."""
    found = _ORIGIN.match(url)
    return url if found is None else found[0]


def _was_stale(exc: BaseException) -> bool:
    """Return whether a StaleConnection is at the bottom of what requests and urllib3 wrapped around it."""
    inner: object = exc
    while isinstance(inner, BaseException):
        if isinstance(inner, StaleConnection):
            return True
        inner = next((part for part in inner.args if isinstance(part, BaseException)), None)
    return False


def _can_send_again(request: requests.PreparedRequest) -> bool:
    return request.method in _IDEMPOTENT and (request.body is None or isinstance(request.body, (bytes, str)))
