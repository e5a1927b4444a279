"""How a run with our sessions differs from one with the peer's own, and which differences are deliberate.

Pure, but for `read_listed`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Comparison", "Listed", "compare", "differing", "read_listed"]

LIST = Path(__file__).with_name("differences.toml")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the list: tests of one suite that are to fail with our sessions, and why."""

    suite: str
    #: The id of a test; each `*` in it stands for any text.
    pattern: str
    reason: str
    #: It fails now and then only, by how fast the machines are.
    is_loose: bool = False

    def matches(self, test: str) -> bool:
        """Whether `test` is one of those."""
        return re.fullmatch(".*".join(re.escape(part) for part in self.pattern.split("*")), test) is not None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the tests that pass with the peer's own sessions and do not with ours."""

    #: Test ids and why.
    deliberate: dict[str, str]
    unexplained: list[str]
    #: Lines of the list that no failure answers to.
    stale: list[Listed]


def differing(stock: Mapping[str, str], ours: Mapping[str, str]) -> list[str]:
    """The tests that pass in `stock` and do not in `ours`, of both runs' outcomes by test id."""
    return sorted(test for test, outcome in stock.items() if outcome == "passed" and ours.get(test) != "passed")


def compare(differences: Iterable[str], listed: Iterable[Listed]) -> Comparison:
    """Hold the `differences` of one suite against the lines that are `listed` for it."""
    lines = list(listed)
    deliberate: dict[str, str] = {}
    unexplained = []
    answered = set()
    for test in differences:
        matching = [line for line in lines if line.matches(test)]
        answered.update(matching)
        if matching:
            deliberate[test] = matching[0].reason
        else:
            unexplained.append(test)
    return Comparison(deliberate, unexplained, [line for line in lines if line not in answered and not line.is_loose])


def read_listed(path: Path = LIST) -> list[Listed]:
    """The committed list. Raises ValueError when it names a reason that it does not explain, or explains in vain."""
    document = tomllib.loads(path.read_text())
    reasons: dict[str, str] = document["reasons"]
    lines = [
        Listed(suite, pattern, entry["reason"], entry.get("loose", False))
        for entry in document["difference"]
        for suite in entry["suites"]
        for pattern in entry["tests"]
    ]
    unlike = {line.reason for line in lines} ^ set(reasons)
    if unlike:
        raise ValueError(f"{path.name}: {sorted(unlike)} must be both explained and used")
    return lines
