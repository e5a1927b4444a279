"""Data of the caller's own: what is served, and what stops the start with one line."""

from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.sandbox import Sandbox, SandboxDataError
from tests.service.sandbox.conftest import REAL, SAMPLE_DATA, Agency


def raw_row(number: str, **more: Any) -> dict[str, Any]:
    """A row of an export file."""
    return {
        "htsno": number,
        "indent": "0",
        "description": f"Goods {number}",
        "superior": None,
        "units": [],
        "general": "",
        "special": "",
        "other": "",
        "footnotes": [],
    } | more


@pytest.fixture
def hts(tmp_path: Path) -> Path:
    folder = tmp_path / "hts"
    folder.mkdir()
    return folder


def write(file: Path, body: object) -> None:
    file.write_bytes(orjson.dumps(body))


async def served(data: Path, session: aiohttp.ClientSession, **more: str) -> tuple[Any, Any]:
    """All rows and the release of a sandbox with `data`."""
    sandbox = Sandbox(data)
    await sandbox.start()
    try:
        agency = Agency(sandbox.url("hts"), session)
        return await agency.export("0100", "9999", **more), await agency.json("/currentRelease")
    finally:
        await sandbox.close()


async def test_files_are_served_as_they_are_in_the_order_of_the_schedule(
    hts: Path, session: aiohttp.ClientSession
) -> None:
    later, earlier = [raw_row("8507"), raw_row("8507.10.00", new=1)], [raw_row("", superior="true"), raw_row("0101")]
    write(hts / "a.json", later)
    (hts / "chapter_01.json").write_bytes(b"\xef\xbb\xbf" + orjson.dumps(earlier))
    (hts / "notes.txt").write_text("not data")
    rows, release = await served(hts.parent, session)
    assert rows == earlier + later
    assert release["name"] == "0000HTSSandbox"


async def test_the_release_in_force_is_the_one_whose_status_is_current(
    hts: Path, session: aiohttp.ClientSession
) -> None:
    write(hts / "chapter_01.json", [raw_row("0101")])
    listed = [{"name": "2026HTSRev2", "status": "draft"}, {"name": "2026HTSRev1", "status": "current", "title": "1"}]
    write(hts / "release_list_2026.json", listed)
    _, release = await served(hts.parent, session)
    assert release == {"name": "2026HTSRev1", "title": "1", "description": None}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"not json", "is not JSON"),
        (b"<html></html>", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ({"rows": []}, "is not a list"),
        ([], "is not a list with something in it"),
        (["0101"], "element 1 is not an object"),
        ([raw_row("0101"), {"htsno": "0102"}], "row 2: has no 'indent'"),
        ([raw_row("01.01")], "row 1: 'htsno' is '01.01', allowed: 4, 6, 8 or 10 digits"),
        ([raw_row("0101", htsno=101)], "row 1: 'htsno' is not a text"),
        ([raw_row("0101", description=None)], "row 1: 'description' is not a text"),
        ([raw_row("0101", general=0.05)], "row 1: 'general' is neither a text nor null"),
        ([raw_row("0101", indent="x\ny")], "row 1: 'indent' is 'x\\ny', allowed: a whole number as a text"),
        ([raw_row("0101", units="No.")], "row 1: 'units' is not a list of texts"),
        ([raw_row("0101", footnotes=["See 9903.88.15."])], "row 1: 'footnotes' is neither null nor a list"),
    ],
)
async def test_a_file_of_another_shape_stops_the_start_with_one_line_that_names_it(
    hts: Path, body: object, says: str
) -> None:
    file = hts / "chapter_01.json"
    file.write_bytes(body if isinstance(body, bytes) else orjson.dumps(body))
    with pytest.raises(SandboxDataError) as caught:
        await Sandbox(hts.parent).start()
    message = str(caught.value)
    assert message.startswith("sandbox data: ")
    assert str(file) in message
    assert says in message
    assert "\n" not in message


async def test_a_number_in_two_files_stops_the_start(hts: Path) -> None:
    write(hts / "chapter_01.json", [raw_row("0101")])
    write(hts / "full.json", [raw_row("0101"), raw_row("0102")])
    with pytest.raises(SandboxDataError, match=r"0101 stands in .*chapter_01\.json and in .*full\.json$"):
        await Sandbox(hts.parent).start()


async def test_a_folder_without_files_of_the_agency_stops_the_start(hts: Path) -> None:
    with pytest.raises(SandboxDataError, match=r"the folder .*hts has no \.json file$"):
        await Sandbox(hts.parent).start()
    with pytest.raises(SandboxDataError, match=r"hts has none of the folders hts, csl, fda, cross$"):
        await Sandbox(hts).start()
    write(hts / "release_list.json", [{"name": "2026HTSRev1"}])
    with pytest.raises(SandboxDataError, match="has no file with rows"):
        await Sandbox(hts.parent).start()


async def test_wrong_release_lists_stop_the_start(hts: Path) -> None:
    write(hts / "chapter_01.json", [raw_row("0101")])
    write(hts / "release_list.json", [{"title": "Revision 1"}])
    with pytest.raises(SandboxDataError, match=r"release 1: has no 'name'$"):
        await Sandbox(hts.parent).start()
    write(hts / "release_list_2.json", [{"name": "2026HTSRev1"}])
    with pytest.raises(SandboxDataError, match=r"has 2 release lists, allowed: one$"):
        await Sandbox(hts.parent).start()


@pytest.mark.parametrize("data", [SAMPLE_DATA, REAL] if (REAL / "hts").is_dir() else [SAMPLE_DATA])
async def test_whole_chapters_come_back_row_for_row(data: Path, session: aiohttp.ClientSession) -> None:
    rows, release = await served(data, session, styles="true")
    assert rows == [
        row for file in sorted((data / "hts").glob("chapter_*.json")) for row in orjson.loads(file.read_bytes())
    ]
    (listed,) = [orjson.loads(file.read_bytes()) for file in (data / "hts").glob("release_list*.json")]
    assert release["name"] == listed[0]["name"]
