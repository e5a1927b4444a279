"""A file that a caller sends: as the body itself, or as the one part `file` of a form; piece by piece."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import BodyPartReader, MultipartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from service.batches.file_faults import FileFault
from service.batches.intake import FileFormat
from service.encoded_body import receiving
from service.handlers.batch_question import FORMATS
from tools.errors import InvalidQuery

__all__ = ["PART", "FileBody", "file_body"]

T = TypeVar("T")

PART = "file"
_PIECE_BYTES = 128 * 1024
#: Seconds for which a sender may send nothing.
_STALLED_S = 60.0
#: Of a part whose type does not say what it is.
_ENDINGS: dict[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}
#: What browsers also call a CSV file.
_FORMATS_OF_PARTS = {**FORMATS, "application/vnd.ms-excel": None}
_ENCODINGS = ("Content-Encoding", "Content-Transfer-Encoding")


@dataclass(frozen=True, slots=True)
class FileBody:
    """Its `pieces` as they come; `format` and `charset` as far as the sender says.

    The pieces raise FileFault when they are not encoded as their headers say, break off, or no longer come, and
    InvalidQuery when other parts follow.
    """

    pieces: AsyncIterator[bytes]
    format: FileFormat | None
    charset: str | None


async def file_body(request: web.Request) -> FileBody:
    """The file in the body. Raises HTTPUnsupportedMediaType when it says that it is something else than a file of rows,
    InvalidQuery when the form does not begin with a part `file`, FileFault as the pieces do."""
    if request.content_type == "multipart/form-data":
        return await _in_form(request)
    said = request.content_type if request.headers.get("Content-Type") else "application/octet-stream"
    return FileBody(_pieces(receiving(request)), _format_of(said, FORMATS), request.charset)


async def _in_form(request: web.Request) -> FileBody:
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise web.HTTPUnsupportedMediaType(reason="a form must be sent without an encoding; the file as the body may")
    try:
        form = await request.multipart()
        part = await _bounded(form.next)
        name = part.name if isinstance(part, BodyPartReader) else None
    except (ValueError, AssertionError, BadHttpMessage, web.HTTPException) as exc:
        raise _no_form() from exc
    if not isinstance(part, BodyPartReader) or name != PART:
        raise _no_form()
    if any(part.headers.get(each, "binary").lower() not in ("binary", "8bit", "7bit") for each in _ENCODINGS):
        raise InvalidQuery(f"{PART}: must be sent as it is, without an encoding of its own", parameter=PART)
    said = (part.headers.get("Content-Type") or "application/octet-stream").partition(";")[0].strip().lower()
    found = _format_of(said, _FORMATS_OF_PARTS)
    if found is None:
        filename = (part.filename or "").lower()
        found = next((each for ending, each in _ENDINGS.items() if filename.endswith(ending)), None)
    return FileBody(_of_part(form, part), found, part.get_charset("") or None)


async def _of_part(form: MultipartReader, part: BodyPartReader) -> AsyncIterator[bytes]:
    async def read() -> bytes:
        return await part.read_chunk(_PIECE_BYTES)

    try:
        async for piece in _pieces(read):
            yield piece
        # What is cut off has no last boundary, and is no form that has ended.
        another = await _bounded(form.next)
    except (ValueError, AssertionError, BadHttpMessage) as exc:
        raise FileFault("broken_body", "the form breaks off in the middle of its part") from exc
    if another is not None:
        raise _no_form()


async def _pieces(read: Callable[[], Awaitable[bytes]]) -> AsyncIterator[bytes]:
    while piece := await _bounded(read):
        yield piece


async def _bounded(read: Callable[[], Awaitable[T]]) -> T:
    try:
        async with asyncio.timeout(_STALLED_S):
            return await read()
    except TimeoutError as exc:
        raise FileFault("sender_stalled", f"nothing came for {_STALLED_S:g} s") from exc
    except web.RequestPayloadError as exc:
        raise FileFault("broken_body", "the body is not encoded as its headers say") from exc


def _format_of(said: str, formats: dict[str, FileFormat | None]) -> FileFormat | None:
    if said not in formats:
        raise web.HTTPUnsupportedMediaType(
            reason="the file must be text/csv, application/x-ndjson, or application/json with an array of rows; as the "
            f"body, or as the part {PART} of multipart/form-data"
        )
    return formats[said]


def _no_form() -> InvalidQuery:
    return InvalidQuery(f"body: a form must have one part, called {PART}, and no other", parameter="body")
