"""The pooled `requests.Session`."""

import http.cookiejar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from tools.http_client.redirects import MAX_REDIRECTS, check_redirect, headers_to_drop, refused_target

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
