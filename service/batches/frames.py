"""What goes over the pipes between the service and the processes that match: a JSON head, and bytes."""

import asyncio
import struct
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson

from service.batches.payload import options_in, options_kept, rows_in, rows_kept
from service.batches.rows import Row, RowResult, ScreeningOptions

__all__ = ["Request", "answer_frame", "answer_in", "read_frame", "read_frame_async", "request_frame", "request_in"]

_LENGTHS = struct.Struct("<II")

Frame = tuple[dict[str, Any], bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """Screen `rows` by the version of the list in `folder`; `tell_version`: each result says which one that is."""

    rows: tuple[Row, ...]
    folder: str
    options: ScreeningOptions
    tell_version: bool = False


def request_frame(asked: Request) -> bytes:
    """What is asked, on its way to a process."""
    head = {"folder": asked.folder, "options": options_kept(asked.options), "tell_version": asked.tell_version}
    return _frame(head, rows_kept(asked.rows))


def request_in(frame: Frame) -> Request:
    """What `request_frame` was given."""
    head, body = frame
    return Request(rows_in(body), head["folder"], options_in(head["options"]), head["tell_version"])


def answer_frame(results: list[RowResult], failed: list[tuple[int, str]], fault: str | None = None) -> bytes:
    """The results, and what failed in single rows; or the `fault` for which there are none."""
    told = [
        (each.number, each.status, each.outcome, len(each.line), each.warnings, each.country_level) for each in results
    ]
    return _frame({"results": told, "failed": failed, "fault": fault}, b"".join([each.line for each in results]))


def answer_in(frame: Frame) -> tuple[list[RowResult], list[tuple[int, str]], str | None]:
    """What `answer_frame` was given."""
    head, lines = frame
    results: list[RowResult] = []
    start = 0
    for number, status, outcome, length, warnings, level in head["results"]:
        results.append(RowResult(number, status, outcome, lines[start : start + length], tuple(warnings), level))
        start += length
    return results, [(number, words) for number, words in head["failed"]], head["fault"]


def read_frame(stream: BinaryIO) -> Frame | None:
    """The next one; None at the end, also in the middle of one."""
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, body = _LENGTHS.unpack(lengths)
    content = stream.read(head + body)
    return (orjson.loads(content[:head]), content[head:]) if len(content) == head + body else None


async def read_frame_async(stream: asyncio.StreamReader) -> Frame:
    """The next one. Raises asyncio.IncompleteReadError at the end."""
    head, body = _LENGTHS.unpack(await stream.readexactly(_LENGTHS.size))
    return orjson.loads(await stream.readexactly(head)), await stream.readexactly(body)


def _frame(head: dict[str, Any], body: bytes) -> bytes:
    packed = orjson.dumps(head)
    return _LENGTHS.pack(len(packed), len(body)) + packed + body
