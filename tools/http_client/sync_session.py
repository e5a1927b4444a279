"""The pooled `requests.Session`."""

import http.cookiejar
import time
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tools.http_client.redirects import MAX_REDIRECTS, check_redirect, headers_to_drop, refused_target
from tools.http_client.short_preparation import prepared_shortly

__all__ = ["PooledSession"]


class PooledSession(requests.Session):
    """A `requests.Session` over one adapter for every URL, without cookies, with guarded redirects.

    `trust_env` says whether proxies and netrc of the environment count; by default they do not.
    """

    def __init__(self, adapter: HTTPAdapter, *, user_agent: str, trust_env: bool = False) -> None:
        super().__init__()
        self.adapters.clear()
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.headers["User-Agent"] = user_agent
        self.trust_env = trust_env
        self.max_redirects = MAX_REDIRECTS
        self.cookies.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))

    def prepare_request(self, request: requests.Request) -> requests.PreparedRequest:
        """`request` with what the session adds to it; in few steps when that is nothing but headers."""
        prepared = None
        if not (self.trust_env or self.auth or self.params or any(self.hooks.values()) or any(self.cookies)):
            prepared = prepared_shortly(request, self.headers)
        return super().prepare_request(request) if prepared is None else prepared

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """How to send a request: as the call says, or else the session, or else (`trust_env`) the environment."""
        if self.trust_env or proxies or self.proxies or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {
            "proxies": {},
            "stream": self.stream if stream is None else stream,
            "verify": self.verify,
            "cert": self.cert,
        }

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """Send `request`; in few steps when nobody has hooks in it. No cookies are kept, whatever the answer says."""
        if "proxies" not in kwargs or any(request.hooks.values()):
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
            vars(response)["_next"] = next(following, None)  # what `Response.next` tells
            return response
        answers: list[requests.Response] = [response, *self.resolve_redirects(response, request, **kwargs)]
        answers[-1].history = answers[:-1]
        return answers[-1]

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Where `resp` redirects to, None if it does not. Raises ProviderRejected when that is not a URL."""
        target: str | None = super().get_redirect_target(resp)
        try:
            urlsplit(target or "")
        except ValueError as exc:
            raise refused_target(str(resp.request.url)) from exc
        return target

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Called for every redirect, with the request to be sent next: drop what must not go along.

        Raises ProviderRejected on a redirect that leaves TLS.
        """
        source, target = str(response.request.url), str(prepared_request.url)
        check_redirect(source, target)
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # as types-requests has it
        for name in headers_to_drop(source, target, list(prepared_request.headers)):
            del prepared_request.headers[name]
        # The cookies of the answer, which requests has just put into the next request.
        prepared_request.headers.pop("Cookie", None)
