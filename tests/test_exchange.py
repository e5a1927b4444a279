"""What an answer's status and body are taken for. No I/O."""

from datetime import UTC, datetime

import pytest

from tools.errors import ProviderFailed, ProviderGarbled, ProviderRejected, RateLimited, ToolError
from tools.exchange import Response

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)


def response(status: int = 200, body: bytes = b"", **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, fields, body, "agency", received_at=NOW)


def test_a_200_is_good() -> None:
    response(200).require_ok()


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (201, ProviderGarbled),
        (204, ProviderGarbled),
        (304, ProviderGarbled),
        (400, ProviderRejected),
        (401, ProviderRejected),
        (404, ProviderRejected),
        (429, RateLimited),
        (500, ProviderFailed),
        (503, ProviderFailed),
    ],
)
def test_whose_fault_another_status_is(status: int, error: type[ToolError]) -> None:
    with pytest.raises(error, match=f"agency answered HTTP {status}") as caught:
        response(status).require_ok()
    assert type(caught.value) is error
    assert caught.value.upstream == "agency"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Tue, 24 Nov 2026 12:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("-5", None),
    ],
)
def test_when_the_agency_wants_to_be_asked_again(said: str, seconds: float | None) -> None:
    with pytest.raises(RateLimited) as caught:
        response(429, retry_after=said).require_ok()
    assert caught.value.retry_after_s == seconds


def test_json_is_read() -> None:
    assert response(body=b'{"rows": []}').json() == {"rows": []}


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b'{"rows": [', b"\xff\xfe", b"[1] [2]", b"NaN"])
def test_what_is_not_json_is_garbled_and_shown_in_part(body: bytes) -> None:
    with pytest.raises(ProviderGarbled, match=rf"agency sent something that is not JSON \({len(body)} bytes\)"):
        response(body=body).json()


def test_a_large_body_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ProviderGarbled) as caught:
        response(body=b"<" * 100_000).json()
    assert len(str(caught.value)) < 200
