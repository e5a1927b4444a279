"""The names that one asked name holds: HTML is read as what it means, "a/k/a" and its like part names. Pure.

Nothing is lost: where names are parted, the whole is compared, too.
"""

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import unquote

from tools.sanctions_names import IGNORED_WORDS, without_formula, words_of
from tools.sanctions_scripts import lookalike_of, mended, of_another_code_page, unread_parts, without_marks

__all__ = ["names_in", "plain_text", "tells_something"]

#: Text may have been escaped more than once; so often at most.
_MOST_ROUNDS = 5
#: With its semicolon any entity counts; without it only these do, in small letters, before no letter: B&Q is a firm.
_ENTITY = re.compile(
    r"&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);|&#[0-9]+|&(?:nbsp|amp|quot|apos)(?![A-Za-z0-9])"
)
#: A name out of an address or of JSON, in which it was escaped.
_URL_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_ESCAPED = re.compile(r"[&<%\\]")
_COMMENT = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
#: Elements inside of a line of text part no word; all others do.
_INLINE = "a|abbr|b|bdi|bdo|big|cite|code|del|em|font|i|ins|kbd|mark|q|s|small|span|strike|strong|sub|sup|tt|u|wbr"
_BLOCK = (
    "address|article|blockquote|body|br|caption|center|dd|div|dl|dt|footer|form|h[1-6]|head|header|hr|html|img|input|li"
    "|link|meta|ol|option|p|pre|script|section|select|style|table|tbody|td|textarea|th|thead|title|tr|ul"
)
_ATTRIBUTE = r"""\s+[a-z:-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s<>"']+)"""
_TAG = re.compile(rf"</?(?:({_INLINE})|{_BLOCK})(?:{_ATTRIBUTE})*\s*/?>", re.IGNORECASE)
_GAP = r"\s?[./\\|\u2044\u2215-]\s?"
_PHRASES = (
    r"(?:also|formerly|previously|now|currently|better|commonly|otherwise) (?:known as|called|referred to as)|known as"
    r"|(?:doing|carrying on|conducting|does) business as|(?:trading|operating) (?:as|under the name)(?: of)?"
    r"|under the name(?: of)?|on behalf of|care of|formerly named"
    r"|tambi[e\u00e9]n conocid[oa] como|conocid[oa] como|auch bekannt als"
    r"|(?:\u00e9galement|egalement|aussi) connue? sous le nom de|tamb[e\u00e9]m conhecid[oa] como|noto anche come"
    # Russian: also known as; the same is.
    "|\u0442\u0430\u043a\u0436\u0435 \u0438\u0437\u0432\u0435\u0441\u0442\\w* \u043a\u0430\u043a"
    "|\u043e\u043d\u0430? \u0436\u0435"
)
#: What stands between two names wherever it stands, and what may be a word of one.
_SURE = re.compile(
    rf"(?<!\w)(?:[afnpl]{_GAP}k{_GAP}a|[afnpl](?:k/|/k)a|d{_GAP}b{_GAP}a|d(?:b/|/b)a|[afn] k a|d b a|[twx]\s?/\s?as?"
    rf"|c\s?/\s?o|o\s?/\s?b\s?/\s?o|{_PHRASES})(?!\w)\.?"
    "|[;|]|\u53c8\u540d|\u53c8\u79f0|\u66fe\u7528\u540d|\u522b\u540d",
    re.IGNORECASE,
)
_UNSURE = re.compile(
    r"(?<!\w)(?:aka|fka|nka|pka|dba|alias|formerly|previously|n[e\u00e9]e|vormals|genannt)(?!\w)\.?|\s//?\s",
    re.IGNORECASE,
)
#: A slash or a backslash between two words.
_SLASH = re.compile(r"(?<=[^\W_])[/\\](?=[^\W_])")
_HAN_RUN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_LATIN_LETTER = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
#: Fewer letters of one script in a name of several are no name by themselves.
_LEAST_LETTERS = 4
_IN_BRACKETS = re.compile(r"[(\[{]([^()\[\]{}]*)[)\]}]")
_AROUND = " \t,;:/|\\-\u2013\u2014\"'\u201c\u201d\u2018\u2019\u201e\u00ab\u00bb[]{}<>"


def plain_text(text: str) -> str:
    """Return `text` with entities and mark-up read as what they mean, and without trade marks' signs."""
    if not text.isascii():
        text = mended(text)
    if _ESCAPED.search(text):
        for _ in range(_MOST_ROUNDS):
            before = text
            text = _URL_ESCAPES.sub(_unquoted, _JSON_ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text))
            text = _TAG.sub(lambda tag: "" if tag[1] else " ", _COMMENT.sub(" ", text))
            text = _ENTITY.sub(_meant, text)
            if text == before:
                break
    return without_marks(text)


@lru_cache(maxsize=1024)
def names_in(name: str) -> tuple[str, ...]:
    """Return the names that `name` holds, each once: itself alone where it is one name.

    A name in letters that only look Latin is there in Latin letters, too; one of another code page in that; and one in
    several scripts in each of those that are read, by itself.
    """
    names = list(_parted(name)) or [name]
    is_one = len(names) == 1
    if not name.isascii():
        names += [latin for each in names if (latin := lookalike_of(each)) is not None]
        names += [read for each in names if (read := of_another_code_page(each)) is not None]
        # The whole of several names also holds the words between them.
        names += [part for each in names if is_one or each != name for part in _by_script(each)]
    return tuple(dict.fromkeys(names))


def tells_something(words: tuple[str, ...]) -> bool:
    """Return whether `words` are a name that can be looked for: two letters or digits, and more than a legal form."""
    return len("".join(words)) > 1 and not IGNORED_WORDS.issuperset(words)


def _parted(name: str) -> Iterator[str]:
    """The names between the borders, and the whole; none where there is no border."""
    bare = without_formula(name)
    if not _holds_border(bare):
        slashed = _SLASH.split(bare)
        # Of names, not of two words of one.
        if len(slashed) > 1 and all(len(words_of(each)) > 1 for each in slashed):
            yield from (*map(_tidy, slashed), name)
        return
    inner: list[str] = []

    def cut(bracket: re.Match[str]) -> str:
        if not _holds_border(bracket[1]):
            return bracket[0]
        inner.append(bracket[1])
        return " "

    outer = _IN_BRACKETS.sub(cut, bare)
    pieces = [part for piece in _SURE.split(outer) for part in _between_words(piece)]
    # In brackets of its own the border may stand first.
    pieces += [part for text in inner for piece in _SURE.split(text) for part in _UNSURE.split(piece)]
    yield from [part for part in map(_tidy, pieces) if part != name and tells_something(words_of(part))]
    # It may be one name all the same: A.K.A. are initials, too.
    yield name


def _holds_border(text: str) -> bool:
    return _SURE.search(text) is not None or _UNSURE.search(text) is not None


def _between_words(text: str) -> list[str]:
    """The parts of `text` between borders that may be words; at an end such a word may be one, as in AKA Bank."""
    parts = _UNSURE.split(text)
    return parts if all(map(words_of, parts)) else [text, *[part for part in parts if len(words_of(part)) > 1]]


def _by_script(name: str) -> Iterator[str]:
    """The words in Latin letters by themselves, and those in other scripts that are read, where there are several."""
    latin: list[str] = []
    others: list[str] = []
    words = name.split()
    for word in words:
        if unread_parts(word):
            continue
        for run in _HAN_RUN.sub(r" \g<0> ", word).split():
            # A letter of another script in a Latin word only looks Latin.
            (latin if _LATIN_LETTER.search(run) else others).append(run)
    if (latin and others) or any(map(unread_parts, words)):
        parts = [_tidy(" ".join(each)) for each in (latin, others)]
        yield from [part for part in parts if part != name and len("".join(words_of(part))) >= _LEAST_LETTERS]


def _tidy(part: str) -> str:
    part = " ".join(part.split()).strip(_AROUND)
    return part if part.count("(") == part.count(")") else part.replace("(", " ").replace(")", " ").strip()


def _unquoted(escapes: re.Match[str]) -> str:
    try:
        meant = unquote(escapes[0], errors="strict")
    except UnicodeDecodeError:
        return escapes[0]
    return " " if meant.isspace() else meant


def _meant(entity: re.Match[str]) -> str:
    text = entity[0]
    meant = html.unescape(text if text.endswith(";") else f"{text};")
    return " " if meant.isspace() else meant
