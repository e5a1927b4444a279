"""Keeps a spreadsheet from taking a text for a formula (OWASP, "CSV injection"). Pure.

Every cell of a results file that a caller's or a list's text can reach goes through `guarded`.
"""

import unicodedata

__all__ = ["guarded"]

#: What a formula begins with. Other forms of the same signs are read as them: full width, small, superscript.
#: The last one is a minus to spreadsheet programs, and yet no form of "-" to Unicode.
_BEGINS = frozenset("=+-@\N{MINUS SIGN}")
#: Characters that show nothing, though Unicode calls them letters, marks or symbols.
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")


def guarded(text: str) -> str:
    """Return `text`, with a `'` in front when a spreadsheet might take it for a formula.

    What shows nothing at its beginning (blanks, control and format characters) is looked past: programs drop it. A text
    that begins with a control character is guarded whatever follows.
    """
    if not text or (text[0].isascii() and text[0].isalnum()):
        return text
    if unicodedata.category(text[0]) == "Cc":
        return f"'{text}"
    first = next((each for each in text if not _shows_nothing(each)), "")
    return f"'{text}" if first and unicodedata.normalize("NFKC", first)[0] in _BEGINS else text


def _shows_nothing(character: str) -> bool:
    # Variation selectors are marks; what is unassigned, or a lone surrogate, shows nothing that could be relied on.
    return character in _BLANK or unicodedata.category(character)[0] in "CZM"
