"""A file on its way into the ledger: that it lives is shown while it comes, however slowly."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.batches.file_faults import FileFault
from service.batches.idempotency import Fingerprint
from service.batches.intake import RowReader
from service.batches.ledger import HEARTBEAT_S, SILENT_FOR_S, KeyInUse
from service.batches.sqlite_ledger import SqliteLedger
from service.batches.upload import Upload
from tests.batches.beyond.made_jobs import NEW_JOB

KEYED = replace(NEW_JOB, idempotency_key="monthly")


class Clock:
    """Time that passes when the upload pauses between two signs of life, and only as often as it `may`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 25, tzinfo=UTC)
        self.may = asyncio.Semaphore(0)
        self.paused = asyncio.Semaphore(0)

    async def pause(self, pause_s: float) -> None:
        await self.may.acquire()
        self.now += timedelta(seconds=pause_s)
        self.paused.release()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def ledger(tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteLedger]:
    opened = SqliteLedger(tmp_path / "ledger.sqlite3", now=lambda: clock.now)
    yield opened
    await opened.aclose()


def upload(pieces: AsyncIterator[bytes], clock: Clock) -> Upload:
    return Upload(pieces, RowReader("csv", {}, 1000), Fingerprint({}, "csv"), pause=clock.pause)


async def test_an_upload_whose_sender_is_slow_lives(ledger: SqliteLedger, clock: Clock) -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"name\nA co\n"
        for _ in range(10):  # ten signs of life, which is more than an upload may be silent for
            clock.may.release()
            await clock.paused.acquire()
            while await ledger._link.read(_last_heard) < clock.now:
                await asyncio.sleep(0)
            await ledger.tidy()
        with pytest.raises(KeyInUse):
            await ledger.add_job(replace(KEYED, id="another"))
        yield b"B co\n"

    assert 10 * HEARTBEAT_S > 2 * SILENT_FOR_S
    async with asyncio.timeout(30):
        job = await upload(slow(), clock).take_in(ledger, KEYED)
    assert (job.status, job.rows) == ("queued", 2)


async def test_an_upload_that_stood_still_for_too_long_is_given_up(ledger: SqliteLedger, clock: Clock) -> None:
    async def stood_still() -> AsyncIterator[bytes]:
        yield b"name\nA co\n"
        clock.now += timedelta(seconds=SILENT_FOR_S + 1)  # as after a SIGSTOP of this process
        await ledger.tidy()
        yield b"B co\n"

    with pytest.raises(FileFault) as raised:
        await upload(stood_still(), clock).take_in(ledger, KEYED)
    assert raised.value.code == "upload_given_up"
    await ledger.add_job(replace(KEYED, id="another"))


def test_a_key_is_free_within_a_minute_after_a_kill() -> None:
    assert SILENT_FOR_S + HEARTBEAT_S < 60
    assert HEARTBEAT_S * 3 < SILENT_FOR_S


def _last_heard(connection: object) -> datetime:
    (heard_at,) = connection.execute("SELECT received_at FROM jobs").fetchone()  # type: ignore[attr-defined]
    return datetime.fromisoformat(heard_at)
