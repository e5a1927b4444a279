"""The screening list's search, quirk by quirk, as it stands on the built-in data."""

from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.sandbox import KEYS, Sandbox, SandboxDataError
from tests.service.sandbox.conftest import REAL, SAMPLE_DATA
from tools.sanctions_lists import LISTS

ENTRIES = orjson.loads((SAMPLE_DATA / "csl/consolidated.json").read_bytes())["results"]
KEY = {"subscription-key": KEYS["subscription_key"]}


class List:
    """Asks the list's search of a sandbox."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.url, self.session = sandbox.url("csl"), session

    async def search(self, **parameters: str) -> Any:
        async with self.session.get(f"{self.url}/search", params=parameters, headers=KEY) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def names(self, **parameters: str) -> list[str]:
        return [entry["name"] for entry in (await self.search(**parameters))["results"]]


@pytest.fixture
def csl(sandbox: Sandbox, session: aiohttp.ClientSession) -> List:
    return List(sandbox, session)


def test_there_are_about_200_entries_over_all_lists_each_with_its_own_id() -> None:
    by_list = Counter(entry["source"] for entry in ENTRIES)
    assert by_list.keys() == {each.name for each in LISTS.values()}
    assert 190 <= len(ENTRIES) <= 220
    assert len({(entry["source"], entry["id"]) for entry in ENTRIES}) == len(ENTRIES)
    assert b"Sample data" in (SAMPLE_DATA / "csl/consolidated.json").read_bytes()[:200]


def test_each_list_has_the_keys_that_the_agency_gives_it() -> None:
    keys = {code: [set(entry) for entry in ENTRIES if entry["source"] == LISTS[code].name] for code in LISTS}
    assert all(each == keys["SDN"][0] for each in keys["SDN"])
    assert len(keys["SDN"][0]) == 30
    assert not any("alt_names" in each or "type" in each for each in keys["DPL"])
    assert not any("addresses" in each for each in keys["ISN"] + keys["DTC"])
    assert all("country" in each for each in keys["ISN"])
    for code in ("SSI", "CMIC", "CAP", "MBS", "FSE", "PLC"):
        assert all({"entity_number", "alt_names", "type", "ids"} <= each for each in keys[code])


async def test_an_answer_has_total_facets_and_results(csl: List) -> None:
    body = await csl.search(name="bank of kunlun", fuzzy_name="true")
    assert list(body) == ["total", "sources", "results"]
    assert body["sources"] == [{"count": 1, "value": LISTS["CAP"].name}]
    assert [(entry["name"], entry["score"]) for entry in body["results"]] == [("BANK OF KUNLUN CO LTD", 100)]
    assert await csl.search(name="nobody at all") == {"total": 0, "sources": [], "results": []}


async def test_a_search_calls_treasury_s_entries_after_their_list(csl: List) -> None:
    [entry] = (await csl.search(name="MAHAN AIR", sources="SDN"))["results"]
    assert entry["id"] == f"SDN-{entry['entity_number']}"


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("Bank Melli Iran", 100),
        ("BANK MELLI", 100),
        ("Melli Iran Bank Ltd", 100),
        ("Melli", 90),
        ("Bank Meli Iran", 80),
    ],
)
async def test_scores_are_100_90_or_80_and_legal_forms_do_not_count(csl: List, name: str, score: int) -> None:
    [first, *_] = (await csl.search(name=name, fuzzy_name="true", sources="SDN"))["results"]
    assert (first["name"], first["score"]) == ("BANK MELLI IRAN", score)


async def test_fuzzy_results_come_best_first_and_exact_ones_have_no_score(csl: List) -> None:
    scores = [entry["score"] for entry in (await csl.search(name="bank", fuzzy_name="true", size="50"))["results"]]
    assert scores == sorted(scores, reverse=True)
    assert not any("score" in entry for entry in (await csl.search(name="bank"))["results"])


async def test_every_word_has_to_be_found(csl: List) -> None:
    assert await csl.names(name="Almaz Antey", fuzzy_name="true") != []
    assert await csl.names(name="Almaz Antey Telecom", fuzzy_name="true") == []
    assert await csl.names(name="Huawey") == []
    assert await csl.names(name="Huawey", fuzzy_name="true") == ["Huawei Technologies Co., Ltd."]
    assert await csl.names(name="Co Ltd University", fuzzy_name="true") == []


async def test_pages_have_ten_entries_fifty_at_most_and_a_larger_size_silently_becomes_ten(csl: List) -> None:
    total = (await csl.search())["total"]
    assert total == len(ENTRIES)
    for asked, given in (("", 10), ("1", 1), ("50", 50), ("51", 10), ("0", 10)):
        body = await csl.search(**({"size": asked} if asked else {}))
        assert (len(body["results"]), body["total"]) == (given, total)
    first, second = [await csl.names(size="50", offset=offset) for offset in ("0", "50")]
    assert not set(first) & set(second)
    assert await csl.names(offset="1000") == []


async def test_a_country_leaves_two_lists_unsearched(csl: List) -> None:
    assert await csl.names(name="sinobright import", countries="CN") == []
    assert len(await csl.names(name="sinobright import")) == 1
    assert await csl.names(name="huawei technologies", countries="CN") == ["Huawei Technologies Co., Ltd."]
    assert await csl.names(name="huawei technologies", countries="RU,IR") == []


async def test_a_list_that_does_not_exist_has_nothing(csl: List) -> None:
    assert await csl.names(name="bank", sources="XYZ") == []
    assert len(await csl.names(name="sample electronics", sources="SDN,EL")) == 2
    assert len(await csl.names(name="sample electronics", sources="EL")) == 1


async def test_types_and_addresses_narrow(csl: List) -> None:
    assert await csl.names(name="artavil", type="Vessel") == ["ARTAVIL"]
    assert await csl.names(name="artavil", types="Individual") == []
    assert await csl.names(full_address="yerevan", name="atlas") == ["Atlas Sanatgaran"]
    assert await csl.names(city="tehran", name="atlas") == []


@pytest.mark.parametrize(
    ("headers", "parameters", "status", "says"),
    [
        ({}, {}, 401, "Access denied due to missing subscription key. Make sure to include subscription key when"),
        ({"subscription-key": "wrong"}, {}, 401, "Access denied due to invalid subscription key. Make sure to"),
        ({"Ocp-Apim-Subscription-Key": "sandbox"}, {}, 401, "Access denied due to missing subscription key."),
        (KEY, {"offset": "1001"}, 400, "Invalid offset"),
        (KEY, {"size": "many"}, 400, "Invalid size"),
        (KEY, {"size": "9" * 5000}, 400, "Invalid size"),
    ],
)
async def test_refusals_have_the_gateway_s_bodies(
    csl: List, headers: dict[str, str], parameters: dict[str, str], status: int, says: str
) -> None:
    async with csl.session.get(f"{csl.url}/search", headers=headers, params=parameters) as response:
        body = await response.json()
    assert (response.status, body["statusCode"]) == (status, status)
    assert body["message"].startswith(says)
    assert "x-azure-ref" in response.headers
    assert ("WWW-Authenticate" in response.headers) == (status == 401)


async def test_the_key_may_stand_in_the_query_too(csl: List) -> None:
    async with csl.session.get(f"{csl.url}/search", params={"subscription-key": "sandbox"}) as response:
        assert response.status == 200


async def test_a_path_without_its_version_is_not_found_whatever_the_key(csl: List) -> None:
    async with csl.session.get(csl.url.replace("/v1", "/search")) as response:
        assert (response.status, await response.json()) == (404, {"statusCode": 404, "message": "Resource not found"})


async def served(data: Path, session: aiohttp.ClientSession, name: str) -> Any:
    sandbox = Sandbox(data)
    await sandbox.start()
    try:
        return (await List(sandbox, session).search(name=name, size="50"))["results"]
    finally:
        await sandbox.close()


async def test_a_bulk_csv_of_any_age_is_loaded_by_its_column_names(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    (tmp_path / "csl").mkdir()
    (tmp_path / "csl/old.csv").write_text(
        "source,entity_number,type,programs,name,addresses,alt_names,ids,remarks\n"
        f'{LISTS["SDN"].name},36,Entity,CUBA; SDGT,"ACME, S.A.","1 Road, Havana, CU; 2 Road",AERO; AVIA,'
        '"Tax ID, 80-0, US; Website, x.test",""\n',
        encoding="utf-8-sig",
    )
    [entry] = await served(tmp_path, session, "acme")
    assert (entry["id"], entry["programs"], entry["alt_names"]) == ("SDN-36", ["CUBA", "SDGT"], ["AERO", "AVIA"])
    assert [(each["address"], each["country"]) for each in entry["addresses"]] == [
        ("1 Road, Havana", "CU"),
        ("2 Road", None),
    ]
    assert [(each["type"], each["number"], each["country"]) for each in entry["ids"]] == [
        ("Tax ID", "80-0", "US"),
        ("Website", "x.test", None),
    ]
    assert entry["remarks"] is None


async def test_entries_without_an_id_are_as_many_as_say_something_else(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    (tmp_path / "csl").mkdir()
    rows = [f"{LISTS['EL'].name},Acme,{street} Road,," for street in ("1", "2", "2")]
    (tmp_path / "csl/old.csv").write_text("\n".join(["source,name,addresses,alt_names,ids", *rows]))
    first, second = await served(tmp_path, session, "acme")
    assert [each["address"] for each in (*first["addresses"], *second["addresses"])] == ["1 Road", "2 Road"]
    assert first["id"]
    assert first["id"] != second["id"]


@pytest.mark.skipif(not (REAL / "csl").is_dir(), reason="needs the agencies' own files")
async def test_the_agency_s_own_files_are_loaded(session: aiohttp.ClientSession) -> None:
    [entry] = await served(REAL, session, "HAVIN BANK")
    assert (entry["ids"][1]["type"], entry["ids"][1]["number"]) == ("SWIFT/BIC", "HAVIGB2L")
    [entry] = await served(REAL, session, "200G PSA")
    assert (entry["source"], entry["programs"]) == (LISTS["SDN"].name, ["SDNTK"])


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.json", b"{}", "is no JSON object with 'results'"),
        ("a.json", b'{"results": []}', "is not a list with something in it"),
        ("a.json", b'{"results": [{"name": "x"}]}', "entry 1: has no 'source'"),
        ("a.csv", b"name,source\n", "has no column 'addresses'"),
        ("a.csv", b"name,source,alt_names,addresses,ids\nx,y\n", "row 1: has another number of columns"),
        ("a.csv", b"\xff\xfe", "is not UTF-8"),
        ("a.csv", b'name,source,alt_names,addresses,ids\n"x,y,,,\n', "is not CSV"),
        ("a.csv", b"name,source,alt_names,addresses,ids\n" + b"x" * 140_000 + b",y,,,\n", "is not CSV"),
        ("a.json", b'{"results": [{"name": "x", "source": "y", "alt_names": "z"}]}', "'alt_names' is not a list of"),
        ("a.json", b'{"results": [{"name": "x", "source": "y", "addresses": ["z"]}]}', "'addresses' is not a list of"),
        ("a.txt", b"", "has no .json or .csv file"),
    ],
)
async def test_a_file_of_another_shape_stops_the_start(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    (tmp_path / "csl").mkdir()
    (tmp_path / "csl" / name).write_bytes(content)
    with pytest.raises(SandboxDataError) as caught:
        await Sandbox(tmp_path).start()
    assert says in str(caught.value)
