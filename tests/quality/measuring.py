"""Measures a matcher: what it finds of its own list, of damaged names, what it makes of clean ones, how fast it is."""

import gc
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tests.quality.clean_names import clean_subjects
from tests.quality.damage import DAMAGES, damaged
from tests.quality.pairs import Scored
from tools.sanctions_entries import ListEntry
from tools.screening.match import Matcher
from tools.screening.subject import Subject

__all__ = [
    "ListedName",
    "SelfScreening",
    "Speed",
    "alerts_per_thousand",
    "calibration",
    "damage_recall",
    "listed_names",
    "self_screening",
    "speed",
]


@dataclass(frozen=True, slots=True)
class ListedName:
    """A name or alias, and the position of its entry."""

    at: int
    name: str


@dataclass(frozen=True, slots=True)
class SelfScreening:
    """Shares of names that found their entry; that no other was ranked above it by score; that it stood first."""

    found: float
    at_top: float
    first: float


@dataclass(frozen=True, slots=True)
class Speed:
    """Of screenings one after another, in processor time: milliseconds of one, and names per second."""

    p50_ms: float
    p95_ms: float
    names_per_s: float


def listed_names(entries: Sequence[ListEntry], sample: int, draw: random.Random) -> list[ListedName]:
    """`sample` of the names and aliases; all of them when it is 0 or there are no more."""
    names = [ListedName(at, name) for at, entry in enumerate(entries) for name in (entry.name, *entry.alt_names)]
    return draw.sample(names, sample) if 0 < sample < len(names) else names


def self_screening(matcher: Matcher, names: Sequence[ListedName], threshold: float) -> SelfScreening:
    """Every name is asked for as it is listed."""
    found = at_top = first = 0
    for each in names:
        hits = matcher.screen(Subject(each.name), threshold)
        own = next((hit for hit in hits if hit.at == each.at), None)
        if own is not None:
            found += 1
            at_top += own.score >= hits[0].score
            first += hits[0].at == each.at
    return SelfScreening(found / len(names), at_top / len(names), first / len(names))


def damage_recall(
    matcher: Matcher, names: Sequence[ListedName], threshold: float, draw: random.Random
) -> tuple[dict[str, float], float]:
    """The share of names that find their entry under one damage, by its kind; and under two of different kinds."""
    by_kind = {kind: _recall(matcher, names, threshold, [[kind]] * len(names), draw) for kind in DAMAGES}
    two = [draw.sample(list(DAMAGES), 2) for _ in names]
    return by_kind, _recall(matcher, names, threshold, two, draw)


def _recall(
    matcher: Matcher, names: Sequence[ListedName], threshold: float, kinds: Sequence[list[str]], draw: random.Random
) -> float:
    found = 0
    for each, of_name in zip(names, kinds, strict=True):
        hits = matcher.screen(Subject(damaged(each.name, of_name, draw)), threshold)
        found += any(hit.at == each.at for hit in hits)
    return found / len(names)


def alerts_per_thousand(matcher: Matcher, count: int, threshold: float) -> dict[str, float]:
    """Clean names with any hit, per 1000: asked with all that is known of them, with the type, by the name alone."""
    subjects = list(clean_subjects(count))
    asked = {
        "type, country and date of birth": subjects,
        "type": [replace(each, country=None, dob=None) for each in subjects],
        "name alone": [Subject(each.name) for each in subjects],
    }
    return {
        way: 1000 * sum([bool(matcher.screen(each, threshold, limit=1)) for each in each_way]) / count
        for way, each_way in asked.items()
    }


def calibration(pairs: Sequence[Scored]) -> list[tuple[float, float, int, float]]:
    """Of scores from .. to: how many pairs have them, and the share of these that people call one party."""
    edges = (0.0, 0.5, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0001)
    rows: list[tuple[float, float, int, float]] = []
    for low, high in pairwise(edges):
        inside = [each.pair.is_match for each in pairs if low <= each.score < high]
        rows.append((low, min(high, 1.0), len(inside), sum(inside) / len(inside) if inside else 0.0))
    return rows


def speed(matcher: Matcher, names: Sequence[str], threshold: float) -> Speed:
    """One screening after another of subjects that are `names`. Garbage of before is not counted to it."""
    gc.collect()
    gc.freeze()
    taken: list[float] = []
    for name in names:
        start = time.process_time()
        matcher.screen(Subject(name), threshold)
        taken.append(time.process_time() - start)
    gc.unfreeze()
    ordered = sorted(taken)
    middle, late = ordered[len(ordered) // 2], ordered[int(0.95 * len(ordered))]
    return Speed(1000 * middle, 1000 * late, len(taken) / sum(taken))
