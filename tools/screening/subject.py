"""What is asked of the list held here, and what an answer says: who, and every hit with its reasons."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Basis", "Match", "Part", "Subject"]

Basis = Literal["name", "name+dob", "name+country", "id"]


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is screened. Only `name` must be given.

    `type` is Individual, Entity, Vessel or Aircraft; `country` and `dob` are as people write them, and weigh nothing
    where they cannot be read; `ids` identifiers of any kind: passport, tax, registration and IMO numbers, call signs.
    """

    name: str
    type: str | None = None
    country: str | None = None
    dob: str | None = None
    ids: tuple[str, ...] = ()
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One reason of a score: the `asked` words met the `listed` ones, or something else weighs on it.

    `kind` is word, initial, joined, id, country, dob, limit or whole. `contribution` may be negative; all of a match's
    add up to its score.
    """

    kind: str
    asked: str
    listed: str
    likeness: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of the list that may be the subject.

    `at` is its position in the file, `score` 0 to 1. `equal`: the whole name or an alias is equal after normalisation,
    or an identifier is. `ignored` are words that counted nothing, of the asked name and of the listed one.
    """

    at: int
    score: float
    matched_name: str
    matched_on: Literal["name", "alias"]
    basis: Basis
    equal: bool
    parts: tuple[Part, ...]
    ignored: tuple[str, ...]
