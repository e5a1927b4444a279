"""Finds out how a file's text is written: in UTF-8, in UTF-16 (which says so itself), or as older programs do.

Everything after `Unmarked` is a superset of ASCII, so that lines and cells can be found in the bytes, and only whole
rows need be decoded.
"""

import codecs
import re

from service.batches.file_faults import FileFault

__all__ = ["TextOfRows", "Unmarked"]

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LONGEST_MARK = 4
_WESTERN = "windows-1252"
#: What a sender may say that a file is in: supersets of ASCII, one byte a character, and the three of Unicode.
_SINGLE_BYTES = re.compile(r"cp125[0-8]|iso8859-(?:[1-9]|1[013456])|koi8-[ru]")
#: One character of UTF-8 that is not ASCII (RFC 3629, section 4).
_UTF8_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


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


class TextOfRows:
    """Decodes rows. Which encoding they are in is settled by the first character that is not ASCII, if by nothing else.

    From then on a row that is otherwise is not guessed at: it cannot be read.
    """

    def __init__(self, encoding: str | None) -> None:
        self._stated = encoding is not None
        self._encoding = "utf-8" if encoding == "utf-16" else encoding

    @property
    def encoding(self) -> str:
        """As far as it is known."""
        return self._encoding or "ascii"

    def decode(self, raw: bytes) -> tuple[str, str | None]:
        """The text of `raw`, and in words why it is not a true one (None: it is)."""
        if raw.isascii():
            return raw.decode("ascii"), None
        if self._encoding is None:
            first = _NOT_ASCII.search(raw)
            at = 0 if first is None else first.start()
            self._encoding = "utf-8" if _UTF8_CHARACTER.match(raw, at) else _WESTERN
        try:
            text = raw.decode(self._encoding)
        except UnicodeDecodeError:
            return raw.decode(self._encoding, "replace"), f"holds bytes that are no text in {self._encoding}"
        if self._encoding == _WESTERN and not self._stated and _is_utf8(raw):
            return text, f"is in utf-8, and the rows before it are in {_WESTERN}"
        return text, None


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
    if name in ("iso8859-1", "cp1252"):
        return _WESTERN  # as the web's own rules read it, too
    if _SINGLE_BYTES.fullmatch(name):
        return name
    raise FileFault("unknown_encoding", f"the encoding {charset[:40]!r} is not read here; save the file as UTF-8")
