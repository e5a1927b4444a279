"""Reads decoded JSON strictly: what is not of the promised shape is a ProviderGarbled that names the place.

Agencies write a missing value as an absent key, as null, as `""` or as `[]`. Each accessor says which it takes. Those
for several keys look at them in the order in which they are named, and cost one call for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from tools.errors import ProviderGarbled

__all__ = ["Fields", "kind_of", "tidy"]


# Not frozen, which would make one twice as dear, and rows come by the thousand.
@dataclass(slots=True)
class Fields:
    """A JSON object of `upstream`, found at `where` (for people: "result 3")."""

    raw: Mapping[str, object]
    upstream: str
    where: str

    @classmethod
    def of(cls, value: object, upstream: str, where: str) -> "Fields":
        """`value` as an object. Raises ProviderGarbled when it is something else."""
        if type(value) is not dict:
            raise ProviderGarbled(f"{upstream}: {where} is {kind_of(value)}, not an object", upstream=upstream)
        return cls(value, upstream, where)

    def garbled(self, said: str) -> ProviderGarbled:
        """The error for something in this object."""
        return ProviderGarbled(f"{self.upstream}: {self.where}: {said}", upstream=self.upstream)

    def due(self, key: str) -> object:
        """What stands under `key`, which must be there; it may be null."""
        if key not in self.raw:
            raise self.garbled(f"{key!r} is missing")
        return self.raw[key]

    def text(self, key: str) -> str:
        """A text with something in it."""
        value = self.raw.get(key)
        if type(value) is str and (text := " ".join(value.split())):
            return text
        if self.due(key) is not None and type(value) is not str:
            self._refuse(value, key, "a text")
        raise self.garbled(f"{key!r} is blank")

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

    def label(self, key: str) -> str | None:
        """An identifier that some rows carry as a whole number and others as a text; None when null or blank."""
        value = self.raw.get(key)
        if type(value) is str:
            return " ".join(value.split()) or None
        return None if self.due(key) is None else self._labelled(value, key)

    def optional_label(self, key: str) -> str | None:
        """Like `label`, but the key may be absent."""
        value = self.raw.get(key)
        if type(value) is str:
            return " ".join(value.split()) or None
        return None if value is None else self._labelled(value, key)

    def optional_labels(self, *keys: str) -> list[str | None]:
        """The `optional_label` of each of `keys`."""
        raw = self.raw
        return [None if key not in raw or (value := raw[key]) is None else self._labelled(value, key) for key in keys]

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
        """A list of objects; empty when it is absent or null."""
        raw = self.raw
        if key not in raw or (values := raw[key]) is None or values == []:
            return ()
        return tuple(
            [
                Fields.of(value, self.upstream, f"{self.where}, {key} {number}")
                for number, value in enumerate(self._list(values, key), 1)
            ]
        )

    def list_due(self, key: str) -> list[object]:
        """A list that must be there."""
        value = self.due(key)
        if value is None:
            raise self.garbled(f"{key!r} is null, not a list")
        return self._list(value, key)

    def count(self, key: str) -> int:
        """A whole number from 0 that must be there."""
        value = self.due(key)
        if type(value) is not int or value < 0:
            raise self.garbled(f"{key!r} is {_told(value)}, not a whole number from 0")
        return value

    def flag(self, key: str) -> bool:
        """A truth value that must be there."""
        value = self.due(key)
        if type(value) is not bool:
            raise self.garbled(f"{key!r} is {kind_of(value)}, not a truth value")
        return value

    # A value that is there, in the shape that is due. JSON has texts, numbers and so on of these very types.

    def _tidied(self, value: object, key: str) -> str | None:
        if type(value) is not str:
            self._refuse(value, key, "a text")
        return " ".join(value.split()) or None

    def _labelled(self, value: object, key: str) -> str | None:
        return str(value) if type(value) is int else self._tidied(value, key)

    def _list(self, value: object, key: str) -> list[object]:
        if value is None:
            return []
        if type(value) is not list:
            self._refuse(value, key, "a list")
        return value

    def _listed(self, value: object, key: str) -> tuple[str, ...]:
        texts: list[str] = []
        for each in self._list(value, key):
            if type(each) is not str:
                raise self.garbled(f"{key!r} holds {kind_of(each)}, not a text")
            if text := " ".join(each.split()):
                texts.append(text)
        return tuple(texts)

    def _refuse(self, value: object, key: str, due: str) -> NoReturn:
        raise self.garbled(f"{key!r} is {kind_of(value)}, not {due}")


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
