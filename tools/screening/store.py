"""The folder in which versions of the list are kept. Several processes may read it; everything appears at once or not.

    versions/<sha256>/    a version that may be in force: the file as it came, `manifest.json`, `places.bin`, `index/`
    suspects/<sha256>/    a file that failed a gate: the file, `manifest.json`, `suspect.json`
    in_force.json         which version is in force, and when it was last confirmed
    attempt.json          how the last question to the agency ended
    totals.json           how many entries the agency says it has
    history.json          which versions were in force before, the last one at the end
    accepted.json         which files a person wants to have in force whatever gates they fail
    changes/              what changed from one version in force to the next
    incoming/             files that are being fetched, and versions that are being built

All methods block on the disk.
"""

import logging
import shutil
import uuid
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import orjson

from tools.screening.files import move_into_place, sync_folder, write_whole
from tools.screening.manifest import Acceptance, Attempt, InForce, Manifest, Suspect, read_json, sha256_in
from tools.screening.totals import AgencyTotals

__all__ = ["ListStore", "Stint"]

log = logging.getLogger(__name__)

T = TypeVar("T")

#: Versions whose file and index are kept, that in force included.
_VERSIONS_KEPT = 3
_SUSPECTS_KEPT = 5
#: Of so many versions it is known what changed; most days have one or two.
_HISTORY_KEPT = 400
#: What nobody has touched for so long was left by a process that ended in between.
_LEFT_BEHIND = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Stint:
    """A version that was put in force, and when (UTC)."""

    sha256: str
    at: datetime

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Stint":
        """From JSON. Raises KeyError, TypeError, ValueError."""
        return cls(sha256_in(told["sha256"]), datetime.fromisoformat(told["at"]).astimezone(UTC))


class ListStore:
    """The lists below the folder `root`, which need not be there yet."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def version_folder(self, sha256: str) -> Path:
        """Where the version is or will be. Raises ValueError when `sha256` is none."""
        return self.root / "versions" / sha256_in(sha256)

    def suspect_folder(self, sha256: str) -> Path:
        """Where the suspect is or will be. Raises ValueError when `sha256` is none."""
        return self.root / "suspects" / sha256_in(sha256)

    def new_incoming(self) -> Path:
        """A path for a file or a folder that nobody else uses, on the same disk as all that is here. Raises OSError."""
        incoming = self.root / "incoming"
        incoming.mkdir(parents=True, exist_ok=True)
        return incoming / uuid.uuid4().hex

    # -- what is in force --

    def in_force(self) -> InForce | None:
        """Which version is in force; None when there is none, or nothing that could be used. Raises OSError."""
        try:
            told = InForce.read(self.root / "in_force.json")
            Manifest.read(self.version_folder(told.sha256))
        except FileNotFoundError:
            return None
        except ValueError as exc:
            log.warning("no list in force: %s", exc)
            return None
        return told

    def manifest(self, sha256: str) -> Manifest:
        """What is written of a version. Raises OSError, ValueError."""
        return Manifest.read(self.version_folder(sha256))

    def put_in_force(self, told: InForce, pinned: Collection[str] | None = ()) -> None:
        """Make a version that is here the one in force, and let go what is too old. Raises OSError, ValueError.

        The `pinned` versions are still wanted; None: nobody knows which are, and all stay.
        """
        self.manifest(told.sha256)
        history = self.history()
        if not history or history[-1].sha256 != told.sha256:
            self._write_history([*history, Stint(told.sha256, told.confirmed_at)])
        write_whole(self.root / "in_force.json", told.told())
        # It is one no more: it was accepted, or the agency has whole again what it had cut.
        shutil.rmtree(self.suspect_folder(told.sha256), ignore_errors=True)
        self._prune(told.confirmed_at, pinned)

    def confirm(self, told: InForce) -> None:
        """Note when the version in force was last known to be the current one. Raises OSError."""
        write_whole(self.root / "in_force.json", told.told())

    def note_attempt(self, attempt: Attempt) -> None:
        """Note how the last question to the agency ended, for other processes. Raises OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self.root / "attempt.json", attempt.told())

    def last_attempt(self) -> Attempt | None:
        """How the last question to the agency ended; None: there was none, or nobody knows. Raises OSError."""
        try:
            return Attempt.read(self.root / "attempt.json")
        except (FileNotFoundError, ValueError):
            return None

    def note_totals(self, totals: AgencyTotals) -> None:
        """Note how many entries the agency says it has, for other processes. Raises OSError."""
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self.root / "totals.json", orjson.dumps(asdict(totals)))

    def totals(self) -> AgencyTotals | None:
        """How many entries the agency says it has; None: it was not asked, or that is not known. Raises OSError."""
        try:
            return AgencyTotals.of(read_json(self.root / "totals.json"))
        except (FileNotFoundError, KeyError, TypeError, ValueError):
            return None

    def history(self) -> tuple[Stint, ...]:
        """The versions that were in force, the first one first; none when what is kept is damaged. Raises OSError."""
        return self._told("history.json", "stints", Stint.of)

    # -- suspects, and what people say of them --

    def suspects(self) -> tuple[Suspect, ...]:
        """The files that were kept aside, the last one first. Raises OSError."""
        found = []
        for folder in _folders(self.root / "suspects"):
            with suppress(FileNotFoundError, ValueError):
                found.append(Suspect.read(folder))
        return tuple(sorted(found, key=lambda each: each.since, reverse=True))

    def current_suspect(self) -> Suspect | None:
        """The last suspect, unless the version in force has been confirmed since. Raises OSError."""
        told = self.in_force()
        last = next(iter(self.suspects()), None)
        return None if last is None or (told is not None and told.confirmed_at >= last.since) else last

    def accept(self, sha256: str, *, by: str, at: datetime) -> Acceptance:
        """Note that a person wants the file with this hash in force, whatever gates it fails, now or when it comes.

        It is logged. Raises ValueError when `sha256` is none, OSError.
        """
        given = Acceptance(sha256_in(sha256), by, at)
        told = [*(each for each in self.acceptances() if each.sha256 != sha256), given]
        self.root.mkdir(parents=True, exist_ok=True)
        write_whole(self.root / "accepted.json", orjson.dumps({"accepted": [each.told() for each in told]}))
        log.warning("list %s: its gates are overruled by %s", sha256, by)
        return given

    def acceptances(self) -> tuple[Acceptance, ...]:
        """What people accepted, the first one first; none when what is kept is damaged. Raises OSError."""
        return self._told("accepted.json", "accepted", Acceptance.of)

    def acceptance(self, sha256: str) -> Acceptance | None:
        """A person's word for this file, if there is one. Raises OSError."""
        return next((each for each in self.acceptances() if each.sha256 == sha256), None)

    def _told(self, name: str, member: str, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
        """What stands in a file of ours. A damaged one is as good as none: no list is kept out because of it."""
        try:
            return tuple(map(read, read_json(self.root / name)[member]))
        except FileNotFoundError:
            return ()
        except (KeyError, TypeError, ValueError) as exc:
            log.warning("%s is damaged, and begun anew: %r", name, exc)
            return ()

    # -- what is built elsewhere moves in --

    def take_version(self, built: Path, sha256: str) -> None:
        """Move a folder that was built as `incoming` among the versions, in the place of the same one of before.

        Raises OSError.
        """
        self._take(built, self.version_folder(sha256))

    def take_suspect(self, built: Path, sha256: str) -> None:
        """Move a folder among the suspects, in the place of the same one of before. Raises OSError."""
        self._take(built, self.suspect_folder(sha256))
        for old in self.suspects()[_SUSPECTS_KEPT:]:
            shutil.rmtree(self.suspect_folder(old.sha256), ignore_errors=True)

    def _take(self, built: Path, place: Path) -> None:
        place.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            # Others may be reading it, and a folder cannot take the place of another: for a moment there is none.
            aside = place.rename(self.new_incoming())
            shutil.rmtree(aside, ignore_errors=True)
        if not move_into_place(built, place):
            shutil.rmtree(built)

    # -- what is too old --

    def _write_history(self, stints: list[Stint]) -> None:
        kept = [{"sha256": each.sha256, "at": each.at} for each in stints[-_HISTORY_KEPT:]]
        write_whole(self.root / "history.json", orjson.dumps({"stints": kept}))

    def _prune(self, now: datetime, pinned: Collection[str] | None) -> None:
        history = self.history()
        # Another process may still read one of the others: what it has opened stays readable to it.
        kept = list(dict.fromkeys(each.sha256 for each in reversed(history)))[:_VERSIONS_KEPT]
        versions = [] if pinned is None else _folders(self.root / "versions")
        folders = [each for each in versions if each.name not in {*kept, *(pinned or ())}]
        for folder in (*_left_behind(folders, now), *_left_behind(_all(self.root / "incoming"), now)):
            if folder.is_dir():
                # First of all it stops being a version; then it may take as long as it likes.
                (folder / "manifest.json").unlink(missing_ok=True)
                shutil.rmtree(folder, ignore_errors=True)
            else:
                folder.unlink(missing_ok=True)
        steps = {f"{old.sha256}-{new.sha256}.json" for old, new in pairwise(history)}
        for file in _left_behind(_all(self.root / "changes"), now):
            if file.name not in steps:
                file.unlink(missing_ok=True)
        sync_folder(self.root)


def _left_behind(paths: Iterable[Path], now: datetime) -> list[Path]:
    found = []
    for path in paths:
        with suppress(FileNotFoundError):
            if now - datetime.fromtimestamp(path.stat().st_mtime, UTC) > _LEFT_BEHIND:
                found.append(path)
    return found


def _folders(folder: Path) -> list[Path]:
    return [each for each in _all(folder) if each.is_dir()]


def _all(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []
