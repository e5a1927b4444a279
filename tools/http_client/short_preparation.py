"""A request for `requests`, prepared in few steps where the call is a plain one: all that its own way would do for
cookies, files, forms, authentication and hooks comes to nothing then.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import urlencode

from requests import PreparedRequest, Request
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

__all__ = ["is_plain", "prepared_shortly"]

#: A header that may be sent as it is. requests has looser rules, and errors for what breaks them.
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*)")
#: No cookies; requests copies it before it adds any.
_NO_COOKIES = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))


def prepared_shortly(request: Request, session_headers: Mapping[str, str | bytes]) -> PreparedRequest | None:
    """`request` as requests would prepare it in a session that adds nothing but headers. None: not a plain one.

    Raises what requests raises for a URL that it can't use.
    """
    if request.cookies or request.files or request.auth or request.json is not None or any(request.hooks.values()):
        return None
    body, url = request.data or None, request.url
    if (body is not None and not isinstance(body, bytes)) or not isinstance(url, str) or "@" in url or "#" in url:
        return None
    query = _query(request.params)
    headers = _headers(session_headers, request.headers)
    if query is None or headers is None:
        return None
    prepared = PreparedRequest()
    prepared.method = method = str(request.method).upper()
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


def is_plain(name: str, value: str) -> bool:
    """Whether a header may be sent as it is: nothing in it has to be encoded, and nothing is forbidden."""
    return _NAME.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _normal(url: str) -> str:
    """`url`, checked, and quoted as it is sent."""
    prepared = PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


def _query(params: object) -> str | None:
    """`params` as a query, "" without any. None: not plain names and texts."""
    if not params:
        return ""
    if type(params) is not dict:
        return None
    for name, value in params.items():
        if type(name) is not str or type(value) is not str:
            return None
    return urlencode(params)


def _headers(
    of_session: Mapping[str, str | bytes], of_request: Mapping[str, str | bytes | None] | None
) -> CaseInsensitiveDict[str] | None:
    """What is sent: a request's own take the place of the session's. None: not plain names and texts."""
    merged: CaseInsensitiveDict[str] = CaseInsensitiveDict()
    for headers in (of_session, of_request or {}):
        for name, value in headers.items():
            if type(name) is not str or type(value) is not str:
                return None
            if not is_plain(name, value):
                return None
            merged[name] = value
    return merged
