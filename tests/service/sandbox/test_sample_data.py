"""The built-in data: whole in itself, rich enough, and true to the schedule where the real chapters are at hand."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from service.sandbox import Sandbox
from tests.service.sandbox.conftest import REAL, SAMPLE_DATA
from tools.errors import NotFound
from tools.exchange import Answer
from tools.hts import HTSLineResult, HTSTool
from tools.http_client import HTTPClientManager

SAMPLE = SAMPLE_DATA / "hts"
CHAPTERS = sorted(file.name for file in SAMPLE.iterdir() if file.name.startswith("chapter_"))
ROWS: list[dict[str, Any]] = [row for name in CHAPTERS for row in orjson.loads((SAMPLE / name).read_bytes())]
NUMBERED = [row for row in ROWS if row["htsno"]]
#: Kept from a release after that of the real chapters.
NEWER = {"9903.01.24", "9903.01.25", "9903.01.32"}


@pytest.fixture
async def tool(sandbox: Sandbox) -> AsyncIterator[HTSTool]:
    clients = HTTPClientManager()
    yield HTSTool(base_url=sandbox.url("hts"), sandbox=True, async_client=clients.async_client)
    await clients.aclose()


async def ask(tool: HTSTool, code: str) -> HTSLineResult:
    answer = await tool.run_async(code=code)
    assert isinstance(answer, Answer)
    assert isinstance(answer.result, HTSLineResult)
    return answer.result


async def test_every_numbered_row_can_be_asked_for_and_every_heading_that_it_links_to_is_there(tool: HTSTool) -> None:
    links = set()
    for row in NUMBERED:
        line = (await ask(tool, row["htsno"])).line
        assert line.code == row["htsno"]
        assert line.path_is_whole
        assert {link.code for link in line.linked_headings if link.reason} == set()
        links |= {(link.code, link.kind) for link in line.linked_headings}
        has_rate = line.rates.general.text is not None or line.rates.other.text is not None
        assert has_rate is (len(line.code) > 7 and line.code[:4] not in ("9904",) and line.code != "9802.00.91.00")
    assert {("9903.88.15", "additional"), ("9903.88.69", "exclusion"), ("9903.45.27", "other")} <= links


@pytest.mark.parametrize(
    ("code", "general", "special", "other", "stated_at"),
    [
        ("0101.21.00.10", "Free", None, "Free", "0101.21.00"),
        ("0102.29.40.62", "1¢/kg", "Free (A+,AU,BH,CL,CO,D,E,IL,JO,KR,MA,OM,P,PA,PE,S,SG)", "5.5¢/kg", "0102.29.40"),
        (
            "6101.30.15.00",
            "38.6¢/kg + 10%",
            "Free (AU,BH, CL,CO,IL,JO,KR, MA,OM, P,PA,PE,S,SG)",
            "77.2¢/kg + 54.5%",
            None,
        ),
        ("8517.13.00.00", "Free", None, "35%", None),
        ("9503.00.00.71", "Free", None, "70%", "9503.00.00"),
        ("9903.90.08", None, None, "35%", None),
    ],
)
async def test_each_kind_of_rate_is_there(
    tool: HTSTool, code: str, general: str | None, special: str | None, other: str, stated_at: str | None
) -> None:
    rates = (await ask(tool, code)).line.rates
    assert (rates.general.text, rates.special.text, rates.other.text) == (general, special, other)
    assert rates.other.inherited_from == stated_at


@pytest.mark.parametrize("name", CHAPTERS)
def test_numbers_ascend_and_the_facts_are_those_of_the_real_chapter_where_it_is_at_hand(name: str) -> None:
    rows = [row for row in orjson.loads((SAMPLE / name).read_bytes()) if row["htsno"]]
    numbers = [row["htsno"].replace(".", "") for row in rows]
    assert numbers == sorted(set(numbers))
    assert {number[:2] for number in numbers} == {name[8:10]}
    if (REAL / "hts" / name).is_file():
        real = {row["htsno"]: row for row in orjson.loads((REAL / "hts" / name).read_bytes())}
        for row in rows:
            if row["htsno"] not in NEWER:
                assert row | {"description": ""} == real[row["htsno"]] | {"description": ""}


@pytest.mark.parametrize(
    ("code", "fileable", "links"),
    [
        ("8471.30.01.00", True, ()),
        ("8517.13.00.00", True, ()),
        ("9403.60.80", False, ("9903.88.03",)),
        ("6203.42", False, ()),
        ("8708", False, ()),
        ("3926.90.99", False, ("9903.88.15",)),
        ("7318.15", False, ()),
        ("2204.21", False, ()),
        ("0306.17", False, ()),
        ("4202.92", False, ()),
    ],
)
async def test_the_codes_asked_most_are_there_with_what_hangs_on_them(
    tool: HTSTool, code: str, fileable: bool, links: tuple[str, ...]
) -> None:
    line = (await ask(tool, code)).line
    assert line.fileable is fileable
    assert {link.code for link in line.linked_headings} >= set(links)
    # Whole under the number: from one to choose from down to lines that can be filed.
    wanted = [line.code] if fileable else [each.code for each in line.children]
    for each in wanted:
        found = (await ask(tool, each)).line
        assert found.fileable or found.children


async def test_a_number_that_the_sample_data_lacks_says_nothing_of_the_schedule(tool: HTSTool) -> None:
    with pytest.raises(NotFound, match=r"^the sample data has no 9701; it has nothing under 9701$"):
        await ask(tool, "9701")
