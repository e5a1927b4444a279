"""Makes a row of the values that a file has for it."""

import re
from collections.abc import Mapping

from service.batches.rows import Row
from tools.party_details import detail_text

__all__ = ["MAX_COLUMNS", "MAX_ROW_BYTES", "TOO_LONG", "NumberText", "row_of"]

#: Longest row of any format. What is longer is told as a row that cannot be read.
MAX_ROW_BYTES = 256 * 1024
TOO_LONG = f"the row is over {MAX_ROW_BYTES // 1024} KiB"
#: Columns of a file, and members of an object. Nobody has so many.
MAX_COLUMNS = 1000
#: Of a value, and of what is told of a name that cannot be read.
_MOST_CHARACTERS, _MOST_NAME_CHARACTERS = 1000, 200
#: What weighs hits alone: whatever stands there, as in the identifiers, the name is screened.
_DETAILS = frozenset({"type", "country", "nationality", "dob", "address"})
_SEPARATORS = re.compile(r"[,;|\n]")


class NumberText(str):
    """A number of JSON, as it was written."""

    __slots__ = ()


class _Fault(Exception):
    """Why a value cannot be read."""


def row_of(number: int, values: Mapping[str, object], fault: str | None = None) -> Row:
    """The row of `values`, by our columns: texts, None, or what JSON has. What is wrong with it, or `fault`, stands in
    its `fault`; `ref` and `name` are told all the same, so that people find it."""
    found: dict[str, object] = {}
    for ours, value in values.items():
        try:
            found[ours] = (
                _ids(value) if ours == "ids" else detail_text(value) if ours in _DETAILS else _text(ours, value)
            )
        except _Fault as exc:
            fault = fault or f"{ours}: {exc}"
    ref, name = found.get("ref"), found.get("name")
    if fault is None and name is None:
        fault = "name: is missing"
    if fault is not None:
        ref = ref if ref is not None else _for_people(values.get("ref"), _MOST_CHARACTERS)
        name = name if name is not None else _for_people(values.get("name"), _MOST_NAME_CHARACTERS)
        name = name[:_MOST_NAME_CHARACTERS] if isinstance(name, str) else None
        return Row(number=number, ref=ref, name=name, fault=fault)  # type: ignore[arg-type]  # a text, as `_text` has it
    return Row(number=number, **found)  # type: ignore[arg-type]  # of the types that `_text` and `_ids` have


def _text(ours: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or (isinstance(value, NumberText) and ours != "ref"):
        raise _Fault("must be a text")
    text = str(value)
    if not text.strip():
        return None
    _refuse_what_is_no_text(text)
    if len(text) > _MOST_CHARACTERS:
        raise _Fault(f"is over {_MOST_CHARACTERS} characters")
    if ours == "ref":
        return text
    # A name may stand on several lines of its cell.
    return " ".join(text.split()) if ours == "name" else text.strip()


def _ids(value: object) -> tuple[str, ...]:
    """The identifiers of a cell or an array. None of them stops the name: what is not compared is a warning."""
    if isinstance(value, str):
        each_by_itself: list[object] = [*_SEPARATORS.split(value)]
    else:
        each_by_itself = value if isinstance(value, list) else [value]
    texts = map(detail_text, each_by_itself)
    return tuple([text for text in texts if isinstance(text, str)])


def _refuse_what_is_no_text(text: str) -> None:
    if "\0" in text:
        raise _Fault("holds a NUL character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise _Fault("holds half a character (a lone surrogate)") from exc


def _for_people(value: object, most: int) -> str | None:
    """What of `value` can be told of a row that cannot be read."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value[:most].replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode()
