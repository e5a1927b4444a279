"""How like two words are: a small number of slips of the pen, or the same sound. Pure.

Short words are compared strictly, and those with digits exactly. What is like at all is at most two slips away or has
the same sound, so that an index can find all of it (`tools.screening.spelling`).
"""

import re

from rapidfuzz.distance import OSA

from tools.screening.words import VARIANTS

__all__ = ["likeness", "likeness_of_others", "slips_allowed", "sound_of"]

_DOUBLED = re.compile(r"(.)\1+")
_VOWELS = re.compile(r"[aeiouy]+")
_VOWEL_SIGNS = str.maketrans(dict.fromkeys("eiouy", "a"))
_SOUNDS = (
    ("sch", "s"), ("tch", "c"), ("dzh", "j"), ("ph", "f"), ("kh", "h"), ("gh", "g"), ("sh", "s"), ("ch", "c"),
    ("zh", "j"), ("dh", "d"), ("th", "t"), ("dj", "j"), ("tz", "z"), ("ts", "z"), ("ck", "k"), ("x", "ks"),
)  # fmt: skip
_LETTERS = str.maketrans({"q": "k", "g": "k", "w": "v", "z": "s", "b": "b"})
#: A slip costs so much of one letter's share of the longer word, by what it is.
_SLIP, _DROPPED, _DOUBLING, _VOWEL = 1.0, 0.8, 0.5, 0.8
#: Two spellings of one name, and two words that only sound alike.
_VARIANT, _SOUND = 0.95, 0.82
#: The most slips that words of one sound have, per letter.
_SOUND_SLIPS = 0.4
#: Keys of sound that are shorter say too little.
_SOUND_LENGTH = 3


def slips_allowed(word: str) -> int:
    """How many letters of `word` may differ: 0 to 2."""
    if len(word) < 3 or any(map(str.isdigit, word)):
        return 0
    return 1 if len(word) < 5 else 2


def sound_of(word: str) -> str:
    """What is left of `word` when it is only heard: consonants; `""` where that is too little to compare by."""
    variant = VARIANTS.get(word)
    if variant is not None:
        return variant
    if len(word) < 4 or any(map(str.isdigit, word)):
        return ""
    for letters, sound in _SOUNDS:
        if letters in word:
            word = word.replace(letters, sound)
    word = _DOUBLED.sub(r"\1", word.translate(_LETTERS))
    first = "a" if word[0] in "aeiouy" else word[0]
    rest = _VOWELS.sub("", word[1:]).replace("h", "")
    sound = _DOUBLED.sub(r"\1", first + rest)
    return sound if len(sound) >= _SOUND_LENGTH else ""


def likeness(asked: str, listed: str) -> float:
    """0 to 1: 1 for the same word, 0 for two that have nothing to do with each other."""
    if asked == listed:
        return 1.0
    if not (slips_allowed(asked) and slips_allowed(listed)):
        return 0.0
    sound = sound_of(asked)
    return likeness_of_others(asked, listed, same_sound=bool(sound) and sound == sound_of(listed))


def likeness_of_others(asked: str, listed: str, *, same_sound: bool) -> float:
    """The same of two words that are not equal, that slips are allowed in, and of whose sound it is known."""
    length, listed_length = len(asked), len(listed)
    longer = length if length > listed_length else listed_length
    allowed = (length > 2) + (length > 4) if length < listed_length else (listed_length > 2) + (listed_length > 4)
    slips = OSA.distance(asked, listed, score_cutoff=longer if same_sound else allowed)
    best = 0.0
    if same_sound:
        if asked in VARIANTS and listed in VARIANTS:
            best = _VARIANT
        elif slips <= longer * _SOUND_SLIPS:
            best = _SOUND
    if slips > allowed:
        return best
    cost = slips * _SLIP
    if length != listed_length:
        if slips == 1:
            cost = _DROPPED
        if _DOUBLED.sub(r"\1", asked) == _DOUBLED.sub(r"\1", listed):
            cost = _DOUBLING
    elif asked.translate(_VOWEL_SIGNS) == listed.translate(_VOWEL_SIGNS):
        cost = slips * _VOWEL
    alike = 1 - cost / longer
    return alike if alike > best else best
