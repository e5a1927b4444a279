"""The codes that callers see, and whose fault each error is."""

from collections.abc import Iterator

import aiohttp
import pytest
import requests

from tools import errors
from tools.errors import ProviderError, RateLimited, ToolError
from tools.http_client import async_answer, async_session, sync_adapter

CODES = {
    "InvalidQuery": "invalid_query",
    "NotFound": "not_found",
    "TooLarge": "too_large",
    "ProviderRejected": "provider_rejected",
    "ProviderFailed": "provider_failed",
    "ProviderGarbled": "provider_garbled",
    "ProviderTooLarge": "provider_too_large",
    "ProviderUnreachable": "provider_unreachable",
    "ProviderTimeout": "provider_timeout",
    "RateLimited": "rate_limited",
    "CircuitOpen": "circuit_open",
    "NotConfigured": "not_configured",
    "NotScreened": "not_screened",
    "ScriptNotCovered": "script_not_covered",
    "DeadlineExceeded": "deadline_exceeded",
    "PoolTimeout": "pool_timeout",
    "PoolClosed": "pool_closed",
}


def leaves(error: type[ToolError]) -> Iterator[type[ToolError]]:
    """The errors that tools raise, those that a library also has to recognise left out."""
    for each in error.__subclasses__():
        if each.__module__ == errors.__name__:
            yield from [each] if each is not ProviderError else leaves(each)


def test_the_codes_are_these() -> None:
    assert {error.__name__: error.code for error in leaves(ToolError)} == CODES


@pytest.mark.parametrize(
    ("error", "library", "code"),
    [
        (sync_adapter.SyncPoolTimeout, requests.RequestException, "pool_timeout"),
        (sync_adapter.SyncPoolClosed, requests.RequestException, "pool_closed"),
        (sync_adapter.SyncBodyTooLarge, requests.RequestException, "provider_too_large"),
        (sync_adapter.SyncCallTimeout, requests.RequestException, "provider_timeout"),
        (async_session.AsyncPoolTimeout, aiohttp.ClientError, "pool_timeout"),
        (async_answer.AsyncPoolClosed, aiohttp.ClientError, "pool_closed"),
        (async_answer.AsyncBodyTooLarge, aiohttp.ClientError, "provider_too_large"),
    ],
)
def test_an_error_that_a_library_recognises_too_keeps_its_code(
    error: type[ToolError], library: type[Exception], code: str
) -> None:
    assert issubclass(error, library)
    assert error.code == code


def test_what_may_be_asked_again() -> None:
    assert {error.__name__ for error in leaves(ToolError) if error.retryable} == {
        "ProviderFailed",
        "ProviderGarbled",
        "ProviderUnreachable",
        "ProviderTimeout",
        "RateLimited",
        "CircuitOpen",
        "DeadlineExceeded",
        "PoolTimeout",
        "PoolClosed",
    }


@pytest.mark.parametrize(
    ("asked", "kept"),
    [(None, None), (7.0, 7.0), (-3.0, 0.0), (float("inf"), 86_400.0), (1e300, 86_400.0), (float("nan"), None)],
)
def test_a_wait_is_none_or_within_a_day_in_any_case(asked: float | None, kept: float | None) -> None:
    assert RateLimited("slow down", retry_after_s=asked).retry_after_s == kept
