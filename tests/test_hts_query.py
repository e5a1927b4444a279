"""What may be asked of the tariff, and which parameter a refusal names."""

from typing import Any

import pytest
from pydantic import ValidationError

from tools.errors import InvalidQuery
from tools.hts import HTSQuery, HTSTool


@pytest.mark.parametrize(
    ("code", "digits"),
    [
        ("8507", "8507"),
        ("8507.60", "850760"),
        ("850760", "850760"),
        ("8507.60.00", "85076000"),
        ("8507.60.00.20", "8507600020"),
        ("8507.60.0020", "8507600020"),
        ("8507600020", "8507600020"),
        ("0101.21.00", "01012100"),
    ],
)
def test_a_code_is_taken_with_the_schedules_dots_or_without(code: str, digits: str) -> None:
    assert HTSQuery(code=code).code == digits


@pytest.mark.parametrize(
    "code",
    [
        *("", "abc", "85", "850", "12345", "1234567", "123456789", "85076000201", "85.07", "8507.6", "8507.600.0"),
        *(
            "8507.",
            ".8507",
            "8507..60",
            "8507-60",
            "8507 60",
            " 8507",
            "8507\n",
            "٨٥٠٧",
            "8507.60.00.20.10",
        ),
        *("9" * 10_000, 8507, True, ["8507"]),
    ],
)
def test_any_other_code_is_refused_by_name(code: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        HTSTool().parse(code=code)
    assert caught.value.parameter == "code"
    assert str(caught.value).startswith("code: ")
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    "keyword", ["", "  \t ", "x" * 201, "x" * 10_000, "a\x00b", "a\nb", "a\x85b", "\ud800", "a\u2028b", 5]
)
def test_a_keyword_that_cannot_be_searched_is_refused_by_name(keyword: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        HTSTool().parse(keyword=keyword)
    assert caught.value.parameter == "keyword"
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize(
    ("keyword", "searched"), [("  copper wire ", "copper wire"), ("x" * 200, "x" * 200), ("café ¢", "café ¢")]
)
def test_a_keyword_is_taken_without_its_outer_blanks(keyword: str, searched: str) -> None:
    assert HTSQuery(keyword=keyword).keyword == searched


@pytest.mark.parametrize("limit", [0, 1001, -1, "many", 1.5, None])
def test_a_limit_outside_its_range_is_refused_by_name(limit: Any) -> None:
    with pytest.raises(InvalidQuery) as caught:
        HTSTool().parse(keyword="copper", limit=limit)
    assert caught.value.parameter == "limit"


def test_a_limit_may_come_as_text_and_is_100_when_none_is_asked() -> None:
    assert HTSQuery.model_validate({"keyword": "copper", "limit": "1000"}).limit == 1000
    assert HTSQuery(keyword="copper").limit == 100


@pytest.mark.parametrize(
    ("asked", "parameter"),
    [
        ({}, "code"),
        ({"limit": 5}, "code"),
        ({"code": "8507", "keyword": "copper"}, "keyword"),
        ({"code": "abc", "keyword": "copper"}, "code"),
        ({"code": "8507", "origin": "CN"}, "origin"),
    ],
)
def test_one_of_code_and_keyword_is_asked_and_nothing_else(asked: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        HTSTool().parse(**asked)
    assert caught.value.parameter == parameter
    assert "Value error" not in str(caught.value)


def test_a_query_cannot_be_changed() -> None:
    query = HTSQuery(code="8507")
    with pytest.raises(ValidationError):
        setattr(query, "code", "8508")  # noqa: B010 - mypy knows that it is read-only
    assert hash(query) == hash(HTSQuery(code="8507"))


def test_the_tool_describes_its_parameters() -> None:
    schema = HTSTool.query_model.model_json_schema()
    assert set(schema["properties"]) == {"code", "keyword", "limit"}
    assert schema["additionalProperties"] is False
