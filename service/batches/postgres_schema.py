"""The tables of the ledger in PostgreSQL, made once, by whichever process comes first; Procrastinate's stand beside."""

from collections.abc import Mapping
from typing import Any, LiteralString

import procrastinate
import psycopg
from procrastinate.schema import SchemaManager
from psycopg import sql

from service.batches.ledger import LedgerUnavailable

__all__ = ["ensure_tables", "schema_name"]

#: Of the tables below. A change of them is a new number, and a step from the one before.
_VERSION = 2
#: Any number will do that nobody else locks in the same database.
_LOCK = 0x6777_6C64
#: `job` is the short number of a job, as it stands in ten million rows. No foreign key leads from the results to their
#: job: it would lock the job's row with each of them, which every chunk of the job waits for.
_TABLES = """
CREATE TABLE jobs (
    job bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    options text NOT NULL,
    list_choice text NOT NULL,
    list_version text,
    list_as_of timestamptz,
    idempotency_key text UNIQUE,
    status text NOT NULL DEFAULT 'receiving',
    row_count bigint NOT NULL DEFAULT 0,
    chunk_count integer NOT NULL DEFAULT 0,
    chunks_done integer NOT NULL DEFAULT 0,
    chunks_set_aside integer NOT NULL DEFAULT 0,
    screened bigint NOT NULL DEFAULT 0,
    invalid bigint NOT NULL DEFAULT 0,
    not_screened bigint NOT NULL DEFAULT 0,
    clear bigint NOT NULL DEFAULT 0,
    potential_match bigint NOT NULL DEFAULT 0,
    match bigint NOT NULL DEFAULT 0,
    -- Of warnings and of country programs, by their keys.
    noted jsonb NOT NULL DEFAULT '{}',
    body_sha256 text,
    -- When rows last came.
    heard_at timestamptz NOT NULL DEFAULT now(),
    started_at timestamptz,
    ended_at timestamptz
);
CREATE TABLE chunks (
    job bigint NOT NULL,
    number integer NOT NULL,
    first_row bigint NOT NULL,
    row_count integer NOT NULL,
    -- NULL when it is done: then nobody needs what was sent any more.
    rows bytea,
    begun integer NOT NULL DEFAULT 0,
    set_aside text,
    PRIMARY KEY (job, number)
);
CREATE INDEX chunks_open ON chunks (job, number) WHERE rows IS NOT NULL;
CREATE INDEX chunks_set_aside ON chunks (job, number) WHERE set_aside IS NOT NULL;
CREATE TABLE results (
    job bigint NOT NULL,
    row bigint NOT NULL,
    status text NOT NULL,
    outcome text,
    line bytea NOT NULL,
    PRIMARY KEY (job, row)
);
-- What people look for are the few that are not clear.
CREATE INDEX results_not_clear ON results (job, status, row) WHERE outcome IS DISTINCT FROM 'clear';
-- Jobs that are gone, and whose rows and results go piece by piece.
CREATE TABLE forgotten (job bigint PRIMARY KEY);
CREATE TABLE lists (
    sha256 text PRIMARY KEY,
    manifest bytea NOT NULL,
    file bytea NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now()
);
-- The file is packed already when it comes.
ALTER TABLE lists ALTER COLUMN file SET STORAGE EXTERNAL;
CREATE TABLE list_in_force (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    told bytea NOT NULL,
    confirmed_at timestamptz NOT NULL
);
CREATE TABLE quota_turns (
    upstream text PRIMARY KEY,
    -- Times (seconds of the database's clock) at which requests go or went, in order.
    turns double precision[] NOT NULL DEFAULT '{}'
);
CREATE TABLE ledger_version (version integer NOT NULL, procrastinate text NOT NULL);
"""
#: From the version before each to it.
_STEPS: Mapping[int, LiteralString] = {2: "ALTER TABLE jobs ADD COLUMN noted jsonb NOT NULL DEFAULT '{}'"}


def schema_name(*, sandbox: bool) -> str:
    """Sample data has a schema of its own."""
    return "compliance_gateway_sandbox" if sandbox else "compliance_gateway"


async def ensure_tables(connection: psycopg.AsyncConnection[Any], schema: str) -> None:
    """Make what is missing and change what is older, in the transaction of `connection`, whose search path is `schema`.

    Raises LedgerUnavailable when they are of a newer version than this one knows.
    """
    await connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    # Who may not make schemas may use one that was made for them.
    if await _one(connection, "SELECT to_regnamespace(%s)", schema) is None:
        await connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
    if await _one(connection, "SELECT to_regclass(%s)", f"{schema}.ledger_version") is None:
        await connection.execute(_TABLES)
        await connection.execute(SchemaManager.get_schema())
        await connection.execute("INSERT INTO ledger_version VALUES (%s, %s)", (_VERSION, procrastinate.__version__))
    version = await _one(connection, "SELECT max(version) FROM ledger_version")
    for step in range(version + 1, _VERSION + 1):
        await connection.execute(_STEPS[step])
        await connection.execute("UPDATE ledger_version SET version = %s", (step,))
        version = step
    if version != _VERSION:
        raise LedgerUnavailable(f"the tables in the database are of version {version}, this is {_VERSION}")


async def _one(connection: psycopg.AsyncConnection[Any], query: Any, *given: object) -> Any:
    row = await (await connection.execute(query, given)).fetchone()
    return None if row is None else row[0]
