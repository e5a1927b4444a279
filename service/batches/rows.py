"""One row of a caller's file, how it is to be screened, and what it came to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from tools.countries.programs import Level

__all__ = ["COLUMNS", "Counts", "Outcome", "Row", "RowResult", "RowStatus", "ScreeningOptions"]

#: What a row may hold. Only `name` must be there.
COLUMNS = ("name", "ref", "type", "country", "nationality", "dob", "ids", "address")

RowStatus = Literal["screened", "invalid", "not_screened"]
Outcome = Literal["clear", "potential_match", "match"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was given. `number` counts from 1, without a header line; `ref` is echoed, whatever it is.

    `fault` says in words why the row cannot be read; then the rest may be missing. `fault_code` is its code where it is
    not `invalid_row`.
    """

    number: int
    ref: str | None = None
    name: str | None = None
    type: str | None = None
    country: str | None = None
    dob: str | None = None
    ids: tuple[str, ...] = ()
    fault: str | None = None
    nationality: str | None = None
    address: str | None = None
    fault_code: Literal["unknown_encoding"] | None = None


@dataclass(frozen=True, slots=True)
class ScreeningOptions:
    """What holds for all rows; the words are those of `GET /v1/sanctions`."""

    threshold: float | None = None
    sources: tuple[str, ...] | None = None
    algorithm: Literal["gateway-1", "ofac"] = "gateway-1"
    via: Literal["list", "api"] = "list"


@dataclass(frozen=True, slots=True)
class RowResult:
    """What one row came to. `line` is its JSON object, on one line, without the line's end:

    `{"row", "ref", "name", "status", ...}` and, when screened, `outcome`, `hits` (as in `GET /v1/sanctions`),
    `truncated`; when invalid or not screened, `code` and `detail`. `warnings` are the codes of what was not read,
    `country_level` is the gravest country program's.
    """

    number: int
    status: RowStatus
    outcome: Outcome | None
    line: bytes
    warnings: tuple[str, ...] = ()
    country_level: Level | None = None


@dataclass(slots=True)
class Counts:
    """How many rows came to what, how many warnings there are of each code, and rows by level of country programs.

    `screened` is the sum of `clear`, `potential_match` and `match`; all rows are the sum of the first three.
    """

    screened: int = 0
    invalid: int = 0
    not_screened: int = 0
    clear: int = 0
    potential_match: int = 0
    match: int = 0
    warnings: Counter[str] = field(default_factory=Counter)
    country_programs: Counter[str] = field(default_factory=Counter)

    def add(self, result: RowResult) -> None:
        """Count one more."""
        setattr(self, result.status, getattr(self, result.status) + 1)
        if result.outcome is not None:
            setattr(self, result.outcome, getattr(self, result.outcome) + 1)
        self.warnings.update(result.warnings)
        if result.country_level is not None:
            self.country_programs[result.country_level] += 1

    def noted(self) -> dict[str, int]:
        """Return the counts of warnings and of country programs under one key each, as the ledgers keep them."""
        kinds = {"warning": self.warnings, "country": self.country_programs}
        return {f"{kind}:{key}": number for kind, counted in kinds.items() for key, number in counted.items()}

    @classmethod
    def of(cls, numbers: Sequence[int], noted: Mapping[str, int]) -> "Counts":
        """Return the counts of which a ledger has the `numbers`, in order of the fields, and what `noted` returned."""
        screened, invalid, not_screened, clear, potential_match, match = numbers
        counts = cls(screened, invalid, not_screened, clear, potential_match, match)
        for key, number in noted.items():
            kind, _, name = key.partition(":")
            (counts.warnings if kind == "warning" else counts.country_programs)[name] = number
        return counts

    @property
    def rows(self) -> int:
        """Rows that have a result."""
        return self.screened + self.invalid + self.not_screened
