"""The pooled `requests.Session`, and the adapter through which it reaches the sync pool.

Plain calls take a short way through requests: what requests does for cookies, files, forms, authentication and hooks
has no effect then. `python -m tests.bench.sync_half` shows what it saves. It is taken only while the methods of
`requests.Session` are requests' own, so that tools which replace them see every call.
"""

import http.cookiejar
import re
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import lru_cache
from types import FunctionType
from typing import Any, NoReturn
from urllib.parse import urlencode, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar, extract_cookies_to_jar
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers
from urllib3.exceptions import ProtocolError, ReadTimeoutError, SSLError
from urllib3.poolmanager import ProxyManager
from urllib3.util import Timeout

from tools.call import current_call
from tools.errors import DeadlineExceeded, PoolClosed, PoolTimeout, ProviderTimeout, ProviderTooLarge
from tools.http_client.config import PoolLimits, PoolTimeouts
from tools.http_client.redirects_and_bounds import (
    MAX_REDIRECTS,
    check_redirect,
    current_body_limit,
    headers_to_drop,
    is_same_origin,
    refused_target,
)
from tools.http_client.sync_connection import StaleConnection, host_pool_classes, label_of
from tools.http_client.sync_pool import SyncPool

__all__ = [
    "PooledAdapter",
    "PooledSession",
    "SyncBodyTooLarge",
    "SyncCallTimeout",
    "SyncPoolClosed",
    "SyncPoolTimeout",
    "prepared_shortly",
]

#: RFC 9110, section 9.2.2.
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})
_READ_BYTES = 64 * 1024
#: Host pools kept by urllib3. They hold nothing (the connections are in the SyncPool), so there may be many.
_HOST_POOLS = 10_000
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
        self.pool = SyncPool(limits, timeouts, label_of)
        self._by_origin: dict[str, Any] = {}
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
        response = super().send(request, timeout=self._bounded(timeout), **options)
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
        response.pool = self.pool
        return response

    # -- what requests works out for each request, kept by origin where nothing special is asked for --

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return urllib3's pool for the request's origin."""
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
        """Return what the request line says."""
        url = str(request.url)
        target = url[len(_origin(url)) :]
        if proxies or "#" in url or not target.startswith("/"):
            return str(super().request_url(request, proxies))
        return target

    def _bounded(self, timeout: Any) -> Any:
        """Return our time-outs where the caller gave none; connecting never takes longer than the call may."""
        if timeout is None:
            timeout = (self._timeouts.connect_s, self._timeouts.read_s)
        call = current_call()
        if call is None:
            return timeout
        remaining_s = call.remaining_s()
        if remaining_s <= 0:
            raise DeadlineExceeded("the call's time ran out before the request was sent")
        if isinstance(timeout, Timeout):
            bounded = timeout.clone()
            connect_s = timeout.connect_timeout
            bounded._connect = min(connect_s, remaining_s) if isinstance(connect_s, int | float) else remaining_s  # noqa: SLF001 - it has no setter
            return bounded
        connect_s, read_s = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        return remaining_s if connect_s is None else min(connect_s, remaining_s), read_s

    def close(self) -> None:
        """Close every connection, those in use too. Idempotent."""
        self.pool.close()
        super().close()


def _origin(url: str) -> str:
    """Return the part of a prepared URL that stands before its path."""
    return url[: url.find("/", url.find("://") + 3)]


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


class PooledSession(requests.Session):
    """A `requests.Session` over one adapter for every URL, without cookies, with guarded redirects.

    `trust_env` says whether proxies and netrc of the environment count; by default they do not.
    """

    def __init__(self, adapter: PooledAdapter, *, user_agent: str, trust_env: bool = False) -> None:
        super().__init__()
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.headers["User-Agent"] = user_agent
        self.trust_env = trust_env
        self.max_redirects = MAX_REDIRECTS
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def __getstate__(self) -> NoReturn:
        """Raise TypeError: neither connections nor locks can be pickled or copied."""
        raise TypeError("a pooled session cannot be pickled or copied: open another HTTPClientManager instead")

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """Return `request` with what the session adds to it; by the short way when that is nothing but headers."""
        adds_more = self.trust_env or self.auth or self.params or any(self.hooks.values()) or any(self.cookies)
        if not adds_more and _is_requests_own(requests.Session.prepare_request):
            prepared = prepared_shortly(request, self.headers)
            if prepared is not None:
                return prepared
        return super().prepare_request(request)

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return how to send a request: as the call says, or else the session, or else the environment."""
        if self.trust_env or proxies or self.proxies or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        stream = self.stream if stream is None else stream
        return {"proxies": {}, "stream": stream, "verify": self.verify, "cert": self.cert}

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request`; by the short way without hooks. No cookies are kept, whatever the answer says."""
        if "proxies" not in kwargs or any(request.hooks.values()) or not _is_requests_own(requests.Session.send):
            return super().send(request, **kwargs)
        for name in ("stream", "verify", "cert"):
            kwargs.setdefault(name, getattr(self, name))
        allow_redirects = kwargs.pop("allow_redirects", True)
        started = time.perf_counter()
        response = self.get_adapter(url=str(request.url)).send(request, **kwargs)
        response.elapsed = timedelta(seconds=time.perf_counter() - started)
        if "Location" not in response.headers:
            return response
        if not allow_redirects:
            following = self.resolve_redirects(response, request, yield_requests=True, **kwargs)
            vars(response)["_next"] = next(following, None)  # what `Response.next` returns
            return response
        answers: list[requests.Response] = [response, *self.resolve_redirects(response, request, **kwargs)]
        answers[-1].history = answers[:-1]
        return answers[-1]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where `resp` redirects to, None if it does not. Raises ProviderRejected when that is not a URL."""
        target: str | None = super().get_redirect_target(resp)
        try:
            urlsplit(target or "")
        except ValueError as exc:
            raise refused_target(str(resp.request.url)) from exc
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop what must not go along from the request to be sent next; called for every redirect.

        Raises ProviderRejected on a redirect that leaves TLS.
        """
        source, target = str(response.request.url), str(prepared_request.url)
        check_redirect(source, target)
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # as types-requests has it
        for name in headers_to_drop(source, target, list(prepared_request.headers)):
            del prepared_request.headers[name]
        # requests has just put the cookies of the answer into the next request. Only the caller's own go along.
        prepared_request.headers.pop("Cookie", None)
        if "Cookie" in response.request.headers and is_same_origin(source, target):
            prepared_request.headers["Cookie"] = response.request.headers["Cookie"]


def _is_requests_own(method: object) -> bool:
    """Return whether requests-mock, OpenTelemetry or their like have left `method` of `requests.Session` alone."""
    return type(method) is FunctionType and method.__globals__ is vars(requests.sessions)


# -- the short way to a prepared request --

#: A header that may be sent as it is. requests has looser rules, and errors for what breaks them.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*)")
#: No cookies; requests copies it before it adds any.
_NO_COOKIES = RequestsCookieJar(policy=http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))


def prepared_shortly(request: requests.Request, session_headers: Mapping[str, Any]) -> requests.PreparedRequest | None:
    """Return `request` as requests would prepare it in a session that adds nothing but headers. None: not a plain one.

    Raises what requests raises for a URL that it can't use.
    """
    if request.cookies or request.files or request.auth or request.json is not None or any(request.hooks.values()):
        return None
    body, url, method = request.data or None, request.url, request.method
    if not isinstance(url, str) or "@" in url or "#" in url or not isinstance(method, str):
        return None
    query = _query(request.params)
    headers = _headers(session_headers, request.headers)
    if query is None or headers is None or (body is not None and not isinstance(body, bytes)):
        return None
    prepared = requests.PreparedRequest()
    prepared.method = method = method.upper()
    prepared.url = _normal(url)
    if query:
        prepared.url += ("&" if "?" in prepared.url else "?") + query
    prepared.headers = headers
    prepared.body = body
    if body is not None:
        headers["Content-Length"] = str(len(body))
    elif method not in ("GET", "HEAD") and "Content-Length" not in headers:
        headers["Content-Length"] = "0"
    vars(prepared)["_cookies"] = _NO_COOKIES  # as its own way leaves it
    return prepared


@lru_cache(maxsize=1024)
def _normal(url: str) -> str:
    """Return `url`, checked, and quoted as it is sent."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


def _query(params: object) -> str | None:
    """Return `params` as a query, "" without any. None: not plain names and texts."""
    if not params:
        return ""
    if type(params) is not dict or not all(type(each) is str for pair in params.items() for each in pair):
        return None
    return urlencode(params)


def _headers(*sources: Mapping[str, Any] | None) -> CaseInsensitiveDict[str] | None:
    """Return what is sent: a later source takes the place of an earlier one. None: not plain names and texts."""
    merged: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for headers in sources:
        for name, value in (headers or {}).items():
            if (
                type(name) is not str
                or type(value) is not str
                or not _NAME.fullmatch(name)
                or not _VALUE.fullmatch(value)
            ):
                return None
            merged[name] = value
    return merged
