"""What a hit comes to in the end: its name, then what country, date of birth and identifiers add or take. Pure.

None of these hides what the name alone made a hit: it is lowered to the threshold at most. An equal identifier is a hit
of score 1, whatever the name.
"""

from dataclasses import dataclass

from tools.countries import read_country
from tools.screening.align import Alignment
from tools.screening.asked_births import read_birth
from tools.screening.names import NameWords
from tools.screening.subject import Basis, Match, Part, Subject
from tools.screening.traits import Agreement, Traits

__all__ = ["MOST_RAISE", "NameHit", "Weighing"]

_COUNTRY: dict[Agreement, float] = {"same": 0.02, "different": -0.03}
_BIRTH: dict[Agreement, float] = {"same": 0.05, "near": 0.02, "different": -0.1}
#: The most that both may add.
MOST_RAISE = 0.07
#: What is not equal never comes to more.
_NOT_EQUAL = 0.99


@dataclass(frozen=True, slots=True)
class NameHit:
    """A name of an entry that is like the asked one: `score` 0 to 1 by the name alone, and how it came about.

    `asked` is the reading of the asked name that met the `listed` words; `rejoined` says that its words were joined or
    parted for it.
    """

    entry: int
    name: str
    is_alias: bool
    score: float
    equal: bool
    same_text: bool
    rejoined: bool
    asked: NameWords
    listed: tuple[str, ...]
    ignored: tuple[str, ...]
    met: Alignment

    @property
    def rank(self) -> tuple[float, bool, bool, bool]:
        """The higher the better, between names of one entry and between entries."""
        return self.score, self.equal, self.same_text, not self.is_alias


class Weighing:
    """Weighs hits on one `subject` with what the index holds of their entries."""

    def __init__(self, subject: Subject, traits: Traits, threshold: float) -> None:
        self._subject, self._traits, self._threshold = subject, traits, threshold
        self._countries = read_country(subject.country).codes if subject.country else ()
        self._births = read_birth(subject.dob).dates if subject.dob else ()

    def by_id(self, entry: int, number: str, hit: NameHit | None, name: str) -> Match:
        """The entry, called `name`, whose identifier equals the asked `number`."""
        return Match(
            at=entry,
            score=1.0,
            matched_name=name if hit is None else hit.name,
            matched_on="alias" if hit is not None and hit.is_alias else "name",
            basis="id",
            equal=True,
            parts=(Part("id", number, number, 1.0, 1.0),),
            ignored=() if hit is None else hit.ignored,
        )

    def by_name(self, hit: NameHit) -> Match | None:
        """The hit with everything weighed; None when it stays below the threshold."""
        parts = _parts_of_name(hit)
        country: Agreement = "unknown"
        birth: Agreement = "unknown"
        weighs: list[Part] = []
        if self._countries:
            country = self._traits.country_agrees(self._countries, hit.entry)
            if country in _COUNTRY:
                weighs.append(Part("country", self._subject.country or "", country, 0.0, _COUNTRY[country]))
        if self._births:
            birth = self._traits.birth_agrees(self._births, hit.entry)
            if birth in _BIRTH:
                weighs.append(Part("dob", self._subject.dob or "", birth, 0.0, _BIRTH[birth]))
        score = hit.score + sum([part.contribution for part in weighs])
        score = min(score, 1.0 if hit.equal else _NOT_EQUAL)
        if hit.score >= self._threshold:
            score = max(score, self._threshold)
        score = round(score, 4)
        if score < self._threshold:
            return None
        basis: Basis = "name+dob" if birth == "same" else "name+country" if country == "same" else "name"
        return Match(
            at=hit.entry,
            score=score,
            matched_name=hit.name,
            matched_on="alias" if hit.is_alias else "name",
            basis=basis,
            equal=hit.equal,
            parts=_adding_up((*parts, *weighs), score),
            ignored=hit.ignored,
        )


def _parts_of_name(hit: NameHit) -> list[Part]:
    """Of each pair of words that met; and what the whole name, being equal, adds to it."""
    kind = "joined" if hit.rejoined else "word"
    parts = [
        Part(
            "initial" if initial else kind,
            hit.asked.words[asked],
            hit.listed[listed],
            round(likeness, 4),
            round(share, 4),
        )
        for asked, listed, likeness, share, initial in hit.met.pairs
    ]
    if hit.equal and (rest := round(1.0 - sum([part.contribution for part in parts]), 4)):
        parts.append(Part("whole", " ".join(hit.asked.words), " ".join(hit.listed), 1.0, rest))
    return parts


def _adding_up(parts: tuple[Part, ...], score: float) -> tuple[Part, ...]:
    """The parts, with what a limit takes or gives, so that they add up to `score` to four digits."""
    rest = round(score - sum([part.contribution for part in parts]), 4)
    if not rest:
        return parts
    # The least digit is what rounding of the parts has lost, and no reason of its own.
    if parts and abs(rest) <= 0.0001 * len(parts):
        first = parts[0]
        return (
            Part(first.kind, first.asked, first.listed, first.likeness, round(first.contribution + rest, 4)),
            *parts[1:],
        )
    return (*parts, Part("limit", "", "", 0.0, rest))
