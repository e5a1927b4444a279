"""Ids of records: snapshots, and the screenings in them."""

import uuid_utils.compat

__all__ = ["as_sandbox_id", "new_record_id"]

_SANDBOX_PREFIX = "sandbox-"


def new_record_id(*, sandbox: bool) -> str:
    """A UUIDv7 (RFC 9562), made for this now; of sample data with a prefix, so that it never passes for a live one."""
    made = str(uuid_utils.compat.uuid7())
    return as_sandbox_id(made) if sandbox else made


def as_sandbox_id(record_id: str) -> str:
    """The id of a record that turned out to be of sample data."""
    return record_id if record_id.startswith(_SANDBOX_PREFIX) else _SANDBOX_PREFIX + record_id
