"""What a row comes to."""

import random
from collections import Counter
from typing import Any

import orjson
import pytest

from service.batches.computing import screen_rows
from service.batches.results import set_aside
from service.batches.rows import Row, ScreeningOptions
from service.envelope import as_json
from tests.batches.held import hold_made_list
from tests.batches.reading import read
from tools.sanctions_held import matched
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_result import result_of
from tools.screening.held_list import HeldList

PLAIN = ScreeningOptions()


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> HeldList:
    """A list of 200 entries."""
    folder, _ = hold_made_list(tmp_path_factory.mktemp("lists"))
    return HeldList.open(folder)


def lines(held: HeldList, *rows: Row, options: ScreeningOptions = PLAIN) -> list[dict[str, object]]:
    """What is told of the rows."""
    results, failed = screen_rows(rows, held, options)
    assert failed == []
    told = [orjson.loads(each.line) for each in results]
    assert [(each.number, each.status, each.outcome) for each in results] == [
        (line["row"], line["status"], line.get("outcome")) for line in told
    ]
    return told


def test_a_hit_is_told_as_the_single_question_tells_it(held: HeldList) -> None:
    name = held.entry(3).name
    (line,) = lines(held, Row(7, ref="A-7", name=name))
    query = SanctionsQuery(name=name, via="list")
    single = orjson.loads(as_json(result_of(query, matched(query, held), "list")))
    assert line == {
        "row": 7,
        "ref": "A-7",
        "name": name,
        "status": "screened",
        "outcome": "match",
        "hits": single["hits"],
        "total": single["total"],
        "truncated": False,
    }


def test_a_name_that_is_not_listed_is_clear(held: HeldList) -> None:
    (line,) = lines(held, Row(1, name="Quiet Harbor Tools"))
    assert (line["outcome"], line["hits"]) == ("clear", [])


def test_what_limits_a_screening_is_told(held: HeldList) -> None:
    (line,) = lines(held, Row(1, name="Тихая гавань"))
    assert "Latin" in str(line["limits"])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (Row(1, name=None, fault="name: is missing"), "name: is missing"),
        (Row(1, name="x"), "name: must be 2 to 200 characters long"),
    ],
)
def test_a_row_that_cannot_be_asked_is_invalid_and_says_why(held: HeldList, row: Row, words: str) -> None:
    (line,) = lines(held, row)
    assert (line["status"], line["code"]) == ("invalid", "invalid_row")
    assert str(line["detail"]).startswith(words)
    assert "outcome" not in line


@pytest.mark.parametrize(
    ("details", "codes"),
    [
        ({"country": "Atlantis"}, ["country_not_understood"]),
        ({"country": "Korea", "dob": "01/02/1967"}, ["country_ambiguous", "dob_ambiguous"]),
        ({"dob": "last year"}, ["dob_not_understood"]),
        ({"type": "Robot"}, ["type_not_understood"]),
        ({"nationality": "?", "address": "\x00"}, ["country_not_understood"]),
    ],
)
def test_a_detail_that_cannot_be_read_is_a_warning_and_the_name_is_screened(
    held: HeldList, details: dict[str, Any], codes: list[str]
) -> None:
    (line,) = lines(held, Row(1, name=held.entry(3).name, **details))
    assert (line["status"], line["outcome"]) == ("screened", "match")
    warnings = line["warnings"]
    assert isinstance(warnings, list)
    assert [each["code"] for each in warnings] == codes


@pytest.mark.parametrize(
    ("row", "status"),
    [
        (Row(1, name="شركة الفنار", country="Iran", dob="soon"), "not_screened"),
        (Row(1, name="x", country="Iran", dob="soon"), "invalid"),
        (Row(1, name=None, country="Iran", dob="soon", fault="name: is missing"), "invalid"),
    ],
)
def test_country_programs_and_warnings_stand_beside_a_row_without_an_outcome(
    held: HeldList, row: Row, status: str
) -> None:
    (line,) = lines(held, row)
    (result,) = screen_rows([row], held, PLAIN)[0]
    programs, warnings = line["country_programs"], line["warnings"]
    assert isinstance(programs, dict)
    assert isinstance(warnings, list)
    assert (line["status"], programs["level"], warnings[0]["code"]) == (status, "stop", "dob_not_understood")
    assert (result.country_level, result.warnings) == ("stop", ("dob_not_understood",))


def test_country_programs_stand_beside_the_outcome(held: HeldList) -> None:
    first, second = lines(held, Row(1, name="Quiet Meadow", country="Iran"), Row(2, name="Quiet Meadow"))
    assert first["outcome"] == second["outcome"] == "clear"
    programs = first["country_programs"]
    assert isinstance(programs, dict)
    assert (programs["level"], programs["places"][0]["countries"][0]["code"]) == ("stop", "IR")
    assert "country_programs" not in second


def test_a_row_that_failed_by_a_fault_of_ours_is_not_read_again(
    held: HeldList, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("service.batches.results.beside_the_name", breaks)
    monkeypatch.setattr("service.batches.computing.matched", breaks)
    row = Row(1, name="Quiet Harbor", country="Iran")
    (result,), told = screen_rows([row], held, PLAIN)
    assert (result.status, orjson.loads(result.line)["code"], len(told)) == ("not_screened", "internal_error", 1)
    assert orjson.loads(set_aside([row], "it broke")[0].line)["code"] == "set_aside"


def test_one_row_never_costs_another(held: HeldList, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = held.matcher.screen

    def fails_at_one(subject: object, *more: object) -> object:
        if getattr(subject, "name", "") == "Breaks It":
            raise RuntimeError("broken")
        return whole(subject, *more)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(held.matcher, "screen", fails_at_one)
    rows = [Row(1, name="Quiet Harbor"), Row(2, name="Breaks It"), Row(3, name="Loud Harbor")]
    results, failed = screen_rows(rows, held, PLAIN)
    assert [each.status for each in results] == ["screened", "not_screened", "screened"]
    assert orjson.loads(results[1].line)["code"] == "internal_error"
    assert [number for number, _ in failed] == [2]
    assert "RuntimeError: broken" in failed[0][1]


def test_options_hold_for_all_rows(held: HeldList) -> None:
    name = held.entry(3).name
    first = str(held.entry(3).list)
    others = ScreeningOptions(sources=("DTC",) if first != "DTC" else ("SDN",))
    (line,) = lines(held, Row(1, name=name), options=others)
    assert all(hit["list"] != first for hit in line["hits"])  # type: ignore[attr-defined]  # a list of objects


def test_a_row_tells_its_version_where_others_may_have_another(held: HeldList) -> None:
    row = Row(1, name="Quiet Harbor Tools")
    (result,), _ = screen_rows([row], held, PLAIN, tell_version=True)
    assert orjson.loads(result.line)["list_version"] == held.version
    assert "list_version" not in lines(held, row)[0]


def test_of_ten_thousand_names_with_details_that_cannot_be_read_each_is_screened(held: HeldList) -> None:
    junk = ["", "?", "n/a", "Atlantis", "Korea", "IRN", "99/99/9999", "1405 AH", "Robot", "x" * 900, "\u202e", "=1+1"]
    junk += ["8.3623E+08", "\N{COLLISION SYMBOL}", "-", "0", "NULL", "1,2", "Ünklar", "\N{NO-BREAK SPACE}"]
    draw = random.Random(16)
    head = "name;ref;type;country;nationality;dob;ids;address\n"
    body = "".join(
        f"Quiet Harbor {number};{';'.join(draw.choice(junk) for _ in range(7))}\n" for number in range(10_000)
    )
    rows = read((head + body).encode(), "csv").rows
    results, failed = screen_rows(rows, held, PLAIN)
    assert failed == []
    assert Counter(each.status for each in results) == {"screened": 10_000}
    assert sum(bool(each.warnings) for each in results) > 9_000
