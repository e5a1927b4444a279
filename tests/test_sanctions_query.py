"""What may be asked of the screening, and what is refused before anything is sent."""

from typing import Any

import pytest

from tools.errors import InvalidQuery
from tools.sanctions import SanctionsQuery, SanctionsTool


def asked(**query: Any) -> SanctionsQuery:
    parsed = SanctionsTool(subscription_key="k").parse(**query)
    assert isinstance(parsed, SanctionsQuery)
    return parsed


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "name"),
        ({"name": "a"}, "name"),
        ({"name": " a "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "A."}, "name"),
        ({"name": "--"}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "\ud800bc"}, "name"),
        ({"name": "Ltd"}, "name"),
        ({"name": "University Co., Ltd."}, "name"),
        ({"name": 12}, "name"),
        ({"name": "Acme", "sources": "SDN,XYZ"}, "sources"),
        ({"name": "Acme", "sources": ""}, "sources"),
        ({"name": "Acme", "sources": []}, "sources"),
        ({"name": "Acme", "sources": "SDN,"}, "sources"),
        ({"name": "Acme", "threshold": "1.1"}, "threshold"),
        ({"name": "Acme", "threshold": "-0.1"}, "threshold"),
        ({"name": "Acme", "threshold": "nan"}, "threshold"),
        ({"name": "Acme", "fuzzy": "perhaps"}, "fuzzy"),
        ({"name": "Acme", "colour": "red"}, "colour"),
    ],
)
def test_a_question_that_cannot_be_asked_names_its_parameter(query: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidQuery) as refused:
        asked(**query)
    assert refused.value.parameter == parameter
    assert str(refused.value).startswith(f"{parameter}: ")


def test_lists_are_named_in_any_case_once_each_in_a_text_or_in_a_list() -> None:
    assert asked(name="Acme", sources="sdn, EL,SDN").sources == ("SDN", "EL")
    assert asked(name="Acme", sources=["uvl"]).sources == ("UVL",)


def test_values_are_taken_as_people_write_them() -> None:
    query = asked(name=" Acme ", country="cn", type="vessel", fuzzy="false", threshold="0")
    assert (query.name, query.country, query.type, query.fuzzy, query.threshold) == ("Acme", "CN", "Vessel", False, 0)


def test_all_lists_are_asked_and_similar_names_too_unless_told_otherwise() -> None:
    query = asked(name="张伟")
    assert (query.sources, query.fuzzy, query.threshold) == (None, True, None)
