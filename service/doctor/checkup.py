"""What examining one agency's interface, or the list file, came to. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from service.config import PREFIX
from service.doctor.findings import Finding
from tools.agency import without_secret

__all__ = [
    "Checkup",
    "Key",
    "ShapeSeen",
    "Status",
    "host_of",
    "not_examined",
    "shape_seen",
    "status_of",
    "without_path",
]

Status = Literal["ok", "differs", "not_configured", "not_used", "unusable"]
Key = Literal["accepted", "refused", "not_set", "not_needed", "not_known"]
ShapeSeen = Literal["as_expected", "differs", "unreadable", "not_seen"]

#: Each status is worse than the one before it.
_WORST_LAST: tuple[Status, ...] = ("ok", "differs", "not_configured", "unusable")
_DIFFERS = frozenset(
    {"field_missing", "field_unknown", "field_kind", "more", "list_unknown"}
    | {"columns", "column_missing", "column_unknown", "rows_unreadable", "parse_errors"}
)
_UNREADABLE = frozenset({"unreadable", "page_for_people", "redirected_to_page"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkup:
    """What one agency's interface, or the list file, came to.

    `reachable` is None when it was not asked. `rows` came in all; `version` is the agency's own name for its data.
    `host` is where it was asked: no path, since a key may stand in one.
    """

    subject: str
    name: str
    status: Status
    host: str
    sandbox: bool
    reachable: bool | None
    key: Key
    shape: ShapeSeen
    requests: int
    elapsed_ms: float
    rows: int
    version: str | None
    findings: tuple[Finding, ...]


def status_of(findings: Iterable[Finding]) -> Status:
    """Return the worst that `findings` say; nothing found is `ok`."""
    return max((each.severity for each in findings), key=_WORST_LAST.index, default="ok")


def shape_seen(findings: Iterable[Finding], rows: int) -> ShapeSeen:
    """Return how the shape of what came compares; without a row there was none to see."""
    found = {each.code for each in findings}
    if found & _UNREADABLE:
        return "unreadable"
    if found & _DIFFERS:
        return "differs"
    return "as_expected" if rows and "connection_broke" not in found else "not_seen"


def host_of(url: str) -> str:
    """Return the host and port of `url`, and nothing in which a key may stand."""
    return urlsplit(url).netloc.rpartition("@")[2]


def without_path(said: str, url: str, public_url: str) -> str:
    """Return `said` without the path of `url`, in which a key may stand; that of the agency's own is no secret."""
    path = urlsplit(url).path.rstrip("/")
    return said if url == public_url or not path else without_secret(said, path)


def not_examined(subject: str, exc: Exception) -> Checkup:
    """Return what to say of `subject` when examining it failed for a reason of ours."""
    said = f"it could not be examined, by a fault of ours: {type(exc).__name__}"
    return Checkup(
        subject=subject,
        name=subject,
        status="unusable",
        host="",
        sandbox=False,
        reachable=None,
        key="not_known",
        shape="not_seen",
        requests=0,
        elapsed_ms=0.0,
        rows=0,
        version=None,
        findings=(Finding("our_own_fault", "unusable", said, f"report it; {PREFIX}LOG_LEVEL=error shows where"),),
    )
