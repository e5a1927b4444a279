"""Makes a row of the values that a file has for it."""

import json
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
_SEPARATORS = re.compile(r"[,;|\n]")


class NumberText(str):
    """A number of JSON, as it was written."""

    __slots__ = ()


class _Fault(Exception):
    """Why a value cannot be read."""


def row_of(number: int, values: Mapping[str, object], fault: str | None = None) -> Row:
    """Return the row of `values`, by our columns: texts, None, or what JSON has.

    What is wrong with its name, or `fault`, stands in its `fault`; nothing else stops a name from being screened.
    """
    given = values.get("name")
    name = None
    try:
        name = _name(given)
    except _Fault as exc:
        fault = fault or f"name: {exc}"
    if fault is None and name is None:
        fault = "name: is missing"
    ref = _ref(values.get("ref"))
    if fault is not None:
        shown = name if name is not None else _for_people(given, _MOST_NAME_CHARACTERS)
        name = None if shown is None else shown[:_MOST_NAME_CHARACTERS]
    return Row(
        number=number,
        ref=ref,
        name=name,
        type=_detail(values.get("type")),
        country=_detail(values.get("country")),
        nationality=_detail(values.get("nationality")),
        dob=_detail(values.get("dob")),
        address=_detail(values.get("address")),
        ids=_ids(values.get("ids")),
        fault=fault,
    )


def _detail(value: object) -> str | None:
    text = detail_text(value)
    return text if isinstance(text, str) else None


def _name(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or isinstance(value, NumberText):
        raise _Fault("must be a text")
    text = str(value)
    if not text.strip():
        return None
    _refuse_what_is_no_text(text)
    if len(text) > _MOST_CHARACTERS:
        raise _Fault(f"is over {_MOST_CHARACTERS} characters")
    # A name may stand on several lines of its cell.
    return " ".join(text.split())


def _ref(value: object) -> str | None:
    """The caller's reference, whatever it is: it stops no name."""
    text = value if value is None or isinstance(value, str) else json.dumps(value)
    return _for_people(text, MAX_ROW_BYTES)


def _ids(value: object) -> tuple[str, ...]:
    """The identifiers of a cell or an array. None of them stops the name: what is not compared is a warning."""
    if isinstance(value, str):
        each_by_itself: list[object] = [*_SEPARATORS.split(value)]
    else:
        each_by_itself = value if isinstance(value, list) else [value]
    return tuple([text for each in each_by_itself if (text := _detail(each)) is not None])


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
