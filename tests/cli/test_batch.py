"""`batch`: what it writes, how it ends, and that an interrupted run is gone on with."""

import asyncio
import csv
import io
import re
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.batches.sqlite_ledger import SqliteLedger
from service.cli.batch_target import Target
from tests.batches.held import hold_made_list
from tests.cli.runs import COMMAND, Ended, environment, run, typed

HEADER = "Firma;Kd-Nr\r\n"
ROWS = 12_000


@pytest.fixture
def here(tmp_path: Path) -> dict[str, Any]:
    """Settings of a folder with a made list that nobody renews."""
    hold_made_list(tmp_path / "data" / "lists", entries=2_000)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/list"
    return {
        "data_dir": tmp_path / "data",
        "sanctions_source": "list",
        "list_url": url,
        "list_min_rows": 1,
        "matching_processes": 1,
    }


def of_the_list(folder: Path) -> dict[str, Any]:
    """Settings with which the sandbox screens by its list."""
    return {"data_dir": folder, "sanctions_source": "list"}


def many_rows(folder: Path, rows: int = ROWS) -> Path:
    file = folder / "many.csv"
    lines = [f"{number},Quiet {number} Harbor {number * 7} Foods" for number in range(1, rows + 1)]
    file.write_text("\n".join(["ref,name", *lines]) + "\n")
    return file


def left_of_results(folder: Path) -> list[str]:
    """What a run left that is neither its input nor what is kept for the next."""
    return sorted(each.name for each in folder.iterdir() if each.name not in ("data", "many.csv"))


async def interrupted(settings: dict[str, Any], *words: str) -> Ended:
    """Begin, and send SIGINT once the first rows have a result."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND,
        *words,
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(60):
        while not await done_of_only_job(settings):
            assert process.returncode is None
            await asyncio.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def done_of_only_job(settings: dict[str, Any]) -> int:
    """How many of its rows have a result."""
    path = settings["data_dir"] / "jobs" / "ledger.sqlite3"
    if not await asyncio.to_thread(path.exists):
        return 0
    ledger = SqliteLedger(path)
    try:
        found = await ledger.open_chunks(jobs=1, of_each=1)
        job = await ledger.job(found[0].job_id) if found else None
        return 0 if job is None else job.counts.rows
    finally:
        await ledger.aclose()


async def test_a_file_is_screened_into_csv_whose_rows_say_that_they_are_of_sample_data(tmp_path: Path) -> None:
    given, out = tmp_path / "given.csv", tmp_path / "out.csv"
    given.write_bytes(
        b"\xef\xbb\xbf"
        + f'{HEADER}Bank Melli;A-1\r\n"Quiet\r\nHarbor Foods";A-2\r\n;A-3\r\n"{"x" * 10**6}";A-4\r\n'.encode()
    )
    ended = await run(
        "batch", str(given), "-o", str(out), "--map", "name=Firma", "--sandbox", **of_the_list(tmp_path / "data")
    )
    assert (ended.code, ended.out) == (1, "")
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    assert [(row["row"], row["ref"], row["status"], row["outcome"]) for row in rows] == [
        ("1", "A-1", "screened", "match"),
        ("2", "A-2", "screened", "clear"),
        ("3", "A-3", "invalid", ""),
        ("4", "", "invalid", ""),
    ]
    assert {row["sandbox"] for row in rows} == {"true"}
    assert "4 rows: 2 screened, 2 invalid, 0 not screened" in ended.err
    assert "SAMPLE DATA" in ended.err


async def test_windows_1252_from_standard_input_comes_out_as_json_lines(tmp_path: Path) -> None:
    given = f"{HEADER}Müller & Söhne;1\r\n".encode("cp1252")
    ended = await run("batch", "-", "--map", "name=Firma", "--sandbox", given=given, **of_the_list(tmp_path))
    (told,) = [orjson.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, told["name"], told["outcome"], told["sandbox"]) == (0, "Müller & Söhne", "clear", True)


async def test_a_file_whose_encoding_is_not_certain_is_read_when_it_is_said(tmp_path: Path) -> None:
    words = ("batch", "-", "--map", "name=Firma", "--sandbox")
    given = f"{HEADER}Барак Квариани;1\r\n".encode("cp1251")
    ended = await run(*words, given=given, **of_the_list(tmp_path))
    (told,) = [orjson.loads(line) for line in ended.out.splitlines()]
    assert (ended.code, told["status"], told["code"]) == (1, "invalid", "unknown_encoding")
    ended = await run(*words, "--charset", "windows-1251", given=given, **of_the_list(tmp_path))
    (told,) = [orjson.loads(line) for line in ended.out.splitlines()]
    assert (told["name"], told["status"]) == ("Барак Квариани", "screened")
    assert (await run(*words, "--charset", "ebcdic", given=given, **of_the_list(tmp_path))).code == 2


async def test_the_summary_in_json_has_counts_that_add_up_and_the_list(tmp_path: Path, here: dict[str, Any]) -> None:
    out = tmp_path / "out.ndjson"
    words = ("batch", "-", "-o", str(out), "--json")
    ended = await run(*words, given=b'{"name": "Quiet Harbor Foods"}\n{"name": 7}\n', **here)
    summary = ended.body
    assert ended.code == 1  # a row that cannot be screened is never passed over
    counted = Counter(orjson.loads(line)["status"] for line in out.read_bytes().splitlines())
    assert (summary["rows"], summary["screened"], summary["invalid"]) == (2, 1, 1)
    assert counted == {"screened": 1, "invalid": 1}
    assert re.fullmatch("[0-9a-f]{64}", summary["list_version"])
    assert summary["list_as_of"]
    assert summary["complete"]
    assert "sandbox" not in summary
    assert b"sandbox" not in out.read_bytes()


async def test_clear_rows_alone_end_with_0_and_hits_with_1(tmp_path: Path) -> None:
    clear = await run("batch", "-", "--sandbox", given=b"name\nQuiet Harbor Foods\n", **of_the_list(tmp_path))
    hit = await run("batch", "-", "--sandbox", given=b"name\nBank Melli\n", **of_the_list(tmp_path))
    assert (clear.code, hit.code) == (0, 1)


async def test_a_row_in_an_embargoed_country_is_to_be_looked_at_though_no_name_is_listed(tmp_path: Path) -> None:
    file = tmp_path / "names.csv"
    file.write_text("name,country\nQuiet Harbor Foods,Iran\nQuiet Meadow Bakery,Narnia\nPlain Grocers,Norway\n")
    ended = await run("batch", str(file), "--sandbox", "--output", str(tmp_path / "out.csv"), **of_the_list(tmp_path))
    assert ended.code == 1
    assert "3 without a listed name" in ended.err
    assert "country programs: 1 stop" in ended.err
    assert "not read as given: 1 country_not_understood" in ended.err


async def test_an_outage_of_the_agency_ends_with_3_and_every_row_says_why(tmp_path: Path) -> None:
    words = ("batch", "-", "--via", "api", "--sandbox", "--fault", "csl=status:400")
    ended = await run(*words, given=b"name\nQuiet Harbor Foods\nBank Melli\n", retry="off", data_dir=tmp_path)
    told = [orjson.loads(line) for line in ended.out.splitlines()]
    assert ended.code == 3
    assert [each["status"] for each in told] == ["not_screened", "not_screened"]
    assert all(each["code"] and each["detail"] for each in told)


async def test_without_a_list_in_force_it_ends_with_3_and_no_file_is_written(
    tmp_path: Path, here: dict[str, Any]
) -> None:
    out = tmp_path / "out.csv"
    ended = await run("batch", "-", "-o", str(out), given=b"name\nA Party\n", **here | {"data_dir": tmp_path / "empty"})
    assert (ended.code, out.exists()) == (3, False)
    assert "no list is in force" in ended.err


async def test_a_list_that_is_too_old_screens_nobody(tmp_path: Path, here: dict[str, Any]) -> None:
    hold_made_list(tmp_path / "old" / "lists", as_of=datetime.now(UTC) - timedelta(hours=25))
    ended = await run("batch", "-", given=b"name\nA Party\n", **here | {"data_dir": tmp_path / "old"})
    assert (ended.code, ended.out) == (3, "")


@pytest.mark.parametrize(
    ("words", "given", "says"),
    [
        (("--threshold", "7"), b"name\nA\n", "--threshold:"),
        (("--via", "api", "--algorithm", "ofac"), b"name\nA\n", "--algorithm:"),
        (("--map", "firma=name"), b"name\nA\n", "--map:"),
        (("--map", "ref=", "--map", "ref=x", "--threshold", "7"), b"name\nA\n", "once; --threshold: must be at most 1"),
        (("--json",), b"name\nA\n", "--json:"),
        (("-o", "results.txt"), b"name\nA\n", "--format"),
        (("-o", "no/such/folder/out.csv"), b"name\nA\n", "no file can be written there"),
        ((), b"", "the file is empty"),
        ((), b"name\n", "the file has no rows"),
        ((), b"Produkt;Preis\nTee;7\n", "--map name="),
        ((), b"PK\x03\x04workbook", "save it as CSV"),
    ],
)
async def test_what_cannot_be_is_told_in_one_line_and_ends_with_2(
    tmp_path: Path, words: tuple[str, ...], given: bytes, says: str
) -> None:
    ended = await run("batch", "-", *words, "--sandbox", given=given, **of_the_list(tmp_path))
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert says in ended.err


async def test_neither_a_file_that_is_not_there_nor_the_input_itself_is_written_over(tmp_path: Path) -> None:
    given = tmp_path / "given.csv"
    given.write_text("name\nA Party\n")
    gone = await typed("batch", str(tmp_path / "gone.csv"), "--sandbox", data_dir=tmp_path)
    same = await typed("batch", str(given), "-o", str(given), "--sandbox", data_dir=tmp_path)
    assert (gone.code, same.code) == (2, 2)
    assert given.read_text() == "name\nA Party\n"


async def test_with_a_database_it_says_who_screens_there() -> None:
    ended = await typed("batch", "-", given=b"name\nA\n", database_url="postgresql://somebody:secret@db.invalid/jobs")
    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "POST /v1/jobs" in ended.err
    assert "secret" not in ended.err


async def test_an_interrupted_run_leaves_no_file_and_the_same_command_goes_on_where_it_was(
    tmp_path: Path, here: dict[str, Any]
) -> None:
    words = ("batch", str(many_rows(tmp_path)), "-o", str(tmp_path / "out.ndjson"))
    first = await interrupted(here, *words)
    assert first.code == 130
    assert "the same command goes on" in first.err
    assert "Traceback" not in first.err
    assert left_of_results(tmp_path) == []
    done = await done_of_only_job(here)
    assert 0 < done < ROWS

    second = await run(*words, **here)
    assert second.code == 0
    assert f"{done:,} of {ROWS:,} rows are done" in second.err
    told = [orjson.loads(line) for line in (tmp_path / "out.ndjson").read_bytes().splitlines()]
    assert [each["row"] for each in told] == list(range(1, ROWS + 1))
    assert {each["outcome"] for each in told} == {"clear"}
    assert left_of_results(tmp_path) == ["out.ndjson"]

    third = await run("batch", "-", given=b"name\nA Party\n", **here)
    assert "going on" not in third.err
    assert await done_of_only_job(here) == 0


async def test_what_was_screened_by_another_list_than_the_one_in_force_is_begun_anew(
    tmp_path: Path, here: dict[str, Any]
) -> None:
    words = ("batch", str(many_rows(tmp_path)), "-o", str(tmp_path / "out.ndjson"), "--json")
    await interrupted(here, *words)
    _, version = hold_made_list(here["data_dir"] / "lists", entries=2_040, seed=7)
    ended = await run(*words, **here)
    assert "begun anew" in ended.err
    assert (ended.code, ended.body["list_version"], ended.body["rows"]) == (0, version, ROWS)


async def test_anew_forgets_what_an_interrupted_run_has_done(tmp_path: Path, here: dict[str, Any]) -> None:
    words = ("batch", str(many_rows(tmp_path)), "-o", str(tmp_path / "out.csv"))
    await interrupted(here, *words)
    ended = await run(*words, "--anew", **here)
    assert (ended.code, "going on" in ended.err) == (0, False)
    assert (tmp_path / "out.csv").read_bytes().count(b"\r\n") == ROWS + 1


async def test_when_results_end_early_the_file_that_was_there_stays(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[list[Any]]:
        yield []
        raise ConnectionError("the ledger is away")

    out = tmp_path / "out.csv"
    out.write_text("last month's")
    with pytest.raises(Exception, match="the ledger is away"):
        await Target(out, "csv", sandbox=False).write(broken())
    assert left_of_results(tmp_path) == ["out.csv"]
    assert out.read_text() == "last month's"
