"""The engine of one machine that only pretends to match:
`python -m tests.batches.dispatch_process FILE LOG SECONDS POISON`.

Each chunk takes SECONDS, two are matched at once. What is begun is appended to LOG, one line each. The chunk POISON, if
there is one, kills the process.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from service.batches.dispatch import Dispatch
from service.batches.ledger import Chunk
from service.batches.rows import RowResult
from service.batches.sqlite_ledger import SqliteLedger
from service.stop import stop_by_signals
from tests.batches.beyond.made_jobs import made_results

PROCESSES = 2


async def main(file: Path, log: str, takes_s: float, poison: str) -> None:
    """Work until SIGTERM."""
    ledger = SqliteLedger(file)
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def screen(chunk: Chunk) -> Sequence[RowResult]:
        os.write(descriptor, f"{os.getpid()} {chunk.job.id} {chunk.number}\n".encode())
        await asyncio.sleep(takes_s)
        if str(chunk.number) == poison:
            os.kill(os.getpid(), signal.SIGKILL)
        return made_results(chunk)

    async with Dispatch(ledger, screen, PROCESSES).running():
        await stop_by_signals().asked.wait()
    await ledger.aclose()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]))
