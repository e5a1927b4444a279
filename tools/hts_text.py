"""Texts of the tariff as people read them: the schedule's own words, without markup and odd blanks."""

import html
import re

__all__ = ["clean"]

_BREAK = re.compile(r"</?(?:br|div|p|li|ul|ol|tr|td|th|table)\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][a-z0-9]*\b[^<>]*>", re.IGNORECASE)
_RAISED = re.compile(r"<(sup|sub)\b[^<>]*>(.*?)</\1>", re.IGNORECASE | re.DOTALL)
_SUPERSCRIPTS = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_SUBSCRIPTS = str.maketrans("0123456789+-", "₀₁₂₃₄₅₆₇₈₉₊₋")
# Controls that are no white space, the soft hyphen and the characters without width.
_INVISIBLE = dict.fromkeys([*range(9), *range(14, 28), 0x7F, 0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])


def clean(text: str) -> str:
    """`text` without markup, entities, invisible characters and needless white space; its words stay as they are."""
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub(" ", _RAISED.sub(_raise, text)))
    if "&" in text:
        text = html.unescape(text)
    # A printable text holds none of them.
    if not text.isprintable():
        text = text.translate(_INVISIBLE)
    return " ".join(text.split())


def _raise(match: re.Match[str]) -> str:
    """A raised or lowered figure keeps its place (10<sup>6</sup> is not 106); a footnote mark stands apart."""
    tag, inner = match[1].lower(), _TAG.sub("", match[2]).strip()
    if inner.endswith("/"):
        return f" {inner} "
    if re.fullmatch(r"[0-9+-]+", inner):
        return inner.translate(_SUPERSCRIPTS if tag == "sup" else _SUBSCRIPTS)
    return inner
