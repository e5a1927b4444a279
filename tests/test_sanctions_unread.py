"""A name that is not read is never clear: by the list, by the agency's search, by both, and in a file of rows.

What is listed here are made names; the cases are kinds of what callers send.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.batches.computing import screen_rows
from service.batches.rows import Row, ScreeningOptions
from tests.batches.held import hold_rows
from tests.csl_answers import page, sdn
from tests.driving import drive, drive_by
from tests.test_sanctions_scripts import ONE_OF_EACH_SCRIPT
from tools.errors import InvalidQuery, ScriptNotCovered
from tools.exchange import Request
from tools.sanctions import SanctionsQuery, SanctionsResult, SanctionsTool, plan
from tools.sanctions_held import ListInForce
from tools.screening.held_list import HeldList

BASE, KEY = "https://csl.test/v1", "a-key"
NOTHING = page()
SHEET = "8.3623E+08"


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> HeldList:
    return hold_rows(
        tmp_path_factory.mktemp("lists"),
        {"name": "ROSKOM NEFT", "type": "Entity"},
        {"name": "AL-SHARIKA TRADING", "type": "Entity", "alt_names": "الشركة التجارية"},
        {"name": "TAKAICHI, Sanae", "type": "Individual", "alt_names": "高市早苗"},
        {"name": "AL QA'IDA NETWORK", "type": "Entity"},
        {"name": "SECHIN, Igor Ivanovich", "type": "Individual", "ids": "Passport, 836230001, RU"},
        {"name": "EP-MNX", "type": "Aircraft"},
        {"name": "BANK OF HERONS", "type": "Entity", "ids": "SWIFT/BIC, HERNIRTH, IR"},
        {"name": "OCEAN EGRET", "type": "Vessel", "ids": "Vessel Registration Identification, IMO 9187629"},
        {"name": "ZHANG, Wei", "type": "Individual", "alt_names": "张伟"},
    )


class Lists:
    """A list that is always in force."""

    def __init__(self, held: HeldList) -> None:
        self._held = held

    def in_force(self) -> ListInForce:
        return ListInForce(self._held, {"confirmed_at": datetime.now(UTC).isoformat()})


def screen(held: HeldList, name: str, via: str = "list", reply: Any = NOTHING, **more: Any) -> SanctionsResult:
    query = SanctionsQuery(name=name, via=via, **more)
    reading, _ = drive_by(plan(query, BASE, KEY, Lists(held)), reply if callable(reply) else lambda _: reply)
    return reading.result


def line(held: HeldList, row: Row, **options: Any) -> Mapping[str, Any]:
    (result,), failed = screen_rows([row], held, ScreeningOptions(**options))
    assert failed == []
    found: Mapping[str, Any] = orjson.loads(result.line)
    return found


@pytest.mark.parametrize("via", ["list", "api", "both"])
@pytest.mark.parametrize("word", ONE_OF_EACH_SCRIPT.values(), ids=ONE_OF_EACH_SCRIPT)
def test_a_name_in_a_script_without_a_reading_is_not_clear(held: HeldList, via: str, word: str) -> None:
    for name in (f"{word} {word}", f"Quiet Harbor {word}"):
        with pytest.raises(ScriptNotCovered) as refused:
            screen(held, name, via)
        assert refused.value.code == "script_not_covered"
        assert not refused.value.retryable
        assert word[:3] in str(refused.value) or word[:3] in str(refused.value.parts)


@pytest.mark.parametrize("word", ONE_OF_EACH_SCRIPT.values(), ids=ONE_OF_EACH_SCRIPT)
@pytest.mark.parametrize("algorithm", ["gateway-1", "ofac"])
def test_a_row_by_such_a_name_is_not_screened(held: HeldList, word: str, algorithm: str) -> None:
    row = line(held, Row(3, ref="K-3", name=f"Quiet Harbor {word}"), algorithm=algorithm)
    assert (row["status"], row["code"], row["ref"]) == ("not_screened", "script_not_covered", "K-3")
    assert "outcome" not in row
    assert "Latin" in row["detail"]


def test_a_hit_by_what_is_read_is_a_hit(held: HeldList) -> None:
    for name in ("Roskom Neft الشركة", "الشركة (Roskom Neft)", "الشركة a/k/a Roskom Neft", "로스콤 - Roskom Neft"):
        assert screen(held, name).hits[0].name == "ROSKOM NEFT"
    result = screen(held, "Roskom Neft الشركة")
    assert result.hits[0].name == "ROSKOM NEFT"
    assert [(each.code, each.field, each.value) for each in result.warnings] == [
        ("script_not_covered", "name", "الشركة")
    ]
    assert any("Arabic script is not read (الشركة)" in limit for limit in result.coverage.limits)


def test_a_listed_name_that_is_not_read_is_found_as_it_stands(held: HeldList) -> None:
    result = screen(held, "الشركة التجارية")
    assert (result.outcome, result.hits[0].name) == ("match", "AL-SHARIKA TRADING")


def test_a_hit_of_the_agency_is_a_hit(held: HeldList) -> None:
    result = screen(held, "삼성전자", "api", page(sdn("SAMSUNG MADE UP", score=100)))
    assert result.outcome == "potential_match"


def test_of_both_ways_the_one_that_read_nothing_says_so(held: HeldList) -> None:
    comparison = screen(held, "삼성전자", "both", page(sdn("SAMSUNG MADE UP", score=100))).comparison
    assert comparison is not None
    assert (comparison.list_outcome, comparison.api_outcome) == ("not_screened", "potential_match")


@pytest.mark.parametrize(
    "name",
    [
        "高市さなえ",
        "佐々木商事",
        "Ros\ufffdkom Trading",
        "Quiet \ue001 Harbor",
        "Quiet Harbor ⠗⠕⠎",
        "Quiet 🇷🇴🇸 Harbor",
        "한" * 2,
    ],
)
def test_any_sign_without_a_reading_bars_a_clear(held: HeldList, name: str) -> None:
    with pytest.raises(ScriptNotCovered):
        screen(held, name)


@pytest.mark.parametrize(
    "name", ["Тихая гавань", "Ήσυχο λιμάνι", "安静的港湾", "Söderström Ødegård", "Quiet Harbor 🙂", "Đặng Nguyễn"]
)
def test_what_is_read_and_is_not_listed_is_clear(held: HeldList, name: str) -> None:
    assert screen(held, name).outcome == "clear"


@pytest.mark.parametrize("name", ["Тихая гавань", "الشركة", "조용한 항구"])
def test_what_is_left_of_a_name_whose_bytes_were_misread_is_not_clear(held: HeldList, name: str) -> None:
    with pytest.raises(ScriptNotCovered):
        screen(held, name.encode().decode("cp1252", "ignore"))


@pytest.mark.parametrize("name", ["🙂🙂", "€€", "--", "™®"])
def test_symbols_are_no_name(name: str) -> None:
    with pytest.raises(InvalidQuery):
        SanctionsTool(subscription_key=KEY).parse(name=name)


def test_letters_that_are_seen_in_another_order_are_no_name() -> None:
    with pytest.raises(InvalidQuery, match="reverse"):
        SanctionsTool(subscription_key=KEY).parse(name="\u202etfeN moksoR")


def test_a_search_says_that_it_does_not_look_for_identifiers(held: HeldList) -> None:
    def limits(via: str) -> str:
        return str(screen(held, "Quiet Harbor", via, ids="836230002").coverage.limits)

    assert "identifier" in limits("api")
    assert "identifier" not in limits("list")


def test_han_characters_say_that_they_are_read_as_chinese(held: HeldList) -> None:
    assert any("read as Chinese" in limit for limit in screen(held, "安静的港湾").coverage.limits)
    assert not any("read as Chinese" in limit for limit in screen(held, "Тихая гавань").coverage.limits)


@pytest.mark.parametrize(
    ("name", "outcome"),
    [("高市早苗", "match"), ("高石早苗", "potential_match"), ("张伟", "match"), ("章巍", "potential_match")],
)
def test_a_homophone_is_no_match(held: HeldList, name: str, outcome: str) -> None:
    for algorithm in ("gateway-1", "ofac"):
        assert screen(held, name, algorithm=algorithm).outcome in (outcome, "clear" if algorithm == "ofac" else outcome)
    found = page(sdn("ZHANG, Wei", alt_names=["张伟"]), sdn("TAKAICHI, Sanae", 8, alt_names=["高市早苗"]))
    assert screen(held, name, "api", found).outcome == outcome


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("AL QA&#039;IDA NETWORK", "AL QA'IDA NETWORK"),
        ("Igor&nbsp;Ivanovich&nbsp;Sechin", "SECHIN, Igor Ivanovich"),
        ("<b>Roskom</b> &amp;amp; Neft", "ROSKOM NEFT"),
        ("R\u043esk\u043em N\u0435ft", "ROSKOM NEFT"),
        ("\uff32\uff4f\uff53\uff4b\uff4f\uff4d \uff2e\uff45\uff46\uff54", "ROSKOM NEFT"),
        ("\U0001d411\U0001d428\U0001d42c\U0001d424\U0001d428\U0001d426 Neft", "ROSKOM NEFT"),
        ("Ros\u200bkom\u00ad Neft\u2122", "ROSKOM NEFT"),
        ("Roskom 🙂 Neft", "ROSKOM NEFT"),
        ("\u24ad\u24aa\u24ae\u24a6\u24aa\u24a8 Neft", "ROSKOM NEFT"),
        ("\u0280\u1d0f\ua731\u1d0b\u1d0f\u1d0d Neft", "ROSKOM NEFT"),
        ("&#x52;oskom Neft", "ROSKOM NEFT"),
        ("Roskom%20Neft", "ROSKOM NEFT"),
        ("Роском Нефт".encode().decode("latin-1"), "ROSKOM NEFT"),
        ("Роском Нефт".encode("cp1251").decode("cp1252"), "ROSKOM NEFT"),
        ("Роском Нефт", "ROSKOM NEFT"),
        ("Ροσκομ Νεφτ", "ROSKOM NEFT"),
    ],
)
def test_a_name_that_is_written_otherwise_is_found(held: HeldList, name: str, listed: str) -> None:
    assert listed in [hit.name for hit in screen(held, name).hits]
    assert listed in [hit["name"] for hit in line(held, Row(1, name=name))["hits"]]


@pytest.mark.parametrize("between", ["a/k/a", "d/b/a", "f/k/a", "aka", ";", "(formerly", "also known as"])
def test_of_several_names_the_strongest_counts_and_each_hit_says_which(held: HeldList, between: str) -> None:
    result = screen(held, f"Happy Trading {between} Roskom Neft")
    assert (result.outcome, result.hits[0].asked_name) == ("match", "Roskom Neft")
    both = screen(held, f"Sechin, Igor Ivanovich {between} Roskom Neft")
    assert {(hit.name, hit.asked_name) for hit in both.hits if hit.outcome == "match"} == {
        ("SECHIN, Igor Ivanovich", "Sechin, Igor Ivanovich"),
        ("ROSKOM NEFT", "Roskom Neft"),
    }
    assert len({hit.id for hit in both.hits}) == len(both.hits) == both.total


def test_an_entry_that_two_names_find_is_one_hit_by_the_stronger(held: HeldList) -> None:
    result = screen(held, "Roskon Neft a/k/a Roskom Neft")
    (hit,) = [hit for hit in result.hits if hit.name == "ROSKOM NEFT"]
    assert (hit.asked_name, hit.score, hit.outcome) == ("Roskom Neft", 1.0, "match")


def test_the_agency_is_asked_for_each_of_the_names(held: HeldList) -> None:
    def reply(request: Request) -> object:
        return page(sdn("ROSKOM NEFT", score=100)) if request.params["name"] == "Roskom Neft" else page(sdn("HAPPY"))

    name = "Happy Trading a/k/a Roskom Neft"
    result = screen(held, name, "api", reply)
    assert (result.outcome, result.hits[0].asked_name, result.total) == ("match", "Roskom Neft", 2)
    _, asked = drive_by(plan(SanctionsQuery(name=name, via="api"), BASE, KEY), lambda _: NOTHING)
    assert [each.params["name"] for each in asked] == ["Happy Trading", "Roskom Neft", name]


def test_a_name_of_another_script_is_searched_for_in_latin_letters_too() -> None:
    _, asked = drive(plan(SanctionsQuery(name="Роском Нефт", via="api"), BASE, KEY), NOTHING, NOTHING)
    assert [each.params["name"] for each in asked] == ["Роском Нефт", "roskom neft"]


def test_more_names_than_are_looked_for_are_refused() -> None:
    with pytest.raises(InvalidQuery, match="screen each by itself"):
        SanctionsTool(subscription_key=KEY).parse(name="; ".join(f"H{number:02}" for number in range(40)))


@pytest.mark.parametrize(
    ("ids", "listed"),
    [
        ("EP-MNX", "EP-MNX"),
        ("epmnx", "EP-MNX"),
        ("HERNIRTH", "BANK OF HERONS"),
        ("HERNIRTHXXX", "BANK OF HERONS"),
        ("Passport 836230001", "SECHIN, Igor Ivanovich"),
        ("Passport No. 836230001", "SECHIN, Igor Ivanovich"),
        ("Passport&nbsp;No.&nbsp;836230001", "SECHIN, Igor Ivanovich"),
        ("IMO 9187629", "OCEAN EGRET"),
        (836230001, "SECHIN, Igor Ivanovich"),
        (["nothing", "836230001.0"], "SECHIN, Igor Ivanovich"),
        ([*map(str, range(1000, 1040)), "836230001"], "SECHIN, Igor Ivanovich"),
    ],
)
def test_an_identifier_is_a_match_by_every_way(held: HeldList, ids: Any, listed: str) -> None:
    result = screen(held, "Quiet Harbor", ids=ids)
    assert [(hit.name, hit.basis, hit.outcome) for hit in result.hits] == [(listed, "id", "match")]
    found = page(
        sdn("EP-MNX", 1, type="Aircraft", score=10),
        sdn("BANK OF HERONS", 2, score=10, ids=[{"type": "SWIFT/BIC", "number": "HERNIRTH"}]),
        sdn("SECHIN, Igor Ivanovich", 3, score=10, remarks="DOB 1960; Passport 836230001 (Russia)."),
        sdn("OCEAN EGRET", 4, score=10, ids=[{"type": "Vessel Registration Identification", "number": "IMO 9187629"}]),
    )
    result = screen(held, "Quiet Harbor", "api", found, ids=ids)
    assert [(hit.name, hit.basis, hit.outcome) for hit in result.hits] == [(listed, "id", "match")]


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        (SHEET, "id_in_scientific_notation"),
        (["836230002", "8,3623e+08"], "id_in_scientific_notation"),
        ("x", "id_too_short"),
        ("y" * 300, "id_not_read"),
        ([str(number) for number in range(1000, 1101)], "too_many_ids"),
    ],
)
def test_an_identifier_that_is_not_compared_is_a_warning_and_the_name_is_screened(
    held: HeldList, ids: Any, code: str
) -> None:
    result = screen(held, "Quiet Harbor", ids=ids)
    assert result.outcome == "clear"
    assert [each.code for each in result.warnings] == [code]
    assert screen(held, "Roskom Neft", ids=ids).outcome == "match"


@pytest.mark.parametrize("given", [SHEET, "x", 8, 8.5, True, ["a"], {"number": 7}, "\x00", "y" * 3000])
def test_no_identifier_of_whatever_kind_stops_a_name(held: HeldList, given: Any) -> None:
    assert screen(held, "Roskom Neft", id=given).outcome == "match"
    assert screen(held, "Roskom Neft", ids=given).outcome == "match"


def test_a_row_says_what_of_its_identifiers_was_not_compared(held: HeldList) -> None:
    row = line(held, Row(1, name="Quiet Harbor", ids=(SHEET,)))
    assert (row["status"], row["outcome"]) == ("screened", "clear")
    assert [each["code"] for each in row["warnings"]] == ["id_in_scientific_notation"]


def test_a_list_that_was_indexed_before_is_not_opened_as_it_is(tmp_path: Path) -> None:
    hold_rows(tmp_path)
    (folder,) = [each.parent for each in tmp_path.rglob("algorithm.txt")]
    (folder / "algorithm.txt").write_text("gateway-1")
    with pytest.raises(ValueError, match="made for another algorithm"):
        HeldList.open(folder.parent)
