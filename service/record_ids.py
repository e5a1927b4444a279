"""Ids of records: snapshots, and the screenings in them."""

import uuid_utils.compat

__all__ = ["new_record_id"]

_SANDBOX_PREFIX = "sandbox-"


def new_record_id(*, sandbox: bool) -> str:
    """A UUIDv7 (RFC 9562), made for this now; of sample data with a prefix, so that it never passes for a live one."""
    return f"{_SANDBOX_PREFIX if sandbox else ''}{uuid_utils.compat.uuid7()}"
