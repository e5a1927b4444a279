"""Reads decoded JSON: a value that is not of the promised shape costs its field and is recorded, or is an error.

Agencies write a missing value as an absent key, as null, as `""` or as `[]`. Each accessor says which it takes. Those
for several keys look at them in the order in which they are named, and cost one call for all. A value that can be read
only one way is read: a whole number as its text, one text as a list of one, and a list of one text as that text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from tools.errors import ProviderGarbled

__all__ = ["Fields", "Unread", "in_few_words", "kind_of", "tidy"]

#: So many values that could not be read are named.
_NAMED = 5
_ONE_TEXT = (str, int, type(None))


class Unread(NamedTuple):
    """A value under `key` that could not be read, and what was wrong with it, in words."""

    key: str
    said: str


# Not frozen, which would make one twice as dear, and rows come by the thousand.
@dataclass(slots=True)
class Fields:
    """A JSON object of `upstream`, found at `where` (for people: "result 3").

    Where there is a list of what is `unread`, a value of another shape is put there, and None or nothing read in its
    place. Without one it is a ProviderGarbled that names the place.
    """

    raw: Mapping[str, object]
    upstream: str
    where: str
    unread: list[Unread] | None = None

    @classmethod
    def of(cls, value: object, upstream: str, where: str) -> "Fields":
        """Return `value` as an object. Raises ProviderGarbled when it is something else."""
        if type(value) is not dict:
            raise ProviderGarbled(f"{upstream}: {where} is {kind_of(value)}, not an object", upstream=upstream)
        return cls(value, upstream, where)

    @classmethod
    def rows(cls, values: list[object], upstream: str, word: str, unread: list[Unread]) -> list["Fields"]:
        """Return those of `values` that are objects, numbered from 1 as `word` says; the others are unread."""
        rows = []
        for number, value in enumerate(values, 1):
            if type(value) is dict:
                rows.append(cls(value, upstream, f"{word} {number}", unread))
            else:
                unread.append(Unread(word, f"{word} {number} is {kind_of(value)}, not an object"))
        return rows

    def garbled(self, said: str) -> ProviderGarbled:
        """The error for something in this object."""
        return ProviderGarbled(f"{self.upstream}: {self.where}: {said}", upstream=self.upstream)

    def lacks(self, key: str, said: str) -> None:
        """Record that what stands under `key` cannot be read. Raises ProviderGarbled where nothing is recorded."""
        if self.unread is None:
            raise self.garbled(said)
        self.unread.append(Unread(key, f"{self.where}: {said}"))

    def due(self, key: str) -> object:
        """What stands under `key`, which must be there; it may be null."""
        if key not in self.raw:
            self.lacks(key, f"{key!r} is missing")
            return None
        return self.raw[key]

    def text(self, key: str) -> str:
        """A text with something in it; one that is not there is an error in any case."""
        if (text := self.nullable_text(key)) is None:
            raise self.garbled(f"{key!r} is blank")
        return text

    def nullable_text(self, key: str) -> str | None:
        """A text under a key that must be there; None when it is null or blank."""
        value = self.due(key)
        return None if value is None else self._tidied(value, key)

    def nullable_texts(self, *keys: str) -> list[str | None]:
        """The `nullable_text` of each of `keys`."""
        raw = self.raw
        return [
            None
            if (value := raw[key] if key in raw else self.due(key)) is None
            else (" ".join(value.split()) or None)
            if type(value) is str
            else self._tidied(value, key)
            for key in keys
        ]

    def optional_text(self, key: str) -> str | None:
        """A text; None when it is absent, null or blank."""
        value = self.raw.get(key)
        return None if value is None else self._tidied(value, key)

    def optional_texts(self, *keys: str) -> list[str | None]:
        """The `optional_text` of each of `keys`."""
        raw = self.raw
        return [
            None
            if key not in raw or (value := raw[key]) is None
            else (" ".join(value.split()) or None)
            if type(value) is str
            else self._tidied(value, key)
            for key in keys
        ]

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, blank ones left out; empty when it is absent or null."""
        return self._listed(self.raw.get(key), key)

    def lists_of_texts(self, *keys: str) -> list[tuple[str, ...]]:
        """The `texts` of each of `keys`."""
        raw = self.raw
        return [
            () if key not in raw or (value := raw[key]) is None or value == [] else self._listed(value, key)
            for key in keys
        ]

    def objects(self, key: str) -> tuple["Fields", ...]:
        """A list of objects, or one object in its place; empty when it is absent or null."""
        raw = self.raw
        if key not in raw or (values := raw[key]) is None or values == []:
            return ()
        found = []
        is_one = type(values) is dict and bool(values)
        for number, value in enumerate([values] if is_one else self._list(values, key), 1):
            if type(value) is dict:
                found.append(Fields(value, self.upstream, f"{self.where}, {key} {number}", self.unread))
            else:
                self.lacks(key, f"{key} {number} is {kind_of(value)}, not an object")
        return tuple(found)

    def list_due(self, key: str) -> list[object]:
        """A list that must be there: an error in any case when it is not."""
        value = self.raw.get(key)
        if type(value) is not list:
            raise self.garbled(f"{key!r} is {kind_of(value)}, not a list" if key in self.raw else f"{key!r} is missing")
        return value

    def count(self, key: str) -> int:
        """A whole number from 0 that must be there: an error in any case when it is not."""
        if key not in self.raw:
            raise self.garbled(f"{key!r} is missing")
        value = self.raw[key]
        if type(value) is not int or value < 0:
            raise self.garbled(f"{key!r} is {_told(value)}, not a whole number from 0")
        return value

    def flag(self, key: str) -> bool | None:
        """A truth value under a key that must be there; None when it is null."""
        value = self.due(key)
        if value is None or type(value) is bool:
            return value
        self._refuse(value, key, "a truth value")
        return None

    # A value that is there, in the shape that is due. JSON has texts, numbers and so on of these very types.

    def _tidied(self, value: object, key: str) -> str | None:
        if type(value) is list and len(value) == 1 and type(value[0]) in _ONE_TEXT:
            value = value[0]
        if type(value) is str:
            return " ".join(value.split()) or None
        if type(value) is int:
            return str(value)
        if value is not None and value != []:
            self._refuse(value, key, "a text")
        return None

    def _list(self, value: object, key: str) -> list[object]:
        if type(value) is list:
            return value
        if type(value) is str or type(value) is int:
            return [value]
        if value is not None:
            self._refuse(value, key, "a list")
        return []

    def _listed(self, value: object, key: str) -> tuple[str, ...]:
        texts: list[str] = []
        for each in self._list(value, key):
            if type(each) is str:
                if text := " ".join(each.split()):
                    texts.append(text)
            elif type(each) is int:
                texts.append(str(each))
            elif each is not None:
                self.lacks(key, f"{key!r} holds {kind_of(each)}, not a text")
        return tuple(texts)

    def _refuse(self, value: object, key: str, due: str) -> None:
        self.lacks(key, f"{key!r} is {kind_of(value)}, not {due}")


def in_few_words(unread: Iterable[Unread]) -> tuple[str, ...]:
    """Return what could not be read, in words, each once: the first few, and that there are more."""
    said = list(dict.fromkeys(f"not read: {each.said}" for each in unread))
    return tuple(said) if len(said) <= _NAMED else (*said[:_NAMED], "more values could not be read")


def kind_of(value: object) -> str:
    """What `value` is, in JSON's words."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _told(value: object) -> str:
    """A number as it is; of anything else only what it is, since it may be long, and no business of ours."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else kind_of(value)


def tidy(text: str) -> str:
    """`text` without blanks at its ends and with single ones inside."""
    return " ".join(text.split())
