"""A job that is sent twice is one job: the `Idempotency-Key` of draft-ietf-httpapi-idempotency-key-header.

The same key with the same file and options is the job that there is. With anything else it is refused (422), and so it
is while the first one's rows still come in (409): that one may yet fail.
"""

import hashlib
import re
from collections.abc import Mapping

import orjson

from service.batches.ledger import Job, ListChoice
from service.batches.rows import ScreeningOptions
from tools.errors import InvalidQuery

__all__ = ["HEADER", "Fingerprint", "KeyReused", "key_in", "refuse_another"]

HEADER = "Idempotency-Key"

#: A string of RFC 9651, as the draft wants it, or the same without its quotes, as it is mostly sent.
_KEY = re.compile(r'"([!#-\[\]-~ ]{1,255})"|([!#-~]{1,255})')


class KeyReused(Exception):
    """The key is that of a job with another file, or with other options; the message says what differs."""


class Fingerprint:
    """What tells one file from another: its bytes, and how they were to be read. SHA-256."""

    def __init__(self, mapping: Mapping[str, str], file_format: str | None, charset: str | None = None) -> None:
        ways: dict[str, object] = {"map": dict(mapping), "format": file_format}
        if charset is not None:
            ways["charset"] = charset.lower()
        read_as = orjson.dumps(ways, option=orjson.OPT_SORT_KEYS)
        self._hash = hashlib.sha256(read_as + b"\n")

    def add(self, data: bytes) -> None:
        """The next piece of it."""
        self._hash.update(data)

    def hexdigest(self) -> str:
        """Of all that has come."""
        return self._hash.hexdigest()


def key_in(headers: Mapping[str, str]) -> str | None:
    """The caller's key, without quotes. Raises InvalidQuery when it cannot be one."""
    said = headers.get(HEADER)
    if said is None:
        return None
    found = _KEY.fullmatch(said.strip())
    if found is None:
        raise InvalidQuery(f"{HEADER}: must be 1 to 255 printable ASCII characters, in quotes or not", parameter=HEADER)
    return found[1] or found[2]


def refuse_another(
    there: Job, options: ScreeningOptions, list_choice: ListChoice, body_sha256: str | None = None
) -> None:
    """Raise KeyReused unless what is wanted, and was sent, is the job that is `there`. Without a hash: its options."""
    if (there.new.options, there.new.list_choice) != (options, list_choice):
        raise KeyReused("this key is that of a job with other options")
    if body_sha256 is not None and there.body_sha256 != body_sha256:
        raise KeyReused("this key is that of a job with another file, or one that was read otherwise")
