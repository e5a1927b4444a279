"""What each way of reading a value takes, and that reading several at once is reading one after the other."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.errors import ProviderGarbled
from tools.payload import Fields, Unread, in_few_words, kind_of

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


def spoilt(said: str) -> ProviderGarbled:
    return ProviderGarbled(f"test: row 1: {said}", upstream="test")


def plain_text(raw: dict[str, Any], key: str) -> str | None:
    value = raw.get(key)
    if isinstance(value, list) and len(value) == 1 and type(value[0]) in (str, int, type(None)):
        (value,) = value
    if value is None or value == []:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        raise spoilt(f"{key!r} is {kind_of(value)}, not a text")
    return " ".join(value.split()) or None


def plain_due(raw: dict[str, Any], key: str) -> str | None:
    if key not in raw:
        raise spoilt(f"{key!r} is missing")
    return plain_text(raw, key)


def plain_filled(raw: dict[str, Any], key: str) -> str:
    text = plain_due(raw, key)
    if text is None:
        raise spoilt(f"{key!r} is blank")
    return text


def plain_texts(raw: dict[str, Any], key: str) -> tuple[str, ...]:
    values = raw.get(key)
    if values is None:
        return ()
    is_one = isinstance(values, str) or (isinstance(values, int) and not isinstance(values, bool))
    if not is_one and not isinstance(values, list):
        raise spoilt(f"{key!r} is {kind_of(values)}, not a list")
    texts: list[str] = []
    for each in [values] if is_one else values:
        if isinstance(each, str) or (isinstance(each, int) and not isinstance(each, bool)):
            texts.append(" ".join(str(each).split()))
        elif each is not None:
            raise spoilt(f"{key!r} holds {kind_of(each)}, not a text")
    return tuple(filter(None, texts))


@given(raw=OBJECTS)
def test_each_way_of_reading_is_what_its_words_say(raw: dict[str, Any]) -> None:
    fields = Fields(raw, "test", "row 1")
    for key in KEYS:
        assert said(fields.optional_text, key) == said(plain_text, raw, key)
        assert said(fields.nullable_text, key) == said(plain_due, raw, key)
        assert said(fields.text, key) == said(plain_filled, raw, key)
        assert said(fields.texts, key) == said(plain_texts, raw, key)


@given(raw=OBJECTS)
def test_reading_several_keys_is_reading_one_after_the_other(raw: dict[str, Any]) -> None:
    def one_by_one(read: Callable[[str], object]) -> list[object]:
        return [read(key) for key in KEYS]

    fields = Fields(raw, "test", "row 1")
    for several, one in (
        (fields.optional_texts, fields.optional_text),
        (fields.nullable_texts, fields.nullable_text),
        (fields.lists_of_texts, fields.texts),
    ):
        assert said(several, *KEYS) == said(one_by_one, one)


@given(raw=OBJECTS)
def test_what_is_recorded_is_what_would_be_an_error_and_reads_as_nothing(raw: dict[str, Any]) -> None:
    for read, nothing in ((Fields.optional_text, None), (Fields.nullable_text, None), (Fields.texts, ())):
        for key in KEYS:
            unread: list[Unread] = []
            value = read(Fields(raw, "test", "row 1", unread), key)
            strictly = said(read, Fields(raw, "test", "row 1"), key)
            if unread:
                assert strictly == f"test: {unread[0].said}"
                assert unread[0].key == key
                assert value == nothing or read is Fields.texts
            else:
                assert value == strictly


@pytest.mark.parametrize(
    ("raw", "place", "found"),
    [({"a": [{}, 3.5]}, "a 2 is a number", [{}]), ({"a": True}, "'a' is a truth value", [])],
)
def test_what_is_no_list_of_objects_is_told_with_its_place(raw: dict[str, Any], place: str, found: list[Any]) -> None:
    with pytest.raises(ProviderGarbled, match=f"row 1: {place}"):
        Fields(raw, "test", "row 1").objects("a")
    unread: list[Unread] = []
    assert [inner.raw for inner in Fields(raw, "test", "row 1", unread).objects("a")] == found
    assert [each.key for each in unread] == ["a"]


def test_one_object_in_the_place_of_a_list_is_a_list_of_one() -> None:
    (inner,) = Fields({"a": {"b": 1}}, "test", "row 1").objects("a")
    assert (inner.raw, inner.where) == ({"b": 1}, "row 1, a 1")


def test_what_is_no_row_is_unread_and_the_others_keep_their_numbers() -> None:
    unread: list[Unread] = []
    rows = Fields.rows([{}, None, {}], "test", "row", unread)
    assert [row.where for row in rows] == ["row 1", "row 3"]
    assert unread == [Unread("row", "row 2 is null, not an object")]


def test_of_much_that_is_unread_the_first_few_are_named() -> None:
    unread = [Unread("a", f"row {number}: odd") for number in range(50)]
    assert in_few_words(unread[:2] * 2) == ("not read: row 0: odd", "not read: row 1: odd")
    assert in_few_words(unread)[4:] == ("not read: row 4: odd", "more values could not be read")
