"""Reads the agencies' export files, strictly: what does not have the agency's shape stops the start with one line."""

from importlib.resources.abc import Traversable
from typing import Any

import orjson

__all__ = ["SandboxDataError", "files_of", "read_json", "read_list_under", "read_objects", "read_text"]

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


def read_text(file: Traversable) -> str:
    """The text of `file`, in UTF-8. Raises SandboxDataError."""
    try:
        return _read(file).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise SandboxDataError(f"sandbox data: {file} is not UTF-8: {exc.reason}") from exc


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
