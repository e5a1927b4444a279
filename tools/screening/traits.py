"""What weighs on a hit beside its name: countries, dates of birth and identifiers of the entries, in flat arrays."""

from array import array
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tools.sanctions_entries import ListEntry
from tools.sanctions_identifiers import identifier_keys, listed_keys
from tools.screening.births import agreement_of_births, births_of

__all__ = ["Agreement", "Traits", "TraitsMaker"]

Agreement = Literal["same", "near", "different", "unknown"]

_ARRAYS = ("country", "country_start", "birth", "birth_start", "id_hash", "id_entry")


@dataclass(frozen=True, slots=True)
class Traits:
    """Per entry: the countries it names and its dates of birth; and the entries of each identifier."""

    country: npt.NDArray[np.uint16]
    country_start: npt.NDArray[np.int32]
    birth: npt.NDArray[np.int32]
    birth_start: npt.NDArray[np.int32]
    id_hash: npt.NDArray[np.uint64]
    id_entry: npt.NDArray[np.int32]

    @classmethod
    def load(cls, folder: Path) -> "Traits":
        """What TraitsMaker saved, mapped into memory."""
        return cls(*[np.load(folder / f"{label}.npy", "r", allow_pickle=False).view(np.ndarray) for label in _ARRAYS])

    def country_agrees(self, countries: tuple[str, ...], entry: int) -> Agreement:
        """Return whether the entry names one of `countries`, each of two letters; unknown when it names none."""
        start, end = self.country_start[entry : entry + 2].tolist()
        if start == end:
            return "unknown"
        listed = self.country[start:end].tolist()
        return "same" if any(_packed(each) in listed for each in countries) else "different"

    def birth_agrees(self, births: tuple[int, ...], entry: int) -> Agreement:
        """Return how the dates of birth of the entry agree with `births`, as `read_birth` reads them."""
        start, end = self.birth_start[entry : entry + 2].tolist()
        return agreement_of_births(births, tuple(self.birth[start:end].tolist()))

    def entries_with_id(self, number: str) -> list[int]:
        """Return the entries that have the identifier, by the rule of `tools.sanctions_identifiers`."""
        found: set[int] = set()
        for key in identifier_keys(number):
            wanted = _hash(key)
            start, end = (int(np.searchsorted(self.id_hash, wanted, side)) for side in ("left", "right"))
            found.update(self.id_entry[start:end].tolist())
        return sorted(found)


class TraitsMaker:
    """Gathers the traits of entries as they come."""

    def __init__(self) -> None:
        self._countries, self._country_starts = array("H"), array("i", [0])
        self._births, self._birth_starts = array("i"), array("i", [0])
        self._ids: list[tuple[int, int]] = []

    def add(self, at: int, entry: ListEntry) -> None:
        """Take in the entry at position `at`; positions come in order."""
        self._countries.extend(sorted(map(_packed, entry.countries)))
        self._country_starts.append(len(self._countries))
        for text in entry.dates_of_birth:
            self._births.extend(births_of(text))
        self._birth_starts.append(len(self._births))
        self._ids.extend([(int(_hash(key)), at) for key in listed_keys(entry)])

    def save(self, folder: Path) -> None:
        """Write the arrays into `folder`."""
        self._ids.sort()
        arrays: dict[str, npt.NDArray[Any]] = {
            "country": np.array(self._countries, np.uint16),
            "country_start": np.array(self._country_starts, np.int32),
            "birth": np.array(self._births, np.int32),
            "birth_start": np.array(self._birth_starts, np.int32),
            "id_hash": np.array([number for number, _ in self._ids], np.uint64),
            "id_entry": np.array([at for _, at in self._ids], np.int32),
        }
        for label in _ARRAYS:
            np.save(folder / f"{label}.npy", arrays[label], allow_pickle=False)


def _hash(key: str) -> np.uint64:
    return np.uint64(int.from_bytes(blake2b(key.encode(), digest_size=8).digest()))


def _packed(country: str) -> int:
    code = country.upper().encode("ascii", "replace")
    return code[0] << 8 | code[1] if len(code) == 2 else 0
