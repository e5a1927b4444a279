"""Reads decoded JSON strictly: what is not of the promised shape is a ProviderGarbled that names the place.

Agencies write a missing value as an absent key, as null, as `""` or as `[]`. Each accessor says which it takes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tools.errors import ProviderGarbled

__all__ = ["Fields", "kind_of", "tidy"]


@dataclass(frozen=True, slots=True)
class Fields:
    """A JSON object of `upstream`, found at `where` (for people: "result 3")."""

    raw: Mapping[str, object]
    upstream: str
    where: str

    @classmethod
    def of(cls, value: object, upstream: str, where: str) -> "Fields":
        """`value` as an object. Raises ProviderGarbled when it is something else."""
        if not isinstance(value, dict):
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
        value = self.nullable_text(key)
        if value is None:
            raise self.garbled(f"{key!r} is blank")
        return value

    def nullable_text(self, key: str) -> str | None:
        """A text under a key that must be there; None when it is null or blank."""
        self.due(key)
        return self.optional_text(key)

    def optional_text(self, key: str) -> str | None:
        """A text; None when it is absent, null or blank."""
        value = self.raw.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.garbled(f"{key!r} is {kind_of(value)}, not a text")
        return tidy(value) or None

    def label(self, key: str) -> str | None:
        """An identifier that some rows carry as a whole number and others as a text; None when null or blank."""
        value = self.due(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.optional_text(key)

    def optional_label(self, key: str) -> str | None:
        """Like `label`, but the key may be absent."""
        return self.label(key) if key in self.raw else None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, blank ones left out; empty when it is absent or null."""
        return tuple(text for value in self._list(key) if (text := tidy(self._as_text(value, key))))

    def objects(self, key: str) -> tuple["Fields", ...]:
        """A list of objects; empty when it is absent or null."""
        return tuple(
            Fields.of(value, self.upstream, f"{self.where}, {key} {number}")
            for number, value in enumerate(self._list(key), 1)
        )

    def list_due(self, key: str) -> list[object]:
        """A list that must be there."""
        if self.due(key) is None:
            raise self.garbled(f"{key!r} is null, not a list")
        return self._list(key)

    def count(self, key: str) -> int:
        """A whole number from 0 that must be there."""
        value = self.due(key)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.garbled(f"{key!r} is {_told(value)}, not a whole number from 0")
        return value

    def flag(self, key: str) -> bool:
        """A truth value that must be there."""
        value = self.due(key)
        if not isinstance(value, bool):
            raise self.garbled(f"{key!r} is {kind_of(value)}, not a truth value")
        return value

    def _list(self, key: str) -> list[object]:
        value = self.raw.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.garbled(f"{key!r} is {kind_of(value)}, not a list")
        return value

    def _as_text(self, value: object, key: str) -> str:
        if not isinstance(value, str):
            raise self.garbled(f"{key!r} holds {kind_of(value)}, not a text")
        return value


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
