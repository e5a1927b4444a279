"""Takes a job's rows in: from the body, piece by piece, into the ledger, which is the spool.

Nothing but one piece and a few chunks of rows is in memory: the next piece is asked for when the last one is written.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import structlog

from service.batches.file_faults import FileFault
from service.batches.idempotency import Fingerprint
from service.batches.intake import RowReader
from service.batches.ledger import CHUNK_ROWS, HEARTBEAT_S, Job, Ledger, LedgerUnavailable, NewJob, UploadGone
from service.batches.rows import Row

__all__ = ["MAX_JOB_BYTES", "MAX_JOB_ROWS", "Upload"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

MAX_JOB_ROWS = 10_000_000
#: Of a file, decompressed: more than four hundred bytes for each of that many rows.
MAX_JOB_BYTES = 4 * 1024**3
#: So many rows are written together.
_WRITTEN_ROWS = 8 * CHUNK_ROWS


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: its `pieces` as they come, what reads them, and what tells it from others."""

    pieces: AsyncIterator[bytes]
    reader: RowReader
    fingerprint: Fingerprint
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def take_in(self, ledger: Ledger, job: NewJob) -> Job:
        """Keep all rows as a job, which is then `queued`. Whatever ends this early, nothing of it stays.

        Raises FileFault, KeyInUse, LedgerUnavailable, and what the pieces raise.
        """
        try:
            await ledger.add_job(job)
            async with self._living(ledger, job.id):
                await self._fill(ledger, job.id)
            return await ledger.rows_are_in(job.id, self.fingerprint.hexdigest())
        except UploadGone as exc:
            raise FileFault(
                "upload_given_up", "the upload was silent for too long and was given up; send it again"
            ) from exc
        except BaseException:
            # Also when the caller has left. Of a key in use nothing is there under this id.
            await asyncio.shield(asyncio.ensure_future(_forget(ledger, job.id)))
            raise

    @asynccontextmanager
    async def _living(self, ledger: Ledger, job_id: str) -> AsyncIterator[None]:
        """While the body runs, the ledger is shown that the upload lives, however slowly the sender is."""

        async def keep_showing() -> None:
            while True:
                await self.pause(HEARTBEAT_S)
                try:
                    await ledger.still_receiving(job_id)
                except LedgerUnavailable as exc:
                    log.info("that an upload lives could not be noted", job=job_id, error=str(exc))
                except UploadGone:
                    return  # the next rows find that out

        task = asyncio.create_task(keep_showing())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def body_sha256(self) -> str:
        """Read to the end, keep nothing: what the fingerprint of the file is. Raises FileFault when it is too large."""
        read_bytes = 0
        async for piece in self.pieces:
            read_bytes = _counted(read_bytes, piece)
            await asyncio.to_thread(self.fingerprint.add, piece)
        return self.fingerprint.hexdigest()

    async def _fill(self, ledger: Ledger, job_id: str) -> None:
        waiting: list[Row] = []
        chunk = read_bytes = 0
        async for piece in self.pieces:
            read_bytes = _counted(read_bytes, piece)
            waiting += await asyncio.to_thread(self._read, piece)
            # Whole chunks but for the last one of all.
            whole = len(waiting) - len(waiting) % CHUNK_ROWS
            if whole >= _WRITTEN_ROWS:
                chunk = await ledger.add_rows(job_id, chunk, waiting[:whole])
                del waiting[:whole]
        waiting += await asyncio.to_thread(self._rest)
        if waiting:
            await ledger.add_rows(job_id, chunk, waiting)

    def _read(self, piece: bytes) -> list[Row]:
        self.fingerprint.add(piece)
        return self.reader.feed(piece)

    def _rest(self) -> list[Row]:
        rows = self.reader.end()
        if self.reader.fault is not None:  # it stands after them
            raise self.reader.fault
        return rows


def _counted(read_bytes: int, piece: bytes) -> int:
    read_bytes += len(piece)
    if read_bytes > MAX_JOB_BYTES:
        raise FileFault("too_many_bytes", f"the file is over {MAX_JOB_BYTES // 1024**3} GiB")
    return read_bytes


async def _forget(ledger: Ledger, job_id: str) -> None:
    try:
        await ledger.forget(job_id)
    except LedgerUnavailable as exc:
        # It stays as one that is receiving, which nobody is told of.
        log.warning("an upload that ended early could not be removed", job=job_id, error=str(exc))
