"""One run of the bench: how much of it, on which grounds, and what it has found so far."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from itertools import count

from tests.bench.answers import LISTED
from tests.bench.contenders import Contender
from tests.bench.grounds import Grounds
from tests.bench.load import load
from tests.bench.measuring import Round, in_turn, measure
from tests.bench.processes import DidNotStart
from tests.bench.rows import Row

__all__ = ["MARKER", "Amount", "Bench"]

#: What every answer about a party has to hold.
MARKER = LISTED.encode()


@dataclass(frozen=True, slots=True)
class Amount:
    """How much is measured: rounds, seconds of each and of the warm-up before, requests of the memory row, cold starts.

    `pool_rounds` are those of the pools alone, which are short.
    """

    rounds: int
    seconds: float
    warm_s: float
    memory_requests: int
    starts: int
    pool_rounds: int

    @classmethod
    def whole(cls) -> "Amount":
        """What the bars are about."""
        return cls(rounds=7, seconds=2.0, warm_s=1.0, memory_requests=200_000, starts=5, pool_rounds=21)

    @classmethod
    def quick(cls) -> "Amount":
        """As much as two minutes hold."""
        return cls(rounds=3, seconds=0.8, warm_s=0.4, memory_requests=10_000, starts=3, pool_rounds=5)


@dataclass(slots=True)
class Bench:
    """`rows` are told in the end; `rounds` is what was measured, by scene and contender."""

    grounds: Grounds
    amount: Amount
    say: Callable[[str], None]
    rows: list[Row] = field(default_factory=list)
    rounds: dict[str, Mapping[str, Sequence[Round]]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def questions(self) -> Iterator[str]:
        """Paths of questions that nobody has asked in this run."""
        return (f"/v1/sanctions?name=Party+Number+{number}" for number in self._numbers)

    def ruling_questions(self) -> Iterator[str]:
        """The same, of searches in the rulings."""
        return (f"/v1/rulings?q=battery+{number}" for number in self._numbers)

    def skip(self, what: str, why: object) -> None:
        """Say that a row, or a contender, is left out."""
        line = f"{what}: left out, {why}"
        self.skipped.append(line)
        self.say(line)

    def open(self, stack: ExitStack, gateways: Mapping[str, AbstractContextManager[Contender]]) -> dict[str, Contender]:
        """Start gateways, but for those that cannot be had here."""
        opened = {}
        for name, gateway in gateways.items():
            try:
                opened[name] = stack.enter_context(gateway)
            except DidNotStart as exc:
                self.skip(name, exc)
        return opened

    def asking(
        self, contender: Contender, callers: int, paths: Iterator[str], marker: bytes = MARKER
    ) -> Callable[[], Round]:
        """A round with so many callers who ask for `paths`; answers hold `marker`. The contender is warmed up now."""

        def a_round(seconds: float) -> Round:
            return measure(
                self.grounds,
                contender,
                lambda: load(contender.port, paths, callers=callers, seconds=seconds, marker=marker),
            )

        a_round(self.amount.warm_s)
        return lambda: a_round(self.amount.seconds)

    def compare(self, scene: str, entries: Mapping[str, Callable[[], Round]]) -> Mapping[str, Sequence[Round]]:
        """Measure all in turn, and keep what came of it under the scene's name."""
        self.rounds[scene] = in_turn(entries, self.amount.rounds, self.say)
        return self.rounds[scene]
