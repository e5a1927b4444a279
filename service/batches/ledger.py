"""What is kept of jobs: the rows that were given, in chunks, and one result for each. The contract of both engines.

A chunk's results are written in one transaction, once: whoever comes second with the same chunk writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from service.batches.rows import Counts, Row, RowResult, RowStatus, ScreeningOptions

__all__ = [
    "CHUNK_ROWS",
    "HEARTBEAT_S",
    "SILENT_FOR_S",
    "Chunk",
    "ChunkUnreadable",
    "Job",
    "JobStatus",
    "KeyInUse",
    "Ledger",
    "LedgerUnavailable",
    "ListChoice",
    "NewJob",
    "UploadGone",
]

#: Rows that are computed, and told, together.
CHUNK_ROWS = 500
#: While rows come in, who receives them says so every so many seconds. Silent for longer than the second, it is dead:
#: the job is given up, and its idempotency key is free.
HEARTBEAT_S, SILENT_FOR_S = 10.0, 40.0

#: `receiving`: the rows are still coming in; such a job is told to nobody but its sender.
JobStatus = Literal["receiving", "queued", "running", "done", "failed", "cancelled"]
#: Whether a job is screened by the version that was in force when it came, or by the newest at each chunk.
ListChoice = Literal["pinned", "newest"]


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job whose rows are about to come. `list_version` is the pinned one (None: the newest, or the agency's search),
    `list_as_of` when it was last known to be the current one. `idempotency_key` is its sender's, if there is one."""

    id: str
    created_at: datetime
    options: ScreeningOptions
    list_choice: ListChoice
    list_version: str | None
    list_as_of: datetime | None
    idempotency_key: str | None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands. `rows` is 0 while they are coming in. `body_sha256` is that of the rows that were sent.

    `set_aside` are the reasons of chunks that could not be computed: (chunk number, reason). Their rows are told as not
    screened, and such a job ends as `failed`.
    """

    new: NewJob
    status: JobStatus
    rows: int
    counts: Counts
    body_sha256: str | None
    started_at: datetime | None
    ended_at: datetime | None
    set_aside: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a job that has no results yet. `number` counts from 0. `attempts` counts the starts before."""

    job: NewJob
    number: int
    rows: tuple[Row, ...]
    attempts: int


class Ledger(Protocol):
    """Jobs, chunks and results. Everything raises LedgerUnavailable when what keeps them cannot be reached."""

    async def add_job(self, job: NewJob) -> None:
        """Begin a job, which is `receiving`. Raises KeyInUse when its idempotency key is another job's.

        The key of a job whose upload has been silent for `SILENT_FOR_S` is free: that job is forgotten.
        """

    async def still_receiving(self, job_id: str) -> None:
        """Note that the upload lives. Raises UploadGone when the job has been given up."""

    async def add_rows(self, job_id: str, first_chunk: int, rows: Sequence[Row]) -> int:
        """Keep `rows` as whole chunks of `CHUNK_ROWS`, the last may be shorter; the number of the next chunk.

        Raises UploadGone when the job has been given up.
        """

    async def rows_are_in(self, job_id: str, body_sha256: str) -> Job:
        """All rows have come: the job is `queued`. One without rows is `done`. Raises UploadGone."""

    async def forget(self, job_id: str) -> None:
        """Remove a job with all its rows and results."""

    async def job(self, job_id: str) -> Job | None:
        """How it stands."""

    async def job_by_key(self, idempotency_key: str) -> Job | None:
        """The job that was sent with this key."""

    async def cancel(self, job_id: str) -> Job | None:
        """No chunk of it is computed any more; what is there stays. A job that has ended stays as it is."""

    async def chunk(self, job_id: str, number: int) -> Chunk | None:
        """What there is to compute; None when it is done, or the job cancelled or gone. Raises ChunkUnreadable."""

    async def begin(self, job_id: str, number: int) -> int | None:
        """Note that a chunk is computed from now on; how often one began before. None as in `chunk`."""

    async def not_begun(self, job_id: str, number: int) -> None:
        """Take back the last `begin`: it came to nothing for a reason that has nothing to do with the chunk."""

    async def complete(self, job_id: str, number: int, results: Sequence[RowResult], set_aside: str | None) -> bool:
        """Write a chunk's results, one for each row; with `set_aside`, the reason why they say that nobody was
        screened. False, and nothing is written, when there are some already or the job has been cancelled."""

    async def results(
        self, job_id: str, first_row: int, limit: int, *, status: RowStatus | Literal["hit"] | None = None
    ) -> list[RowResult]:
        """Up to `limit` results from row `first_row` on, in order; `hit`: those that are screened and not clear."""

    async def rows_with_results(self, job_id: str) -> tuple[tuple[int, int], ...]:
        """The rows that have results, as spans from a first row to a last one, in order; those that touch are one."""

    async def waiting_chunks(self) -> int:
        """Chunks of jobs that have not ended, without results."""

    async def pinned_versions(self) -> frozenset[str]:
        """The list versions that jobs which have not ended are pinned to."""

    async def aclose(self) -> None:
        """Let go of what was opened."""


class LedgerUnavailable(Exception):
    """What keeps the jobs cannot be reached now."""


class UploadGone(Exception):
    """The job does not take rows any more: its upload was silent for too long, and was given up."""


class ChunkUnreadable(Exception):
    """What was kept of a chunk's rows cannot be read back. `rows` have their numbers, and nothing else."""

    def __init__(self, rows: Sequence[Row], reason: str) -> None:
        super().__init__(reason)
        self.rows = tuple(rows)


class KeyInUse(Exception):
    """Another job has this idempotency key; `job_id` is its id."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id
