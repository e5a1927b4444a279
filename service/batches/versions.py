"""Which version of the list rows are screened by, and whether it may clear anybody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from service.batches.ledger import Ledger, LedgerUnavailable
from service.lists import ListKeeping
from tools.errors import NotScreened
from tools.screening.keeper import Rhythm

__all__ = ["HeldVersions", "ListVersion", "Versions", "pinned_by", "too_old"]

_FRESH = timedelta(seconds=Rhythm().fresh_s)


@dataclass(frozen=True, slots=True)
class ListVersion:
    """A version on this disk: its `folder`, its hash, and when it was last known to be the current one (UTC)."""

    folder: Path
    sha256: str
    as_of: datetime


class Versions(Protocol):
    """Where versions come from."""

    async def newest(self) -> ListVersion:
        """The one in force. Raises NotScreened, with the reason, when there is none that may clear anybody."""

    async def pinned(self, sha256: str, as_of: datetime) -> ListVersion:
        """The version that a job is pinned to, which was the current one `as_of`; later, if it still is.

        Raises NotScreened when it cannot be had, or is too old to clear anybody.
        """


class HeldVersions:
    """The versions that this service keeps on its disk; `lists` None: it holds no list."""

    def __init__(self, lists: ListKeeping | None) -> None:
        self._lists = lists

    async def newest(self) -> ListVersion:
        """See Versions."""
        if self._lists is None:
            raise NotScreened("no list is held here", upstream="csl")
        self._lists.in_force()
        told = self._lists.state().in_force
        if told is None:
            raise NotScreened("no list is in force", upstream="csl")
        return ListVersion(self._lists.store.version_folder(told.sha256), told.sha256, told.confirmed_at)

    async def pinned(self, sha256: str, as_of: datetime) -> ListVersion:
        """See Versions."""
        if self._lists is None:
            raise NotScreened("no list is held here", upstream="csl")
        told = self._lists.state().in_force
        if told is not None and told.sha256 == sha256:
            as_of = max(as_of, told.confirmed_at)
        version = ListVersion(self._lists.store.version_folder(sha256), sha256, as_of)
        why_not = too_old(version, datetime.now(UTC))
        if why_not is None and not version.folder.is_dir():
            why_not = f"the list {sha256} is here no more"
        if why_not is not None:
            raise NotScreened(why_not, upstream="csl")
        return version


def too_old(version: ListVersion, now: datetime) -> str | None:
    """Why `version` may clear nobody any more; None when it may."""
    age = now - version.as_of
    if age <= _FRESH:
        return None
    return f"the list {version.sha256} was last the current one {age.total_seconds() / 3600:.0f} h ago"


def pinned_by(ledger: Ledger) -> Callable[[], Awaitable[frozenset[str] | None]]:
    """What `ListKeeping` is to ask for the versions that jobs of `ledger` want; None when it cannot be reached."""

    async def pinned() -> frozenset[str] | None:
        try:
            return await ledger.pinned_versions()
        except LedgerUnavailable:
            return None

    return pinned
