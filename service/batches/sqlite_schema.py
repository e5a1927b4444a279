"""The tables of the ledger in SQLite, made once, by whichever process comes first."""

import sqlite3

from service.batches.ledger import LedgerUnavailable

__all__ = ["ensure_tables"]

#: Of the tables below. A change of them is a new number, and a step from the one before.
_VERSION = 2
#: `job` is the short number of a job, never given twice, as it stands in ten million rows. Times are ISO 8601, in UTC.
_TABLES = (
    """
CREATE TABLE jobs (
    job INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    created_at TEXT NOT NULL,
    options TEXT NOT NULL,
    list_choice TEXT NOT NULL,
    list_version TEXT,
    list_as_of TEXT,
    idempotency_key TEXT UNIQUE,
    status TEXT NOT NULL DEFAULT 'receiving',
    -- When it was begun, or rows came last.
    received_at TEXT NOT NULL,
    row_count INTEGER NOT NULL DEFAULT 0,
    chunk_count INTEGER NOT NULL DEFAULT 0,
    chunks_done INTEGER NOT NULL DEFAULT 0,
    chunks_set_aside INTEGER NOT NULL DEFAULT 0,
    screened INTEGER NOT NULL DEFAULT 0,
    invalid INTEGER NOT NULL DEFAULT 0,
    not_screened INTEGER NOT NULL DEFAULT 0,
    clear INTEGER NOT NULL DEFAULT 0,
    potential_match INTEGER NOT NULL DEFAULT 0,
    match INTEGER NOT NULL DEFAULT 0,
    -- Of warnings and of country programs, by their keys: a JSON object.
    noted TEXT NOT NULL DEFAULT '{}',
    body_sha256 TEXT,
    started_at TEXT,
    ended_at TEXT
)
""",
    "CREATE INDEX jobs_open ON jobs (status, job) WHERE ended_at IS NULL",
    """
CREATE TABLE chunks (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    first_row INTEGER NOT NULL,
    row_count INTEGER NOT NULL,
    -- What was sent, packed. NULL when it is done: then nobody needs it any more.
    rows BLOB,
    -- How many starts of it had no end: the process died.
    begun INTEGER NOT NULL DEFAULT 0,
    -- The lines of its results, packed together: apart they are several times as large.
    lines BLOB,
    set_aside TEXT,
    PRIMARY KEY (job, number)
)
""",
    "CREATE INDEX chunks_open ON chunks (job, number) WHERE rows IS NOT NULL",
    "CREATE INDEX chunks_set_aside ON chunks (job, number) WHERE set_aside IS NOT NULL",
    """
CREATE TABLE results (
    job INTEGER NOT NULL,
    row INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    -- 0 clear, 1 screened and not clear, 2 invalid, 3 not screened.
    kind INTEGER NOT NULL,
    -- Of those that are screened and not clear.
    outcome TEXT,
    PRIMARY KEY (job, row)
) WITHOUT ROWID
""",
    # What people look for are the few that are not clear.
    "CREATE INDEX results_not_clear ON results (job, kind, row) WHERE kind > 0",
    # Jobs that are gone, whose chunks and results go bit by bit.
    "CREATE TABLE forgotten (job INTEGER PRIMARY KEY)",
    # Chunks of which nothing can be written either, since their place in the file is damaged; their jobs have failed.
    """
CREATE TABLE damaged (
    job INTEGER NOT NULL,
    number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (job, number)
)
""",
)
#: From the version before each to it.
_STEPS: dict[int, tuple[str, ...]] = {
    2: (
        "ALTER TABLE chunks ADD COLUMN begun INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE jobs ADD COLUMN noted TEXT NOT NULL DEFAULT '{}'",
        _TABLES[-1],
    )
}


def ensure_tables(connection: sqlite3.Connection) -> None:
    """Make what is missing, and change what is older. Raises LedgerUnavailable when they are newer than known here."""
    if _version(connection) < _VERSION:
        connection.execute("BEGIN IMMEDIATE")
        try:
            there = _version(connection)
            steps = [_TABLES] if there == 0 else [_STEPS[each] for each in range(there + 1, _VERSION + 1)]
            for step in steps:
                for statement in step:
                    connection.execute(statement)
            if there < _VERSION:
                connection.execute(f"PRAGMA user_version = {_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
    version = _version(connection)
    if version != _VERSION:
        raise LedgerUnavailable(f"the tables are of version {version}, this is {_VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
