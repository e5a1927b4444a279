"""`POST /v1/sanctions/batch` as callers see it: what is read, what is told, and in which order."""

import asyncio
import csv
import io
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.batches.batch_gateway import Gateway, InProcess, lines_of
from tests.batches.conftest import OpenBatches

PATH = "/v1/sanctions/batch"
CSV = (
    "Company;Kd-Nr;Land\n"
    "Quiet Meadow Bakery;A-1;DE\n"
    "Bank Melli Iran;A-2;IR\n"
    "zu wenig\n"
    ";A-4;DE\n"
    "Bünk Meli;A-5;Germany\n"
    '"Quiet\r\nMeadow Bakery";=1+1;\n'
).encode("cp1252")


async def post(
    gateway: Gateway, body: bytes, query: str = "", content_type: str = "text/csv", **headers: str
) -> tuple[int, bytes]:
    async with gateway.post(PATH + query, data=body, headers={"Content-Type": content_type, **headers}) as response:
        return response.status, await response.read()


async def problem(gateway: Gateway, body: bytes, query: str = "", content_type: str = "text/csv") -> dict[str, Any]:
    status, told = await post(gateway, body, query, content_type)
    found: dict[str, Any] = orjson.loads(told)
    assert (found["status"], found["outcome"]) == (status, "not_screened")
    return found


async def test_every_row_is_told_once_in_order_with_what_it_came_to(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    async with gateway.post(PATH, data=CSV, headers={"Content-Type": "text/csv"}) as response:
        assert (response.status, response.content_type) == (200, "application/x-ndjson")
        rows, summary = lines_of(await response.read())
        assert summary["request_id"] == response.headers["X-Request-ID"]
    assert [(row["ref"], row["status"], row.get("outcome")) for row in rows] == [
        ("A-1", "screened", "clear"),
        ("A-2", "screened", "match"),
        (None, "invalid", None),
        ("A-4", "invalid", None),
        ("A-5", "screened", "potential_match"),
        ("=1+1", "screened", "clear"),
    ]
    told: Any = rows[4]["country_programs"]
    assert told["places"][0]["countries"][0]["code"] == "DE"
    assert "warnings" not in rows[4]
    assert summary["warnings"] == {}
    assert summary["country_programs"] == {"stop": 1}
    async with gateway.get("/v1/sanctions?name=Bank+Melli+Iran&country=IR") as response:
        one = await response.json()
    assert rows[1]["hits"] == one["result"]["hits"]
    assert (summary["list_version"], summary["complete"]) == (one["source"]["version"], True)
    assert summary["list_as_of"] == one["source"]["list"]["confirmed_at"]
    assert summary["sandbox"] is True
    assert summary["encoding"] == "windows-1252"
    assert summary["columns"] == {"name": "Company", "ref": "Kd-Nr", "country": "Land"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'[{"name": "Quiet Meadow Bakery"}, {"name": "Bank Melli Iran"}]', "application/json"),
        (b'{"name": "Quiet Meadow Bakery"}\n{"name": "Bank Melli Iran"}', "application/x-ndjson"),
        (b"name\nQuiet Meadow Bakery\nBank Melli Iran\n", "text/csv; charset=utf-8"),
        (b"name\nQuiet Meadow Bakery\nBank Melli Iran\n", "application/x-www-form-urlencoded"),
        (b'{"name": "Quiet Meadow Bakery"}\n{"name": "Bank Melli Iran"}', "application/octet-stream"),
        ("name\nQuiet Meadow Bakery\nBank Melli Iran\n".encode("utf-16"), "text/plain"),
    ],
)
async def test_rows_come_in_any_of_three_formats(open_batches: OpenBatches, body: bytes, content_type: str) -> None:
    gateway = await open_batches(InProcess())
    _, told = await post(gateway, body, content_type=content_type)
    assert [row["outcome"] for row in lines_of(told)[0]] == ["clear", "match"]


async def test_the_answer_may_be_csv(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    _, told = await post(gateway, CSV, Accept="text/csv")
    *rows, last = csv.DictReader(io.StringIO(told.decode(), newline=""), strict=True)
    assert [(row["row"], row["ref"], row["status"], row["outcome"]) for row in rows] == [
        ("1", "A-1", "screened", "clear"),
        ("2", "A-2", "screened", "match"),
        ("3", "", "invalid", ""),
        ("4", "A-4", "invalid", ""),
        ("5", "A-5", "screened", "potential_match"),
        ("6", "'=1+1", "screened", "clear"),
    ]
    assert (rows[1]["matched_name"], rows[1]["list"]) == ("BANK MELLI IRAN", "SDN")
    assert (last["row"], last["status"], orjson.loads(last["detail"])["rows"]) == ("summary", "complete", 6)
    _, asked = await post(gateway, CSV, "?format=csv")
    assert asked.splitlines()[0] == told.splitlines()[0]


async def test_what_holds_for_all_rows_is_asked_once(open_batches: OpenBatches) -> None:
    matching = InProcess()
    gateway = await open_batches(matching)
    query = "?threshold=0.95&sources=EL,DPL&algorithm=ofac&map=name=Firm,ref=No&map=ids=Tax"
    _, told = await post(gateway, b"Firm,No,Tax\nBank Melli Iran,7,\n", query)
    rows, summary = lines_of(told)
    assert (rows[0]["ref"], rows[0]["outcome"]) == ("7", "clear")
    assert summary["columns"] == {"name": "Firm", "ref": "No", "ids": "Tax"}
    ((_, options, urgent),) = matching.asked
    assert (options.threshold, options.sources, options.algorithm, options.via) == (0.95, ("EL", "DPL"), "ofac", "list")
    assert urgent


async def test_the_agency_may_be_asked_for_each_row(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    _, told = await post(gateway, b"name\nBank Melli Iran\nx\n", "?via=api")
    rows, summary = lines_of(told)
    assert [row["status"] for row in rows] == ["screened", "invalid"]
    assert (rows[0]["outcome"], summary["list_version"], summary["list_as_of"]) == ("match", None, None)


async def test_a_row_that_kills_what_screens_it_costs_no_other(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    names = ["Quiet Meadow Bakery"] * 20 + ["poison"] + ["Bank Melli Iran"] * 100
    _, told = await post(gateway, "\n".join(["name", *names]).encode())
    rows, summary = lines_of(told)
    assert (summary["clear"], summary["match"], summary["not_screened"]) == (20, 100, 1)
    assert (rows[20]["code"], rows[20]["name"]) == ("set_aside", "poison")


async def test_what_screens_may_die_twice_and_no_row_is_lost(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess(failing=2))
    _, told = await post(gateway, b"name\n" + b"Bank Melli Iran\n" * 40)
    assert lines_of(told)[1]["match"] == 40


async def test_when_nothing_can_be_screened_every_row_says_so(open_batches: OpenBatches) -> None:
    matching = InProcess()
    gateway = await open_batches(matching)
    _, told = await post(gateway, b"name\n" + b"poison\n" * 200)
    _, summary = lines_of(told)
    assert (summary["not_screened"], summary["complete"]) == (200, True)
    assert len(matching.asked) <= 4 * 8


async def test_rows_before_a_fault_of_the_file_stand_and_the_summary_tells_it(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    status, told = await post(gateway, b'[{"name": "Bank Melli Iran"}, {"na', content_type="application/json")
    rows, summary = lines_of(told)
    assert (status, [row["outcome"] for row in rows], summary["complete"]) == (200, ["match"], False)
    said: Any = summary["problem"]
    assert (said["code"], said["fault"], said["row"]) == ("invalid_file", "broken_array", 1)


async def test_more_rows_than_are_taken_are_told_after_those_that_are(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    _, told = await post(gateway, b"name\n" + b"x1\n" * 10_001)
    rows, summary = lines_of(told)
    said: Any = summary["problem"]
    assert (len(rows), summary["complete"], said["code"], said["fault"]) == (
        10_000,
        False,
        "too_large",
        "too_many_rows",
    )


async def test_a_file_without_rows_is_told_as_such(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess())
    _, told = await post(gateway, b"name,ref\n")
    assert lines_of(told)[1]["rows"] == 0


@pytest.mark.parametrize(
    ("body", "query", "content_type", "code", "said"),
    [
        (b"ref,id\n1,2\n", "", "text/csv", "invalid_file", "no column is known to hold the name"),
        (b"", "", "text/csv", "invalid_file", "the file is empty"),
        (b"", "", "application/octet-stream", "invalid_file", "the file is empty"),
        (b"x", "", "application/json", "invalid_file", "no JSON array"),
        (b"PK\x03\x04xxxx", "", "application/octet-stream", "invalid_file", "ZIP archive"),
        (b"name\nx\n", "", "text/csv; charset=ebcdic", "invalid_file", "the encoding 'ebcdic' is not read here"),
        (b"name\nx\n", "?map=firm=x", "text/csv", "invalid_query", "map: 'firm=x' is not one of"),
        (b"name\nx\n", "?map=name=Firm", "text/csv", "invalid_file", "no column is called 'Firm'"),
        (b"name\nx\n", "?format=xml", "text/csv", "invalid_query", "format: must be ndjson or csv"),
        (b"name\nx\n", "?threshold=2", "text/csv", "invalid_query", "threshold"),
        (b"name\nx\n", "?via=both", "text/csv", "invalid_query", "via: must be list or api"),
        (b"name\nx\n", "?via=api&algorithm=ofac", "text/csv", "invalid_query", "algorithm: is the list's"),
        (b"name\nx\n", "?name=x", "text/csv", "invalid_query", "name: there is no such parameter"),
        (b"<x/>", "", "application/xml", "unsupported_media_type", "the body must be text/csv"),
    ],
)
async def test_what_is_wrong_before_the_first_row_is_a_problem(
    open_batches: OpenBatches, body: bytes, query: str, content_type: str, code: str, said: str
) -> None:
    matching = InProcess()
    told = await problem(await open_batches(matching), body, query, content_type)
    assert told["code"] == code
    assert said in told["detail"]
    assert matching.asked == []


async def test_without_a_list_that_may_clear_nobody_is_screened(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess(), sandbox_faults="csl=list-empty")
    told = await problem(gateway, b"name\nAcme\n")
    assert (told["status"], told["code"]) == (503, "not_screened")
    other = await open_batches(InProcess(), sandbox=False, sanctions_source="api")
    assert (await problem(other, b"name\nAcme\n"))["code"] == "not_configured"
    assert (await problem(other, b"name\nAcme\n", "?via=list"))["code"] == "not_screened"


async def test_the_example_in_the_description_is_answered_as_shown(open_batches: OpenBatches) -> None:
    shown = (Path(__file__).parents[2] / "docs/rest.md").read_text()
    example = re.search(
        r"curl -s 'localhost:8080(\S+)' \S+ '.*?' --data-binary \$'(.*?)'\n(row,.*?)\n```", shown, re.DOTALL
    )
    assert example is not None
    path, body, answer = example.groups()
    gateway = await open_batches(InProcess())
    async with gateway.post(
        path, data=body.replace("\\n", "\n").encode(), headers={"Content-Type": "text/csv"}
    ) as response:
        *rows, summary = csv.reader(io.StringIO((await response.read()).decode(), newline=""))
    *shown_rows, shown_summary = csv.reader(io.StringIO(answer))
    assert rows == shown_rows
    volatile = {"list_as_of", "request_id"}
    told, was_told = (orjson.loads(each[6]) for each in (summary, shown_summary))
    assert {name: told[name] for name in told.keys() - volatile} == {
        name: was_told[name] for name in was_told.keys() - volatile
    }


async def test_a_key_that_is_missing_is_said_in_the_same_words_everywhere(open_batches: OpenBatches) -> None:
    gateway = await open_batches(InProcess(), sandbox=False, sanctions_source="api")
    said = set()
    for path in (PATH, "/v1/jobs"):
        async with gateway.post(path, data=b"name\nAcme\n", headers={"Content-Type": "text/csv"}) as response:
            told = await response.json()
            said.add((response.status, told["code"], told["detail"], told["upstream"]))
    async with gateway.get("/v1/sanctions?name=Acme") as response:
        told = await response.json()
        said.add((response.status, told["code"], told["detail"], told["upstream"]))
    assert len(said) == 1
    assert said.pop()[:2] == (503, "not_configured")


#: In another script, of which no letter is one of ours.
LISTED = "\u0411\u0430\u0440\u0430\u043a \u041a\u0432\u0430\u0440\u0438\u0430\u043d\u0438"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f"name,ref\n{LISTED},A-1\nQuiet Meadow,A-2\n", "text/csv"),
        (f'{{"name": "{LISTED}", "ref": "A-1"}}\n{{"name": "Quiet Meadow"}}\n', "application/x-ndjson"),
        (f'[{{"name": "{LISTED}", "ref": "A-1"}}, {{"name": "Quiet Meadow"}}]', "application/json"),
    ],
)
async def test_a_name_in_an_encoding_that_is_not_certain_is_never_clear(
    open_batches: OpenBatches, body: str, content_type: str
) -> None:
    gateway = await open_batches(InProcess())
    _, answer = await post(gateway, body.encode("cp1251"), content_type=content_type)
    rows, summary = lines_of(answer)
    assert (rows[0]["ref"], rows[0]["status"], rows[0]["code"]) == ("A-1", "invalid", "unknown_encoding")
    assert "looks like windows-1251" in str(rows[0]["detail"])
    assert rows[1]["status"] == "screened"
    assert (summary["encoding"], summary["invalid"]) == ("windows-1251", 1)
    _, answer = await post(gateway, body.encode("cp1251"), content_type=f"{content_type}; charset=windows-1251")
    assert lines_of(answer)[0][0]["name"] == LISTED
    async with gateway.post("/v1/jobs", data=body.encode("cp1251"), headers={"Content-Type": content_type}) as response:
        job = await response.json()
    async with asyncio.timeout(30):
        while job["ended_at"] is None:
            await asyncio.sleep(0.02)
            async with gateway.get(job["url"]) as response:
                job = await response.json()
    async with gateway.get(f"{job['url']}/results") as response:
        row = orjson.loads((await response.read()).splitlines()[0])
    assert (row["status"], row["code"]) == ("invalid", "unknown_encoding")
