"""Compares the name of a party with a listed name. Pure; one rule for every way in which an entry was found.

What is equal after normalisation is equal: letter case, accents, script (by transliteration), punctuation, the order of
the words ("LAST, First"), legal forms and forms of address do not count. Everything else is a score from 0 to 1.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii
from rapidfuzz.fuzz import ratio, token_sort_ratio

__all__ = ["IGNORED_WORDS", "Likeness", "compare", "is_in_latin_script", "same_identifier", "words_of"]

#: Words that the agency's own fuzzy search leaves out of account (its search page says so).
IGNORED_WORDS = frozenset(
    {"co", "company", "corp", "corporation", "inc", "incorporated", "limited", "llc", "ltd", "mr", "mrs", "ms"}
    | {"organization", "sa", "sas", "univ", "university"}
)

#: Those of them that are a legal form or a form of address, and no part of the name.
_FORMS = IGNORED_WORDS - {"organization", "univ", "university"}
# Each sign of these scripts is a word or a syllable of its own.
_IDEOGRAPH = re.compile(r"([\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff])")
_INITIAL = re.compile(r"\b(\w)\.(?=\w\b)")
_APOSTROPHE = re.compile("['`\u2018\u2019\u02bb\u02bc]")
_NOT_A_WORD = re.compile(r"[\W_]+")
# "... and any successor, sub-unit, or subsidiary thereof" is the notice's formula, no part of the name.
_FORMULA = re.compile(r"[;,]?\s*\band any (?:successor|sub-?unit|subsidiar).*", re.IGNORECASE | re.DOTALL)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)")
_IDENTIFIER_PREFIX = re.compile(r"^(?:imo|no|nr|number)+(?=[0-9])")
#: A word or a year is no identifier: one has so many characters, and so many digits among them.
_IDENTIFIER_LENGTH, _IDENTIFIER_DIGITS = 4, 2
#: All words of the asked name stand in the listed one, which has more.
_CONTAINED = 0.95
#: All words of the listed name (two at least) stand in the asked one, which has more.
_CONTAINS = 0.9


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two names are: `score` 0 to 1, and whether they are `equal` after normalisation.

    `words` counts those of the listed name, legal forms left out.
    """

    score: float
    equal: bool
    words: int


@lru_cache(maxsize=4096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of `name` in ASCII and lower case, in the order in which they stand."""
    plain = unicodedata.normalize("NFKC", name)
    plain = anyascii(_IDEOGRAPH.sub(r" \1 ", plain)).lower()
    plain = _INITIAL.sub(r"\1", _APOSTROPHE.sub("", plain))
    return tuple(_NOT_A_WORD.sub(" ", plain).split())


def compare(asked: str, listed: str) -> Likeness:
    """How like the `asked` name is to a `listed` one."""
    wanted = words_of(asked)
    whole = words_of(listed)
    if not wanted or not whole:
        return Likeness(0.0, equal=False, words=len(whole))
    core = _core(wanted)
    names = {whole, *map(words_of, _names_in(listed))} - {()}
    if any(_core(name) == core for name in names):
        return Likeness(1.0, equal=True, words=_count(core))
    rest = words_of(_IN_BRACKETS.sub(" ", _FORMULA.sub("", listed)))
    parts = {*names, rest} if _tells(rest) else names
    # With and without its legal form, which a listed name may not state.
    alike = max(_score(form, part) for form in (wanted, tuple(core)) for part in parts)
    return Likeness(alike, equal=False, words=_count(whole))


def _count(words: tuple[str, ...] | list[str]) -> int:
    """How many of `words` are part of the name."""
    return sum(word not in _FORMS for word in words)


def _core(words: tuple[str, ...]) -> list[str]:
    """The words that make the name, in one order; all of them where one letter is all that is left."""
    # X Corp. is a name of its own, and not the X that somebody else is called.
    return sorted(word for word in words if word not in _FORMS) if _tells(words) else sorted(words)


def _tells(words: tuple[str, ...]) -> bool:
    """Whether more than one letter is left of `words` without legal forms."""
    return sum(len(word) for word in words if word not in _FORMS) > 1


def _score(wanted: tuple[str, ...], listed: tuple[str, ...]) -> float:
    alike = max(token_sort_ratio(" ".join(wanted), " ".join(listed)), ratio("".join(wanted), "".join(listed))) / 100
    asked, given = set(wanted), set(listed)
    telling = {word for word in asked & given if word not in IGNORED_WORDS and len(word) > 1}
    # A word of one letter, or one that half of all companies bear, tells nothing by being contained.
    if asked <= given and telling:
        alike = max(alike, _CONTAINED)
    elif given <= asked and len(telling) > 1:
        alike = max(alike, _CONTAINS)
    return round(min(alike, 0.99), 4)


def _names_in(name: str) -> Iterator[str]:
    """`name` without the notice's formula, and without its own initials in brackets as well.

    Anything else in brackets belongs to the name: a branch in another country is another party.
    """
    bare = _FORMULA.sub("", name)
    yield bare
    short = _IN_BRACKETS.search(bare)
    if short is not None:
        rest = _IN_BRACKETS.sub(" ", bare)
        letters, initials = "".join(words_of(short[1])), "".join(word[0] for word in words_of(rest))
        if len(letters) > 1 and initials.startswith(letters):
            yield rest


def is_in_latin_script(name: str) -> bool:
    """Whether all letters of `name` are Latin ones."""
    return all("LATIN" in unicodedata.name(each, "") for each in name if each.isalpha())


def same_identifier(asked: str, listed: str) -> bool:
    """Whether two identifiers (passport, tax, registration, IMO numbers) are the same but for their punctuation."""
    wanted, given = _plain_identifier(asked), _plain_identifier(listed)
    tells = len(wanted) >= _IDENTIFIER_LENGTH and sum(map(str.isdigit, wanted)) >= _IDENTIFIER_DIGITS
    return tells and wanted == given


def _plain_identifier(text: str) -> str:
    return _IDENTIFIER_PREFIX.sub("", "".join(words_of(text)))
