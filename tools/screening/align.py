"""Which words of an asked name meet which of a listed one, and what the whole comes to. Pure.

score = what met / (all weights, those of words without a counterpart by how much that counts)

Words in excess on one side only count little: a middle name left out. Words on both sides that have no counterpart
contradict each other, and count most.
"""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ENTITY", "PERSON", "THING", "Alignment", "Scale", "align"]

#: What an initial and the name that it may stand for weigh together.
_INITIAL_WEIGHT = 0.4
_INITIAL = 0.9
#: How much of the rest of that name counts as without a counterpart.
_BEYOND = 0.5


@dataclass(frozen=True, slots=True)
class Scale:
    """How much words without a counterpart count: those `asked` in excess, those `listed` in excess, `both` at once."""

    asked: float
    listed: float
    both: float


PERSON = Scale(asked=0.5, listed=0.26, both=1.5)
ENTITY = Scale(asked=0.7, listed=0.5, both=1.6)
#: Vessels and aircraft.
THING = Scale(asked=0.8, listed=0.6, both=1.8)


@dataclass(frozen=True, slots=True)
class Alignment:
    """`score` 0 to 1; `pairs` of words that met: positions (asked, listed), likeness, share, whether by initial."""

    score: float
    pairs: tuple[tuple[int, int, float, float, bool], ...]


def align(
    like: Sequence[tuple[float, int, int]],
    asked_weights: Sequence[float],
    listed_weights: Sequence[float],
    initials: Sequence[tuple[int, int]],
    scale: Scale,
) -> Alignment:
    """Let words meet, the most alike first.

    `like` holds (likeness, position asked, position listed) of words that are alike, `initials` the positions of a
    letter and a word that begins with it, whichever of them is asked.
    """
    met_asked: set[int] = set()
    met_listed: set[int] = set()
    met: list[tuple[int, int, float, float, bool]] = []
    weight = open_asked = open_listed = 0.0
    for likeness, asked, listed in sorted(like, reverse=True):
        if asked not in met_asked and listed not in met_listed:
            met_asked.add(asked)
            met_listed.add(listed)
            common = min(asked_weights[asked], listed_weights[listed])
            weight += common
            met.append((asked, listed, likeness, common * likeness, False))
    for asked, listed in initials:
        if asked not in met_asked and listed not in met_listed:
            met_asked.add(asked)
            met_listed.add(listed)
            weight += _INITIAL_WEIGHT
            met.append((asked, listed, _INITIAL, _INITIAL_WEIGHT * _INITIAL, True))
            # What the word tells beyond its first letter has met nothing.
            open_asked += max(0.0, asked_weights[asked] - _INITIAL_WEIGHT) * _BEYOND
            open_listed += max(0.0, listed_weights[listed] - _INITIAL_WEIGHT) * _BEYOND
    if not met:
        return Alignment(0.0, ())
    rest_asked = open_asked + sum([each for at, each in enumerate(asked_weights) if at not in met_asked])
    rest_listed = open_listed + sum([each for at, each in enumerate(listed_weights) if at not in met_listed])
    both = min(rest_asked, rest_listed)
    whole = weight + scale.asked * (rest_asked - both) + scale.listed * (rest_listed - both) + scale.both * both
    return Alignment(
        sum([share for _, _, _, share, _ in met]) / whole,
        tuple([(asked, listed, how, share / whole, initial) for asked, listed, how, share, initial in met]),
    )
