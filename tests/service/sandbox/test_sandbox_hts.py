"""The simulated tariff agency: the wire format of the real one, its quirks included."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from service.sandbox import Sandbox, SandboxDataError
from tools.hts import HTSTool
from tools.http_client import HTTPClientManager

SAMPLES = Path(__file__).parents[4] / "shared" / "samples"
#: The built-in rows always; the agency's own chapters where they are at hand.
SOURCES = [None, *([SAMPLES] if (SAMPLES / "hts").is_dir() else [])]

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


class Caller:
    """Asks a sandbox as any client would."""

    def __init__(self, session: aiohttp.ClientSession, sandbox: Sandbox) -> None:
        self.session, self.sandbox = session, sandbox

    async def get(self, path: str, **params: str) -> Any:
        async with self.session.get(f"{self.sandbox.hts_url}/{path}", params=params) as response:
            assert response.status == 200
            assert response.content_type == "application/json"
            return await response.json()

    async def export(self, lowest: str, highest: str) -> list[str]:
        """The numbers of the rows in a range."""
        return [row["htsno"] for row in await self.get("exportList", **{"from": lowest, "to": highest}, format="JSON")]


@pytest.fixture(params=SOURCES, ids=lambda source: "built-in" if source is None else "samples")
async def caller(request: pytest.FixtureRequest) -> AsyncIterator[Caller]:
    sandbox = Sandbox(request.param)
    await sandbox.start()
    async with aiohttp.ClientSession() as session:
        yield Caller(session, sandbox)
    await sandbox.close()


async def test_rows_have_the_agencys_keys_in_its_order(caller: Caller) -> None:
    rows = await caller.get("exportList", **{"from": "0100", "to": "9999"}, format="JSON")
    assert {tuple(row) for row in rows} == {tuple(KEYS)}
    assert {row["superior"] for row in rows if not row["htsno"]} == {"true"}


async def test_a_range_takes_in_the_upper_bounds_own_row_and_nothing_under_it(caller: Caller) -> None:
    numbers = await caller.export("8507", "8508")
    assert numbers[0] == "8507"
    assert numbers[-1] == "8508"
    assert all(number.startswith("8507") or not number for number in numbers[:-1])
    assert "8507.60.00.20" in numbers
    assert await caller.export("8507", "8507") == ["8507"]


async def test_bounds_may_be_dotted_or_not_and_need_not_exist(caller: Caller) -> None:
    assert await caller.export("8507.60.00", "8507.61.00") == ["8507.60.00", "8507.60.00.10", "8507.60.00.20"]
    assert await caller.export("8507600000", "8507610000") == ["8507.60.00", "8507.60.00.10", "8507.60.00.20"]
    assert await caller.export("7700", "7799") == []


@pytest.mark.parametrize(
    "params",
    [{"from": "85", "to": "86", "format": "JSON"}, {"from": "8507", "to": "8508", "format": "PDF"}, {"format": "JSON"}],
)
async def test_a_range_that_the_agency_would_not_take_is_a_400(caller: Caller, params: dict[str, str]) -> None:
    async with caller.session.get(f"{caller.sandbox.hts_url}/exportList", params=params) as response:
        assert response.status == 400


async def test_a_search_by_number_finds_what_stands_under_it_and_by_words_any_of_them(caller: Caller) -> None:
    by_number = await caller.get("search", keyword="8507.60")
    assert [row["htsno"] for row in by_number] == ["8507.60.00", "8507.60.00.10", "8507.60.00.20"]
    assert by_number[2].keys() - set(KEYS) == {"statisticalSuffix", "effectivePeriod", "status"}
    assert by_number[2]["statisticalSuffix"] == "20"
    by_words = await caller.get("search", keyword="LITHIUM-ION horses")
    assert {"8507.60.00", "0101"} <= {row["htsno"] for row in by_words}
    assert await caller.get("search", keyword="zzzz") == []


async def test_the_release_is_named_and_does_not_pass_for_one_of_the_agency(caller: Caller) -> None:
    release = await caller.get("currentRelease")
    assert release["name"].startswith("sandbox-")
    [listed] = await caller.get("releaseList")
    assert (listed["name"], listed["status"]) == (release["name"], "current")


async def test_every_line_of_the_schedule_can_be_asked_for(caller: Caller) -> None:
    rows = await caller.get("exportList", **{"from": "8500", "to": "8510"}, format="JSON")
    clients = HTTPClientManager()
    tool = HTSTool(base_url=caller.sandbox.hts_url, sandbox=True, async_client=clients.async_client)
    for number in [row["htsno"] for row in rows if len(row["htsno"]) == len("8507.60.00.20")][:40]:
        answer = await tool.run_async(code=number)
        assert answer.result.line.code == number
        assert answer.result.line.rates.general.text is not None
    await clients.aclose()


async def test_the_built_in_links_lead_somewhere() -> None:
    sandbox = Sandbox()
    await sandbox.start()
    clients = HTTPClientManager()
    tool = HTSTool(base_url=sandbox.hts_url, sandbox=True, async_client=clients.async_client)
    kinds = set()
    for code in ("8501.10.40.20", "8507.60.00.20", "0101.30.00.00", "8507.10.00.30"):
        for link in (await tool.run_async(code=code)).result.line.linked_headings:
            assert link.text is not None
            kinds.add(link.kind)
    assert kinds == {"additional", "exclusion"}
    await clients.aclose()
    await sandbox.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "chapter_01.json"),
        (b'{"rows": []}', "a list of rows was due"),
        (b'[{"htsno": "0101"}]', "row 1 has no 'indent'"),
        (None, "there is no chapter_"),
    ],
)
def test_data_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, content: bytes | None, said: str) -> None:
    (tmp_path / "hts").mkdir()
    if content is not None:
        (tmp_path / "hts" / "chapter_01.json").write_bytes(content)
    with pytest.raises(SandboxDataError, match=said) as caught:
        Sandbox(tmp_path)
    assert "\n" not in str(caught.value)


def test_rows_out_of_order_are_refused(tmp_path: Path) -> None:
    def row(number: str) -> dict[str, Any]:
        blank = dict.fromkeys(("general", "special", "other", "additionalDuties"), "")
        return {"htsno": number, "indent": "0", "description": "x", "units": [], "footnotes": [], **blank}

    (tmp_path / "hts").mkdir()
    (tmp_path / "hts" / "chapter_01.json").write_bytes(orjson.dumps([row("0102"), row("0101")]))
    with pytest.raises(SandboxDataError, match="not in the schedule's order"):
        Sandbox(tmp_path)


async def test_a_sandbox_that_has_not_started_has_no_url() -> None:
    with pytest.raises(RuntimeError, match="has not started"):
        _ = Sandbox().hts_url
