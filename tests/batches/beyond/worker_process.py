"""A worker that only pretends to match: `python -m tests.batches.beyond.worker_process URL LOG PROCESSES SECONDS`.

Each chunk takes SECONDS. What is begun, and what came of it, is appended to LOG, one line each.
"""

import asyncio
import os
import sys
from collections.abc import Sequence

from service.batches.ledger import Chunk
from service.batches.postgres_ledger import PostgresLedger
from service.batches.postgres_link import PostgresLink
from service.batches.postgres_queue import PostgresQueue, QueueRhythm
from service.batches.postgres_schema import schema_name
from service.batches.rows import RowResult
from service.stop import stop_by_signals
from tests.batches.beyond.made_jobs import made_results

#: All that is waited for in life, quick enough for a test.
QUICK = QueueRhythm(heartbeat_s=0.3, stalled_s=1.5, rescue_s=0.3, poll_s=0.1, retry_s=0.1, list_away_s=0.2)


async def main(url: str, log: str, processes: int, takes_s: float) -> None:
    """Work until SIGTERM."""
    link = PostgresLink(url, schema_name(sandbox=False))
    queue = PostgresQueue(link, QUICK)
    ledger = PostgresLedger(link, queue.defer)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def compute(chunk: Chunk) -> Sequence[RowResult]:
        os.write(descriptor, f"{os.getpid()} {chunk.job.id} {chunk.number}\n".encode())
        await asyncio.sleep(takes_s)
        if chunk.job.id == "poisoned" and chunk.number == 1:
            os.kill(os.getpid(), 9)
        return made_results(chunk)

    try:
        await queue.work(ledger, compute, at_once=processes, stop=stop_by_signals().asked, shutdown_s=5.0)
    finally:
        await ledger.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
