"""Which scripts of names are read, how each is put into ASCII, and which parts of a name are not read at all. Pure.

Latin, Greek and Cyrillic letters are read letter by letter, and Han characters as Chinese. Digits of every script are
read by their value. Every other script (Arabic, Hangul, Hebrew, kana, ...) has no reading here: it is written in ASCII
sign by sign, so that a hit may still be found, and it never supports a `clear`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

from anyascii import anyascii

__all__ = [
    "UnreadPart",
    "has_han",
    "has_same_han",
    "in_ascii",
    "lookalike_of",
    "mended",
    "of_another_code_page",
    "unread_parts",
    "without_marks",
]

_HAN = ("CJK UNIFIED IDEOGRAPH", "CJK COMPATIBILITY IDEOGRAPH")
#: Scripts whose letters are read one by one, and letters that belong to no script.
_READ_LETTERS = ("LATIN", "GREEK", "CYRILLIC", "MODIFIER LETTER", "COMBINING", "VARIATION SELECTOR")
#: Symbols that belong to a script, or stand for signs that were lost.
_UNREAD_SYMBOLS = (
    *("ARABIC", "TAMIL", "TIBETAN", "KHMER", "BALINESE", "ETHIOPIC", "BRAILLE PATTERN DOTS", "YI ", "CJK RADICAL"),
    *("SIGNWRITING", "IDEOGRAPHIC DESCRIPTION", "PHAISTOS", "REPLACEMENT CHARACTER"),
)
_NO_SIGN = {"Co": "private-use characters", "Cs": "halves of characters", "Cn": "unassigned characters"}
#: Signs that NFKC would turn into letters of the word before, into a blank and an accent, or into words of one letter.
_MARKS: dict[int, str] = {
    **dict.fromkeys(map(ord, "\u2122\u2120\xae\xa9\u2117"), " "),
    **dict.fromkeys(map(ord, "\xb4\u02ca\u02cb"), "'"),
    0x2116: " No ",
    0x2105: " c/o ",
    # Letters in brackets, each one sign.
    **{0x249C + at: letter for at, letter in enumerate(ascii_lowercase)},
    **{0x1F110 + at: letter for at, letter in enumerate(ascii_uppercase)},
}
#: Signs that are not seen, whatever their category.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
#: A letter in a circle or a square that Unicode does not decompose.
_LETTER_IN_A_SIGN = re.compile(r"(?:CIRCLED|SQUARED) LATIN (?:CAPITAL|SMALL) LETTER ([A-Z])")
#: Two of these are a flag; any other number of them writes something.
_FLAG_LETTERS = re.compile("[\U0001f1e6-\U0001f1ff]+")
_KIND_OF_SIGN = re.compile(
    r"^(.*?) (?:(?:SMALL|CAPITAL|FINAL|INDEPENDENT|DEPENDENT|INITIAL|MODIFIER|COMBINING) )*(?:LETTER|SYLLABLE|SYLLABICS"
    r"|VOWEL|SIGN|LIGATURE|CHARACTER|IDEOGRAPH|PATTERN|RADICAL|MARK|CONSONANT|JONGSEONG|CHOSEONG|JUNGSEONG)\b"
)
_KANA = (
    "HIRAGANA",
    "KATAKANA",
    "IDEOGRAPHIC ITERATION",
    "VERTICAL IDEOGRAPHIC",
    "IDEOGRAPHIC CLOSING",
    "VERTICAL KANA",
)

_CYRILLIC = (
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408\u04ae\u04ba\u051a"
    "\u051c\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u051b\u051d\u0501\u04cf\u043a\u043c"
    "\u0442\u0401\u0451"
)
_GREEK = (
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03b1\u03b2\u03b5\u03b9"
    "\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7\u03f2\u03f3"
)
_CYRILLIC_TWINS = dict(zip(_CYRILLIC, "ABEKMHOPCTYXSIJYHQWaeopcyxsijhqwdlkmtEe", strict=True))
_GREEK_TWINS = dict(zip(_GREEK, "ABEZHIKMNOPTYXabeikvoptuxcj", strict=True))
#: Letters that look like Latin ones.
_LATIN_TWINS = {**_CYRILLIC_TWINS, **_GREEK_TWINS}
#: And the other way round.
_TO_CYRILLIC = {latin: letter for letter, latin in reversed(_CYRILLIC_TWINS.items())}
_WORD = re.compile(r"[^\W\d_]+")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_TWIN_SCRIPTS = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
#: A word of nothing but such letters is of another code page, read as Windows-1252.
_WRONG_CODE_PAGE = re.compile(r"(?<![^\W\d_])[\u00c0-\u00ff]{4,}(?![^\W\d_])")
#: What is left of UTF-8 that was read so: the first byte of a letter and those that follow it, twice and more.
_NEXT_BYTE = r"[\u00a0-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u2013-\u203a\u20ac]"
_MISREAD = re.compile(
    rf"(?:(?:[\u00c2\u00c3\u00ce-\u00d1\u00d7-\u00db]{_NEXT_BYTE}|[\u00e0-\u00ed]{_NEXT_BYTE}{{2}}).*){{2}}"
)
#: So many readings of signs are kept.
_KEPT = 65536


@dataclass(frozen=True, slots=True)
class UnreadPart:
    """A word of a name, and the `script` of what is not read in it."""

    text: str
    script: str


class _Readings(dict[int, str]):
    """The reading of every sign beyond ASCII, made when it first comes up."""

    def __missing__(self, code: int) -> str:
        reading = _reading(chr(code))
        if len(self) < _KEPT:
            self[code] = reading
        return reading


_readings = _Readings({code: chr(code) for code in range(128)})


def without_marks(text: str) -> str:
    """Return `text` with signs as what they stand for, before it is normalized: those of trade marks for nothing."""
    return text if text.isascii() else text.translate(_MARKS)


def in_ascii(name: str) -> str:
    """Return `name` in ASCII, each Han character as a word of its own. Symbols are blanks, invisible signs are gone."""
    if name.isascii():
        return name
    text = unicodedata.normalize("NFKC", without_marks(name))
    if _TWIN_SCRIPTS.search(text) and _LATIN_LETTER.search(text):
        text = _WORD.sub(_in_one_script, text)
    return text.translate(_readings)


def unread_parts(name: str) -> tuple[UnreadPart, ...]:
    """Return the words of `name` that hold a sign without a reading, in their order, each once."""
    if name.isascii():
        return ()
    return tuple(dict.fromkeys(_unread(name)))


def lookalike_of(name: str) -> str | None:
    """Return the Latin name that `name` may be written to look like; None where there is no such name.

    A word of Cyrillic or Greek letters that all look like Latin ones can be read both ways: Neva, in Cyrillic capitals,
    looks like HEBA.
    """
    if name.isascii() or not _TWIN_SCRIPTS.search(name):
        return None
    text = unicodedata.normalize("NFKC", name)
    made = _WORD.sub(lambda word: _latin_twin(word[0]) or word[0], text)
    # In a name of another script one word that could be Latin is no disguise.
    return made if not _TWIN_SCRIPTS.search(made) and in_ascii(made) != in_ascii(text) else None


def mended(text: str) -> str:
    """Return a text whose UTF-8 was read as Windows-1252 as it was meant; any other as it is."""
    try:
        return b"".join([_byte_of(sign) for sign in text]).decode()
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def of_another_code_page(name: str) -> str | None:
    """Return what `name` says in Windows-1251 where it can hardly be the Windows-1252 that it was taken for."""
    if not _WRONG_CODE_PAGE.search(name):
        return None
    return _WRONG_CODE_PAGE.sub(lambda word: word[0].encode("cp1252").decode("cp1251"), name)


def has_han(name: str) -> bool:
    """Whether `name` holds Han characters."""
    return not name.isascii() and bool(_han_of(name))


def has_same_han(one: str, other: str) -> bool:
    """Whether the Han characters of two names are the same, in any order: another character of one sound is not."""
    return sorted(_han_of(one)) == sorted(_han_of(other))


def _byte_of(sign: str) -> bytes:
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")


def _han_of(name: str) -> list[str]:
    return [sign for sign in unicodedata.normalize("NFKC", name) if sign > "\u2fff" and _is_han(sign)]


@lru_cache(maxsize=8192)
def _is_han(sign: str) -> bool:
    return unicodedata.name(sign, "").startswith(_HAN)


def _unread(name: str) -> Iterator[UnreadPart]:
    for word in unicodedata.normalize("NFKC", without_marks(name)).split():
        if word.isascii():
            continue
        if any(len(run) != 2 for run in _FLAG_LETTERS.findall(word)):
            yield UnreadPart(word, "letters of flags")
            continue
        if _WRONG_CODE_PAGE.search(word) or _MISREAD.search(word):
            yield UnreadPart(word, "letters of another code page")
            continue
        for sign in word:
            if (script := _unread_script(sign)) is not None:
                yield UnreadPart(word, script)
                break


@lru_cache(maxsize=8192)
def _unread_script(sign: str) -> str | None:
    """The script of a sign without a reading; None of one that is read, or tells nothing."""
    category, name = unicodedata.category(sign), unicodedata.name(sign, "")
    if sign.isascii() or category == "Cf" or _INVISIBLE.fullmatch(sign):
        return None
    if category in _NO_SIGN:
        return _NO_SIGN[category]
    read = anyascii(sign)
    if category[0] == "S":
        is_read = not name.startswith(_UNREAD_SYMBOLS)
    elif category[0] == "N":
        is_read = any(map(str.isalnum, read))
    elif category[0] in "LM":
        # A mark adds nothing to the letter that it stands on; a letter has to be read as something.
        is_read = name.startswith((*_READ_LETTERS, *_HAN)) and (category[0] == "M" or bool(read.strip()))
    else:
        is_read = True
    return None if is_read else _script_named(name)


def _script_named(name: str) -> str:
    """The script of a sign in words, by its Unicode name."""
    if name.startswith(_KANA):
        return "Japanese kana"
    if name.startswith(_HAN):
        return "rare Han characters"
    if name.startswith("REPLACEMENT"):
        return "characters that were lost before they came here"
    found = _KIND_OF_SIGN.match(name)
    return f"{(found[1] if found else name.partition(' ')[0] or 'unknown').title()} script"


def _reading(sign: str) -> str:
    """One sign in ASCII."""
    category, read = unicodedata.category(sign), anyascii(sign)
    if category == "Cf" or _INVISIBLE.fullmatch(sign):
        return ""
    if category[0] in "CS":
        letter = _LETTER_IN_A_SIGN.search(unicodedata.name(sign, ""))
        if letter is not None:
            return letter[1]
        # An accent that stands by itself is an apostrophe; any other symbol (a currency, an emoji) is no word.
        return read if read in ("'", "`") else " "
    if category[0] == "P" and any(map(str.isalnum, read)):
        return " "
    if _is_han(sign):
        return f" {read} "
    return read


def _in_one_script(word: re.Match[str]) -> str:
    """A word of Latin letters and of ones that look like them in that script to which it may belong as a whole."""
    text = word[0]
    others = [letter for letter in text if _TWIN_SCRIPTS.match(letter)]
    latin = [letter for letter in text if _LATIN_LETTER.match(letter)]
    if not others or not latin:
        return text
    if all(letter in _LATIN_TWINS for letter in others):
        return "".join([_LATIN_TWINS.get(letter, letter) for letter in text])
    if all(letter in _TO_CYRILLIC for letter in latin) and all("\u0400" <= letter <= "\u052f" for letter in others):
        return "".join([_TO_CYRILLIC.get(letter, letter) for letter in text])
    return text


def _latin_twin(word: str) -> str | None:
    if all(letter in _LATIN_TWINS or _LATIN_LETTER.match(letter) for letter in word):
        return "".join([_LATIN_TWINS.get(letter, letter) for letter in word])
    return None
