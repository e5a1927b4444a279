"""What callers may ask for: the rule for single characters, against the shorter way that most texts take."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from tools.query_text import searchable


def plainly_searchable(text: str, least: int, most: int) -> str:
    """The rule, character by character."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(each for each in text if unicodedata.category(each) != "Cf").strip()
    if not least <= len(text) <= most:
        return "text_length"
    if any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in text):
        return "text_control"
    return text


def said(text: str) -> str:
    try:
        return searchable(text, 2, 20)
    except PydanticCustomError as error:
        return error.type


@given(
    text=st.text(
        st.characters() | st.sampled_from(" \t\n\x00\x7f\x85\xa0\xad\u200b\u2028\ufeff\ud800\ufb01\uff21"), max_size=24
    )
)
def test_a_text_is_taken_as_the_rule_for_its_characters_says(text: str) -> None:
    assert said(text) == plainly_searchable(text, 2, 20)


@pytest.mark.parametrize("around", ["a{}b", "{}ab"], ids=["inside", "before"])
def test_every_character_is_taken_as_the_rule_says(around: str) -> None:
    # Whole planes of letters are alike: of the ideographs and of what is not assigned every 61st is looked at.
    for code in (
        *range(0x3400),
        *range(0x3400, 0xA000, 61),
        *range(0xA000, 0x20000),
        *range(0x20000, sys.maxunicode, 61),
    ):
        text = around.format(chr(code))
        assert said(text) == plainly_searchable(text, 2, 20), hex(code)
