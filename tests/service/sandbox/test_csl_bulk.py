"""The file of all lists, as the sandbox serves it: whole, conditional, and broken on demand."""

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from service.sandbox import Sandbox, parse_faults
from tests.service.sandbox.conftest import REAL, SAMPLE_DATA
from tools.sanctions_entries import ListEntry
from tools.screening.consolidated import ListFile, entry_of
from tools.screening.gates import failed_gates
from tools.screening.reading import read_through

ENTRIES = orjson.loads((SAMPLE_DATA / "csl/consolidated.json").read_bytes())["results"]


@pytest.fixture
async def real(session: aiohttp.ClientSession, tmp_path: Path) -> AsyncIterator[tuple[Sandbox, Path]]:
    """A sandbox with real rows of every layout, and the folder that they are in."""
    if not REAL.is_dir():
        pytest.skip("the samples are not here")
    (tmp_path / "csl").mkdir()
    sample = "consolidated_2025_excerpt.csv"
    (tmp_path / "csl" / sample).write_bytes((REAL / "csl" / sample).read_bytes())
    sandbox = Sandbox(tmp_path)
    await sandbox.start()
    yield sandbox, tmp_path / "csl" / sample
    await sandbox.close()


async def body(session: aiohttp.ClientSession, url: str) -> bytes:
    async with session.get(url) as response:
        assert response.status == 200
        return await response.read()


def entries(path: Path) -> list[ListEntry]:
    file = ListFile(path)
    return [entry_of(record, file.layout) for record in file.records()]


async def test_both_files_have_every_entry_and_want_no_key(
    sandbox: Sandbox, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    rows = list(csv.DictReader(io.StringIO((await body(session, sandbox.list_url)).decode())))
    assert [(row["_id"], row["name"]) for row in rows] == [(str(each["id"]), each["name"]) for each in ENTRIES]
    told = orjson.loads(await body(session, sandbox.list_url.replace(".csv", ".json")))
    assert told["results"] == ENTRIES
    assert told["total"] == len(ENTRIES)
    assert len(told["sources_used"]) == 13


@pytest.mark.parametrize("name", ["csv", "json"])
async def test_both_files_pass_every_gate(
    sandbox: Sandbox, session: aiohttp.ClientSession, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "list"
    path.write_bytes(await body(session, sandbox.list_url.replace("csv", name)))
    assert failed_gates(read_through(path).figures, None, min_rows=1) == ()


async def test_a_file_is_sent_again_only_when_it_is_another(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    async with session.get(sandbox.list_url) as response:
        etag, changed = response.headers["ETag"], response.headers["Last-Modified"]
        assert response.headers["Cache-Control"] == "no-store, must-revalidate, no-cache"
        assert not etag.startswith("W/")
    for conditions, status in (
        ({"If-None-Match": etag}, 304),
        ({"If-None-Match": f'"other", {etag}'}, 304),
        ({"If-None-Match": '"other"', "If-Modified-Since": changed}, 200),
        ({"If-Modified-Since": changed}, 304),
        ({"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"}, 200),
    ):
        async with session.get(sandbox.list_url, headers=conditions) as response:
            assert response.status == status, conditions
            assert response.headers["ETag"] == etag


async def test_head_is_not_found(sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
    async with session.head(sandbox.list_url) as response:
        assert response.status == 404
    async with session.get(sandbox.list_url.replace(".csv", ".tsv")) as response:
        assert response.status == 404
        assert (await response.json())["message"] == "Resource not found"


async def test_each_fault_breaks_the_file_in_its_way_while_it_runs(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    whole = await body(session, sandbox.list_url)
    control = sandbox.list_url.partition("/csl/")[0] + "/faults"

    async def broken(fault: str) -> bytes:
        async with session.put(control, data=f"csl={fault}") as response:
            assert response.status == 204
        return await body(session, sandbox.list_url)

    assert await broken("list-cut") == whole[: len(whole) // 2]
    assert await broken("list-empty") == b""
    assert (await broken("list-html")).startswith(b"<!DOCTYPE html>")
    old = next(csv.reader(io.StringIO((await broken("list-old-layout")).decode())))
    assert len(old) == 27
    assert "_id" not in old
    without = list(csv.DictReader(io.StringIO((await broken("list-without-sdn")).decode())))
    assert 0 < len(without) < len(ENTRIES)
    assert not [row for row in without if "(SDN)" in row["source"]]
    without = list(csv.DictReader(io.StringIO((await broken("list-without-fse")).decode())))
    assert {row["source"] for row in without} == {
        entry["source"] for entry in ENTRIES if "(FSE)" not in entry["source"]
    }
    wider = list(csv.reader(io.StringIO((await broken("list-extra-column")).decode())))
    assert {len(row) for row in wider} == {30}
    assert wider[0][-1] == "risk_rating"
    async with session.put(control, data="csl=list-crumpled") as response:
        assert response.status == 400
        assert "AGENCY=KIND" in await response.text()
    async with session.put(control, data="") as response:
        assert response.status == 204
    assert await body(session, sandbox.list_url) == whole


async def test_a_broken_file_has_an_etag_of_its_own_and_the_search_is_left_alone(
    sandbox: Sandbox, session: aiohttp.ClientSession
) -> None:
    async with session.get(sandbox.list_url) as response:
        etag = response.headers["ETag"]
    sandbox.set_faults(parse_faults("csl=list-without-sdn"))
    async with session.get(sandbox.list_url, headers={"If-None-Match": etag}) as response:
        assert response.status == 200
    search = {"name": ENTRIES[0]["name"], "subscription-key": "sandbox"}
    async with session.get(f"{sandbox.url('csl')}/search", params=search) as response:
        assert (await response.json())["total"] >= 1


async def test_real_rows_come_out_as_they_went_in(
    real: tuple[Sandbox, Path], session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    sandbox, source = real
    served = tmp_path / "served"
    served.write_bytes(await body(session, sandbox.list_url))
    assert entries(served) == entries(source)
