"""What the sync client prepares in few steps is what requests would have prepared."""

from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from tools.http_client.sync_session import prepared_shortly

SESSION_HEADERS = {"User-Agent": "Gateway/1", "Accept": "*/*", "Accept-Encoding": "gzip", "Connection": "keep-alive"}
BASE = "http://agency.test/search"


def both(method: str = "GET", url: str = BASE, **options: Any) -> tuple[Any, Any]:
    """The request prepared by us and by requests; None if we leave it to requests."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    session.headers.update(SESSION_HEADERS)
    request = requests.Request(method, url, **options)
    return prepared_shortly(request, session.headers), session.prepare_request(request)


def assert_same(ours: Any, theirs: Any) -> None:
    assert (ours.method, ours.url, ours.body, ours.hooks) == (theirs.method, theirs.url, theirs.body, theirs.hooks)
    assert list(ours.headers.items()) == list(theirs.headers.items())
    assert ours.path_url == theirs.path_url
    assert_copies(ours.copy())


def assert_copies(copy: Any) -> None:
    """As it is done for a redirect."""
    assert list(copy._cookies) == []


@pytest.mark.parametrize(
    ("method", "url", "options"),
    [
        ("GET", BASE, {}),
        ("get", BASE, {"params": {"name": "Ünï & Söhne", "b": "a b+c/d?e=f#g~%"}}),
        ("GET", BASE + "?x=1", {"params": {"name": "y"}}),
        ("GET", BASE + "/a b/ü/%7Euser/%2F", {}),
        ("GET", "HTTP://Agency.TEST:80", {"params": {"q": ""}}),
        ("GET", "  https://agency.test/x?y=ü z", {}),
        ("GET", "http://[::1]:8080/x", {}),
        ("GET", "http://bücher.test/", {}),
        ("POST", BASE, {}),
        ("POST", BASE, {"data": b""}),
        ("POST", BASE, {"data": b"\x00{}", "headers": {"Content-Type": "application/json"}}),
        ("PUT", BASE, {"data": b"x", "headers": {"content-length": "7"}}),
        ("DELETE", BASE, {"headers": {"Content-Length": "0"}}),
        ("HEAD", BASE, {"headers": {"ACCEPT": "application/json", "subscription-key": "secret"}}),
    ],
)
def test_a_plain_request(method: str, url: str, options: dict[str, Any]) -> None:
    assert_same(*both(method, url, **options))


texts = st.text(max_size=12)


@given(st.dictionaries(texts.filter(bool), texts, max_size=3))
def test_any_texts_in_a_query(params: dict[str, str]) -> None:
    try:
        ours, theirs = both(params=params)
    except UnicodeEncodeError:  # half of a surrogate pair, which neither can send
        return
    assert_same(ours, theirs)


@given(st.from_regex(r"[A-Za-z][A-Za-z-]{0,8}", fullmatch=True), st.text(max_size=8))
def test_a_header_is_as_requests_has_it_or_left_to_requests(name: str, value: str) -> None:
    request = requests.Request("GET", BASE, headers={name: value})
    ours = prepared_shortly(request, SESSION_HEADERS)
    if ours is not None:
        assert_same(*both(headers={name: value}))
        assert "\r" not in value
        assert "\n" not in value


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"a": ["1", "2"]}},
        {"params": {"a": None}},
        {"params": [("a", "1")]},
        {"params": "a=1"},
        {"headers": {"Accept": None}},
        {"headers": {"X": b"bytes"}},
        {"headers": {"X": "a\r\nInjected: 1"}},
        {"headers": {"X:": "a"}},
        {"data": {"form": "1"}},
        {"data": "text"},
        {"json": {}},
        {"files": {"a": b"1"}},
        {"cookies": {"a": "1"}},
        {"auth": ("user", "secret")},
        {"hooks": {"response": [print]}},
        {"url": "http://user:secret@agency.test/"},
        {"url": "http://agency.test/#part"},
        {"url": b"http://agency.test/"},
    ],
)
def test_everything_else_is_left_to_requests(options: dict[str, Any]) -> None:
    assert prepared_shortly(requests.Request(**{"method": "GET", "url": BASE, **options}), SESSION_HEADERS) is None


@pytest.mark.parametrize("url", ["agency.test/x", "http://", "http://*.test/", "http:///x", "/x"])
def test_a_url_that_is_none_is_refused_as_requests_does(url: str) -> None:
    with pytest.raises(requests.RequestException) as theirs:
        requests.Request("GET", url).prepare()
    with pytest.raises(type(theirs.value)) as ours:
        prepared_shortly(requests.Request("GET", url), SESSION_HEADERS)
    assert str(ours.value) == str(theirs.value)
