"""Compares the name of a party with a listed name. Pure; one rule for every way in which an entry was found.

What is equal after normalisation is equal: letter case, accents, script (by transliteration), punctuation, the order of
the words ("LAST, First"), legal forms and forms of address do not count. Everything else is a score from 0 to 1.
"""

import re
import unicodedata
from dataclasses import dataclass

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
_IN_BRACKETS = re.compile(r"\([^()]*\)")
_IDENTIFIER_PREFIX = re.compile(r"^(?:imo|no|nr|number)(?=[0-9])")
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
    forms = {whole, *(words_of(form) for form in _without_additions(listed))} - {()}
    core = _core(wanted)
    if any(_core(form) == core for form in forms):
        return Likeness(1.0, equal=True, words=len(core))
    return Likeness(max(_score(wanted, form) for form in forms), equal=False, words=len(_core(whole)))


def _core(words: tuple[str, ...]) -> list[str]:
    """The words that make the name, in one order; all of them where one letter is all that is left."""
    core = sorted(word for word in words if word not in _FORMS)
    # X Corp. is a name of its own, and not the X that somebody else is called.
    return core if sum(map(len, core)) > 1 else sorted(words)


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


def _without_additions(name: str) -> tuple[str, ...]:
    """`name` without the notice's formula, and without what stands in brackets as well."""
    bare = _FORMULA.sub("", name)
    return bare, _IN_BRACKETS.sub(" ", bare)


def is_in_latin_script(name: str) -> bool:
    """Whether all letters of `name` are Latin ones."""
    return all("LATIN" in unicodedata.name(each, "") for each in name if each.isalpha())


def same_identifier(asked: str, listed: str) -> bool:
    """Whether two identifiers (passport, tax, registration, IMO numbers) are the same but for their punctuation."""
    wanted, given = _plain_identifier(asked), _plain_identifier(listed)
    return len(wanted) >= 4 and wanted == given


def _plain_identifier(text: str) -> str:
    return _IDENTIFIER_PREFIX.sub("", "".join(words_of(text)))
