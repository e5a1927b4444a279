"""The patterns in the contract are what the models take, which check it in another way."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from tools.hts import HTSQuery
from tools.refusals import FDAProductCode, RefusalsQuery
from tools.rulings import RulingsQuery


class _Product(BaseModel):
    code: FDAProductCode


#: A model, its field with a pattern, and what else it wants.
FIELDS: list[tuple[type[BaseModel], str, dict[str, Any]]] = [
    (HTSQuery, "code", {}),
    (RulingsQuery, "number", {}),
    (RulingsQuery, "hts", {}),
    (RefusalsQuery, "fei", {}),
    (_Product, "code", {}),
]
#: Texts near to what is asked for: letters, digits, points and blanks.
NEAR = st.text("0123456789.  \tabNYHQhq-é", max_size=14)


def pattern_of(model: type[BaseModel], name: str) -> str:
    schema = model.model_json_schema()["properties"][name]
    pattern: str = schema.get("anyOf", [schema])[0]["pattern"]
    # To Python `$` is also before a last line break; in a JSON schema it is the end.
    return pattern.removesuffix("$") + r"\Z"


@pytest.mark.parametrize(("model", "name", "others"), FIELDS)
@settings(max_examples=60)
@given(data=st.data())
def test_a_pattern_is_what_the_model_takes(
    model: type[BaseModel], name: str, others: dict[str, Any], data: st.DataObject
) -> None:
    pattern = pattern_of(model, name)
    text = data.draw(st.from_regex(pattern) | NEAR)
    try:
        model.model_validate({name: text, **others})
    except ValidationError:
        assert not re.search(pattern, text), text
    else:
        assert re.search(pattern, text), text
