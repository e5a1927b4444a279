"""Whole runs: what is typed, what is printed where, and the exit code."""

import asyncio
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp.test_utils import TestClient
from pytest_aiohttp import AiohttpClient

from service.app import create_app
from service.config import Config
from tests.cli.runs import COMMAND, Ended, environment, run, typed
from tests.integration.test_readme import VOLATILE
from tests.service.hts_upstream import HTSUpstream
from tests.service.snapshot.test_route import SHIPMENT

BATTERIES = "8507.60.00.20"


@pytest.fixture
async def upstream() -> AsyncIterator[HTSUpstream]:
    agency = HTSUpstream()
    await agency.server.start_server()
    yield agency
    agency.gate.set()
    await agency.server.close()


@pytest.fixture
async def sandboxed(aiohttp_client: AiohttpClient) -> TestClient[Any, Any]:
    return await aiohttp_client(create_app(Config(sandbox=True)))


def lasting(body: Any) -> Any:
    """`body` without what differs from call to call; what is in what order stays."""
    volatile = VOLATILE | {"id", "asked_at", "generated_at"}
    if isinstance(body, dict):
        return {name: "" if name in volatile else lasting(value) for name, value in body.items()}
    return [lasting(each) for each in body] if isinstance(body, list) else body


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("hts", BATTERIES), 0, "9903.91.01  may add"),
        (("hts", "--search", "lithium"), 0, "8507.60.00  Lithium-ion batteries"),
        (("hts", "9999"), 1, ""),
        (("sanctions", "Quiet Harbor Foods"), 0, "No listed name at or above 0.80; 13 lists, "),
        (("sanctions", "Bank Melli", "--country", "IR"), 1, "identity unconfirmed."),
        (
            ("refusals", "--country", "IN", "--product", "shrimp", "--since", "2025-01-01"),
            0,
            "5 refused lines, 5 shown",
        ),
        (("refusals", "--firm", "Nobody at all"), 1, "No refused line found in the sample data"),
        (("rulings", "battery", "--limit", "3"), 0, "13 rulings, 3 shown"),
        (("rulings", "unobtainium"), 1, "No ruling found in the sample data"),
        (("ruling", "N305619"), 0, "Revoked by H301481: do not rely on it."),
    ],
)
async def test_a_question_is_answered_from_the_sandbox_which_says_so(
    words: tuple[str, ...], code: int, says: str
) -> None:
    ended = await typed(*words, "--sandbox", COLUMNS=120)
    assert ended.code == code
    if says:
        assert ended.out.startswith("SAMPLE DATA")
        assert ended.err == ""
    else:
        assert ended.out == ""
        assert "Code          not_found (hts)" in ended.err
        assert "of sample data" in ended.err
        assert "The sample data has no such record" in ended.err
        assert "the sample data has no 9999; it has nothing under 9999" in " ".join(ended.err.split())
    assert says in ended.out
    assert "\x1b" not in ended.out + ended.err


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (("hts", BATTERIES), f"/v1/hts/{BATTERIES}"),
        (("hts", "--search", "lithium", "--limit", "5"), "/v1/hts?q=lithium&limit=5"),
        (
            ("sanctions", "Bank Melli", "--sources", "sdn,el", "--threshold", "0.9", "--no-fuzzy", "--type", "entity"),
            "/v1/sanctions?name=Bank+Melli&sources=sdn,el&threshold=0.9&fuzzy=false&type=entity",
        ),
        (("refusals", "--country", "IN", "--limit", "2"), "/v1/refusals?country=IN&limit=2"),
        (("rulings", "--hts", BATTERIES, "--collection", "ny"), f"/v1/rulings?hts={BATTERIES}&collection=ny"),
        (("ruling", "N305619"), "/v1/rulings/N305619"),
        (("hts", "9999"), "/v1/hts/9999"),
        (("sanctions", "Acme", "--threshold", "7"), "/v1/sanctions?name=Acme&threshold=7"),
        (("hts", "--search", ""), "/v1/hts?q="),
    ],
)
async def test_json_is_what_rest_answers_problems_included(
    sandboxed: TestClient[Any, Any], words: tuple[str, ...], path: str
) -> None:
    ended = await typed(*words, "--sandbox", "--json")
    async with sandboxed.get(path) as response:
        answered = await response.json()
    assert orjson.dumps(lasting(ended.body)) == orjson.dumps(lasting(answered))
    assert ended.out.endswith("}\n")
    assert ended.err == ""


async def test_a_snapshot_in_json_is_what_rest_answers(sandboxed: TestClient[Any, Any]) -> None:
    ended = await typed("snapshot", "-", "--sandbox", "--json", given=orjson.dumps(SHIPMENT))
    async with sandboxed.post("/v1/snapshot", json=SHIPMENT) as response:
        answered = await response.json()
    assert orjson.dumps(lasting(ended.body)) == orjson.dumps(lasting(answered))
    assert ended.body["id"].startswith("sandbox-")
    assert ended.code == {"low": 0, "review": 1, "high": 1, "unknown": 3}[answered["risk"]]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("sanctions", "Quiet Harbor Foods"), "csl=status:503@1"),
        (("sanctions", "Quiet Harbor Foods"), "csl=html"),
        (("hts", BATTERIES), "hts=reset"),
        (("refusals", "--country", "DE"), "fda=truncate"),
        (("rulings", "no such words"), "cross=429:retry-after=60"),
    ],
)
async def test_an_outage_is_3_and_says_so_on_standard_error(words: tuple[str, ...], fault: str) -> None:
    ended = await typed(*words, "--sandbox", "--fault", fault, retry="off")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("compliance-gateway: ")
    assert ("no name was compared" in ended.err) is (words[0] == "sanctions")
    assert "Traceback" not in ended.err


async def test_whole_processes_end_with_the_codes_that_they_printed_the_reasons_of() -> None:
    clear = await run("sanctions", "Quiet Harbor Foods", "--sandbox")
    hit = await run("sanctions", "Bank Melli", "--sandbox", "--json")
    silent = await run("sanctions", "Quiet Harbor Foods", "--sandbox", "--fault", "csl=status:503@1")
    wrong = await run("sanctions", "Quiet Harbor Foods", "--threshold", "7")
    assert (clear.code, hit.code, silent.code, wrong.code) == (0, 1, 3, 2)
    assert "No listed name at or above 0.80" in clear.out
    assert hit.body["result"]["outcome"] == "match"
    assert (clear.err, hit.err, silent.out, wrong.out) == ("", "", "", "")
    assert "provider_failed (csl)" in silent.err


async def test_an_agency_that_hangs_is_3_when_the_time_given_is_up() -> None:
    ended = await typed("hts", BATTERIES, "--sandbox", "--fault", "hts=hang", "--timeout", "0.3")
    assert (ended.code, ended.out) == (3, "")
    assert "provider_timeout" in ended.err


async def test_a_key_that_is_not_set_is_3_and_nobody_was_screened() -> None:
    ended = await typed("sanctions", "Quiet Harbor Foods")
    assert (ended.code, ended.out) == (3, "")
    assert "not_configured (csl)" in ended.err
    assert "no name was compared" in ended.err


@pytest.mark.parametrize(
    ("words", "settings", "says"),
    [
        (("refusals", "--country", "Korea"), {}, "--country: Korea has several readings"),
        (("sanctions", "Acme", "--threshold", "7"), {}, "--threshold: must be at most 1"),
        (("sanctions", "A"), {}, "NAME: must be 2 to 200 characters long"),
        (("rulings", "--hts", "85"), {}, "--hts: must be 4, 6, 8 or 10 digits"),
        (
            ("rulings", "x", "--since", "2026-02-01", "--until", "2026-01-01"),
            {},
            "--since: must not be later than until",
        ),
        (("refusals",), {}, "--country: is required, or else one of product, firm, fei, since and until"),
        (("hts", "8507", "--limit", "5"), {}, "--limit: only together with --search"),
        (("hts", "8507", "--timeout", "soon"), {}, "--timeout is 'soon', allowed: a number above 0 up to 3600"),
        (
            ("hts", "8507"),
            {"pool_read_timeout_s": "x"},
            "GATEWAY_POOL_READ_TIMEOUT_S is 'x', allowed: a number above 0",
        ),
        (("hts", "8507", "--fault", "hts=html"), {}, "allowed: only together with GATEWAY_SANDBOX=1"),
        (("sanctions", "A", "--sandbox"), {"csl_subscription_key": "k"}, "allowed: only without GATEWAY_SANDBOX"),
        (("snapshot", "no/such/file.json"), {}, "no/such/file.json: No such file or directory"),
        (("pool", "localhost"), {}, "URL is 'localhost', allowed: http:// or https://"),
    ],
)
async def test_bad_usage_is_2_with_one_line_in_the_words_of_who_typed_it(
    words: tuple[str, ...], settings: dict[str, Any], says: str
) -> None:
    ended = await typed(*words, **settings)
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    assert ended.err.startswith("compliance-gateway: ")
    assert ended.err.count("\n") == 1


async def test_all_that_is_wrong_with_what_was_typed_is_said_one_line_each() -> None:
    ended = await typed("rulings", "x", "--since", "soon", "--limit", "0", "--collection", "LA")
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.splitlines() == [
        "compliance-gateway: --collection: must be ALL, NY or HQ",
        "compliance-gateway: --since: must be a date as in 2026-01-31",
        "compliance-gateway: --limit: must be at least 1",
    ]


async def test_all_settings_that_are_wrong_are_said_one_line_each() -> None:
    ended = await typed("hts", "8507", port="x", log_level="LOUD")
    assert (ended.code, ended.out) == (2, "")
    assert [line.split(" is ")[0] for line in ended.err.splitlines()] == [
        "compliance-gateway: GATEWAY_PORT",
        "compliance-gateway: GATEWAY_LOG_LEVEL",
    ]


async def test_a_shipment_that_cannot_be_is_2_and_names_the_file_and_the_member(tmp_path: Path) -> None:
    file = tmp_path / "shipment.json"
    file.write_bytes(orjson.dumps(SHIPMENT | {"parties": [{"name": "x", "role": "seller", "country": "TH"}]}))
    ended = await typed("snapshot", str(file))
    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith(f"compliance-gateway: {file}: parties.0.name: ")


async def test_a_snapshot_with_a_missing_source_is_never_0(tmp_path: Path) -> None:
    file = tmp_path / "shipment.json"
    file.write_bytes(orjson.dumps(SHIPMENT | {"require": ["sanctions"]}))
    ended = await typed("snapshot", str(file), "--sandbox", "--fault", "csl=status:503", retry="off", COLUMNS=100)
    assert ended.code == 3
    assert "Risk UNKNOWN: Of 2 parties: 2 not screened." in ended.out
    assert "Next step  Retry; do not ship." in ended.out
    assert "Complete   no: not every source answered" in ended.out
    assert "Quiet Harbor Foods  seller     TH       not screened" in ended.out
    assert ended.err == "compliance-gateway: a required source did not answer: sanctions\n"


async def test_a_match_stands_beside_a_missing_source() -> None:
    party = {"name": "Bank Melli Iran", "role": "bank", "country": "IR"}
    shipment = orjson.dumps(SHIPMENT | {"parties": [party]})
    ended = await typed("snapshot", "-", "--sandbox", "--fault", "hts=status:503", given=shipment, retry="off")
    assert ended.code == 1
    assert "Risk HIGH" in ended.out
    assert "Complete   no" in ended.out


async def test_the_pools_of_a_running_service_are_shown_and_printed_as_it_told_them(
    sandboxed: TestClient[Any, Any],
) -> None:
    await (await sandboxed.get("/v1/hts/8507")).read()
    url = str(sandboxed.make_url("/"))
    shown, printed = await run("pool", url, COLUMNS=120), await run("pool", url, "--json")
    assert (shown.code, printed.code) == (0, 0)
    assert shown.out.startswith("SAMPLE DATA")
    assert "async  0       1     0        100    1        1       0       0" in shown.out
    assert printed.body["pools"]["async"]["created"] == 1
    assert shown.err + printed.err == ""


async def test_a_service_that_is_not_there_or_is_none_is_3(upstream: HTSUpstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nobody = await typed("pool", port=port)
    other = await typed("pool", upstream.url)
    assert (nobody.code, nobody.out, other.code, other.out) == (3, "", 3, "")
    assert nobody.err.startswith(f"compliance-gateway: http://127.0.0.1:{port}: ")
    assert "answers, but not as this service does" in other.err


async def test_a_misspelt_setting_is_warned_of() -> None:
    ended = await run("hts", "--search", "lithium", "--sandbox", prot=1)
    assert ended.code == 0
    assert ended.err == "compliance-gateway: settings that do not exist are ignored: GATEWAY_PROT\n"


async def test_an_interrupt_is_130_and_quiet(upstream: HTSUpstream) -> None:
    upstream.gate.clear()
    for words, given in ((("hts", BATTERIES), b""), (("snapshot", "-"), orjson.dumps(SHIPMENT))):
        upstream.asked.clear()
        process = await asyncio.create_subprocess_exec(
            *COMMAND,
            *words,
            env=environment(hts_url=upstream.url, cross_url=upstream.url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stdin is not None
        process.stdin.write(given)
        process.stdin.close()
        async with asyncio.timeout(30):
            while not upstream.asked:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGINT)
            out, err = await process.communicate()
        assert (process.returncode, out, err) == (130, b"", b"")


async def test_a_reader_who_has_read_enough_is_no_error() -> None:
    script = f"{' '.join(COMMAND)} sanctions 'Bank Melli' --sandbox | true; echo ${{PIPESTATUS[0]}}"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, env=environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert await process.communicate() == (b"1\n", b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
async def test_an_answer_that_cannot_be_written_is_not_0() -> None:
    script = f"{' '.join(COMMAND)} hts --search lithium --sandbox > /dev/full; echo $? >&2"
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script, env=environment(), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, err = await process.communicate()
    assert err == b"compliance-gateway: cannot write the answer: No space left on device\n3\n"


async def test_text_that_the_output_cannot_encode_is_spelled_out() -> None:
    ended = await run("sanctions", "بانک ملی ایران", "--sandbox", PYTHONIOENCODING="ascii")
    assert ended.code == 1
    assert "\\u0628" in ended.out


async def scripted(script: str, **settings: Any) -> Ended:
    """Run it with something in it replaced: `script` comes between the import of `main` and its call."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        f"import sys; from service.cli.main import main; {script}; sys.exit(main(['hts', '{BATTERIES}', '--json']))",
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_our_own_fault_is_3_and_one_line() -> None:
    ended = await scripted("from service.cli import asking; asking._ask = lambda *_: 1 / 0")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err == (
        "compliance-gateway: our own fault: ZeroDivisionError: division by zero (GATEWAY_LOG_LEVEL=error shows where)\n"
    )


async def test_no_event_loop_runs_where_a_tool_is_asked(upstream: HTSUpstream) -> None:
    ended = await scripted("import asyncio; asyncio.new_event_loop = lambda: sys.exit('a loop')", hts_url=upstream.url)
    assert (ended.code, ended.err) == (0, "")
    assert ended.body["result"]["line"]["code"] == BATTERIES
