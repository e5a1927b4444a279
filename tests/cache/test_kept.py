"""Values of every agency, to bytes and back."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.csl_answers import page, sdn
from tests.hts_oracle import BATTERIES, SAFEGUARDS
from tools.cache.kept import Kept, decode, encode
from tools.hts_schedule import Row, read_rows
from tools.refusals import RefusalsResult
from tools.refusals_charges import Charge
from tools.refusals_rows import Refusal
from tools.refusals_tally import ChargeCount, FirmCount, MonthCount
from tools.rulings_letters import Letter, Record, Relations
from tools.sanctions_entries import Page, read_page

ROWS = read_rows([*BATTERIES, *SAFEGUARDS])
PAGE = read_page(
    page(
        sdn(
            "ACME «Trade» & Sons",
            score=100,
            addresses=[{"address": "1 Street", "city": "Tehran", "state": None, "postal_code": "", "country": "IR"}],
            alt_names=["ACMÉ", "アクメ"],
            ids=[{"type": "Tax ID", "number": "7", "country": "IR", "issue_date": None, "expiration_date": None}],
        ),
        sdn("MV ACME", 8, vessel_type="Tanker", vessel_flag="Iran"),
    )
)
LETTER = Letter(
    Record(
        number="N123456",
        subject="The tariff classification of a lamp",
        ruled_on=date(2020, 2, 29),
        ruled_on_is_exact=True,
        collection="ny",
        categories=("Classification",),
        tariffs=("9405.21.0010",),
        is_usmca=False,
        is_nafta=True,
        relations=Relations(revoked_by=("H1", "H2"), operationally_revoked=True),
    ),
    text="Dear Sir:\r\n\x00\u2028 \U0001f4a1",
    document=None,
)
REFUSALS = RefusalsResult(
    refusals=(
        Refusal(
            firm="Firm Ltd",
            fei="3000000001",
            address=None,
            city="Lyon",
            state=None,
            zip_code=None,
            country="FR",
            country_name="France",
            product_code="16AGT64",
            product="Tuna",
            product_category=None,
            industry_code="16",
            industry=None,
            district_code=None,
            district=None,
            refused_on=date(2026, 1, 31),
            charges=(Charge("9", "SALMONELLA"), Charge("0")),
            shipment_id=None,
            fda_sample_analysis="yes",
            private_lab_analysis=None,
        ),
    ),
    total=2,
    counted=1,
    by_charge=(ChargeCount("9", "SALMONELLA", None, None, 1),),
    by_month=(MonthCount("2026-01", 1),),
    by_firm=(FirmCount("Firm Ltd", None, 1),),
    firms=1,
    truncated=True,
    truncated_reason="limit",
)
VALUES = [(tuple[Row, ...], ROWS), (Page, PAGE), (Letter, LETTER), (RefusalsResult, REFUSALS), (str, "a text: ü\n")]
KINDS = [kind for kind, _ in VALUES]


def adapter(kind: Any) -> TypeAdapter[Kept[Any]]:
    return TypeAdapter(Kept[kind])


def kept(value: object, not_found: str | None = None) -> Kept[Any]:
    return Kept(value, not_found, datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "ab" * 32, is_sample_data=False)


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_a_value_comes_back_equal_and_of_its_own_types(kind: Any, value: object) -> None:
    back = decode(encode(kept(value)), adapter(kind))
    assert back == kept(value)
    assert repr(back.value) == repr(value)  # to be equal, 1 may be True


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_agency_does_not_have_comes_back_with_its_words(kind: Any) -> None:
    missing = kept(None, not_found="no ruling N1")
    assert decode(encode(missing), adapter(kind)) == missing


@given(st.text())
def test_any_text_comes_back(text: str) -> None:
    assert decode(encode(kept(text)), adapter(str)) == kept(text)


def test_the_time_comes_back_as_the_same_moment_with_its_zone() -> None:
    elsewhere = Kept("x", None, datetime(2026, 1, 2, tzinfo=timezone(timedelta(hours=5))), "ab", is_sample_data=True)
    back = decode(encode(elsewhere), adapter(str))
    assert back == elsewhere
    assert back is not None
    assert back.retrieved_at.tzinfo is not None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff", b"null", b"[]", b"{}", b'"text"', b"NaN", b"[" * 5000, b'{"value": 1}']
)
def test_rubbish_is_nothing(kind: Any, content: bytes) -> None:
    assert decode(content, adapter(kind)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_neither_a_value_nor_word_that_there_is_none_is_nothing(kind: Any) -> None:
    assert decode(encode(kept(None)), adapter(kind)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_another_shape_is_nothing(kind: Any) -> None:
    for other, value in VALUES:
        if other != kind:
            assert decode(encode(kept(value)), adapter(kind)) is None


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_an_answer_that_was_cut_off_is_nothing(kind: Any, value: object) -> None:
    content = encode(kept(value))
    assert decode(content[:-1], adapter(kind)) is None
    assert decode(content[: len(content) // 2], adapter(kind)) is None


@pytest.mark.parametrize("field", ["not_found", "retrieved_at", "sha256", "is_sample_data"])
def test_an_answer_that_lacks_a_field_is_nothing(field: str) -> None:
    fields = orjson.loads(encode(kept("x")))
    del fields[field]
    assert decode(orjson.dumps(fields), adapter(str)) is None
