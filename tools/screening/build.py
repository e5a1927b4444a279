"""Makes a version of the list out of a file that was fetched, or keeps it aside: a process of its own, so that no event
loop and no memory of the service has to bear it. `python -m tools.screening.build` prints one line of JSON, a `Built`.
"""

import argparse
import gc
import hashlib
import logging
import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import orjson

from tools.errors import ProviderGarbled
from tools.sanctions_entries import ListEntry
from tools.screening.changes import compare, keep_step
from tools.screening.fetched import Fetched
from tools.screening.gates import DEFAULT_MIN_ROWS, FailedGate, failed_gates, never_in_force
from tools.screening.held_list import ALGORITHM_FILE, INDEX_FOLDER, PLACES_FILE
from tools.screening.manifest import Manifest, Suspect
from tools.screening.reading import Reading, entries_of, read_through
from tools.screening.store import ListStore
from tools.screening.unreadable import CarriedEntry, VersionFile, carried_over, may_be_passed_over

__all__ = [
    "UNTIL_INPUT_ENDS",
    "Built",
    "IndexBuilder",
    "Judged",
    "build",
    "build_again",
    "build_here",
    "build_suspect",
    "command",
    "environment",
    "judge",
    "main",
]

log = logging.getLogger(__name__)

IndexBuilder = Callable[[Iterable[ListEntry], Path], None]

#: The service goes first where there are few processors, unless it waits for its first list.
_NICE = 10
#: For `command`: to end with who waits for it.
UNTIL_INPUT_ENDS = "--until-input-ends"


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What became of a file: a `version` that may be put in force, or a `suspect`, because of `gates`.

    Of a version, `gates` are those that a person overruled. `took_s` has seconds by step.
    """

    outcome: Literal["version", "suspect"]
    sha256: str
    rows: int
    gates: tuple[FailedGate, ...]
    took_s: dict[str, float]

    def told(self) -> bytes:
        """As one line of JSON."""
        return orjson.dumps(asdict(self))

    @classmethod
    def read(cls, line: bytes) -> "Built":
        """From `told`. Raises ValueError when it is something else."""
        try:
            told = orjson.loads(line)
            gates = tuple(FailedGate(each["code"], each["words"]) for each in told.pop("gates"))
            return cls(gates=gates, **told)
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"no result of a build: {exc!r}") from exc


@dataclass(frozen=True, slots=True)
class Judged:
    """A file that was read, and the `gates` that it fails beside the version `before` it (None: there is none).

    `carried` are the entries of that version which stay in force for rows that cannot be read.
    """

    reading: Reading
    before: Manifest | None
    carried: tuple[CarriedEntry, ...]
    gates: tuple[FailedGate, ...]


def judge(store: ListStore, fetched: Fetched, *, min_rows: int = DEFAULT_MIN_ROWS) -> Judged:
    """Read the file through and judge it by the version in force. Changes nothing. Raises OSError."""
    reading = read_through(fetched.path)
    reading.figures.declared_bytes, reading.figures.broke = fetched.declared_bytes, fetched.broke
    in_force = store.in_force()
    before = store.manifest(in_force.sha256) if in_force is not None else None
    carried = _carried(store, before, fetched, reading)
    reading.figures.carried_per_list = Counter(each.list for each in carried)
    gates = failed_gates(reading.figures, before.figures if before is not None else None, min_rows=min_rows)
    return Judged(reading, before, carried, gates)


def build(store: ListStore, fetched: Fetched, build_index: IndexBuilder, *, min_rows: int = DEFAULT_MIN_ROWS) -> Built:
    """Read the file, judge it, and move it among the versions or among the suspects. Raises OSError.

    What changed since the version in force is kept. A version that is here already is made again: it may be damaged.
    """
    clock = _Clock()
    sha256 = fetched.sha256
    judged = judge(store, fetched, min_rows=min_rows)
    reading, before, gates = judged.reading, judged.before, judged.gates
    accepted = store.acceptance(sha256) if gates else None
    manifest = Manifest(
        sha256=sha256,
        url=fetched.url,
        published=fetched.published,
        fetched=fetched.fetched,
        etag=fetched.etag,
        last_modified=fetched.last_modified,
        is_sample_data=fetched.is_sample_data,
        figures=reading.figures,
        overruled=gates if accepted is not None else (),
        accepted=accepted,
        unreadable=tuple(reading.unreadable),
        carried=judged.carried,
    )
    clock.step("read")
    if gates and (accepted is None or never_in_force(reading.figures)):
        # What would stay in force for its rows is looked for again when a person accepts it.
        _keep_aside(store, fetched.path, replace(manifest, carried=()), gates)
        clock.step("write")
        return Built(outcome="suspect", sha256=sha256, rows=reading.figures.rows, gates=gates, took_s=clock.steps)
    if before is not None and before.sha256 != sha256:
        _keep_changes(store, before, manifest, fetched.path)
        clock.step("compare")
    _make_version(store, fetched.path, manifest, reading, build_index, clock)
    return Built(outcome="version", sha256=sha256, rows=manifest.entries, gates=gates, took_s=clock.steps)


def build_suspect(
    store: ListStore, sha256: str, build_index: IndexBuilder, *, min_rows: int = DEFAULT_MIN_ROWS
) -> Built:
    """Judge a file anew that was kept aside, as after a person has accepted it. Raises OSError, ValueError."""
    kept = Suspect.read(store.suspect_folder(sha256)).manifest
    file = store.suspect_folder(sha256) / kept.file_name
    again = store.new_incoming()
    os.link(file, again)
    return build(
        store,
        Fetched(
            path=again,
            sha256=sha256,
            url=kept.url,
            fetched=kept.fetched,
            published=kept.published,
            etag=kept.etag,
            last_modified=kept.last_modified,
            is_sample_data=kept.is_sample_data,
            declared_bytes=kept.figures.declared_bytes,
            broke=kept.figures.broke,
        ),
        build_index,
        min_rows=min_rows,
    )


def build_again(store: ListStore, sha256: str, build_index: IndexBuilder) -> Built:
    """Make the index of a version anew, as when its files are damaged or of another age.

    Raises OSError, ValueError when the list itself is damaged.
    """
    clock = _Clock()
    manifest = store.manifest(sha256)
    again = store.new_incoming()
    os.link(store.version_folder(sha256) / manifest.file_name, again)
    with again.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            again.unlink()
            raise ValueError(f"list {sha256}: its file is damaged")
    reading = read_through(again)
    clock.step("read")
    was = manifest.figures
    figures = replace(
        reading.figures,
        declared_bytes=was.declared_bytes,
        broke=was.broke,
        carried_per_list=was.carried_per_list,
    )
    manifest = replace(manifest, figures=figures, unreadable=tuple(reading.unreadable))
    _make_version(store, again, manifest, reading, build_index, clock)
    gates = manifest.overruled
    return Built(outcome="version", sha256=sha256, rows=manifest.entries, gates=gates, took_s=clock.steps)


def _carried(store: ListStore, before: Manifest | None, fetched: Fetched, reading: Reading) -> tuple[CarriedEntry, ...]:
    """The entries of the version before that stay in force for rows of the file that cannot be read."""
    figures = reading.figures
    if before is None or not reading.unreadable or reading.layout is None:
        return ()
    if not may_be_passed_over(figures.parse_errors, figures.rows) and store.acceptance(fetched.sha256) is None:
        return ()
    if before.sha256 == fetched.sha256:
        return before.carried
    return carried_over(_version_file(store, before), fetched.path, reading.unreadable)


def _version_file(store: ListStore, version: Manifest) -> VersionFile:
    path = store.version_folder(version.sha256) / version.file_name
    return VersionFile(version.sha256, path, version.unreadable, version.carried)


def _keep_changes(store: ListStore, before: Manifest, after: Manifest, file: Path) -> None:
    newer = VersionFile(after.sha256, file, after.unreadable, after.carried)
    try:
        keep_step(store, compare(_version_file(store, before), newer))
    except (ProviderGarbled, FileNotFoundError) as exc:
        # A damaged file must not keep a good one out; what changed is then not known, and is not reported.
        log.warning("list %s: what changed since %s is not known: %s", after.sha256, before.sha256, exc)


def _keep_aside(store: ListStore, file: Path, manifest: Manifest, gates: tuple[FailedGate, ...]) -> None:
    current = store.current_suspect()
    is_known = current is not None and current.sha256 == manifest.sha256
    since = current.since if current is not None and is_known else manifest.fetched
    suspect = Suspect(sha256=manifest.sha256, gates=gates, since=since, manifest=manifest)
    folder = store.new_incoming()
    folder.mkdir()
    file.rename(folder / manifest.file_name)
    (folder / "suspect.json").write_bytes(suspect.told())
    (folder / "manifest.json").write_bytes(manifest.told())
    store.take_suspect(folder, manifest.sha256)


def _make_version(
    store: ListStore, file: Path, manifest: Manifest, reading: Reading, build_index: IndexBuilder, clock: "_Clock"
) -> None:
    if reading.layout is None:
        raise ValueError(f"list {manifest.sha256}: {reading.figures.unreadable}")
    folder = store.new_incoming()
    index = folder / INDEX_FOLDER
    index.mkdir(parents=True)
    try:
        # Read once more, rather than have all entries in memory at once.
        build_index(_entries(file, manifest, reading), index)
        clock.step("index")
        with (folder / PLACES_FILE).open("wb") as places:
            reading.places.tofile(places)
        (folder / "manifest.json").write_bytes(manifest.told())
        file.rename(folder / manifest.file_name)
        store.take_version(folder, manifest.sha256)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    clock.step("write")


def _entries(file: Path, manifest: Manifest, reading: Reading) -> Iterator[ListEntry]:
    """Those of the file in the order of their places, then those that are carried over."""
    figures, layout = reading.figures, manifest.layout
    may_skip = figures.unreadable is None and may_be_passed_over(figures.parse_errors, figures.rows)
    yield from entries_of(file, layout, skip_broken=manifest.accepted is not None or may_skip)
    for each in manifest.carried:
        yield each.entry


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._since = time.monotonic()

    def step(self, name: str) -> None:
        now = time.monotonic()
        self.steps[name], self._since = round(now - self._since, 3), now


def build_here(store: ListStore, fetched: Fetched, *, min_rows: int) -> Built:
    """`build`, in this process and thread. Raises OSError."""
    return build(store, fetched, _build_index, min_rows=min_rows)


# -- as a process --


def command(store: ListStore, what: Fetched | str, *, min_rows: int) -> list[str]:
    """The command that builds `what`: a file that came, or by its hash a suspect or a version that is here.

    It ends with 0 after it has printed a `Built`.
    """
    # -P: a folder that happens to be called `tools` where the service was started is none of ours.
    line = [sys.executable, "-P", "-m", "tools.screening.build", f"--root={store.root}", f"--min-rows={min_rows}"]
    if isinstance(what, str):
        return [*line, f"--again={what}"]
    told = {name: value for name, value in asdict(what).items() if value is not None} | {"path": str(what.path)}
    return [*line, f"--fetched={orjson.dumps(told).decode()}"]


def environment() -> dict[str, str]:
    """What `command` is to be run with, so that it is the same code as here, wherever that lies."""
    here = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH"))))}


def main(arguments: Sequence[str] | None = None) -> int:
    """See `command`."""
    parser = argparse.ArgumentParser(prog="python -m tools.screening.build")
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--min-rows", type=int, required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--fetched", help="a file that came, as JSON")
    what.add_argument("--again", help="a suspect or a version that is here, by its hash")
    parser.add_argument(UNTIL_INPUT_ENDS, dest="until_input_ends", action="store_true", help="end as soon as it does")
    given = parser.parse_args(arguments)
    if given.until_input_ends:
        threading.Thread(target=_end_with_input, daemon=True).start()
    # Hundreds of thousands of objects come and go here, none in a circle; looking for circles takes half of the time.
    gc.disable()
    store = ListStore(given.root)
    if store.in_force() is not None:
        os.nice(_NICE)
    if given.fetched is not None:
        built = build_here(store, _fetched(given.fetched), min_rows=given.min_rows)
    elif store.suspect_folder(given.again).is_dir():
        built = build_suspect(store, given.again, _build_index, min_rows=given.min_rows)
    else:
        built = build_again(store, given.again, _build_index)
    sys.stdout.write(f"{built.told().decode()}\n")
    return 0


def _end_with_input() -> None:
    while os.read(0, 1024):
        pass
    # What was begun is in a folder of its own, and swept later.
    os._exit(1)


def _build_index(entries: Iterable[ListEntry], folder: Path) -> None:
    # Not before it is needed: of a suspect nothing is indexed.
    from tools.screening.algorithms import INDEX_MADE_FOR
    from tools.screening.index import build_index

    build_index(entries, folder)
    (folder / ALGORITHM_FILE).write_text(INDEX_MADE_FOR)


def _fetched(text: str) -> Fetched:
    told = orjson.loads(text)
    times = {name: datetime.fromisoformat(told[name]) for name in ("fetched", "published") if name in told}
    return Fetched(**{**told, **times, "path": Path(told["path"])})


if __name__ == "__main__":
    sys.exit(main())
