"""CROSS, quirk by quirk, as it stands on the built-in data."""

from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.sandbox import Sandbox, SandboxDataError
from service.sandbox.cross_data import RELATIONS
from tests.service.sandbox.conftest import SAMPLE_DATA

RULINGS = orjson.loads((SAMPLE_DATA / "cross/rulings.json").read_bytes())["rulings"]
HTS = {
    row["htsno"]
    for file in (SAMPLE_DATA / "hts").glob("chapter_*.json")
    for row in orjson.loads(file.read_bytes())
    if row["htsno"]
}


class Archive:
    """Asks CROSS of a sandbox."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.url, self.session = sandbox.url("cross"), session

    async def search(self, **parameters: str) -> Any:
        async with self.session.get(f"{self.url}/search", params=parameters) as response:
            assert response.status == 200
            return await response.json()

    async def numbers(self, **parameters: str) -> list[str]:
        return [ruling["rulingNumber"] for ruling in (await self.search(pageSize="100", **parameters))["rulings"]]

    async def get(self, path: str) -> tuple[int, str, bytes]:
        async with self.session.get(f"{self.url}/{path}") as response:
            return response.status, response.content_type, await response.read()


@pytest.fixture
def cross(sandbox: Sandbox, session: aiohttp.ClientSession) -> Archive:
    return Archive(sandbox, session)


def test_there_are_40_rulings_whose_relations_agree_in_both_directions() -> None:
    by_number = {ruling["rulingNumber"]: ruling for ruling in RULINGS}
    assert len(by_number) == 49
    for number, ruling in by_number.items():
        for done, told in (("revokes", "revokedBy"), ("modifies", "modifiedBy")):
            assert all(number in by_number[other][told] for other in ruling[done])
            assert all(number in by_number[other][done] for other in ruling[told])
    assert sum(bool(ruling["revokedBy"]) for ruling in RULINGS) == 6
    assert sum(bool(ruling["modifiedBy"]) for ruling in RULINGS) == 4
    assert sum(ruling["operationallyRevoked"] for ruling in RULINGS) == 2
    assert {type(ruling["tariffs"]) for ruling in RULINGS} == {str, list, type(None)}
    assert all("sample data" in ruling["text"] for ruling in RULINGS)


def test_every_tariff_number_that_a_ruling_decides_is_in_the_sandbox_s_tariff() -> None:
    for ruling in RULINGS:
        tariffs = ruling["tariffs"] or []
        for number in tariffs.split(",") if isinstance(tariffs, str) else tariffs:
            digits = number.strip().replace(".", "")
            assert f"{digits[:4]}.{digits[4:6]}.{digits[6:8]}.{digits[8:]}" in HTS


async def test_a_search_gives_rulings_without_their_text_and_a_count(cross: Archive) -> None:
    assert (await cross.search(term="*", toDate="", fromDate="", pageSize="9" * 5000))["totalHits"] == 49
    body = await cross.search(term="battery", pageSize="2")
    assert list(body) == ["rulings", "totalHits"]
    assert len(body["rulings"]) == 2
    assert body["totalHits"] > 2
    assert not any("text" in ruling for ruling in body["rulings"])
    assert all(isinstance(ruling[key], list) for ruling in body["rulings"] for key in RELATIONS)


async def test_terms_are_words_phrases_or_everything(cross: Archive) -> None:
    assert len(await cross.numbers(term="*")) == 49
    assert await cross.numbers(term="") == []
    assert await cross.numbers() == []
    assert await cross.numbers(term='"battery storage tray"') == ["N033615"]
    either, both = await cross.numbers(term="tuna horses"), await cross.numbers(term="tuna AND horses")
    assert {"N222333", "N270606"} <= set(either)
    assert both == []


async def test_tariff_numbers_are_found_in_cbp_s_writing_only(cross: Archive) -> None:
    assert len(await cross.numbers(term="8507.60.0020")) >= 5
    assert await cross.numbers(term="8507.60.00.20") == []


async def test_collections_dates_and_order_narrow_a_search(cross: Archive) -> None:
    assert {ruling["collection"] for ruling in (await cross.search(term="*", collection="HQ"))["rulings"]} == {"hq"}
    found = (await cross.search(term="*", fromDate="2018-08-02", toDate="2019-08-22", sortBy="DATE_DESC"))["rulings"]
    days = [ruling["rulingDate"] for ruling in found]
    assert (days[0], days[-1]) == ("2019-08-22T00:00:00", "2018-08-02T00:00:00")
    assert days == sorted(days, reverse=True)


async def test_pages_count_from_1(cross: Archive) -> None:
    everything = await cross.numbers(term="*")
    pages = [
        [each["rulingNumber"] for each in (await cross.search(term="*", page=str(page)))["rulings"]]
        for page in (1, 2, 3)
    ]
    assert pages == [everything[:30], everything[30:], []]


@pytest.mark.parametrize("number", ["W964711", "w964711"])
async def test_a_letter_has_its_text_and_nulls_where_the_search_has_relations(cross: Archive, number: str) -> None:
    status, _, body = await cross.get(f"ruling/{number}")
    letter = orjson.loads(body)
    assert (status, letter["rulingNumber"]) == (200, "w964711")
    assert all(letter[key] is None for key in (*RELATIONS, "tariffs", "categories"))
    assert letter["text"].startswith("HQ W964711\r\n")
    assert letter["url"] == "/docs/hq/2002/w964711.doc"
    assert letter["isRevokedByOperationalLaw"] is False


async def test_an_unknown_number_is_a_500_and_an_unknown_path_is_the_site_with_200(cross: Archive) -> None:
    assert (await cross.get("ruling/N999999"))[0] == 500
    for path in ("rulings/N305619", "search/x", "stat/nothing"):
        status, content_type, body = await cross.get(path)
        assert (status, content_type) == (200, "text/html")
        assert b"<app-root>" in body


async def test_the_state_of_the_archive_is_told_with_its_misspelling(cross: Archive) -> None:
    _, _, body = await cross.get("stat/lastupdate")
    assert orjson.loads(body) == {
        "lastUpdateDate": "2024-10-15T00:00:00",
        "totalSearchableRulingsCount": 49,
        "numberOfNewRlingsAdded": 0,
    }


def ruling(number: str, **more: Any) -> dict[str, Any]:
    return {"rulingNumber": number, "subject": "x", "collection": "ny", "rulingDate": "2020-01-01T00:00:00"} | more


async def started(tmp_path: Path, *rulings: dict[str, Any]) -> Sandbox:
    (tmp_path / "cross").mkdir()
    (tmp_path / "cross/a.json").write_bytes(orjson.dumps({"rulings": rulings, "totalHits": len(rulings)}))
    sandbox = Sandbox(tmp_path)
    await sandbox.start()
    return sandbox


async def test_a_count_ends_at_ten_thousand(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    sandbox = await started(tmp_path, *(ruling(f"N{100000 + at}") for at in range(10_050)))
    cross = Archive(sandbox, session)
    body = await cross.search(term="*", pageSize="1000", page="10")
    assert (len(body["rulings"]), body["totalHits"]) == (1000, 10_000)
    assert (await cross.search(term="*", pageSize="1000", page="11"))["rulings"] == []
    await sandbox.close()


async def test_a_letter_beyond_ascii_comes_in_windows_1252(tmp_path: Path, session: aiohttp.ClientSession) -> None:
    sandbox = await started(tmp_path, ruling("N100000", text="café “x”"), ruling("N100001", text="电池"))
    cross = Archive(sandbox, session)
    assert "café “x”".encode("cp1252") in (await cross.get("ruling/N100000"))[2]
    assert "电池".encode() in (await cross.get("ruling/N100001"))[2]
    await sandbox.close()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"results": []}, "is no JSON object with 'rulings'"),
        ({"rulings": []}, "is not a list with something in it"),
        ({"rulings": [{"subject": "x"}]}, "ruling 1: has no 'rulingNumber'"),
        ({"rulings": [ruling("N1", rulingDate="today")]}, "ruling 1: has no 'rulingDate'"),
        ({"rulings": [ruling("N1", revokedBy="H1")]}, "ruling 1: 'revokedBy' is not a list"),
        ({"rulings": [ruling("N1", revokedBy=[None])]}, "ruling 1: 'revokedBy' is not a list"),
        ({"rulings": [ruling("N1", tariffs=5)]}, "ruling 1: 'tariffs' is neither"),
        ({"rulings": [ruling("N1", text=5)]}, "ruling 1: 'text' is not a text"),
    ],
)
async def test_a_file_of_another_shape_stops_the_start(tmp_path: Path, body: object, says: str) -> None:
    (tmp_path / "cross").mkdir()
    (tmp_path / "cross/a.json").write_bytes(orjson.dumps(body))
    with pytest.raises(SandboxDataError, match=says):
        await Sandbox(tmp_path).start()
