"""The pages and their files as they are sent."""

import pytest

from tests.service.conftest import Gateway


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_page_may_load_nothing_but_our_own_files(gateway: Gateway, path: str) -> None:
    async with gateway.get(path) as response:
        assert (response.status, response.content_type, response.charset) == (200, "text/html", "utf-8")
        policy = dict(each.strip().split(" ", 1) for each in response.headers["Content-Security-Policy"].split(";"))
        text = await response.text()
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in str(policy)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "style=" not in text
    assert "<style" not in text


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("favicon.svg", "image/svg+xml"),
        ("docs.js", "text/javascript"),
        ("page/style.css", "text/css"),
        ("vendor/uplot/uPlot.iife.min.js", "text/javascript"),
    ],
)
async def test_a_file_is_sent_by_its_kind_and_not_twice(gateway: Gateway, path: str, content_type: str) -> None:
    async with gateway.get(f"/assets/{path}") as response:
        assert (response.status, response.content_type) == (200, content_type)
        tag = response.headers["ETag"]
    async with gateway.get(f"/assets/{path}", headers={"If-None-Match": tag}) as response:
        assert (response.status, await response.read()) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "vendor/vendored.json",
        "__init__.py",
        "..%2f__init__.py",
        "%2e%2e/app.py",
        "page/",
        "/etc/passwd",
        "page.html",
    ],
)
async def test_no_other_file_is_sent(gateway: Gateway, path: str) -> None:
    async with gateway.get(f"/assets/{path}") as response:
        assert response.status == 404
        assert response.content_type == "application/problem+json"


async def test_the_contract_is_sent_once(gateway: Gateway) -> None:
    async with gateway.get("/openapi.json") as response:
        assert (await response.json())["openapi"] == "3.1.0"
        tag = response.headers["ETag"]
    async with gateway.get("/openapi.json", headers={"If-None-Match": tag}) as response:
        assert response.status == 304
