"""Tells a slip in a word that weighs little from a word that the list does not know."""

from functools import cache

from rapidfuzz.distance import OSA

from tools.screening.spelling import Spelling, spelling_of
from tools.screening.words import LIGHT_WORDS

__all__ = ["HEAVIEST_LIGHT_WORD", "is_light", "is_slip_in_form", "light_word_like"]

HEAVIEST_LIGHT_WORD = max(LIGHT_WORDS.values())
#: In words of so many letters only some slips are seen: Ken is not a slip in Ben.
_SHORT = 3
_USUAL_FORMS = ("ltd", "inc", "llc", "plc", "co", "sa", "ag", "nv", "bv", "kg")


def is_slip_in_form(word: str) -> bool:
    """Whether `word`, of two or three letters and at the end of a firm's name, is one slip from a usual legal form."""
    return 1 < len(word) <= _SHORT and any(OSA.distance(word, form, score_cutoff=1) <= 1 for form in _USUAL_FORMS)


def is_light(word: str) -> bool:
    """Whether `word` is a legal form, a form of address, a particle or a word that all firms use."""
    return word in LIGHT_WORDS


def light_word_like(word: str) -> tuple[str | None, float]:
    """The light word that `word` is most like, and how like it is."""
    spelling, words = _light_spelling()
    if len(word) <= _SHORT:
        return _short_slips().get(word), 1.0
    best = max(spelling.similar(word), key=lambda found: found[1], default=None)
    return (None, 0.0) if best is None else (words[best[0]], best[1])


@cache
def _short_slips() -> dict[str, str]:
    """Slips in light words of two and three letters: one doubled, one dropped, or two swapped. No letter is another."""
    slips: dict[str, str] = {}
    for light, weight in LIGHT_WORDS.items():
        # Not in legal forms: Cai is no slip in CIA.
        if weight and 1 < len(light) <= _SHORT:
            made = [light[: at + 1] + light[at:] for at in range(len(light))]
            made += [light[:at] + light[at + 1 :] for at in range(len(light))]
            made += [light[:at] + light[at + 1] + light[at] + light[at + 2 :] for at in range(len(light) - 1)]
            slips |= {each: light for each in made if 1 < len(each) <= _SHORT and each not in LIGHT_WORDS}
    return slips


@cache
def _light_spelling() -> tuple[Spelling, list[str]]:
    words = list(LIGHT_WORDS)
    return Spelling(words, *spelling_of(words)), words
