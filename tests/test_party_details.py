"""Details of a party: none stops its name from being screened, and what was not read is among the warnings."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.sanctions_query import SanctionsQuery

_ANYTHING = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=600) | st.lists(st.text(), max_size=3)
)


def _asked(**details: Any) -> SanctionsQuery:
    return SanctionsQuery.model_validate({"name": "Acme Trading", **details})


@pytest.mark.parametrize(
    ("field", "given", "kept", "code"),
    [
        ("country", "China", "CN", None),
        ("country", 756, "CH", None),
        ("country", ["IR", "SY"], "IR, SY", "country_ambiguous"),
        ("country", {"code": "IR"}, "IR", None),
        ("address", {"street": "Main 1", "country": {"code": "IR"}}, "Main 1, IR", None),
        ("address", ["Main 1", ["Tehran", None]], "Main 1, Tehran", None),
        ("country", "Narnia", "Narnia", "country_not_understood"),
        ("country", "Crimea", "Crimea", None),
        ("country", "Oslo, Norway", "Oslo, Norway", "country_read_in_part"),
        ("country", "", None, None),
        ("country", "a\x00b", "a b", "country_not_understood"),
        ("nationality", "Iranian", "IR", None),
        ("nationality", "Elbonian", "Elbonian", "country_not_understood"),
        ("dob", "8 Jan 1984", "8 Jan 1984", None),
        ("dob", 1967, "1967", None),
        ("dob", "01/02/1967", "01/02/1967", "dob_ambiguous"),
        ("dob", "1405 AH", "1405 AH", "dob_calendar_not_read"),
        ("dob", "soon", "soon", "dob_not_understood"),
        ("type", "vessel", "Vessel", None),
        ("type", "Ship", "Vessel", None),
        ("type", "COMPANY", "Entity", None),
        ("type", "Sandwich", "Sandwich", "type_not_understood"),
        ("address", "x", "x", None),
    ],
)
def test_a_detail_is_kept_and_what_was_not_read_is_a_warning(
    field: str, given: object, kept: object, code: str | None
) -> None:
    query = _asked(**{field: given})
    assert getattr(query, field) == kept
    assert [each.code for each in query.warnings] == ([code] if code else [])


@given(country=_ANYTHING, nationality=_ANYTHING, dob=_ANYTHING, kind=_ANYTHING, address=_ANYTHING)
def test_no_detail_of_whatever_kind_stops_a_name(
    country: object, nationality: object, dob: object, kind: object, address: object
) -> None:
    query = _asked(country=country, nationality=nationality, dob=dob, type=kind, address=address)
    assert query.subjects[0].name == "Acme Trading"
    assert all(each.detail for each in query.warnings)


def test_an_unread_type_leaves_no_entry_out() -> None:
    assert _asked(type="Sandwich").entry_type is None
    assert _asked(type="person").entry_type == "Individual"
