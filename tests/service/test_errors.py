"""The table from errors to what a caller is told."""

import inspect
from typing import Any

import orjson
import pytest
from aiohttp import web

from service.errors import STATUSES, response_to
from tools import errors


def body_of(response: web.Response) -> dict[str, Any]:
    assert isinstance(response.body, bytes)
    body: dict[str, Any] = orjson.loads(response.body)
    return body


def test_every_error_a_tool_can_raise_has_its_status() -> None:
    raised = {kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, errors.ToolError)}
    assert raised - {errors.ToolError, errors.ProviderError} == set(STATUSES)


@pytest.mark.parametrize(
    ("exc", "status", "code", "retryable"),
    [
        (errors.InvalidQuery("code: no", parameter="code"), 400, "invalid_query", False),
        (errors.NotFound("no such line"), 404, "not_found", False),
        (errors.TooLarge("too large"), 413, "too_large", False),
        (errors.ProviderRejected("no", status=403), 502, "provider_rejected", False),
        (errors.ProviderFailed("no", status=500), 502, "provider_failed", True),
        (errors.ProviderGarbled("no"), 502, "provider_garbled", True),
        (errors.ProviderTooLarge("no"), 502, "provider_too_large", False),
        (errors.ProviderUnreachable("no"), 502, "provider_unreachable", True),
        (errors.ProviderTimeout("no"), 504, "provider_timeout", True),
        (errors.DeadlineExceeded("no"), 504, "deadline_exceeded", True),
        (errors.RateLimited("no", retry_after_s=2.5), 503, "rate_limited", True),
        (errors.NotConfigured("no key"), 503, "not_configured", False),
        (errors.NotScreened("too many"), 503, "not_screened", False),
        (errors.ScriptNotCovered("no", parts=(("\u0634", "Arabic script"),)), 422, "script_not_covered", False),
        (errors.PoolTimeout(host="h:1", waited_s=5, limit=1, in_use=1, waiting=0), 503, "pool_timeout", True),
        (errors.PoolClosed("closed"), 503, "pool_closed", True),
    ],
)
def test_a_tool_error_becomes_a_problem_with_its_code(
    exc: errors.ToolError, status: int, code: str, retryable: bool
) -> None:
    response = response_to(exc, "r1")
    body = body_of(response)
    assert response.status == body["status"] == status
    assert response.content_type == "application/problem+json"
    assert (body["code"], body["retryable"], body["request_id"]) == (code, retryable, "r1")
    assert body.keys() >= {"type", "title", "detail", "upstream", "retry_after_s"}
    assert ("Retry-After" in response.headers) == (status == 503 and retryable)


@pytest.mark.parametrize("exc", [errors.ProviderFailed("no", status=500), web.HTTPRequestEntityTooLarge(1), KeyError()])
def test_of_a_screening_every_problem_says_that_there_was_none(exc: Exception) -> None:
    assert body_of(response_to(exc, "r1", screening=True))["outcome"] == "not_screened"
    assert "outcome" not in body_of(response_to(exc, "r1"))


def test_a_wait_is_told_as_whole_seconds_and_never_too_short() -> None:
    assert response_to(errors.RateLimited("no", retry_after_s=2.5), "r1").headers["Retry-After"] == "3"


def test_what_is_not_meant_for_callers_is_not_told() -> None:
    response = response_to(RuntimeError("the key is abc"), "r1")
    assert response.status == 500
    assert body_of(response)["code"] == "internal_error"
    assert b"abc" not in orjson.dumps(body_of(response))


def test_an_error_of_a_users_own_tool_keeps_the_status_of_what_it_is_a_kind_of() -> None:
    class TariffClosed(errors.ProviderFailed):
        pass

    response = response_to(TariffClosed("closed", status=503), "r1")
    assert (response.status, body_of(response)["code"]) == (502, "tariff_closed")
