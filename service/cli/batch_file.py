"""The file of a batch: read twice, first for what tells it from others, then for its rows."""

import asyncio
import os
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.batches.columns import Columns
from service.batches.idempotency import Fingerprint
from service.batches.intake import FileFormat, RowReader
from service.batches.upload import MAX_JOB_ROWS, Upload

__all__ = ["BatchFile", "open_file"]

_PIECE_BYTES = 256 * 1024
_FORMATS: Mapping[str, FileFormat] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "json",
}


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A file that is open, from its beginning; `mapping`, `format` and `charset` say how it is to be read."""

    file: BinaryIO
    format: FileFormat | None
    mapping: Mapping[str, str]
    charset: str | None = None

    async def look_through(self) -> tuple[str, Columns | None]:
        """What its fingerprint is, and its columns as far as the first rows tell. Raises FileFault, OSError."""
        upload = self.upload()
        columns: Columns | None = None
        async for piece in self._pieces():
            upload.reader.feed(piece)
            columns = upload.reader.columns
            break
        return await upload.body_sha256(), columns

    def upload(self) -> Upload:
        """What takes its rows in."""
        reader = RowReader(self.format, self.mapping, MAX_JOB_ROWS, charset=self.charset)
        return Upload(self._pieces(), reader, Fingerprint(self.mapping, self.format, self.charset))

    async def _pieces(self) -> AsyncIterator[bytes]:
        self.file.seek(0)
        while piece := await asyncio.to_thread(self.file.read, _PIECE_BYTES):
            yield piece


def open_file(name: str, mapping: Mapping[str, str], charset: str | None = None) -> BatchFile:
    """The file called `name`; `-` is standard input. What can be read but once is kept beside. Raises OSError."""
    if name == "-":
        return BatchFile(_kept(sys.stdin.buffer), None, mapping, charset)
    file_format = _FORMATS.get(Path(name).suffix.lower())
    file = Path(name).open("rb")  # noqa: SIM115 - whoever asks closes it
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return BatchFile(file, file_format, mapping, charset)
    with file:
        return BatchFile(_kept(file), file_format, mapping, charset)


def _kept(stream: BinaryIO) -> BinaryIO:
    # On the disk, and without a name: it goes with this process.
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - likewise
    while piece := stream.read(_PIECE_BYTES):
        kept.write(piece)
    return kept
