"""Where jobs are kept, as the settings say, and who computes them: this service, or workers beside it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from service.batches.dispatch import Dispatch
from service.batches.ledger import Ledger, LedgerUnavailable
from service.batches.screening import RowScreening
from service.batches.sqlite_ledger import SqliteLedger
from service.config import Config

if TYPE_CHECKING:
    from service.batches.job_database import JobDatabase

__all__ = ["computed_here", "make_job_database", "make_ledger_here", "telling_what_waits"]

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_TELL_EVERY_S = 5.0


def make_job_database(config: Config) -> "JobDatabase | None":
    """The database that jobs are kept in; None: that is the data folder."""
    if config.database is None:
        return None
    # It comes with libraries that a service without one does not need.
    from service.batches.job_database import JobDatabase

    return JobDatabase(config.database, sandbox=config.sandbox, keep=config.jobs_kept_for)


def make_ledger_here(config: Config) -> SqliteLedger:
    """The ledger in the data folder, of which nothing is opened before it is used. Sample data has one of its own."""
    folder: Path = config.data_dir / ("sandbox-jobs" if config.sandbox else "jobs")
    return SqliteLedger(folder / "ledger.sqlite3", keep=config.jobs_kept_for)


@asynccontextmanager
async def computed_here(ledger: SqliteLedger, screening: RowScreening, processes: int) -> AsyncIterator[Ledger]:
    """The ledger; while the body runs, its chunks are computed by `processes` that match."""
    try:
        async with Dispatch(ledger, screening.chunk, processes).running():
            yield ledger
    finally:
        await ledger.aclose()


@asynccontextmanager
async def telling_what_waits(ledger: Ledger, tell: Callable[[int | None], None]) -> AsyncIterator[None]:
    """While the body runs, `tell` how many chunks wait in `ledger`; None while it cannot be reached."""

    async def keep_telling() -> None:
        while True:
            try:
                tell(await ledger.waiting_chunks())
            except LedgerUnavailable:
                tell(None)
            except Exception:  # our own fault must not freeze the figure
                log.exception("how many chunks wait is not known")
                tell(None)
            await asyncio.sleep(_TELL_EVERY_S)

    task = asyncio.create_task(keep_telling())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
