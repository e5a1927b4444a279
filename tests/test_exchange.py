"""What an answer's status and body are taken for. No I/O."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ProviderFailed, ProviderGarbled, ProviderRejected, RateLimited, ToolError
from tools.exchange import Response, judge

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
        ("1.5", 1.5),
        ("9" * 400, 86_400.0),
        ("9" * 5000, 86_400.0),
        ("0." + "0" * 5000 + "1", 0.0),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("\u0663\u0661", None),
        ("\xb2", None),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 -2359", 86_400.0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("Tue, 24 Nov 2026 12:00:30 +" + "9" * 400, None),
        ("Tue, 24 Nov 2026 12:00:30 +9999", None),
        ("Tue, " + "9" * 5000 + " Nov 2026 12:00:30 GMT", None),
    ],
)
def test_when_the_agency_wants_to_be_asked_again(said: str, seconds: float | None) -> None:
    with pytest.raises(RateLimited) as caught:
        response(429, retry_after=said).require_ok()
    assert caught.value.retry_after_s == seconds


def test_json_is_read() -> None:
    assert response(body=b'{"rows": []}').json() == {"rows": []}


@given(said=st.text(max_size=40) | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} Nov [0-9]{1,9} [0-9:]{5,9} [+-]?[0-9]*"))
def test_a_wait_of_any_text_is_none_or_bounded(said: str) -> None:
    wait_s = response(429, retry_after=said).retry_after_s
    assert wait_s is None or 0 <= wait_s <= 86_400


def test_json_after_a_byte_order_mark_is_read() -> None:
    marked = response(body=b'\xef\xbb\xbf{"rows": []}')
    assert marked.json() == {"rows": []}
    assert judge(marked) == "ok"


def test_a_page_for_people_after_a_byte_order_mark_is_a_failure() -> None:
    assert judge(response(body=b"\xef\xbb\xbf\n<html>Sorry</html>")) == "failed"


@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b'{"rows": [', b"\xff\xfe", b"[1] [2]", b"NaN"])
def test_what_is_not_json_is_garbled_and_shown_in_part(body: bytes) -> None:
    with pytest.raises(ProviderGarbled, match=rf"agency sent something that is not JSON \({len(body)} bytes\)"):
        response(body=body).json()


def test_a_large_body_is_not_repeated_in_the_message() -> None:
    with pytest.raises(ProviderGarbled) as caught:
        response(body=b"<" * 100_000).json()
    assert len(str(caught.value)) < 200
