"""A consolidated file as it came over the network, before anybody has looked into it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

__all__ = ["Fetched", "http_time", "without_secrets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A file that came: where it is now (whoever builds it moves it), its hash, where it came from, when it was there.

    `etag` and `last_modified` are the agency's headers, verbatim, `published` is the latter as a time (times are UTC).
    `declared_bytes` is what the agency announced, None when it did not or when the body was compressed on its way.
    `broke`: why the transfer ended before its end, None when it did not. `is_sample_data`: a sandbox sent it.
    """

    path: Path
    sha256: str
    url: str
    fetched: datetime
    published: datetime | None = None
    etag: str | None = None
    last_modified: str | None = None
    is_sample_data: bool = False
    declared_bytes: int | None = None
    broke: str | None = None


def without_secrets(url: str) -> str:
    """`url` to be shown: without a user's name and a query, for a mirror may want a key in either."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def http_time(text: str | None) -> datetime | None:
    """The time (UTC) in a header such as Last-Modified; None when it is absent or cannot be read."""
    try:
        return None if text is None else parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
