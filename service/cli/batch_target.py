"""Where the results of a batch go: to a file, which is there when all of them are, or to standard output."""

import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from service.batches.report import CSV_HEADER, ReportFormat, ndjson_line, result_in_csv
from service.batches.rows import RowResult
from service.cli.output import CannotWrite, write

__all__ = ["BadTarget", "Target", "target_of"]

_FORMATS: dict[str, ReportFormat] = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}


class BadTarget(Exception):
    """Results cannot go there. The message is one line."""


@dataclass(frozen=True, slots=True)
class Target:
    """`path` None: standard output. Of sample data each row says so."""

    path: Path | None
    format: ReportFormat
    sandbox: bool

    async def write(self, pages: AsyncIterator[Sequence[RowResult]]) -> int:
        """Write all results; how many. Whatever ends this early, no part of a file stays. Raises CannotWrite."""
        if self.path is None:
            return await self._write(pages, write)
        try:
            with _opened(self.path) as file:
                return await self._write(pages, file.write)
        except OSError as exc:
            raise CannotWrite(f"cannot write {self.path}: {exc.strerror or exc}") from exc

    async def _write(self, pages: AsyncIterator[Sequence[RowResult]], put: Callable[[bytes], object]) -> int:
        count = 0
        if self.format == "csv":
            put(self._header())
        async for page in pages:
            put(b"".join(self._row(each) for each in page))
            count += len(page)
        return count

    def _header(self) -> bytes:
        return CSV_HEADER.replace(b"\r\n", b",sandbox\r\n") if self.sandbox else CSV_HEADER

    def _row(self, result: RowResult) -> bytes:
        told = result_in_csv(result) if self.format == "csv" else ndjson_line(result)
        if not self.sandbox:
            return told
        if self.format == "csv":
            return told.removesuffix(b"\r\n") + b",true\r\n"
        return told.removesuffix(b"}\n") + b',"sandbox":true}\n'


def target_of(name: str | None, asked: ReportFormat | None, *, given: str, sandbox: bool) -> Target:
    """Where `-o` (None: nothing was said) wants the results of the file `given`. Raises BadTarget."""
    if name is None or name == "-":
        return Target(None, asked or "ndjson", sandbox)
    path = Path(name)
    report_format = asked or _FORMATS.get(path.suffix.lower())
    if report_format is None:
        raise BadTarget(f"-o {name}: say --format csv or --format ndjson, or end the name in .csv or .ndjson")
    folder = Path(os.path.realpath(path)).parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise BadTarget(f"-o {name}: no file can be written there")
    if given != "-" and path.exists() and Path(given).exists() and path.samefile(given):
        raise BadTarget(f"-o {name}: is the file that is screened")
    return Target(path, report_format, sandbox)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """What to write to. When the body ends well the file is at `path`, in place of another; else nothing is."""
    if path.exists() and not path.is_file():
        # A device, or a pipe: its name is not to be taken away.
        with path.open("wb") as file:
            yield file
        return
    whole = Path(os.path.realpath(path))
    beside = whole.with_name(f".{whole.name[:200]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            if whole.exists():
                os.fchmod(file.fileno(), stat.S_IMODE(whole.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(whole)
    finally:
        beside.unlink(missing_ok=True)
