"""Reads whole files by the reader that takes them in pieces."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.batches.file_faults import FileFault
from service.batches.intake import FileFormat, RowReader
from service.batches.rows import Row


@dataclass
class Reading:
    """What came of a file: its rows, and the fault that it ended in."""

    rows: list[Row]
    fault: FileFault | None
    reader: RowReader | None

    @property
    def told(self) -> list[tuple[str | None, str | None]]:
        """Of each row its name, or why it is none."""
        return [(row.fault, None) if row.fault else (None, row.name) for row in self.rows]

    @property
    def names(self) -> list[str | None]:
        """Of rows that can be read."""
        return [row.name for row in self.rows if row.fault is None]


def pieces_of(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """`data` cut into pieces of `sizes`, over and over."""
    pieces, at = list[bytes](), 0
    while at < len(data):
        size = max(1, sizes[len(pieces) % len(sizes)])
        pieces.append(data[at : at + size])
        at += size
    return pieces


def read(
    data: bytes | Sequence[bytes],
    format: FileFormat | None = None,  # noqa: A002 - the word that callers use
    mapping: Mapping[str, str] = {},
    *,
    max_rows: int = 10_000,
    charset: str | None = None,
) -> Reading:
    """What comes of a file that comes in these pieces."""
    rows: list[Row] = []
    reader: RowReader | None = None
    try:
        reader = RowReader(format, mapping, max_rows, charset=charset)
        for piece in [data] if isinstance(data, bytes) else data:
            rows += reader.feed(piece)
        rows += reader.end()
    except FileFault as fault:
        return Reading(rows, fault, reader)
    return Reading(rows, None, reader)
