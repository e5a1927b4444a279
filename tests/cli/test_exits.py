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
from tools.errors import InvalidQuery, NotFound, ToolError
from tools.exchange import Answer

CASES = {
    "a line without links": (plain_line(), NOTHING_ADVERSE),
    "a line whose duty may be added to": (line(), TO_LOOK_AT),
    "a line that links to a heading which is gone": (line_that_links_to_nowhere(), TO_LOOK_AT),
    "a heading, which cannot be filed": (plain_line("8507"), TO_LOOK_AT),
    "a line without a stated rate": (plain_line("8507600020", HEADING, WHOLE), TO_LOOK_AT),
    "a line with additional duties": (
        plain_line("8507600020", HEADING, RATED, WHOLE | {"additionalDuties": "1¢/kg"}),
        TO_LOOK_AT,
    ),
    "a search that found lines": (searched(RATED), NOTHING_ADVERSE),
    "a search that found none": (searched(), TO_LOOK_AT),
    "a search whose lines are not all shown": (searched(RATED, WHOLE, limit=1), TO_LOOK_AT),
    "a clear": (screened("Acme Trading"), NOTHING_ADVERSE),
    "a match": (screened("Acme Trading", sdn("Acme Trading")), TO_LOOK_AT),
    "a potential match": (screened("Acme Trading", sdn("Acme Holding", score=85)), TO_LOOK_AT),
    "no refusals": (refused(), NOTHING_ADVERSE),
    "a refusal": (refused(refused_row()), TO_LOOK_AT),
    "no rulings": (ruled(), NOTHING_ADVERSE),
    "a ruling without a word against it": (ruled(ruling("968227")), NOTHING_ADVERSE),
    "a revoked ruling": (ruled(ruling("968227", revokedBy=["H1"])), TO_LOOK_AT),
    "a modified ruling": (ruled(ruling("968227", modifiedBy=["H1"])), TO_LOOK_AT),
    "an operationally revoked ruling": (ruled(ruling("968227", operationallyRevoked=True)), TO_LOOK_AT),
    "a letter": (letter(), NOTHING_ADVERSE),
    "a letter that is revoked": (letter(operationallyRevoked=True), TO_LOOK_AT),
}


@pytest.mark.parametrize(("outcome", "code"), CASES.values(), ids=CASES)
def test_an_answer_is_0_only_when_it_holds_nothing_to_look_at(outcome: Answer[Any], code: int) -> None:
    assert exit_of(outcome) == code
    assert bool(concerns(outcome.result)) is (code == TO_LOOK_AT)


@pytest.mark.parametrize("case", ["a clear", "no refusals", "no rulings", "a search that found lines"])
def test_an_answer_that_is_not_whole_is_never_0(case: str) -> None:
    outcome, _ = CASES[case]
    cut = replace(outcome.result, truncated=True, truncated_reason="limit 1")
    assert exit_of(replace(outcome, result=cut)) == TO_LOOK_AT
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
