"""Several processes have the same ledger open."""

import asyncio
import sys
from pathlib import Path

from service.batches.sqlite_link import SqliteLink

LOOK_AND_LEAVE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(connection.execute("SELECT count(*) FROM jobs").fetchone()[0])
connection.close()
"""


async def test_another_process_that_leaves_does_not_take_the_log_away_from_this_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    link = SqliteLink(path)
    try:
        await link.write(lambda connection: connection.execute("DELETE FROM forgotten"))
        await link.read(lambda connection: connection.execute("SELECT 1 FROM jobs").fetchall())
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", LOOK_AND_LEAVE, str(path))
        assert await process.wait() == 0
        assert path.with_name("ledger.sqlite3-wal").exists()
        assert path.stat().st_mode & 0o777 == 0o600
    finally:
        await link.aclose()
