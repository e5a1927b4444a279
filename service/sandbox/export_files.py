"""Reads the agencies' export files, strictly: what does not have the agency's shape stops the start with one line."""

import csv
import io
from collections.abc import Callable, Iterator, Set
from importlib.resources.abc import Traversable
from typing import Any

import orjson

__all__ = ["SandboxDataError", "files_of", "read_json", "read_list_under", "read_objects", "read_table"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SandboxDataError(Exception):
    """The sandbox cannot use its data. The message is one line: which file, which row, what is wrong."""


def files_of(folder: Traversable, *endings: str) -> list[Traversable]:
    """The files of `folder` with one of `endings`, by name. Raises SandboxDataError when there are none."""
    try:
        files = sorted((file for file in folder.iterdir() if file.name.endswith(endings)), key=lambda file: file.name)
    except OSError as exc:
        raise SandboxDataError(f"sandbox data: cannot read the folder {folder}: {exc.strerror}") from exc
    if not files:
        raise SandboxDataError(f"sandbox data: the folder {folder} has no {' or '.join(endings)} file")
    return files


def read_json(file: Traversable) -> Any:
    """The decoded JSON of `file`. Raises SandboxDataError."""
    try:
        return orjson.loads(_read(file))
    except orjson.JSONDecodeError as exc:
        raise SandboxDataError(f"sandbox data: {file} is not JSON: {exc}") from exc


def read_table(file: Traversable, required: Callable[[Set[str]], Set[str]]) -> Iterator[dict[str, str]]:
    """The rows of the CSV in `file`, in UTF-8, by the names of its columns.

    `required` says of the columns that are there which ones must be. Raises SandboxDataError.
    """
    try:
        # Strict, so that a quote that is never closed is an error and not the rest of the file in one cell.
        reader = csv.DictReader(io.StringIO(_read(file).decode("utf-8"), newline=""), strict=True)
        names = set(reader.fieldnames or ())
        if missing := required(names) - names:
            raise SandboxDataError(f"sandbox data: {file} has no column {min(missing)!r}")
        for number, row in enumerate(reader, 1):
            if None in row or None in row.values():
                said = f"row {number}: has another number of columns than the header"
                raise SandboxDataError(f"sandbox data: {file}: {said}")
            yield row
    except UnicodeDecodeError as exc:
        raise SandboxDataError(f"sandbox data: {file} is not UTF-8: {exc.reason}") from exc
    except csv.Error as exc:
        raise SandboxDataError(f"sandbox data: {file} is not CSV: {exc}") from exc


def read_objects(file: Traversable) -> list[dict[str, Any]]:
    """The JSON list of objects in `file`. Raises SandboxDataError on anything else, an empty list too."""
    return _objects(file, read_json(file))


def read_list_under(file: Traversable, *keys: str) -> list[dict[str, Any]]:
    """The list of objects under the first of `keys` that the JSON object in `file` has. Raises SandboxDataError."""
    body = read_json(file)
    found = next((body[key] for key in keys if key in body), None) if isinstance(body, dict) else None
    if found is None:
        raise SandboxDataError(f"sandbox data: {file} is no JSON object with {' or '.join(map(repr, keys))}")
    return _objects(file, found)


def _read(file: Traversable) -> bytes:
    try:
        return file.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    except OSError as exc:
        raise SandboxDataError(f"sandbox data: cannot read {file}: {exc.strerror}") from exc


def _objects(file: Traversable, body: object) -> list[dict[str, Any]]:
    if not isinstance(body, list) or not body:
        raise SandboxDataError(f"sandbox data: {file} is not a list with something in it")
    for number, each in enumerate(body, 1):
        if not isinstance(each, dict):
            raise SandboxDataError(f"sandbox data: {file}: element {number} is not an object")
    return body
