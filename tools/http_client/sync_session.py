"""The pooled `requests.Session`: without cookies, with guarded redirects, and with a short way for plain calls.

What requests does for cookies, files, forms, authentication and hooks has no effect on a plain call; leaving it out
saves more than a third (`python -m tests.bench.sync_half`). The short way is taken only while the methods of
`requests.Session` are requests' own, so that tools which replace them see every call.
"""

import http.cookiejar
import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from types import FunctionType
from typing import Any, NoReturn
from urllib.parse import urlencode

import requests
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

from tools.errors import ProviderRejected
from tools.http_client.content_coding import ACCEPTED_CODINGS
from tools.http_client.redirects_and_bounds import (
    MAX_REDIRECTS,
    check_redirect,
    headers_to_drop,
    is_same_origin,
    redirect_target,
)
from tools.http_client.sync_adapter import PooledAdapter

__all__ = ["PooledSession", "prepared_shortly"]


class PooledSession(requests.Session):
    """A `requests.Session` over one adapter for every URL, without cookies, with guarded redirects.

    `trust_env` says whether proxies and netrc of the environment count; by default they do not.
    """

    def __init__(self, adapter: PooledAdapter, *, user_agent: str, trust_env: bool = False) -> None:
        super().__init__()
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.headers.update({"User-Agent": user_agent, "Accept-Encoding": ACCEPTED_CODINGS})
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
            with suppress(ProviderRejected):  # it would not be followed
                vars(response)["_next"] = next(following, None)  # what `Response.next` returns
            return response
        answers: list[requests.Response] = [response, *self.resolve_redirects(response, request, **kwargs)]
        answers[-1].history = answers[:-1]
        return answers[-1]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return where `resp` redirects to, None if it does not. Raises ProviderRejected when that is not a URL."""
        target: str | None = super().get_redirect_target(resp)
        return target and redirect_target(str(resp.url), target)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Drop what must not go along from the request to be sent next; called for every redirect.

        Raises ProviderRejected on a redirect that leaves TLS.
        """
        # requests has written it otherwise than it was given, and has kept the fragment of the redirect before.
        given, _, _ = (self.get_redirect_target(response) or "").partition("#")
        _, mark, fragment = str(prepared_request.url).partition("#")
        prepared_request.url = given + mark + fragment
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
