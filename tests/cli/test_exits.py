"""Exit codes as a function of what a tool, or all of them, came to."""

import inspect
from dataclasses import replace
from typing import Any, get_args

import pytest

from service.cli.exits import BAD_USAGE, NOT_ANSWERED, NOTHING_ADVERSE, TO_LOOK_AT, exit_of, exit_of_risk
from service.concerns import concerns
from service.snapshot import Risk
from tests.cli.answers import HEADING, RATED, WHOLE, letter, line_that_links_to_nowhere, plain_line, searched
from tests.cross_answers import ruling
from tests.csl_answers import sdn
from tests.fda_answers import refused as refused_row
from tests.service.snapshot.outcomes import FAILURES, line, refused, ruled, screened
from tools import errors
from tools.countries.assessment import assess_party
from tools.errors import InvalidQuery, NotFound, ToolError
from tools.exchange import Answer
from tools.sanctions import SanctionsResult
from tools.sanctions_query import SanctionsQuery

CASES = {
    "a line without links": (plain_line(), NOTHING_ADVERSE),
    "a line whose duty may be added to": (line(), NOTHING_ADVERSE),
    "a line that links to a heading which is gone": (line_that_links_to_nowhere(), NOTHING_ADVERSE),
    "a heading, which cannot be filed": (plain_line("8507"), NOTHING_ADVERSE),
    "a line without a stated rate": (plain_line("8507600020", HEADING, WHOLE), NOTHING_ADVERSE),
    "a line with additional duties": (
        plain_line("8507600020", HEADING, RATED, WHOLE | {"additionalDuties": "1¢/kg"}),
        NOTHING_ADVERSE,
    ),
    "a search that found lines": (searched(RATED), NOTHING_ADVERSE),
    "a search that found none": (searched(), TO_LOOK_AT),
    "a search whose lines are not all shown": (searched(RATED, WHOLE, limit=1), NOTHING_ADVERSE),
    "a clear": (screened("Acme Trading"), NOTHING_ADVERSE),
    "a match": (screened("Acme Trading", sdn("Acme Trading")), TO_LOOK_AT),
    "a potential match": (screened("Acme Trading", sdn("Acme Holding", score=85)), TO_LOOK_AT),
    "no refusals": (refused(), TO_LOOK_AT),
    "a refusal": (refused(refused_row()), NOTHING_ADVERSE),
    "no rulings": (ruled(), TO_LOOK_AT),
    "a ruling without a word against it": (ruled(ruling("968227")), NOTHING_ADVERSE),
    "a revoked ruling": (ruled(ruling("968227", revokedBy=["H1"])), NOTHING_ADVERSE),
    "a modified ruling": (ruled(ruling("968227", modifiedBy=["H1"])), NOTHING_ADVERSE),
    "an operationally revoked ruling": (ruled(ruling("968227", operationallyRevoked=True)), NOTHING_ADVERSE),
    "a letter": (letter(), NOTHING_ADVERSE),
    "a letter that is revoked": (letter(operationallyRevoked=True), NOTHING_ADVERSE),
}


@pytest.mark.parametrize(("outcome", "code"), CASES.values(), ids=CASES)
def test_a_look_up_is_0_when_it_found_what_was_asked_and_a_screening_when_nothing_is_to_be_looked_at(
    outcome: Answer[Any], code: int
) -> None:
    assert exit_of(outcome) == code
    if isinstance(outcome.result, SanctionsResult):
        assert bool(concerns(outcome.result)) is (code == TO_LOOK_AT)


@pytest.mark.parametrize(
    ("country", "ids", "code"),
    [
        ("Norway", "836230001", NOTHING_ADVERSE),
        ("Iran", "", TO_LOOK_AT),
        ("China", "", TO_LOOK_AT),
        ("Georgia", "", TO_LOOK_AT),
        ("Narnia", "", TO_LOOK_AT),
        ("Norway", "8.3623E+08", TO_LOOK_AT),
    ],
)
def test_a_screening_without_a_hit_is_0_only_when_its_details_are_certain_and_its_country_has_no_program(
    country: str, ids: str, code: int
) -> None:
    query = SanctionsQuery.model_validate({"name": "Acme Trading", "country": country, "ids": ids or []})
    answer = screened("Acme Trading")
    programs = assess_party(query.country, None, None)
    result = replace(answer.result, country_programs=programs, warnings=query.warnings)
    assert exit_of(replace(answer, result=result)) == code


@pytest.mark.parametrize(
    ("case", "code"), [("a clear", 1), ("no refusals", 1), ("no rulings", 1), ("a search that found lines", 0)]
)
def test_of_an_answer_that_is_not_whole_a_screening_is_never_0_and_all_say_so(case: str, code: int) -> None:
    outcome, _ = CASES[case]
    cut = replace(outcome.result, truncated=True, truncated_reason="limit 1")
    assert exit_of(replace(outcome, result=cut)) == code
    assert "not all of it is here: limit 1" in [each.text for each in concerns(cut)]


def test_a_result_that_nobody_weighs_is_an_error_and_no_0() -> None:
    with pytest.raises(TypeError):
        concerns({"hits": []})


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
def test_what_failed_is_3(failure: Exception) -> None:
    assert exit_of(failure) == NOT_ANSWERED


def test_every_error_of_a_tool_is_3_but_an_agencys_no_and_a_question_that_cannot_be_asked() -> None:
    kinds: list[type[ToolError]] = [
        each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, ToolError)
    ]
    codes = {kind: exit_of(kind.__new__(kind)) for kind in kinds}
    others = {kind: code for kind, code in codes.items() if code != NOT_ANSWERED}
    assert len(codes) > len(others)
    expected: dict[type[ToolError], int] = {NotFound: TO_LOOK_AT, InvalidQuery: BAD_USAGE}
    assert others == expected


def test_every_risk_of_a_snapshot_but_low_is_not_0() -> None:
    codes = {risk: exit_of_risk(risk) for risk in get_args(Risk)}
    assert codes == {"low": 0, "review": 1, "high": 1, "unknown": 3}
