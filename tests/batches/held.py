"""A made list on the disk, as a service would hold it."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from tests.screening.made_list import write_made_list
from tools.screening.build import build_here
from tools.screening.fetched import Fetched
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

__all__ = ["hold_made_list"]


def hold_made_list(root: Path, *, entries: int = 200, seed: int = 7, as_of: datetime | None = None) -> tuple[Path, str]:
    """Put a list in force below `root`; the folder of the version, and its hash."""
    store = ListStore(root)
    path = store.new_incoming()
    write_made_list(path, entries=entries, aliases=entries, seed=seed)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    now = as_of or datetime.now(UTC)
    built = build_here(store, Fetched(path=path, sha256=sha256, url="http://list.invalid/", fetched=now), min_rows=1)
    assert built.outcome == "version"
    told = InForce(sha256=sha256, url="http://list.invalid/", etag=None, last_modified=None, confirmed_at=now)
    store.put_in_force(told)
    return store.version_folder(sha256), sha256
