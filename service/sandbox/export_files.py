"""Reads the agencies' export files, strictly: what does not have the agency's shape stops the start with one line."""

from importlib.resources.abc import Traversable
from typing import Any

import orjson

__all__ = ["SandboxDataError", "json_files", "read_objects"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class SandboxDataError(Exception):
    """The sandbox cannot use its data. The message is one line: which file, which row, what is wrong."""


def json_files(folder: Traversable) -> list[Traversable]:
    """The `*.json` files of `folder`, by name. Raises SandboxDataError when there are none."""
    try:
        files = sorted((file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name)
    except OSError as exc:
        raise SandboxDataError(f"sandbox data: cannot read the folder {folder}: {exc.strerror}") from exc
    if not files:
        raise SandboxDataError(f"sandbox data: the folder {folder} has no .json file")
    return files


def read_objects(file: Traversable) -> list[dict[str, Any]]:
    """The JSON list of objects in `file`. Raises SandboxDataError on anything else, an empty list too."""
    try:
        content = file.read_bytes()
    except OSError as exc:
        raise SandboxDataError(f"sandbox data: cannot read {file}: {exc.strerror}") from exc
    try:
        body = orjson.loads(content.removeprefix(_BYTE_ORDER_MARK))
    except orjson.JSONDecodeError as exc:
        raise SandboxDataError(f"sandbox data: {file} is not JSON: {exc}") from exc
    if not isinstance(body, list) or not body:
        raise SandboxDataError(f"sandbox data: {file} is not a list with something in it")
    for number, each in enumerate(body, 1):
        if not isinstance(each, dict):
            raise SandboxDataError(f"sandbox data: {file}: element {number} is not an object")
    return body
