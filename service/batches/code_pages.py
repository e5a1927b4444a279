"""Finds the code page of text that is not Unicode and does not say what it is in. Pure.

A code page fits a row when what it makes of the bytes looks like text: words of one script, in a usual case, with the
letters of one language. Several code pages may fit a row. The row is read only when all of them read it alike; which
of them stay is settled by all rows seen (see `Evidence`), with charset-normalizer as the second opinion.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from charset_normalizer import from_bytes

__all__ = ["CODE_PAGES", "Evidence", "Verdict", "looks_like_text", "readings"]

#: Codecs that are tried, by the names that are shown. Of two that read all rows alike the first one is named.
CODE_PAGES: Mapping[str, str] = {
    "cp1252": "windows-1252",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp1257": "windows-1257",
    "cp874": "windows-874",
    "gb18030": "gb18030",
    "cp932": "shift_jis",
    "cp949": "euc-kr",
    "big5hkscs": "big5",
    "euc_jp": "euc-jp",
    "iso8859-2": "iso-8859-2",
    "iso8859-5": "iso-8859-5",
    "iso8859-15": "iso-8859-15",
    "koi8-r": "koi8-r",
    "koi8-u": "koi8-u",
    "cp850": "ibm850",
    "cp852": "ibm852",
    "cp866": "ibm866",
    "cp437": "ibm437",
    "mac_roman": "macintosh",
    "mac_cyrillic": "x-mac-cyrillic",
    "mac_latin2": "x-mac-ce",
}
_WIDE_PAGES = frozenset({"gb18030", "cp932", "cp949", "big5hkscs", "euc_jp"})
#: Small letters beyond ASCII of the languages that are written in Latin letters. A word has those of one language.
_LATIN_LANGUAGES = (
    *("äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "ãáâàçéêíõóôúü", "àèéìîòù", "ïëéèöüáó", "æøåéäöü", "áðéíóúýþæö"),
    *("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čšžćđ", "ăâîșțşţ", "çğ\u0131öşüâîû"),
    *("āčēģīķļņšūž", "ąčęėįšųūž", "äöõüšž", "àáçèéíïòóúü·", "ëç"),
)
_LATIN = tuple(frozenset(each) | frozenset(each.upper()) | frozenset("ẞİ") for each in _LATIN_LANGUAGES)
#: Words of such letters alone that stand in names: of a Turkish bank, and "night" in Estonian.
_LATIN_WITHOUT_ASCII = frozenset({"İş", "Öö"})
#: Letters that hardly a word has twice; other letters, read wrongly, look so.
_AT_MOST_ONCE = "ďťňľĺŕĎŤŇĽĹŔ"
#: A run of letters and of what stands between letters without dividing them.
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[\u0300-\u036f\u0590-\u05c7\u064b-\u0652\u0e31\u0e34-\u0e3a\u0e47-\u0e4e])*")
#: Signs that people write beside letters and ASCII.
_SIGNS = frozenset(
    "\u00a0\u00a7\u00a9\u00aa\u00ab\u00ae\u00b0\u00b4\u00b7\u00ba\u00bb\u00bf\u00a1\u2013\u2014\u2018\u2019\u201a\u201c"
    "\u201d\u201e\u2022\u2026\u2116\u2122\u20ac\u3000\u3001\u3002\u300c\u300d\u30fb\uff08\uff09\uff0c\uff0e\uff06\u2039\u203a"
)
#: Of those, the ones that may stand between two letters.
_BETWEEN_LETTERS = frozenset(
    "\u00a0\u00b4\u00b7\u2018\u2019\u3000\u3001\u3002\u300c\u300d\u30fb\uff08\uff09\uff0c\uff0e\uff06"
)
_WIDE = ("HAN", "HIRAGANA", "KATAKANA", "HANGUL")
#: Where a standard puts the characters in use: its first bytes, from and to, and the least second byte.
_USUAL_PLACES = {"gb18030": (0xB0, 0xD7, 0xA1), "big5hkscs": (0xA4, 0xC6, 0x40), "cp949": (0xB0, 0xC8, 0xA1)}
_CYRILLIC_VOWELS = frozenset("аеёиоуыэюяіїєўАЕЁИОУЫЭЮЯІЇЄЎ")
#: Letters of Serbian and Macedonian alone, and of the languages that have none of these.
_SOUTH_CYRILLIC = frozenset("ЂЃЅЈЉЊЋЌЏђѓѕјљњћќџ")
_EAST_CYRILLIC = frozenset("ЙЩЪЫЬЭЮЯЁІЇЄЎҐйщъыьэюяёіїєўґ")
_SIGNS_OF_SOFTNESS = frozenset("ъьЪЬ")
_GREEK_ACCENTED = frozenset("άέήίόύώΐΰΆΈΉΊΌΎΏ")
_THAI_LEADING = frozenset("เแโใไ")
_THAI_UNUSED = frozenset("ฃฅ")
_HEBREW_FINALS = frozenset("ךםןףץ")
#: Bytes beyond ASCII in all rows, and rows, from which on a code page is dropped for being the less likely one.
_ENOUGH_BYTES, _ENOUGH_ROWS = 40, 6
#: The same where a code page of Chinese, Japanese or Korean fits: nearly any bytes are characters of theirs.
_ENOUGH_WIDE_BYTES, _ENOUGH_WIDE_ROWS = 150, 12
#: Shares of rows: what a code page must fit at least, and how far it may stay behind the best one.
_LEAST_FIT, _BEHIND = 0.5, 0.2
#: A file of which the best code page fits fewer rows than this has rows in several.
_OF_ONE_PAGE, _ALL_BUT_FEW = 0.93, 0.99
#: In so large a share of the rows, and in two at least, is a usual character.
_USUAL = 0.005
#: What a code page that is hardly used any more needs to be better by to be the guess.
_RARE = 0.1
#: By how much the second opinion must prefer one to another (both scales are from 0 to 1).
_CHAOS_APART, _COHERENCE_APART = 0.1, 0.25


@dataclass(frozen=True, slots=True)
class Verdict:
    """The code page `best` of some rows, and those that may be it as well, `best` included. None: there is no guess.

    `usual` are the characters beyond ASCII that many of the rows have. `is_alone`: many rows
    were seen, and nearly all of them fit `best`.
    """

    best: str | None
    possible: tuple[str, ...]
    usual: frozenset[str] = frozenset()
    is_alone: bool = False

    def read(self, raw: bytes) -> str | None:
        """The text of a row; None: it is not certain, or does not look like text in `best`."""
        if self.best is None:
            return None
        text = readings(raw, [self.best]).get(self.best)
        if text is None:
            return None
        # A file may have rows of other files in it: what is new in it must be beyond doubt by itself.
        possible: Iterable[str] = self.possible
        if self.best in _WIDE_PAGES and not self.is_alone:
            possible = {*self.possible, *(CODE_PAGES.keys() - _WIDE_PAGES)}
        elif self.best not in _WIDE_PAGES and not self._is_usual(text):
            possible = CODE_PAGES
        return text if set(readings(raw, possible).values()) <= {text} else None

    def _is_usual(self, text: str) -> bool:
        return self.usual.issuperset(letter for letter in text if not letter.isascii())


@dataclass(slots=True)
class Evidence:
    """Rows with other bytes than ASCII, and what they say of their code page."""

    rows: list[bytes] = field(default_factory=list)
    size_bytes: int = 0
    _fits: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODE_PAGES, 0))
    #: By codec, how many rows may be in which language.
    _in_language: dict[str, Counter[str]] = field(default_factory=lambda: {codec: Counter() for codec in CODE_PAGES})

    def add(self, raw: bytes) -> str | None:
        """Note a row. Return its text when every code page that it fits reads it alike, else None."""
        found = readings(raw, CODE_PAGES)
        self.rows.append(raw)
        self.size_bytes += len(raw)
        for codec, text in found.items():
            self._fits[codec] += 1
            self._in_language[codec].update(_languages(text))
        texts = set(found.values())
        # Letters of other alphabets are proof only in numbers: by themselves, chance may have put them there.
        return texts.pop() if len(texts) == 1 and _has_words_with_ascii(next(iter(found.values()))) else None

    def verdict(self) -> Verdict:
        """Return what all rows together say."""
        rows = len(self.rows)
        most = max(self._fits.values(), default=0)
        if not rows or most / rows < _LEAST_FIT:
            return Verdict(None, ())
        possible = [
            codec for codec, fits in self._fits.items() if fits >= max(_LEAST_FIT * rows, most - _BEHIND * rows)
        ]
        opinion = _second_opinion(self.rows)
        high_bytes = sum(sum(byte > 127 for byte in raw) for raw in self.rows)
        is_wide = not _WIDE_PAGES.isdisjoint(possible)
        enough_bytes, enough_rows = (
            (_ENOUGH_WIDE_BYTES, _ENOUGH_WIDE_ROWS) if is_wide else (_ENOUGH_BYTES, _ENOUGH_ROWS)
        )
        is_enough = high_bytes >= enough_bytes and len(set(self.rows)) >= enough_rows
        if is_enough:
            # The letters of a file are mostly those of one language; read by another page they are of several.
            most_alike = max(map(self._of_one_language, possible))
            possible = [each for each in possible if self._of_one_language(each) >= most_alike - _BEHIND]

        def doubt(codec: str) -> float:
            mess, incoherence = opinion.get(codec, (1.0, 0.0))
            rare = 0.0 if codec in _WIDE_PAGES or codec.startswith("cp125") else _RARE
            return mess + incoherence / 2 - self._fits[codec] / rows + rare

        best = min(possible, key=doubt)
        alike = next(codec for codec in possible if _same_letters(codec, best, self.rows))
        best = alike
        if self._fits[best] < _OF_ONE_PAGE * rows:
            return Verdict(best, tuple(CODE_PAGES))
        if is_enough and best in opinion:
            possible = [codec for codec in possible if codec == best or _may_be_as_well(opinion, codec, best)]
        is_alone = is_enough and self._fits[best] >= _ALL_BUT_FEW * rows
        return Verdict(best, tuple(possible), self._usual_in(best), is_alone)

    def _usual_in(self, codec: str) -> frozenset[str]:
        seen = Counter[str]()
        for raw in self.rows:
            seen.update(frozenset(letter for letter in raw.decode(codec, "replace") if not letter.isascii()))
        least = max(2, _USUAL * len(self.rows))
        return frozenset(letter for letter, rows in seen.items() if rows >= least)

    def _of_one_language(self, codec: str) -> float:
        """Return the share of the rows that fit and may be in one and the same language."""
        return max(self._in_language[codec].values(), default=0) / len(self.rows)


def _has_words_with_ascii(text: str) -> bool:
    """Return whether a letter beyond ASCII stands in a word with letters of ASCII."""
    return any(re.search("[A-Za-z]", word) for word in _WORD.findall(text) if not word.isascii())


def readings(raw: bytes, codecs: Iterable[str]) -> dict[str, str]:
    """Return, by codec, what `raw` is in those in which it looks like text."""
    found: dict[str, str] = {}
    for codec in codecs:
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        if looks_like_text(text, codec):
            found[codec] = text
    return found


def looks_like_text(text: str, codec: str) -> bool:
    """Return whether `text`, decoded by `codec`, looks like words that people write."""
    if _DIGIT_IN_A_WORD.search(text) or any(
        not _is_a_sign_at_its_place(text, found.start()) for found in _NOT_LETTERS.finditer(text)
    ):
        return False
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return all(_is_word(word) for word in words) and _is_wide_text(text, codec)


#: A digit of another script beside a letter of ASCII.
_DIGIT_IN_A_WORD = re.compile(r"[A-Za-z](?![0-9])\d|(?![0-9])\d[A-Za-z]")
#: Characters beyond ASCII that are neither letters nor marks on letters.
_NOT_LETTERS = re.compile(r"[^\x00-\x7f\w\u0300-\u036f\u0590-\u05c7\u064b-\u0652\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")


def _is_a_sign_at_its_place(text: str, at: int) -> bool:
    sign = text[at]
    if sign not in _SIGNS:
        return False
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if sign in _BETWEEN_LETTERS:
        return True
    if sign in "\u00a7\u00bf\u00a1\u20ac":  # they stand before a word, or beside a number
        return not before.isalpha() and not (sign == "\u20ac" and after.isalpha())
    return not (before.isalpha() and after.isalpha())


@lru_cache(maxsize=8192)
def _languages_of(word: str) -> frozenset[str]:
    """Return the languages that may write `word`, where the script alone does not tell: by number."""
    script = _script(word[0])
    if script == "CYRILLIC":
        south, east = not _SOUTH_CYRILLIC.isdisjoint(word), not _EAST_CYRILLIC.isdisjoint(word)
        return frozenset({"south"} if south else {"east"} if east else {"south", "east"})
    if script != "LATIN":
        return frozenset({script})
    beyond = frozenset(letter for letter in word if not letter.isascii())
    return frozenset(str(number) for number, letters in enumerate(_LATIN) if beyond <= letters)


def _languages(text: str) -> frozenset[str]:
    """Return the languages that may write all words of `text`; none as well when it has no letter beyond ASCII."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    return frozenset.intersection(*map(_languages_of, words)) if words else frozenset()


@lru_cache(maxsize=8192)
def _is_word(word: str) -> bool:
    scripts = {_script(letter) for letter in word if letter.isalpha()}
    if scripts & set(_WIDE):
        return _is_wide_word(word, scripts)
    if len(scripts) != 1:
        return False
    if not word.isalpha() and not (scripts & {"THAI", "HEBREW", "ARABIC"}):
        return False
    script = scripts.pop()
    rule = _RULES.get(script)
    return rule is not None and rule(word)


@lru_cache(maxsize=4096)
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    first = name.partition(" ")[0]
    if first in ("CJK", "FULLWIDTH", "IDEOGRAPHIC"):
        return "HAN"
    if first in ("HALFWIDTH", "KATAKANA-HIRAGANA"):
        return first.partition("-")[0]
    # Signs that are letters to Unicode alone (a superscript n, a micro sign).
    return first if unicodedata.category(letter) in ("Lu", "Ll", "Lo") and letter != "\u00b5" else "NONE"


def _has_usual_case(word: str) -> bool:
    return word.islower() or word.isupper() or word.istitle()


def _is_latin(word: str) -> bool:
    beyond = frozenset(letter for letter in word if not letter.isascii())
    if len(word) > 1 and len(beyond) == len(set(word)) and word not in _LATIN_WITHOUT_ASCII:
        return False  # hardly a language writes so; other scripts, read wrongly, look so
    if any(word.count(letter) > 1 for letter in _AT_MOST_ONCE):
        return False
    return _has_usual_case(word) and any(beyond <= language for language in _LATIN)


def _is_cyrillic(word: str) -> bool:
    # Short ones with large letters in the middle are abbreviations (ТзОВ).
    if not (_has_usual_case(word) or (word[0].isupper() and len(word) <= 4)) or word[0] in _SIGNS_OF_SOFTNESS:
        return False
    if not (_SOUTH_CYRILLIC.isdisjoint(word) or _EAST_CYRILLIC.isdisjoint(word)):
        return False
    if any(after in _SIGNS_OF_SOFTNESS and before in _CYRILLIC_VOWELS for before, after in pairwise(word)):
        return False
    vowels = sum(letter in _CYRILLIC_VOWELS for letter in word)
    return len(word) < 5 or 0.15 <= vowels / len(word) <= 0.8


def _is_greek(word: str) -> bool:
    accents = sum(letter in _GREEK_ACCENTED for letter in word)
    return _has_usual_case(word) and accents <= 1 and "ς" not in word[:-1]


def _is_hebrew(word: str) -> bool:
    return _HEBREW_FINALS.isdisjoint(word[:-1]) and len(word) > 1


def _is_arabic(word: str) -> bool:
    return len(word) > 1 and "ة" not in word[:-1] and "ى" not in word[:-1]


def _is_thai(word: str) -> bool:
    if not _THAI_UNUSED.isdisjoint(word):
        return False
    if any(before in _THAI_LEADING and not "\u0e01" <= after <= "\u0e2e" for before, after in pairwise(f"{word} ")):
        return False
    marks = [at for at, letter in enumerate(word) if unicodedata.category(letter) == "Mn"]
    return len(word) > 1 and all(at and word[at - 1] not in _THAI_LEADING for at in marks)


_RULES = {
    "LATIN": _is_latin,
    "CYRILLIC": _is_cyrillic,
    "GREEK": _is_greek,
    "HEBREW": _is_hebrew,
    "ARABIC": _is_arabic,
    "THAI": _is_thai,
}


def _is_wide_word(word: str, scripts: set[str]) -> bool:
    """Return whether Chinese, Japanese or Korean may be written so: no small Latin letter touches it."""
    if scripts - {*_WIDE, "LATIN"} or any(letter.isascii() and letter.islower() for letter in word):
        return False
    return not ("HANGUL" in scripts and scripts & {"HAN", "HIRAGANA", "KATAKANA"})


def _is_wide_text(text: str, codec: str) -> bool:
    wide = [letter for letter in text if not letter.isascii() and _script(letter) in _WIDE]
    if not wide:
        return codec not in _WIDE_PAGES
    if codec in _USUAL_PLACES:
        low, high, second = _USUAL_PLACES[codec]
        places = [letter.encode(codec) for letter in wide]
        usual = sum(low <= place[0] <= high and place[1] >= second for place in places if len(place) == 2)
        return usual >= 0.6 * len(wide) and not any(_script(each) in ("HIRAGANA", "KATAKANA") for each in wide)
    return True


def _second_opinion(rows: Sequence[bytes]) -> dict[str, tuple[float, float]]:
    """Return, by codec, how much of a mess charset-normalizer finds the text, and minus how much of a language."""
    sample = b"\n".join(rows)
    found = from_bytes(sample, cp_isolation=list(CODE_PAGES), enable_fallback=False, preemptive_behaviour=False)
    opinion: dict[str, tuple[float, float]] = {}
    for match in found:
        for name in match.could_be_from_charset:
            codec = _BY_PYTHON_NAME.get(name)
            if codec is not None:
                opinion[codec] = (round(match.chaos, 2), -match.coherence)
    return opinion


_BY_PYTHON_NAME = {codec.replace("-", "_"): codec for codec in CODE_PAGES}


def _may_be_as_well(opinion: Mapping[str, tuple[float, float]], codec: str, best: str) -> bool:
    if codec not in opinion:
        return False
    chaos, incoherence = opinion[codec]
    best_chaos, best_incoherence = opinion[best]
    return chaos - best_chaos < _CHAOS_APART and incoherence - best_incoherence < _COHERENCE_APART


def _same_letters(codec: str, other: str, rows: Sequence[bytes]) -> bool:
    return codec == other or all(raw.decode(codec, "replace") == raw.decode(other, "replace") for raw in rows)
