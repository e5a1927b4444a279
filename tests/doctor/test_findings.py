"""What is wrong with what came, by name, and what to do about it. No I/O."""

import socket
import ssl
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import orjson
import pytest

from service.doctor.checkup import Status, host_of, shape_seen, status_of, without_path
from service.doctor.findings import (
    Finding,
    Place,
    of_answer,
    of_error,
    of_tries,
    proxy_is_ignored,
    slow,
    unset_keys,
    was_reached,
)
from service.doctor.list_findings import of_list
from service.doctor.shapes import SHAPES
from tests.doctor.test_shapes import example
from tools.errors import (
    DeadlineExceeded,
    NotConfigured,
    NotFound,
    ProviderError,
    ProviderFailed,
    ProviderGarbled,
    ProviderRejected,
    ProviderTimeout,
    ProviderTooLarge,
    ProviderUnreachable,
    RateLimited,
    ToolError,
)
from tools.exchange import Response
from tools.sanctions_lists import LISTS
from tools.screening.cells import KNOWN_COLUMNS
from tools.screening.gates import FailedGate, Figures

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
CSL = Place("csl", "GATEWAY_CSL_URL", ("GATEWAY_CSL_SUBSCRIPTION_KEY",))
FDA = Place("fda", "GATEWAY_FDA_URL", ("GATEWAY_FDA_AUTHORIZATION_USER", "GATEWAY_FDA_AUTHORIZATION_KEY"))
HTS = Place("hts", "GATEWAY_HTS_URL")


def response(body: object, upstream: str = "csl", status: int = 200, **more: Any) -> Response:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    headers = more.pop("headers", {"date": format_datetime(NOW, usegmt=True)})
    return Response(status, headers, content, upstream, received_at=NOW, **more)


def codes(findings: Iterable[Finding]) -> list[str]:
    return [each.code for each in findings]


def broken(cause: BaseException) -> ProviderUnreachable:
    error = ProviderUnreachable("no whole answer", upstream="csl")
    error.__cause__ = cause
    return error


HTML = b"<!DOCTYPE html><html></html>"
ERRORS: dict[str, tuple[ToolError, Response | None, Place, str, str]] = {
    "no key": (NotConfigured("none"), None, CSL, "not_configured", "set GATEWAY_CSL_SUBSCRIPTION_KEY"),
    "two keys": (NotConfigured("none"), None, FDA, "not_configured", "GATEWAY_FDA_AUTHORIZATION_KEY (or each"),
    "401": (ProviderRejected("x", status=401), None, CSL, "key_refused", "check GATEWAY_CSL_SUBSCRIPTION_KEY"),
    "403": (ProviderRejected("x", status=403), None, CSL, "key_refused", "subscribed"),
    "403 without a key": (ProviderRejected("x", status=403), None, HTS, "client_refused", "GATEWAY_USER_AGENT"),
    "404": (ProviderRejected("x", status=404), None, CSL, "wrong_address", "check GATEWAY_CSL_URL"),
    "a redirect out of TLS": (ProviderRejected("leaves TLS"), None, CSL, "redirected", "GATEWAY_CSL_URL"),
    "a question refused": (ProviderRejected("fda answered 406", status=406), None, FDA, "question_refused", "newer"),
    "429": (
        RateLimited("x", retry_after_s=7),
        None,
        CSL,
        "rate_limited",
        "wait for 7 s, then ask less often: GATEWAY_CSL",
    ),
    "429 without a word": (RateLimited("x"), None, HTS, "rate_limited", "wait, then ask less often: GATEWAY_HTS_RATE"),
    "503": (ProviderFailed("x", status=503), None, CSL, "agency_failing", "later"),
    "time": (ProviderTimeout("x"), None, CSL, "timeout", "GATEWAY_DEADLINE_S"),
    "size": (ProviderTooLarge("x"), None, CSL, "too_large", "GATEWAY_POOL_MAX_BODY_BYTES"),
    "DNS": (broken(socket.gaierror(-2, "unknown")), None, CSL, "name_not_found", "DNS"),
    "refused": (broken(ConnectionRefusedError()), None, CSL, "connection_refused", "firewall"),
    "certificate": (broken(ssl.SSLCertVerificationError()), None, CSL, "certificate_refused", "SSL_CERT_FILE"),
    "TLS": (broken(ssl.SSLError()), None, CSL, "tls_failed", "https where there is only http"),
    "cut": (broken(ConnectionResetError()), None, CSL, "connection_broke", "try again"),
    "a page": (ProviderGarbled("no JSON"), response(HTML), CSL, "page_for_people", "GATEWAY_CSL_URL"),
    "a portal": (
        ProviderGarbled("no JSON"),
        response(HTML, redirected_to="developer.test"),
        CSL,
        "redirected_to_page",
        "GATEWAY_CSL_SUBSCRIPTION_KEY",
    ),
    "another shape": (ProviderGarbled("'total' is missing"), response({}), CSL, "unreadable", "newer version"),
    "no HTTP": (ProviderGarbled("not HTTP"), None, CSL, "unreadable", "newer version"),
    "no record": (NotFound("no 8517.13"), None, HTS, "record_gone", "own page"),
    "our own queue": (DeadlineExceeded("no time"), None, HTS, "deadline_exceeded", "again"),
}


@pytest.mark.parametrize(("error", "last", "place", "code", "next_step"), ERRORS.values(), ids=ERRORS)
def test_an_error_has_a_name_and_says_what_to_do(
    error: ToolError, last: Response | None, place: Place, code: str, next_step: str
) -> None:
    found = of_error(error, last, place)
    assert found.code == code
    assert next_step in found.next_step
    assert found.detail
    severities = {"not_configured": "not_configured", "record_gone": "differs"}
    assert found.severity == severities.get(code, "unusable")


@pytest.mark.parametrize("kind", ProviderError.__subclasses__())
def test_every_way_in_which_an_agency_fails_has_a_name_of_its_own(kind: type[ProviderError]) -> None:
    more: dict[str, Any] = {"status": 500} if kind is ProviderFailed else {}
    found = of_error(kind("what happened", **more), None, HTS)
    assert found.severity == "unusable"
    # Without one, its code would be that of the class.
    assert found.code != kind.code


def test_a_refusal_after_a_redirect_names_the_host_that_refused() -> None:
    last = response(b"", status=403, redirected_to="developer.test")
    found = of_error(ProviderRejected("x", status=403), last, CSL)
    assert (found.code, found.detail) == (
        "key_refused",
        "it refuses the key (status 403), after it redirected to developer.test",
    )


def test_a_key_that_can_be_done_without_says_so() -> None:
    assert "the list held here needs none" in unset_keys(["GATEWAY_X"], can_do_without=True).next_step
    assert "list" not in unset_keys(["GATEWAY_X"]).next_step


def test_a_proxy_that_is_not_obeyed_is_named_where_it_may_be_the_reason() -> None:
    behind = Place("csl", "GATEWAY_CSL_URL", proxy_is_ignored=True)
    for error in (broken(socket.gaierror()), broken(ConnectionRefusedError()), ProviderTimeout("x")):
        assert "GATEWAY_TRUST_ENV=1" in of_error(error, None, behind).next_step
        assert "GATEWAY_TRUST_ENV" not in of_error(error, None, CSL).next_step
    assert "GATEWAY_TRUST_ENV" not in of_error(ProviderFailed("x", status=500), None, behind).next_step
    assert proxy_is_ignored({"HTTPS_PROXY": "http://proxy.test:3128"}, trust_env=False)
    assert not proxy_is_ignored({"HTTPS_PROXY": "http://proxy.test:3128"}, trust_env=True)
    assert not proxy_is_ignored({"HTTPS_PROXY": ""}, trust_env=False)


def test_an_agency_was_reached_unless_no_connection_came_about() -> None:
    assert was_reached(ProviderFailed("x", status=503))
    assert was_reached(broken(ConnectionResetError()))
    for error in (broken(socket.gaierror()), broken(ConnectionRefusedError()), ProviderTimeout("x")):
        assert not was_reached(error)


# -- answers --


def found_in(body: object, path: str = "/search", **more: Any) -> list[Finding]:
    return list(of_answer(response(body, **more), path))


def test_an_answer_as_expected_has_nothing_to_say() -> None:
    body = example(SHAPES["csl", "search"])
    for row in body["results"]:
        row["source"] = "Specially Designated Nationals (SDN) - Treasury Department"
    assert found_in(body) == []


def test_what_differs_is_named_with_its_place_and_its_number() -> None:
    body = example(SHAPES["hts", "search"])
    del body[0]["general"]
    body[1]["units"] = "kg"
    body[1]["port"] = None
    missing, kind, unknown = found_in(body, upstream="hts")
    assert (missing.code, kind.code, unknown.code) == ("field_missing", "field_kind", "field_unknown")
    assert missing.detail == "'[].general' is missing in 1 of 2; 'port' is new and may be its new name"
    assert kind.detail == "'[].units' is a text in 1 of 2, where a list or null was expected"
    assert unknown.detail == "'[].port' is not known to this version in 1 of 2"


def test_of_very_many_differences_the_first_are_named_and_the_others_counted() -> None:
    body = example(SHAPES["hts", "currentRelease"]) | {f"new{number}": 1 for number in range(50)}
    found = found_in(body, "/currentRelease", upstream="hts")
    assert len(found) == 13
    assert found[-1].detail == "38 more things differ"


def test_a_list_that_is_new_is_named() -> None:
    body = example(SHAPES["csl", "search"])
    for row in body["results"]:
        row["source"] = "Cloud Access List (CAL) - Bureau of Industry and Security"
    (found,) = found_in(body)
    assert (found.code, found.severity) == ("list_unknown", "differs")
    assert "Cloud Access List (CAL)" in found.detail


def test_an_old_coding_is_read_all_the_same() -> None:
    body = orjson.dumps(example(SHAPES["cross", "ruling"]) | {"ne_w": "Zo\u00eb"}).decode().encode("cp1252")
    assert codes(found_in(body, "/ruling/968227", upstream="cross")) == ["field_unknown"]


def test_an_answer_from_another_host_says_so() -> None:
    body = example(SHAPES["cross", "search"])
    (found,) = found_in(body, upstream="cross", redirected_to="www.cbp.test")
    assert (found.code, found.severity) == ("redirected", "differs")
    assert "www.cbp.test" in found.detail


@pytest.mark.parametrize(
    ("headers", "differs"),
    [
        ({}, False),
        ({"date": "soon"}, False),
        ({"date": format_datetime(NOW - timedelta(minutes=4), usegmt=True)}, False),
        ({"date": format_datetime(NOW - timedelta(minutes=6), usegmt=True)}, True),
        ({"date": format_datetime(NOW + timedelta(hours=3), usegmt=True)}, True),
        ({"date": format_datetime(NOW - timedelta(hours=2), usegmt=True), "age": "7200"}, False),
        ({"date": format_datetime(NOW, usegmt=True), "age": "9" * 400}, False),
    ],
)
def test_a_clock_that_is_minutes_off_is_named(headers: dict[str, str], differs: bool) -> None:
    found = found_in(example(SHAPES["cross", "search"]), upstream="cross", headers=headers)
    assert codes(found) == (["clock"] if differs else [])


def test_what_retries_would_hide_is_named() -> None:
    assert list(of_tries(["ok", "ok"])) == []
    assert list(of_tries([])) == []
    # That is an error, which has a name of its own.
    assert list(of_tries(["HTTP 503", "HTTP 503"])) == []
    (found,) = of_tries(["ok", "HTTP 503", "HTTP 503", "ok"])
    assert (found.code, found.detail) == ("unsteady", "2 of 4 requests failed before it answered: HTTP 503")


def test_more_than_half_of_the_time_is_slow() -> None:
    assert list(slow(10.0, 20.0)) == []
    (found,) = slow(10.1, 20.0)
    assert (found.code, found.severity) == ("slow", "differs")
    assert "10.1 s of the 20 s" in found.detail


# -- the list file --


def figures(**other: Any) -> Figures:
    per_list = dict.fromkeys(LISTS, 100)
    own = {"rows": 1300, "rows_per_list": per_list, "columns": tuple(KNOWN_COLUMNS)}
    return Figures(**{"format": "csv", **own, **other})


def found_of(found: Figures, *gates: FailedGate, **more: Any) -> list[Finding]:
    return list(of_list(found, gates, now=NOW, **more))


def test_a_whole_file_has_nothing_to_say() -> None:
    assert found_of(figures(), published=NOW - timedelta(hours=1)) == []


def test_a_file_that_would_not_be_put_in_force_cannot_be_used() -> None:
    (found,) = found_of(figures(), FailedGate("too_few_rows", "3 entries"))
    assert (found.code, found.severity) == ("too_few_rows", "unusable")
    assert "3 entries" in found.detail
    assert "list accept" in found.next_step


def test_a_file_that_a_person_accepted_differs() -> None:
    (found,) = found_of(figures(), FailedGate("too_few_rows", "3 entries"), accepted_by="Ann")
    assert found.severity == "differs"
    assert "accepted by Ann" in found.detail


def test_a_file_without_an_entry_cannot_be_used_whoever_accepts_it() -> None:
    (found,) = found_of(figures(rows=0), FailedGate("no_rows", "no entry"), accepted_by="Ann")
    assert found.severity == "unusable"
    assert "GATEWAY_LIST_URL" in found.next_step


@pytest.mark.parametrize(
    ("other", "gate", "code", "says"),
    [
        ({"columns": (*KNOWN_COLUMNS, "risk")}, "columns", "column_unknown", "risk"),
        ({"columns": tuple(KNOWN_COLUMNS)[:-1]}, "columns", "column_missing", tuple(KNOWN_COLUMNS)[-1]),
        ({"rows_per_list": dict.fromkeys(list(LISTS)[1:], 5)}, "list_missing", "list_missing", next(iter(LISTS))),
        ({"parse_errors": 2, "first_errors": ("row 3",)}, "parse_errors", "rows_unreadable", "2 of its rows"),
        ({"rows_per_unknown_list": {"New (N) - State": 2}}, None, "list_unknown", "New (N) - State"),
    ],
)
def test_what_no_gate_refuses_is_named_once_all_the_same(
    other: dict[str, Any], gate: str | None, code: str, says: str
) -> None:
    (found,) = found_of(figures(**other))
    assert (found.code, found.severity) == (code, "differs")
    assert says in found.detail
    if gate is not None:
        refused = found_of(figures(**other), FailedGate(gate, "words"))
        assert [(each.code, each.severity) for each in refused] == [(gate, "unusable")]


def test_of_half_a_file_only_that_it_is_half_is_said() -> None:
    cut = figures(broke="reset", bytes=4200, declared_bytes=8400, ends_whole=False, parse_errors=1)
    (found,) = found_of(cut, FailedGate("incomplete", "cut"), FailedGate("list_missing", "none"), accepted_by="Ann")
    assert (found.code, found.severity) == ("connection_broke", "unusable")
    assert "after 4,200 bytes" in found.detail


def test_a_file_in_json_has_keys_of_its_own() -> None:
    keys = ("id", "country", *(each for each in KNOWN_COLUMNS if each not in ("_id", "title")))
    assert found_of(figures(format="json", columns=keys)) == []
    (found,) = found_of(figures(format="json", columns=(*keys, "risk")))
    assert "risk" in found.detail


def test_a_file_that_was_not_made_for_days_is_named() -> None:
    assert found_of(figures(), published=NOW - timedelta(days=3)) == []
    (found,) = found_of(figures(), published=NOW - timedelta(days=5))
    assert (found.code, found.severity) == ("list_old", "differs")
    assert "2026-11-26 12:00" in found.detail


# -- what it comes to --


def test_the_worst_finding_is_the_status() -> None:
    differs, unset = slow(2, 1), unset_keys(["GATEWAY_X"])
    worst = of_error(ProviderTimeout("x"), None, CSL)
    found = [*differs, unset, worst]
    statuses: list[Status] = [status_of(found[:number]) for number in range(4)]
    assert statuses == ["ok", "differs", "not_configured", "unusable"]


def test_the_shape_is_as_expected_only_when_rows_came() -> None:
    unknown = Finding("field_unknown", "differs", "", "")
    page = Finding("page_for_people", "unusable", "", "")
    assert shape_seen([], 3) == "as_expected"
    assert shape_seen([], 0) == "not_seen"
    assert shape_seen([unknown], 3) == "differs"
    assert shape_seen([Finding("connection_broke", "unusable", "", "")], 3) == "not_seen"
    assert shape_seen([unknown, page], 3) == "unreadable"


def test_what_is_said_has_no_path_of_an_address_of_ours() -> None:
    said = "Cannot GET /t0ken-in-a-path/v1/search, /t0ken-in..."
    public = "https://agency.test/v1"
    assert without_path(said, "http://mirror.test/t0ken-in-a-path/v1", public) == "Cannot GET ***/search, ***..."
    # The agency's own is in its documentation; where there is no path, nothing may be taken out.
    for url in (public, "http://mirror.test", "http://mirror.test/"):
        assert without_path(said, url, public) == said
    assert host_of("http://user:pw@mirror.test:81/t0ken") == "mirror.test:81"
