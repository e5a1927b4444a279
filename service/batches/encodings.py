"""Finds out how a file's text is written: in UTF-8, in UTF-16 (which says so itself), or in a code page.

Everything after `Unmarked` is a superset of ASCII, so that lines and cells can be found in the bytes, and only whole
rows need be decoded.
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from service.batches.code_pages import CODE_PAGES, Evidence, Verdict, readings
from service.batches.file_faults import FileFault

__all__ = ["RowText", "TextOfRows", "Unmarked"]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4
#: What a sender may say that a file is in, beside those that are found out: one byte a character.
_SINGLE_BYTES = re.compile(
    r"cp125[0-8]|iso8859-(?:[1-9]|1[013456])|koi8-[ru]|tis-620|cp(?:437|737|85[0258]|86[0-6]|874)"
)
#: What is said, and what is read, as the WHATWG's encoding standard has it: the larger set of characters.
_READ_AS = {
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
}
#: ISO-2022 (an escape sequence) and HZ write other characters in bytes of ASCII.
_ESCAPED = re.compile(rb"\x1b[$(.*+-]|~\{[!-}]+~\}")
#: What is UTF-8 by chance, more likely: a letter of Armenian to Thaana after one of ASCII.
_BY_CHANCE = re.compile(rb"[A-Za-z][\xd4-\xde][\x80-\xbf]")
#: So much of a file tells what it is in.
_SAMPLE_BYTES = 32 * 1024
#: With so many times the rows they are judged again.
_MORE_ROWS = 1.1

Other = TypeVar("Other")


class Unmarked:
    """Takes the byte order mark off, and turns UTF-16 into UTF-8. `encoding` is None while nothing tells it.

    `charset` is what the sender says; a mark is believed before that. Raises FileFault when it is not one that is read
    here, or when the beginning is not that of a text.
    """

    def __init__(self, charset: str | None = None) -> None:
        self.encoding = None if charset is None else _known(charset)
        self._beginning: bytes | None = b""
        self._utf16: codecs.IncrementalDecoder | None = None

    def feed(self, data: bytes) -> bytes:
        """What is known of the text by now."""
        if self._beginning is None:
            return self._as_utf8(data)
        self._beginning += data
        return self._begin() if len(self._beginning) >= _LONGEST_MARK else b""

    def end(self) -> bytes:
        """The rest."""
        rest = self._begin() if self._beginning is not None else b""
        if self._utf16 is not None:
            try:
                self._utf16.decode(b"", True)
            except UnicodeDecodeError:
                rest += b"\xff"  # half a character: no text, whatever follows
        return rest

    def _begin(self) -> bytes:
        beginning, self._beginning = self._beginning or b"", None
        for mark, encoding in _MARKS:
            if beginning.startswith(mark):
                self.encoding, beginning = encoding, beginning[len(mark) :]
                break
        if self.encoding == "utf-32":
            raise FileFault("unknown_encoding", "the file is in UTF-32; save it as UTF-8")
        if beginning.startswith(b"PK\x03\x04"):
            raise FileFault("not_text", "the file is a ZIP archive, as workbooks are; save it as CSV")
        if self.encoding in ("utf-16-le", "utf-16-be"):
            self._utf16 = codecs.getincrementaldecoder(self.encoding)("surrogatepass")
            self.encoding = "utf-16"
        elif self.encoding is None and b"\0" in beginning[:2]:
            raise FileFault("unknown_encoding", "the file looks like UTF-16 and has no byte order mark")
        return self._as_utf8(beginning)

    def _as_utf8(self, data: bytes) -> bytes:
        # A lone half of a character is no UTF-8 either, and is found with the row that it is in.
        return data if self._utf16 is None else self._utf16.decode(data).encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class RowText:
    """A row's text, and in words why it is not a true one (None: it is). `is_unknown`: its encoding is not certain."""

    text: str
    fault: str | None = None
    is_unknown: bool = False


class TextOfRows(Generic[Other]):
    """Decodes rows. What is in no encoding that is certain is not guessed at: its fault offers the guess.

    Rows are handed out in their order. Those that cannot be read by themselves wait, with all after them, until the
    rows that have come tell enough of their encoding, or the file ends. What comes later must fit what was settled
    then. Whatever is no bytes is handed through.

    `stated` is what the sender says. `is_json`: what is UTF-8 is read as such whatever is stated (RFC 8259,
    section 8.1).
    """

    def __init__(self, stated: str | None, *, is_json: bool = False) -> None:
        self._stated = "utf-8" if stated == "utf-16" else stated
        self._is_json = is_json
        #: UTF-8 is settled.
        self._is_utf8 = False
        self._evidence = Evidence()
        self._verdict: Verdict | None = None
        #: Of how many rows, and what it was.
        self._last_verdict: tuple[int, Verdict] | None = None
        self._utf8_rows = self._sample_bytes = 0
        self._waiting: list[bytes | Other] = []

    @property
    def encoding(self) -> str:
        """As far as it is known."""
        if self._stated is not None:
            return CODE_PAGES.get(self._stated, self._stated)
        if self._is_utf8:
            return "utf-8"
        if self._verdict is not None and self._verdict.best is not None:
            return CODE_PAGES[self._verdict.best]
        return "unknown" if self._evidence.rows else "ascii"

    def add(self, item: bytes | Other) -> Iterator[RowText | Other]:
        """Take the next row. Yield those that are known by now."""
        if self._waiting:
            self._wait(item)
        elif not isinstance(item, bytes):
            yield item
        else:
            text = self._decoded(item)
            if text is not None:
                yield text
            else:
                self._wait(item)
        if self._waiting and max(self._sample_bytes, self._evidence.size_bytes) >= _SAMPLE_BYTES:
            yield from self._let_go()
            if self._evidence.size_bytes < _SAMPLE_BYTES:
                self._verdict = None  # the next rows may tell more

    def end(self) -> Iterator[RowText | Other]:
        """Yield the rest."""
        yield from self._let_go()

    def _let_go(self) -> Iterator[RowText | Other]:
        """Yield the rows that wait, as far as they can be read by what is known."""
        if self._waiting or self._evidence.rows:
            self._settle()
        waiting, self._waiting, self._sample_bytes = self._waiting, [], 0
        for item in waiting:
            yield item if not isinstance(item, bytes) else self._decoded(item) or self._doubtful(item)

    def _wait(self, item: bytes | Other) -> None:
        if isinstance(item, bytes):
            self._sample_bytes += len(item)
            if self._waiting and not item.isascii():
                self._note(item)
        self._waiting.append(item)

    def _note(self, raw: bytes) -> str | None:
        if _is_utf8(raw):
            self._utf8_rows += 1
            return None
        return self._evidence.add(raw)

    def _settle(self) -> None:
        if self._is_utf8 or self._verdict is not None:
            return
        if self._utf8_rows > len(self._evidence.rows):
            self._is_utf8 = True
            return
        rows = len(self._evidence.rows)
        # Each time it takes a while: a few rows more will not change it.
        if self._last_verdict is None or rows >= _MORE_ROWS * self._last_verdict[0]:
            self._last_verdict = rows, self._evidence.verdict()
        self._verdict = self._last_verdict[1]

    def _decoded(self, raw: bytes) -> RowText | None:
        """Return the row's text; None: it has to wait."""
        if self._stated is not None:
            return self._as_stated(raw, self._stated)
        if raw.isascii():
            fault = _escaped(raw)
            return RowText(raw.decode("ascii"), fault, is_unknown=fault is not None)
        if not self._is_utf8 and not self._evidence.rows and _is_utf8(raw) and not _BY_CHANCE.search(raw):
            self._is_utf8 = True
        if self._is_utf8:
            return RowText(raw.decode("utf-8")) if _is_utf8(raw) else self._doubtful(raw)
        if self._verdict is not None:
            text = None if _is_utf8(raw) else self._verdict.read(raw)
            return self._doubtful(raw) if text is None else RowText(text)
        text = self._note(raw)
        if self._evidence.size_bytes >= _SAMPLE_BYTES:
            self._settle()
        return None if text is None else RowText(text)

    def _as_stated(self, raw: bytes, stated: str) -> RowText:
        if self._is_json and _is_utf8(raw):
            return RowText(raw.decode("utf-8"))
        try:
            return RowText(raw.decode(stated))
        except UnicodeDecodeError:
            fault = f"holds bytes that are no text in {CODE_PAGES.get(stated, stated)}"
            return RowText(raw.decode(stated, "replace"), fault)

    def _doubtful(self, raw: bytes) -> RowText:
        """Return the row as one that cannot be read, with the best guess at what it is in."""
        best = None if self._verdict is None else self._verdict.best
        if best is not None and _is_utf8(raw):
            fault = f"is in utf-8, and the rows around it are in {CODE_PAGES[best]}"
            return RowText(raw.decode("utf-8"), fault, is_unknown=True)
        found = readings(raw, CODE_PAGES)
        guess = best if best in found else next(iter(found), None)
        text = raw.decode(guess or "ascii", "replace")
        looks = "is not known" if guess is None else f"looks like {CODE_PAGES[guess]}"
        settled = "utf-8" if self._is_utf8 else None if best is None or best == guess else CODE_PAGES[best]
        if settled is not None:
            return RowText(
                text, f"holds bytes that are no text in {settled}, and its encoding {looks}", is_unknown=True
            )
        fault = (
            f"has characters beyond ASCII, and its encoding {looks}{'' if guess is None else ', which is not certain'}"
        )
        return RowText(text, f"{fault}: send the file as UTF-8, or say its charset", is_unknown=True)


def _escaped(raw: bytes) -> str | None:
    """Return why ASCII is not what it seems to be, in words; None: it is."""
    found = _ESCAPED.search(raw)
    return found and "is in an encoding that is written in ASCII (ISO-2022 or HZ): save the file as UTF-8"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _known(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except (LookupError, ValueError):
        name = ""
    if name in ("utf-8", "ascii", "utf-16-le", "utf-16-be"):
        return "utf-8" if name == "ascii" else name
    if name == "utf-16":
        return "utf-16-le"  # what stands in a mark counts for more
    name = _READ_AS.get(name, name)
    if name in CODE_PAGES or _SINGLE_BYTES.fullmatch(name):
        return name
    raise FileFault("unknown_encoding", f"the encoding {charset[:40]!r} is not read here; save the file as UTF-8")
