"""A list on the disk, as a service would hold it."""

import csv
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from tests.screening.made_list import COLUMNS, write_made_list
from tools.sanctions_lists import LISTS
from tools.screening.build import build_here
from tools.screening.fetched import Fetched
from tools.screening.held_list import HeldList
from tools.screening.manifest import InForce
from tools.screening.store import ListStore

__all__ = ["hold_made_list", "hold_rows"]


def hold_made_list(root: Path, *, entries: int = 200, seed: int = 7, as_of: datetime | None = None) -> tuple[Path, str]:
    """Put a list in force below `root`; the folder of the version, and its hash."""
    store = ListStore(root)
    path = store.new_incoming()
    write_made_list(path, entries=entries, aliases=entries, seed=seed)
    return _in_force(store, path, as_of or datetime.now(UTC))


def hold_rows(root: Path, *rows: Mapping[str, str], entries: int = 200) -> HeldList:
    """Put a made list in force that ends with `rows`, by column; those without a list are on the SDN list."""
    store = ListStore(root)
    path = store.new_incoming()
    write_made_list(path, entries=entries, aliases=entries)
    with path.open("a", encoding="utf-8", newline="") as file:
        for number, row in enumerate(rows, entries + 1):
            given = {"_id": str(number), "source": LISTS["SDN"].name, **row}
            csv.DictWriter(file, COLUMNS, restval="", dialect="unix").writerow(given)
    folder, _ = _in_force(store, path, datetime.now(UTC))
    return HeldList.open(folder)


def _in_force(store: ListStore, path: Path, now: datetime) -> tuple[Path, str]:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    built = build_here(store, Fetched(path=path, sha256=sha256, url="http://list.invalid/", fetched=now), min_rows=1)
    assert built.outcome == "version"
    told = InForce(sha256=sha256, url="http://list.invalid/", etag=None, last_modified=None, confirmed_at=now)
    store.put_in_force(told)
    return store.version_folder(sha256), sha256
