"""Other ways to read an asked name: words that were run together taken apart, words that were parted joined.

Only readings that the list knows are tried: the made words stand in one listed name, or are a listed word.
"""

import re
from collections.abc import Iterator
from itertools import chain, islice

from tools.screening.light_words import is_light
from tools.screening.lookup import Lookup
from tools.screening.names import LEAST_WEIGHT, NameWords, with_weights
from tools.screening.words import weight_of

__all__ = ["readings_of"]

#: No more readings of one name are tried than these.
_MOST = 4
_MOST_PIECES = 5
_SHORTEST_RUN = 4
#: A piece that is not listed as it stands must be so long, to be compared with what is.
_SHORTEST_LIKE = 4
_LIKE_ENOUGH = 0.75
_NUMBERED = re.compile(r"([a-z]{2,})([0-9]+)")


def readings_of(name: NameWords, lookup: Lookup) -> Iterator[NameWords]:
    """The name as it stands, then other readings of it."""
    yield name
    made = chain(_joined(name, lookup), _parted(name, lookup))
    # Of one in which nothing but legal forms is left there is nothing to compare.
    yield from islice((each for each in made if each.weight >= LEAST_WEIGHT), _MOST)


def _joined(name: NameWords, lookup: Lookup) -> Iterator[NameWords]:
    words = name.words
    for at in range(len(words) - 1):
        one, other = words[at], words[at + 1]
        made = one + other
        if len(made) < _SHORTEST_LIKE:
            continue
        if lookup.is_listed(made) or (
            (_is_a_piece(one, lookup) or _is_a_piece(other, lookup)) and lookup.word(made).best > _LIKE_ENOUGH
        ):
            yield _with(name, at, 2, (made,))


def _is_a_piece(word: str, lookup: Lookup) -> bool:
    """Whether nothing is listed that is like `word`, so that it may be a piece of one."""
    return not is_light(word) and lookup.word(word).best < _LIKE_ENOUGH


def _parted(name: NameWords, lookup: Lookup) -> Iterator[NameWords]:
    for at, word in enumerate(name.words):
        following = name.words[at + 1] if at + 1 < len(name.words) else ""
        # Of dotted letters the first clings to the word before when the blank between them is lost.
        runs = [(word, 1), (word + following, 2)] if len(following) == 1 else [(word, 1)]
        for run, count in runs:
            pieces = next((each for each in _pieces(run, lookup) if _tells(each) and lookup.share_a_name(each)), None)
            if pieces is not None:
                yield _with(name, at, count, pieces)


def _tells(pieces: tuple[str, ...]) -> bool:
    """Whether the pieces are worth a look: a short light one, and a rest of three letters, are found in any word."""
    lights = [len(piece) for piece in pieces if is_light(piece)]
    heavy = [len(piece) for piece in pieces if not is_light(piece)]
    return not (lights and heavy) or max(*lights, *heavy) >= _SHORTEST_LIKE


def _pieces(run: str, lookup: Lookup) -> Iterator[tuple[str, ...]]:
    """Ways to part `run` into listed words, few and long ones first; failing that, into a listed one and one like it.

    One that is listed itself is parted in two at most.
    """
    if len(run) < _SHORTEST_RUN:
        return
    if numbered := _NUMBERED.fullmatch(run):
        yield numbered[1], numbered[2]
        return
    is_listed = lookup.is_listed(run)
    whole = list(_listed_pieces(run, lookup, 2 if is_listed else _MOST_PIECES))
    yield from sorted(whole, key=lambda pieces: (len(pieces), -min(map(len, pieces))))
    if whole or is_listed:
        return
    for at in range(_SHORTEST_LIKE, len(run) - _SHORTEST_LIKE + 1):
        for listed, rest, first in ((run[:at], run[at:], True), (run[at:], run[:at], False)):
            if lookup.is_listed(listed) and lookup.word(rest).best >= _LIKE_ENOUGH:
                yield (listed, rest) if first else (rest, listed)


def _listed_pieces(word: str, lookup: Lookup, most: int) -> Iterator[tuple[str, ...]]:
    for at in range(len(word) - 1, 1, -1):
        if not lookup.is_listed(word[:at]):
            continue
        rest = word[at:]
        if len(rest) > 1 and lookup.is_listed(rest):
            yield word[:at], rest
        elif len(rest) > 3 and most > 2:
            for pieces in _listed_pieces(rest, lookup, most - 1):
                yield (word[:at], *pieces)


def _with(name: NameWords, at: int, count: int, made: tuple[str, ...]) -> NameWords:
    words = (*name.words[:at], *made, *name.words[at + count :])
    weights = (*name.weights[:at], *map(weight_of, made), *name.weights[at + count :])
    return with_weights(words, weights, name.ignored)
