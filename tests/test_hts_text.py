"""Texts of the tariff: what is plain already takes a shorter way to the same words."""

import html

from hypothesis import given
from hypothesis import strategies as st

from tools.hts_text import clean

INVISIBLE = dict.fromkeys([*range(9), *range(14, 28), 0x7F, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
CHARACTERS = st.characters(exclude_characters="<") | st.sampled_from(" \t\n\x00\x1c\x7f\x85\xa0\xad\u200b\u2028\ufeff")
TEXTS = st.lists(CHARACTERS | st.sampled_from(["&amp;", "&nbsp;", "&#8203;", "&lt;"]), max_size=30).map("".join)


@given(text=TEXTS)
def test_a_text_without_markup_loses_entities_and_what_nobody_sees(text: str) -> None:
    assert clean(text) == " ".join(html.unescape(text).translate(INVISIBLE).split())
