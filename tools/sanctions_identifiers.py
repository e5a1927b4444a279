"""Identifiers of parties (passport, tax and IMO numbers, call signs, tail numbers, BICs): when two are the same.

Pure; one rule for the list held here, for the agency's search, and for what is said of a question.

Punctuation, letter case, words before the number ("Passport No.", "IMO") and what follows it in brackets do not count.
An identifier has four letters or digits at least, two of them digits; one of letters alone counts where the list says
that it is a tail number, a BIC, a call sign or the like.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache

from tools.input_warnings import InputWarning
from tools.sanctions_entries import ListEntry
from tools.sanctions_names import words_of
from tools.sanctions_scripts import lookalike_of, unread_parts

__all__ = ["identifier_keys", "identifier_warnings", "listed_keys", "same_identifier"]

#: A word or a year is no identifier: one has so many characters, and so many digits among them.
_LENGTH, _DIGITS = 4, 2
#: What is longer is no identifier.
_MOST_CHARACTERS = 200
#: Features that the Treasury lists store among the identifiers; that two of these are equal identifies no one.
_NO_IDENTIFIER = (
    *("date", "year", "gender", "website", "email", "phone", "risk", "type", "issuer name", "prohibited"),
    *("model", "operator", "nationality", "executive order", "determination", "commercial code", "fax"),
)
#: Kinds of identifiers that may be letters alone.
_OF_LETTERS = re.compile(r"tail|swift|\bbic\b|call sign|registration mark|aircraft")
#: And what such a one looks like where its kind is not stated: a tail number.
_TAIL_NUMBER = re.compile(r"[A-Z0-9]{1,3}-[A-Z]{3,5}")
#: A BIC of eleven letters that ends so names the head office, as the one of eight does.
_HEAD_OFFICE = re.compile(r"([a-z]{6}[a-z0-9]{2})xxx")

#: Words that people and lists write before an identifier; besides these, any word of five letters and more.
_LABELS_IN_TEXT = """
passport pass no nr num number id imo mmsi swift bic bik tail msn reg tax vat tin ein fein ssn nit rfc curp ruc rif
rtn dni ife cuip cuit cuil cui inn ogrn kpp okpo lei uscc usci crn cud duns card code of the alt book visa ref doc
call sign flag
"""
_LABELS = frozenset(_LABELS_IN_TEXT.split())
#: Labels that punctuation has parted into letters.
_PARTED_LABELS = (("d", "u", "n", "s"), ("hu", "zhao"))
_LONG_WORD = 5
_GLUED_LABELS = re.compile(r"^(?:passport|imo|mmsi|number|no|nr|id)+(?=[0-9])")
_IN_BRACKETS = re.compile(r"\([^()]*\)")
#: What follows an identifier and tells of it.
_FOLLOWING = re.compile(r"[\s,;]+(?:issued|issue|expires|expiring|expiry|exp|valid|until|dated)\b.*", re.IGNORECASE)
#: As spreadsheets write a number: with a point and no fraction, or cut to a few digits.
_WHOLE_NUMBER = re.compile(r"([0-9]+)[.,]0+")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,]([0-9]+))?[eE]\+?([0-9]{1,3})")
#: The same with words around it, with blanks in it, or in other signs: 8.36 x 10^8.
_SCIENTIFIC_WITHIN = re.compile(
    r"(?<![A-Za-z0-9])([0-9][.,][0-9]+)\s?(?:[eEdD]|[xX*\u00d7]\s?10\s?\^?)\s?\+?\s?([0-9]{1,3})(?![A-Za-z0-9])"
)
#: A column that was too narrow for its number.
_TOO_NARROW = re.compile(r"#{3,}")
#: What people put where there is no identifier.
_PLACEHOLDERS = frozenset({"", "na", "none", "null", "nil", "nan", "unknown"})

#: Identifiers that stand in the remarks alone, in the Treasury's words: a label, the identifier, what follows.
_REMARK = re.compile(
    r"(?:alt\. |Previous |Former )*(?P<label>(?:[A-Za-z][A-Za-z.'/-]*\.? )*?"
    r"(?:Passport|No\.?|Number|Registration ID|ID|ID Card|Identification|IMO|MMSI|SWIFT/BIC|BIK \(RU\)|R\.?F\.?C\.?"
    r"|NIT|RUC|RIF|RTN|C\.U\.R\.P\.|C\.U\.I\.P\.|D\.N\.I\.|I\.F\.E\.|SSN|Cedula|Card|FEIN|Document|Fiscal Code))"
    r"(?: #)?:? (?P<number>[^();]+)"
)


@lru_cache(maxsize=8192)
def identifier_keys(text: str) -> tuple[str, ...]:
    """Return what `text` may be compared by, in small letters and digits: as it stands, and without what is around it.

    No keys: it is too short to identify anyone.
    """
    text = text.strip()
    if len(text) > _MOST_CHARACTERS:
        return ()
    found = _scientific(text)
    if found is not None:
        return (found,) if found else ()
    if whole := _WHOLE_NUMBER.fullmatch(text):
        text = whole[1]
    bare = _FOLLOWING.sub("", _IN_BRACKETS.sub(" ", text))
    words = words_of(bare)
    keys = ["".join(words_of(text)), "".join(words)]
    rest = _without_labels(words)
    keys.append("".join(rest))
    keys.append("".join(_without_country(rest)))
    keys += [_GLUED_LABELS.sub("", key) for key in keys]
    if (latin := lookalike_of(text)) is not None:
        keys += identifier_keys(latin)
    keys += [office[1] for key in keys if (office := _HEAD_OFFICE.fullmatch(key))]
    return tuple([key for key in dict.fromkeys(keys) if len(key) >= _LENGTH])


def same_identifier(asked: str, listed: str, kind: str | None = None) -> bool:
    """Return whether two identifiers are the same; `kind` is what the list calls its own."""
    return not set(identifier_keys(asked)).isdisjoint(_keys_of_kind(listed, (kind or "").casefold()))


def listed_keys(entry: ListEntry) -> frozenset[str]:
    """Return the keys of every identifier of `entry`: its ids, call sign, tail number, and those in its remarks."""
    return frozenset(_listed_keys(entry))


def identifier_warnings(field: str, text: str) -> Iterator[InputWarning]:
    """Yield what is to be said of an identifier of a question that is not compared, or not as it was meant."""
    unread = unread_parts(text)
    if _TOO_NARROW.search(text):
        detail = "a spreadsheet has shown signs in the place of this number: widen the column, and send it again"
        yield InputWarning("id_not_read", field, text, detail)
        return
    if "".join(words_of(text)) in _PLACEHOLDERS and not unread:
        return
    if (found := _scientific(text.strip())) is not None:
        kept = "the digits that are left were compared" if found else "it was not compared"
        detail = f"a spreadsheet has cut this number, and {kept}: format the column as text, and send it again"
        yield InputWarning("id_in_scientific_notation", field, text, detail)
    elif len(text) > _MOST_CHARACTERS:
        detail = f"is over {_MOST_CHARACTERS} characters, and was not compared"
        yield InputWarning("id_not_read", field, text[:_MOST_CHARACTERS], detail)
    elif unread:
        yield InputWarning("id_not_read", field, text, f"{unread[0].script} is not read: write it in Latin letters")
    elif not identifier_keys(text) or all(word in _LABELS for word in words_of(text)):
        detail = f"has fewer than {_LENGTH} letters or digits, and was not compared"
        yield InputWarning("id_too_short", field, text, detail)


def _listed_keys(entry: ListEntry) -> Iterator[str]:
    for each in entry.ids:
        kind, number = each.type or "", each.number or ""
        if _digits(number) < _DIGITS <= _digits(kind):
            # Older files write the number first.
            kind, number = number, kind
        kind = f"{kind} {number.partition(',')[2]}".casefold()
        if not any(word in kind for word in _NO_IDENTIFIER):
            yield from _keys_of_kind(number, kind)
    if entry.vessel is not None and entry.vessel.call_sign:
        yield from _keys_of_kind(entry.vessel.call_sign, "call sign")
    if entry.type == "Aircraft":
        # The lists call an aircraft by its tail number.
        for name in (entry.name, *entry.alt_names):
            yield from _keys_of_kind(name, "tail number")
    for segment in (entry.remarks or "").split(";"):
        found = _REMARK.match(segment.strip())
        if found and not any(word in found["label"].casefold() for word in _NO_IDENTIFIER):
            yield from _keys_of_kind(found["number"].rstrip(". "), found["label"].casefold())


def _keys_of_kind(listed: str, kind: str) -> Iterator[str]:
    """The keys of a listed identifier; of one with hardly any digits only where such ones are usual."""
    may_be_letters = bool(_OF_LETTERS.search(kind)) or bool(_TAIL_NUMBER.fullmatch(listed))
    for key in identifier_keys(listed):
        if may_be_letters or _digits(key) >= _DIGITS:
            yield key


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _without_labels(words: tuple[str, ...]) -> tuple[str, ...]:
    at = 0
    while at < len(words) - 1:
        parted = next((each for each in _PARTED_LABELS if words[at : at + len(each)] == each), None)
        if parted is not None:
            at += len(parted)
        elif words[at] in _LABELS or (words[at].isalpha() and len(words[at]) >= _LONG_WORD):
            at += 1
        else:
            break
    return words[at:]


def _without_country(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without the words behind the last that has a digit, as in "836230001 Iran" and "80-0890696, Tax ID No."."""
    last = max((at for at, word in enumerate(words) if any(map(str.isdigit, word))), default=len(words) - 1)
    behind = words[last + 1 :]
    return words[: last + 1] if all(len(word) >= _LENGTH or word in _LABELS for word in behind) else words


def _scientific(text: str) -> str | None:
    """The whole number that scientific notation states, `""` where digits of it are lost; None: it is none."""
    if (within := _SCIENTIFIC_WITHIN.search(text)) is not None:
        text = f"{within[1]}E+{within[2]}"
    found = _SCIENTIFIC.fullmatch(text)
    if found is None or not (found[1] or "+" in text[1:]):
        return None
    if len(found[1] or "") < int(found[2]):
        return ""
    number = Decimal(text.replace(",", "."))
    return str(int(number)) if number == int(number) else ""
