"""The job that a file becomes in the ledger: begun, or gone on with, and followed until it has ended."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from service.batches.file_faults import FileFault
from service.batches.ledger import Job, NewJob
from service.batches.payload import options_kept
from service.batches.rows import RowResult, ScreeningOptions
from service.batches.sqlite_ledger import SqliteLedger
from service.batches.telling import ENDED
from service.batches.upload import Upload
from service.batches.versions import ListVersion
from service.record_ids import new_record_id

__all__ = ["JobGone", "Wanted", "begin", "followed", "goes_on", "pages"]

_LOOK_EVERY_S = 0.2
_PAGE_ROWS = 2000
#: What the agency answered earlier than that is not mixed with what it answers now.
_ANSWERS_HOLD = timedelta(hours=24)


class JobGone(Exception):
    """Somebody cancelled or removed the job. The message is one line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file, by its `fingerprint`, and how it is to be screened; `version` None: by the agency's search."""

    fingerprint: str
    options: ScreeningOptions
    version: ListVersion | None

    @property
    def key(self) -> str:
        """The job's idempotency key. The list is none of it: another one has to be noticed, not missed."""
        told = f"{self.fingerprint} {options_kept(self.options)!r}"
        return f"batch-{hashlib.sha256(told.encode()).hexdigest()}"


def goes_on(job: Job, wanted: Wanted, now: datetime) -> bool:
    """Whether `job`, which an interrupted run left, tells what is wanted now; else it is to be begun anew.

    What was screened by another list than the one in force never is, nor a job that would only tell of an outage.
    """
    if job.status in ("receiving", "cancelled", "failed"):
        return False
    if wanted.version is None:
        return now - job.new.created_at < _ANSWERS_HOLD
    return job.new.list_version == wanted.version.sha256 and not job.counts.not_screened


async def begin(ledger: SqliteLedger, wanted: Wanted, upload: Upload, *, sandbox: bool) -> Job:
    """Take the file in as a job. Raises FileFault, also when it is another one by now, LedgerUnavailable, OSError."""
    version = wanted.version
    new = NewJob(
        id=new_record_id(sandbox=sandbox),
        created_at=datetime.now(UTC),
        options=wanted.options,
        list_choice="pinned",
        list_version=None if version is None else version.sha256,
        list_as_of=None if version is None else version.as_of,
        idempotency_key=wanted.key,
    )
    job = await upload.take_in(ledger, new)
    if job.body_sha256 == wanted.fingerprint and job.rows:
        return job
    await ledger.forget(new.id)
    if not job.rows:
        raise FileFault("empty_file", "the file has no rows")
    raise FileFault("broken_body", "the file changed while it was read")


async def followed(ledger: SqliteLedger, job: Job, tell: Callable[[Job], None]) -> Job:
    """`job` when it has ended; `tell` is told how it stands. Raises JobGone, LedgerUnavailable."""
    while True:
        tell(job)
        if job.status == "cancelled":
            raise JobGone("the job was cancelled: there are no results")
        if job.status in ENDED:
            return job
        await asyncio.sleep(_LOOK_EVERY_S)
        there = await ledger.job(job.new.id)
        if there is None:
            raise JobGone("the job was removed: there are no results")
        job = there


async def pages(ledger: SqliteLedger, job: Job) -> AsyncIterator[Sequence[RowResult]]:
    """All results of a job that has ended, in order. Raises JobGone when they are not all there, LedgerUnavailable."""
    first = 1
    while first <= job.rows:
        page = await ledger.results(job.new.id, first, _PAGE_ROWS)
        if [each.number for each in page] != list(range(first, min(first + _PAGE_ROWS, job.rows + 1))):
            raise JobGone("results of the job are gone")
        yield page
        first += len(page)
