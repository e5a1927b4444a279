"""What is written down beside a version of the list, and which version is in force."""

from collections import Counter
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from tools.screening.consolidated import Layout
from tools.screening.gates import FailedGate, Figures
from tools.screening.unreadable import CarriedEntry, UnreadableRow

__all__ = ["Acceptance", "Attempt", "InForce", "Manifest", "Suspect", "read_json", "sha256_in"]

_SHA256_LETTERS = 64


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Somebody's word that a file may be put in force whatever gates it fails: `by` whom, and when (UTC)."""

    sha256: str
    by: str
    at: datetime

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Acceptance":
        """From `told`."""
        return cls(told["sha256"], told["by"], _time(told["at"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One version: `sha256` of the file as it came, what was counted in it, and where it is from.

    `published` is the agency's Last-Modified, None when it gave none; `fetched` when it came (both UTC); `etag` and
    `last_modified` are its headers, verbatim. `is_sample_data`: a sandbox sent it, never screen with it in earnest.
    `overruled` are the gates that it failed; then `accepted` says who overruled them. `url` has no secret in it.
    `unreadable` are rows that could not be read, `carried` entries of the version before that stay in force for them.
    """

    sha256: str
    url: str
    published: datetime | None
    fetched: datetime
    etag: str | None
    last_modified: str | None
    is_sample_data: bool = False
    figures: Figures
    overruled: tuple[FailedGate, ...] = ()
    accepted: Acceptance | None = None
    unreadable: tuple[UnreadableRow, ...] = ()
    carried: tuple[CarriedEntry, ...] = ()

    @property
    def entries(self) -> int:
        """Return how many entries there are to screen against."""
        return self.figures.rows + len(self.carried)

    @property
    def layout(self) -> Layout:
        """How the file is written."""
        if self.figures.format == "json":
            return Layout("json")
        return Layout("csv", self.figures.columns)

    @property
    def file_name(self) -> str:
        """What the file is called in its folder."""
        return f"list.{self.figures.format}"

    def told(self) -> bytes:
        """As JSON."""
        # Counted again when it is read, so that a version of this program before it can read the file, too.
        said = asdict(self)
        del said["figures"]["carried_per_list"]
        return orjson.dumps({"format": 1, **said}, option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """That of the version in `folder`. Raises OSError, ValueError when it is damaged."""
        told = read_json(folder / "manifest.json")
        try:
            carried = tuple(map(CarriedEntry.of, told.get("carried", ())))
            return cls(
                sha256=sha256_in(told["sha256"]),
                url=told["url"],
                published=None if told["published"] is None else _time(told["published"]),
                fetched=_time(told["fetched"]),
                etag=told["etag"],
                last_modified=told["last_modified"],
                is_sample_data=told["is_sample_data"],
                figures=replace(_figures(told["figures"]), carried_per_list=Counter(each.list for each in carried)),
                overruled=_gates(told["overruled"]),
                accepted=None if told["accepted"] is None else Acceptance.of(told["accepted"]),
                unreadable=tuple(map(UnreadableRow.of, told.get("unreadable", ()))),
                carried=carried,
            )
        except (KeyError, TypeError) as exc:
            raise ValueError(f"the manifest in {folder.name} is damaged: {exc!r}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A file that was kept aside: the gates that it failed, and `since` when it is known (UTC)."""

    sha256: str
    gates: tuple[FailedGate, ...]
    since: datetime
    manifest: Manifest

    def told(self) -> bytes:
        """As JSON; the manifest is in a file of its own."""
        said = {"sha256": self.sha256, "gates": [asdict(gate) for gate in self.gates], "since": self.since}
        return orjson.dumps(said, option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, folder: Path) -> "Suspect":
        """The one in `folder`. Raises OSError, ValueError when it is damaged."""
        told = read_json(folder / "suspect.json")
        try:
            gates, since = _gates(told["gates"]), _time(told["since"])
            return cls(sha256=sha256_in(told["sha256"]), gates=gates, since=since, manifest=Manifest.read(folder))
        except (KeyError, TypeError) as exc:
            raise ValueError(f"the suspect in {folder.name} is damaged: {exc!r}") from exc


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """Which version is in force, and since when it is known to be the current one.

    `url`, without secrets, is where; `etag` and `last_modified` are its headers, verbatim; `confirmed_at` when a 200 or
    a 304 last said that this is the current file (UTC).
    """

    sha256: str
    url: str
    etag: str | None
    last_modified: str | None
    confirmed_at: datetime

    def told(self) -> bytes:
        """As JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_INDENT_2)

    @classmethod
    def read(cls, path: Path) -> "InForce":
        """That in the file at `path`. Raises OSError, ValueError when it is damaged."""
        return cls.of(path.read_bytes(), path.name)

    @classmethod
    def of(cls, content: bytes, where: str) -> "InForce":
        """That in `content`, which `told` wrote and `where` holds. Raises ValueError when it is damaged."""
        told = _object_in(content, where)
        try:
            confirmed_at = _time(told["confirmed_at"])
            return cls(
                sha256=sha256_in(told["sha256"]),
                url=told["url"],
                etag=told["etag"],
                last_modified=told["last_modified"],
                confirmed_at=confirmed_at,
            )
        except (KeyError, TypeError) as exc:
            raise ValueError(f"{where} is damaged: {exc!r}") from exc


@dataclass(frozen=True, slots=True)
class Attempt:
    """The last question to the agency: when it went out and when it ended (UTC), and the `error` it ended with."""

    asked_at: datetime
    ended_at: datetime
    error: str | None

    def told(self) -> bytes:
        """As JSON."""
        return orjson.dumps(asdict(self))

    @classmethod
    def read(cls, path: Path) -> "Attempt":
        """The one in the file at `path`. Raises OSError, ValueError when it is damaged."""
        told = read_json(path)
        try:
            return cls(_time(told["asked_at"]), _time(told["ended_at"]), told["error"])
        except (KeyError, TypeError) as exc:
            raise ValueError(f"{path.name} is damaged: {exc!r}") from exc


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file of ours. Raises OSError, ValueError."""
    return _object_in(path.read_bytes(), path.name)


def _object_in(content: bytes, where: str) -> dict[str, Any]:
    told = orjson.loads(content)
    if type(told) is not dict:
        raise ValueError(f"{where} is damaged: no object")
    return told


def sha256_in(text: str) -> str:
    """`text`, which must be a SHA-256 in lower-case hex: it becomes the name of a folder. Raises ValueError."""
    if len(text) != _SHA256_LETTERS or not set(text) <= set("0123456789abcdef"):
        raise ValueError("no SHA-256: 64 letters from 0 to 9 and a to f are due")
    return text


def _figures(told: dict[str, Any]) -> Figures:
    known = {each.name: told[each.name] for each in fields(Figures) if each.name in told}
    return Figures(**{**known, "columns": tuple(told["columns"]), "first_errors": tuple(told["first_errors"])})


def _gates(told: list[dict[str, str]]) -> tuple[FailedGate, ...]:
    return tuple(FailedGate(each["code"], each["words"]) for each in told)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
