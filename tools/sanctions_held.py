"""The Consolidated Screening List as it is held here: every entry is compared with the asked party.

Only a list that is whole, has passed its gates, and was confirmed as the current one within a day may clear anybody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from tools.errors import NotScreened
from tools.exchange import Held
from tools.sanctions_hits import Party, weigh_match
from tools.sanctions_query import SanctionsQuery
from tools.sanctions_result import Found, narrowed
from tools.screening.algorithms import DEFAULT_THRESHOLD
from tools.screening.held_list import HeldList
from tools.screening.subject import Match

__all__ = ["HeldLists", "ListInForce", "held_data", "matched"]

#: Entries that one answer tells at most.
_MAX_HITS = 100


@dataclass(frozen=True, slots=True)
class ListInForce:
    """The version that is in force now, and what is told of it."""

    list: HeldList
    about: Mapping[str, Any]


class HeldLists(Protocol):
    """Who holds the list."""

    def in_force(self) -> ListInForce:
        """The version in force. Raises NotScreened, with the reason, when there is none that may clear anybody."""


def matched(query: SanctionsQuery, held: HeldList) -> Found:
    """Return the entries of `held` that are like the asked party, by any of its names; the strongest counts.

    Raises NotScreened when it has no entry of any list that is asked for.
    """
    not_held = tuple(code for code in query.lists if code in held.missing_lists)
    if len(not_held) == len(query.lists):
        raise NotScreened(f"the file held has no entry of {', '.join(not_held)}", upstream="csl")
    parties, today = query.parties, datetime.now(UTC).date()
    threshold = DEFAULT_THRESHOLD if query.threshold is None else query.threshold
    lists = None if query.sources is None else frozenset(query.sources)
    best: dict[int, tuple[Match, Party]] = {}
    for party, subject in zip(parties, query.subjects, strict=True):
        for match in held.matcher.screen(subject, threshold, lists, query.algorithm, _MAX_HITS + 1):
            known = best.get(match.at)
            if known is None or _strength(match) > _strength(known[0]):
                best[match.at] = match, party
    found = list(best.values())
    if len(parties) > 1:
        found.sort(key=lambda each: _strength(each[0]), reverse=True)
    missing = f"there are more than {_MAX_HITS} entries at or above the threshold" if len(found) > _MAX_HITS else None
    hits = [weigh_match(party, held.entry(match.at), match, today) for match, party in found[:_MAX_HITS]]
    of_type, of_another_type = narrowed(query, hits)
    return Found(
        hits=of_type,
        threshold=threshold,
        total=len(hits),
        below_threshold=0,
        of_another_type=of_another_type,
        truncated_reason=missing,
        limits=() if not not_held else (f"the file held has no entry of {', '.join(not_held)}",),
        not_held=not_held,
    )


def _strength(match: Match) -> tuple[bool, bool, float]:
    return match.basis == "id", match.equal, match.score


def held_data(version: ListInForce) -> Held:
    """Where the answer comes from."""
    manifest = version.list.manifest
    return Held(manifest.url, manifest.fetched, manifest.sha256, version.about)
