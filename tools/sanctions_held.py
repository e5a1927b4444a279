"""The Consolidated Screening List as it is held here: every entry is compared with the asked party.

Only a list that is whole, has passed its gates, and was confirmed as the current one within a day may clear anybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from tools.errors import NotScreened
from tools.exchange import Held
from tools.sanctions_hits import weigh_match
from tools.sanctions_names import IGNORED_WORDS, words_of
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

    Raises NotScreened when it has no entry of any list that is asked for, or when nothing is found and a row that could
    not be read may be about the party.
    """
    not_held = tuple(code for code in query.lists if code in held.missing_lists)
    if len(not_held) == len(query.lists):
        raise NotScreened(f"the file held has no entry of {', '.join(not_held)}", upstream="csl")
    today = datetime.now(UTC).date()
    threshold = DEFAULT_THRESHOLD if query.threshold is None else query.threshold
    lists = None if query.sources is None else frozenset(query.sources)
    subjects = query.subjects
    # By the entry: the strongest match, and by which of the names.
    best: dict[int, tuple[Match, int]] = {}
    for by, subject in enumerate(subjects):
        for match in held.matcher.screen(subject, threshold, lists, query.algorithm, _MAX_HITS + 1):
            known = best.get(match.at)
            if known is None or _strength(match) > _strength(known[0]):
                best[match.at] = match, by
    found = list(best.values())
    if len(subjects) > 1:
        found.sort(key=lambda each: _strength(each[0]), reverse=True)
    missing = f"there are more than {_MAX_HITS} entries at or above the threshold" if len(found) > _MAX_HITS else None
    # Most names are no hit, and need nothing to weigh one with.
    parties = query.parties if found else ()
    hits = [weigh_match(parties[by], held.entry(match.at), match, today) for match, by in found[:_MAX_HITS]]
    of_type, of_another_type = narrowed(query, hits)
    if not of_type:
        _look_into_unreadable_rows(query, held)
    return Found(
        hits=of_type,
        threshold=threshold,
        total=len(hits),
        below_threshold=0,
        of_another_type=of_another_type,
        truncated_reason=missing,
        limits=_limits(not_held, held),
        not_held=not_held,
    )


def _look_into_unreadable_rows(query: SanctionsQuery, held: HeldList) -> None:
    """Return when no unreadable row holds all words of a name or an identifier of the party. Raises NotScreened."""
    if not held.unreadable_words:
        return
    asked = [set(words_of(each)) - IGNORED_WORDS for each in (*query.names, *query.all_ids)]
    for number, words in held.unreadable_words:
        if any(each and each <= words for each in asked):
            said = f"row {number} of the list cannot be read, and holds all words of the name or identifier"
            raise NotScreened(said, upstream="csl")


def _limits(not_held: Sequence[str], held: HeldList) -> tuple[str, ...]:
    """What the file held does not say, in words."""
    said = list[str]()
    if not_held:
        said.append(f"the file held has no entry of {', '.join(not_held)}")
    if unreadable := held.manifest.figures.parse_errors:
        kept = len(held.manifest.carried)
        rows = "1 row" if unreadable == 1 else f"{unreadable} rows"
        stay = f"; entries of the version before that stay in force there: {kept}" if kept else ""
        said.append(f"{rows} of the file held could not be read{stay}")
    return tuple(said)


def _strength(match: Match) -> tuple[bool, bool, float]:
    return match.basis == "id", match.equal, match.score


def held_data(version: ListInForce) -> Held:
    """Where the answer comes from."""
    manifest = version.list.manifest
    return Held(manifest.url, manifest.fetched, manifest.sha256, version.about)
