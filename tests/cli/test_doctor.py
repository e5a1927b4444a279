"""The doctor, run whole: one thing broken at a time, and named; the others as expected all the same."""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from service.cli.exits import exit_of_statuses
from service.cli.parser import make_parser
from service.sandbox import KEYS, Sandbox, parse_faults
from tests.cli.runs import Ended, typed
from tests.fda_answers import refused as refused_row
from tests.fda_answers import success
from tests.http_client.peer import Peer

ALL = ("hts", "csl", "list", "fda", "cross")
OpenServer = Callable[[web.Application], Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[OpenServer]:
    """Serves an application on loopback; its URL without a path."""
    running: list[TestServer] = []

    async def open_one(app: web.Application) -> str:
        running.append(TestServer(app))
        await running[-1].start_server()
        return f"http://127.0.0.1:{running[-1].port}"

    yield open_one
    for server in running:
        await server.close()


async def examined(*words: str, tmp_path: Path, **settings: Any) -> Ended:
    """A run in the sandbox, with the list."""
    common = {"sanctions_source": "list", "data_dir": tmp_path / "data", "retry": "off"}
    return await typed("doctor", *words, **{**common, **settings})


def checks(ended: Ended) -> dict[str, dict[str, Any]]:
    return {each["subject"]: each for each in ended.body["checks"]}


def codes(check: dict[str, Any]) -> list[str]:
    return [each["code"] for each in check["findings"]]


async def test_where_all_is_well_each_agency_is_as_expected(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path)
    assert (ended.code, ended.err, ended.body["exit_code"]) == (0, "", 0)
    assert ended.body["sandbox"] is True
    found = checks(ended)
    assert tuple(found) == ALL
    for check in found.values():
        assert (check["status"], check["reachable"], check["shape"], check["findings"]) == (
            "ok",
            True,
            "as_expected",
            [],
        )
        assert check["rows"] > 0
        assert check["elapsed_ms"] > 0
        assert check["requests"] >= 1
    keys = {subject: check["key"] for subject, check in found.items()}
    assert keys == {
        "hts": "not_needed",
        "csl": "accepted",
        "list": "not_needed",
        "fda": "accepted",
        "cross": "not_needed",
    }
    assert found["hts"]["version"] == "2025HTSSandbox"
    # It examines, and keeps nothing.
    assert not (tmp_path / "data").exists()


async def test_people_are_shown_a_line_for_each_and_that_it_is_sample_data(tmp_path: Path) -> None:
    ended = await examined("--sandbox", tmp_path=tmp_path, COLUMNS=120)
    lines = ended.out.splitlines()
    assert lines[0] == "SAMPLE DATA from a sandbox: no agency was asked"
    assert [line.split("  ")[0] for line in lines[2:7]] == ["HTS", "CSL search", "CSL file", "FDA", "CROSS"]
    assert lines[-1] == "All as this version expects"


FAULTS: dict[str, dict[str, tuple[str, int]]] = {
    "hts=status:503": {"hts": ("agency_failing", 3)},
    "hts=status:403": {"hts": ("client_refused", 3)},
    "hts=status:404": {"hts": ("wrong_address", 3)},
    "cross=429:retry-after=2": {"cross": ("rate_limited", 3)},
    "fda=429": {"fda": ("rate_limited", 3)},
    "fda=status:401": {"fda": ("key_refused", 3)},
    "fda=status:403": {"fda": ("key_refused", 3)},
    "csl=status:401": {"csl": ("key_refused", 3), "list": ("client_refused", 3)},
    "csl=truncate": {"csl": ("connection_broke", 3), "list": ("connection_broke", 3)},
    "csl=redirect": {"csl": ("redirected_to_page", 3), "list": ("unreadable", 3)},
    "fda=redirect": {"fda": ("redirected_to_page", 3)},
    "cross=html": {"cross": ("page_for_people", 3)},
    "hts=html": {"hts": ("page_for_people", 3)},
    "fda=html": {"fda": ("page_for_people", 3)},
    "cross=truncate": {"cross": ("connection_broke", 3)},
    "hts=reset": {"hts": ("connection_broke", 3)},
    # What a tool cannot do without.
    "hts=without:general": {"hts": ("unreadable", 3)},
    "csl=without:total": {"csl": ("unreadable", 3)},
    "csl=renamed:results": {"csl": ("unreadable", 3)},
    "fda=renamed:result": {"fda": ("unreadable", 3)},
    "cross=without:rulings": {"cross": ("unreadable", 3)},
    "hts=renamed:name": {"hts": ("unreadable", 3)},
    # What a tool reads as blank, and so would never miss.
    "hts=renamed:quotaQuantity": {"hts": ("field_missing", 1)},
    "csl=without:alt_names": {"csl": ("field_missing", 1)},
    "csl=renamed:ids": {"csl": ("field_missing", 1)},
    "fda=extra:Port": {"fda": ("field_unknown", 1)},
    "cross=extra:port": {"cross": ("field_unknown", 1)},
    "csl=extra:port": {"csl": ("field_unknown", 1)},
    "hts=extra:port": {"hts": ("field_unknown", 1)},
    # The file of all lists.
    "csl=list-cut": {"list": ("parse_errors", 3)},
    "csl=list-empty": {"list": ("unreadable", 3)},
    "csl=list-html": {"list": ("unreadable", 3)},
    "csl=list-old-layout": {"list": ("columns", 3)},
    "csl=list-without-sdn": {"list": ("list_missing", 3)},
    # Odd, and put in force all the same.
    "csl=list-without-fse": {"list": ("list_missing", 1)},
    "csl=list-extra-column": {"list": ("column_unknown", 1)},
}


@pytest.mark.parametrize(("fault", "expected"), FAULTS.items(), ids=FAULTS)
async def test_one_thing_broken_is_named_and_hides_none_of_the_others(
    fault: str, expected: dict[str, tuple[str, int]], tmp_path: Path
) -> None:
    ended = await examined("--sandbox", "--fault", fault, "--json", tmp_path=tmp_path)
    found = checks(ended)
    for subject, (code, _) in expected.items():
        assert code in codes(found[subject])
        assert all(each["detail"] and each["next_step"] for each in found[subject]["findings"])
    assert ended.code == ended.body["exit_code"] == max(code for _, code in expected.values())
    assert [each for each in ALL if found[each]["status"] != "ok"] == [each for each in ALL if each in expected]


@pytest.mark.parametrize(
    ("fault", "key"), [("without:total", "accepted"), ("html", "not_known"), ("status:503", "not_known")]
)
async def test_a_key_is_accepted_only_when_data_came(fault: str, key: str, tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", f"csl={fault}", "--json", tmp_path=tmp_path)
    assert checks(ended)["csl"]["key"] == key


async def test_people_are_shown_what_was_found_and_what_to_do(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", "fda=status:401", tmp_path=tmp_path, COLUMNS=200)
    assert ended.code == 3
    assert "Found  it refuses the key (status 401)" in ended.out
    assert "Next   check GATEWAY_FDA_AUTHORIZATION_USER and GATEWAY_FDA_AUTHORIZATION_KEY, and" in ended.out
    assert ended.out.endswith("Cannot be used from here: FDA\n")


async def test_people_are_shown_once_what_to_do_about_many_things(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", "csl=list-cut", tmp_path=tmp_path, COLUMNS=200)
    lines = ended.out.splitlines()
    found = [line for line in lines if line.startswith("Found  it would not be put in force: ")]
    assert len(found) > 1
    assert [line[:35] for line in lines if line.startswith("Next")] == ["Next   wait for a newer file; a per"]


async def test_a_thing_that_differs_is_1_for_people_too(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", "csl=renamed:alt_names", tmp_path=tmp_path, COLUMNS=200)
    assert ended.code == 1
    assert "'results[].alt_names' is missing; 'alt_names_new' is new and may be its new name" in ended.out
    assert ended.out.endswith("To look at: CSL search\n")


# -- how far a connection comes --


async def test_nothing_listens(tmp_path: Path) -> None:
    peer = Peer()
    async with peer.serving():
        url = peer.url()
    await one_address(url, "connection_refused", tmp_path)


async def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    await one_address("http://agency.invalid/api", "name_not_found", tmp_path)


async def test_a_certificate_that_is_not_trusted(tmp_path: Path) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(server)
    async with Peer().serving(server) as peer:
        await one_address(peer.url(), "certificate_refused", tmp_path)


async def test_an_address_that_is_not_https(tmp_path: Path, serve: OpenServer) -> None:
    plain = await serve(web.Application())
    await one_address(plain.replace("http:", "https:"), "tls_failed", tmp_path)


async def one_address(url: str, code: str, tmp_path: Path) -> None:
    """Ask CROSS, and then the list, at `url`, and everything else in the sandbox."""
    for subject, setting in (("cross", "cross_url"), ("list", "list_url")):
        ended = await examined("--sandbox", "--json", tmp_path=tmp_path, **{setting: url})
        found = checks(ended)
        assert ended.code == 3
        assert codes(found[subject]) == [code]
        assert (found[subject]["reachable"], found[subject]["shape"]) == (False, "not_seen")
        assert [each for each in ALL if found[each]["status"] != "ok"] == [subject]


async def test_a_proxy_that_the_settings_do_not_want_is_named(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"cross_url": "http://agency.invalid/api", "HTTPS_PROXY": "http://user:pw@127.0.0.1:9"}
    ended = await examined("--sandbox", tmp_path=tmp_path, COLUMNS=200, **settings)
    assert "GATEWAY_TRUST_ENV=1 obeys it" in ended.out
    assert "pw" not in ended.out + ended.err


async def test_a_proxy_that_the_settings_want_is_asked(tmp_path: Path) -> None:
    peer = Peer()
    async with peer.serving():
        dead = peer.url()
    proxies = {"HTTP_PROXY": dead, "http_proxy": dead, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    settings: dict[str, Any] = {"cross_url": "http://agency.test/api", "trust_env": "on", **proxies}
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path, **settings)
    found = checks(ended)
    assert codes(found["cross"]) == ["proxy_failed"]
    assert [each for each in ALL if found[each]["status"] != "ok"] == ["cross"]


# -- time --


async def test_an_agency_that_hangs_ends_with_the_time_of_a_question(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", "fda=hang", "--timeout", "3", "--json", tmp_path=tmp_path)
    found = checks(ended)
    assert ended.code == 3
    assert codes(found["fda"]) == ["timeout"]
    assert found["fda"]["reachable"] is False
    assert found["hts"]["status"] == "ok"


async def test_an_agency_that_takes_most_of_the_time_is_slow(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--fault", "fda=latency:1600ms", "--timeout", "3", "--json", tmp_path=tmp_path)
    assert ended.code == 1
    assert codes(checks(ended)["fda"]) == ["slow"]


async def test_a_fault_that_retries_get_over_is_named(tmp_path: Path, serve: OpenServer) -> None:
    asked: list[web.Request] = []

    async def second_time(request: web.Request) -> web.Response:
        asked.append(request)
        if len(asked) == 1:
            return web.Response(status=503)
        rows = [refused_row(1)]
        return web.json_response(success(*rows, total=1))

    app = web.Application()
    app.router.add_post("/import_refusals", second_time)
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path, fda_url=await serve(app), retry="on")
    fda = checks(ended)["fda"]
    assert (ended.code, fda["requests"]) == (1, 2)
    assert "unsteady" in codes(fda)
    assert len(asked) == 2


# -- keys and settings --


def addresses(sandbox: Sandbox) -> dict[str, Any]:
    """The settings of a service that takes a sandbox for the agencies."""
    urls = {f"{agency}_url": sandbox.url(agency) for agency in ("hts", "csl", "fda", "cross")}
    return {**urls, "list_url": sandbox.list_url, "list_min_rows": 1}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    running = Sandbox()
    await running.start()
    yield running
    await running.close()


async def test_keys_that_are_not_set_are_named_and_nothing_is_asked(tmp_path: Path, sandbox: Sandbox) -> None:
    ended = await examined(
        "--json", tmp_path=tmp_path, **addresses(sandbox), fda_authorization_user=KEYS["authorization_user"]
    )
    found = checks(ended)
    assert ended.code == 1
    for subject, setting in (("csl", "GATEWAY_CSL_SUBSCRIPTION_KEY"), ("fda", "GATEWAY_FDA_AUTHORIZATION_KEY")):
        check = found[subject]
        assert codes(check) == ["not_configured"]
        assert (check["status"], check["key"], check["reachable"], check["requests"]) == (
            "not_configured",
            "not_set",
            None,
            0,
        )
        assert f"set {setting} (" in check["findings"][0]["next_step"]
        assert ("the list held here needs none" in check["findings"][0]["next_step"]) is (subject == "csl")
    assert "AUTHORIZATION_USER" not in found["fda"]["findings"][0]["next_step"]


async def test_sample_data_where_live_data_is_wanted_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    keys = {
        "csl_subscription_key": KEYS["subscription_key"],
        "fda_authorization_user": KEYS["authorization_user"],
        "fda_authorization_key": KEYS["authorization_key"],
    }
    ended = await examined("--json", tmp_path=tmp_path, **addresses(sandbox), **keys)
    assert ended.code == 1
    assert ended.body["sandbox"] is True
    for check in checks(ended).values():
        assert codes(check) == ["sample_data"]
        assert check["shape"] == "as_expected"


async def test_keys_that_are_wrong_are_refused_in_each_agencys_own_way(tmp_path: Path, sandbox: Sandbox) -> None:
    keys = {"csl_subscription_key": "wrong", "fda_authorization_user": "a@b.c", "fda_authorization_key": "wrong"}
    ended = await examined("--json", tmp_path=tmp_path, **addresses(sandbox), **keys)
    found = checks(ended)
    assert ended.code == 3
    for subject in ("csl", "fda"):
        assert "key_refused" in codes(found[subject])
        assert (found[subject]["key"], found[subject]["reachable"]) == ("refused", True)
        assert not {"field_kind", "field_missing"} & set(codes(found[subject]))


async def test_the_file_in_json_is_read_as_well(tmp_path: Path, sandbox: Sandbox) -> None:
    in_json = sandbox.list_url.replace(".csv", ".json")
    check = checks(await examined("--sandbox", "--json", tmp_path=tmp_path, list_url=in_json))["list"]
    assert (check["status"], check["shape"], check["rows"]) == ("ok", "as_expected", 207)


async def test_a_version_in_force_is_what_a_file_is_compared_with(tmp_path: Path, sandbox: Sandbox) -> None:
    settings: dict[str, Any] = {"list_url": sandbox.list_url, "data_dir": tmp_path / "data"}
    screened = await typed("sanctions", "Nick Flint", "--sandbox", sanctions_source="list", **settings)
    assert screened.code in (0, 1)
    sandbox.set_faults(parse_faults("csl=list-without-fse"))
    check = checks(await examined("--sandbox", "--json", tmp_path=tmp_path, **settings))["list"]
    assert check["status"] == "unusable"
    assert any("FSE had 5 entries in the version in force" in each["detail"] for each in check["findings"])


async def test_the_file_lies_where_the_lists_are_while_it_is_read_and_is_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    # In a container with a read-only root the folder for temporary files may be smaller than the list.
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path)
    assert ended.code == 0
    assert list((tmp_path / "data").iterdir()) == []


async def test_no_room_for_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path)
    check = checks(ended)["list"]
    assert (ended.code, codes(check), check["status"]) == (3, ["disk"], "unusable")


async def test_a_list_that_is_not_held_is_not_read(tmp_path: Path) -> None:
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path, sanctions_source="api")
    check = checks(ended)["list"]
    assert (ended.code, check["status"], check["requests"]) == (0, "not_used", 0)


async def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = await examined("--sandbox", "--json", tmp_path=tmp_path, data_dir=tmp_path / "file" / "data")
    check = checks(ended)["list"]
    assert (ended.code, check["status"], codes(check)) == (3, "unusable", ["folder"])
    assert check["rows"] > 200
    assert "GATEWAY_DATA_DIR" in check["findings"][0]["next_step"]


SECRET, USER, PATH = "s3cret-0123456789-key", "very.secret@example.com", "t0ken-in-a-path"


async def echo(request: web.Request) -> web.Response:
    """Repeats what it was sent, as careless servers do: as HTML, as JSON, as keys of JSON, with or without 200."""
    said = {name: value for name, value in request.headers.items() if name.lower().endswith(("key", "user"))}
    how = request.match_info["how"]
    if how == "html":
        return web.Response(text=f"<html>{said} {request.url}</html>", content_type="text/html")
    if how == "text":
        return web.Response(text=f"{list(said.values())} {request.url}")
    body: Any = {"keys": dict.fromkeys(said.values(), 1), "url": str(request.url)}[how]
    refusal = {"statuscode": 406, "message": f"no {body}", "total": 1, "results": [{"source": f"{said}", "name": "x"}]}
    return web.json_response({**refusal, **dict.fromkeys(said.values(), body)})


@pytest.mark.parametrize("how", ["html", "text", "keys", "url"])
@pytest.mark.parametrize("words", [(), ("--json",)])
async def test_no_key_and_no_address_that_may_hold_one_is_shown(
    how: str, words: tuple[str, ...], tmp_path: Path, serve: OpenServer
) -> None:
    app = web.Application()
    app.router.add_route("*", f"/{PATH}/{{how}}/{{rest:.*}}", echo)
    url = f"{await serve(app)}/{PATH}/{how}"
    settings: dict[str, Any] = {f"{agency}_url": url for agency in ("hts", "csl", "fda", "cross")}
    settings |= {"list_url": f"{url}/list", "csl_subscription_key": SECRET, "log_level": "debug"}
    settings |= {"fda_authorization_user": USER, "fda_authorization_key": SECRET}
    ended = await examined(*words, tmp_path=tmp_path, COLUMNS=300, **settings)
    assert ended.code == 3
    for secret in (SECRET, SECRET[:8], USER, PATH):
        assert secret not in ended.out + ended.err


async def test_all_broken_at_once_are_all_named(tmp_path: Path) -> None:
    faults = ("hts=html", "csl=reset", "fda=status:500", "cross=429")
    given = [word for fault in faults for word in ("--fault", fault)]
    ended = await examined("--sandbox", *given, "--json", tmp_path=tmp_path)
    assert ended.code == 3
    assert {subject: codes(check)[0] for subject, check in checks(ended).items()} == {
        "hts": "page_for_people",
        "csl": "connection_broke",
        "list": "connection_broke",
        "fda": "agency_failing",
        "cross": "rate_limited",
    }


async def test_a_fault_of_ours_in_one_hides_none_of_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise KeyError("a slip")

    monkeypatch.setattr("service.doctor.list_file.judge", fails)
    with capture_logs() as logged:
        ended = await examined("--sandbox", "--json", tmp_path=tmp_path)
    found = checks(ended)
    assert (ended.code, codes(found["list"])) == (3, ["our_own_fault"])
    assert "a slip" not in ended.out
    assert [(each["event"], each["subject"]) for each in logged] == [("examining failed", "list")]
    assert [each for each in ALL if found[each]["status"] == "ok"] == ["hts", "csl", "fda", "cross"]


def test_the_worst_of_all_is_the_exit_code() -> None:
    assert exit_of_statuses(["ok", "not_used"]) == 0
    assert exit_of_statuses(["ok", "differs"]) == exit_of_statuses(["ok", "not_configured"]) == 1
    assert exit_of_statuses(["not_configured", "unusable", "ok"]) == 3
    assert exit_of_statuses([]) == 3


def test_its_options_are_those_of_the_commands_that_ask(capsys: pytest.CaptureFixture[str]) -> None:
    given = make_parser().parse_args(["doctor", "--json", "--timeout", "5", "--sandbox", "--fault", "fda=html"])
    assert (given.json, given.deadline_s, given.sandbox, given.fault) == (True, "5", True, ["fda=html"])
    with pytest.raises(SystemExit):
        make_parser().parse_args(["doctor", "hts"])
    assert "unrecognized arguments: hts" in capsys.readouterr().err
