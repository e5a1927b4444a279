"""Request ids, access lines, and the problems of requests that no route answers."""

from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from tests.service.conftest import Gateway, OpenGateway
from tests.service.hts_upstream import HTSUpstream
from tools.base import ComplianceTool


@pytest.fixture
def lines() -> Any:
    """What is logged, one mapping a line, the ids of requests with it."""
    capture = LogCapture()
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, capture],
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    yield capture.entries
    structlog.configure(**before)


async def test_a_callers_request_id_comes_back_and_another_is_made_when_it_could_do_harm(gateway: Gateway) -> None:
    async with gateway.get("/health", headers={"X-Request-ID": "order-4711"}) as response:
        assert response.headers["X-Request-ID"] == "order-4711"
    for bad in ("two words", "x" * 129, "a;b", ""):
        async with gateway.get("/health", headers={"X-Request-ID": bad}) as response:
            assert response.headers["X-Request-ID"] not in (bad, "")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "no_such_route"),
        ("GET", "/v1/hts/", 404, "no_such_route"),
        ("DELETE", "/v1/hts", 405, "method_not_allowed"),
    ],
)
async def test_a_request_that_no_route_answers_is_a_problem_too(
    gateway: Gateway, method: str, path: str, status: int, code: str
) -> None:
    async with gateway.request(method, path) as response:
        body = await response.json()
    assert (response.status, response.content_type, body["code"]) == (status, "application/problem+json", code)
    assert ("Allow" in response.headers) == (status == 405)


async def test_one_access_line_a_request_with_upstream_time_and_attempts(
    gateway: Gateway, upstream: HTSUpstream, lines: list[dict[str, Any]]
) -> None:
    async with gateway.get("/v1/hts/8507.60.00.20", headers={"X-Request-ID": "r-1"}) as response:
        assert response.status == 200
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["route"]) == ("GET", "/v1/hts/8507.60.00.20", "/v1/hts/{code}")
    assert (line["status"], line["request_id"], line["log_level"]) == (200, "r-1", "info")
    assert line["attempts"] == len(upstream.asked)
    assert 0 < line["upstream_ms"] <= line["elapsed_ms"]


async def test_a_failed_request_is_logged_with_its_code_and_cause(
    gateway: Gateway, upstream: HTSUpstream, lines: list[dict[str, Any]]
) -> None:
    await upstream.server.close()
    async with gateway.get("/v1/hts/8507"):
        pass
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["status"], line["code"], line["attempts"]) == (502, "provider_unreachable", 1)
    assert "Connect" in line["cause"]


async def test_query_strings_are_not_logged(gateway: Gateway, lines: list[dict[str, Any]]) -> None:
    async with gateway.get("/v1/hts?q=acme&subscription-key=abc"):
        pass
    assert "acme" not in str(lines)
    assert "=abc" not in str(lines)


async def test_the_cause_is_logged_without_the_query_string(
    open_gateway: OpenGateway, lines: list[dict[str, Any]]
) -> None:
    class Lookup(ComplianceTool):
        name = "lookup"

        def _run_impl(self) -> Any:
            return self.client.get("http://127.0.0.1:9/search?name=Jane+Doe&key=secret").json()

    gateway = await open_gateway(Lookup)
    async with gateway.post("/v1/tools/lookup", json={}) as response:
        assert response.status == 502
        assert "Jane" not in await response.text()
    (line,) = [line for line in lines if line["event"] == "request"]
    assert "/search?..." in line["cause"]
    assert "Jane" not in str(lines)


async def test_health_checks_do_not_fill_the_log(gateway: Gateway, lines: list[dict[str, Any]]) -> None:
    async with gateway.get("/health"), gateway.get("/health/ready"):
        pass
    assert {line["log_level"] for line in lines if line["event"] == "request"} == {"debug"}
