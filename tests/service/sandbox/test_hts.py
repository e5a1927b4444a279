"""The tariff agency's wire format, quirk by quirk, as it stands on the built-in data."""

from typing import Any

import aiohttp
import pytest

from service.sandbox import Sandbox
from tests.service.sandbox.conftest import Agency

KEYS = [
    "htsno",
    "indent",
    "description",
    "superior",
    "units",
    "general",
    "special",
    "other",
    "footnotes",
    "quotaQuantity",
    "additionalDuties",
    "addiitionalDuties",
]


def numbers(rows: Any) -> list[str]:
    return [row["htsno"] for row in rows]


async def test_the_whole_schedule_is_a_bare_list_with_both_spellings_on_every_row(agency: Agency) -> None:
    rows = await agency.export("0100", "9999")
    assert len(rows) == 605
    assert {tuple(row) for row in rows} == {tuple(KEYS)}
    assert {row["addiitionalDuties"] for row in rows} == {None}


async def test_a_grouping_row_says_true_as_a_text_and_has_null_footnotes(agency: Agency) -> None:
    rows = await agency.export("0101", "0102")
    groups = [row for row in rows if row["htsno"] == ""]
    assert [row["description"] for row in groups] == ["Horses:"]
    assert (groups[0]["superior"], groups[0]["footnotes"], groups[0]["indent"]) == ("true", None, "1")
    assert {row["superior"] for row in rows if row["htsno"]} == {None}


async def test_a_range_ends_with_the_row_that_bears_its_last_number(agency: Agency) -> None:
    rows = await agency.export("8507", "8508")
    assert numbers(rows)[0] == "8507"
    assert numbers(rows)[-1] == "8507.90.80.00"
    rows = await agency.export("8501", "8507")
    assert numbers(rows)[-2:] == ["8504.40.95.50", "8507"]


async def test_one_heading_asked_from_itself_to_itself_is_one_row_without_a_rate(agency: Agency) -> None:
    (heading,) = await agency.export("8507", "8507")
    assert (heading["htsno"], heading["general"], heading["indent"]) == ("8507", "", "0")


@pytest.mark.parametrize(
    ("first", "last"),
    [("8500", "8599"), ("8500.00", "8541.43.00.80"), ("8500000000", "8599000000"), ("8500", "85990000")],
)
async def test_bounds_need_not_exist_and_may_be_dotted_or_not(agency: Agency, first: str, last: str) -> None:
    rows = await agency.export(first, last)
    assert len(rows) == 51
    assert (rows[0]["htsno"], rows[-1]["htsno"]) == ("8501", "8541.43.00.80")


async def test_an_upside_down_range_and_one_beside_the_data_are_empty_lists(agency: Agency) -> None:
    assert await agency.export("8508", "8507") == []
    assert await agency.export("4400", "4499") == []


async def test_a_grouping_row_comes_with_the_row_that_it_leads_to(agency: Agency) -> None:
    rows = await agency.export("9904.02.01", "9904.02.01")
    assert [row["indent"] for row in rows] == ["0", "1", "2", "3", "4"]
    assert rows[-1]["additionalDuties"] == "66.6¢/kg"


async def test_the_release_parameter_is_ignored(agency: Agency) -> None:
    assert await agency.export("8507", "8508", release="2015HTSBasic") == await agency.export("8507", "8508")


async def test_styles_keep_markup_in_texts_and_a_search_always_has_it(agency: Agency) -> None:
    async def text(**more: str) -> str:
        (row,) = [row for row in await agency.export("1604", "1605", **more) if row["htsno"] == "1604.14"]
        return str(row["description"])

    assert await text(styles="true") == "Tunas, skipjack tuna and bonito (<il>Sarda</il> spp.):"
    assert await text(styles="false") == "Tunas, skipjack tuna and bonito (Sarda spp.):"
    (found,) = await agency.json("/search", keyword="bonito")
    assert "<il>" in found["description"]


async def test_a_search_row_has_three_more_keys(agency: Agency) -> None:
    found = await agency.json("/search", keyword="8507.60.00.20")
    assert list(found[0]) == [*KEYS, "statisticalSuffix", "effectivePeriod", "status"]
    assert found[0]["statisticalSuffix"] == "20"


async def test_a_search_for_a_number_also_brings_headings_of_chapter_99(agency: Agency) -> None:
    found = await agency.json("/search", keyword="8507.60")
    assert numbers(found) == ["8507.60.00", "8507.60.00.10", "8507.60.00.20", "9903.88.15", "9903.91.01"]
    found = await agency.json("/search", keyword="0201.10.50")
    assert numbers(found) == []
    found = await agency.json("/search", keyword="0710.80.70")
    assert numbers(found) == ["9902.01.01"]


async def test_several_words_widen_a_search_and_rows_with_more_of_them_come_first(agency: Agency) -> None:
    assert numbers(await agency.json("/search", keyword="lithium-ion")) == ["8507.60.00"]
    assert numbers(await agency.json("/search", keyword="SMARTPHONES")) == ["8517", "", "8517.13.00.00"]
    both = await agency.json("/search", keyword="smartphones telephones")
    assert numbers(both) == ["", "8517", "8517.13.00.00"]


async def test_a_search_has_no_bound_and_ignores_an_offset(agency: Agency) -> None:
    found = await agency.json("/search", keyword="e")
    assert len(found) > 100
    assert await agency.json("/search", keyword="e", offset="50") == found


@pytest.mark.parametrize("keyword", ["zeppelin", "endnote", "  ", "8507600020"])
async def test_a_search_that_finds_nothing_is_an_empty_list(agency: Agency, keyword: str) -> None:
    assert await agency.json("/search", keyword=keyword) == []


async def test_the_current_release_has_three_keys_and_is_the_first_of_the_list(agency: Agency) -> None:
    release = await agency.json("/currentRelease")
    assert list(release) == ["name", "title", "description"]
    assert release["name"] == "2025HTSSandbox"
    listed = await agency.json("/releaseList")
    assert listed[0]["name"] == release["name"]
    assert (listed[0]["status"], listed[0]["releaseStartDate"]) == ("current", "01/01/2025")


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("/search", {}),
        ("/exportList", {"from": "8507", "to": "8508", "format": "JSON"}),
        ("/exportList", {"from": "8507", "format": "JSON", "styles": "false"}),
        ("/exportList", {"from": "batteries", "to": "8508", "format": "JSON", "styles": "false"}),
        ("/exportList", {"from": "85", "to": "8508", "format": "JSON", "styles": "false"}),
        ("/exportList", {"from": "8507", "to": "8508", "format": "json", "styles": "false"}),
    ],
)
async def test_a_missing_or_wrong_parameter_is_a_400(agency: Agency, path: str, parameters: dict[str, str]) -> None:
    async with agency.get(path, **parameters) as response:
        assert (response.status, response.content_type) == (400, "application/json")


@pytest.mark.parametrize("path", ["/exportSections", "/releases/currentRelease", "/searchByNumber"])
async def test_a_path_that_the_agency_does_not_have_is_a_404(agency: Agency, path: str) -> None:
    async with agency.get(path) as response:
        assert response.status == 404


@pytest.mark.parametrize("agent", ["", "Python-urllib/3.11", "libcurl/8.5.0 r-curl/5.2.0"])
async def test_clients_without_a_name_of_their_own_are_refused_with_a_page(
    sandbox: Sandbox, session: aiohttp.ClientSession, agent: str
) -> None:
    async with session.get(f"{sandbox.url('hts')}/currentRelease", headers={"User-Agent": agent}) as response:
        assert (response.status, response.content_type) == (403, "text/html")


async def test_answers_are_json_in_utf_8(agency: Agency) -> None:
    async with agency.get("/search", keyword="25¢/kg") as response:
        assert response.content_type == "application/json"
        assert "25¢/kg".encode() in await response.read()
