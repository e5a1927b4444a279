"""Compares the name of a party with a listed name. Pure; one rule for every way in which an entry was found.

What is equal after normalisation is equal: letter case, accents, script (by transliteration), punctuation, the order of
the words ("LAST, First"), legal forms and forms of address do not count. Everything else is a score from 0 to 1.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.fuzz import ratio

from tools.sanctions_scripts import has_han, has_same_han, in_ascii

__all__ = ["IGNORED_WORDS", "AskedName", "Likeness", "compare", "is_in_latin_script", "without_formula", "words_of"]

#: Words that the agency's own fuzzy search leaves out of account (its search page says so).
IGNORED_WORDS = frozenset(
    {"co", "company", "corp", "corporation", "inc", "incorporated", "limited", "llc", "ltd", "mr", "mrs", "ms"}
    | {"organization", "sa", "sas", "univ", "university"}
)

#: Those of them that are a legal form or a form of address, and no part of the name.
_FORMS = IGNORED_WORDS - {"organization", "univ", "university"}
_DOT_OF_INITIAL = re.compile(r"(?<=\b\w)\.(?=\w\b)")
# Of ASCII, to which everything is transliterated before: apostrophes go, what else is no letter or digit parts words.
_APOSTROPHES = str.maketrans("", "", "'`")
_WORDS_APART = {code: " " for code in range(128) if not chr(code).isalnum()} | _APOSTROPHES
# "... and any successor, sub-unit, or subsidiary thereof" is the notice's formula, no part of the name.
_FORMULA = re.compile(r"[;,]?\s*\band any (?:successor|sub-?unit|subsidiar).*", re.IGNORECASE | re.DOTALL)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
#: All words of the asked name stand in the listed one, which has more.
_CONTAINED = 0.95
#: All words of the listed name (two at least) stand in the asked one, which has more.
_CONTAINS = 0.9
#: The most of what is not equal.
_NOT_EQUAL = 0.99


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two names are: `score` 0 to 1, and whether they are `equal` after normalisation.

    `words` counts those of the listed name, legal forms left out.
    """

    score: float
    equal: bool
    words: int


# Of a question its name comes up four times; listed identifiers and parts of names come again and again.
@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of `name` in ASCII and lower case, in the order in which they stand."""
    plain = in_ascii(name).lower()
    if "." in plain:
        plain = _DOT_OF_INITIAL.sub("", plain.translate(_APOSTROPHES))
    return tuple(plain.translate(_WORDS_APART).split())


def without_formula(name: str) -> str:
    """Return a listed name without the notice's "and any successor, sub-unit, or subsidiary thereof"."""
    return _FORMULA.sub("", name)


class _Form:
    """Words in the shapes in which they are compared, made once for many comparisons.

    Letters are compared of `sorted_text` and of `runs`, the words without blanks in one or more orders. `telling` are
    the words that tell something by being contained in another name: not those of one letter, nor those that half of
    all companies bear.
    """

    __slots__ = ("distinct", "runs", "sorted_text", "telling")

    def __init__(self, words: tuple[str, ...], *orders: tuple[str, ...]) -> None:
        self.sorted_text = " ".join(sorted(words))
        self.runs = ["".join(each) for each in {words, *orders}]
        self.distinct = frozenset(words)
        self.telling = [word for word in self.distinct if word not in IGNORED_WORDS and word[1:]]


class _ListedName:
    """A listed name, ready to be compared: its `words`, the `cores` that are equal to it, the `parts` to score."""

    __slots__ = ("cores", "has_han", "parts", "word_count", "words")

    def __init__(self, name: str) -> None:
        self.words = words_of(name)
        self.has_han = has_han(name)
        self.word_count = _count(self.words)
        names = {self.words, *map(words_of, _names_in(name))} - {()}
        self.cores = frozenset([_core(each) for each in names])
        rest = words_of(_IN_BRACKETS.sub(" ", without_formula(name)))
        self.parts = [_Form(part) for part in ({*names, rest} if _tells(rest) else names)]


# The same entries answer many questions. About 2 KB each.
_listed = lru_cache(maxsize=4096)(_ListedName)


class AskedName:
    """A name that is asked for, made ready once to be compared with many listed ones."""

    def __init__(self, name: str) -> None:
        self.text = name
        self.has_han = has_han(name)
        self._words = words_of(name)
        self._core = _core(self._words)
        # With and without its legal form, which a listed name may not state.
        has_none = len(self._core) == len(self._words)
        self._forms = [_Form(self._words, self._core)] if has_none else [_Form(self._words), _Form(self._core)]

    def compare(self, name: str) -> Likeness:
        """How like it is to the listed `name`."""
        listed = _listed(name)
        if not self._words or not listed.words:
            return Likeness(0.0, equal=False, words=len(listed.words))
        # Many characters share one reading: another character of the same sound is another name.
        is_homophone = self.has_han and listed.has_han and not has_same_han(self.text, name)
        if self._core in listed.cores and not is_homophone:
            return Likeness(1.0, equal=True, words=_count(self._core))
        alike = 0.0
        for part in listed.parts:
            for form in self._forms:
                score = _score(form, part)
                if score > alike:
                    alike = score
        return Likeness(round(alike if alike < _NOT_EQUAL else _NOT_EQUAL, 4), equal=False, words=listed.word_count)


def compare(asked: str, listed: str) -> Likeness:
    """How like the `asked` name is to a `listed` one."""
    return AskedName(asked).compare(listed)


def _count(words: tuple[str, ...]) -> int:
    """How many of `words` are part of the name."""
    return sum([word not in _FORMS for word in words])


def _core(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words that make the name, in one order; all of them where one letter is all that is left."""
    kept = [word for word in words if word not in _FORMS]
    # X Corp. is a name of its own, and not the X that somebody else is called.
    return tuple(sorted(kept if len("".join(kept)) > 1 else words))


def _tells(words: tuple[str, ...]) -> bool:
    """Whether more than one letter is left of `words` without legal forms."""
    return len("".join([word for word in words if word not in _FORMS])) > 1


def _score(asked: _Form, listed: _Form) -> float:
    alike = ratio(asked.sorted_text, listed.sorted_text)
    for run in listed.runs:
        for asked_run in asked.runs:
            by_letter = ratio(asked_run, run)
            if by_letter > alike:
                alike = by_letter
    alike /= 100
    if alike < _CONTAINED and asked.telling and asked.distinct <= listed.distinct:
        return _CONTAINED
    if alike < _CONTAINS and len(listed.telling) > 1 and listed.distinct <= asked.distinct:
        return _CONTAINS
    return alike


def _names_in(name: str) -> Iterator[str]:
    """`name` without the notice's formula, and without its own initials in brackets as well.

    Anything else in brackets belongs to the name: a branch in another country is another party.
    """
    bare = without_formula(name)
    yield bare
    short = _IN_BRACKETS.search(bare)
    if short is not None:
        rest = _IN_BRACKETS.sub(" ", bare)
        letters, initials = "".join(words_of(short[1])), "".join(word[0] for word in words_of(rest))
        if len(letters) > 1 and initials.startswith(letters):
            yield rest


def is_in_latin_script(name: str) -> bool:
    """Whether all letters of `name` are Latin ones."""
    return name.isascii() or all("LATIN" in unicodedata.name(each, "") for each in name if each.isalpha())
