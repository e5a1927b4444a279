"""Eight kinds of damage that names take on their way: by hands, by forms, by software."""

import random
import unicodedata
from collections.abc import Callable
from itertools import pairwise

__all__ = ["DAMAGES", "damaged"]

_VOWELS = "aeiou"


def _places(name: str, is_one: Callable[[str], bool]) -> list[int]:
    return [at for at, letter in enumerate(name) if is_one(letter)]


def _swapped_neighbours(name: str, draw: random.Random) -> str:
    pairs = pairwise(name)
    places = [at for at, (one, other) in enumerate(pairs) if (one + other).isalpha() and one != other]
    if not places:
        return name
    at = draw.choice(places)
    return name[:at] + name[at + 1] + name[at] + name[at + 2 :]


def _surname_first(name: str, draw: random.Random) -> str:
    family, comma, given = name.partition(", ")
    if comma:
        return draw.choice((f"{family} {given}", f"{given} {family}"))
    *others, last = name.split()
    return " ".join([last, *others])


def _dropped_letter(name: str, draw: random.Random) -> str:
    places = _places(name, str.isalpha)
    if len(places) < 2:
        return name
    at = draw.choice(places)
    return name[:at] + name[at + 1 :]


def _doubled_letter(name: str, draw: random.Random) -> str:
    places = _places(name, str.isalpha)
    if not places:
        return name
    at = draw.choice(places)
    return name[: at + 1] + name[at:]


def _changed_vowel(name: str, draw: random.Random) -> str:
    places = _places(name, lambda letter: letter.lower() in _VOWELS)
    if not places:
        return name
    at = draw.choice(places)
    other = draw.choice([vowel for vowel in _VOWELS if vowel != name[at].lower()])
    return name[:at] + (other.upper() if name[at].isupper() else other) + name[at + 1 :]


def _no_break_spaces(name: str, _: random.Random) -> str:
    return name.replace(" ", "\u00a0")


def _stripped_accents(name: str, _: random.Random) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", name) if not unicodedata.combining(each))


def _joined_words(name: str, draw: random.Random) -> str:
    places = _places(name, str.isspace)
    if not places:
        return name
    at = draw.choice(places)
    return name[:at] + name[at + 1 :]


DAMAGES: dict[str, Callable[[str, random.Random], str]] = {
    "swapped neighbours": _swapped_neighbours,
    "surname first": _surname_first,
    "dropped letter": _dropped_letter,
    "doubled letter": _doubled_letter,
    "changed vowel": _changed_vowel,
    "no-break spaces": _no_break_spaces,
    "stripped accents": _stripped_accents,
    "joined words": _joined_words,
}


def damaged(name: str, kinds: list[str], draw: random.Random) -> str:
    """`name` with one damage of each of `kinds`, in that order. What cannot be done to it is not."""
    for kind in kinds:
        name = DAMAGES[kind](name, draw)
    return name
