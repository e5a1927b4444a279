"""What each way of reading a value takes, and that reading several at once is reading one after the other."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ProviderGarbled
from tools.payload import Fields, kind_of

KEYS = ("a", "b", "c")
BLANKS = " \t\n\r\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000"
TEXTS = st.text(st.sampled_from(f"aé1 {BLANKS}\u200b"), max_size=8)
VALUES = st.none() | st.booleans() | st.integers(-3, 10**12) | st.floats(allow_nan=False) | TEXTS
JSON = st.recursive(VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=2))
OBJECTS = st.dictionaries(st.sampled_from(KEYS), st.lists(TEXTS, max_size=3) | JSON)


def said(read: Callable[..., object], *arguments: object) -> object:
    """What `read` returns, or the text of its error."""
    try:
        return read(*arguments)
    except ProviderGarbled as error:
        return str(error)


def plain_text(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise ProviderGarbled(f"test: row 1: {key!r} is {kind_of(value)}, not a text", upstream="test")
    return " ".join(value.split()) or None


def plain_due(raw: dict[str, Any], key: str) -> str | None:
    if key not in raw:
        raise ProviderGarbled(f"test: row 1: {key!r} is missing", upstream="test")
    return plain_text(raw, key)


def plain_filled(raw: dict[str, Any], key: str) -> str:
    text = plain_due(raw, key)
    if text is None:
        raise ProviderGarbled(f"test: row 1: {key!r} is blank", upstream="test")
    return text


def plain_label(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_whole else plain_due(raw, key)


def plain_texts(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    values = raw.get(key)
    if values is None:
        return ()
    if not isinstance(values, list):
        raise ProviderGarbled(f"test: row 1: {key!r} is {kind_of(values)}, not a list", upstream="test")
    for each in values:
        if not isinstance(each, str):
            raise ProviderGarbled(f"test: row 1: {key!r} holds {kind_of(each)}, not a text", upstream="test")
    return tuple(text for each in values if (text := " ".join(each.split())))


@given(raw=OBJECTS)
def test_each_way_of_reading_is_what_its_words_say(raw: dict[str, Any]) -> None:
    fields = Fields(raw, "test", "row 1")
    for key in KEYS:
        assert said(fields.optional_text, key) == said(plain_text, raw, key)
        assert said(fields.nullable_text, key) == said(plain_due, raw, key)
        assert said(fields.text, key) == said(plain_filled, raw, key)
        assert said(fields.label, key) == said(plain_label, raw, key)
        assert said(fields.texts, key) == said(plain_texts, raw, key)


@given(raw=OBJECTS)
def test_reading_several_keys_is_reading_one_after_the_other(raw: dict[str, Any]) -> None:
    def one_by_one(read: Callable[[str], object]) -> list[object]:
        return [read(key) for key in KEYS]

    fields = Fields(raw, "test", "row 1")
    for several, one in (
        (fields.optional_texts, fields.optional_text),
        (fields.nullable_texts, fields.nullable_text),
        (fields.optional_labels, fields.optional_label),
        (fields.lists_of_texts, fields.texts),
    ):
        assert said(several, *KEYS) == said(one_by_one, one)


@pytest.mark.parametrize(("raw", "place"), [({"a": [{}, 3]}, "row 1, a 2 is a number"), ({"a": ""}, "'a' is a text")])
def test_what_is_no_list_of_objects_is_told_with_its_place(raw: dict[str, Any], place: str) -> None:
    with pytest.raises(ProviderGarbled, match=place):
        Fields(raw, "test", "row 1").objects("a")
