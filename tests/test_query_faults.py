"""What is wrong with a question: all of it at once, and in our words."""

from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError
from pydantic_core.core_schema import ErrorType

from tools.errors import InvalidQuery, ParameterFault
from tools.hts import HTSQuery
from tools.query_faults import FaultCollector, faults_of, invalid_query
from tools.refusals import RefusalsQuery
from tools.rulings import RulingsQuery
from tools.sanctions_query import SanctionsQuery

#: What the library's own sentences are made of.
_OF_THE_LIBRARY = ("Input", "should", "Field", "Extra", "Tuple", "List ", "String", "valid ", "Value error", "Error")
_BESIDE: dict[str, Any] = {
    "gt": 1,
    "ge": 1,
    "lt": 1,
    "le": 1,
    "multiple_of": 2,
    "min_length": 1,
    "max_length": 2,
    "actual_length": 3,
    "field_type": "Tuple",
    "pattern": "x",
    "expected": "'a', 'b' or 'c'",
    "error": "boom",
    "class_name": "C",
    "encoding": "utf-8",
    "encoding_error": "bad",
    "attribute": "a",
    "discriminator": "d",
    "tag": "t",
    "expected_tags": "e",
    "method_name": "m",
    "max_digits": 3,
    "decimal_places": 2,
    "whole_digits": 1,
    "tz_expected": 1,
    "tz_actual": 2,
    "class": "X",
    "expected_schemes": "http",
    "expected_version": 4,
}


@pytest.mark.parametrize("kind", get_args(ErrorType))
def test_no_fault_is_said_in_the_library_s_words(kind: str) -> None:
    details: InitErrorDetails = {"type": kind, "loc": ("x",), "input": "s3cret", "ctx": _BESIDE}
    error = ValidationError.from_exception_data("Q", [details])
    ((fault),) = faults_of(error)
    assert fault.parameter == "x"
    assert fault.detail
    assert not any(each in fault.detail for each in _OF_THE_LIBRARY), fault.detail
    assert "s3cret" not in fault.detail


def _faults(model: type[BaseModel], **given: Any) -> list[tuple[str, str]]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(given)
    return [(each.parameter, each.detail) for each in invalid_query(caught.value, model).faults]


@pytest.mark.parametrize(
    ("model", "given", "said"),
    [
        (HTSQuery, {"code": "85", "limit": 0}, ["code: must be 4,", "limit: must be at least 1"]),
        (HTSQuery, {"limit": "x"}, ["code: is required, or else a keyword", "limit: must be a whole number"]),
        (
            SanctionsQuery,
            {"threshold": 7, "algorithm": "best", "fuzzy": "perhaps"},
            [
                "name: is required",
                "fuzzy: must be true or false",
                "threshold: must be at most 1",
                "algorithm: must be gateway-1 or ofac",
            ],
        ),
        (
            SanctionsQuery,
            {"nme": "Acme", "name": 3},
            ["nme: there is no such parameter; there are: name,", "name: must be text"],
        ),
        (
            RefusalsQuery,
            {"limit": 0, "since": "2026-02-01", "until": "2026-01-01"},
            ["since: must not be later than until", "limit: must be at least 1"],
        ),
        (RefusalsQuery, {"limit": 0}, ["country: is required, or else", "limit: must be at least 1"]),
        # What cannot be read was given all the same.
        (RefusalsQuery, {"country": "Q1"}, ["country: "]),
        (RefusalsQuery, {"until": "soon"}, ["until: must be a date"]),
        (RulingsQuery, {"limit": 5000, "number": "x"}, ["number: must be a ruling's number", "limit: must be at most"]),
        (RulingsQuery, {"collection": "LA"}, ["number: exactly one of", "collection: must be ALL, NY or HQ"]),
        (
            RulingsQuery,
            {"keyword": "a", "hts": "8507", "since": "2026-02-01", "until": "2026-01-01"},
            ["number: exactly one of", "since: must not be later than until"],
        ),
    ],
)
def test_a_question_s_faults_are_said_all_at_once(
    model: type[BaseModel], given: dict[str, Any], said: list[str]
) -> None:
    found = [f"{parameter}: {detail}" for parameter, detail in _faults(model, **given)]
    assert len(found) == len(said), found
    for each, beginning in zip(found, said, strict=True):
        assert each.startswith(beginning)


def test_the_error_names_the_first_parameter_and_says_everything() -> None:
    error = InvalidQuery.of(
        [ParameterFault("a", "is bad"), ParameterFault("b", "is worse"), ParameterFault("a", "is bad")]
    )
    assert error.parameter == "a"
    assert str(error) == "a: is bad; b: is worse"
    assert error.renamed({"a": "--alpha"}).faults == (
        ParameterFault("--alpha", "is bad"),
        ParameterFault("b", "is worse"),
    )


def test_one_message_has_one_fault_without_the_name_before_it() -> None:
    assert InvalidQuery("via: must be list", parameter="via").faults == (ParameterFault("via", "must be list"),)


def test_more_faults_than_anyone_reads_are_counted() -> None:
    error = InvalidQuery.of(ParameterFault(f"p{number}", "is bad") for number in range(1000))
    assert len(error.faults) == 50
    assert str(error).endswith("p49: is bad; and 950 more")


def test_a_body_that_is_no_json_names_the_place() -> None:
    with pytest.raises(ValidationError) as caught:
        SanctionsQuery.model_validate_json(b'{"name": "Acme",\n "dob" 1}')
    assert invalid_query(caught.value, SanctionsQuery).faults == (
        ParameterFault("body", "is not JSON: see line 2, column 8"),
    )


@pytest.mark.parametrize(
    ("kind", "name", "bounds", "said"),
    [
        ("too_short", "parties", {"min_length": 1}, "add at least one party"),
        ("too_long", "parties", {"max_length": 50}, "give at most 50 parties"),
        ("too_long", "ids", {"max_length": 1}, "give at most 1 identifier"),
        ("too_short", "rows", {"min_length": 2}, "give at least 2 values"),
    ],
)
def test_a_list_of_too_few_or_too_many_says_of_what(kind: str, name: str, bounds: dict[str, int], said: str) -> None:
    details: InitErrorDetails = {"type": kind, "loc": (name,), "input": [], "ctx": _BESIDE | bounds}
    assert faults_of(ValidationError.from_exception_data("Q", [details])) == (ParameterFault(name, said),)


def test_a_rule_about_the_whole_names_its_parameter() -> None:
    details: InitErrorDetails = {
        "type": PydanticCustomError("ours", "does not go with that", {"parameter": "lane.destination"}),
        "loc": (),
        "input": None,
    }
    assert faults_of(ValidationError.from_exception_data("Q", [details])) == (
        ParameterFault("lane.destination", "does not go with that"),
    )


def test_a_collector_goes_on_after_each_fault() -> None:
    faults = FaultCollector()
    with faults.reading():
        raise InvalidQuery("a: is bad", parameter="a")
    with faults.reading():
        pass
    faults.add("b", "is worse")
    with pytest.raises(InvalidQuery, match=r"^a: is bad; b: is worse$"):
        faults.raise_if_any()


@pytest.mark.parametrize(
    ("field", "given", "read"),
    [
        ("via", " Both", "both"),
        ("via", "LIST", "list"),
        ("algorithm", "Gateway-1 ", "gateway-1"),
        ("algorithm", "OFAC", "ofac"),
    ],
)
def test_words_of_ours_are_read_in_any_case(field: str, given: str, read: str) -> None:
    query = SanctionsQuery.model_validate({"name": "Acme", field: given})
    assert getattr(query, field) == read


def test_a_collection_is_read_in_any_case() -> None:
    assert RulingsQuery(keyword="a", collection=" hq").collection == "HQ"
